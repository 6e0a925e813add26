// The knotes of the items of epolls over kqueue. An item has a READ and a WRITE knote, whatever its
// mask, since errors and hang-ups are always reported. One the mask asks for is level triggered if
// the item is: the kernel reports it again and again, and the queue's descriptor stays readable. All
// others are edges.

import {
  EINVAL,
  ENODEV,
  ENOENT,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_DISABLE,
  EV_DISPATCH,
  EV_ENABLE,
  EV_ERROR,
  EV_RECEIPT,
  EVENT_ET,
  EVENT_IN,
  EVENT_ONESHOT,
  EVENT_OUT,
  EVENT_RDBAND,
  EVENT_RDNORM,
  EVENT_WRBAND,
  EVENT_WRNORM,
  FILTER_READ,
  FILTER_USER,
  FILTER_WRITE,
  KEVENT_SIZE,
  NOTE_LOWAT,
  NOTE_TRIGGER,
} from "../abi";
import * as host from "../host";
import { KeventRecord } from "../records";
import { enqueue, EpollSet, Item, ITEM_BARE } from "./item";
import { behindRecords } from "./room";
import { mayBeUrgent } from "./urgent";

/** What the READ filter tells of, and the WRITE filter. */
export const READS: u32 = EVENT_IN | EVENT_RDNORM | EVENT_RDBAND;
export const WRITES: u32 = EVENT_OUT | EVENT_WRNORM | EVENT_WRBAND;

/** In `Item.seen`: an error, of which a BSD's poll(2) says nothing. */
export const FAILED: u32 = 0x4;

/** Flags of the knote of a filter that tells of `interest`. */
export function flagsOf(mask: u32, interest: u32): u32 {
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

/**
 * A change of the knote for `interest`; without any it tells of ends and errors alone, where there
 * are marks. Every change says so once more, since each replaces what was said before.
 */
function knote(at: i32, item: Item, filter: i32, interest: u32, flags: u32): void {
  const isAsked = (item.mask & interest) !== 0;
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
  item.status &= ~ITEM_BARE;
  knote(0, item, FILTER_READ, READS, EV_ADD | flagsOf(item.mask, READS));
  knote(1, item, FILTER_WRITE, WRITES, EV_ADD | flagsOf(item.mask, WRITES));
  const made = make(set, 2);
  if (made < 0) return made;
  const reader = outcome(0);
  const writer = outcome(1);
  if (writer === -EPIPE) {
    // A pipe without a reader: an event on Linux, not an error.
    item.seen = FAILED;
    if (reader < 0) item.status |= ITEM_BARE;
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

/**
 * Tells the kernel of the new mask of an item. 0 or a negative errno: -ENOENT if it knows nothing of
 * the item, whose descriptor was closed.
 */
export function rearm(set: EpollSet, item: Item, before: u32): i32 {
  const mask = item.mask;
  const isSame =
    flagsOf(mask, READS) === flagsOf(before, READS) &&
    flagsOf(mask, WRITES) === flagsOf(before, WRITES);
  const isWider: bool = (mask & ~before & ~(READS | WRITES)) !== 0;
  // A level that goes on being reported keeps its place.
  if (isSame && !isWider && !(mask & (EVENT_ET | EVENT_ONESHOT)) && mask & (READS | WRITES)) {
    return isKnown(set, item) ? 0 : -ENOENT;
  }
  // A knote keeps its flags for life, so a new one is made; it fires again if it is ready.
  return disarm(set, item) ? arm(set, item) : -ENOENT;
}

/** Whether one of the last two changes found a knote of an item. */
function hasFound(item: Item): bool {
  return outcome(0) !== -ENOENT || outcome(1) !== -ENOENT || (item.status & ITEM_BARE) !== 0;
}

/** Tells the kernel to forget an item; whether it knew of it: what was closed it does not know. */
export function disarm(set: EpollSet, item: Item): bool {
  change(0, item.fd, FILTER_READ, EV_DELETE, 0);
  change(1, item.fd, FILTER_WRITE, EV_DELETE, 0);
  return make(set, 2) < 0 || hasFound(item);
}

/** Whether the kernel knows of an item: the knotes are told what they were told before. */
export function isKnown(set: EpollSet, item: Item): bool {
  knote(0, item, FILTER_READ, READS, 0);
  knote(1, item, FILTER_WRITE, WRITES, 0);
  return make(set, 2) < 0 || hasFound(item);
}

/** Has the kernel tell of a one-shot item again, which was not ready after all. */
export function enable(set: EpollSet, item: Item): void {
  knote(0, item, FILTER_READ, READS, EV_ENABLE);
  knote(1, item, FILTER_WRITE, WRITES, EV_ENABLE);
  make(set, 2);
}

/** Keeps the queue readable while the line remembers what the kernel has reported. */
export function settleWake(set: EpollSet): void {
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
