// Epoll objects. Where the host has epoll, the kernel is the authority: the core keeps the descriptor
// and nothing else, since a second table would be wrong as soon as a descriptor is closed. On a host
// without epoll, epoll/ emulates it.

import { EBADF, EINTR, EINVAL, ERROR_BAD_HANDLE } from "./abi";
import { deadlineOf, remaining } from "./deadline";
import { inspectEmulated } from "./epoll/inspect";
import * as kernel from "./kernel";
import { endWait, enterWait, leaveWait } from "./nesting";
import { closeObject, isObject, KIND_EPOLL, openObject, payloadOf } from "./objects";
import { keepReady, readyCapacity, readyStart } from "./ready";

/** Handle of a new epoll, or a negative errno. */
export function epollCreate(flags: i32): i32 {
  const epfd = kernel.epoll_create1(flags);
  if (epfd < 0) return epfd;
  const handle = epollAdopt(epfd);
  if (handle < 0) kernel.close(epfd);
  return handle;
}

/** Handle of an epoll whose descriptor exists already. The calls of the epoll find out whether it is one. */
export function epollAdopt(epfd: i32): i32 {
  if (epfd < 0) return -EBADF;
  return openObject(KIND_EPOLL, epfd as usize);
}

/** Descriptor of an epoll. */
export function epollFileno(handle: i32): i32 {
  return isObject(handle, KIND_EPOLL) ? (payloadOf(handle) as i32) : ERROR_BAD_HANDLE;
}

/** Closes the descriptor and forgets the object, also if the kernel says EBADF. */
export function epollClose(handle: i32): i32 {
  const epfd = epollFileno(handle);
  if (epfd < 0) return epfd;
  closeObject(handle, KIND_EPOLL);
  return kernel.close(epfd);
}

/** Forgets the object and leaves its descriptor open: an adopted one belongs to its maker. */
export function epollForget(handle: i32): i32 {
  return closeObject(handle, KIND_EPOLL);
}

/** epoll_ctl(2) on an epoll object. */
export function epollControl(handle: i32, op: i32, fd: i32, mask: u32): i32 {
  const epfd = epollFileno(handle);
  return epfd < 0 ? epfd : kernel.epoll_ctl(epfd, op, fd, mask);
}

/** Describes a registration of an emulated epoll, from one of the lists INSPECT_*; see inspect.ts. */
export function epollInspect(handle: i32, list: i32, place: i32): i32 {
  const epfd = epollFileno(handle);
  return epfd < 0 ? epfd : inspectEmulated(epfd, list, place);
}

/** Waits for the rest of the time after a signal. */
function waitAgain(epfd: i32, start: usize, capacity: i32, timeoutMs: f64, deadline: f64): i32 {
  let ready = -EINTR;
  while (ready === -EINTR) {
    ready = kernel.epoll_wait(epfd, start, capacity, remaining(timeoutMs, deadline));
  }
  return ready;
}

/** Waits and leaves at most `capacity` events in the ready records; returns how many. */
export function epollWait(handle: i32, capacity: i32, timeoutMs: f64): i32 {
  const epfd = epollFileno(handle);
  if (epfd < 0) return epfd;
  if (capacity > readyCapacity()) return -EINVAL;

  const deadline = deadlineOf(timeoutMs);
  const start = readyStart();
  enterWait();
  let ready = kernel.epoll_wait(epfd, start, capacity, timeoutMs);
  if (ready === -EINTR) ready = waitAgain(epfd, start, capacity, timeoutMs, deadline);
  if (leaveWait()) {
    keepReady(start, ready);
    endWait();
  }
  return ready;
}
