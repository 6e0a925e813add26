// The calls of epoll: the host's, or their like where it has none. What is built on epoll calls
// these, and need not know which.

import { CAPABILITY_EPOLL, CAPABILITY_KQUEUE, EBADF, EINVAL, ENOMEM, EPOLL_CLOEXEC } from "../abi";
import { capabilities } from "../capabilities";
import * as host from "../host";
import { controlSet } from "./control";
import { addSet, dropSet, forgetItems, setOf } from "./item";
import { pollOverKqueue, waitOverKqueue } from "./over-kqueue";
import { pollThrough, waitOverPoll } from "./over-poll";
import { hasRoom } from "./room";

/** Whether epolls are the kernel's. */
export function hasEpoll(): bool {
  return (capabilities() & CAPABILITY_EPOLL) !== 0;
}

/** Whether queues are the kernel's. */
export function hasKqueue(): bool {
  return (capabilities() & CAPABILITY_KQUEUE) !== 0;
}

/** A descriptor that an object without one of its own is known by. */
export function openName(): i32 {
  return hasKqueue() ? host.kqueue() : host.eventfd();
}

/** epoll_create1(2). */
export function epoll_create1(flags: i32): i32 {
  if (hasEpoll()) return host.epoll_create1(flags);
  if (flags & ~EPOLL_CLOEXEC) return -EINVAL;
  const fd = openName();
  if (fd < 0) return fd;
  const added = hasRoom(1) ? addSet(fd) : -ENOMEM;
  if (added === 0) return fd;
  host.close(fd);
  return added;
}

/** epoll_ctl(2). */
export function epoll_ctl(epfd: i32, op: i32, fd: i32, mask: u32): i32 {
  return hasEpoll() ? host.epoll_ctl(epfd, op, fd, mask) : controlSet(epfd, op, fd, mask);
}

/** epoll_wait(2). */
export function epoll_wait(epfd: i32, ready: usize, capacity: i32, timeoutMs: f64): i32 {
  if (hasEpoll()) return host.epoll_wait(epfd, ready, capacity, timeoutMs);
  if (hasKqueue()) return waitOverKqueue(epfd, ready, capacity, timeoutMs);
  return waitOverPoll(epfd, ready, capacity, timeoutMs);
}

/** poll(2), of any descriptors. */
export function poll(records: usize, count: i32, timeoutMs: f64): i32 {
  if (hasEpoll()) return host.poll(records, count, timeoutMs);
  if (hasKqueue()) return pollOverKqueue(records, count, timeoutMs);
  return pollThrough(records, count, timeoutMs);
}

/** close(2), of an epoll. */
export function close(epfd: i32): i32 {
  forgetSet(epfd);
  return epfd < 0 ? -EBADF : host.close(epfd);
}

/** Forgets the epoll whose descriptor is about to be closed, and what any other has of it. */
export function forgetSet(fd: i32): void {
  if (hasEpoll()) return;
  forgetItems(fd);
  const set = setOf(fd);
  if (set !== null) dropSet(set);
}

/** Ends the waits of an epoll that no kernel keeps at a time of the host; 0: no longer. */
export function setDeadline(epfd: i32, deadline: f64): void {
  const set = setOf(epfd);
  if (set !== null) set.deadline = deadline;
}
