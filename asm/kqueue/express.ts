// The straight way for what queues mostly have: READ knotes with bytes to be read and nothing else
// to say. Their events are written as the kernel reports them, without the line of active knotes:
// one look at the knote before the host is asked for `data` and one after it.

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

// What has been found out of descriptors, by their number modulo KNOWN: it holds in one era of a
// queue, until one of its knotes may have changed.
//
//   0         8           16       20         24
//   | era u64 | udata u64 | fd i32 | both u32 |

const KNOWN = 2048;
const KNOWN_SIZE = 24;
const KNOWN_UDATA = 8;
const KNOWN_FD = 16;
const KNOWN_BOTH = 20;
let known: usize = 0;

/** Makes room for that, once: before the first queue. False without memory. */
export function prepareExpress(): bool {
  if (known !== 0) return true;
  known = allocate(KNOWN * KNOWN_SIZE);
  if (known === 0) return false;
  memory.fill(known, 0, KNOWN * KNOWN_SIZE);
  return true;
}

/** Finds out whether events of a descriptor can be reported at once, and notes what they say. */
function learn(queue: Queue, fd: i32, at: usize): bool {
  const knote = findKnote(queue, fd, FILTER_READ);
  if (knote === null || knote.set !== SET_MAIN || knote.what !== DATA_READABLE) return false;
  if (knote.status !== 0 || (knote.sfflags & NOTE_LOWAT) !== 0) return false;
  if ((knote.flags & (EV_ONESHOT | EV_DISPATCH)) !== 0) return false;
  store<u64>(at, queue.era);
  store<u64>(at, knote.udata, KNOWN_UDATA);
  store<i32>(at, fd, KNOWN_FD);
  store<u32>(at, READ_BITS | ((knote.flags & ~EV_EOF) << 16), KNOWN_BOTH);
  return true;
}

/**
 * Reports the first `count` ready records of the main set as events, if all are of that sort;
 * there must be room for them. Changes no knote, so that who is told false can begin anew.
 */
export function reportDirectly(queue: Queue, count: i32): bool {
  return begin(queue, count) && host.fd_data(dataStart(), count) === 0 && finish(count);
}

/** Writes the events but for `data`, and the questions for that. */
function begin(queue: Queue, count: i32): bool {
  const era = queue.era;
  let record = readyRecords();
  let data = dataStart();
  let at = eventsStart();
  const end = record + (count as usize) * READY_RECORD_SIZE;
  while (record < end) {
    const event = changetype<ReadyRecord>(record);
    if (event.mask !== EVENT_IN) return false;
    const fd = event.fd;
    const about = known + ((fd & (KNOWN - 1)) as usize) * KNOWN_SIZE;
    if (load<u64>(about) !== era || load<i32>(about, KNOWN_FD) !== fd) {
      if (!learn(queue, fd, about)) return false;
    }
    store<i32>(data, fd, DATA_FD);
    store<i32>(data, DATA_READABLE, DATA_WHAT);
    store<u64>(at, fd, KEVENT_IDENT);
    store<u32>(at, load<u32>(about, KNOWN_BOTH), KEVENT_FILTER);
    store<u32>(at, 0, KEVENT_FFLAGS);
    store<u64>(at, load<u64>(about, KNOWN_UDATA), KEVENT_UDATA);
    record += READY_RECORD_SIZE;
    data += DATA_SIZE;
    at += KEVENT_SIZE;
  }
  return true;
}

/** Writes `data` of the events, if there are bytes everywhere. */
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
