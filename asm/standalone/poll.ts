// poll(2) over poll_oneoff, the only wait that WASI has, as wasi/poller.ts does it in TypeScript. There is no urgent
// data. poll_oneoff cannot wait for a hang-up, an error or a close alone: descriptors whose record asks neither
// to read nor to write are tested every RESCAN_MS.

import {
  EBADF,
  EINVAL,
  ENOMEM,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_OUT,
  EVENT_RDHUP,
  EVENT_RDNORM,
  EVENT_WRNORM,
  POLL_RECORD_SIZE,
  RESCAN_MS,
} from "../abi";
import { deadlineOf, remaining } from "../deadline";
import { PollRecord } from "../records";
import { countsBytes } from "./bytes";
import { linuxErrno, WASI_BADF } from "./errno";
import { isName, pollName } from "./names";
import {
  EVENT_SIZE,
  FLAG_HANGUP,
  SUBSCRIPTION_SIZE,
  TYPE_DATAGRAM,
  TYPE_DIRECTORY,
  TYPE_READ,
  TYPE_REGULAR_FILE,
  TYPE_STREAM,
  TYPE_WRITE,
} from "./preview1";
import { isClosed, typeOf } from "./stat";
import {
  askAlone,
  Event,
  eventAt,
  eventCount,
  reserve,
  subscribe,
  subscriptionAt,
  wait,
} from "./subscriptions";

const READS: u32 = EVENT_IN | EVENT_RDNORM;
const WRITES: u32 = EVENT_OUT | EVENT_WRNORM;

/** The event of a subscription that is asked alone. */
const alone: usize = memory.data(EVENT_SIZE, 8);

function recordAt(records: usize, index: i32): PollRecord {
  return changetype<PollRecord>(records + (index as usize) * POLL_RECORD_SIZE);
}

/** Whether a record is about a descriptor of the runtime. */
function isAsked(record: PollRecord): bool {
  return record.fd >= 0 && !isName(record.fd);
}

/** Whether a record asks neither to read nor to write, so that WASI cannot wait for it. */
function isUnwatched(record: PollRecord): bool {
  return ((record.want as u32) & (READS | WRITES)) === 0;
}

function hasUnwatched(records: usize, count: i32): bool {
  for (let i = 0; i < count; i++) {
    const record = recordAt(records, i);
    if (isAsked(record) && isUnwatched(record)) return true;
  }
  return false;
}

/** Writes the ready masks of the records that are about names, and 0 to all others. How many are not 0. */
function pollNames(records: usize, count: i32): i32 {
  let ready = 0;
  for (let i = 0; i < count; i++) {
    const record = recordAt(records, i);
    record.ready = 0;
    if (isName(record.fd) && pollName(record)) ready++;
  }
  return ready;
}

/** Writes the subscriptions of the records; with `all`, of those that ask for nothing, too. How many. */
function subscribeAll(records: usize, count: i32, all: bool): i32 {
  let made = 0;
  for (let i = 0; i < count; i++) {
    const record = recordAt(records, i);
    if (!isAsked(record)) continue;
    const want: u32 = record.want;
    if (want & READS || (all && isUnwatched(record)))
      subscribe(subscriptionAt(made++), TYPE_READ, record.fd, i);
    if (want & WRITES) subscribe(subscriptionAt(made++), TYPE_WRITE, record.fd, i);
  }
  return made;
}

/** Ready mask of one event, within the mask that the record asks for. */
function bitsOf(event: Event, fd: i32, want: u32): u32 {
  if (event.error === WASI_BADF) return EVENT_NVAL;
  const isWrite = event.type === TYPE_WRITE;
  const isError = event.error !== 0;
  const isEmpty = countsBytes() && event.bytes === 0;
  let hangUp: u32 = event.flags & FLAG_HANGUP ? EVENT_HUP : 0;
  if (!isError && hangUp === 0 && (isWrite || !isEmpty)) return want & (isWrite ? WRITES : READS);

  const type = typeOf(fd);
  const isSocket = type === TYPE_STREAM || type === TYPE_DATAGRAM;
  // Both directions are over, so that the peer's is.
  if (hangUp !== 0 && type === TYPE_STREAM) hangUp |= want & EVENT_RDHUP;
  // A write that fails does not block (pipe_poll, sock_writeable); a read, only once the connection is gone.
  if (isError && isWrite) return EVENT_ERR | hangUp | (want & WRITES);
  if (isError) return EVENT_ERR | hangUp | (hangUp === 0 ? 0 : want & READS);
  if (isWrite) return isSocket ? hangUp | (want & WRITES) : hangUp;
  // The end of a socket can be read (tcp_poll); a pipe has EVENT_IN only while it has bytes.
  if (hangUp !== 0) return isEmpty && !isSocket ? hangUp : hangUp | (want & READS);
  // A stream that is ready to be read and has no bytes has ended.
  return want & (type === TYPE_STREAM ? READS | EVENT_RDHUP : READS);
}

/** Adds bits to the ready mask of a record. Whether the record was not ready before, and is now. */
function addReady(record: PollRecord, bits: u32): bool {
  const before = record.ready;
  record.ready = before | (bits as u16);
  return before === 0 && bits !== 0;
}

/** Writes the ready masks of the events of a wait. How many more are not 0. */
function applyEvents(records: usize, count: i32, subscriptions: i32): i32 {
  let ready = 0;
  for (let i = 0, end = eventCount(subscriptions); i < end; i++) {
    const event = eventAt(i);
    // The clock's, or one that was not written, whose user data is no number of a record.
    if (event.userdata >= (count as u64)) continue;
    const record = recordAt(records, event.userdata as i32);
    if (addReady(record, bitsOf(event, record.fd, record.want))) ready++;
  }
  return ready;
}

/**
 * Ready mask of a direction in which the runtime refuses to wait. A descriptor that is open and of a kind that
 * poll(2) takes to be always ready (no f_op->poll) is; of any other, the direction never is.
 */
function bitsOfRefused(fd: i32, want: u32, type: i32): u32 {
  if (isClosed(fd)) return EVENT_NVAL;
  const filetype = typeOf(fd);
  const isAlways = filetype === TYPE_REGULAR_FILE || filetype === TYPE_DIRECTORY;
  return isAlways ? want & (type === TYPE_READ ? READS : WRITES) : 0;
}

/**
 * A call failed with BADF. wasmtime and jco fail it for one descriptor that is not open, or that they cannot wait
 * for in that direction. Asks for each of the `count` subscriptions alone, and moves those that are not refused to
 * the beginning. Returns how many are left.
 */
function keepAccepted(count: i32): i32 {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const subscription = subscriptionAt(i);
    const error = askAlone(subscription.type, subscription.fd, changetype<Event>(alone));
    if (error === WASI_BADF) continue;
    swap(kept++, i);
  }
  return kept;
}

/** Room for a subscription while two are exchanged. */
const spare: usize = memory.data(SUBSCRIPTION_SIZE, 8);

function swap(a: i32, b: i32): void {
  if (a === b) return;
  const one = changetype<usize>(subscriptionAt(a));
  const other = changetype<usize>(subscriptionAt(b));
  memory.copy(spare, one, SUBSCRIPTION_SIZE);
  memory.copy(one, other, SUBSCRIPTION_SIZE);
  memory.copy(other, spare, SUBSCRIPTION_SIZE);
}

/** Writes the ready masks of the subscriptions from `from` on, which were refused. How many more are not 0. */
function answerRefused(records: usize, from: i32, to: i32): i32 {
  let ready = 0;
  for (let i = from; i < to; i++) {
    const subscription = subscriptionAt(i);
    const record = recordAt(records, subscription.userdata as i32);
    const bits = bitsOfRefused(record.fd, record.want, subscription.type);
    if (addReady(record, bits)) ready++;
  }
  return ready;
}

/** One wait of at most `ms`, which may end early. How many records are ready, or a negative errno. */
function once(records: usize, count: i32, all: bool, ms: f64): i32 {
  let left = subscribeAll(records, count, all);
  let ready = 0;
  while (true) {
    const limit: f64 = ready > 0 ? 0 : ms;
    if (left === 0 && limit === 0) return ready;
    const error = wait(left, limit);
    if (error === 0) return ready + applyEvents(records, count, left);
    if (error !== WASI_BADF) return -linuxErrno(error);
    const accepted = keepAccepted(left);
    // Another thread may have closed a descriptor and opened it again.
    if (accepted === left) return -EBADF;
    ready += answerRefused(records, accepted, left);
    left = accepted;
  }
}

/** poll(2) of descriptors of the runtime. A wait that ends early is continued. */
function pollDescriptors(records: usize, count: i32, timeoutMs: f64): i32 {
  const isRescanned = hasUnwatched(records, count);
  const deadline = deadlineOf(timeoutMs);
  let left = timeoutMs;
  while (true) {
    if (isRescanned) {
      const looked = once(records, count, true, 0);
      if (looked !== 0 || left === 0) return looked;
    }
    const isLong = isRescanned && (left < 0 || left > RESCAN_MS);
    const found = once(records, count, false, isLong ? RESCAN_MS : left);
    if (found < 0 || (!isRescanned && (found > 0 || left === 0))) return found;
    left = remaining(timeoutMs, deadline);
    if (left === 0 && !isRescanned) return 0;
  }
}

/** poll(2). No other call of the core may run while this one waits. */
export function pollRecords(records: usize, count: i32, timeoutMs: f64): i32 {
  if (count < 0) return -EINVAL;
  if (!reserve(2 * (count as i64) + 1)) return -ENOMEM;
  const named = pollNames(records, count);
  const found = pollDescriptors(records, count, named > 0 ? 0 : timeoutMs);
  return found < 0 ? found : found + named;
}
