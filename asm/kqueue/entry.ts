// The epoll entry of a READ or WRITE knote. Each such knote is one entry of an epoll set, so that
// closing the descriptor ends the knote and the kernel reports when the descriptor is ready. The two
// filters of one descriptor are in two sets.
//
// epoll reports more than kqueue: too few bytes for NOTE_LOWAT, the hang-up of a socket that was never
// connected. A test that fails mutes the knote: its entry reports edges only, until a test holds. For
// more room and for a Unix socket that connects the kernel makes no edge: a wait tests muted WRITE
// knotes, all with NOTE_LOWAT among them, every RESCAN_MS.

import {
  EEXIST,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EV_CLEAR,
  EV_DISPATCH,
  EVENT_ET,
  EVENT_IN,
  EVENT_ONESHOT,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_RDHUP,
  FD_DATAGRAM,
  FD_PIPE,
  FD_STREAM,
  FILTER_READ,
  FILTER_WRITE,
  NOTE_LOWAT,
} from "../abi";
import * as kernel from "../kernel";
import { KeventRecord } from "../records";
import { touchKnote } from "./filter";
import { sameFile } from "./identity";
import {
  assertKnote,
  DescriptorKnote,
  isReadOrWrite,
  Knote,
  SET_FILES,
  SET_MAIN,
  SET_NONE,
  SET_SECOND,
  STATUS_DISABLED,
  STATUS_MARKED,
  STATUS_MUTED,
} from "./knote";
import { activate, findKnote, lastOf, list, Queue, unlist, writersOf } from "./queue";
import { addSource, onClose, SOURCE_SECOND, sourceFd } from "./source";

/** A READ or WRITE knote. */
@unmanaged
export class EntryKnote extends DescriptorKnote {
  /** The events that the kernel reported last, and in which harvest. */
  mask: u32;
  harvestId: i32;
  /** Of a muted file that inotify does not watch: its size. */
  bytes: i64;
}

assertKnote<EntryKnote>();

function closeSet(_queue: Queue, fd: i32): void {
  kernel.close(fd);
}

onClose(SOURCE_SECOND, closeSet);

/** Whether a knote has an entry in one of the queue's epoll sets. */
export function hasEntry(knote: EntryKnote): bool {
  return knote.set === SET_MAIN || knote.set === SET_SECOND;
}

/** The knote whose entry in a set, SET_*, has this descriptor. */
export function entryOf(queue: Queue, fd: i32, set: u8): EntryKnote | null {
  const reader = findKnote(queue, fd, FILTER_READ);
  if (reader !== null && reader.set === set) return changetype<EntryKnote>(reader);
  const writer = findKnote(queue, fd, FILTER_WRITE);
  return writer !== null && writer.set === set ? changetype<EntryKnote>(writer) : null;
}

/** Descriptor of the epoll set that has the entry of a knote. */
export function setFd(queue: Queue, set: u8): i32 {
  return set === SET_SECOND ? sourceFd(queue, SOURCE_SECOND) : queue.epfd;
}

/**
 * The events a knote waits for. PRI of a stream is no event of READ: it shows that FIONREAD ends at
 * an urgent mark.
 */
export function interestOf(knote: EntryKnote): u32 {
  if (knote.filter !== FILTER_READ) return EVENT_OUT;
  // While a knote with a mark is muted, its entry leaves PRI out: an outer queue must not take PRI for an
  // event. With EV_CLEAR the entry stays as it is, since a change would report the last edge again.
  const isMarked = (knote.status & STATUS_MARKED) !== 0 && (knote.status & STATUS_MUTED) !== 0;
  const leavesOut = isMarked && !(knote.flags & EV_CLEAR);
  const marks: u32 = knote.kind === FD_STREAM && !leavesOut ? EVENT_PRI : 0;
  return EVENT_IN | EVENT_RDHUP | marks;
}

/** The mask of a knote's entry: EV_CLEAR is EPOLLET, EV_DISPATCH is EPOLLONESHOT. */
export function maskOf(knote: EntryKnote): u32 {
  if (knote.status & STATUS_DISABLED) return EVENT_ET;
  let mask = interestOf(knote);
  const isMuted = (knote.status & STATUS_MUTED) !== 0;
  if ((knote.flags & EV_CLEAR) !== 0 || isMuted) mask |= EVENT_ET;
  // Not while muted: a failing test must not disable the entry, nor re-enabling report the knote.
  if ((knote.flags & EV_DISPATCH) !== 0 && !isMuted) mask |= EVENT_ONESHOT;
  return mask;
}

/** Adds the entry of a knote to the main set, or to the second set if the main one has the descriptor. */
export function addEntry(queue: Queue, knote: EntryKnote): i32 {
  const fd = knote.ident as i32;
  const mask = maskOf(knote);
  knote.set = SET_MAIN;
  const result = kernel.epoll_ctl(queue.epfd, EPOLL_CTL_ADD, fd, mask);
  if (result !== -EEXIST) return result;
  if (sourceFd(queue, SOURCE_SECOND) < 0) {
    const added = addSource(queue, SOURCE_SECOND, kernel.epoll_create1(EPOLL_CLOEXEC));
    if (added < 0) return added;
  }
  knote.set = SET_SECOND;
  return kernel.epoll_ctl(setFd(queue, SET_SECOND), EPOLL_CTL_ADD, fd, mask);
}

/** Deletes the entry of a knote. 0 or a negative errno. */
export function deleteEntry(queue: Queue, knote: EntryKnote): i32 {
  return kernel.epoll_ctl(setFd(queue, knote.set), EPOLL_CTL_DEL, knote.ident as i32, 0);
}

/** Gives the kernel the mask of a knote once more; the kernel reports again what is ready then. */
export function rearm(queue: Queue, knote: EntryKnote): i32 {
  if (!hasEntry(knote)) return 0;
  const fd = knote.ident as i32;
  return kernel.epoll_ctl(setFd(queue, knote.set), EPOLL_CTL_MOD, fd, maskOf(knote));
}

/** The kernel has no entry of a knote any more. */
export function forgetEntry(queue: Queue, knote: EntryKnote): void {
  setMuted(queue, knote, false);
  knote.set = SET_NONE;
}

/**
 * Whether the descriptor is the one that was registered, where the kernel would not notice: its set may
 * still have an entry of the file that had the number before. 0, -EBADF or -ENOENT.
 */
export function checkEntry(queue: Queue, knote: EntryKnote): i32 {
  return queue.isStale ? sameFile(knote) : 0;
}

/** Whether NOTE_LOWAT decides about a WRITE knote, and not what the kernel calls writable. */
export function isMeasured(knote: EntryKnote): bool {
  if (knote.filter === FILTER_READ || !(knote.sfflags & NOTE_LOWAT)) return false;
  const kind = knote.kind;
  return kind === FD_STREAM || kind === FD_DATAGRAM || kind === FD_PIPE;
}

/**
 * Whether no number of bytes is too small for a READ knote: a socket's, with NOTE_LOWAT 0. Such a
 * knote is active without an event of the kernel (filt_soread: kn_data >= kn_sdata).
 */
export function isUnconditional(knote: EntryKnote): bool {
  if (knote.filter !== FILTER_READ || !(knote.sfflags & NOTE_LOWAT)) return false;
  return knote.sdata <= 0 && (knote.kind === FD_STREAM || knote.kind === FD_DATAGRAM);
}

function toggleMuted(queue: Queue, knote: EntryKnote, isMuted: bool): void {
  knote.status ^= STATUS_MUTED;
  if (knote.set === SET_FILES || knote.filter === FILTER_READ) return;
  if (isMuted) list(writersOf(queue), knote);
  else unlist(writersOf(queue), knote);
}

/** Mutes a knote, or ends that. The caller rearms the entry. */
export function setMuted(queue: Queue, knote: EntryKnote, isMuted: bool): void {
  if (isMuted !== ((knote.status & STATUS_MUTED) !== 0)) toggleMuted(queue, knote, isMuted);
}

/**
 * f_touch of READ and WRITE: gives the kernel the changed flags. Modifying an entry also makes the
 * kernel report again what is ready, as every touch of a knote does in FreeBSD. -EBADF or -ENOENT: the
 * descriptor is not the one that was registered.
 */
export function touchEntry(queue: Queue, made: Knote, change: KeventRecord): i32 {
  const knote = changetype<EntryKnote>(made);
  touchKnote(queue, knote, change);
  const isEntry = hasEntry(knote);
  setMuted(queue, knote, isEntry && isMeasured(knote));
  if (!isEntry) return sameFile(knote);
  const same = checkEntry(queue, knote);
  return same < 0 ? same : rearm(queue, knote);
}

/**
 * Whether the kernel reports a knote whenever the condition holds: after a change, and again after a
 * report. Nothing but a READ or WRITE knote has an entry; one that has none never fires.
 */
export function isReportedByKernel(knote: Knote): bool {
  if (!isReadOrWrite(knote) || knote.set === SET_FILES) return false;
  return !isUnconditional(changetype<EntryKnote>(knote));
}

/** The kernel reported a knote. */
export function noteReport(queue: Queue, knote: EntryKnote, mask: u32): void {
  if (knote.status & STATUS_DISABLED) return;
  knote.mask = mask;
  knote.harvestId = queue.harvestId;
  activate(queue, knote);
}

/** Puts the muted WRITE knotes of a queue on the active list: the next scan tests them again. */
export function rescanWriters(queue: Queue): void {
  let knote = changetype<EntryKnote | null>(lastOf(writersOf(queue)));
  while (knote !== null) {
    if (!(knote.status & STATUS_DISABLED)) {
      knote.harvestId = queue.harvestId - 1;
      activate(queue, knote);
    }
    knote = changetype<EntryKnote | null>(knote.listedBefore);
  }
}
