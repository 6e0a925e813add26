// Places in memory that one call at a time uses: kevents in and out, questions to the host.
// Grown before a call, never in a wait.

import {
  DATA_SIZE,
  ENOMEM,
  KEVENT_SIZE,
  POLL_RECORD_SIZE,
  READY_RECORD_SIZE,
  STAT_SIZE,
} from "../abi";
import { allocate, release, roundUp } from "../memory";

let block: usize = 0;
let blockBytes: usize = 0;
let events: usize = 0;
let data: usize = 0;
let polls: usize = 0;
let ready: usize = 0;
let readyCapacity = 0;

/** A stat record. */
export const stat: usize = memory.data(STAT_SIZE, 8);

/** What is read from a source: the largest netlink or inotify datagrams fit. */
export const INPUT_SIZE = 16384;
export const input: usize = memory.data(INPUT_SIZE, 8);

/** Where `kqueueReserve` made room for changes, events, and data and poll records. */
export function changesStart(): usize {
  return block;
}

export function eventsStart(): usize {
  return events;
}

export function dataStart(): usize {
  return data;
}

export function pollsStart(): usize {
  return polls;
}

/** Ready records of a queue's sets; those of epoll objects are elsewhere, where bindings look. */
export function readyRecords(): usize {
  return ready;
}

export function readyRoom(): i32 {
  return readyCapacity;
}

/** How many events the kernel is asked for at least. */
export const LEAST_ROOM = 1024;

/** Makes room for a call with so many changes and events on a queue with so many sources. */
export function reserve(changes: i32, capacity: i32, sources: i32): i32 {
  const perEvent = KEVENT_SIZE + DATA_SIZE + POLL_RECORD_SIZE;
  const room = max(capacity + sources, LEAST_ROOM);
  const bytes: u64 =
    (changes as u64) * KEVENT_SIZE +
    (capacity as u64) * perEvent +
    (room as u64) * READY_RECORD_SIZE;
  if (bytes > blockBytes) {
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
  readyCapacity = room;
  return 0;
}
