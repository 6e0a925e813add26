// Memory that one call at a time uses: kevents in and out, questions to the host, events of the kernel.
// Grown before a call, never in a wait.

import { DATA_SIZE, ENOMEM, KEVENT_SIZE, POLL_RECORD_SIZE, READY_RECORD_SIZE } from "../abi";
import { allocate, release, roundUp } from "../memory";

let block: usize = 0;
let blockBytes: usize = 0;
let events: usize = 0;
let data: usize = 0;
let polls: usize = 0;
let ready: usize = 0;
let readyCapacity = 0;

/** The buffer for reading sources: the largest netlink and inotify datagrams fit. */
export const INPUT_SIZE = 16384;
export const input: usize = memory.data(INPUT_SIZE, 8);
/** A netlink socket lost messages; the rest follows. */
export const ENOBUFS = 105;

/** Kevent records of the changes. */
export function changesStart(): usize {
  return block;
}

/** Kevent records of the events. */
export function eventsStart(): usize {
  return events;
}

/** Data records: a question about each event. */
export function dataStart(): usize {
  return data;
}

/** Poll records: one for each event. */
export function pollsStart(): usize {
  return polls;
}

/** Ready records of a queue's epoll sets. Those of epoll objects, which bindings read, are in ready.ts. */
export function readyRecords(): usize {
  return ready;
}

/** How many ready records there is room for. */
export function readyRoom(): i32 {
  return readyCapacity;
}

/** How many events the kernel is asked for at least. */
export const LEAST_ROOM = 1024;

/** Makes room for a call with so many changes and events on a queue with so many sources. 0 or -ENOMEM. */
export function reserve(changes: i32, capacity: i32, sources: i64): i32 {
  const perEvent = KEVENT_SIZE + DATA_SIZE + POLL_RECORD_SIZE;
  const room = max<i64>((capacity as i64) + sources, LEAST_ROOM);
  const bytes =
    (changes as u64) * KEVENT_SIZE +
    (capacity as u64) * perEvent +
    (room as u64) * READY_RECORD_SIZE;
  if (bytes > (blockBytes as u64)) {
    const wanted = roundUp(bytes);
    const made = allocate(wanted);
    if (made === 0) return -ENOMEM;
    release(block, blockBytes);
    block = made;
    blockBytes = wanted;
  }
  events = block + (changes as usize) * KEVENT_SIZE;
  data = events + (capacity as usize) * KEVENT_SIZE;
  polls = data + (capacity as usize) * DATA_SIZE;
  ready = polls + (capacity as usize) * POLL_RECORD_SIZE;
  readyCapacity = room as i32;
  return 0;
}
