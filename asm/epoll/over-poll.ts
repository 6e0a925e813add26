// Epolls over poll(2): one call asks of all items, also of those of epolls within, which no kernel
// knows. What is level triggered is ready as poll(2) says. Edges are observed: an item is reported
// when it is ready and was not so when it was last looked at, or when there is more in it than then.
// What omnipoll/os reads and writes in between is told (growth.ts). Of other readers that leaves
// a gap: who reads everything and is sent as much again between two looks cannot be told from who
// left it unread. So what stays silent is looked at every few milliseconds, and after a while
// without an edge is reported once more, each time after twice as long; or after a second, if others
// have edges. An event may be late, or there may be one too many, but none is lost.

import {
  EBADF,
  EINVAL,
  ENOMEM,
  EVENT_ERR,
  EVENT_ET,
  EVENT_HUP,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_ONESHOT,
  EVENT_RDHUP,
  EVENT_RDNORM,
  FD_STREAM,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
  READY_RECORD_SIZE,
} from "../abi";
import { deadlineOf, remaining } from "../deadline";
import { kindOf } from "../descriptor";
import * as host from "../host";
import { ReadyRecord } from "../records";
import { answerQuestions, askHowMuch, hasGrown, rewindQuestions } from "./growth";
import {
  dequeue,
  dropItem,
  enqueue,
  EpollSet,
  firstSet,
  Item,
  ITEM_DISABLED,
  ITEM_QUEUED,
  setOf,
} from "./item";
import { recordsStart, reserveOwn } from "./room";

/** How often, in ms, what is silent is looked at. */
const GLANCE: f64 = 10;
/** After how many ms of looking without an edge what is silent is reported again first. */
const PATIENCE: f64 = 100;
/** The same while others have edges. */
const LONGEST: f64 = 1000;
/** What poll(2) reports whether it is asked for or not. */
const ALWAYS: u32 = EVENT_ERR | EVENT_HUP;
/** What an epoll is while it has something to report. */
const READABLE: u32 = EVENT_IN | EVENT_RDNORM;

/** Number of the look that is going on. */
let look = 0;
/** When it began; read if there is an edge or a timer. */
let lookedAt: f64 = 0;
/** Items it asks of that have been reported and are ready for all one knows. */
let silent = 0;
/** Edge-triggered items it asks of. */
let edges = 0;
/** The first deadline among the epolls it asks of; 0 if there is none. */
let soonest: f64 = 0;
/** Where its next record is written, or read. */
let cursor: usize = 0;

function writeRecord(fd: i32, want: u32): void {
  store<i32>(cursor, fd, POLL_RECORD_FD);
  store<u16>(cursor, want as u16, POLL_RECORD_WANT);
  store<u16>(cursor, 0, POLL_RECORD_READY);
  cursor += POLL_RECORD_SIZE;
}

/**
 * What poll(2) is asked of an item. That the peer sends no more is an edge of all that is ready, also
 * if it is not asked for; it stays so.
 */
function watchedOf(item: Item): u32 {
  const asks = item.mask & EVENT_ET && item.kind === FD_STREAM && !(item.seen & EVENT_RDHUP);
  return asks ? item.mask | EVENT_RDHUP : item.mask;
}

/** What of an item was reported and is no news; 0 for one that is level triggered, or in line. */
function toldOf(item: Item): u32 {
  return item.mask & EVENT_ET && !(item.status & ITEM_QUEUED) ? item.seen : 0;
}

/** The epoll within an item that wants to know of it. */
function within(item: Item): EpollSet | null {
  return item.mask & READABLE ? item.inner : null;
}

/** The epoll that a record of a caller asks of. */
function setIn(record: usize): EpollSet | null {
  const wants = (load<u16>(record, POLL_RECORD_WANT) & READABLE) !== 0;
  return wants ? setOf(load<i32>(record, POLL_RECORD_FD)) : null;
}

/** Asks of the items of an epoll and of those within; not of what was told, if `news` alone counts. */
function ask(set: EpollSet, news: bool): void {
  if (set.asked === look) return;
  set.asked = look;
  const deadline = set.deadline;
  if (deadline !== 0 && (soonest === 0 || deadline < soonest)) soonest = deadline;
  let item = set.first;
  while (item !== null) {
    if (!(item.status & ITEM_DISABLED)) {
      const told = toldOf(item);
      if (told & (item.mask | ALWAYS)) silent++;
      if (item.mask & EVENT_ET) edges++;
      if (item.inner === null) {
        // poll(2) cannot be told to keep quiet of errors and hang-ups.
        const isMute = news && (told & ALWAYS) !== 0;
        const watched = watchedOf(item);
        writeRecord(isMute ? -1 : item.fd, news ? watched & ~told : watched);
      } else if (!news || told === 0) {
        const inner = within(item);
        if (inner !== null) ask(inner, news);
      }
    }
    item = item.after;
  }
}

/**
 * Whether it counts how much an item holds: one that is edge triggered, or in an epoll that is
 * (`inEdge`), which is told of everything that happens within.
 */
function isCounted(item: Item, inEdge: bool, ready: u32): bool {
  const byEdge = inEdge || (item.mask & EVENT_ET) !== 0;
  return byEdge && ready !== 0 && (ready & EVENT_NVAL) === 0;
}

/** Asks how much the items that count hold. */
function askHow(set: EpollSet, inEdge: bool): void {
  if (set.heard === look) return;
  set.heard = look;
  let item = set.first;
  while (item !== null) {
    if (!(item.status & ITEM_DISABLED)) {
      if (item.inner !== null) {
        const inner = within(item);
        if (inner !== null) askHow(inner, inEdge || (item.mask & EVENT_ET) !== 0);
      } else {
        const ready: u32 = load<u16>(cursor, POLL_RECORD_READY);
        cursor += POLL_RECORD_SIZE;
        if (isCounted(item, inEdge, ready)) askHowMuch(item);
      }
    }
    item = item.after;
  }
}

/** Enters an item into the line, or takes it out, by what there is to be `found` of it now. */
function settle(set: EpollSet, item: Item, found: u32, grown: bool, again: bool): void {
  const state = found & (item.mask | ALWAYS);
  // What is not asked for is remembered.
  const unasked = (found | item.seen) & EVENT_RDHUP & ~item.mask;
  if (state === 0) {
    dequeue(set, item);
    item.seen = unasked;
    return;
  }
  const fresh = (found & ~item.seen) !== 0;
  item.seen = (item.seen & found) | unasked;
  if (item.mask & EVENT_ET && !(item.status & ITEM_QUEUED)) {
    if (!fresh && !grown && !again) return;
    if (fresh || grown) {
      set.quiet = set.patience = 0;
      if (set.busy < 0) set.busy = 0;
    }
  }
  item.ready = state;
  if (!(item.status & ITEM_QUEUED)) {
    enqueue(set, item);
    set.arrivals++;
  } else if (grown) {
    set.arrivals++;
  }
}

function isDue(set: EpollSet): bool {
  return set.deadline !== 0 && set.deadline <= lookedAt;
}

/**
 * Whether what is silent is to be reported once more. A program that did not look for long was not
 * without events for so long.
 */
function isOverdue(set: EpollSet): bool {
  const passed = Math.min(lookedAt - set.lookedAt, GLANCE);
  set.lookedAt = lookedAt;
  set.quiet += passed;
  if (set.busy >= 0) set.busy += passed;
  const patience = Math.max(set.patience, PATIENCE);
  const isQuiet = set.quiet >= patience;
  if (!isQuiet && set.busy < LONGEST) return false;
  set.quiet = 0;
  set.busy = -1;
  if (isQuiet) set.patience = patience * 2;
  return true;
}

/** Takes in what the look found, of an epoll and of those within. */
function hear(set: EpollSet, inEdge: bool): void {
  if (set.heard === look) return;
  set.heard = look;
  const again = edges > 0 && isOverdue(set);
  let item = set.first;
  while (item !== null) {
    const after = item.after;
    if (!(item.status & ITEM_DISABLED)) {
      if (item.inner !== null) {
        const inner = within(item);
        if (inner !== null) {
          hear(inner, inEdge || (item.mask & EVENT_ET) !== 0);
          const isReady = inner.line > 0 || isDue(inner);
          const grown = (inner.arrivals as i64) !== item.readable;
          item.readable = inner.arrivals as i64;
          settle(set, item, isReady ? item.mask & READABLE : 0, grown, again);
        } else {
          settle(set, item, 0, false, again);
        }
      } else {
        const ready: u32 = load<u16>(cursor, POLL_RECORD_READY);
        cursor += POLL_RECORD_SIZE;
        const grown = isCounted(item, inEdge, ready) && hasGrown(item, ready);
        if (ready & EVENT_NVAL) dropItem(set, item); // closed behind our back
        else settle(set, item, ready & (watchedOf(item) | ALWAYS), grown, again);
      }
    }
    item = after;
  }
}

/** Walks the epolls a look is about once more, from the record behind its own `own` ones. */
function rewind(own: i32): void {
  look++;
  cursor = recordsStart() + (own as usize) * POLL_RECORD_SIZE;
  rewindQuestions();
}

/** Copies the records of a caller, leaving out the descriptors of epolls, and asks of those. */
function askAll(records: usize, count: i32, root: EpollSet | null, news: bool): i32 {
  silent = edges = 0;
  soonest = 0;
  rewind(0);
  for (let at = records, i = 0; i < count; i++, at += POLL_RECORD_SIZE) {
    const fd = load<i32>(at, POLL_RECORD_FD);
    writeRecord(setOf(fd) === null ? fd : -1, load<u16>(at, POLL_RECORD_WANT));
  }
  for (let at = records, i = 0; i < count; i++, at += POLL_RECORD_SIZE) {
    const set = setIn(at);
    if (set !== null) ask(set, news);
  }
  if (root !== null) ask(root, news);
  return ((cursor - recordsStart()) / POLL_RECORD_SIZE) as i32;
}

/** Takes in what a look found. Of a caller's own records: how many are ready. */
function hearAll(records: usize, count: i32, root: EpollSet | null): i32 {
  if (edges > 0) {
    rewind(count);
    for (let at = records, i = 0; i < count; i++, at += POLL_RECORD_SIZE) {
      const set = setIn(at);
      if (set !== null) askHow(set, false);
    }
    if (root !== null) askHow(root, false);
    answerQuestions();
  }
  rewind(count);
  let ready = 0;
  let own = recordsStart();
  for (let at = records, i = 0; i < count; i++, at += POLL_RECORD_SIZE, own += POLL_RECORD_SIZE) {
    const set = setIn(at);
    let found: u32 = load<u16>(own, POLL_RECORD_READY);
    if (set !== null) {
      hear(set, false);
      const isReady = set.line > 0 || isDue(set);
      found = isReady ? load<u16>(at, POLL_RECORD_WANT) & READABLE : 0;
    }
    store<u16>(at, found as u16, POLL_RECORD_READY);
    if (found !== 0) ready++;
  }
  if (root !== null) {
    hear(root, false);
    if (root.line > 0 || isDue(root)) ready++;
  }
  return ready;
}

function sooner(timeoutMs: f64, other: f64): f64 {
  return timeoutMs < 0 ? other : Math.min(timeoutMs, other);
}

/** How long poll(2) may wait, of `left` ms, before a timer goes off. */
function untilTimer(left: f64): f64 {
  return soonest === 0 ? left : sooner(left, Math.max(soonest - lookedAt, 0));
}

/** Waits until a record of the caller is ready, or an item of `root`: how many, or an errno. */
function watch(records: usize, count: i32, root: EpollSet | null, timeoutMs: f64): i32 {
  if (!reserveOwn(count)) return -ENOMEM;
  const deadline = deadlineOf(timeoutMs);
  let left = timeoutMs;
  while (true) {
    let asked = askAll(records, count, root, false);
    if (edges > 0 || soonest !== 0) lookedAt = host.now();
    const wait = silent > 0 ? 0 : untilTimer(left);
    let result = host.poll(recordsStart(), asked, wait);
    if (result < 0) return result;
    if (wait !== 0 && (edges > 0 || soonest !== 0)) lookedAt = host.now();
    const ready = hearAll(records, count, root);
    // Time is up, unless poll(2) ended because of what is nobody's event: a closed descriptor.
    if (ready > 0 || left === 0 || (wait === left && left > 0 && result === 0)) return ready;
    if (silent > 0) {
      asked = askAll(records, count, root, true);
      result = host.poll(recordsStart(), asked, untilTimer(sooner(left, GLANCE)));
      if (result < 0) return result;
    }
    left = remaining(timeoutMs, deadline);
  }
}

/** Whether a descriptor among the records is an epoll that no kernel knows. */
function namesSet(records: usize, count: i32): bool {
  for (let i = 0; i < count; i++, records += POLL_RECORD_SIZE) {
    if (setOf(load<i32>(records, POLL_RECORD_FD)) !== null) return true;
  }
  return false;
}

/** poll(2), of descriptors that may be epolls that no kernel knows. */
export function pollThrough(records: usize, count: i32, timeoutMs: f64): i32 {
  if (firstSet() === null || !namesSet(records, count)) {
    return host.poll(records, count, timeoutMs);
  }
  return watch(records, count, null, timeoutMs);
}

/** Writes at most `capacity` ready records from the line, and moves on the lives of the items. */
export function collect(set: EpollSet, ready: usize, capacity: i32): i32 {
  const count = min(set.line, capacity);
  for (let i = 0; i < count; i++) {
    const item = set.head;
    if (item === null) return i;
    const record = changetype<ReadyRecord>(ready + (i as usize) * READY_RECORD_SIZE);
    record.fd = item.fd;
    record.mask = item.ready;
    dequeue(set, item);
    if (item.mask & EVENT_ONESHOT) item.status |= ITEM_DISABLED;
    else if (item.mask & EVENT_ET) item.seen = item.ready | (item.seen & EVENT_RDHUP);
    else enqueue(set, item);
  }
  return count;
}

/** epoll_wait(2). Also returns, with 0, when the deadline of the epoll's owner has come. */
export function waitOverPoll(epfd: i32, ready: usize, capacity: i32, timeoutMs: f64): i32 {
  const set = setOf(epfd);
  if (set === null) return kindOf(epfd) < 0 ? -EBADF : -EINVAL;
  if (capacity <= 0) return -EINVAL;
  const found = watch(0, 0, set, timeoutMs);
  return found < 0 ? found : collect(set, ready, capacity);
}
