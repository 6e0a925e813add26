// The epoll sets of a queue, made anew when the kernel keeps an entry that nobody can delete: of a
// file that a dup keeps open, under a number that was closed.

import {
  EBADF,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EV_CLEAR,
  EV_DISPATCH,
  EVENT_IN,
  FILTER_READ,
  FILTER_WRITE,
  READY_RECORD_SIZE,
} from "../abi";
import * as calls from "../kernel";
import * as host from "../host";
import { readyRecords, readyRoom } from "./scratch";
import { ReadyRecord } from "../records";
import { reported } from "./harvest";
import { sameFile } from "./identity";
import { Knote, SET_MAIN, SET_NONE, SET_SECOND } from "./knote";
import { beginEra, FILTER_SOURCE, findKnote, firstQueue, Queue } from "./queue";
import { forgetEntry, maskOf } from "./rw";

/** Adds a source, if the queue has it. */
function enter(set: i32, fd: i32): void {
  if (fd >= 0) calls.epoll_ctl(set, EPOLL_CTL_ADD, fd, EVENT_IN);
}

/** Fills new sets with the entries of the knotes in one cell of the table. */
function enterChain(queue: Queue, first: Knote | null, main: i32, second: i32): void {
  let knote = first;
  while (knote !== null) {
    if (knote.filter === FILTER_SOURCE) {
      enter(main, knote.ident as i32);
    } else if (knote.set === SET_MAIN || knote.set === SET_SECOND) {
      const set = knote.set === SET_MAIN ? main : second;
      const added =
        sameFile(knote) < 0
          ? -EBADF
          : calls.epoll_ctl(set, EPOLL_CTL_ADD, knote.ident as i32, maskOf(knote));
      if (added < 0) forgetEntry(queue, knote); // closed as well, and dropped when it is touched
    }
    knote = knote.chain;
  }
}

/** The knote whose entry in a set, SET_*, has this descriptor. */
function entryOf(queue: Queue, fd: i32, set: i32): Knote | null {
  const reader = findKnote(queue, fd, FILTER_READ);
  if (reader !== null && reader.set === set) return reader;
  const writer = findKnote(queue, fd, FILTER_WRITE);
  return writer !== null && writer.set === set ? writer : null;
}

/**
 * Takes what a set has to say of READ and WRITE knotes. A new one says at once what holds, which is
 * no change: it does not count for those that are to be told of changes.
 */
function empty(queue: Queue, fd: i32, set: i32, isNew: bool): void {
  const room = readyRoom();
  // Level-triggered entries come again, after all others.
  for (let left = queue.count; left >= 0; left -= room) {
    const count = calls.epoll_wait(fd, readyRecords(), room, 0);
    for (let i = 0; i < count; i++) {
      const event = changetype<ReadyRecord>(readyRecords() + (i as usize) * READY_RECORD_SIZE);
      const knote = entryOf(queue, event.fd, set);
      if (knote === null) continue;
      if (isNew && (knote.flags & (EV_CLEAR | EV_DISPATCH)) === EV_CLEAR) continue;
      reported(queue, knote, event.mask);
      knote.stamp--; // it may be of the file that had the number before: to be asked again
    }
    if (count < room) return;
  }
}

/**
 * Replaces both sets by new ones with the entries of all knotes and sources. The queue keeps its
 * descriptor; an epoll that is not ours and watches the queue has to register it again, which is
 * the price of a descriptor that was closed without omnipoll/os while a dup of it was open.
 */
export function rebuild(queue: Queue): void {
  if (!calls.hasEpoll()) {
    queue.stale = queue.foreign = false; // sets of our own keep nothing of the kind
    return;
  }
  const main = calls.epoll_create1(EPOLL_CLOEXEC);
  const second = queue.second < 0 ? -1 : calls.epoll_create1(EPOLL_CLOEXEC);
  if (main < 0 || (second < 0 && queue.second >= 0)) {
    if (main >= 0) host.close(main);
    if (second >= 0) host.close(second);
    return; // no descriptors left: the event comes again, and with it the next attempt
  }
  for (let cell = 0; cell < queue.cells; cell++) {
    const first = load<usize>(queue.table + ((cell as usize) << 2));
    enterChain(queue, changetype<Knote | null>(first), main, second);
  }
  beginEra(queue);
  // What changes from here on, the new sets report; what changed before, the old ones.
  empty(queue, main, SET_MAIN, true);
  if (second >= 0) empty(queue, second, SET_SECOND, true);
  empty(queue, queue.epfd, SET_MAIN, false);
  if (second >= 0) empty(queue, queue.second, SET_SECOND, false);
  if (second >= 0) {
    host.dup3(second, queue.second);
    host.close(second);
  }
  enter(main, queue.second);
  enter(main, queue.wake);
  enter(main, queue.timerfd);
  enter(main, queue.inotify);
  enter(main, queue.parents);
  enter(main, queue.connector);
  enter(main, queue.rtnetlink);
  enter(main, queue.posts);
  host.dup3(main, queue.epfd);
  host.close(main);
  queue.stale = queue.foreign = false;

  let outer = firstQueue();
  while (outer !== null) {
    const knote = findKnote(outer, queue.epfd, FILTER_READ);
    if (knote !== null && knote.set !== SET_NONE) {
      const set = knote.set === SET_MAIN ? outer.epfd : outer.second;
      calls.epoll_ctl(set, EPOLL_CTL_ADD, queue.epfd, maskOf(knote));
    }
    outer = outer.next;
  }
}
