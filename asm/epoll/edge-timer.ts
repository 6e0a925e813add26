// The times at which an epoll over poll(2) repeats its edge-triggered registrations without an edge. A
// scan can miss an edge: if a program reads everything and as many bytes arrive before the next scan,
// the scan finds the same as if the program had left the bytes unread. A repeat makes sure that no
// event is lost, at the price of events that report nothing new.
//
// A timer is in one of three states:
//
//   ACTIVE  there was an edge since the last repeat. The repeat is due FIRST_REPEAT_MS after the last
//           edge, or LATEST_REPEAT_MS after the first one if edges keep coming.
//   QUIET   there was no such edge. The repeat is due after an interval that doubles with every repeat.
//   DUE     the repeat is made by the scan that is going on. The next scan finds the timer ACTIVE if
//           this one saw an edge, and QUIET if not.
//
// Time passes only while the epoll is scanned, RESCAN_MS between two scans at most: a program that
// did not wait for a while was not without events for so long.

import { RESCAN_MS } from "../abi";
import { allocate, release } from "../memory";

/** The times from the last edge, and from the first edge if others follow, to the first repeat. */
const FIRST_REPEAT_MS: f64 = 100;
const LATEST_REPEAT_MS: f64 = 1000;

const ACTIVE = 0;
const QUIET = 1;
const DUE = 2;

@unmanaged
export class EdgeTimer {
  state: i32;
  /** Whether there was an edge since the last repeat. */
  hasEdge: bool;
  /** Time of the last scan. */
  scannedAt: f64;
  /** The time of scanning since the last edge or repeat, and since the first edge. */
  sinceLast: f64;
  sinceFirst: f64;
  /** The time after which a QUIET timer is due. */
  interval: f64;
}

/** A timer in the state of an epoll that was just made; null if there is no memory. */
export function createEdgeTimer(): EdgeTimer | null {
  const at = allocate(offsetof<EdgeTimer>());
  if (at === 0) return null;
  memory.fill(at, 0, offsetof<EdgeTimer>());
  const timer = changetype<EdgeTimer>(at);
  timer.state = ACTIVE;
  timer.hasEdge = true;
  timer.interval = FIRST_REPEAT_MS;
  return timer;
}

/** Gives the memory of a timer back. */
export function destroyEdgeTimer(timer: EdgeTimer): void {
  release(changetype<usize>(timer), offsetof<EdgeTimer>());
}

/** Whether the scan that is going on makes the repeat. */
export function isRepeatDue(timer: EdgeTimer): bool {
  return timer.state === DUE;
}

/** A scan sees an edge. */
export function noteEdge(timer: EdgeTimer): void {
  timer.sinceLast = 0;
  timer.interval = FIRST_REPEAT_MS;
  if (timer.hasEdge) return;
  timer.hasEdge = true;
  timer.sinceFirst = 0;
  if (timer.state === QUIET) timer.state = ACTIVE;
}

/** A scan begins at the time `now`. */
export function advance(timer: EdgeTimer, now: f64): void {
  const passed = Math.min(now - timer.scannedAt, RESCAN_MS);
  timer.scannedAt = now;
  if (timer.state === DUE) timer.state = timer.hasEdge ? ACTIVE : QUIET;
  timer.sinceLast += passed;
  timer.sinceFirst += passed;
  const isOver = timer.sinceLast >= timer.interval;
  if (!isOver && (timer.state === QUIET || timer.sinceFirst < LATEST_REPEAT_MS)) return;
  timer.state = DUE;
  timer.hasEdge = false;
  timer.sinceLast = 0;
  if (isOver) timer.interval *= 2;
}
