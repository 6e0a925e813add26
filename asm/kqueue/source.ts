// Sources: descriptors of our own in a queue's main set, from which filters learn what happened. Most
// kinds are shared by all knotes of a filter and exist once in a queue. A pidfd and the counter of a
// signal belong to one knote.
//
// A new kind takes a number in abi.ts, which also decides when its reader is called, and one call of
// `onReadable` in the file of its filter.

import { ENOMEM, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EVENT_IN, SOURCE_KNOTE, SOURCE_WAKE } from "../abi";
import { describe, registration } from "../inspect";
import * as host from "../host";
import * as kernel from "../kernel";
import { allocate, release } from "../memory";
import { cellOf, chainOf, insertInWait, insertMember, removeMember, Table } from "../table";
import { Knote } from "./knote";
import { descriptorsOf, Queue, SOURCE_BYTES, SOURCE_KINDS, sourcesOf, wakeRecordOf } from "./queue";

export {
  SOURCE_SECOND,
  SOURCE_TIMER,
  SOURCE_INOTIFY,
  SOURCE_PARENTS,
  SOURCE_CONNECTOR,
  SOURCE_RTNETLINK,
  SOURCE_POSTS,
  SOURCE_WAKE,
  SOURCE_KNOTE,
} from "../abi";

@unmanaged
export class Source {
  fd: i32;
  /** SOURCE_*. */
  kind: i32;
  /** The owner of a SOURCE_KNOTE, else null. */
  knote: Knote | null;
  chain: Source | null;
}

if (offsetof<Source>() !== SOURCE_BYTES) ERROR("Source: queue.ts has another size");

const CHAIN: usize = offsetof<Source>("chain");

function hashOf(member: usize): u32 {
  return changetype<Source>(member).fd as u32;
}

/** Reads what a source of a queue reports. True if the kernel may have more. */
export type Reader = (queue: Queue) => bool;
/** Closes the descriptor of a source. */
export type Closer = (queue: Queue, fd: i32) => void;

/** The operations of a kind of source. */
@unmanaged
class SourceKind {
  read: Reader;
  close: Closer;
}

const kinds: usize = memory.data(SOURCE_KINDS * 8, 4);
/** Bits of the kinds that have a reader. */
let readable: u32 = 0;

function kindAt(kind: i32): SourceKind {
  return changetype<SourceKind>(kinds + (kind as usize) * offsetof<SourceKind>());
}

function closeDescriptor(_queue: Queue, fd: i32): void {
  host.close(fd);
}

/** Says how a kind of source is closed, if not by close(2). */
export function onClose(kind: i32, close: Closer): void {
  kindAt(kind).close = close;
}

/** Gives a kind of source its reader. */
export function onReadable(kind: i32, read: Reader): void {
  kindAt(kind).read = read;
  readable |= 1 << kind;
}

for (let kind = 0; kind < SOURCE_KINDS; kind++) onClose(kind, closeDescriptor);

/** Descriptor of a shared source, or -1. */
export function sourceFd(queue: Queue, kind: i32): i32 {
  return load<i32>(descriptorsOf(queue) + ((kind as usize) << 2));
}

function setSourceFd(queue: Queue, kind: i32, fd: i32): void {
  store<i32>(descriptorsOf(queue) + ((kind as usize) << 2), fd);
}

/** The source that has a descriptor. */
export function findSource(queue: Queue, fd: i32): Source | null {
  let source = changetype<Source | null>(chainOf(sourcesOf(queue), fd as u32));
  while (source !== null && source.fd !== fd) source = source.chain;
  return source;
}

/** Adds a descriptor to the main set. 0 or a negative errno. */
function enter(queue: Queue, fd: i32, kind: i32, knote: Knote | null): i32 {
  const isWake = kind === SOURCE_WAKE;
  const at = isWake ? wakeRecordOf(queue) : allocate(SOURCE_BYTES);
  if (at === 0) return -ENOMEM;
  const result = kernel.epoll_ctl(queue.epfd, EPOLL_CTL_ADD, fd, EVENT_IN);
  if (result < 0) {
    if (!isWake) release(at, SOURCE_BYTES);
    return result;
  }
  const source = changetype<Source>(at);
  source.fd = fd;
  source.kind = kind;
  source.knote = knote;
  if (isWake) insertInWait(sourcesOf(queue), at, CHAIN, hashOf);
  else insertMember(sourcesOf(queue), at, CHAIN, hashOf);
  return 0;
}

function forget(queue: Queue, source: Source): void {
  removeMember(sourcesOf(queue), changetype<usize>(source), CHAIN, hashOf);
  if (source.kind !== SOURCE_WAKE) release(changetype<usize>(source), SOURCE_BYTES);
}

/**
 * Makes a descriptor that the host has opened, or failed to open, a source that all knotes share.
 * 0 or a negative errno; a descriptor that cannot be entered is closed.
 */
export function addSource(queue: Queue, kind: i32, fd: i32): i32 {
  if (fd < 0) return fd;
  const entered = enter(queue, fd, kind, null);
  if (entered < 0) {
    kindAt(kind).close(queue, fd);
    return entered;
  }
  setSourceFd(queue, kind, fd);
  return 0;
}

/** Makes a descriptor the source of one knote. 0 or a negative errno; the caller closes it. */
export function addKnoteSource(queue: Queue, fd: i32, knote: Knote): i32 {
  return enter(queue, fd, SOURCE_KNOTE, knote);
}

/** Takes the source of a knote out of the main set. The caller closes the descriptor. */
export function removeKnoteSource(queue: Queue, fd: i32): void {
  kernel.epoll_ctl(queue.epfd, EPOLL_CTL_DEL, fd, 0);
  const source = findSource(queue, fd);
  if (source !== null) forget(queue, source);
}

/** Closes the shared sources of a queue that is closed. */
export function closeSources(queue: Queue): void {
  for (let kind = 0; kind < SOURCE_KINDS; kind++) {
    const fd = sourceFd(queue, kind);
    if (fd < 0) continue;
    const source = findSource(queue, fd);
    if (source !== null) forget(queue, source);
    kindAt(kind).close(queue, fd);
    setSourceFd(queue, kind, -1);
  }
}

/** How many events of one wait may be those of sources. */
export function sourceCount(queue: Queue): i32 {
  return queue.sourceCount;
}

/**
 * Reads the shared sources whose bits are set in `pending`, in the order of their numbers. True if the
 * kernel may have more.
 */
export function readSources(queue: Queue, pending: u32): bool {
  let more = false;
  let left = pending & readable;
  while (left !== 0) {
    const kind = ctz<u32>(left);
    left &= left - 1;
    if (kindAt(kind).read(queue)) more = true;
  }
  return more;
}

/** Adds all sources to a new main set, the second set among them. */
export function enterSources(queue: Queue, set: i32): void {
  const table: Table = sourcesOf(queue);
  for (let cell = 0; cell < table.size; cell++) {
    let source = changetype<Source | null>(load<usize>(table.cells + ((cell as usize) << 2)));
    while (source !== null) {
      kernel.epoll_ctl(set, EPOLL_CTL_ADD, source.fd, EVENT_IN);
      source = source.chain;
    }
  }
}

// Reading, for `inspect()`.

/** Address of the source behind `last` in the order of the table, or of the first; 0 at the end. */
export function sourceAfter(queue: Queue, last: usize): usize {
  const table = sourcesOf(queue);
  let at = table.cells;
  if (last !== 0) {
    const chain = changetype<Source>(last).chain;
    if (chain !== null) return changetype<usize>(chain);
    at = cellOf(table, hashOf(last)) + 4;
  }
  const end = table.cells + ((table.size as usize) << 2);
  for (; at < end; at += 4) {
    const source = load<usize>(at);
    if (source !== 0) return source;
  }
  return 0;
}

/** Describes a source: its descriptor as ident, its kind as filter, the owner's filter as flags. */
export function describeSource(at: usize): void {
  const source = changetype<Source>(at);
  const knote = source.knote;
  describe(source.fd, knote === null ? 0 : (knote.filter as u32), 0, 0);
  registration.filter = source.kind;
}
