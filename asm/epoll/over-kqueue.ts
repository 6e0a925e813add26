// Epolls over kqueue. The kernel's queue says of what something has happened, as the wake-ups of
// Linux do, and poll(2) what is so now: of the items at the head of the line, before they are
// reported. An item has a READ and a WRITE knote, whatever its mask, since errors and hang-ups are
// always reported. A knote the mask asks for is level triggered if the item is: the kernel reports
// it again and again, and the queue's descriptor stays readable. All others are edges, which the
// line remembers.

import {
  EBADF,
  EINVAL,
  ENODEV,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_DISABLE,
  EV_DISPATCH,
  EV_ENABLE,
  EV_EOF,
  EV_ERROR,
  EV_RECEIPT,
  EVENT_ERR,
  EVENT_ET,
  EVENT_HUP,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_ONESHOT,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_RDBAND,
  EVENT_RDHUP,
  EVENT_RDNORM,
  EVENT_WRBAND,
  EVENT_WRNORM,
  FD_DATAGRAM,
  FD_STREAM,
  FILTER_READ,
  FILTER_USER,
  FILTER_WRITE,
  KEVENT_SIZE,
  NOTE_LOWAT,
  NOTE_TRIGGER,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
  READY_RECORD_SIZE,
} from "../abi";
import { deadlineOf, remaining } from "../deadline";
import * as host from "../host";
import { KeventRecord } from "../kqueue/knote";
import { ReadyRecord } from "../registry";
import {
  dequeue,
  dropItem,
  enqueue,
  EpollSet,
  findItem,
  firstSet,
  Item,
  ITEM_DISABLED,
  kindOf,
  setOf,
} from "./item";
import { behindRecords, recordsStart, roomForItems } from "./room";
import { mayBeUrgent, noteUrgent, waitUrgent } from "./urgent";

/** What the READ filter tells of, and the WRITE filter. */
const READS: u32 = EVENT_IN | EVENT_RDNORM | EVENT_RDBAND;
const WRITES: u32 = EVENT_OUT | EVENT_WRNORM | EVENT_WRBAND;
/** What poll(2) reports whether it is asked for or not. */
const ALWAYS: u32 = EVENT_ERR | EVENT_HUP;

// What the kernel has told of an item (`Item.seen`).

/** The ends of both directions: hosts whose poll(2) knows no RDHUP. */
const READ_ENDED: u32 = 0x1;
const WRITE_ENDED: u32 = 0x2;
/** An error, of which a BSD's poll(2) says nothing. */
const FAILED: u32 = 0x4;
/** A level-triggered knote, so that it will tell again. */
const READ_TOLD: u32 = 0x8;
const WRITE_TOLD: u32 = 0x10;

/** So many items of an epoll within are looked at to tell whether it is ready. */
const SAMPLE = 16;

// Knotes.

/** Flags of the knote of a filter that tells of `interest`. */
function flagsOf(mask: u32, interest: u32): u32 {
  if (!(mask & interest)) return EV_CLEAR;
  if (mask & EVENT_ONESHOT) return EV_DISPATCH;
  return mask & EVENT_ET ? EV_CLEAR : 0;
}

function change(at: i32, ident: i32, filter: i32, flags: u32, fflags: u32): KeventRecord {
  const record = changetype<KeventRecord>(behindRecords() + (at as usize) * KEVENT_SIZE);
  record.ident = ident as u64;
  record.filter = filter as i16;
  record.flags = (flags | EV_RECEIPT) as u16;
  record.fflags = fflags;
  record.data = 0;
  record.udata = 0;
  return record;
}

/** A knote for `interest`; without any it tells of ends and errors alone, where there are marks. */
function addition(at: i32, item: Item, filter: i32, interest: u32): void {
  const isAsked = (item.mask & interest) !== 0;
  const flags = EV_ADD | flagsOf(item.mask, interest);
  const record = change(at, item.fd, filter, flags, isAsked ? 0 : NOTE_LOWAT);
  if (!isAsked) record.data = i32.MAX_VALUE;
}

/** Makes `count` changes; the receipts are where they were. 0 or a negative errno. */
function make(set: EpollSet, count: i32): i32 {
  const at = behindRecords();
  return min(host.kevent(set.fd, at, count, at, count, 0), 0);
}

/** What became of a change: 0 or a negative errno. */
function outcome(at: i32): i32 {
  const record = changetype<KeventRecord>(behindRecords() + (at as usize) * KEVENT_SIZE);
  return record.flags & EV_ERROR ? -(record.data as i32) : 0;
}

/** Tells the kernel of an item. 0 or a negative errno. */
export function arm(set: EpollSet, item: Item): i32 {
  if (mayBeUrgent(item)) set.isUrgent = true;
  item.seen = item.ready = 0;
  item.readable = -1;
  addition(0, item, FILTER_READ, READS);
  addition(1, item, FILTER_WRITE, WRITES);
  const made = make(set, 2);
  if (made < 0) return made;
  const reader = outcome(0);
  const writer = outcome(1);
  if (writer === -EPIPE) {
    // A pipe without a reader: an event on Linux, not an error.
    item.seen = FAILED;
    enqueue(set, item);
    settleWake(set);
  } else if (reader < 0 && writer < 0) {
    const isStrange = reader === -EINVAL || reader === -ENODEV || reader === -EOPNOTSUPP;
    return isStrange ? -EPERM : reader;
  }
  return 0;
}

/** Whether a queue takes a descriptor that `set` does not have; what is always ready has no filter. */
export function isTaken(set: EpollSet, fd: i32): bool {
  change(0, fd, FILTER_READ, EV_ADD | EV_DISABLE, 0);
  change(1, fd, FILTER_READ, EV_DELETE, 0);
  return make(set, 2) === 0 && outcome(0) === 0;
}

/** Tells the kernel of the new mask of an item. 0 or a negative errno. */
export function rearm(set: EpollSet, item: Item, before: u32): i32 {
  const mask = item.mask;
  const isSame =
    flagsOf(mask, READS) === flagsOf(before, READS) &&
    flagsOf(mask, WRITES) === flagsOf(before, WRITES);
  const isWider: bool = (mask & ~before & ~(READS | WRITES)) !== 0;
  // A level that goes on being reported keeps its place.
  if (isSame && !isWider && !(mask & (EVENT_ET | EVENT_ONESHOT)) && mask & (READS | WRITES))
    return 0;
  // A knote keeps its flags for life, so a new one is made; it fires again if it is ready.
  disarm(set, item);
  return arm(set, item);
}

/** Tells the kernel to forget an item; what it does not know is gone already. */
export function disarm(set: EpollSet, item: Item): void {
  change(0, item.fd, FILTER_READ, EV_DELETE, 0);
  change(1, item.fd, FILTER_WRITE, EV_DELETE, 0);
  make(set, 2);
}

/** Has the kernel tell of a one-shot item again, which was not ready after all. */
function enable(set: EpollSet, item: Item): void {
  change(0, item.fd, FILTER_READ, EV_ENABLE, 0);
  change(1, item.fd, FILTER_WRITE, EV_ENABLE, 0);
  make(set, 2);
}

/** Keeps the queue readable while the line remembers what the kernel has reported. */
function settleWake(set: EpollSet): void {
  const wanted: bool = set.line > 0;
  if (wanted === set.isAwake) return;
  set.isAwake = wanted;
  if (wanted) {
    change(0, 0, FILTER_USER, EV_ADD, 0);
    change(1, 0, FILTER_USER, 0, NOTE_TRIGGER);
  } else {
    change(0, 0, FILTER_USER, EV_DELETE, 0);
  }
  make(set, wanted ? 2 : 1);
}

// The line.

/** Enters what the kernel reports of an item into the line. */
function take(set: EpollSet, event: KeventRecord): void {
  if (event.filter === FILTER_USER) return;
  const item = findItem(set, event.ident as i32);
  if (item === null || item.status & ITEM_DISABLED) return;
  const reads: bool = event.filter === FILTER_READ;
  const interest = reads ? READS : WRITES;
  if (event.flags & EV_EOF) {
    item.seen |= reads ? READ_ENDED : WRITE_ENDED;
    if (event.fflags !== 0) item.seen |= FAILED;
  } else if (!(item.mask & interest) && item.kind !== FD_STREAM && item.kind !== FD_DATAGRAM) {
    return; // not what it waits for; of a socket it would be an error
  }
  if (flagsOf(item.mask, interest) === 0) item.seen |= reads ? READ_TOLD : WRITE_TOLD;
  enqueue(set, item);
  set.arrivals++;
}

/** Takes what the kernel has to report; how many events that were, or a negative errno. */
function fetch(set: EpollSet, limit: i32, timeoutMs: f64): i32 {
  const events = behindRecords();
  const count = host.kevent(set.fd, events, 0, events, limit, timeoutMs);
  for (let i = 0; i < count; i++) {
    take(set, changetype<KeventRecord>(events + (i as usize) * KEVENT_SIZE));
  }
  return count;
}

/** Takes in whether an epoll within has something to report: 0 or a negative errno. */
function hear(item: Item, inner: EpollSet): i32 {
  const ready = refresh(inner);
  if (ready < 0) return ready;
  // Its wake-up is an edge of its descriptor, too.
  const isNews = !(item.mask & EVENT_ET) || item.readable !== (inner.arrivals as i64);
  item.ready = ready > 0 && isNews ? EVENT_IN | EVENT_RDNORM : 0;
  return 0;
}

/** Leaves of what poll(2) and the kernel told of an item what it waits for; whether that is any. */
function judge(set: EpollSet, item: Item): bool {
  let ready = item.ready;
  if (item.seen & READ_ENDED) {
    if (!(ready & (EVENT_IN | EVENT_HUP))) item.seen &= ~(READ_ENDED | WRITE_ENDED); // a new start
    else if (item.kind === FD_STREAM) {
      ready |= item.seen & WRITE_ENDED ? EVENT_RDHUP | EVENT_HUP : EVENT_RDHUP;
    }
  }
  if (item.seen & FAILED) ready |= EVENT_ERR;
  // While an error lasts the kernel tells of it again.
  item.seen &= ~FAILED;
  item.ready = ready & (item.mask | ALWAYS);
  if (item.ready !== 0) return true;
  leave(set, item);
  if (item.mask & EVENT_ONESHOT) enable(set, item);
  return false;
}

/** Takes an item out of the line. */
function leave(set: EpollSet, item: Item): void {
  dequeue(set, item);
  item.seen &= ~(READ_TOLD | WRITE_TOLD);
}

/**
 * Asks what is so now of the first items in line, at most `wanted`; those of which nothing is
 * leave it. How many stay, or a negative errno; then the line is as it was.
 */
function look(set: EpollSet, wanted: i32): i32 {
  const asked = min(set.line, wanted);
  let item = set.head;
  for (let i = 0; i < asked && item !== null; i++) {
    const inner = item.inner;
    const heard = inner === null ? 0 : hear(item, inner);
    if (heard < 0) return heard;
    item = item.behind;
  }
  let at = recordsStart();
  item = set.head;
  for (let i = 0; i < asked && item !== null; i++, at += POLL_RECORD_SIZE) {
    const more = item.seen & READ_ENDED ? EVENT_IN : 0;
    store<i32>(at, item.inner === null ? item.fd : -1, POLL_RECORD_FD);
    store<u16>(at, (item.mask | more) as u16, POLL_RECORD_WANT);
    store<u16>(at, 0, POLL_RECORD_READY);
    item = item.behind;
  }
  const polled = asked > 0 ? host.poll(recordsStart(), asked, 0) : 0;
  if (polled < 0) return polled;
  at = recordsStart();
  let staying = 0;
  item = set.head;
  for (let i = 0; i < asked && item !== null; i++, at += POLL_RECORD_SIZE) {
    const behind = item.behind;
    const inner = item.inner;
    if (inner === null) item.ready = load<u16>(at, POLL_RECORD_READY);
    else item.readable = inner.arrivals as i64;
    if (item.ready & EVENT_NVAL) dropItem(set, item); // closed behind our back
    else if (judge(set, item)) staying++;
    item = behind;
  }
  return staying;
}

/** Brings the line up to date: how many items at its head are ready, or a negative errno. */
function gather(set: EpollSet, wanted: i32, timeoutMs: f64): i32 {
  const all = roomForItems() * 2;
  const limit = min(all, wanted * 2 + 1);
  let fetched = 0;
  while (true) {
    const found = fetch(set, limit, timeoutMs);
    if (found < 0) return found;
    let ready = 0;
    while (ready === 0 && set.line > 0) ready = look(set, wanted);
    fetched += found;
    // There may be more behind events that were none.
    if (ready !== 0 || found < limit || fetched > all) return ready;
    timeoutMs = 0;
  }
}

/** Whether the kernel goes on reporting an item that is ready as it is now. */
function isRepeated(item: Item): bool {
  if (item.ready & EVENT_PRI) return false;
  return (
    (item.seen & READ_TOLD && item.ready & READS) !== 0 ||
    (item.seen & WRITE_TOLD && item.ready & WRITES) !== 0
  );
}

/** Brings an epoll within up to date: whether it has something to report, or a negative errno. */
function refresh(set: EpollSet): i32 {
  if (set.isUrgent) noteUrgent(set);
  const ready = gather(set, SAMPLE, 0);
  let item = set.head;
  for (let i = 0; i < ready && item !== null; i++) {
    const behind = item.behind;
    if (isRepeated(item)) leave(set, item);
    item = behind;
  }
  settleWake(set);
  return ready;
}

/** Writes ready records of the first `count` items in line, and moves on their lives. */
function collect(set: EpollSet, ready: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    const item = set.head;
    if (item === null) return;
    const record = changetype<ReadyRecord>(ready + (i as usize) * READY_RECORD_SIZE);
    record.fd = item.fd;
    record.mask = item.ready;
    const isOver: bool = (item.mask & (EVENT_ET | EVENT_ONESHOT)) !== 0 || isRepeated(item);
    if (item.mask & EVENT_ONESHOT) item.status |= ITEM_DISABLED;
    leave(set, item);
    if (!isOver) enqueue(set, item);
  }
}

// The calls.

/** epoll_wait(2). */
export function waitOverKqueue(epfd: i32, ready: usize, capacity: i32, timeoutMs: f64): i32 {
  const set = setOf(epfd);
  if (set === null) return kindOf(epfd) < 0 ? -EBADF : -EINVAL;
  if (capacity <= 0) return -EINVAL;
  const deadline = deadlineOf(timeoutMs);
  let left = timeoutMs;
  while (true) {
    if (set.isUrgent) noteUrgent(set);
    const found = gather(set, capacity, set.line > 0 || set.isUrgent ? 0 : left);
    if (found > 0) collect(set, ready, min(found, capacity));
    settleWake(set);
    if (found !== 0 || left === 0) return found;
    if (set.isUrgent) {
      const urgent = waitUrgent(set, left);
      if (urgent < 0) return urgent;
    }
    left = remaining(timeoutMs, deadline);
  }
}

/** Takes back what poll(2) said of epolls that have nothing to report: of how many that was so. */
function deny(records: usize, count: i32): i32 {
  let denied = 0;
  for (let at = records, i = 0; i < count; i++, at += POLL_RECORD_SIZE) {
    if (load<u16>(at, POLL_RECORD_READY) === 0) continue;
    const set = setOf(load<i32>(at, POLL_RECORD_FD));
    if (set === null || refresh(set) !== 0) continue;
    store<u16>(at, 0, POLL_RECORD_READY);
    denied++;
  }
  return denied;
}

/** poll(2), of descriptors that may be those of epolls. */
export function pollOverKqueue(records: usize, count: i32, timeoutMs: f64): i32 {
  if (firstSet() === null) return host.poll(records, count, timeoutMs);
  const deadline = deadlineOf(timeoutMs);
  let left = timeoutMs;
  while (true) {
    const found = host.poll(records, count, left);
    if (found <= 0) return found;
    const ready = found - deny(records, count);
    if (ready > 0 || left === 0) return ready;
    left = remaining(timeoutMs, deadline);
  }
}
