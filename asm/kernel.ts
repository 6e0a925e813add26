// The kernel as the core calls it: poll(2) and the calls of epoll, which are the host's where it has
// epoll, and asm/epoll/'s emulation over kqueue or poll(2) where it has none. Callers need not know
// which.

import { EBADF, EINVAL, ENOMEM, EPOLL_CLOEXEC } from "./abi";
import { hasEpoll, hasKqueue } from "./capabilities";
import { controlEmulated } from "./epoll/control";
import { addEpoll, dropEpoll, epollOf, forgetRegistrations } from "./epoll/emulated";
import { pollOverKqueue, waitOverKqueue } from "./epoll/over-kqueue";
import { pollOverPoll, waitOverPoll } from "./epoll/over-poll";
import { reserveRecords, reserveRegistrations } from "./epoll/scratch";
import * as host from "./host";

export { hasEpoll, hasKqueue } from "./capabilities";

/** A new descriptor for an object that has none of its own: nothing is ever registered with it. */
export function openPlaceholder(): i32 {
  if (hasEpoll()) return host.epoll_create1(EPOLL_CLOEXEC);
  return hasKqueue() ? host.kqueue() : host.eventfd();
}

/** epoll_create1(2). An emulated epoll is known by a queue over kqueue, by an eventfd over poll(2). */
export function epoll_create1(flags: i32): i32 {
  if (hasEpoll()) return host.epoll_create1(flags);
  if (flags & ~EPOLL_CLOEXEC) return -EINVAL;
  const fd = openPlaceholder();
  if (fd < 0) return fd;
  const added = reserveRegistrations(1) ? addEpoll(fd) : -ENOMEM;
  if (added === 0) return fd;
  host.close(fd);
  return added;
}

/** epoll_ctl(2). */
export function epoll_ctl(epfd: i32, op: i32, fd: i32, mask: u32): i32 {
  return hasEpoll() ? host.epoll_ctl(epfd, op, fd, mask) : controlEmulated(epfd, op, fd, mask);
}

/** epoll_wait(2). */
export function epoll_wait(epfd: i32, ready: usize, capacity: i32, timeoutMs: f64): i32 {
  if (hasEpoll()) return host.epoll_wait(epfd, ready, capacity, timeoutMs);
  if (hasKqueue()) return waitOverKqueue(epfd, ready, capacity, timeoutMs);
  return waitOverPoll(epfd, ready, capacity, timeoutMs);
}

/** poll(2), whose records may name emulated epolls. */
export function poll(records: usize, count: i32, timeoutMs: f64): i32 {
  if (hasEpoll()) return host.poll(records, count, timeoutMs);
  if (hasKqueue()) return pollOverKqueue(records, count, timeoutMs);
  return pollOverPoll(records, count, timeoutMs);
}

/**
 * Makes room for what a `poll` of so many records needs, so that the wait allocates nothing. Without
 * memory for that, the `poll` that needs it says so.
 */
export function reservePoll(count: i32): void {
  reserveRecords(count);
}

/** close(2), of an epoll. */
export function close(epfd: i32): i32 {
  forgetEpoll(epfd);
  return epfd < 0 ? -EBADF : host.close(epfd);
}

/** Whether a descriptor is that of an emulated epoll. */
export function isEmulatedEpoll(fd: i32): bool {
  return epollOf(fd) !== null;
}

/** A descriptor is about to be closed: forgets its registrations, and the epoll that it is. */
export function forgetEpoll(fd: i32): void {
  if (hasEpoll()) return;
  forgetRegistrations(fd);
  const epoll = epollOf(fd);
  if (epoll !== null) dropEpoll(epoll);
}

/**
 * Ends the waits of an emulated epoll, with 0 events, at a time of the host: a timer of the queue
 * that is built on the epoll expires then. 0: at no time.
 */
export function setDeadline(epfd: i32, deadline: f64): void {
  const epoll = epollOf(epfd);
  if (epoll !== null) epoll.deadline = deadline;
}
