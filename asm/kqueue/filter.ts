// The operations of each filter on its knotes, as FreeBSD's struct filterops. filters.ts fills the
// table; its callers have a knote, call the operations through the table and know no filter.

import { KeventRecord } from "../records";
import { Knote } from "./knote";
import { findKnote, Queue, removeKnote } from "./queue";

/** f_attach: 0 or a negative errno, and then nothing is left of the attempt. */
export type Attach = (queue: Queue, knote: Knote) => i32;
/** f_detach. 0, or -EBADF or -ENOENT if the descriptor is no longer what the knote was made for. */
export type Detach = (queue: Queue, knote: Knote) => i32;
/** f_touch of a change (EVENT_REGISTER). 0 or a negative errno. */
export type Touch = (queue: Queue, knote: Knote, change: KeventRecord) => i32;
/** f_event: 1 if the condition holds, 0 if not, -EBADF if the descriptor is closed. */
export type Event = (queue: Queue, knote: Knote) => i32;
/** f_touch of a scan (EVENT_PROCESS): writes the event at `at`. */
export type Report = (knote: Knote, at: usize) => void;
/** Takes in what the source of the filter has reported already: it happened before a change. */
export type CatchUp = (queue: Queue) => void;
/** Reads the source that belongs to one knote. */
export type ReadSource = (queue: Queue, knote: Knote) => void;

@unmanaged
export class Filter {
  attach: Attach;
  detach: Detach;
  touch: Touch;
  event: Event;
  /** Null of a filter whose event is the knote as it is. */
  report: Report | null;
  /** Null of a filter that needs none. */
  catchUp: CatchUp | null;
  readSource: ReadSource;
  /** The ident is a descriptor (f_isfd): closing that ends the knote. */
  isDescriptor: bool;
}

const MOST = 16;
const table: usize = memory.data(MOST * 32, 4);

if (offsetof<Filter>() > 32) ERROR("Filter: more than 32 bytes");

/** Whether there is a filter of a number. */
export function isFilter(filter: i32): bool {
  return filter < 0 && filter > -MOST && load<usize>(table + ((-filter as usize) << 5)) !== 0;
}

/** The operations of a filter there is. */
export function filterOf(filter: i32): Filter {
  return changetype<Filter>(table + ((-filter as usize) << 5));
}

function readNothing(_queue: Queue, _knote: Knote): void {}

/** f_detach of a filter that has nothing but the knote. */
export function detachNothing(_queue: Queue, _knote: Knote): i32 {
  return 0;
}

/** f_touch as filters without one have it: the change's fflags and data count from now on. */
export function touchKnote(_queue: Queue, knote: Knote, change: KeventRecord): i32 {
  knote.sfflags = change.fflags;
  knote.sdata = change.data;
  return 0;
}

/** Enters a filter in the table. The caller can replace the operations that most filters share. */
export function addFilter(
  number: i32,
  attach: Attach,
  detach: Detach,
  touch: Touch,
  event: Event,
): Filter {
  const filter = filterOf(number);
  filter.attach = attach;
  filter.detach = detach;
  filter.touch = touch;
  filter.event = event;
  filter.report = null;
  filter.catchUp = null;
  filter.readSource = readNothing;
  return filter;
}

/** Detaches a knote and forgets the knote (knote_drop). */
export function dropKnote(queue: Queue, knote: Knote): i32 {
  const result = filterOf(knote.filter).detach(queue, knote);
  removeKnote(queue, knote);
  return result;
}

/** Forgets the knotes of a descriptor that is closed (knote_fdclose). */
export function forgetDescriptor(queue: Queue, fd: i32): void {
  for (let filter = -1; filter > -MOST; filter--) {
    if (!isFilter(filter) || !filterOf(filter).isDescriptor) continue;
    const knote = findKnote(queue, fd, filter);
    if (knote !== null) dropKnote(queue, knote);
  }
}
