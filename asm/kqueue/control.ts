// Queues over epoll: kqueue(2), kevent(2) and close(2) of a queue, on a host whose kernel has none.

import {
  EBADF,
  EINTR,
  ENOMEM,
  ENOSYS,
  EPOLL_CLOEXEC,
  ERROR_BAD_HANDLE,
  EV_ERROR,
  EV_RECEIPT,
  KEVENT_SIZE,
  RESCAN_MS,
} from "../abi";
import { deadlineOf, remaining } from "../deadline";
import * as host from "../host";
import * as kernel from "../kernel";
import { closeObject, isObject, KIND_KQUEUE, openObject, payloadOf } from "../objects";
import { KeventRecord } from "../records";
import { rescanWriters } from "./entry";
import { prepareExpress } from "./express";
import { rescanFiles } from "./files";
import { dropKnote, forgetDescriptor } from "./filter";
import "./filters";
import { FOUND_MORE, FOUND_REPORTED, FOUND_SHIFT, harvest } from "./harvest";
import { inspectQueue } from "./inspect";
import { openPosts } from "./posts";
import { closeQueue, createQueue, firstQueue, freeQueue, knoteIn, Queue, queueOf } from "./queue";
import { register } from "./register";
import { hasEdges, scan } from "./scan";
import { changesStart, eventsStart, reserve } from "./scratch";
import { closeSources, sourceCount } from "./source";
import { settleWake } from "./wake";

function named(handle: i32): Queue | null {
  return isObject(handle, KIND_KQUEUE) ? changetype<Queue>(payloadOf(handle)) : null;
}

/** Handle of a new queue, or a negative errno. */
export function createEmulated(): i32 {
  if (!prepareExpress()) return -ENOMEM;
  const epfd = kernel.epoll_create1(EPOLL_CLOEXEC);
  if (epfd < 0) return epfd;
  const queue = createQueue(epfd);
  if (queue === null) {
    kernel.close(epfd);
    return -ENOMEM;
  }
  const handle = openObject(KIND_KQUEUE, changetype<usize>(queue));
  if (handle < 0) {
    closeQueue(queue);
    freeQueue(queue);
    kernel.close(epfd);
  }
  return handle;
}

/** Handle of one more object for the queue of this core whose descriptor is `fd`; or -EBADF. */
export function adoptEmulated(fd: i32): i32 {
  const queue = queueOf(fd);
  if (queue === null) return -EBADF;
  const handle = openObject(KIND_KQUEUE, changetype<usize>(queue));
  if (handle > 0) queue.references++;
  return handle;
}

/** Descriptor of a queue, -1 if it is closed. */
export function emulatedFileno(handle: i32): i32 {
  const queue = named(handle);
  return queue === null ? ERROR_BAD_HANDLE : queue.epfd;
}

/** Describes what one of the lists INSPECT_* of a queue has behind `place`; see ../inspect.ts. */
export function inspectEmulated(handle: i32, list: i32, place: i32): i32 {
  const queue = named(handle);
  return queue === null ? ERROR_BAD_HANDLE : inspectQueue(queue, list, place);
}

/** Drops the knotes of a queue and closes its sources, not the queue's own descriptor. */
function endQueue(queue: Queue): void {
  for (let cell = 0; cell < queue.cellCount; cell++) {
    let knote = knoteIn(queue, cell);
    while (knote !== null) {
      dropKnote(queue, knote);
      knote = knoteIn(queue, cell);
    }
  }
  closeSources(queue);
  closeQueue(queue);
}

/** Closes a queue for all its objects, and forgets this one. */
export function closeEmulated(handle: i32): i32 {
  const queue = named(handle);
  if (queue === null) return ERROR_BAD_HANDLE;
  closeObject(handle, KIND_KQUEUE);
  const epfd = queue.epfd;
  if (epfd >= 0) endQueue(queue);
  if (--queue.references === 0) freeQueue(queue);
  return epfd < 0 ? -EBADF : kernel.close(epfd);
}

/** Makes room for a call with so many changes and events. 0 or a negative errno. */
export function reserveEmulated(handle: i32, changes: i32, capacity: i32): i32 {
  const queue = named(handle);
  if (queue === null) return ERROR_BAD_HANDLE;
  // Changes may add sources; without room for their events, the next harvest takes those.
  return reserve(changes, capacity, (sourceCount(queue) as i64) + changes + 8);
}

/** Posts a change to the queue of another thread with descriptor `fd`. */
export function postEmulated(fd: i32, change: i32): i32 {
  const posted = host.post(fd, changesStart() + (change as usize) * KEVENT_SIZE);
  return posted === -ENOSYS ? -EBADF : posted; // a host without posts has no queue that takes them
}

/** Lets other threads post to a queue. 0 or a negative errno. */
export function openPostsOf(handle: i32): i32 {
  const queue = named(handle);
  if (queue === null) return ERROR_BAD_HANDLE;
  return queue.epfd < 0 ? -EBADF : openPosts(queue);
}

/** All changes were applied and none of them is an event. */
const APPLIED = i32.MIN_VALUE;

/**
 * Applies changes. A change that fails, or wants a receipt, becomes an event. Returns the number of
 * events, or APPLIED. Without room for an event, returns its errno (0 for a receipt), and the changes
 * behind it are not made.
 */
function applyChanges(queue: Queue, changes: i32, capacity: i32): i32 {
  let returned = 0;
  for (let i = 0; i < changes; i++) {
    const change = changetype<KeventRecord>(changesStart() + (i as usize) * KEVENT_SIZE);
    if (change.filter === 0) continue;
    const error = register(queue, change);
    if (error === 0 && !(change.flags & EV_RECEIPT)) continue;
    if (returned === capacity) return error;
    change.flags = EV_ERROR as u16;
    change.data = -error;
    const event = eventsStart() + (returned++ as usize) * KEVENT_SIZE;
    memory.copy(event, changetype<usize>(change), KEVENT_SIZE);
  }
  return returned > 0 ? returned : APPLIED;
}

/** How long the kernel may wait, of `left` ms, before knotes that it does not report are tested. */
function untilRescan(queue: Queue, left: f64): f64 {
  const needsRescan = queue.writers !== 0 || (queue.files !== 0 && !kernel.hasEpoll());
  return needsRescan && (left < 0 || left > RESCAN_MS) ? RESCAN_MS : left;
}

/**
 * Reports knotes that an earlier harvest activated and that no call had room for, before the kernel is
 * asked again; so none of them waits for ever. Returns how many.
 */
function scanDeferred(queue: Queue, capacity: i32): i32 {
  if (min(queue.deferred, queue.activeCount) < capacity || hasEdges(queue, capacity)) return 0;
  queue.harvestId++; // all masks are old
  queue.hadActive = queue.activeCount > 0;
  return scan(queue, capacity, capacity);
}

/** Tests all active knotes, those among them that the kernel does not report. Returns how many fire. */
function scanActive(queue: Queue, capacity: i32): i32 {
  rescanWriters(queue);
  if (!kernel.hasEpoll()) rescanFiles(queue);
  return scan(queue, capacity, queue.activeCount);
}

/** Waits for events and returns at most `capacity` of them; their number or a negative errno. */
function wait(queue: Queue, capacity: i32, timeoutMs: f64): i32 {
  const deadline = deadlineOf(timeoutMs);
  let left = timeoutMs;
  rescanFiles(queue);
  rescanWriters(queue);
  const deferred = scanDeferred(queue, capacity);
  if (deferred > 0) return deferred;
  while (true) {
    const found = harvest(queue, capacity, untilRescan(queue, left), true);
    if (found < 0 && found !== -EINTR) return found;
    if (found > 0 && found & FOUND_REPORTED) return found >> FOUND_SHIFT;
    const returned = scanActive(queue, capacity);
    // Behind events of knotes whose test failed there may be others, if not all fitted.
    const hasMore = found > 0 && (found & FOUND_MORE) !== 0;
    if (returned > 0 || (left === 0 && !hasMore)) return returned;
    settleWake(queue);
    left = remaining(timeoutMs, deadline);
  }
}

/**
 * kevent(2). Applies the changes, then waits. Returns the number of events, or a negative errno: of the
 * first change that failed without room for its event. The changes before that one are applied.
 */
export function controlEmulated(handle: i32, changes: i32, capacity: i32, timeoutMs: f64): i32 {
  const queue = named(handle);
  if (queue === null) return ERROR_BAD_HANDLE;
  if (queue.epfd < 0) return -EBADF;
  let result = applyChanges(queue, changes, capacity);
  if (result === APPLIED) {
    result = capacity === 0 ? 0 : wait(queue, capacity, timeoutMs);
    if (result === -EBADF) return result; // the queue was closed in the wait, and may be freed
  }
  settleWake(queue);
  return result;
}

/** A descriptor is about to be closed: ends the queue that it is, and its knotes in all others. */
export function forgetEmulated(fd: i32): void {
  const closing = queueOf(fd);
  if (closing !== null) endQueue(closing);
  let queue = firstQueue();
  while (queue !== null) {
    forgetDescriptor(queue, fd);
    settleWake(queue);
    queue = queue.after;
  }
}
