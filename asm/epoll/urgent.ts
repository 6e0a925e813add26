// Urgent data of the items of an epoll over kqueue: FreeBSD's kqueue has no filter for it, so
// poll(2) has to tell.

import {
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_PRI,
  FD_OTHER,
  FD_STREAM,
  FD_TERMINAL,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
} from "../abi";
import * as host from "../host";
import { enqueue, EpollSet, Item, ITEM_DISABLED } from "./item";
import { recordsStart } from "./room";

/** How often, in ms, urgent data that was reported as an edge is looked at. */
const GLANCE: f64 = 10;

/** Whether an item waits for urgent data, and is of a kind that has any. */
export function mayBeUrgent(item: Item): bool {
  if (!(item.mask & EVENT_PRI)) return false;
  return item.kind === FD_STREAM || item.kind === FD_TERMINAL || item.kind === FD_OTHER;
}

/** Whether poll(2) is to tell of an item; it would go on for ever about an end. */
function isAsked(item: Item): bool {
  if (!mayBeUrgent(item) || item.status & ITEM_DISABLED) return false;
  return !(item.ready & (EVENT_ERR | EVENT_HUP));
}

function write(at: usize, fd: i32, want: u32): void {
  store<i32>(at, fd, POLL_RECORD_FD);
  store<u16>(at, want as u16, POLL_RECORD_WANT);
  store<u16>(at, 0, POLL_RECORD_READY);
}

/** Asks of all urgent items, behind the record of the queue: how many records that makes. */
function ask(set: EpollSet, skipsTold: bool): i32 {
  let at = recordsStart();
  write(at, skipsTold ? set.fd : -1, EVENT_IN);
  let asked = 1;
  let item = set.first;
  while (item !== null) {
    if (isAsked(item)) {
      at += POLL_RECORD_SIZE;
      const isTold: bool = (item.ready & EVENT_PRI) !== 0;
      write(at, skipsTold && isTold ? -1 : item.fd, EVENT_PRI);
      asked++;
    }
    item = item.after;
  }
  return asked;
}

/** Enters the items into the line that have become urgent. */
function enter(set: EpollSet): void {
  let at = recordsStart();
  let item = set.first;
  while (item !== null) {
    if (isAsked(item)) {
      at += POLL_RECORD_SIZE;
      if (load<i32>(at, POLL_RECORD_FD) >= 0) {
        const ready: u32 = load<u16>(at, POLL_RECORD_READY);
        if (ready === 0) item.ready &= ~EVENT_PRI;
        else if (!(item.ready & EVENT_PRI)) enqueue(set, item);
      }
    }
    item = item.after;
  }
}

/** Takes in which items are urgent now. */
export function noteUrgent(set: EpollSet): void {
  const asked = ask(set, false);
  set.isUrgent = asked > 1;
  if (asked > 1 && host.poll(recordsStart(), asked, 0) >= 0) enter(set);
}

/** Whether urgent data of an item was reported and is there still. */
function hasTold(set: EpollSet): bool {
  let item = set.first;
  while (item !== null) {
    if (isAsked(item) && item.ready & EVENT_PRI) return true;
    item = item.after;
  }
  return false;
}

/** Waits for the queue and for urgent data. How much was ready, or a negative errno. */
export function waitUrgent(set: EpollSet, timeoutMs: f64): i32 {
  const asked = ask(set, true);
  const isBrief: bool = hasTold(set) && (timeoutMs < 0 || timeoutMs > GLANCE);
  const found = host.poll(recordsStart(), asked, isBrief ? GLANCE : timeoutMs);
  if (found > 0) enter(set);
  return found;
}
