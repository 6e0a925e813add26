// Epolls over kqueue. The kernel's queue says of what something has happened, as the wake-ups of
// Linux do (knotes.ts), and poll(2) what is so now: of the items at the head of the line, before they
// are reported. What the kernel goes on reporting is left to it, all else the line remembers.

import {
  EBADF,
  EINVAL,
  EV_EOF,
  EVENT_ERR,
  EVENT_ET,
  EVENT_HUP,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_ONESHOT,
  EVENT_PRI,
  EVENT_RDHUP,
  EVENT_RDNORM,
  FD_DATAGRAM,
  FD_STREAM,
  FILTER_READ,
  FILTER_USER,
  KEVENT_SIZE,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
  READY_RECORD_SIZE,
} from "../abi";
import { deadlineOf, remaining } from "../deadline";
import { kindOf } from "../descriptor";
import * as host from "../host";
import { KeventRecord, ReadyRecord } from "../records";
import {
  dequeue,
  dropItem,
  enqueue,
  EpollSet,
  findItem,
  firstSet,
  Item,
  ITEM_DISABLED,
  setOf,
} from "./item";
import { enable, FAILED, flagsOf, READS, settleWake, WRITES } from "./knotes";
import { behindRecords, recordsStart, roomForItems } from "./room";
import { noteUrgent, waitUrgent } from "./urgent";

/** What poll(2) reports whether it is asked for or not. */
const ALWAYS: u32 = EVENT_ERR | EVENT_HUP;

// What the kernel has told of an item (`Item.seen`); and FAILED.

/** The ends of both directions: hosts whose poll(2) knows no RDHUP. */
const READ_ENDED: u32 = 0x1;
const WRITE_ENDED: u32 = 0x2;
/** A level-triggered knote, so that it will tell again. */
const READ_TOLD: u32 = 0x8;
const WRITE_TOLD: u32 = 0x10;

/** So many items of an epoll within are looked at to tell whether it is ready. */
const SAMPLE = 16;

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
