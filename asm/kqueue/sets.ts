// New epoll sets for a queue, when the kernel keeps an entry that cannot be deleted: of a file that a dup
// keeps open, under a number that was closed.

import {
  EBADF,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EV_CLEAR,
  EV_DISPATCH,
  FILTER_READ,
  READY_RECORD_SIZE,
} from "../abi";
import * as host from "../host";
import * as kernel from "../kernel";
import { ReadyRecord } from "../records";
import { EntryKnote, entryOf, forgetEntry, hasEntry, maskOf, noteReport, setFd } from "./entry";
import { sameFile } from "./identity";
import { isReadOrWrite, SET_MAIN, SET_NONE, SET_SECOND } from "./knote";
import { beginGeneration, findKnote, firstQueue, knoteIn, Queue } from "./queue";
import { readyRecords, readyRoom } from "./scratch";
import { enterSources, SOURCE_SECOND, sourceCount, sourceFd } from "./source";

/** Adds the entry of a knote to its new set. */
function addAgain(queue: Queue, knote: EntryKnote, main: i32, second: i32): void {
  const fd = knote.ident as i32;
  const set = knote.set === SET_MAIN ? main : second;
  const added =
    sameFile(knote) < 0 ? -EBADF : kernel.epoll_ctl(set, EPOLL_CTL_ADD, fd, maskOf(knote));
  // This descriptor was closed as well: the next change or test drops the knote.
  if (added < 0) forgetEntry(queue, knote);
}

/** Adds the entries of all knotes to new sets. */
function addEntries(queue: Queue, main: i32, second: i32): void {
  for (let cell = 0; cell < queue.cellCount; cell++) {
    let knote = knoteIn(queue, cell);
    while (knote !== null) {
      const entry = changetype<EntryKnote>(knote);
      if (isReadOrWrite(knote) && hasEntry(entry)) addAgain(queue, entry, main, second);
      knote = knote.chain;
    }
  }
}

/**
 * Takes the events of a set that are about READ and WRITE knotes. A new set reports at once every
 * descriptor that is ready, which is no edge: edge-triggered knotes are left out.
 */
function empty(queue: Queue, fd: i32, set: u8, isNew: bool): void {
  const room = readyRoom();
  // The kernel reports level-triggered entries again after all others: so many rounds are enough.
  for (let left = queue.count + sourceCount(queue); left >= 0; left -= room) {
    const count = kernel.epoll_wait(fd, readyRecords(), room, 0);
    for (let i = 0; i < count; i++) {
      const event = changetype<ReadyRecord>(readyRecords() + (i as usize) * READY_RECORD_SIZE);
      const knote = entryOf(queue, event.fd, set);
      if (knote === null) continue;
      if (isNew && (knote.flags & (EV_CLEAR | EV_DISPATCH)) === EV_CLEAR) continue;
      noteReport(queue, knote, event.mask);
      knote.harvestId--; // the event may be about the file that had the number before: to be refreshed
    }
    if (count < room) return;
  }
}

/** Makes the descriptor `old` name the set `made`. */
function replace(made: i32, old: i32): void {
  host.dup3(made, old);
  host.close(made);
}

/** Registers a queue again with the queues that watch it: their entries were of the old set. */
function addToOuter(queue: Queue): void {
  let outer = firstQueue();
  while (outer !== null) {
    const knote = findKnote(outer, queue.epfd, FILTER_READ);
    if (knote !== null && knote.set !== SET_NONE) {
      const mask = maskOf(changetype<EntryKnote>(knote));
      kernel.epoll_ctl(setFd(outer, knote.set), EPOLL_CTL_ADD, queue.epfd, mask);
    }
    outer = outer.after;
  }
}

/**
 * Replaces both sets by new ones with the entries of all knotes and sources. The queue keeps its
 * descriptor. A foreign epoll that watches the queue has to register it again, which is the price of a
 * descriptor that was closed without omnipoll/os while a dup of it was open.
 */
export function rebuild(queue: Queue): void {
  if (!kernel.hasEpoll()) {
    queue.isStale = queue.isForeign = false; // an emulated epoll keeps no such entries
    return;
  }
  const oldSecond = sourceFd(queue, SOURCE_SECOND);
  const main = kernel.epoll_create1(EPOLL_CLOEXEC);
  const second = oldSecond < 0 ? -1 : kernel.epoll_create1(EPOLL_CLOEXEC);
  if (main < 0 || (second < 0 && oldSecond >= 0)) {
    // No descriptors left: the event comes again, and with it the next attempt.
    if (main >= 0) host.close(main);
    if (second >= 0) host.close(second);
    return;
  }
  addEntries(queue, main, second);
  beginGeneration(queue);
  // The new sets report what changes from here on, the old ones what changed before.
  empty(queue, main, SET_MAIN, true);
  if (second >= 0) empty(queue, second, SET_SECOND, true);
  empty(queue, queue.epfd, SET_MAIN, false);
  if (second >= 0) {
    empty(queue, oldSecond, SET_SECOND, false);
    replace(second, oldSecond);
  }
  enterSources(queue, main);
  replace(main, queue.epfd);
  queue.isStale = queue.isForeign = false;
  addToOuter(queue);
}
