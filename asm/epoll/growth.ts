// How much can be read from descriptors that are edge triggered: more than when they were last
// looked at is an edge. More room to write is none: kernels tell of it where there was none, which
// poll(2) shows or the program itself has found out.

import {
  DATA_BACKLOG,
  DATA_COUNTER,
  DATA_ERROR,
  DATA_FD,
  DATA_READABLE,
  DATA_SIZE,
  DATA_VALUE,
  DATA_WHAT,
  EVENT_HUP,
  EVENT_IN,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_RDBAND,
  EVENT_RDHUP,
  EVENT_RDNORM,
  EVENT_WRBAND,
  EVENT_WRNORM,
  FD_DATAGRAM,
  FD_DEVICE,
  FD_EPOLL,
  FD_EVENTFD,
  FD_LISTENER,
  FD_PIPE,
  TRANSFER_BLOCKED,
  TRANSFER_SHUTDOWN,
} from "../abi";
import * as host from "../host";
import { EpollSet, findItem, firstSet, Item } from "./item";
import { behindRecords } from "./room";

const READS: u32 = EVENT_IN | EVENT_PRI | EVENT_RDNORM | EVENT_RDBAND;
const ENDS: u32 = EVENT_HUP | EVENT_RDHUP;
const WRITES: u32 = EVENT_OUT | EVENT_WRNORM | EVENT_WRBAND;

/** Data record of `counterOf`. */
const counter: usize = memory.data(DATA_SIZE, 8);
/** Where the next question is written, or its answer read. */
let question: usize = 0;

/** Begins to write questions, or to read their answers. */
export function rewindQuestions(): void {
  question = behindRecords();
}

/** Has the host answer what was asked. */
export function answerQuestions(): void {
  const asked = ((question - behindRecords()) / DATA_SIZE) as i32;
  if (asked > 0) host.fd_data(behindRecords(), asked);
}

/** DATA_* that tells how much can be read from a kind; -1 if nothing does. */
function questionOf(kind: i32): i32 {
  if (kind === FD_EVENTFD) return DATA_COUNTER;
  if (kind === FD_LISTENER) return DATA_BACKLOG;
  return kind === FD_DEVICE || kind === FD_EPOLL ? -1 : DATA_READABLE;
}

function writeQuestion(at: usize, fd: i32, what: i32): void {
  store<i32>(at, fd, DATA_FD);
  store<i32>(at, what, DATA_WHAT);
}

/** Asks how much an item holds. */
export function askHowMuch(item: Item): void {
  const what = questionOf(item.kind);
  if (what < 0) return;
  writeQuestion(question, item.fd, what);
  question += DATA_SIZE;
}

function valueAt(at: usize): i64 {
  return load<i32>(at, DATA_ERROR) < 0 ? -1 : load<i64>(at, DATA_VALUE);
}

/** Whether an item that is `ready` holds more than when it was last looked at. */
export function hasGrown(item: Item, ready: u32): bool {
  if (questionOf(item.kind) < 0) return false;
  const readable = valueAt(question);
  question += DATA_SIZE;
  const before = item.readable;
  item.readable = readable;
  // A counter is taken and set again, to whatever it may be.
  if (item.kind === FD_EVENTFD) return readable !== before;
  // The end of a pipe to write to tells how much is in it, too.
  const wakes = item.kind === FD_PIPE ? item.mask & ready : item.mask;
  return readable > max(before, 0) && (wakes & READS) !== 0;
}

/** What the counter of an eventfd is now; -1 if it cannot be told. */
function counterOf(fd: i32): i64 {
  writeQuestion(counter, fd, DATA_COUNTER);
  return host.fd_data(counter, 1) < 0 ? -1 : valueAt(counter);
}

/** The program's own transfer of so many bytes, of an item that knows how much there was. */
function move(item: Item, isRead: bool, bytes: i32): void {
  if (item.kind === FD_EVENTFD) {
    // A read wakes who waits to write, a write who waits to read, whatever the counter was and is.
    const wakes: u32 = isRead ? EVENT_OUT : EVENT_IN;
    if (item.mask & wakes) item.readable = -1;
    else if (item.readable >= 0) item.readable = counterOf(item.fd);
  } else if (isRead && bytes > 0) {
    item.readable = item.kind === FD_DATAGRAM ? 0 : item.readable - bytes;
    // All that was seen is gone: what there is now has come since, be it the end if that was not seen.
    if (item.readable <= 0 && !(item.seen & ENDS)) item.seen &= ~READS;
  }
}

/**
 * The program itself has read or written so much of what was seen, accepted one connection, or
 * TRANSFER_*: what there is beyond that is news.
 */
export function transferred(fd: i32, isRead: i32, bytes: i32): void {
  let set: EpollSet | null = firstSet();
  while (set !== null) {
    const item = findItem(set, fd);
    if (item !== null) {
      if (bytes === TRANSFER_SHUTDOWN) item.seen = 0;
      else if (bytes === TRANSFER_BLOCKED) item.seen &= isRead ? ~READS : ~WRITES;
      else move(item, isRead !== 0, bytes);
    }
    set = set.next;
  }
}
