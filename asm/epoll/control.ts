// epoll_ctl of an epoll that no kernel keeps: what it refuses, in Linux's order.

import {
  EBADF,
  EEXIST,
  EINVAL,
  ELOOP,
  ENOENT,
  ENOMEM,
  EPERM,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EVENT_ERR,
  EVENT_ET,
  EVENT_EXCLUSIVE,
  EVENT_HUP,
  EVENT_IN,
  EVENT_OUT,
  EVENT_WAKEUP,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_EPOLL,
  FD_FILE,
  STAT_SIZE,
} from "../abi";
import { hasKqueue } from "../capabilities";
import { describe, fileOf, kindOf } from "../descriptor";
import { StatRecord } from "../records";
import {
  addItem,
  dropItem,
  EpollSet,
  findItem,
  firstSet,
  Item,
  ITEM_DISABLED,
  setOf,
} from "./item";
import { hasRoom } from "./room";
import { arm, disarm, isKnown, isTaken, rearm } from "./knotes";

/** EPOLLEXCLUSIVE_OK_BITS. */
const EXCLUSIVE_COMPANIONS: u32 =
  EVENT_IN | EVENT_OUT | EVENT_ERR | EVENT_HUP | EVENT_WAKEUP | EVENT_ET | EVENT_EXCLUSIVE;
/** Epolls in epolls, at most so deep. */
const DEEPEST = 5;

/** Stat record of the descriptor that a call registers, modifies or deletes. */
const target: usize = memory.data(STAT_SIZE, 8);

/** Whether `set` is `wanted` or has it somewhere below. */
function reaches(set: EpollSet, wanted: EpollSet): bool {
  if (set === wanted) return true;
  let item = set.first;
  while (item !== null) {
    const inner = item.inner;
    if (inner !== null && reaches(inner, wanted)) return true;
    item = item.after;
  }
  return false;
}

/** How many epolls are below each other from `set` on, itself counted. */
function depthBelow(set: EpollSet): i32 {
  let deepest = 0;
  let item = set.first;
  while (item !== null) {
    const inner = item.inner;
    if (inner !== null) deepest = max(deepest, depthBelow(inner));
    item = item.after;
  }
  return deepest + 1;
}

/** How many are above it. */
function depthAbove(set: EpollSet): i32 {
  let highest = 0;
  let other = firstSet();
  while (other !== null) {
    if (findItem(other, set.fd) !== null) highest = max(highest, depthAbove(other) + 1);
    other = other.next;
  }
  return highest;
}

function add(set: EpollSet, fd: i32, mask: u32, stat: StatRecord, inner: EpollSet | null): i32 {
  if (!hasRoom(1)) return -ENOMEM;
  const item = addItem(set, fd);
  if (item === null) return -ENOMEM;
  item.file = fileOf(stat);
  item.kind = (inner === null ? stat.kind : FD_EPOLL) as u8;
  item.inner = inner;
  item.mask = mask;
  const armed = hasKqueue() ? arm(set, item) : 0;
  if (armed < 0) dropItem(set, item);
  return armed;
}

/** What was reported is so no longer: a ready item is reported anew, and keeps its place in line. */
function modify(set: EpollSet, item: Item, mask: u32): i32 {
  const before = item.mask;
  item.mask = mask;
  item.status &= ~ITEM_DISABLED;
  if (hasKqueue()) {
    const armed = rearm(set, item, before);
    if (armed === -ENOENT) dropItem(set, item);
    return armed;
  }
  item.seen = 0;
  return 0;
}

/** Whether a device is one of which there is nothing to wait for, as far as the kernel tells. */
function isAlwaysReady(fd: i32, set: EpollSet | null): bool {
  const asked = set === null ? firstSet() : set;
  return hasKqueue() && asked !== null && !isTaken(asked, fd);
}

/**
 * Whether the kernel has forgotten an item: it was closed, and another file has its number. Asked
 * where files have no numbers that tell them apart, since an edge may be told of once more by that.
 */
function isGone(set: EpollSet, item: Item): bool {
  return item.file === 0 && hasKqueue() && !isKnown(set, item);
}

/** epoll_ctl(2). 0 or a negative errno. */
export function controlSet(epfd: i32, op: i32, fd: i32, mask: u32): i32 {
  const set = setOf(epfd);
  if (set === null && kindOf(epfd) < 0) return -EBADF;
  const stat = changetype<StatRecord>(target);
  const kind = describe(fd, stat);
  let item: Item | null = null;
  if (set !== null) item = findItem(set, fd);
  if (kind < 0) {
    if (item !== null) dropItem(set!, item); // closed behind our back
    return -EBADF;
  }
  if (kind === FD_FILE || kind === FD_DIRECTORY) return -EPERM;
  if (kind === FD_DEVICE && item === null && isAlwaysReady(fd, set)) return -EPERM;
  if (set === null || fd === epfd) return -EINVAL;

  const inner = setOf(fd);
  if (op !== EPOLL_CTL_DEL && mask & EVENT_EXCLUSIVE) {
    if (op === EPOLL_CTL_MOD || inner !== null || mask & ~EXCLUSIVE_COMPANIONS) return -EINVAL;
  }
  if (op === EPOLL_CTL_ADD && inner !== null) {
    if (reaches(inner, set) || depthAbove(set) + 1 + depthBelow(inner) > DEEPEST) return -ELOOP;
  }
  if (
    item !== null &&
    (item.file !== fileOf(stat) || (op === EPOLL_CTL_ADD && isGone(set, item)))
  ) {
    dropItem(set, item); // the number was closed, and is another file's now
    item = null;
  }
  if (op === EPOLL_CTL_ADD) return item === null ? add(set, fd, mask, stat, inner) : -EEXIST;
  if (op === EPOLL_CTL_MOD) {
    if (item === null) return -ENOENT;
    return item.mask & EVENT_EXCLUSIVE ? -EINVAL : modify(set, item, mask);
  }
  if (op !== EPOLL_CTL_DEL) return -EINVAL;
  if (item === null) return -ENOENT;
  const isHeld: bool = !hasKqueue() || disarm(set, item);
  dropItem(set, item);
  return isHeld ? 0 : -ENOENT;
}
