// Epolls over poll(2): the waits, each of as many scans (scan.ts) as it takes.

import {
  EBADF,
  EINVAL,
  ENOMEM,
  EVENT_ONESHOT,
  EVENT_RDHUP,
  POLL_RECORD_SIZE,
  READY_RECORD_SIZE,
  RESCAN_MS,
} from "../abi";
import { deadlineOf, remaining } from "../deadline";
import { kindOf } from "../descriptor";
import * as host from "../host";
import { endWait, enterWait, leaveWait } from "../nesting";
import { PollRecord, ReadyRecord } from "../records";
import {
  changeCount,
  EmulatedEpoll,
  epollOf,
  firstEpoll,
  markNotReady,
  markReady,
  STATUS_DISABLED,
} from "./emulated";
import {
  applyResults,
  beginScan,
  isEdgeTriggered,
  isReadable,
  Scan,
  theScan,
  writeResults,
} from "./scan";
import { recordsStart, reserveRecords } from "./scratch";

function sooner(timeoutMs: f64, other: f64): f64 {
  return timeoutMs < 0 ? other : Math.min(timeoutMs, other);
}

/** How long poll(2) may wait, of `left` ms, before the first deadline. */
function untilDeadline(scan: Scan, left: f64): f64 {
  return scan.deadline === 0 ? left : sooner(left, Math.max(scan.deadline - scan.now, 0));
}

function needsTime(scan: Scan): bool {
  return scan.edgeTriggered > 0 || scan.deadline !== 0;
}

/**
 * Waits until a record of the caller is ready, or a registration of the epoll `epfd`, if it is not
 * -1. Returns how many are, or a negative errno.
 */
function wait(records: usize, count: i32, epfd: i32, timeoutMs: f64): i32 {
  const scan = theScan();
  const deadline = deadlineOf(timeoutMs);
  let left = timeoutMs;
  while (true) {
    const changes = changeCount();
    const root = epollOf(epfd);
    // Closing an epoll does not end a wait on it, as on Linux.
    if (root === null && epfd >= 0) return host.poll(recordsStart(), 0, left);
    let polled = beginScan(scan, records, count, root, false);
    if (needsTime(scan)) scan.now = host.now();
    const number = scan.number;
    const waited = scan.reported > 0 ? 0 : untilDeadline(scan, left);
    let result = host.poll(recordsStart(), polled, waited);
    if (result < 0) return result;
    // A callback of a simulated kernel changed what the records stand for, or waited itself.
    const isStale = changes !== changeCount() || number !== scan.number;
    if (!isStale) {
      if (waited !== 0 && needsTime(scan)) scan.now = host.now();
      applyResults(scan);
      let ready = writeResults(scan, records, count);
      if (root !== null && isReadable(scan, root)) ready++;
      // poll(2) may also return early for a descriptor that was closed meanwhile: time is not up yet.
      const isOver = left === 0 || (waited === left && left > 0 && result === 0);
      if (ready > 0 || isOver) return ready;
      if (scan.reported > 0) {
        polled = beginScan(scan, records, count, root, true);
        result = host.poll(recordsStart(), polled, untilDeadline(scan, sooner(left, RESCAN_MS)));
        if (result < 0) return result;
      }
    }
    left = remaining(timeoutMs, deadline);
  }
}

/** The same, with the memory for it. */
function waitInScratch(records: usize, count: i32, epfd: i32, timeoutMs: f64): i32 {
  if (!reserveRecords(count)) return -ENOMEM;
  enterWait();
  const ready = wait(records, count, epfd, timeoutMs);
  if (leaveWait()) endWait();
  return ready;
}

/** Whether a descriptor among the records is an emulated epoll. */
function namesEpoll(records: usize, count: i32): bool {
  const end = records + (count as usize) * POLL_RECORD_SIZE;
  for (let at = records; at < end; at += POLL_RECORD_SIZE) {
    if (epollOf(changetype<PollRecord>(at).fd) !== null) return true;
  }
  return false;
}

/** poll(2), of descriptors that may be emulated epolls. */
export function pollOverPoll(records: usize, count: i32, timeoutMs: f64): i32 {
  if (firstEpoll() === null || !namesEpoll(records, count)) {
    return host.poll(records, count, timeoutMs);
  }
  return waitInScratch(records, count, -1, timeoutMs);
}

/**
 * Writes ready records of the first registrations on the ready list, at most `capacity`.
 * A level-triggered one goes to the end of the list, all others leave the list (ep_send_events).
 */
function takeReady(epoll: EmulatedEpoll, ready: usize, capacity: i32): i32 {
  const count = min(epoll.readyCount, capacity);
  for (let i = 0; i < count; i++) {
    const registration = epoll.firstReady;
    if (registration === null) return i;
    const record = changetype<ReadyRecord>(ready + (i as usize) * READY_RECORD_SIZE);
    record.fd = registration.fd;
    record.mask = registration.ready;
    markNotReady(epoll, registration);
    if (registration.interest & EVENT_ONESHOT) {
      registration.status |= STATUS_DISABLED;
    } else if (isEdgeTriggered(registration)) {
      registration.reported = registration.ready | (registration.reported & EVENT_RDHUP);
    } else {
      markReady(epoll, registration);
    }
  }
  return count;
}

/** epoll_wait(2). Also returns, with 0, at the deadline of the epoll (kernel.setDeadline). */
export function waitOverPoll(epfd: i32, ready: usize, capacity: i32, timeoutMs: f64): i32 {
  if (epollOf(epfd) === null) return kindOf(epfd) < 0 ? -EBADF : -EINVAL;
  if (capacity <= 0) return -EINVAL;
  const found = waitInScratch(0, 0, epfd, timeoutMs);
  const epoll = epollOf(epfd);
  return found <= 0 || epoll === null ? found : takeReady(epoll, ready, capacity);
}
