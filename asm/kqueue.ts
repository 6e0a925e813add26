// Queues: kqueue objects. Where the kernel has kqueue, the core remembers the descriptor alone
// (kqueue/native.ts); elsewhere kqueue/control.ts translates to epoll and the sources of the host.

import { EINVAL, ENOSYS } from "./abi";
import * as kernel from "./kernel";
import {
  adoptEmulated,
  closeEmulated,
  controlEmulated,
  createEmulated,
  emulatedFileno,
  forgetEmulated,
  inspectEmulated,
  openPostsOf,
  postEmulated,
  reserveEmulated,
} from "./kqueue/control";
import {
  adoptNative,
  closeNative,
  controlNative,
  createNative,
  forgetNative,
  nativeFileno,
  postNative,
  reserveNative,
} from "./kqueue/native";
import { changesStart, eventsStart, reserve } from "./kqueue/scratch";

/** Handle of a new queue, or a negative errno. */
export function kqueueCreate(): i32 {
  return kernel.hasKqueue() ? createNative() : createEmulated();
}

/** Handle of one more object for the queue whose descriptor is `fd`; or -EBADF. */
export function kqueueAdopt(fd: i32): i32 {
  return kernel.hasKqueue() ? adoptNative(fd) : adoptEmulated(fd);
}

/** Descriptor of a queue. */
export function kqueueFileno(handle: i32): i32 {
  return kernel.hasKqueue() ? nativeFileno(handle) : emulatedFileno(handle);
}

/** Describes a knote or a source of a translated queue, from a list INSPECT_*; see inspect.ts. */
export function kqueueInspect(handle: i32, list: i32, place: i32): i32 {
  return kernel.hasKqueue() ? -ENOSYS : inspectEmulated(handle, list, place);
}

/** Closes a queue for all its objects, and forgets this one. */
export function kqueueClose(handle: i32): i32 {
  return kernel.hasKqueue() ? closeNative(handle) : closeEmulated(handle);
}

/**
 * Makes room for a call with so many changes and events; with handle 0, for changes to post. 0 or
 * a negative errno.
 */
export function kqueueReserve(handle: i32, changes: i32, capacity: i32): i32 {
  if (changes < 0 || capacity < 0) return -EINVAL;
  if (handle === 0) return reserve(changes, 0, 0);
  return kernel.hasKqueue()
    ? reserveNative(handle, changes, capacity)
    : reserveEmulated(handle, changes, capacity);
}

/** Posts a change at `kqueueChanges` to the queue of another thread with descriptor `fd`. */
export function kqueuePost(fd: i32, change: i32): i32 {
  return kernel.hasKqueue() ? postNative(fd, change) : postEmulated(fd, change);
}

/** Address of the kevent records of the changes. */
export function kqueueChanges(): usize {
  return changesStart();
}

/** Address of the kevent records of the events. */
export function kqueueEvents(): usize {
  return eventsStart();
}

/** Lets other threads post to a queue; see host.post. 0 or a negative errno. */
export function kqueuePosts(handle: i32): i32 {
  return kernel.hasKqueue() ? min(nativeFileno(handle), 0) : openPostsOf(handle);
}

/**
 * kevent(2): applies the changes at `kqueueChanges`, then waits; the events are at `kqueueEvents`.
 * Returns how many, or a negative errno.
 */
export function kqueueControl(handle: i32, changes: i32, capacity: i32, timeoutMs: f64): i32 {
  return kernel.hasKqueue()
    ? controlNative(handle, changes, capacity, timeoutMs)
    : controlEmulated(handle, changes, capacity, timeoutMs);
}

/** Forgets a descriptor in all queues and emulated epolls: it is about to be closed. */
export function forgetClosed(fd: i32): void {
  if (kernel.hasKqueue()) forgetNative(fd);
  forgetEmulated(fd);
  kernel.forgetEpoll(fd);
}
