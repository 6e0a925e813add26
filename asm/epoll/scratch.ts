// Scratch memory of the scans of emulated epolls: poll records for all registrations, and for the
// records that poll objects and select() bring besides; behind them, over poll(2), questions to the
// host and the entries of the scan, and over kqueue, kevents. It grows when something is registered,
// never in a wait.
//
// A callback of a simulated kernel may register something in a wait: nesting.ts keeps the block that
// the wait began with.

import { DATA_SIZE, KEVENT_SIZE, POLL_RECORD_SIZE } from "../abi";
import { allocate, roundUp } from "../memory";
import { releaseAfterWaits } from "../nesting";
import { firstEpoll, registrationCount } from "./emulated";

/** Bytes of an entry of a scan (Entry of scan.ts). */
export const ENTRY_SIZE: usize = 20;
/** Bytes that a registration needs behind its poll record: over poll(2), or over kqueue. */
const BEHIND: usize = max((DATA_SIZE as usize) + ENTRY_SIZE, 2 * KEVENT_SIZE);
const PER_REGISTRATION: usize = (POLL_RECORD_SIZE as usize) + BEHIND;
const SMALLEST = 16;

let block: usize = 0;
let bytes: usize = 0;
/** How many registrations and records of a caller the block has room for. */
let room = 0;
/** The most records that a caller brings. */
let callers = 0;

function resize(registrations: i64): bool {
  const wanted = roundUp((registrations as u64) * PER_REGISTRATION);
  if (wanted === bytes) return true;
  const made = allocate(wanted);
  if (made === 0) return false;
  releaseAfterWaits(block, bytes);
  block = made;
  bytes = wanted;
  room = (wanted / PER_REGISTRATION) as i32;
  return true;
}

/** Makes room for the registrations there are and `more`. False without memory. */
export function reserveRegistrations(more: i32): bool {
  const wanted = max((registrationCount() as i64) + callers + more, SMALLEST);
  // Without memory for a smaller block the larger one goes on serving.
  if (wanted <= room && wanted * 8 > room) return true;
  return resize(wanted) || wanted <= room;
}

/** Makes room for as many records that a caller brings, once there is an epoll among them. */
export function reserveRecords(count: i32): bool {
  if (count > callers) callers = count;
  return (
    firstEpoll() === null ||
    (registrationCount() as i64) + callers <= room ||
    reserveRegistrations(0)
  );
}

/** Address of the poll records. */
export function recordsStart(): usize {
  return block;
}

/** Over poll(2): address of the data records of a scan. */
export function questionsStart(): usize {
  return block + (room as usize) * POLL_RECORD_SIZE;
}

/** Over poll(2): address of the entries of a scan. */
export function entriesStart(): usize {
  return questionsStart() + (room as usize) * DATA_SIZE;
}

/** Over kqueue: address of the kevents that go to a queue and come from it. */
export function keventsStart(): usize {
  return block + (room as usize) * POLL_RECORD_SIZE;
}

/** How many kevents there is room for: two for each registration. */
export function keventCapacity(): i32 {
  return room * 2;
}
