// A knote: one registration of a queue, and the kevent it will be returned as. The fields and their
// names are FreeBSD's (sys/event.h), without the prefix kn_. A filter that needs more has a class that
// extends Knote; all knotes are blocks of 128 bytes.

import { FILTER_READ, FILTER_WRITE } from "../abi";
import { allocate, release } from "../memory";
import { KeventRecord } from "../records";

/** The event has happened (KN_ACTIVE). Such a knote is on the active list unless it is disabled. */
export const STATUS_ACTIVE: u16 = 0x1;
/** Not to be reported (KN_DISABLED). */
export const STATUS_DISABLED: u16 = 0x2;
/** READ, WRITE: the condition did not hold, so the epoll entry reports edges only (entry.ts). */
export const STATUS_MUTED: u16 = 0x4;
/** READ, WRITE: reported once, whether the condition holds or not (EV_FORCEONESHOT). */
export const STATUS_FORCED: u16 = 0x8;
/** READ: FIONREAD ends at an urgent mark. */
export const STATUS_MARKED: u16 = 0x10;

/** No kernel reports a READ or WRITE knote: its condition never holds, or its descriptor is closed. */
export const SET_NONE: u8 = 0;
/** The knote has an entry in the epoll set that is the queue's own descriptor. */
export const SET_MAIN: u8 = 1;
/** In the second set, because the other filter of the same descriptor has an entry in the main set. */
export const SET_SECOND: u8 = 2;
/** On the list of files, which epoll does not accept: a wait tests them itself (files.ts). */
export const SET_FILES: u8 = 3;

/** The fields of all knotes: one line of the processor's cache. */
@unmanaged
export class Knote {
  ident: u64;
  udata: u64;
  data: i64;
  /** The request of the change, as `sfflags`; `data` and `fflags` are of the event that happened. */
  sdata: i64;
  /** Next in the same chain of the queue's table. */
  chain: Knote | null;
  flags: u32;
  sfflags: u32;
  fflags: u32;
  filter: i16;
  /** STATUS_*. */
  status: u16;
  /** Neighbours on the active list. */
  before: Knote | null;
  after: Knote | null;
  /** Filters of descriptors: FD_*. */
  kind: u8;
  /** READ, WRITE: SET_*. */
  set: u8;
  /** READ, WRITE: DATA_* that tells `data`; -1 if the condition never holds. */
  question: i16;
}

if (offsetof<Knote>() !== 64) ERROR("Knote: not one line of the cache");

/** Whether a knote is READ or WRITE: epoll reports those, and a scan tests them together. */
export function isReadOrWrite(knote: Knote): bool {
  return knote.filter === FILTER_READ || knote.filter === FILTER_WRITE;
}

/** A knote that its filter keeps on a list. */
@unmanaged
export class ListedKnote extends Knote {
  listedBefore: ListedKnote | null;
  listedAfter: ListedKnote | null;
}

/** Link of the lists of filters. */
export const LISTED: usize = offsetof<ListedKnote>("listedBefore");

/** Link of the active list. */
export const ACTIVE: usize = offsetof<Knote>("before");

/** A knote of a descriptor: READ, WRITE, VNODE. */
@unmanaged
export class DescriptorKnote extends ListedKnote {
  /** The file that was open when the knote was made. */
  ino: u64;
  dev: u64;
  /** Its watch in the queue's inotify instance, or -1; and the events, IN_*, the knote needs of it. */
  watch: i32;
  events: u32;
}

const BYTES: usize = 128;

/** Asserts at compile time that a class of knotes fits. */
export function assertKnote<T>(): void {
  if (offsetof<T>() > BYTES) ERROR("a knote of more than 128 bytes");
}

assertKnote<DescriptorKnote>();

/** A knote with every field 0; null without memory. */
export function createKnote(): Knote | null {
  const at = allocate(BYTES);
  if (at === 0) return null;
  memory.fill(at, 0, BYTES);
  return changetype<Knote>(at);
}

export function destroyKnote(knote: Knote): void {
  release(changetype<usize>(knote), BYTES);
}

/** Writes the kevent record that the knote is returned as. */
export function writeKevent(knote: Knote, at: usize): void {
  const event = changetype<KeventRecord>(at);
  event.ident = knote.ident;
  event.filter = knote.filter;
  event.flags = knote.flags as u16;
  event.fflags = knote.fflags;
  event.data = knote.data;
  event.udata = knote.udata;
}
