// Queues: kqueue objects, the host's own or over epoll, with the sources of a kernel that has no
// kqueue.

import {
  EBADF,
  EINTR,
  EINVAL,
  ENOMEM,
  ENOSYS,
  EPOLL_CLOEXEC,
  ERROR_BAD_HANDLE,
  EV_ERROR,
  EV_RECEIPT,
  KEVENT_SIZE,
} from "./abi";
import { deadlineOf, remaining } from "./deadline";
import * as host from "./host";
import * as calls from "./kernel";
import { prepareExpress } from "./kqueue/express";
import { dropKnote, forgetDescriptor } from "./kqueue/filters";
import { harvest, isDirect, isMore } from "./kqueue/harvest";
import {
  adoptNative,
  closeNative,
  controlNative,
  createNative,
  forgetNative,
  nativeFileno,
  postNative,
} from "./kqueue/native";
import { openPosts } from "./kqueue/post";
import {
  createQueue,
  closeQueue,
  freeQueue,
  firstQueue,
  knoteIn,
  Queue,
  queueOf,
} from "./kqueue/queue";
import { register } from "./kqueue/register";
import { lookAtFiles, lookAtWriters } from "./kqueue/rw";
import { hasEdges, scan } from "./kqueue/scan";
import { changesStart, eventsStart, reserve } from "./kqueue/scratch";
import { settleWake } from "./kqueue/wake";
import { closeObject, isObject, KIND_KQUEUE, openObject, payloadOf } from "./objects";
import { KeventRecord } from "./records";

function named(handle: i32): Queue | null {
  return isObject(handle, KIND_KQUEUE) ? changetype<Queue>(payloadOf(handle)) : null;
}

/** Handle of a new queue, or a negative errno. */
export function kqueueCreate(): i32 {
  if (calls.hasKqueue()) return createNative();
  if (!prepareExpress()) return -ENOMEM;
  const epfd = calls.epoll_create1(EPOLL_CLOEXEC);
  if (epfd < 0) return epfd;
  const queue = createQueue(epfd);
  if (queue === null) {
    calls.close(epfd);
    return -ENOMEM;
  }
  const handle = openObject(KIND_KQUEUE, changetype<usize>(queue));
  if (handle < 0) {
    closeQueue(queue);
    freeQueue(queue);
    calls.close(epfd);
  }
  return handle;
}

/** Handle of one more object for the queue of this core whose descriptor is `fd`; or -EBADF. */
export function kqueueAdopt(fd: i32): i32 {
  if (calls.hasKqueue()) return adoptNative(fd);
  const queue = queueOf(fd);
  if (queue === null) return -EBADF;
  const handle = openObject(KIND_KQUEUE, changetype<usize>(queue));
  if (handle > 0) queue.references++;
  return handle;
}

/** Descriptor of a queue. */
export function kqueueFileno(handle: i32): i32 {
  if (calls.hasKqueue()) return nativeFileno(handle);
  const queue = named(handle);
  return queue === null ? ERROR_BAD_HANDLE : queue.epfd;
}

/** Drops the knotes of a queue and closes its sources, not the queue's own descriptor. */
function endQueue(queue: Queue): void {
  let cells = queue.cells;
  let cell = 0;
  while (cell < cells) {
    const knote = knoteIn(queue, cell);
    if (knote === null) {
      cell++;
      continue;
    }
    dropKnote(queue, knote);
    if (queue.cells === cells) continue;
    // The table has become smaller: those that are left have moved.
    cells = queue.cells;
    cell = 0;
  }
  closeQueue(queue);
}

/** Closes a queue for all its objects, and forgets this one. */
export function kqueueClose(handle: i32): i32 {
  if (calls.hasKqueue()) return closeNative(handle);
  const queue = named(handle);
  if (queue === null) return ERROR_BAD_HANDLE;
  closeObject(handle, KIND_KQUEUE);
  const epfd = queue.epfd;
  if (epfd >= 0) endQueue(queue);
  if (--queue.references === 0) freeQueue(queue);
  return epfd < 0 ? -EBADF : calls.close(epfd);
}

/**
 * Makes room for a call with so many changes and events; with handle 0, for changes to post. 0 or
 * a negative errno.
 */
export function kqueueReserve(handle: i32, changes: i32, capacity: i32): i32 {
  if (changes < 0 || capacity < 0) return -EINVAL;
  if (handle === 0) return reserve(changes, 0, 0);
  if (calls.hasKqueue()) {
    const kq = nativeFileno(handle);
    return kq < 0 ? kq : reserve(changes, capacity, 0);
  }
  const queue = named(handle);
  if (queue === null) return ERROR_BAD_HANDLE;
  // Changes may add sources; their events are left for the next round if there is no room.
  return reserve(changes, capacity, queue.sources + changes + 8);
}

/** Posts a change at `kqueueChanges` to the queue of another thread with descriptor `fd`. */
export function kqueuePost(fd: i32, change: i32): i32 {
  if (calls.hasKqueue()) return postNative(fd, change);
  const posted = host.post(fd, changesStart() + (change as usize) * KEVENT_SIZE);
  return posted === -ENOSYS ? -EBADF : posted; // a host without posts has no queue that takes them
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
  if (calls.hasKqueue()) return min(nativeFileno(handle), 0);
  const queue = named(handle);
  if (queue === null) return ERROR_BAD_HANDLE;
  return queue.epfd < 0 ? -EBADF : openPosts(queue);
}

/** All changes were applied and none of them is an event. */
const APPLIED = i32.MIN_VALUE;

/**
 * Applies changes; those that fail, and those that want a receipt, become events. Returns their
 * number, or APPLIED; if there is no room for one, what was wrong with it (0 for a receipt), and
 * the changes behind it are not made.
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

/** How often the kernel is asked about what it does not report, in ms. */
const GLANCE: f64 = 10;

/** How long the kernel may wait now, of `left` ms. */
function patience(queue: Queue, left: f64): f64 {
  const isWatched = queue.writers === null && (queue.files === null || calls.hasEpoll());
  return !isWatched && (left < 0 || left > GLANCE) ? GLANCE : left;
}

/** The line, with what the kernel does not report. */
function look(queue: Queue, capacity: i32): i32 {
  lookAtWriters(queue);
  if (!calls.hasEpoll()) lookAtFiles(queue);
  return scan(queue, capacity, queue.line);
}

/** Waits for events and returns at most `capacity` of them; their number or a negative errno. */
function wait(queue: Queue, capacity: i32, timeoutMs: f64): i32 {
  const deadline = deadlineOf(timeoutMs);
  let left = timeoutMs;
  lookAtFiles(queue);
  lookAtWriters(queue);
  if (min(queue.turns, queue.line) >= capacity && !hasEdges(queue, capacity)) {
    queue.stamp++; // what was reported up to now is old
    queue.leftover = queue.line;
    const returned = scan(queue, capacity, capacity);
    if (returned > 0) return returned;
  }
  while (true) {
    const ready = harvest(queue, capacity, patience(queue, left), true);
    if (ready < 0 && ready !== -EINTR) return ready;
    if (isDirect()) return ready;
    const returned = look(queue, capacity);
    // Behind events that did not count there may be others, if not all fitted.
    if (returned > 0 || (left === 0 && !isMore())) return returned;
    settleWake(queue);
    left = remaining(timeoutMs, deadline);
  }
}

/**
 * kevent(2): applies the changes at `kqueueChanges`, then waits; the events are at
 * `kqueueEvents`. Returns how many, or a negative errno: of the first change that failed without
 * room to say so, what came before it having been applied.
 */
export function kqueueControl(handle: i32, changes: i32, capacity: i32, timeoutMs: f64): i32 {
  if (calls.hasKqueue()) return controlNative(handle, changes, capacity, timeoutMs);
  const queue = named(handle);
  if (queue === null) return ERROR_BAD_HANDLE;
  if (queue.epfd < 0) return -EBADF;
  let result = applyChanges(queue, changes, capacity);
  if (result === APPLIED) result = capacity === 0 ? 0 : wait(queue, capacity, timeoutMs);
  settleWake(queue);
  return result;
}

/** Forgets a descriptor in all queues, and epolls of our own: it is about to be closed. */
export function forgetClosed(fd: i32): void {
  if (calls.hasKqueue()) forgetNative(fd);
  const closing = queueOf(fd);
  if (closing !== null) endQueue(closing);
  let queue = firstQueue();
  while (queue !== null) {
    forgetDescriptor(queue, fd);
    settleWake(queue);
    queue = queue.next;
  }
  calls.forgetEpoll(fd);
}
