// What the kernel has to say, sorted into the line of active knotes.

import { FILTER_PROC, FILTER_READ, FILTER_WRITE, READY_RECORD_SIZE } from "../abi";
import * as calls from "../kernel";
import { ReadyRecord } from "../records";
import { reportDirectly } from "./express";
import { Knote, SET_MAIN, SET_SECOND, STATUS_DISABLED } from "./knote";
import { readLinks } from "./netdev";
import { readPosts } from "./post";
import { readConnector, readProcess } from "./proc";
import { activate, FILTER_SOURCE, findKnote, Queue } from "./queue";
import { rebuild } from "./sets";
import { LEAST_ROOM, readyRecords, readyRoom } from "./scratch";
import { readSignal } from "./signal";
import { expireTimers, isTimerDue } from "./timer";
import { readParents, readVnodes } from "./vnode";

/** What the sources of a queue have to tell; after the events, which lie in the same memory. */
let secondReady = false;
let timerReady = false;
let vnodesReady = false;
let parentsReady = false;
let connectorReady = false;
let linksReady = false;
let postsReady = false;
/** Whether the last harvest may have left something in the kernel. */
let more = false;

export function isMore(): bool {
  return more;
}

/** Whether the events of the last harvest are written already, and the line had no part in it. */
let direct: bool = false;

export function isDirect(): bool {
  return direct;
}

/** A READ or WRITE knote that epoll reported. */
export function reported(queue: Queue, knote: Knote, mask: u32): void {
  if (knote.status & STATUS_DISABLED) return;
  knote.mask = mask;
  knote.stamp = queue.stamp;
  activate(queue, knote);
}

/** Sorts one event of the main set. */
function sort(queue: Queue, fd: i32, mask: u32): void {
  const reader = findKnote(queue, fd, FILTER_READ);
  if (reader !== null && reader.set === SET_MAIN) return reported(queue, reader, mask);
  const writer = findKnote(queue, fd, FILTER_WRITE);
  if (writer !== null && writer.set === SET_MAIN) return reported(queue, writer, mask);

  if (fd === queue.wake) return;
  if (fd === queue.timerfd) timerReady = true;
  else if (fd === queue.second) secondReady = true;
  else if (fd === queue.inotify) vnodesReady = true;
  else if (fd === queue.parents) parentsReady = true;
  else if (fd === queue.connector) connectorReady = true;
  else if (fd === queue.rtnetlink) linksReady = true;
  else if (fd === queue.posts) postsReady = true;
  else {
    const source = findKnote(queue, fd, FILTER_SOURCE);
    if (source === null) {
      queue.foreign = true;
      return;
    }
    const knote = source.listed;
    if (knote === null) return;
    if (knote.filter === FILTER_PROC) readProcess(queue, knote);
    else readSignal(queue, knote);
  }
}

/** Collects the second set, which has only WRITE and READ knotes. */
function harvestSecond(queue: Queue, room: i32): void {
  const count = calls.epoll_wait(queue.second, readyRecords(), room, 0);
  if (count === room) more = true;
  for (let i = 0; i < count; i++) {
    const event = changetype<ReadyRecord>(readyRecords() + (i as usize) * READY_RECORD_SIZE);
    let knote = findKnote(queue, event.fd, FILTER_READ);
    if (knote === null || knote.set !== SET_SECOND)
      knote = findKnote(queue, event.fd, FILTER_WRITE);
    if (knote !== null && knote.set === SET_SECOND) reported(queue, knote, event.mask);
    else queue.foreign = true;
  }
}

/**
 * Waits, and enters what is ready into the line, also more than the caller has room for: those
 * have their turn in the calls to come, before the kernel is asked again. So all get theirs.
 * Returns how many events the kernel had, or a negative errno.
 *
 * @param express whether the events may be written at once, where they are simple: see isDirect
 */
export function harvest(queue: Queue, capacity: i32, timeoutMs: f64, express: bool): i32 {
  if (queue.foreign) rebuild(queue);
  if (queue.line > 0) timeoutMs = 0;
  queue.leftover = queue.line;
  const room = min(max(capacity + queue.sources, LEAST_ROOM), readyRoom());
  const count = calls.epoll_wait(queue.epfd, readyRecords(), room, timeoutMs);
  more = count === room;
  queue.stamp++;
  const alone = queue.line === 0 && queue.writers === null && !queue.stale;
  direct = false;
  if (express && alone && count > 0 && count <= capacity) direct = reportDirectly(queue, count);
  if (direct) return count;
  secondReady = timerReady = vnodesReady = parentsReady = false;
  connectorReady = linksReady = postsReady = false;
  for (let i = 0; i < count; i++) {
    const event = changetype<ReadyRecord>(readyRecords() + (i as usize) * READY_RECORD_SIZE);
    sort(queue, event.fd, event.mask);
  }
  if (secondReady) harvestSecond(queue, room);
  if (timerReady || isTimerDue(queue)) expireTimers(queue);
  if (vnodesReady) readVnodes(queue);
  if (parentsReady) readParents(queue);
  if (connectorReady) readConnector(queue);
  if (linksReady) readLinks(queue);
  if (postsReady) readPosts(queue);
  queue.turns = queue.line;
  return count;
}
