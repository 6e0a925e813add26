// Memory that one call at a time uses: kevents in and out, questions to the host, events of the kernel.
// Grown before a call, never in a wait.

import { DATA_SIZE, ENOMEM, KEVENT_SIZE, POLL_RECORD_SIZE, READY_RECORD_SIZE } from "../abi";
import { allocate, release, roundUp } from "../memory";
import { beginInner, CallState, endInner, endWait, isInner, isOwn } from "../nesting";

/** One block and its parts, which begin with the changes. */
@unmanaged
class Scratch extends CallState {
  block: usize;
  bytes: usize;
  events: usize;
  data: usize;
  polls: usize;
  ready: usize;
  readyCapacity: i32;
}

const scratch = changetype<Scratch>(memory.data(offsetof<Scratch>(), 4));

/** The buffer for reading sources: the largest netlink and inotify datagrams fit. */
export const INPUT_SIZE = 16384;
export const input: usize = memory.data(INPUT_SIZE, 8);
/** A netlink socket lost messages; the rest follows. */
export const ENOBUFS = 105;

/** Kevent records of the changes. */
export function changesStart(): usize {
  return scratch.block;
}

/** Kevent records of the events. */
export function eventsStart(): usize {
  return scratch.events;
}

/** Data records: a question about each event. */
export function dataStart(): usize {
  return scratch.data;
}

/** Poll records: one for each event. */
export function pollsStart(): usize {
  return scratch.polls;
}

/** Ready records of a queue's epoll sets. Those of epoll objects, which bindings read, are in ready.ts. */
export function readyRecords(): usize {
  return scratch.ready;
}

/** How many ready records there is room for. */
export function readyRoom(): i32 {
  return scratch.readyCapacity;
}

/** How many events the kernel is asked for at least. */
export const LEAST_ROOM = 1024;

/** Begins a call after one at another depth. False without memory. */
function begin(): bool {
  resumeScratch();
  return isOwn(scratch) || beginInner(scratch, offsetof<Scratch>());
}

/** Makes room for a call with so many changes and events on a queue with so many sources. 0 or -ENOMEM. */
export function reserve(changes: i32, capacity: i32, sources: i64): i32 {
  if (!isOwn(scratch) && !begin()) return -ENOMEM;
  const perEvent = KEVENT_SIZE + DATA_SIZE + POLL_RECORD_SIZE;
  const room = max<i64>((capacity as i64) + sources, LEAST_ROOM);
  const bytes =
    (changes as u64) * KEVENT_SIZE +
    (capacity as u64) * perEvent +
    (room as u64) * READY_RECORD_SIZE;
  if (bytes > (scratch.bytes as u64)) {
    const wanted = roundUp(bytes);
    const made = allocate(wanted);
    if (made === 0) return -ENOMEM;
    release(scratch.block, scratch.bytes);
    scratch.block = made;
    scratch.bytes = wanted;
  }
  const events = scratch.block + (changes as usize) * KEVENT_SIZE;
  const data = events + (capacity as usize) * KEVENT_SIZE;
  const polls = data + (capacity as usize) * DATA_SIZE;
  scratch.events = events;
  scratch.data = data;
  scratch.polls = polls;
  scratch.ready = polls + (capacity as usize) * POLL_RECORD_SIZE;
  scratch.readyCapacity = room as i32;
  return 0;
}

/** A wait has ended: the memory is again that of the call that waited. */
export function resumeScratch(): void {
  while (isInner(scratch)) {
    release(scratch.block, scratch.bytes);
    endInner(scratch, offsetof<Scratch>());
  }
  endWait();
}
