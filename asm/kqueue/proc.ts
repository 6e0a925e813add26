// EVFILT_PROC: a pidfd for the end of a process, the process connector for what it does before
// that (which needs CAP_NET_ADMIN; without it those notes are refused).
//
// A knote that follows a child (NOTE_TRACK) may come too late for a pidfd: the connector tells
// of its end, too.

import {
  EAGAIN,
  EINVAL,
  ENOENT,
  ENOMEM,
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
} from "../abi";
import * as host from "../host";
import { dropKnote } from "./filters";
import { createKnote, Knote } from "./knote";
import {
  activate,
  addSource,
  insertKnote,
  nameSource,
  Queue,
  removeSource,
  unnameSource,
} from "./queue";
import { input, INPUT_SIZE } from "./scratch";

/** Notes that only the connector can tell. */
const LIVE: u32 = NOTE_FORK | NOTE_EXEC | NOTE_TRACK;

// A message of the connector: struct nlmsghdr, struct cn_msg, struct proc_event (cn_proc.h).
const EVENT_WHAT = 36;
const EVENT_DATA = 52;
const EVENT_END = 68;
/** Some events were lost, the rest follows. */
const ENOBUFS = 105;
const PROC_EVENT_FORK: u32 = 0x1;
const PROC_EVENT_EXEC: u32 = 0x2;
const PROC_EVENT_EXIT: u32 = 0x80000000;

function connect(queue: Queue): i32 {
  if (queue.connector >= 0) return 0;
  const connector = addSource(queue, host.proc_listen());
  if (connector === -EPERM) return -EOPNOTSUPP;
  if (connector < 0) return connector;
  queue.connector = connector;
  return 0;
}

function enlist(queue: Queue, knote: Knote): void {
  knote.listed = queue.procs;
  queue.procs = knote;
}

function unlist(queue: Queue, knote: Knote): void {
  if (queue.procs === knote) {
    queue.procs = knote.listed;
    return;
  }
  let other: Knote | null = queue.procs;
  while (other !== null && other.listed !== knote) other = other.listed;
  if (other !== null) other.listed = knote.listed;
}

/** Opens the pidfd of a knote. */
function openProcess(queue: Queue, knote: Knote): i32 {
  const fd = addSource(queue, host.pidfd_open(knote.ident as i32));
  if (fd < 0) return fd;
  knote.source = fd;
  if (nameSource(queue, fd, knote)) return 0;
  closeProcess(queue, knote);
  return -ENOMEM;
}

function closeProcess(queue: Queue, knote: Knote): void {
  if (knote.source < 0) return;
  unnameSource(queue, knote.source);
  removeSource(queue, knote.source);
  host.close(knote.source);
  knote.source = -1;
}

/** f_attach. A zombie is ESRCH, unless its end is asked for: then that is reported at once. */
export function attachProcess(queue: Queue, knote: Knote): i32 {
  knote.flags |= EV_CLEAR;
  if (knote.ident === 0 || knote.ident > 0x7fffffff) return -ESRCH;
  const opened = openProcess(queue, knote);
  if (opened < 0) return processError(opened);
  let failed = 0;
  if (
    !(knote.sfflags & NOTE_EXIT) &&
    host.proc_status(knote.source, knote.ident as i32) !== -EAGAIN
  ) {
    failed = -ESRCH;
  } else if (knote.sfflags & LIVE) {
    failed = connect(queue);
  }
  if (failed < 0) closeProcess(queue, knote);
  else enlist(queue, knote);
  return failed;
}

/** pidfd_open says EINVAL, later ENOENT, for a thread that leads no process: to kqueue, none. */
function processError(errno: i32): i32 {
  return errno === -EINVAL || errno === -ENOENT ? -ESRCH : errno;
}

/** The notes asked for have changed. */
export function touchProcess(queue: Queue, sfflags: u32): i32 {
  return sfflags & LIVE ? connect(queue) : 0;
}

/** f_detach. */
export function detachProcess(queue: Queue, knote: Knote): void {
  unlist(queue, knote);
  closeProcess(queue, knote);
}

/** filt_proc of NOTE_EXIT: the last event of a knote; one that did not ask for it just goes. */
function exited(queue: Queue, knote: Knote, status: i32): void {
  detachProcess(queue, knote);
  if (knote.sfflags & NOTE_EXIT) {
    knote.fflags |= NOTE_EXIT;
    knote.data = status;
  }
  knote.flags |= EV_EOF | EV_ONESHOT;
  if (knote.fflags === 0) dropKnote(queue, knote);
  else activate(queue, knote);
}

/** The pidfd of a knote is readable: its process has ended. */
export function readProcess(queue: Queue, knote: Knote): void {
  const status = host.proc_status(knote.source, knote.ident as i32);
  if (status === -EAGAIN) return;
  // What it did before, its children above all.
  if (queue.connector >= 0) readConnector(queue);
  // The kernel may not tell of a process that is not ours and has been reaped since.
  exited(queue, knote, max(status, 0));
}

function noted(queue: Queue, knote: Knote, note: u32): void {
  if (knote.sfflags & note) knote.fflags |= note;
  if (knote.fflags !== 0) activate(queue, knote);
}

/** Knote of `filter` PROC on a child, as knote_fork makes them; null without memory. */
function childOf(parent: Knote, child: i32): Knote | null {
  const knote = createKnote();
  if (knote === null) return null;
  knote.ident = child;
  knote.filter = FILTER_PROC;
  knote.flags = parent.flags;
  knote.udata = parent.udata;
  knote.sfflags = parent.sfflags;
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
  openProcess(queue, follower); // too late is no harm: the connector tells of its end
  enlist(queue, follower);
}

function forked(queue: Queue, parent: i32, child: i32): void {
  let knote: Knote | null = queue.procs;
  while (knote !== null) {
    const next = knote.listed;
    if (knote.ident === (parent as u64)) {
      if (knote.sfflags & NOTE_TRACK) track(queue, knote, child);
      noted(queue, knote, NOTE_FORK);
    }
    knote = next;
  }
}

function executed(queue: Queue, process: i32): void {
  let knote = queue.procs;
  while (knote !== null) {
    if (knote.ident === (process as u64)) noted(queue, knote, NOTE_EXEC);
    knote = knote.listed;
  }
}

function ended(queue: Queue, process: i32, status: i32): void {
  let knote: Knote | null = queue.procs;
  while (knote !== null) {
    const next = knote.listed;
    if (knote.ident === (process as u64) && knote.source < 0) exited(queue, knote, status);
    knote = next;
  }
}

/** Events were lost: children that cannot be followed, and ends that nobody else tells of. */
function overrun(queue: Queue): void {
  let knote: Knote | null = queue.procs;
  while (knote !== null) {
    const next = knote.listed;
    if (knote.sfflags & NOTE_TRACK) {
      knote.fflags |= NOTE_TRACKERR;
      activate(queue, knote);
    }
    if (knote.source < 0 && openProcess(queue, knote) === -ESRCH) exited(queue, knote, 0);
    knote = next;
  }
}

/** Reads what the processes of the system did. */
export function readConnector(queue: Queue): void {
  let lost = false;
  let got = host.netlink_read(queue.connector, input, INPUT_SIZE);
  while (got > 0 || got === -ENOBUFS) {
    if (got === -ENOBUFS) {
      lost = true;
    } else if (got >= EVENT_END) {
      const what = load<u32>(input + EVENT_WHAT);
      const first = load<i32>(input + EVENT_DATA);
      const second = load<i32>(input + EVENT_DATA + 4);
      if (what === PROC_EVENT_FORK) {
        const child = load<i32>(input + EVENT_DATA + 8);
        // A new thread has the pid of its process as thread group.
        if (child === load<i32>(input + EVENT_DATA + 12)) forked(queue, second, child);
      } else if (what === PROC_EVENT_EXEC) {
        executed(queue, second);
      } else if (what === PROC_EVENT_EXIT && first === second) {
        ended(queue, second, load<i32>(input + EVENT_DATA + 8));
      }
    }
    got = host.netlink_read(queue.connector, input, INPUT_SIZE);
  }
  // Last: what was lost is newer than what was kept.
  if (lost) overrun(queue);
}
