// The bytes to read from a descriptor that is registered edge-triggered: more bytes than the last scan
// found are an edge. Extra room to write is not an edge: a kernel reports room only after there was
// none, and that we see from poll(2) or from the program's own EAGAIN.

import {
  DATA_BACKLOG,
  DATA_COUNTER,
  DATA_ERROR,
  DATA_FD,
  DATA_READABLE,
  DATA_SIZE,
  DATA_UNREAD,
  DATA_VALUE,
  DATA_WHAT,
  EVENT_HUP,
  EVENT_IN,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_RDBAND,
  EVENT_RDHUP,
  EVENT_RDNORM,
  EVENT_WRBAND,
  EVENT_WRNORM,
  FD_DATAGRAM,
  FD_DEVICE,
  FD_EPOLL,
  FD_EVENTFD,
  FD_LISTENER,
  FD_PIPE,
  FD_STREAM,
  TRANSFER_BLOCKED,
  TRANSFER_SHUTDOWN,
} from "../abi";
import * as host from "../host";
import { findRegistration, firstEpoll, Registration } from "./emulated";

const READ_EVENTS: u32 = EVENT_IN | EVENT_PRI | EVENT_RDNORM | EVENT_RDBAND;
const END_EVENTS: u32 = EVENT_HUP | EVENT_RDHUP;
const WRITE_EVENTS: u32 = EVENT_OUT | EVENT_WRNORM | EVENT_WRBAND;

/** Data record of `counterOf`. */
const counter: usize = memory.data(DATA_SIZE, 8);

/** DATA_* that tells how much can be read from a kind of descriptor; -1 if the host cannot tell. */
function questionOf(kind: i32): i32 {
  if (kind === FD_EVENTFD) return DATA_COUNTER;
  if (kind === FD_LISTENER) return DATA_BACKLOG;
  return kind === FD_DEVICE || kind === FD_EPOLL ? -1 : DATA_READABLE;
}

/** Whether the host can tell how much there is to read. */
export function canQueryAvailable(registration: Registration): bool {
  return questionOf(registration.kind) >= 0;
}

/**
 * Writes the data record at `at` that asks how much there is to read from a registration that is
 * `ready`. Before an urgent mark FIONREAD does not grow.
 */
export function queryAvailable(at: usize, registration: Registration, ready: u32): void {
  const isMarked = registration.kind === FD_STREAM && (ready & EVENT_PRI) !== 0;
  store<i32>(at, registration.fd, DATA_FD);
  store<i32>(at, isMarked ? DATA_UNREAD : questionOf(registration.kind), DATA_WHAT);
}

function valueAt(at: usize): i64 {
  return load<i32>(at, DATA_ERROR) < 0 ? -1 : load<i64>(at, DATA_VALUE);
}

/** Whether a registration that is `ready` has more to read than the last scan found. */
export function hasGrown(registration: Registration, ready: u32, at: usize): bool {
  const readable = valueAt(at);
  const before = registration.readable;
  registration.readable = readable;
  // A counter may have been read and written again, so that any other value is an edge.
  if (registration.kind === FD_EVENTFD) return readable !== before;
  // FIONREAD of the writing end of a pipe counts the unread bytes, too.
  const interest = registration.interest;
  const wakes = registration.kind === FD_PIPE ? interest & ready : interest;
  return readable > max(before, 0) && (wakes & READ_EVENTS) !== 0;
}

/** Counter of an eventfd; -1 if the host cannot tell. */
function counterOf(fd: i32): i64 {
  store<i32>(counter, fd, DATA_FD);
  store<i32>(counter, DATA_COUNTER, DATA_WHAT);
  return host.fd_data(counter, 1) < 0 ? -1 : valueAt(counter);
}

/** The program transferred `bytes` itself: the next scan compares with what it left. */
function applyTransfer(registration: Registration, isRead: bool, bytes: i32): void {
  if (registration.kind === FD_EVENTFD) {
    // A read wakes writers and a write wakes readers, whatever the counter was and is.
    const wakes: u32 = isRead ? EVENT_OUT : EVENT_IN;
    if (registration.interest & wakes) registration.readable = -1;
    else if (registration.readable >= 0) registration.readable = counterOf(registration.fd);
  } else if (isRead && bytes > 0) {
    const left = registration.kind === FD_DATAGRAM ? 0 : registration.readable - bytes;
    registration.readable = left;
    // The program has read everything that a scan saw: bytes that are there now came later. So did
    // an end of file, unless a scan has seen it.
    if (left <= 0 && !(registration.reported & END_EVENTS)) registration.reported &= ~READ_EVENTS;
  }
}

/**
 * The program itself read or wrote `bytes`, accepted one connection, or TRANSFER_*. Whatever a
 * descriptor holds beyond that is an edge.
 */
export function transferred(fd: i32, isRead: i32, bytes: i32): void {
  let epoll = firstEpoll();
  while (epoll !== null) {
    const registration = findRegistration(epoll, fd);
    if (registration !== null) {
      if (bytes === TRANSFER_SHUTDOWN) registration.reported = 0;
      else if (bytes === TRANSFER_BLOCKED)
        registration.reported &= isRead ? ~READ_EVENTS : ~WRITE_EVENTS;
      else applyTransfer(registration, isRead !== 0, bytes);
    }
    epoll = epoll.after;
  }
}
