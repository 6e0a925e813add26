// EVFILT_READ and EVFILT_WRITE: attach, touch and detach. The epoll entry is entry.ts, the condition
// readiness.ts, files are files.ts.

import {
  ACCESS_NAMED,
  ENODEV,
  EPERM,
  EPIPE,
  EINVAL,
  EVENT_ERR,
  EVENT_OUT,
  FD_DIRECTORY,
  FD_EPOLL,
  FD_FILE,
  FD_PIPE,
  FILTER_READ,
  FILTER_WRITE,
  POLL_RECORD_SIZE,
  STAT_SIZE,
} from "../../abi";
import * as kernel from "../../kernel";
import { PollRecord, StatRecord } from "../../records";
import {
  addEntry,
  checkEntry,
  deleteEntry,
  EntryKnote,
  isMeasured,
  isUnconditional,
  setMuted,
  touchEntry,
} from "../entry";
import { attachFile, detachFile } from "../files";
import { addFilter } from "../filter";
import { identify, sameFile } from "../identity";
import { Knote, SET_FILES, SET_NONE } from "../knote";
import { Queue } from "../queue";
import { questionOf, testNow } from "../readiness";

const statBlock: usize = memory.data(STAT_SIZE, 8);
const pollBlock: usize = memory.data(POLL_RECORD_SIZE, 8);

/** The events that poll(2) reports of one descriptor now. */
function pollOnce(fd: i32, want: u32): u32 {
  const record = changetype<PollRecord>(pollBlock);
  record.fd = fd;
  record.want = want as u16;
  record.ready = 0;
  return kernel.poll(pollBlock, 1, 0) > 0 ? record.ready : 0;
}

/** Whether a descriptor is an end of a pipe for writing without a reader: no FIFO, which may get one. */
function isBrokenPipe(knote: EntryKnote, access: u32): bool {
  if (knote.kind !== FD_PIPE || knote.filter === FILTER_READ || access & ACCESS_NAMED) return false;
  return (pollOnce(knote.ident as i32, EVENT_OUT) & EVENT_ERR) !== 0;
}

/** f_attach: starts watching a descriptor. */
function attach(queue: Queue, made: Knote): i32 {
  const knote = changetype<EntryKnote>(made);
  const stat = changetype<StatRecord>(statBlock);
  const fd = knote.ident as i32;
  knote.watch = -1;
  const identified = identify(knote, stat);
  if (identified < 0) return identified;
  const kind = kernel.isEmulatedEpoll(fd) ? FD_EPOLL : stat.kind;
  knote.kind = kind as u8;
  knote.question = questionOf(knote, stat.flags) as i16;

  const isRead = knote.filter === FILTER_READ;
  if (kind === FD_EPOLL && (!isRead || fd === queue.epfd)) return -EINVAL;
  if (knote.question < 0) return 0;
  if (kind === FD_FILE || kind === FD_DIRECTORY) return attachFile(queue, knote);
  if (isBrokenPipe(knote, stat.flags)) return -EPIPE; // pipe_kqfilter
  setMuted(queue, knote, isMeasured(knote));
  const result = addEntry(queue, knote);
  if (result < 0) setMuted(queue, knote, false);
  // epoll refuses files, which do not come here, and devices that nothing waits for (no_kqfilter).
  return result === -EPERM ? -ENODEV : result;
}

/** f_detach: stops watching. 0, or why the kernel has no entry: -EBADF, -ENOENT. */
function detach(queue: Queue, made: Knote): i32 {
  const knote = changetype<EntryKnote>(made);
  if (knote.set === SET_FILES) {
    detachFile(queue, knote);
    return sameFile(knote);
  }
  if (knote.set === SET_NONE) return sameFile(knote);
  setMuted(queue, knote, false);
  const same = checkEntry(queue, knote);
  const deleted = deleteEntry(queue, knote);
  // The descriptor was closed without omnipoll/os. If a dup keeps the file open, the entry stays.
  if (deleted < 0) queue.isStale = kernel.hasEpoll();
  return same < 0 ? same : deleted;
}

/** f_event. Called only where the kernel does not report the knote: of a file, or with NOTE_LOWAT 0. */
function event(queue: Queue, made: Knote): i32 {
  const knote = changetype<EntryKnote>(made);
  if (knote.set === SET_FILES) return testNow(queue, knote);
  return isUnconditional(knote) ? 1 : 0;
}

addFilter(FILTER_READ, attach, detach, touchEntry, event).isDescriptor = true;
addFilter(FILTER_WRITE, attach, detach, touchEntry, event).isDescriptor = true;
