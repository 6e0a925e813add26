// A queue: its knotes by (ident, filter), its active list (kq_head), and the lists that filters keep.
// The kernel knows the queue as one epoll set; the descriptors of our own in that set are in source.ts.

import { dequeue as leave, enqueue as enter, ReadyList } from "../ready-list";
import { append, isListed, List, remove } from "../list";
import { allocate, release } from "../memory";
import { releaseAfterWaits } from "../nesting";
import {
  cellOf,
  chainOf,
  insertMember,
  prepareTable,
  releaseTable,
  removeMember,
  Table,
} from "../table";
import {
  ACTIVE,
  destroyKnote,
  Knote,
  LISTED,
  ListedKnote,
  STATUS_ACTIVE,
  STATUS_DISABLED,
} from "./knote";

/** How many kinds of sources a queue can have (source.ts). */
export const SOURCE_KINDS = 16;

@unmanaged
export class Queue {
  /** The queue's own descriptor, an epoll set; -1 once the queue is closed. */
  epfd: i32;

  /** The knotes (a Table). */
  cells: usize;
  cellCount: i32;
  count: i32;

  /** The active list, first to last (a ReadyList). `activeCount` is kq_count. */
  first: Knote | null;
  last: Knote | null;
  activeCount: i32;
  isAwake: bool;
  /** The first knotes of the active list that are reported before the kernel is asked again. */
  deferred: i32;

  /** READ and WRITE knotes of files (a List). */
  files: usize;
  lastFile: usize;
  /** Muted WRITE knotes (a List). */
  writers: usize;
  lastWriter: usize;
  /** VNODE, PROC and NETDEV knotes (Lists). */
  vnodes: usize;
  lastVnode: usize;
  processes: usize;
  lastProcess: usize;
  interfaces: usize;
  lastInterface: usize;

  /** Timers: a heap of knotes by deadline, and when the kernel's timer expires. */
  timers: usize;
  timerCapacity: i32;
  timerCount: i32;
  armedDeadline: f64;
  /** When the first timer expires, on a host whose kernel has no timers; else 0. */
  deadline: f64;

  /** The sources (a Table), by their descriptors. */
  sourceCells: usize;
  sourceCellCount: i32;
  sourceCount: i32;

  /** The sets may have entries of descriptors that were closed without omnipoll/os. */
  isStale: bool;
  /** The sets have such entries: the kernel reported one. */
  isForeign: bool;
  /** Number of the last harvest. A knote's mask with an older number is refreshed before a test. */
  harvestId: i32;
  /** Whether knotes were on the active list before the last harvest. */
  hadActive: bool;
  /** Changes whenever a knote may have changed; no two queues have the same (express.ts). */
  generation: u64;
  /** Objects that share the queue (fromfd). */
  references: i32;
  /** Neighbours in the list of all queues. */
  before: Queue | null;
  after: Queue | null;
}

if (offsetof<Queue>("count") !== offsetof<Queue>("cells") + offsetof<Table>("count")) {
  ERROR("Queue: its knotes are no Table");
}
if (offsetof<Queue>("isAwake") !== offsetof<Queue>("first") + offsetof<ReadyList>("isAwake")) {
  ERROR("Queue: its active list is no ReadyList");
}
if (offsetof<Queue>("sourceCount") !== offsetof<Queue>("sourceCells") + offsetof<Table>("count")) {
  ERROR("Queue: its sources are no Table");
}

/** Where the descriptors of the kinds of sources are, behind the fields. */
const DESCRIPTORS: usize = offsetof<Queue>();
/** Where the record of the wake-up's source is, behind those. */
const WAKE_RECORD: usize = DESCRIPTORS + SOURCE_KINDS * 4;
/** Size of that record: source.ts has its fields. */
export const SOURCE_BYTES: usize = 16;
const BYTES: usize = WAKE_RECORD + SOURCE_BYTES;
const NEIGHBOURS: usize = offsetof<Queue>("before");

/** List of all queues of this core. */
const queues: usize = memory.data(8, 4);
/** Number of the last generation of any queue: 64 bits, which do not wrap around. */
const generations: usize = memory.data(8, 8);

function knotesOf(queue: Queue): Table {
  return changetype<Table>(changetype<usize>(queue) + offsetof<Queue>("cells"));
}

export function activeOf(queue: Queue): ReadyList {
  return changetype<ReadyList>(changetype<usize>(queue) + offsetof<Queue>("first"));
}

export function filesOf(queue: Queue): List {
  return changetype<List>(changetype<usize>(queue) + offsetof<Queue>("files"));
}

export function writersOf(queue: Queue): List {
  return changetype<List>(changetype<usize>(queue) + offsetof<Queue>("writers"));
}

export function vnodesOf(queue: Queue): List {
  return changetype<List>(changetype<usize>(queue) + offsetof<Queue>("vnodes"));
}

export function processesOf(queue: Queue): List {
  return changetype<List>(changetype<usize>(queue) + offsetof<Queue>("processes"));
}

export function interfacesOf(queue: Queue): List {
  return changetype<List>(changetype<usize>(queue) + offsetof<Queue>("interfaces"));
}

export function sourcesOf(queue: Queue): Table {
  return changetype<Table>(changetype<usize>(queue) + offsetof<Queue>("sourceCells"));
}

/** Address of the descriptor of a kind of source. */
export function descriptorsOf(queue: Queue): usize {
  return changetype<usize>(queue) + DESCRIPTORS;
}

/** Address of the record that the source SOURCE_WAKE gets, which a wait may have to add. */
export function wakeRecordOf(queue: Queue): usize {
  return changetype<usize>(queue) + WAKE_RECORD;
}

export function firstQueue(): Queue | null {
  return changetype<Queue | null>(changetype<List>(queues).first);
}

/** The queue whose own descriptor is `fd`. */
export function queueOf(fd: i32): Queue | null {
  let queue = firstQueue();
  while (queue !== null && queue.epfd !== fd) queue = queue.after;
  return queue;
}

/** A knote of the queue may have changed: the answers that express.ts remembers are void. */
export function beginGeneration(queue: Queue): void {
  queue.generation = load<u64>(generations) + 1;
  store<u64>(generations, queue.generation);
}

/** A queue on an epoll set; null without memory. */
export function createQueue(epfd: i32): Queue | null {
  const at = allocate(BYTES);
  if (at === 0) return null;
  memory.fill(at, 0, DESCRIPTORS);
  memory.fill(at + DESCRIPTORS, 0xff, SOURCE_KINDS * 4); // -1: the queue has no such source yet
  const queue = changetype<Queue>(at);
  if (!prepareTable(knotesOf(queue)) || !prepareTable(sourcesOf(queue))) {
    releaseTable(knotesOf(queue));
    release(at, BYTES);
    return null;
  }
  queue.epfd = epfd;
  queue.references = 1;
  beginGeneration(queue);
  append(changetype<List>(queues), at, NEIGHBOURS);
  return queue;
}

/** Releases what a queue without knotes and sources has. Its own descriptor is the caller's. */
export function closeQueue(queue: Queue): void {
  release(queue.timers, (queue.timerCapacity as usize) * 4);
  releaseTable(knotesOf(queue));
  releaseTable(sourcesOf(queue));
  remove(changetype<List>(queues), changetype<usize>(queue), NEIGHBOURS);
  queue.epfd = -1;
}

/** Frees a closed queue, at the end of a wait on it that may be going on. */
export function freeQueue(queue: Queue): void {
  releaseAfterWaits(changetype<usize>(queue), BYTES);
}

// The table of knotes.

function hashOf(ident: u64, filter: i32): u32 {
  return (ident as u32) ^ ((ident >> 32) as u32) ^ ((filter as u32) << 26);
}

function hashOfKnote(member: usize): u32 {
  const knote = changetype<Knote>(member);
  return hashOf(knote.ident, knote.filter);
}

/** The knote of a filter on an ident. */
export function findKnote(queue: Queue, ident: u64, filter: i32): Knote | null {
  let knote = changetype<Knote | null>(chainOf(knotesOf(queue), hashOf(ident, filter)));
  while (knote !== null && (knote.ident !== ident || knote.filter !== filter)) {
    knote = knote.chain;
  }
  return knote;
}

/** Enters a knote; of several with one key the last entered is found. */
export function insertKnote(queue: Queue, knote: Knote): void {
  const table = knotesOf(queue);
  insertMember(table, changetype<usize>(knote), offsetof<Knote>("chain"), hashOfKnote);
}

/** Takes a knote out of the table and off the active list, and frees the knote. */
export function removeKnote(queue: Queue, knote: Knote): void {
  beginGeneration(queue);
  dequeue(queue, knote);
  const table = knotesOf(queue);
  removeMember(table, changetype<usize>(knote), offsetof<Knote>("chain"), hashOfKnote);
  destroyKnote(knote);
}

/** The knote behind `last` in the order of the table, or the first knote of the queue. */
export function knoteAfter(queue: Queue, last: Knote | null): Knote | null {
  let cell = 0;
  if (last !== null) {
    if (last.chain !== null) return last.chain;
    const at = cellOf(knotesOf(queue), hashOfKnote(changetype<usize>(last)));
    cell = (((at - queue.cells) as i32) >> 2) + 1;
  }
  for (; cell < queue.cellCount; cell++) {
    const knote = knoteIn(queue, cell);
    if (knote !== null) return knote;
  }
  return null;
}

/** First knote of the chain in a cell of the table. */
export function knoteIn(queue: Queue, cell: i32): Knote | null {
  return changetype<Knote | null>(load<usize>(queue.cells + ((cell as usize) << 2)));
}

// The active list.

/** Puts a knote at the end of the active list, unless the list has the knote (knote_enqueue). */
export function enqueue(queue: Queue, knote: Knote): void {
  enter(activeOf(queue), changetype<usize>(knote), ACTIVE);
}

export function dequeue(queue: Queue, knote: Knote): void {
  leave(activeOf(queue), changetype<usize>(knote), ACTIVE);
}

/** The event of a knote has happened (KNOTE_ACTIVATE). */
export function activate(queue: Queue, knote: Knote): void {
  knote.status |= STATUS_ACTIVE;
  if (!(knote.status & STATUS_DISABLED)) enqueue(queue, knote);
}

/** The event of a knote has not happened, or no longer counts. */
export function deactivate(queue: Queue, knote: Knote): void {
  dequeue(queue, knote);
  knote.status &= ~STATUS_ACTIVE;
}

// The lists of filters.

export function list(members: List, knote: ListedKnote): void {
  append(members, changetype<usize>(knote), LISTED);
}

export function unlist(members: List, knote: ListedKnote): void {
  if (isListed(members, changetype<usize>(knote), LISTED)) {
    remove(members, changetype<usize>(knote), LISTED);
  }
}

/** The knote that was listed last. Events go to the newest knote first, as from a knlist. */
export function lastOf(members: List): ListedKnote | null {
  return changetype<ListedKnote | null>(members.last);
}
