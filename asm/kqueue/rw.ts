// EVFILT_READ and EVFILT_WRITE. A knote is one entry of an epoll set, so that closing the
// descriptor ends it, and the kernel says when it is ready; `data` is asked for, in one host call
// for all events of a scan. The two filters of one descriptor are in two sets.
//
// What epoll reports and kqueue would not (too few bytes for NOTE_LOWAT, the hang-up of a socket
// that was never connected) mutes the entry: reported at changes only, until it counts again. Of
// room for more bytes, and of a Unix socket that connects, the kernel reports no change: WRITE
// knotes that are muted, all with NOTE_LOWAT among them, are looked at every few milliseconds.

import {
  ACCESS_NAMED,
  ACCESS_READ,
  ACCESS_WRITE,
  DATA_BACKLOG,
  DATA_COUNTER,
  DATA_ERROR,
  DATA_FD,
  DATA_FILE,
  DATA_OPEN,
  DATA_PIPE_ROOM,
  DATA_READABLE,
  DATA_SENDABLE,
  DATA_STATE,
  DATA_STATE_ERRNO,
  DATA_STATE_SHUT_WRITE,
  DATA_STATE_UNCONNECTED,
  DATA_UNREAD,
  DATA_VALUE,
  DATA_WHAT,
  DATA_WITH_STATE,
  EBADF,
  EEXIST,
  EINVAL,
  ENODEV,
  ENOSYS,
  EPERM,
  EPIPE,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EV_CLEAR,
  EV_DISPATCH,
  EV_EOF,
  EVENT_ERR,
  EVENT_ET,
  EVENT_HUP,
  EVENT_IN,
  EVENT_ONESHOT,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_RDHUP,
  FD_DATAGRAM,
  FD_DIRECTORY,
  FD_EPOLL,
  FD_EVENTFD,
  FD_FILE,
  FD_LISTENER,
  FD_PIPE,
  FD_STREAM,
  FD_TERMINAL,
  FILTER_READ,
  NOTE_FILE_POLL,
  NOTE_LOWAT,
  STAT_BYTES,
  STAT_FLAGS,
  STAT_KIND,
} from "../abi";
import * as calls from "../kernel";
import * as host from "../host";
import {
  Knote,
  SET_FILES,
  SET_MAIN,
  SET_NONE,
  SET_SECOND,
  STATUS_DISABLED,
  STATUS_MARKED,
  STATUS_MUTED,
} from "./knote";
import { harvest } from "./harvest";
import { activate, addSource, Queue, queueOf } from "./queue";
import { readyRoom, stat } from "./scratch";
import { identify, sameFile } from "./identity";
import { unwatch, watchFile } from "./vnode";
import { settleWake } from "./wake";

/** EFD_MAX of FreeBSD: an eventfd holds one less than 2^64 - 1. */
const EVENTFD_MAX: u64 = u64.MAX_VALUE - 1;
/** A pipe is writable with room for this much (PIPE_BUF). */
const WHOLE_WRITE: i64 = 4096;

/**
 * The events a knote waits for. PRI of a stream is no event of READ: it tells that FIONREAD ends at
 * an urgent mark.
 */
export function interestOf(knote: Knote): u32 {
  if (knote.filter !== FILTER_READ) return EVENT_OUT;
  // A muted knote that knows of a mark is quiet: an outer queue must not take PRI for an event.
  const quiet = (knote.status & (STATUS_MARKED | STATUS_MUTED)) === (STATUS_MARKED | STATUS_MUTED);
  const marks: u32 = knote.kind === FD_STREAM && !quiet ? EVENT_PRI : 0;
  return EVENT_IN | EVENT_RDHUP | marks;
}

/** What epoll is asked for on behalf of a knote, as things stand. */
export function maskOf(knote: Knote): u32 {
  if (knote.status & STATUS_DISABLED) return EVENT_ET;
  let mask = interestOf(knote);
  const muted = (knote.status & STATUS_MUTED) !== 0;
  if ((knote.flags & EV_CLEAR) !== 0 || muted) mask |= EVENT_ET;
  // Not while muted: what does not count must not disable the entry, nor re-enabling report it.
  if ((knote.flags & EV_DISPATCH) !== 0 && !muted) mask |= EVENT_ONESHOT;
  return mask;
}

function entrySet(queue: Queue, knote: Knote): i32 {
  return knote.set === SET_SECOND ? queue.second : queue.epfd;
}

/** What to ask for `data` of this filter on a descriptor of this kind; -1: it never fires. */
function questionOf(knote: Knote, access: u32): i32 {
  const kind = knote.kind;
  const reads = knote.filter === FILTER_READ;
  // An end of a pipe that does not go this way is accepted and stays silent (pipe_nfiltops).
  if (kind === FD_PIPE && !(access & (reads ? ACCESS_READ : ACCESS_WRITE))) return -1;
  if (kind === FD_FILE || kind === FD_DIRECTORY) return reads ? DATA_FILE : DATA_OPEN;
  if (kind === FD_LISTENER) return reads ? DATA_BACKLOG : -1;
  if (kind === FD_EVENTFD) return DATA_COUNTER;
  if (kind === FD_EPOLL) return DATA_OPEN;
  if (reads) return DATA_READABLE;
  if (kind === FD_PIPE) return DATA_PIPE_ROOM;
  return kind === FD_STREAM || kind === FD_DATAGRAM ? DATA_SENDABLE : DATA_OPEN;
}

/** Adds the entry of a knote to the main set, or to the second one if that has the descriptor. */
function addEntry(queue: Queue, knote: Knote): i32 {
  const fd = knote.ident as i32;
  const mask = maskOf(knote);
  knote.set = SET_MAIN;
  let result = calls.epoll_ctl(queue.epfd, EPOLL_CTL_ADD, fd, mask);
  if (result !== -EEXIST) return result;
  if (queue.second < 0) {
    const second = addSource(queue, calls.epoll_create1(EPOLL_CLOEXEC));
    if (second < 0) return second;
    queue.second = second;
  }
  knote.set = SET_SECOND;
  result = calls.epoll_ctl(queue.second, EPOLL_CTL_ADD, fd, mask);
  return result;
}

/** f_attach: starts watching a descriptor. 0 or a negative errno. */
export function attachDescriptor(queue: Queue, knote: Knote): i32 {
  const fd = knote.ident as i32;
  const known = identify(knote);
  if (known < 0) return known;
  knote.kind = calls.isEmulatedEpoll(fd) ? FD_EPOLL : load<i32>(stat + STAT_KIND);
  knote.mask = 0;
  const access = load<u32>(stat + STAT_FLAGS);
  knote.what = questionOf(knote, access);
  const reads = knote.filter === FILTER_READ;

  if (knote.kind === FD_EPOLL && (!reads || fd === queue.epfd)) return -EINVAL;
  if (knote.what < 0) return 0;
  if (knote.kind === FD_FILE || knote.kind === FD_DIRECTORY) {
    // What is always ready fires again with EV_CLEAR when the file is written to.
    if (reads || knote.flags & EV_CLEAR) {
      const watched = watchFile(queue, knote);
      if (watched < 0 && watched !== -ENOSYS) return watched; // lookAtFiles does without
    }
    knote.set = SET_FILES;
    knote.listed = queue.files;
    queue.files = knote;
    return 0;
  }
  // A pipe whose reader is gone cannot be added (FreeBSD's pipe_kqfilter); a FIFO may get another.
  if (knote.kind === FD_PIPE && !reads && !(access & ACCESS_NAMED)) {
    if (pollOnce(fd, EVENT_OUT) & EVENT_ERR) return -EPIPE;
  }
  setMuted(queue, knote, isMeasured(knote));
  const result = addEntry(queue, knote);
  if (result < 0) setMuted(queue, knote, false);
  // What epoll refuses and is no file is a device that nothing waits for (no_kqfilter).
  if (result === -EPERM) return -ENODEV;
  return result;
}

/** What poll(2) says of one descriptor now. */
function pollOnce(fd: i32, want: u32): u32 {
  store<i32>(stat, fd);
  store<u16>(stat, want as u16, 4);
  store<u16>(stat, 0, 6);
  return calls.poll(stat, 1, 0) > 0 ? load<u16>(stat, 6) : 0;
}

/** f_detach: stops watching. 0, or why the kernel knew nothing of it: -EBADF, -ENOENT. */
export function detachDescriptor(queue: Queue, knote: Knote): i32 {
  if (knote.set === SET_FILES) {
    unlist(queue, knote);
    if (knote.source >= 0) unwatch(queue, knote);
    return sameFile(knote);
  }
  if (knote.set === SET_NONE) return sameFile(knote);
  setMuted(queue, knote, false);
  const same = isSame(queue, knote);
  const gone = calls.epoll_ctl(entrySet(queue, knote), EPOLL_CTL_DEL, knote.ident as i32, 0);
  // It was closed behind our back. If a dup keeps the file open, so does the kernel the entry.
  if (gone < 0) queue.stale = calls.hasEpoll();
  return same < 0 ? same : gone;
}

/**
 * Whether the descriptor is the one that was registered, where the kernel would not notice: it may
 * still have an entry of the file that has the number now. 0, -EBADF or -ENOENT.
 */
function isSame(queue: Queue, knote: Knote): i32 {
  return queue.stale ? sameFile(knote) : 0;
}

function unlist(queue: Queue, knote: Knote): void {
  if (queue.files === knote) {
    queue.files = knote.listed;
    return;
  }
  let other: Knote | null = queue.files;
  while (other !== null && other.listed !== knote) other = other.listed;
  if (other !== null) other.listed = knote.listed;
}

/**
 * Tells the kernel of changed flags. Modifying also makes it report anew what is ready, as every
 * touch of a knote does in FreeBSD. -EBADF or -ENOENT: the descriptor is not the one it was.
 */
export function touchDescriptor(queue: Queue, knote: Knote): i32 {
  const entry = knote.set === SET_MAIN || knote.set === SET_SECOND;
  setMuted(queue, knote, entry && isMeasured(knote));
  if (!entry) return sameFile(knote);
  const same = isSame(queue, knote);
  return same < 0 ? same : rearm(queue, knote);
}

/** Whether how much room there is counts, and not what the kernel thinks of it (NOTE_LOWAT). */
function isMeasured(knote: Knote): bool {
  if (knote.filter === FILTER_READ || !(knote.sfflags & NOTE_LOWAT)) return false;
  const kind = knote.kind;
  return kind === FD_STREAM || kind === FD_DATAGRAM || kind === FD_PIPE;
}

/** Mutes a knote, or not; the kernel is to be told. */
function setMuted(queue: Queue, knote: Knote, muted: bool): void {
  if (muted === ((knote.status & STATUS_MUTED) !== 0)) return;
  knote.status ^= STATUS_MUTED;
  if (knote.set === SET_FILES || knote.filter === FILTER_READ) return;
  if (muted) {
    knote.listed = queue.writers;
    queue.writers = knote;
  } else if (queue.writers === knote) {
    queue.writers = knote.listed;
  } else {
    let other: Knote | null = queue.writers;
    while (other !== null && other.listed !== knote) other = other.listed;
    if (other !== null) other.listed = knote.listed;
  }
}

/** The kernel has no entry of a knote any more. */
export function forgetEntry(queue: Queue, knote: Knote): void {
  setMuted(queue, knote, false);
  knote.set = SET_NONE;
}

/** Gives the kernel the mask of a knote once more. */
export function rearm(queue: Queue, knote: Knote): i32 {
  if (knote.set !== SET_MAIN && knote.set !== SET_SECOND) return 0;
  return calls.epoll_ctl(entrySet(queue, knote), EPOLL_CTL_MOD, knote.ident as i32, maskOf(knote));
}

/** Writes the question for `data` of a knote as the data record at `at`. */
export function askData(knote: Knote, at: usize): void {
  let what = knote.what;
  const sockets = knote.kind === FD_STREAM || knote.kind === FD_DATAGRAM;
  const hangs = (knote.mask & (EVENT_HUP | EVENT_ERR)) !== 0;
  if (sockets && (hangs || knote.filter !== FILTER_READ)) what |= DATA_WITH_STATE;
  store<i32>(at + DATA_FD, knote.ident as i32);
  store<i32>(at + DATA_WHAT, what);
}

/**
 * f_event: whether a knote's condition holds, from what epoll reported (`mask`) and the answered
 * data record at `at`. Sets `data`, `fflags` and EV_EOF. -EBADF if the descriptor is closed.
 */
export function testDescriptor(queue: Queue, knote: Knote, at: usize): i32 {
  if (load<i32>(at + DATA_ERROR) === -EBADF) return -EBADF;
  // A socket that listens since it was registered.
  if (knote.kind === FD_STREAM && load<i32>(at + DATA_ERROR) === -EINVAL) askListener(knote, at);
  const value = load<i64>(at + DATA_VALUE);
  const state = load<u32>(at + DATA_STATE);
  const holds =
    knote.filter === FILTER_READ ? testRead(knote, value, state) : testWrite(knote, value, state);
  if (knote.set === SET_FILES) {
    // Until the file is written to.
    if (holds && knote.flags & EV_CLEAR) muteFile(knote);
    return holds ? 1 : 0;
  }
  const before = maskOf(knote);
  // With EV_CLEAR, what has been reported is not looked at again before the kernel says so.
  setMuted(queue, knote, !holds || (isMeasured(knote) && !(knote.flags & EV_CLEAR)));
  if (maskOf(knote) !== before && rearm(queue, knote) < 0) return -EBADF;
  return holds ? 1 : 0;
}

/** Keeps quiet of a file until it is written to: inotify tells, or its size does. */
function muteFile(knote: Knote): void {
  knote.status |= STATUS_MUTED;
  if (knote.source < 0 && sameFile(knote) === 0) knote.bytes = load<i64>(stat + STAT_BYTES);
}

/** Whether a file that inotify does not watch has another size than when it was muted. */
function isResized(knote: Knote): bool {
  if (knote.source >= 0 || !(knote.status & STATUS_MUTED) || sameFile(knote) < 0) return false;
  return knote.bytes !== load<i64>(stat + STAT_BYTES);
}

/** Looks again what a socket is; asks once more if it listens. */
function askListener(knote: Knote, at: usize): void {
  if (host.fd_stat(knote.ident as i32, stat) < 0) return;
  if (load<i32>(stat + STAT_KIND) !== FD_LISTENER || knote.filter !== FILTER_READ) return;
  knote.kind = FD_LISTENER;
  knote.what = DATA_BACKLOG;
  askData(knote, at);
  host.fd_data(at, 1);
}

function hungUp(knote: Knote, state: u32): bool {
  knote.flags |= EV_EOF;
  knote.fflags = state & DATA_STATE_ERRNO;
  return true;
}

/**
 * Whether no number of bytes is too small for a READ knote: a socket's, with NOTE_LOWAT 0. Such a
 * knote is active without an event of the kernel (filt_soread: kn_data >= kn_sdata).
 */
export function isUnconditional(knote: Knote): bool {
  if (knote.filter !== FILTER_READ || !(knote.sfflags & NOTE_LOWAT)) return false;
  return knote.sdata <= 0 && (knote.kind === FD_STREAM || knote.kind === FD_DATAGRAM);
}

/** Whether there is as much as asked for, where that is up to the program. */
function isEnough(knote: Knote, ready: bool): bool {
  return knote.sfflags & NOTE_LOWAT ? knote.data >= knote.sdata : ready;
}

/**
 * Whether a read of a stream that has not ended would give something; sets `data` to all of it.
 * FIONREAD (tcp_inq) ends at an urgent mark: the kernel is asked for more than that where a mark was
 * seen, and where FIONREAD is less than the event promises. Of a socket without marks poll(2) is
 * believed: it tells of an empty record of SOCK_SEQPACKET.
 */
function testStream(knote: Knote): bool {
  const ready = (knote.mask & EVENT_IN) !== 0;
  const lowest: i64 = knote.sfflags & NOTE_LOWAT ? knote.sdata : 1;
  const isMarked = (knote.mask & EVENT_PRI) !== 0 || (knote.status & STATUS_MARKED) !== 0;
  if (!isMarked && (!ready || knote.data >= lowest)) return isEnough(knote, ready);

  const untilMark = knote.data;
  store<i32>(stat + DATA_FD, knote.ident as i32);
  store<i32>(stat + DATA_WHAT, DATA_UNREAD);
  if (host.fd_data(stat, 1) < 0 || load<i32>(stat + DATA_ERROR) !== 0) {
    return isEnough(knote, ready);
  }
  knote.data = load<i64>(stat + DATA_VALUE);
  // The program may take the urgent byte and leave the mark, of which poll(2) does not tell then.
  if (knote.data !== untilMark || knote.mask & EVENT_PRI) knote.status |= STATUS_MARKED;
  else knote.status &= ~STATUS_MARKED;
  return isEnough(knote, ready && knote.data > 0);
}

function testRead(knote: Knote, value: i64, state: u32): bool {
  const mask = knote.mask;
  const kind = knote.kind;
  const hangs = (mask & (EVENT_RDHUP | EVENT_HUP | EVENT_ERR)) !== 0;
  knote.data = value;
  knote.flags &= ~EV_EOF;
  knote.fflags = 0;
  if (knote.set === SET_FILES) return value !== 0 || (knote.sfflags & NOTE_FILE_POLL) !== 0;
  if (kind === FD_EPOLL) {
    const inner = queueOf(knote.ident as i32);
    if (inner === null) knote.data = 1;
    // Looking would be a change of the inner queue, and with EV_CLEAR another event of the outer.
    else if (knote.flags & EV_CLEAR) knote.data = max(inner.line, 1);
    else knote.data = countActive(inner);
    return knote.data > 0;
  }
  if (kind === FD_STREAM) {
    const fresh = (state & DATA_STATE_UNCONNECTED) !== 0 && !(mask & EVENT_RDHUP);
    if (fresh) return isUnconditional(knote);
    const ready = testStream(knote);
    return hangs ? hungUp(knote, state) : ready;
  }
  if (kind === FD_PIPE) return mask & EVENT_HUP ? hungUp(knote, 0) : isEnough(knote, value > 0);
  if (kind === FD_LISTENER && hangs) return hungUp(knote, state);
  if (kind === FD_DATAGRAM) {
    if (mask & (EVENT_HUP | EVENT_RDHUP)) return hungUp(knote, state);
    return (mask & EVENT_ERR) !== 0 || isEnough(knote, (mask & EVENT_IN) !== 0);
  }
  if (kind === FD_TERMINAL) {
    if (mask & EVENT_HUP) return hungUp(knote, 0);
    // An end of file that was typed is no byte to Linux, and one to FreeBSD.
    if (mask & EVENT_IN) knote.data = max(value, 1);
  }
  // A ready descriptor without bytes: a timer, an event.
  return (mask & (EVENT_IN | EVENT_ERR)) !== 0;
}

/** kq_count of a queue that is watched by another: takes what its kernel has to say into its line. */
function countActive(inner: Queue): i32 {
  harvest(inner, readyRoom(), 0, false);
  settleWake(inner);
  return inner.line;
}

function testWrite(knote: Knote, value: i64, state: u32): bool {
  const mask = knote.mask;
  const kind = knote.kind;
  const hangs = (mask & (EVENT_HUP | EVENT_ERR)) !== 0;
  knote.data = kind === FD_EVENTFD ? ((EVENTFD_MAX - (value as u64)) as i64) : value;
  knote.flags &= ~EV_EOF;
  knote.fflags = 0;
  if (knote.set === SET_FILES) return true;
  if (kind === FD_PIPE) {
    if (mask & EVENT_ERR) {
      knote.data = 0;
      return hungUp(knote, 0);
    }
    if (knote.sfflags & NOTE_LOWAT) return value >= knote.sdata;
    // Linux counts pages, FreeBSD bytes: what the kernel reports counts, at least so much.
    knote.data = max(value, WHOLE_WRITE);
    return (mask & EVENT_OUT) !== 0;
  }
  if (kind === FD_STREAM) {
    if ((state & DATA_STATE_UNCONNECTED) !== 0 && !(state & DATA_STATE_ERRNO)) return false;
    if (hangs || (state & DATA_STATE_SHUT_WRITE) !== 0) return hungUp(knote, state);
    return isEnough(knote, (mask & EVENT_OUT) !== 0);
  }
  if (kind === FD_DATAGRAM) {
    if (mask & EVENT_HUP) return hungUp(knote, state);
    return hangs || isEnough(knote, (mask & EVENT_OUT) !== 0);
  }
  if (kind === FD_TERMINAL && hangs) return hungUp(knote, 0);
  return (mask & (EVENT_OUT | EVENT_ERR)) !== 0;
}

/** Enters the files of a queue into the line, to be tested: nobody else says that one is ready. */
export function lookAtFiles(queue: Queue): void {
  let knote: Knote | null = queue.files;
  while (knote !== null) {
    if (isResized(knote)) knote.status &= ~STATUS_MUTED;
    if (!(knote.status & (STATUS_DISABLED | STATUS_MUTED))) activate(queue, knote);
    knote = knote.listed;
  }
}

/** Enters the muted WRITE knotes of a queue into the line, to be tested anew. */
export function lookAtWriters(queue: Queue): void {
  let knote: Knote | null = queue.writers;
  while (knote !== null) {
    if (!(knote.status & STATUS_DISABLED)) {
      knote.stamp = queue.stamp - 1;
      activate(queue, knote);
    }
    knote = knote.listed;
  }
}
