// The fast path for the ordinary event of a queue: READ with bytes to be read and nothing else to
// report. The fast path writes such events as the kernel reports them, without the active list. The
// path examines the knote before it queries the host for `data`, and the answer after the query.

import {
  DATA_ERROR,
  DATA_FD,
  DATA_READABLE,
  DATA_SIZE,
  DATA_VALUE,
  DATA_WHAT,
  EV_DISPATCH,
  EV_EOF,
  EV_ONESHOT,
  EVENT_IN,
  FILTER_READ,
  KEVENT_DATA,
  KEVENT_FFLAGS,
  KEVENT_FILTER,
  KEVENT_IDENT,
  KEVENT_SIZE,
  KEVENT_UDATA,
  NOTE_LOWAT,
  READY_RECORD_SIZE,
} from "../abi";
import * as host from "../host";
import { allocate } from "../memory";
import { ReadyRecord } from "../records";
import { SET_MAIN } from "./knote";
import { findKnote, Queue } from "./queue";
import { dataStart, eventsStart, readyRecords } from "./scratch";

/** The filter in the low half of the word it shares with the flags. */
const READ_BITS: u32 = (FILTER_READ as u32) & 0xffff;

/** The fields of a knote's events, valid while no knote of its queue changes. */
@unmanaged
class Known {
  /** Queue.generation. */
  generation: u64;
  udata: u64;
  fd: i32;
  /** Filter and flags of the event, as the kevent record has them. */
  bits: u32;
}

/** The number of known descriptors; a descriptor's place is its number modulo this. */
const CAPACITY = 2048;
let known: usize = 0;

function knownOf(fd: i32): Known {
  return changetype<Known>(known + ((fd & (CAPACITY - 1)) as usize) * offsetof<Known>());
}

/** Makes room for the known descriptors, once: before the first queue. False without memory. */
export function prepareExpress(): bool {
  if (known !== 0) return true;
  const bytes = CAPACITY * offsetof<Known>();
  known = allocate(bytes);
  if (known === 0) return false;
  memory.fill(known, 0, bytes);
  return true;
}

/** Finds out whether events of a descriptor are simple, and remembers what they say. */
function learn(queue: Queue, fd: i32, about: Known): bool {
  const knote = findKnote(queue, fd, FILTER_READ);
  if (knote === null || knote.set !== SET_MAIN || knote.question !== DATA_READABLE) return false;
  if (knote.status !== 0 || (knote.sfflags & NOTE_LOWAT) !== 0) return false;
  if ((knote.flags & (EV_ONESHOT | EV_DISPATCH)) !== 0) return false;
  about.generation = queue.generation;
  about.udata = knote.udata;
  about.fd = fd;
  about.bits = READ_BITS | ((knote.flags & ~EV_EOF) << 16);
  return true;
}

/**
 * Writes the events of the first `count` ready records of the main set, for which there must be room,
 * if all are simple. No knote changes: after false, the caller takes the records as if it had not
 * called.
 */
export function reportDirectly(queue: Queue, count: i32): bool {
  return begin(queue, count) && host.fd_data(dataStart(), count) === 0 && finish(count);
}

/** Writes the events without `data`, and the questions for `data`. False if one is not simple. */
function begin(queue: Queue, count: i32): bool {
  const generation = queue.generation;
  let record = readyRecords();
  let data = dataStart();
  let at = eventsStart();
  const end = record + (count as usize) * READY_RECORD_SIZE;
  while (record < end) {
    const event = changetype<ReadyRecord>(record);
    if (event.mask !== EVENT_IN) return false;
    const fd = event.fd;
    const about = knownOf(fd);
    if ((about.generation !== generation || about.fd !== fd) && !learn(queue, fd, about))
      return false;
    store<i32>(data, fd, DATA_FD);
    store<i32>(data, DATA_READABLE, DATA_WHAT);
    store<u64>(at, fd, KEVENT_IDENT);
    store<u32>(at, about.bits, KEVENT_FILTER);
    store<u32>(at, 0, KEVENT_FFLAGS);
    store<u64>(at, about.udata, KEVENT_UDATA);
    record += READY_RECORD_SIZE;
    data += DATA_SIZE;
    at += KEVENT_SIZE;
  }
  return true;
}

/** Writes `data` of the events. False if a descriptor has no bytes. */
function finish(count: i32): bool {
  let data = dataStart();
  let at = eventsStart();
  const end = at + (count as usize) * KEVENT_SIZE;
  while (at < end) {
    const bytes = load<i64>(data, DATA_VALUE);
    if (bytes <= 0 || load<i32>(data, DATA_ERROR) !== 0) return false;
    store<i64>(at, bytes, KEVENT_DATA);
    data += DATA_SIZE;
    at += KEVENT_SIZE;
  }
  return true;
}
