// EVFILT_PROC: a pidfd reports the end of a process, the process connector what the process does before
// that (which needs CAP_NET_ADMIN; without that the notes are refused).
//
// A knote that follows a child (NOTE_TRACK) may come too late for a pidfd: the connector reports the
// end of the process, too.

import {
  EAGAIN,
  EINVAL,
  ENOENT,
  EOPNOTSUPP,
  EPERM,
  ESRCH,
  EV_CLEAR,
  EV_EOF,
  EV_ONESHOT,
  FILTER_PROC,
  NOTE_CHILD,
  NOTE_EXEC,
  NOTE_EXIT,
  NOTE_FORK,
  NOTE_TRACK,
  NOTE_TRACKERR,
} from "../../abi";
import * as host from "../../host";
import { KeventRecord } from "../../records";
import { addFilter, dropKnote, touchKnote } from "../filter";
import { assertKnote, createKnote, Knote, ListedKnote } from "../knote";
import { activate, insertKnote, lastOf, list, processesOf, Queue, unlist } from "../queue";
import { ENOBUFS, input, INPUT_SIZE } from "../scratch";
import {
  addKnoteSource,
  addSource,
  onReadable,
  removeKnoteSource,
  SOURCE_CONNECTOR,
  sourceFd,
} from "../source";

/** Notes that only the connector reports. */
const LIVE: u32 = NOTE_FORK | NOTE_EXEC | NOTE_TRACK;

// A message of the connector: struct nlmsghdr, struct cn_msg, struct proc_event (cn_proc.h).
const EVENT_WHAT = 36;
const EVENT_DATA = 52;
const EVENT_END = 68;
const PROC_EVENT_FORK: u32 = 0x1;
const PROC_EVENT_EXEC: u32 = 0x2;
const PROC_EVENT_EXIT: u32 = 0x80000000;

@unmanaged
class ProcKnote extends ListedKnote {
  /** The process, or -1. */
  pidfd: i32;
}

assertKnote<ProcKnote>();

function connect(queue: Queue): i32 {
  if (sourceFd(queue, SOURCE_CONNECTOR) >= 0) return 0;
  const added = addSource(queue, SOURCE_CONNECTOR, host.proc_listen());
  return added === -EPERM ? -EOPNOTSUPP : added;
}

/** Opens the pidfd of a knote. */
function openProcess(queue: Queue, knote: ProcKnote): i32 {
  const fd = host.pidfd_open(knote.ident as i32);
  if (fd < 0) return fd;
  const added = addKnoteSource(queue, fd, knote);
  if (added < 0) host.close(fd);
  else knote.pidfd = fd;
  return added;
}

function closeProcess(queue: Queue, knote: ProcKnote): void {
  if (knote.pidfd < 0) return;
  removeKnoteSource(queue, knote.pidfd);
  host.close(knote.pidfd);
  knote.pidfd = -1;
}

/** pidfd_open says EINVAL, later ENOENT, for a thread that leads no process: kqueue knows no such id. */
function processError(errno: i32): i32 {
  return errno === -EINVAL || errno === -ENOENT ? -ESRCH : errno;
}

/** filt_procattach. A zombie is ESRCH, unless the change asks for its end, which is reported at once. */
function attach(queue: Queue, made: Knote): i32 {
  const knote = changetype<ProcKnote>(made);
  knote.pidfd = -1;
  knote.flags |= EV_CLEAR;
  if (knote.ident === 0 || knote.ident > 0x7fffffff) return -ESRCH;
  const opened = openProcess(queue, knote);
  if (opened < 0) return processError(opened);
  let failed = 0;
  const wantsExit = (knote.sfflags & NOTE_EXIT) !== 0;
  if (!wantsExit && host.proc_status(knote.pidfd, knote.ident as i32) !== -EAGAIN) failed = -ESRCH;
  else if (knote.sfflags & LIVE) failed = connect(queue);
  if (failed < 0) closeProcess(queue, knote);
  else list(processesOf(queue), knote);
  return failed;
}

function touch(queue: Queue, knote: Knote, change: KeventRecord): i32 {
  const connected = change.fflags & LIVE ? connect(queue) : 0;
  return connected < 0 ? connected : touchKnote(queue, knote, change);
}

/** filt_procdetach. */
function detach(queue: Queue, made: Knote): i32 {
  const knote = changetype<ProcKnote>(made);
  unlist(processesOf(queue), knote);
  closeProcess(queue, knote);
  return 0;
}

function event(_queue: Queue, knote: Knote): i32 {
  return knote.fflags !== 0 || (knote.flags & EV_EOF) !== 0 ? 1 : 0;
}

/** filt_proc of NOTE_EXIT: the last event of a knote. A knote that did not ask for NOTE_EXIT goes. */
function noteExit(queue: Queue, knote: ProcKnote, status: i32): void {
  detach(queue, knote);
  if (knote.sfflags & NOTE_EXIT) {
    knote.fflags |= NOTE_EXIT;
    knote.data = status;
  }
  knote.flags |= EV_EOF | EV_ONESHOT;
  if (knote.fflags === 0) dropKnote(queue, knote);
  else activate(queue, knote);
}

/** The pidfd of a knote is readable: the process has ended. */
function readPidfd(queue: Queue, made: Knote): void {
  const knote = changetype<ProcKnote>(made);
  const status = host.proc_status(knote.pidfd, knote.ident as i32);
  if (status === -EAGAIN) return;
  catchUp(queue); // what the process did before its end, its children above all
  // The kernel may not show the status of another process's child that has been reaped since.
  noteExit(queue, knote, max(status, 0));
}

function note(queue: Queue, knote: Knote, what: u32): void {
  if (knote.sfflags & what) knote.fflags |= what;
  if (knote.fflags !== 0) activate(queue, knote);
}

/** A knote on a child, as knote_fork makes them; null without memory. */
function childOf(parent: Knote, child: i32): ProcKnote | null {
  const made = createKnote();
  if (made === null) return null;
  const knote = changetype<ProcKnote>(made);
  knote.ident = child;
  knote.filter = FILTER_PROC as i16;
  knote.flags = parent.flags;
  knote.udata = parent.udata;
  knote.sfflags = parent.sfflags;
  knote.pidfd = -1;
  return knote;
}

/**
 * knote_fork: a parent that is tracked hands its knote to the child, and the child reports itself
 * once, with the parent's pid as data.
 */
function track(queue: Queue, parent: Knote, child: i32): void {
  const arrival = childOf(parent, child);
  const follower = childOf(parent, child);
  if (arrival === null || follower === null) {
    parent.fflags |= NOTE_TRACKERR;
    return;
  }
  arrival.flags |= EV_ONESHOT;
  arrival.data = parent.ident as i64;
  arrival.fflags = NOTE_CHILD;
  arrival.sfflags = 0;
  insertKnote(queue, arrival);
  activate(queue, arrival);

  insertKnote(queue, follower);
  openProcess(queue, follower); // failing is harmless: the connector reports the end of the child
  list(processesOf(queue), follower);
}

/** The knote before one on the list of processes, on which the newest knotes are last. */
function olderOf(knote: ProcKnote): ProcKnote | null {
  return changetype<ProcKnote | null>(knote.listedBefore);
}

function newest(queue: Queue): ProcKnote | null {
  return changetype<ProcKnote | null>(lastOf(processesOf(queue)));
}

function noteFork(queue: Queue, parent: i32, child: i32): void {
  let knote = newest(queue);
  while (knote !== null) {
    const older = olderOf(knote);
    if (knote.ident === (parent as u64)) {
      if (knote.sfflags & NOTE_TRACK) track(queue, knote, child);
      note(queue, knote, NOTE_FORK);
    }
    knote = older;
  }
}

function noteExec(queue: Queue, process: i32): void {
  let knote = newest(queue);
  while (knote !== null) {
    if (knote.ident === (process as u64)) note(queue, knote, NOTE_EXEC);
    knote = olderOf(knote);
  }
}

/** The connector reports the end of a process: that of knotes without a pidfd. */
function noteEnd(queue: Queue, process: i32, status: i32): void {
  let knote = newest(queue);
  while (knote !== null) {
    const older = olderOf(knote);
    if (knote.ident === (process as u64) && knote.pidfd < 0) noteExit(queue, knote, status);
    knote = older;
  }
}

/** The connector lost messages: of children that cannot be followed, and of ends. */
function recoverProcesses(queue: Queue): void {
  let knote = newest(queue);
  while (knote !== null) {
    const older = olderOf(knote);
    if (knote.sfflags & NOTE_TRACK) {
      knote.fflags |= NOTE_TRACKERR;
      activate(queue, knote);
    }
    if (knote.pidfd < 0 && openProcess(queue, knote) === -ESRCH) noteExit(queue, knote, 0);
    knote = older;
  }
}

/** Takes one message of the connector. */
function parseMessage(queue: Queue): void {
  const what = load<u32>(input + EVENT_WHAT);
  const first = load<i32>(input + EVENT_DATA);
  const second = load<i32>(input + EVENT_DATA + 4);
  const third = load<i32>(input + EVENT_DATA + 8);
  if (what === PROC_EVENT_FORK) {
    // A new thread has the pid of its process as thread group.
    if (third === load<i32>(input + EVENT_DATA + 12)) noteFork(queue, second, third);
  } else if (what === PROC_EVENT_EXEC) {
    noteExec(queue, second);
  } else if (what === PROC_EVENT_EXIT && first === second) {
    noteEnd(queue, second, third);
  }
}

/** Reads what the processes of the system did. */
function readConnector(queue: Queue): bool {
  const fd = sourceFd(queue, SOURCE_CONNECTOR);
  let isLost = false;
  let got = host.netlink_read(fd, input, INPUT_SIZE);
  while (got > 0 || got === -ENOBUFS) {
    if (got === -ENOBUFS) isLost = true;
    else if (got >= EVENT_END) parseMessage(queue);
    got = host.netlink_read(fd, input, INPUT_SIZE);
  }
  // Last: the messages that were lost are newer than those that were kept.
  if (isLost) recoverProcesses(queue);
  return false;
}

function catchUp(queue: Queue): void {
  if (sourceFd(queue, SOURCE_CONNECTOR) >= 0) readConnector(queue);
}

onReadable(SOURCE_CONNECTOR, readConnector);
const filter = addFilter(FILTER_PROC, attach, detach, touch, event);
filter.catchUp = catchUp;
filter.readSource = readPidfd;
