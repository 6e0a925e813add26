// The knotes of registrations over kqueue. A registration has a READ and a WRITE knote, whatever its
// interest, since errors and hang-ups are always reported. A knote for something in the interest is
// level-triggered if the registration is: the kernel reports it again and again, and the queue's
// descriptor stays readable. All others are edge-triggered.

import {
  EINVAL,
  ENODEV,
  ENOENT,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_DISABLE,
  EV_DISPATCH,
  EV_ENABLE,
  EV_ERROR,
  EV_RECEIPT,
  EVENT_ET,
  EVENT_IN,
  EVENT_ONESHOT,
  EVENT_OUT,
  EVENT_RDBAND,
  EVENT_RDNORM,
  EVENT_WRBAND,
  EVENT_WRNORM,
  FILTER_READ,
  FILTER_USER,
  FILTER_WRITE,
  KEVENT_SIZE,
  NOTE_LOWAT,
  NOTE_TRIGGER,
} from "../abi";
import * as host from "../host";
import { settleWake } from "../ready-list";
import { KeventRecord } from "../records";
import { EmulatedEpoll, markReady, readyListOf, Registration, STATUS_BARE } from "./emulated";
import { keventsStart } from "./scratch";
import { mayBeUrgent } from "./urgent";

/** Events that the READ filter reports, and the WRITE filter. */
export const READ_EVENTS: u32 = EVENT_IN | EVENT_RDNORM | EVENT_RDBAND;
export const WRITE_EVENTS: u32 = EVENT_OUT | EVENT_WRNORM | EVENT_WRBAND;

/** In `Registration.knotes`: the kernel reported an error, of which a BSD's poll(2) says nothing. */
export const KNOTE_FAILED: u32 = 0x4;

/** Flags of the knote of a filter that reports `events`. */
export function flagsOf(interest: u32, events: u32): u32 {
  if (!(interest & events)) return EV_CLEAR;
  if (interest & EVENT_ONESHOT) return EV_DISPATCH;
  return interest & EVENT_ET ? EV_CLEAR : 0;
}

function recordAt(index: i32): KeventRecord {
  return changetype<KeventRecord>(keventsStart() + (index as usize) * KEVENT_SIZE);
}

function writeChange(index: i32, ident: i32, filter: i32, flags: u32, fflags: u32): KeventRecord {
  const record = recordAt(index);
  record.ident = ident as u64;
  record.filter = filter as i16;
  record.flags = (flags | EV_RECEIPT) as u16;
  record.fflags = fflags;
  record.data = 0;
  record.udata = 0;
  return record;
}

/**
 * Writes a change of the knote that reports `events`. With none of them in the interest its low-water
 * mark, where there are marks, leaves ends and errors. Every change sets the mark, since a change
 * replaces it.
 */
function writeKnote(
  index: i32,
  registration: Registration,
  filter: i32,
  events: u32,
  flags: u32,
): void {
  const isWanted = (registration.interest & events) !== 0;
  const record = writeChange(index, registration.fd, filter, flags, isWanted ? 0 : NOTE_LOWAT);
  if (!isWanted) record.data = i32.MAX_VALUE;
}

/** Makes `count` changes; the receipts replace them. 0 or a negative errno. */
function applyChanges(epoll: EmulatedEpoll, count: i32): i32 {
  const at = keventsStart();
  return min(host.kevent(epoll.fd, at, count, at, count, 0), 0);
}

/** Result of a change: 0 or a negative errno. */
function resultOf(index: i32): i32 {
  const record = recordAt(index);
  return record.flags & EV_ERROR ? -(record.data as i32) : 0;
}

/** Adds the knotes of a registration. 0 or a negative errno. */
export function arm(epoll: EmulatedEpoll, registration: Registration): i32 {
  const interest = registration.interest;
  if (mayBeUrgent(registration)) epoll.isUrgent = true;
  registration.knotes = registration.ready = 0;
  registration.innerArrivals = -1;
  registration.status &= ~STATUS_BARE;
  const readFlags = EV_ADD | flagsOf(interest, READ_EVENTS);
  const writeFlags = EV_ADD | flagsOf(interest, WRITE_EVENTS);
  writeKnote(0, registration, FILTER_READ, READ_EVENTS, readFlags);
  writeKnote(1, registration, FILTER_WRITE, WRITE_EVENTS, writeFlags);
  const applied = applyChanges(epoll, 2);
  if (applied < 0) return applied;
  const reader = resultOf(0);
  const writer = resultOf(1);
  if (writer === -EPIPE) {
    // A pipe without a reader: kqueue refuses the knote, epoll reports EPOLLERR.
    registration.knotes = KNOTE_FAILED;
    if (reader < 0) registration.status |= STATUS_BARE;
    markReady(epoll, registration);
    settleQueueWake(epoll);
  } else if (reader < 0 && writer < 0) {
    const isStrange = reader === -EINVAL || reader === -ENODEV || reader === -EOPNOTSUPP;
    return isStrange ? -EPERM : reader;
  }
  return 0;
}

/** Whether a queue accepts a descriptor that it does not have; devices that are always ready, not. */
export function isAccepted(epoll: EmulatedEpoll, fd: i32): bool {
  writeChange(0, fd, FILTER_READ, EV_ADD | EV_DISABLE, 0);
  writeChange(1, fd, FILTER_READ, EV_DELETE, 0);
  return applyChanges(epoll, 2) === 0 && resultOf(0) === 0;
}

/**
 * Gives the kernel the new interest of a registration. 0 or a negative errno: -ENOENT if the kernel
 * has forgotten the knotes, whose descriptor was closed.
 */
export function rearm(epoll: EmulatedEpoll, registration: Registration, before: u32): i32 {
  const interest = registration.interest;
  const isSame =
    flagsOf(interest, READ_EVENTS) === flagsOf(before, READ_EVENTS) &&
    flagsOf(interest, WRITE_EVENTS) === flagsOf(before, WRITE_EVENTS);
  const isWider: bool = (interest & ~before & ~(READ_EVENTS | WRITE_EVENTS)) !== 0;
  const isLevel: bool = !(interest & (EVENT_ET | EVENT_ONESHOT));
  // A level that goes on being reported keeps its place.
  if (isSame && !isWider && isLevel && interest & (READ_EVENTS | WRITE_EVENTS)) {
    return isKnown(epoll, registration) ? 0 : -ENOENT;
  }
  // A knote keeps its flags for life, so a new one is made; it fires again if it is ready.
  return disarm(epoll, registration) ? arm(epoll, registration) : -ENOENT;
}

/** Whether one of the last two changes found a knote of a registration. */
function hasFound(registration: Registration): bool {
  if (registration.status & STATUS_BARE) return true;
  return resultOf(0) !== -ENOENT || resultOf(1) !== -ENOENT;
}

/** Deletes the knotes of a registration. False if the kernel had none: the descriptor was closed. */
export function disarm(epoll: EmulatedEpoll, registration: Registration): bool {
  writeChange(0, registration.fd, FILTER_READ, EV_DELETE, 0);
  writeChange(1, registration.fd, FILTER_WRITE, EV_DELETE, 0);
  return applyChanges(epoll, 2) < 0 || hasFound(registration);
}

/** Whether the kernel has the knotes of a registration: it gets changes that change nothing. */
export function isKnown(epoll: EmulatedEpoll, registration: Registration): bool {
  writeKnote(0, registration, FILTER_READ, READ_EVENTS, 0);
  writeKnote(1, registration, FILTER_WRITE, WRITE_EVENTS, 0);
  return applyChanges(epoll, 2) < 0 || hasFound(registration);
}

/** Enables the knotes of an EPOLLONESHOT registration, which was not ready after all. */
export function enable(epoll: EmulatedEpoll, registration: Registration): void {
  writeKnote(0, registration, FILTER_READ, READ_EVENTS, EV_ENABLE);
  writeKnote(1, registration, FILTER_WRITE, WRITE_EVENTS, EV_ENABLE);
  applyChanges(epoll, 2);
}

/** Triggers the queue's user event, or deletes it. */
function signalQueue(owner: usize, isReady: bool): bool {
  if (isReady) {
    writeChange(0, 0, FILTER_USER, EV_ADD, 0);
    writeChange(1, 0, FILTER_USER, 0, NOTE_TRIGGER);
  } else {
    writeChange(0, 0, FILTER_USER, EV_DELETE, 0);
  }
  applyChanges(changetype<EmulatedEpoll>(owner), isReady ? 2 : 1);
  return true;
}

/** Keeps the queue readable while the ready list has what the kernel does not report again. */
export function settleQueueWake(epoll: EmulatedEpoll): void {
  settleWake(readyListOf(epoll), changetype<usize>(epoll), signalQueue);
}
