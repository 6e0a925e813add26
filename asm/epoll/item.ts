// Epolls that no kernel keeps: what is registered with them, and which of it is ready. One table
// serves all epolls of the core. An item without an epoll leads from a descriptor to the epoll
// that is known by it.

import { ENOMEM } from "../abi";
import { allocate, release } from "../memory";

/** In the line of its epoll. */
export const ITEM_QUEUED: u8 = 0x1;
/** One-shot, and reported: silent until it is modified. */
export const ITEM_DISABLED: u8 = 0x2;
/** Over kqueue: it has no knote, which was refused. */
export const ITEM_BARE: u8 = 0x4;

/** 64 bytes: of many items most of a look is what it takes to fetch them. */
@unmanaged
export class Item {
  set: EpollSet | null;
  fd: i32;
  /** What was asked for, with the flags. */
  mask: u32;
  /** In line: what it will be reported with. */
  ready: u32;
  /** Edge triggered: what was reported and has held ever since. Over kqueue: what it told. */
  seen: u32;
  status: u8;
  /** FD_*. */
  kind: u8;

  /** Edge triggered: how much could be read when last looked at, or -1. */
  readable: i64;
  /** Which file; 0 if its host does not number it. */
  file: u64;

  /** The epoll that is known by the descriptor. */
  inner: EpollSet | null;
  /** Next in the same cell of the table. */
  chain: Item | null;
  /** Neighbours in the order of registration. */
  before: Item | null;
  after: Item | null;
  /** Neighbours in line. */
  ahead: Item | null;
  behind: Item | null;
}

@unmanaged
export class EpollSet {
  /** The descriptor it is known by. */
  fd: i32;
  /** Items in the order of registration. */
  first: Item | null;
  last: Item | null;
  /** Those that are ready, in the order in which they became so. */
  head: Item | null;
  tail: Item | null;
  line: i32;
  /** How often an item entered the line. */
  arrivals: i32;

  /** Numbers of the look that last asked of it, and that last heard. */
  asked: i32;
  heard: i32;
  /** When it was last looked at, for how many ms since the last edge, and after how many again. */
  lookedAt: f64;
  quiet: f64;
  patience: f64;
  /** For how many ms it has been looked at since the first edge after the last time; -1: no edge. */
  busy: f64;
  /** Over kqueue: it has items of which poll(2) has to tell; its user event is triggered. */
  isUrgent: bool;
  isAwake: bool;
  /** When a timer of its owner goes off, in the host's time; 0: never. */
  deadline: f64;
  next: EpollSet | null;
}

let sets: EpollSet | null = null;

/** The epolls of this core that no kernel keeps. */
export function firstSet(): EpollSet | null {
  return sets;
}

const SMALLEST = 16;
let table: usize = 0;
let cells = 0;
let count = 0;

/** Items of all epolls, and a few more. */
export function itemCount(): i32 {
  return count;
}

function cellOf(set: EpollSet | null, fd: i32): usize {
  const mixed = ((fd as u32) * 0x9e3779b1) ^ ((changetype<usize>(set) as u32) * 0x85ebca6b);
  const cell = (mixed * 0x9e3779b1) >> ((clz<u32>(cells as u32) + 1) as u32);
  return table + ((cell as usize) << 2);
}

/** The item of a descriptor. */
export function findItem(set: EpollSet | null, fd: i32): Item | null {
  if (cells === 0) return null;
  let item = changetype<Item | null>(load<usize>(cellOf(set, fd)));
  while (item !== null && (item.fd !== fd || item.set !== set)) item = item.chain;
  return item;
}

/** The epoll that is known by `fd`. */
export function setOf(fd: i32): EpollSet | null {
  if (sets === null) return null;
  const item = findItem(null, fd);
  return item === null ? null : item.inner;
}

function link(item: Item): void {
  const cell = cellOf(item.set, item.fd);
  item.chain = changetype<Item | null>(load<usize>(cell));
  store<usize>(cell, changetype<usize>(item));
}

/** Gives the table another size, if there is memory for it. */
function resize(wanted: i32): bool {
  const block = allocate((wanted as usize) << 2);
  if (block === 0) return false;
  memory.fill(block, 0, (wanted as usize) << 2);
  const from = table;
  const fromCells = cells;
  table = block;
  cells = wanted;
  for (let cell = 0; cell < fromCells; cell++) {
    let item = changetype<Item | null>(load<usize>(from + ((cell as usize) << 2)));
    while (item !== null) {
      const chained = item.chain;
      link(item);
      item = chained;
    }
  }
  release(from, (fromCells as usize) << 2);
  return true;
}

/** Enters an item; null if there is no memory. */
function insert(set: EpollSet | null, fd: i32): Item | null {
  if (count === cells && !resize(max(cells * 2, SMALLEST)) && cells === 0) return null;
  const at = allocate(offsetof<Item>());
  if (at === 0) return null;
  memory.fill(at, 0, offsetof<Item>());
  const item = changetype<Item>(at);
  item.set = set;
  item.fd = fd;
  link(item);
  count++;
  return item;
}

function remove(item: Item): void {
  const cell = cellOf(item.set, item.fd);
  const head = changetype<Item | null>(load<usize>(cell));
  if (head === item) {
    store<usize>(cell, changetype<usize>(item.chain));
  } else {
    let other = head;
    while (other !== null && other.chain !== item) other = other.chain;
    if (other !== null) other.chain = item.chain;
  }
  release(changetype<usize>(item), offsetof<Item>());
  count--;
  if (cells > SMALLEST && count * 8 < cells) resize(cells / 2);
}

/** Registers a descriptor, behind all others; null if there is no memory. */
export function addItem(set: EpollSet, fd: i32): Item | null {
  const item = insert(set, fd);
  if (item === null) return null;
  item.before = set.last;
  if (set.last === null) set.first = item;
  else set.last!.after = item;
  set.last = item;
  return item;
}

/** Forgets a descriptor. */
export function dropItem(set: EpollSet, item: Item): void {
  dequeue(set, item);
  if (item.before === null) set.first = item.after;
  else item.before!.after = item.after;
  if (item.after === null) set.last = item.before;
  else item.after!.before = item.before;
  remove(item);
}

// The line.

/** Puts an item at the end of the line, unless it is in it. */
export function enqueue(set: EpollSet, item: Item): void {
  if (item.status & ITEM_QUEUED) return;
  item.status |= ITEM_QUEUED;
  item.ahead = set.tail;
  item.behind = null;
  if (set.tail === null) set.head = item;
  else set.tail!.behind = item;
  set.tail = item;
  set.line++;
}

export function dequeue(set: EpollSet, item: Item): void {
  if (!(item.status & ITEM_QUEUED)) return;
  item.status &= ~ITEM_QUEUED;
  if (item.ahead === null) set.head = item.behind;
  else item.ahead!.behind = item.behind;
  if (item.behind === null) set.tail = item.ahead;
  else item.behind!.ahead = item.ahead;
  item.ahead = item.behind = null;
  set.line--;
}

// Epolls.

/** An epoll that is known by `fd`: 0 or -ENOMEM. */
export function addSet(fd: i32): i32 {
  const at = allocate(offsetof<EpollSet>());
  if (at === 0) return -ENOMEM;
  const name = insert(null, fd);
  if (name === null) {
    release(at, offsetof<EpollSet>());
    return -ENOMEM;
  }
  memory.fill(at, 0, offsetof<EpollSet>());
  const set = changetype<EpollSet>(at);
  set.fd = fd;
  set.next = sets;
  sets = set;
  name.inner = set;
  return 0;
}

/** Forgets an epoll, whose descriptor is about to be closed. */
export function dropSet(set: EpollSet): void {
  forgetItems(set.fd);
  let item = set.first;
  while (item !== null) {
    const after = item.after;
    dropItem(set, item);
    item = after;
  }
  const name = findItem(null, set.fd);
  if (name !== null) remove(name);
  if (sets === set) {
    sets = set.next;
  } else {
    let other = sets;
    while (other !== null && other.next !== set) other = other.next;
    if (other !== null) other.next = set.next;
  }
  release(changetype<usize>(set), offsetof<EpollSet>());
}

/** Forgets a descriptor in all epolls: it is about to be closed. */
export function forgetItems(fd: i32): void {
  let set = sets;
  while (set !== null) {
    const item = findItem(set, fd);
    if (item !== null) dropItem(set, item);
    set = set.next;
  }
}
