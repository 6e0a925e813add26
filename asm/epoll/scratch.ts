// Scratch memory of the scans of emulated epolls: poll records for all registrations, and for the
// records that poll objects and select() bring besides; behind them, over poll(2), questions to the
// host and the entries of the scan, and over kqueue, kevents. It grows when something is registered,
// never in a wait.
//
// A simulated kernel runs the program's callbacks in a wait, and they may register something. The
// kernel still writes its results to the block the wait began with, so a block that is replaced in a
// wait is kept until the last wait ends.

import { DATA_SIZE, KEVENT_SIZE, POLL_RECORD_SIZE } from "../abi";
import { allocate, release, roundUp } from "../memory";
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
/** Number of waits going on, one in the other. */
let waits = 0;

// Blocks that were replaced in a wait. The kernel writes ready masks into them, at 6 and 14.
//
//   0          4   8
//   | next u32 |   | bytes u32 |

const REPLACED_BYTES = 8;
let replaced: usize = 0;

function dispose(old: usize, oldBytes: usize): void {
  if (waits === 0 || old === 0) {
    release(old, oldBytes);
    return;
  }
  store<usize>(old, replaced);
  store<usize>(old, oldBytes, REPLACED_BYTES);
  replaced = old;
}

function resize(registrations: i64): bool {
  const wanted = roundUp((registrations as u64) * PER_REGISTRATION);
  if (wanted === bytes) return true;
  const made = allocate(wanted);
  if (made === 0) return false;
  dispose(block, bytes);
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

/** A wait begins: it uses the block there is now. */
export function holdScratch(): void {
  waits++;
}

/** A wait ends. */
export function dropScratch(): void {
  if (--waits > 0) return;
  while (replaced !== 0) {
    const next = load<usize>(replaced);
    release(replaced, load<usize>(replaced, REPLACED_BYTES));
    replaced = next;
  }
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
