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
import { ReadyRecord } from "../registry";
import { Knote, SET_MAIN } from "./knote";
import { findKnote, Queue } from "./queue";
import { dataStart, eventsStart, pollsStart, readyRecords } from "./scratch";

/** The filter in the low half of the word it shares with the flags. */
const READ_BITS: u32 = (FILTER_READ as u32) & 0xffff;

/**
 * Reports the first `count` ready records of the main set as events, if all are of that sort;
 * there must be room for them. Changes no knote, so that who is told false can begin anew.
 */
export function reportDirectly(queue: Queue, count: i32): bool {
  return ask(queue, count) && answer(count);
}

/** Asks for the bytes of each; the knotes are kept where nobody needs poll records now. */
function ask(queue: Queue, count: i32): bool {
  let record = readyRecords();
  let data = dataStart();
  let kept = pollsStart();
  const end = record + (count as usize) * READY_RECORD_SIZE;
  while (record < end) {
    const event = changetype<ReadyRecord>(record);
    const fd = event.fd;
    const knote = findKnote(queue, fd, FILTER_READ);
    if (event.mask !== EVENT_IN || knote === null || knote.set !== SET_MAIN) return false;
    if (knote.what !== DATA_READABLE || (knote.sfflags & NOTE_LOWAT) !== 0) return false;
    if (knote.status !== 0 || (knote.flags & (EV_ONESHOT | EV_DISPATCH)) !== 0) return false;
    store<i32>(data, fd, DATA_FD);
    store<i32>(data, DATA_READABLE, DATA_WHAT);
    store<usize>(kept, changetype<usize>(knote));
    record += READY_RECORD_SIZE;
    data += DATA_SIZE;
    kept += sizeof<usize>();
  }
  return host.fd_data(dataStart(), count) === 0;
}

/** Writes the events, if there are bytes everywhere. */
function answer(count: i32): bool {
  let data = dataStart();
  let kept = pollsStart();
  let at = eventsStart();
  const end = at + (count as usize) * KEVENT_SIZE;
  while (at < end) {
    const knote = changetype<Knote>(load<usize>(kept));
    const bytes = load<i64>(data, DATA_VALUE);
    if (bytes <= 0 || load<i32>(data, DATA_ERROR) !== 0) return false;
    store<u64>(at, knote.ident, KEVENT_IDENT);
    store<u32>(at, READ_BITS | ((knote.flags & ~EV_EOF) << 16), KEVENT_FILTER);
    store<u32>(at, 0, KEVENT_FFLAGS);
    store<i64>(at, bytes, KEVENT_DATA);
    store<u64>(at, knote.udata, KEVENT_UDATA);
    data += DATA_SIZE;
    kept += sizeof<usize>();
    at += KEVENT_SIZE;
  }
  return true;
}
