// Epolls over kqueue. The queue reports events that have happened, as Linux's wake-ups do (knotes.ts),
// and so puts registrations on the ready list. Before the registrations at the head of the list are
// reported, poll(2) says whether they are ready now. A registration that the kernel keeps reporting
// need not stay on the list.

import {
  EBADF,
  EINVAL,
  EV_EOF,
  EVENT_ERR,
  EVENT_ET,
  EVENT_HUP,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_ONESHOT,
  EVENT_PRI,
  EVENT_RDHUP,
  EVENT_RDNORM,
  FD_DATAGRAM,
  FD_STREAM,
  FILTER_READ,
  FILTER_USER,
  KEVENT_SIZE,
  POLL_RECORD_SIZE,
  READY_RECORD_SIZE,
} from "../abi";
import { deadlineOf, remaining } from "../deadline";
import { kindOf } from "../descriptor";
import * as host from "../host";
import { endWait, enterWait, leaveWait } from "../nesting";
import { KeventRecord, PollRecord, ReadyRecord } from "../records";
import {
  changeCount,
  dropRegistration,
  EmulatedEpoll,
  epollOf,
  findRegistration,
  firstEpoll,
  markNotReady,
  markReady,
  Registration,
  STATUS_DISABLED,
} from "./emulated";
import {
  enable,
  flagsOf,
  KNOTE_FAILED,
  READ_EVENTS,
  settleQueueWake,
  WRITE_EVENTS,
} from "./knotes";
import { keventCapacity, keventsStart, recordsStart } from "./scratch";
import { updateUrgent, waitUrgent } from "./urgent";

/** Bits that poll(2) reports whether they are asked for or not. */
const ALWAYS: u32 = EVENT_ERR | EVENT_HUP;

// The kernel's reports about a registration (`Registration.knotes`), besides KNOTE_FAILED.

/** End of file of either direction: for hosts whose poll(2) knows no RDHUP. */
const KNOTE_READ_EOF: u32 = 0x1;
const KNOTE_WRITE_EOF: u32 = 0x2;
/** A level-triggered knote fired, and does so again. */
const KNOTE_READ_LEVEL: u32 = 0x8;
const KNOTE_WRITE_LEVEL: u32 = 0x10;

/** The number of registrations that are examined to find out whether an epoll within is ready. */
const SAMPLE = 16;

// The queue's events.

/** Puts the registration of one event on the ready list. */
function dispatch(epoll: EmulatedEpoll, event: KeventRecord): void {
  if (event.filter === FILTER_USER) return;
  const registration = findRegistration(epoll, event.ident as i32);
  if (registration === null || registration.status & STATUS_DISABLED) return;
  const reads: bool = event.filter === FILTER_READ;
  const events = reads ? READ_EVENTS : WRITE_EVENTS;
  const isSocket: bool = registration.kind === FD_STREAM || registration.kind === FD_DATAGRAM;
  if (event.flags & EV_EOF) {
    registration.knotes |= reads ? KNOTE_READ_EOF : KNOTE_WRITE_EOF;
    if (event.fflags !== 0) registration.knotes |= KNOTE_FAILED;
  } else if (!(registration.interest & events) && !isSocket) {
    return; // bytes that nothing waits for; of a socket the low-water mark leaves errors alone
  }
  if (flagsOf(registration.interest, events) === 0) {
    registration.knotes |= reads ? KNOTE_READ_LEVEL : KNOTE_WRITE_LEVEL;
  }
  markReady(epoll, registration);
  epoll.arrivals++;
}

/** Takes at most `limit` events from the queue. Returns how many, or a negative errno. */
function takeEvents(epoll: EmulatedEpoll, limit: i32, timeoutMs: f64): i32 {
  const events = keventsStart();
  const fd = epoll.fd;
  const count = host.kevent(fd, events, 0, events, limit, timeoutMs);
  if (epollOf(fd) !== epoll) return -EBADF; // a callback of a simulated kernel closed it
  for (let i = 0; i < count; i++) {
    dispatch(epoll, changetype<KeventRecord>(events + (i as usize) * KEVENT_SIZE));
  }
  return count;
}

// Readiness now.

/** Takes a registration off the ready list. */
function leaveReadyList(epoll: EmulatedEpoll, registration: Registration): void {
  markNotReady(epoll, registration);
  registration.knotes &= ~(KNOTE_READ_LEVEL | KNOTE_WRITE_LEVEL);
}

/** Finds out whether an epoll within is ready. 0 or a negative errno. */
function recheckInner(registration: Registration, inner: EmulatedEpoll): i32 {
  const ready = recheckEpoll(inner);
  if (ready < 0) return ready;
  // Each wake-up of the inner epoll is an edge of its descriptor, too.
  const isEdge =
    !(registration.interest & EVENT_ET) || registration.innerArrivals !== inner.arrivals;
  registration.ready = ready > 0 && isEdge ? EVENT_IN | EVENT_RDNORM : 0;
  return 0;
}

/** Writes the poll records of the first `count` registrations on the ready list. */
function writeRecords(epoll: EmulatedEpoll, count: i32): void {
  let at = recordsStart();
  let registration = epoll.firstReady;
  for (let i = 0; i < count && registration !== null; i++, at += POLL_RECORD_SIZE) {
    const record = changetype<PollRecord>(at);
    const more = registration.knotes & KNOTE_READ_EOF ? EVENT_IN : 0;
    record.fd = registration.inner === null ? registration.fd : -1;
    record.want = (registration.interest | more) as u16;
    record.ready = 0;
    registration = registration.readyAfter;
  }
}

/**
 * Reduces `registration.ready`, which poll(2) reported, to the bits in the interest, with what the
 * kernel reported of ends and errors. False, and off the ready list, if none are left.
 */
function applyInterest(epoll: EmulatedEpoll, registration: Registration): bool {
  let ready = registration.ready;
  const ended = registration.knotes & (KNOTE_READ_EOF | KNOTE_WRITE_EOF);
  if (ended & KNOTE_READ_EOF) {
    if (!(ready & (EVENT_IN | EVENT_HUP))) {
      registration.knotes &= ~ended; // the descriptor has another peer: a FIFO, a new connection
    } else if (registration.kind === FD_STREAM) {
      ready |= ended & KNOTE_WRITE_EOF ? EVENT_RDHUP | EVENT_HUP : EVENT_RDHUP;
    }
  }
  if (registration.knotes & KNOTE_FAILED) ready |= EVENT_ERR;
  // The kernel reports an error again while it lasts.
  registration.knotes &= ~KNOTE_FAILED;
  registration.ready = ready & (registration.interest | ALWAYS);
  if (registration.ready !== 0) return true;
  leaveReadyList(epoll, registration);
  if (registration.interest & EVENT_ONESHOT) enable(epoll, registration);
  return false;
}

/** Applies the results of poll(2). Returns how many of the `count` registrations are ready. */
function applyResults(epoll: EmulatedEpoll, count: i32): i32 {
  let at = recordsStart();
  let ready = 0;
  let registration = epoll.firstReady;
  for (let i = 0; i < count && registration !== null; i++, at += POLL_RECORD_SIZE) {
    const after = registration.readyAfter;
    const inner = registration.inner;
    if (inner === null) registration.ready = changetype<PollRecord>(at).ready;
    else registration.innerArrivals = inner.arrivals;
    if (registration.ready & EVENT_NVAL) {
      dropRegistration(epoll, registration); // closed without omnipoll/os
    } else if (applyInterest(epoll, registration)) {
      ready++;
    }
    registration = after;
  }
  return ready;
}

/**
 * Asks poll(2) about the first registrations on the ready list, at most `wanted`; those that are not
 * ready leave it. Returns how many stay, or a negative errno; then the list is as it was. 0, too, if
 * registrations were changed meanwhile, so that the caller asks again.
 */
function pollReadyList(epoll: EmulatedEpoll, wanted: i32): i32 {
  const changes = changeCount();
  const count = min(epoll.readyCount, wanted);
  let registration = epoll.firstReady;
  for (let i = 0; i < count && registration !== null; i++) {
    const inner = registration.inner;
    const checked = inner === null ? 0 : recheckInner(registration, inner);
    if (changes !== changeCount()) return 0;
    if (checked < 0) return checked;
    registration = registration.readyAfter;
  }
  writeRecords(epoll, count);
  const polled = count > 0 ? host.poll(recordsStart(), count, 0) : 0;
  if (changes !== changeCount()) return 0;
  return polled < 0 ? polled : applyResults(epoll, count);
}

/**
 * Takes the queue's events, waiting for them, and brings the ready list up to date. Returns how many
 * registrations at its head are ready, or a negative errno.
 */
function updateReadyList(epoll: EmulatedEpoll, wanted: i32, timeoutMs: f64): i32 {
  let taken = 0;
  while (true) {
    const all = keventCapacity();
    const limit = min(all as i64, (wanted as i64) * 2 + 1) as i32;
    const count = takeEvents(epoll, limit, timeoutMs);
    if (count < 0) return count;
    let ready = 0;
    while (ready === 0 && epoll.readyCount > 0) ready = pollReadyList(epoll, wanted);
    taken += count;
    // Behind events that left nothing ready there may be others.
    if (ready !== 0 || count < limit || taken > all) return ready;
    timeoutMs = 0;
  }
}

/** Whether the kernel keeps reporting a registration that is ready as it is now. */
function isRepeated(registration: Registration): bool {
  const ready = registration.ready;
  if (ready & EVENT_PRI) return false;
  return (
    (registration.knotes & KNOTE_READ_LEVEL && ready & READ_EVENTS) !== 0 ||
    (registration.knotes & KNOTE_WRITE_LEVEL && ready & WRITE_EVENTS) !== 0
  );
}

/** Brings an epoll up to date. Returns whether it has something to report, or a negative errno. */
function recheckEpoll(epoll: EmulatedEpoll): i32 {
  if (epoll.isUrgent) updateUrgent(epoll);
  const ready = updateReadyList(epoll, SAMPLE, 0);
  let registration = epoll.firstReady;
  for (let i = 0; i < ready && registration !== null; i++) {
    const after = registration.readyAfter;
    if (isRepeated(registration)) leaveReadyList(epoll, registration);
    registration = after;
  }
  settleQueueWake(epoll);
  return ready;
}

/**
 * Writes ready records of the first `count` registrations on the ready list. A level-triggered one
 * goes to the end of the list unless the kernel reports it again; all others leave the list.
 */
function takeReady(epoll: EmulatedEpoll, ready: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const registration = epoll.firstReady;
    if (registration === null) return;
    const record = changetype<ReadyRecord>(ready + (i as usize) * READY_RECORD_SIZE);
    record.fd = registration.fd;
    record.mask = registration.ready;
    const interest = registration.interest;
    const isLevel: bool = !(interest & (EVENT_ET | EVENT_ONESHOT));
    const stays: bool = isLevel && !isRepeated(registration);
    if (interest & EVENT_ONESHOT) registration.status |= STATUS_DISABLED;
    leaveReadyList(epoll, registration);
    if (stays) markReady(epoll, registration);
  }
}

// The calls.

function waitFor(epfd: i32, ready: usize, capacity: i32, timeoutMs: f64): i32 {
  const deadline = deadlineOf(timeoutMs);
  let left = timeoutMs;
  while (true) {
    const epoll = epollOf(epfd);
    if (epoll === null) return -EBADF;
    if (epoll.isUrgent) updateUrgent(epoll);
    const waits: bool = epoll.readyCount === 0 && !epoll.isUrgent;
    const found = updateReadyList(epoll, capacity, waits ? left : 0);
    if (epollOf(epfd) !== epoll) return -EBADF;
    if (found > 0) takeReady(epoll, ready, min(found, capacity));
    settleQueueWake(epoll);
    if (found !== 0 || left === 0) return found;
    if (epoll.isUrgent) {
      const urgent = waitUrgent(epoll, left);
      if (urgent < 0) return urgent;
    }
    left = remaining(timeoutMs, deadline);
  }
}

/** epoll_wait(2). */
export function waitOverKqueue(epfd: i32, ready: usize, capacity: i32, timeoutMs: f64): i32 {
  if (epollOf(epfd) === null) return kindOf(epfd) < 0 ? -EBADF : -EINVAL;
  if (capacity <= 0) return -EINVAL;
  enterWait();
  const found = waitFor(epfd, ready, capacity, timeoutMs);
  if (leaveWait()) endWait();
  return found;
}

/** Clears the ready masks of epolls that have nothing to report. Returns how many. */
function clearNotReady(records: usize, count: i32): i32 {
  let cleared = 0;
  const end = records + (count as usize) * POLL_RECORD_SIZE;
  for (let at = records; at < end; at += POLL_RECORD_SIZE) {
    const record = changetype<PollRecord>(at);
    if (record.ready === 0) continue;
    const epoll = epollOf(record.fd);
    if (epoll === null || recheckEpoll(epoll) !== 0) continue;
    record.ready = 0;
    cleared++;
  }
  return cleared;
}

/** poll(2), of descriptors that may be emulated epolls. */
export function pollOverKqueue(records: usize, count: i32, timeoutMs: f64): i32 {
  if (firstEpoll() === null) return host.poll(records, count, timeoutMs);
  const deadline = deadlineOf(timeoutMs);
  let left = timeoutMs;
  while (true) {
    const found = host.poll(records, count, left);
    if (found <= 0) return found;
    const ready = found - clearNotReady(records, count);
    if (ready > 0 || left === 0) return ready;
    left = remaining(timeoutMs, deadline);
  }
}
