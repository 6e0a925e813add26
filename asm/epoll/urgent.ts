// Urgent data (EPOLLPRI) of registrations over kqueue: FreeBSD's kqueue has no filter for it, so
// poll(2) is asked.

import {
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_PRI,
  FD_OTHER,
  FD_STREAM,
  FD_TERMINAL,
  POLL_RECORD_SIZE,
  RESCAN_MS,
} from "../abi";
import * as host from "../host";
import { PollRecord } from "../records";
import { changeCount, EmulatedEpoll, markReady, Registration, STATUS_DISABLED } from "./emulated";
import { recordsStart } from "./scratch";

/** Whether a registration waits for urgent data, and its kind of descriptor has any. */
export function mayBeUrgent(registration: Registration): bool {
  if (!(registration.interest & EVENT_PRI)) return false;
  const kind = registration.kind;
  return kind === FD_STREAM || kind === FD_TERMINAL || kind === FD_OTHER;
}

/** Whether poll(2) is asked about a registration: not after an end, which poll(2) reports for ever. */
function isPolled(registration: Registration): bool {
  if (!mayBeUrgent(registration) || registration.status & STATUS_DISABLED) return false;
  return !(registration.ready & (EVENT_ERR | EVENT_HUP));
}

function isReported(registration: Registration): bool {
  return (registration.ready & EVENT_PRI) !== 0;
}

function writeRecord(at: usize, fd: i32, want: u32): void {
  const record = changetype<PollRecord>(at);
  record.fd = fd;
  record.want = want as u16;
  record.ready = 0;
}

/**
 * Writes the poll record of the queue and those of the registrations. Returns how many.
 *
 * @param waits whether poll(2) is to wait for the queue, and for urgent data not reported yet
 */
function writeRecords(epoll: EmulatedEpoll, waits: bool): i32 {
  let at = recordsStart();
  writeRecord(at, waits ? epoll.fd : -1, EVENT_IN);
  let count = 1;
  let registration = epoll.first;
  while (registration !== null) {
    if (isPolled(registration)) {
      at += POLL_RECORD_SIZE;
      const isLeftOut: bool = waits && isReported(registration);
      writeRecord(at, isLeftOut ? -1 : registration.fd, EVENT_PRI);
      count++;
    }
    registration = registration.after;
  }
  return count;
}

/** Puts the registrations on the ready list that have urgent data since. */
function applyResults(epoll: EmulatedEpoll): void {
  let at = recordsStart();
  let registration = epoll.first;
  while (registration !== null) {
    if (isPolled(registration)) {
      at += POLL_RECORD_SIZE;
      const record = changetype<PollRecord>(at);
      if (record.fd >= 0) {
        if (record.ready === 0) registration.ready &= ~EVENT_PRI;
        else if (!isReported(registration)) markReady(epoll, registration);
      }
    }
    registration = registration.after;
  }
}

/** Finds out which registrations have urgent data. */
export function updateUrgent(epoll: EmulatedEpoll): void {
  const changes = changeCount();
  const count = writeRecords(epoll, false);
  epoll.isUrgent = count > 1;
  const found = count > 1 ? host.poll(recordsStart(), count, 0) : -1;
  if (found >= 0 && changes === changeCount()) applyResults(epoll);
}

/** Whether urgent data of a registration was reported and was there since. */
function hasReported(epoll: EmulatedEpoll): bool {
  let registration = epoll.first;
  while (registration !== null) {
    if (isPolled(registration) && isReported(registration)) return true;
    registration = registration.after;
  }
  return false;
}

/**
 * Waits for the queue and for urgent data; RESCAN_MS at most while some that was reported may be
 * followed by more. Returns how many descriptors are ready, or a negative errno.
 */
export function waitUrgent(epoll: EmulatedEpoll, timeoutMs: f64): i32 {
  const changes = changeCount();
  const count = writeRecords(epoll, true);
  const isBrief: bool = hasReported(epoll) && (timeoutMs < 0 || timeoutMs > RESCAN_MS);
  const found = host.poll(recordsStart(), count, isBrief ? RESCAN_MS : timeoutMs);
  if (found > 0 && changes === changeCount()) applyResults(epoll);
  return found;
}
