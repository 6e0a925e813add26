// A queue: the knotes by (ident, filter), the line of active ones, and the descriptors of the
// sources that its filters share. What the kernel knows as the queue is one epoll set.

import { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EVENT_IN } from "../abi";
import * as calls from "../kernel";
import * as host from "../host";
import { allocate, release } from "../memory";
import {
  createKnote,
  destroyKnote,
  Knote,
  STATUS_ACTIVE,
  STATUS_DISABLED,
  STATUS_QUEUED,
} from "./knote";

/** The filter of entries that lead from the descriptor of a source to its knote (`listed`). */
export const FILTER_SOURCE = 0x100;

const SMALLEST = 16;

@unmanaged
export class Queue {
  /** The queue's own descriptor, an epoll set; and the one for second filters, or -1. */
  epfd: i32;
  second: i32;

  /** Table of chains: cells, a power of two, and the knotes in them. */
  table: usize;
  cells: i32;
  count: i32;

  /** The line of active knotes, first to last, and how many of them are enabled. */
  first: Knote | null;
  last: Knote | null;
  line: i32;
  /** How many of them, from the first, have their turn before the kernel is asked again. */
  turns: i32;

  /** An eventfd, readable while the line is not empty: so that the queue is, too. Or -1. */
  wake: i32;
  awake: bool;

  /** Timers: a heap of knotes by deadline, the kernel's timer, and when that goes off. */
  timers: usize;
  timerCapacity: i32;
  timerCount: i32;
  timerfd: i32;
  armed: f64;

  /** inotify instances for files and for the directories above directories, or -1. */
  inotify: i32;
  parents: i32;
  /** Knotes of files that epoll does not take; VNODE; PROC; NETDEV. */
  files: Knote | null;
  vnodes: Knote | null;
  procs: Knote | null;
  links: Knote | null;
  /** WRITE knotes that are muted. */
  writers: Knote | null;
  /** Process connector, rtnetlink, posts of other threads: descriptors or -1. */
  connector: i32;
  rtnetlink: i32;
  posts: i32;

  /** Descriptors of our own in the main set: at most so many events are not knotes'. */
  sources: i32;
  /** The sets may have entries of descriptors that were closed behind our back. */
  stale: bool;
  /** They have: the kernel reported of one. */
  foreign: bool;
  /** Number of the last harvest, and how many were in line before it. */
  stamp: i32;
  leftover: i32;
  /** Changes when a knote may have changed; no two queues have the same. */
  era: u64;
  /** Objects that share the queue (fromfd). */
  references: i32;
  /** Next queue of this core. */
  next: Queue | null;
}

/** All queues of this core. */
let queues: Queue | null = null;

export function firstQueue(): Queue | null {
  return queues;
}

/** The queue whose own descriptor is `fd`. */
export function queueOf(fd: i32): Queue | null {
  let queue = queues;
  while (queue !== null && queue.epfd !== fd) queue = queue.next;
  return queue;
}

/** Number of the last era of any queue: 64 bits, which do not wrap around. */
const eras: usize = memory.data(8, 8);

/** Ends what holds until a knote of the queue changes. */
export function beginEra(queue: Queue): void {
  queue.era = load<u64>(eras) + 1;
  store<u64>(eras, queue.era);
}

/** A queue on an epoll set; null if there is no memory. */
export function createQueue(epfd: i32): Queue | null {
  const at = allocate(offsetof<Queue>());
  if (at === 0) return null;
  const table = allocate(SMALLEST * 4);
  if (table === 0) {
    release(at, offsetof<Queue>());
    return null;
  }
  memory.fill(at, 0, offsetof<Queue>());
  memory.fill(table, 0, SMALLEST * 4);
  const queue = changetype<Queue>(at);
  queue.epfd = epfd;
  queue.table = table;
  queue.cells = SMALLEST;
  queue.second = queue.wake = queue.timerfd = queue.inotify = queue.parents = -1;
  queue.connector = queue.rtnetlink = queue.posts = -1;
  queue.references = 1;
  beginEra(queue);
  queue.next = queues;
  queues = queue;
  return queue;
}

/** Closes what the queue itself opened. Its knotes are gone, its own descriptor is the caller's. */
export function closeQueue(queue: Queue): void {
  if (queue.posts >= 0) host.post_close(queue.epfd);
  if (queue.second >= 0) calls.close(queue.second);
  if (queue.wake >= 0) host.close(queue.wake);
  if (queue.timerfd >= 0) host.close(queue.timerfd);
  if (queue.inotify >= 0) host.close(queue.inotify);
  if (queue.parents >= 0) host.close(queue.parents);
  if (queue.connector >= 0) host.close(queue.connector);
  if (queue.rtnetlink >= 0) host.close(queue.rtnetlink);
  release(queue.timers, (queue.timerCapacity as usize) * 4);
  release(queue.table, (queue.cells as usize) * 4);

  if (queues === queue) {
    queues = queue.next;
  } else {
    let other: Queue | null = queues;
    while (other !== null && other.next !== queue) other = other.next;
    if (other !== null) other.next = queue.next;
  }
  queue.epfd = -1;
}

/** Frees a closed queue. */
export function freeQueue(queue: Queue): void {
  release(changetype<usize>(queue), offsetof<Queue>());
}

// The table.

function cellOf(queue: Queue, ident: u64, filter: i32): usize {
  const mixed = (ident as u32) ^ ((ident >> 32) as u32) ^ ((filter as u32) << 26);
  const cell = (mixed * 0x9e3779b1) >> ((clz<u32>(queue.cells as u32) + 1) as u32);
  return queue.table + ((cell as usize) << 2);
}

/** The knote of a filter on an ident. */
export function findKnote(queue: Queue, ident: u64, filter: i32): Knote | null {
  let knote = changetype<Knote | null>(load<usize>(cellOf(queue, ident, filter)));
  while (knote !== null && (knote.ident !== ident || knote.filter !== filter)) {
    knote = knote.chain;
  }
  return knote;
}

function link(queue: Queue, knote: Knote): void {
  const cell = cellOf(queue, knote.ident, knote.filter);
  knote.chain = changetype<Knote | null>(load<usize>(cell));
  store<usize>(cell, changetype<usize>(knote));
}

/** Gives the table another size, if there is memory for it; else it goes on as it is. */
function resize(queue: Queue, cells: i32): void {
  const table = allocate((cells as usize) * 4);
  if (table === 0) return;
  memory.fill(table, 0, (cells as usize) * 4);
  const from = queue.table;
  const fromCells = queue.cells;
  queue.table = table;
  queue.cells = cells;
  for (let cell = 0; cell < fromCells; cell++) {
    let knote = changetype<Knote | null>(load<usize>(from + ((cell as usize) << 2)));
    while (knote !== null) {
      const chained = knote.chain;
      link(queue, knote);
      knote = chained;
    }
  }
  release(from, (fromCells as usize) * 4);
}

/** Enters a knote; of several with one key the last entered is found. */
export function insertKnote(queue: Queue, knote: Knote): void {
  if (queue.count === queue.cells) resize(queue, queue.cells * 2);
  queue.count++;
  link(queue, knote);
}

/** Takes a knote out of the table and the line, and frees it. */
export function removeKnote(queue: Queue, knote: Knote): void {
  beginEra(queue);
  dequeue(queue, knote);
  const cell = cellOf(queue, knote.ident, knote.filter);
  const head = changetype<Knote | null>(load<usize>(cell));
  if (head === knote) {
    store<usize>(cell, changetype<usize>(knote.chain));
  } else {
    let other = head;
    while (other !== null && other.chain !== knote) other = other.chain;
    if (other !== null) other.chain = knote.chain;
  }
  queue.count--;
  destroyKnote(knote);
  if (queue.cells > SMALLEST && queue.count * 8 < queue.cells) resize(queue, queue.cells / 2);
}

/** A knote in one cell of the table that is no source's entry; null if there is none. */
export function knoteIn(queue: Queue, cell: i32): Knote | null {
  let knote = changetype<Knote | null>(load<usize>(queue.table + ((cell as usize) << 2)));
  while (knote !== null && knote.filter === FILTER_SOURCE) knote = knote.chain;
  return knote;
}

// The line of active knotes.

/** Puts a knote at the end of the line. */
export function enqueue(queue: Queue, knote: Knote): void {
  if (knote.status & STATUS_QUEUED) return;
  knote.status |= STATUS_QUEUED;
  knote.before = queue.last;
  knote.after = null;
  if (queue.last === null) queue.first = knote;
  else queue.last!.after = knote;
  queue.last = knote;
  queue.line++;
}

export function dequeue(queue: Queue, knote: Knote): void {
  if (!(knote.status & STATUS_QUEUED)) return;
  knote.status &= ~STATUS_QUEUED;
  if (knote.before === null) queue.first = knote.after;
  else knote.before!.after = knote.after;
  if (knote.after === null) queue.last = knote.before;
  else knote.after!.before = knote.before;
  knote.before = knote.after = null;
  queue.line--;
}

/** The event of a knote has happened (KNOTE_ACTIVATE). */
export function activate(queue: Queue, knote: Knote): void {
  knote.status |= STATUS_ACTIVE;
  if (!(knote.status & STATUS_DISABLED)) enqueue(queue, knote);
}

/** It has not, or no longer. */
export function deactivate(queue: Queue, knote: Knote): void {
  dequeue(queue, knote);
  knote.status &= ~STATUS_ACTIVE;
}

// Descriptors of sources.

/** Adds a descriptor of our own to the main set. 0 or a negative errno. */
export function enterSource(queue: Queue, fd: i32): i32 {
  const result = calls.epoll_ctl(queue.epfd, EPOLL_CTL_ADD, fd, EVENT_IN);
  if (result === 0) queue.sources++;
  return result;
}

/** The same for what a host just opened: passes an errno through, and closes what fails. */
export function addSource(queue: Queue, fd: i32): i32 {
  if (fd < 0) return fd;
  const result = enterSource(queue, fd);
  if (result === 0) return fd;
  calls.close(fd);
  return result;
}

/** Takes a source out again. Closing it is its owner's. */
export function removeSource(queue: Queue, fd: i32): void {
  calls.epoll_ctl(queue.epfd, EPOLL_CTL_DEL, fd, 0);
  queue.sources--;
}

/** Leads from the descriptor of a source to its only knote. False without memory. */
export function nameSource(queue: Queue, fd: i32, owner: Knote): bool {
  const entry = createKnote();
  if (entry === null) return false;
  entry.ident = fd;
  entry.filter = FILTER_SOURCE;
  entry.listed = owner;
  insertKnote(queue, entry);
  return true;
}

/** Forgets it. */
export function unnameSource(queue: Queue, fd: i32): void {
  const entry = findKnote(queue, fd, FILTER_SOURCE);
  if (entry !== null) removeKnote(queue, entry);
}
