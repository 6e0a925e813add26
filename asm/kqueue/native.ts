// Queues of a host that has kqueue. The kernel is the authority: the core remembers the descriptor and
// nothing else. An object whose queue was closed, by another object or by its number, has -EBADF in
// the descriptor's place: the number may name another file by now.

import { EBADF, EINTR, ERROR_BAD_HANDLE, KEVENT_SIZE } from "../abi";
import { deadlineOf, remaining } from "../deadline";
import * as host from "../host";
import { enterWait, leaveWait } from "../nesting";
import {
  closeObject,
  isObject,
  KIND_KQUEUE,
  openObject,
  payloadOf,
  replacePayload,
} from "../objects";
import { changesStart, eventsStart, reserve, resumeScratch } from "./scratch";

/** Handle of a new queue, or a negative errno. */
export function createNative(): i32 {
  const kq = host.kqueue();
  if (kq < 0) return kq;
  const handle = adoptNative(kq);
  if (handle < 0) host.close(kq);
  return handle;
}

/** Handle of a queue whose descriptor exists already. The calls of the queue find out whether it is one. */
export function adoptNative(kq: i32): i32 {
  return kq < 0 ? -EBADF : openObject(KIND_KQUEUE, kq as usize);
}

/** Descriptor of a queue, or a negative errno. */
export function nativeFileno(handle: i32): i32 {
  return isObject(handle, KIND_KQUEUE) ? (payloadOf(handle) as i32) : ERROR_BAD_HANDLE;
}

/** A descriptor is about to be closed: all objects of the queue that it is are closed, too. */
export function forgetNative(fd: i32): void {
  replacePayload(KIND_KQUEUE, fd as usize, -EBADF as usize);
}

/** Closes the descriptor and forgets the object, also if the kernel says EBADF. */
export function closeNative(handle: i32): i32 {
  const kq = nativeFileno(handle);
  if (kq === ERROR_BAD_HANDLE) return kq;
  closeObject(handle, KIND_KQUEUE);
  if (kq < 0) return kq;
  forgetNative(kq);
  return host.close(kq);
}

/** Makes room for a call with so many changes and events. 0 or a negative errno. */
export function reserveNative(handle: i32, changes: i32, capacity: i32): i32 {
  const kq = nativeFileno(handle);
  return kq < 0 ? kq : reserve(changes, capacity, 0);
}

/** Applies one change at `kqueueChanges` to a queue that may be another thread's. */
export function postNative(kq: i32, change: i32): i32 {
  const at = changesStart() + (change as usize) * KEVENT_SIZE;
  return host.kevent(kq, at, 1, eventsStart(), 0, 0);
}

/** kevent(2). The changes of a call that a signal interrupts have been applied. */
export function controlNative(handle: i32, changes: i32, capacity: i32, timeoutMs: f64): i32 {
  const kq = nativeFileno(handle);
  if (kq < 0) return kq;
  const records = changesStart();
  const events = eventsStart();
  const deadline = deadlineOf(timeoutMs);
  enterWait();
  let count = host.kevent(kq, records, changes, events, capacity, timeoutMs);
  while (count === -EINTR) {
    count = host.kevent(kq, records, 0, events, capacity, remaining(timeoutMs, deadline));
  }
  if (leaveWait()) resumeScratch();
  return count;
}
