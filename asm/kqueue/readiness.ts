// f_event of READ and WRITE: whether the condition holds, from epoll's report (`mask`) and the host's
// answer about `data`. Each kind of descriptor and direction has a function; `readOther` and
// `writeOther` serve the kinds without one.

import {
  ACCESS_READ,
  ACCESS_WRITE,
  DATA_BACKLOG,
  DATA_COUNTER,
  DATA_FILE,
  DATA_OPEN,
  DATA_PIPE_ROOM,
  DATA_READABLE,
  DATA_SENDABLE,
  DATA_SIZE,
  DATA_STATE_ERRNO,
  DATA_STATE_SHUT_WRITE,
  DATA_STATE_UNCONNECTED,
  DATA_UNREAD,
  DATA_WITH_STATE,
  EBADF,
  EINVAL,
  EV_CLEAR,
  EV_EOF,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
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
} from "../abi";
import { kindOf } from "../descriptor";
import * as host from "../host";
import { DataRecord } from "../records";
import { EntryKnote, isMeasured, isUnconditional, maskOf, rearm, setMuted } from "./entry";
import { muteFile } from "./files";
import { harvest } from "./harvest";
import { SET_FILES, STATUS_MARKED } from "./knote";
import { Queue, queueOf } from "./queue";
import { readyRoom } from "./scratch";
import { settleWake } from "./wake";

/** EFD_MAX of FreeBSD: an eventfd holds one less than 2^64 - 1. */
const EVENTFD_MAX: u64 = u64.MAX_VALUE - 1;
/** A pipe is writable with room for this much (PIPE_BUF). */
const WHOLE_WRITE: i64 = 4096;

/** The one question that a test itself asks. */
const own: usize = memory.data(DATA_SIZE, 8);

/** Whether the condition of a knote holds whose `data` is what the host answered. */
type Test = (knote: EntryKnote, state: u32) => bool;

const KINDS = 16;
const reads: usize = memory.data(KINDS * 4, 4);
const writes: usize = memory.data(KINDS * 4, 4);

function setTests(kind: i32, read: Test, write: Test): void {
  store<usize>(reads + ((kind as usize) << 2), changetype<usize>(read));
  store<usize>(writes + ((kind as usize) << 2), changetype<usize>(write));
}

/** DATA_* that tells `data` of a knote, whose descriptor has ACCESS_* `access`; -1: the knote never fires. */
export function questionOf(knote: EntryKnote, access: u32): i32 {
  const kind = knote.kind;
  const isRead = knote.filter === FILTER_READ;
  // The wrong end of a pipe is accepted and never fires (pipe_nfiltops).
  if (kind === FD_PIPE && !(access & (isRead ? ACCESS_READ : ACCESS_WRITE))) return -1;
  if (kind === FD_FILE || kind === FD_DIRECTORY) return isRead ? DATA_FILE : DATA_OPEN;
  if (kind === FD_LISTENER) return isRead ? DATA_BACKLOG : -1;
  if (kind === FD_EVENTFD) return DATA_COUNTER;
  if (kind === FD_EPOLL) return DATA_OPEN;
  if (isRead) return DATA_READABLE;
  if (kind === FD_PIPE) return DATA_PIPE_ROOM;
  return kind === FD_STREAM || kind === FD_DATAGRAM ? DATA_SENDABLE : DATA_OPEN;
}

/** Writes the question for `data` of a knote as the data record at `at`. */
export function writeQuestion(knote: EntryKnote, at: usize): void {
  const record = changetype<DataRecord>(at);
  const isSocket = knote.kind === FD_STREAM || knote.kind === FD_DATAGRAM;
  const hangs = (knote.mask & (EVENT_HUP | EVENT_ERR)) !== 0;
  let what: u32 = knote.question;
  if (isSocket && (hangs || knote.filter !== FILTER_READ)) what |= DATA_WITH_STATE;
  record.fd = knote.ident as i32;
  record.what = what;
}

/** Asks the host about one knote. 0 or a negative errno; the answer is at the result of `answer`. */
function ask(knote: EntryKnote, what: u32): i32 {
  const record = changetype<DataRecord>(own);
  record.fd = knote.ident as i32;
  record.what = what;
  const asked = host.fd_data(own, 1);
  return asked < 0 ? asked : record.error;
}

/** The condition holds because the other end is gone, with the error there is. */
function end(knote: EntryKnote, state: u32): bool {
  knote.flags |= EV_EOF;
  knote.fflags = state & DATA_STATE_ERRNO;
  return true;
}

/** Whether there is as much as NOTE_LOWAT asks for; without NOTE_LOWAT, `isReady` decides. */
function isEnough(knote: EntryKnote, isReady: bool): bool {
  return knote.sfflags & NOTE_LOWAT ? knote.data >= knote.sdata : isReady;
}

/**
 * Whether a read of a stream that has not ended would give something; sets `data` to all of that.
 * FIONREAD (tcp_inq) ends at an urgent mark: the kernel is asked for more than that where a mark was
 * seen, and where FIONREAD is less than the event promises. Of a socket without marks poll(2) is
 * believed: it reports an empty record of SOCK_SEQPACKET.
 */
function hasBytes(knote: EntryKnote): bool {
  const isReady = (knote.mask & EVENT_IN) !== 0;
  const lowest: i64 = knote.sfflags & NOTE_LOWAT ? knote.sdata : 1;
  const isMarked = (knote.mask & EVENT_PRI) !== 0 || (knote.status & STATUS_MARKED) !== 0;
  if (!isMarked && (!isReady || knote.data >= lowest)) return isEnough(knote, isReady);

  if (ask(knote, DATA_UNREAD) < 0) return isEnough(knote, isReady);
  const untilMark = knote.data;
  knote.data = changetype<DataRecord>(own).value;
  // The program may read the urgent byte and leave the mark, which poll(2) does not show then.
  if (knote.data !== untilMark || knote.mask & EVENT_PRI) knote.status |= STATUS_MARKED;
  else knote.status &= ~STATUS_MARKED;
  return isEnough(knote, isReady && knote.data > 0);
}

/** filt_soread of a stream. */
function readStream(knote: EntryKnote, state: u32): bool {
  const mask = knote.mask;
  const isFresh = (state & DATA_STATE_UNCONNECTED) !== 0 && !(mask & EVENT_RDHUP);
  if (isFresh) return isUnconditional(knote);
  const has = hasBytes(knote);
  return mask & (EVENT_RDHUP | EVENT_HUP | EVENT_ERR) ? end(knote, state) : has;
}

/** filt_sowrite of a stream. */
function writeStream(knote: EntryKnote, state: u32): bool {
  const mask = knote.mask;
  if ((state & DATA_STATE_UNCONNECTED) !== 0 && !(state & DATA_STATE_ERRNO)) return false;
  const hangs = (mask & (EVENT_HUP | EVENT_ERR)) !== 0;
  if (hangs || (state & DATA_STATE_SHUT_WRITE) !== 0) return end(knote, state);
  return isEnough(knote, (mask & EVENT_OUT) !== 0);
}

/** filt_soread of a datagram socket, whose error alone makes it readable. */
function readDatagram(knote: EntryKnote, state: u32): bool {
  const mask = knote.mask;
  if (mask & (EVENT_HUP | EVENT_RDHUP)) return end(knote, state);
  return (mask & EVENT_ERR) !== 0 || isEnough(knote, (mask & EVENT_IN) !== 0);
}

function writeDatagram(knote: EntryKnote, state: u32): bool {
  const mask = knote.mask;
  if (mask & EVENT_HUP) return end(knote, state);
  return (mask & EVENT_ERR) !== 0 || isEnough(knote, (mask & EVENT_OUT) !== 0);
}

/** filt_soread of a listener: `data` is how many connections wait. */
function readListener(knote: EntryKnote, state: u32): bool {
  const hangs = (knote.mask & (EVENT_RDHUP | EVENT_HUP | EVENT_ERR)) !== 0;
  return hangs ? end(knote, state) : (knote.mask & EVENT_IN) !== 0;
}

/** filt_piperead. */
function readPipe(knote: EntryKnote, _state: u32): bool {
  return knote.mask & EVENT_HUP ? end(knote, 0) : isEnough(knote, knote.data > 0);
}

/** filt_pipewrite. */
function writePipe(knote: EntryKnote, _state: u32): bool {
  if (knote.mask & EVENT_ERR) {
    knote.data = 0;
    return end(knote, 0);
  }
  if (knote.sfflags & NOTE_LOWAT) return knote.data >= knote.sdata;
  // Linux counts pages, FreeBSD bytes: the kernel decides, and there is room for this much at least.
  knote.data = max(knote.data, WHOLE_WRITE);
  return (knote.mask & EVENT_OUT) !== 0;
}

/** An end of file that was typed is no byte to Linux and one to FreeBSD. */
function readTerminal(knote: EntryKnote, _state: u32): bool {
  if (knote.mask & EVENT_HUP) return end(knote, 0);
  if (knote.mask & EVENT_IN) knote.data = max(knote.data, 1);
  return readOther(knote, 0);
}

function writeTerminal(knote: EntryKnote, _state: u32): bool {
  return knote.mask & (EVENT_HUP | EVENT_ERR) ? end(knote, 0) : writeOther(knote, 0);
}

function writeEventfd(knote: EntryKnote, _state: u32): bool {
  knote.data = (EVENTFD_MAX - (knote.data as u64)) as i64;
  return writeOther(knote, 0);
}

/** kq_count of a queue within: takes what its kernel reports to its active list, and counts that. */
function countActive(inner: Queue): i32 {
  harvest(inner, readyRoom(), 0, false);
  settleWake(inner);
  return inner.activeCount;
}

/** filt_kqueue. An epoll that is no queue of this core counts as one event. */
function readQueue(knote: EntryKnote, _state: u32): bool {
  const inner = queueOf(knote.ident as i32);
  if (inner === null) knote.data = 1;
  // A harvest would change the inner queue, which is one more edge for an EV_CLEAR knote.
  else if (knote.flags & EV_CLEAR) knote.data = max(inner.activeCount, 1);
  else knote.data = countActive(inner);
  return knote.data > 0;
}

/** A descriptor without bytes, such as a timer. */
function readOther(knote: EntryKnote, _state: u32): bool {
  return (knote.mask & (EVENT_IN | EVENT_ERR)) !== 0;
}

function writeOther(knote: EntryKnote, _state: u32): bool {
  return (knote.mask & (EVENT_OUT | EVENT_ERR)) !== 0;
}

for (let kind = 0; kind < KINDS; kind++) setTests(kind, readOther, writeOther);
setTests(FD_STREAM, readStream, writeStream);
setTests(FD_DATAGRAM, readDatagram, writeDatagram);
setTests(FD_LISTENER, readListener, writeOther);
setTests(FD_PIPE, readPipe, writePipe);
setTests(FD_TERMINAL, readTerminal, writeTerminal);
setTests(FD_EVENTFD, readOther, writeEventfd);
setTests(FD_EPOLL, readQueue, writeOther);

/** A socket may listen since it was registered: asks once more then. */
function askListener(knote: EntryKnote, at: usize): void {
  if (kindOf(knote.ident as i32) !== FD_LISTENER || knote.filter !== FILTER_READ) return;
  knote.kind = FD_LISTENER as u8;
  knote.question = DATA_BACKLOG as i16;
  writeQuestion(knote, at);
  host.fd_data(at, 1);
}

/** filt_vfsread and filt_vfswrite: at the end of a file, READ waits for more. */
function testFile(knote: EntryKnote): bool {
  const isReady =
    knote.filter !== FILTER_READ || knote.data !== 0 || (knote.sfflags & NOTE_FILE_POLL) !== 0;
  if (isReady && knote.flags & EV_CLEAR) muteFile(knote);
  return isReady;
}

function test(knote: EntryKnote, state: u32): bool {
  const tests = knote.filter === FILTER_READ ? reads : writes;
  return changetype<Test>(load<usize>(tests + ((knote.kind as usize) << 2)))(knote, state);
}

/**
 * Whether the condition of a knote holds, from the answered data record at `at`; sets `data`, `fflags`
 * and EV_EOF, and mutes the knote if it does not hold. -EBADF if the descriptor is closed.
 */
export function testKnote(queue: Queue, knote: EntryKnote, at: usize): i32 {
  const record = changetype<DataRecord>(at);
  if (record.error === -EBADF) return -EBADF;
  if (knote.kind === FD_STREAM && record.error === -EINVAL) askListener(knote, at);
  knote.data = record.value;
  knote.flags &= ~EV_EOF;
  knote.fflags = 0;
  if (knote.set === SET_FILES) return testFile(knote) ? 1 : 0;

  const before = maskOf(knote);
  const holds = test(knote, record.state);
  // An edge that was reported is not tested again before the kernel reports the next.
  setMuted(queue, knote, !holds || (isMeasured(knote) && !(knote.flags & EV_CLEAR)));
  if (maskOf(knote) !== before && rearm(queue, knote) < 0) return -EBADF;
  return holds ? 1 : 0;
}

/** Asks about one knote and tests the knote. 1, 0 or -EBADF. */
export function testNow(queue: Queue, knote: EntryKnote): i32 {
  writeQuestion(knote, own);
  return host.fd_data(own, 1) === 0 ? testKnote(queue, knote, own) : 0;
}
