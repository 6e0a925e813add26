// select() over poll(2): there is no fd_set, so no limit of 1024, and one poll record per descriptor,
// however many lists name it.
//
// The caller writes the descriptors of the three lists, one after the other, at the address
// that `selectBegin` returns. After `selectWait` the same place holds the positions (in its own list)
// of the ready entries of the first list, then of the second, then of the third; `selectReady` says how
// many each has.
//
// Which poll bits make a descriptor ready in which set is Linux's fs/select.c (POLLIN_SET …).

import {
  EBADF,
  EINTR,
  EINVAL,
  ENOMEM,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_RDBAND,
  EVENT_RDNORM,
  EVENT_WRBAND,
  EVENT_WRNORM,
  POLL_RECORD_SIZE,
  RESCAN_MS,
} from "./abi";
import { remaining } from "./deadline";
import * as host from "./host";
import { poll, reservePoll } from "./kernel";
import { allocate, LARGEST, release, roundUp } from "./memory";
import {
  beginInner,
  CallState,
  endInner,
  endWait,
  enterWait,
  isInner,
  isOwn,
  leaveWait,
} from "./nesting";
import { PollRecord } from "./records";

const READ_WANT = EVENT_IN | EVENT_RDNORM | EVENT_RDBAND;
const WRITE_WANT = EVENT_OUT | EVENT_WRNORM | EVENT_WRBAND;
const EXCEPT_WANT = EVENT_PRI;
const READ_SET = READ_WANT | EVENT_HUP | EVENT_ERR | EVENT_NVAL;
const WRITE_SET = WRITE_WANT | EVENT_ERR | EVENT_NVAL;
const EXCEPT_SET = EXCEPT_WANT | EVENT_NVAL;

/** Descriptors below this share a record between lists; larger ones are beyond any fs.nr_open. */
const MERGED = 1 << 20;

/**
 * A poll(2) that returned within this time, and so much more per descriptor, did not wait. A second
 * poll(2) before the wait would be exact, and cost every select() a system call.
 */
const AT_ONCE_MS: f64 = 5;
const PER_DESCRIPTOR_MS: f64 = 0.001;
/**
 * Nor did one that returned within this time, or within its timeout if that is less, though it took
 * longer: the thread may not have run for a while.
 */
const DELAYED_MS: f64 = 100;

/** The lists of a call, and the poll records of their descriptors. */
@unmanaged
class Lists extends CallState {
  /** Entries of the lists: descriptors; after `build` their records; in the end ready positions. */
  entries: usize;
  entriesBytes: usize;
  records: usize;
  recordsBytes: usize;
  /** Ends of the lists among the entries. */
  readEnd: i32;
  writeEnd: i32;
  exceptEnd: i32;
  recordCount: i32;
}

const lists = changetype<Lists>(memory.data(offsetof<Lists>(), 4));

/** Record by descriptor. Never cleared: a number counts only if the record has the descriptor. */
let recordOf: usize = 0;
let recordOfBytes: usize = 0;

let readReady = 0;
let writeReady = 0;
let exceptReady = 0;
/** All bits that poll(2) reported in the last wait, and the number of ready entries not found yet. */
let reported: u32 = 0;
let missing = 0;

function recordAt(slot: i32): PollRecord {
  return changetype<PollRecord>(lists.records + (slot as usize) * POLL_RECORD_SIZE);
}

function entryAt(entry: i32): i32 {
  return load<i32>(lists.entries + ((entry as usize) << 2));
}

function setEntry(entry: i32, value: i32): void {
  store<i32>(lists.entries + ((entry as usize) << 2), value);
}

/** A wait has ended: the lists are again those of the call that waited. */
function resume(): void {
  while (isInner(lists)) {
    release(lists.entries, lists.entriesBytes);
    release(lists.records, lists.recordsBytes);
    endInner(lists, offsetof<Lists>());
  }
  endWait();
}

/** Begins a call after one at another depth. False without memory. */
function begin(): bool {
  resume();
  return isOwn(lists) || beginInner(lists, offsetof<Lists>());
}

/** Address for the descriptors of lists of these lengths; 0 if there is no memory. */
export function selectBegin(readers: u32, writers: u32, exceptional: u32): usize {
  const sum = (readers as u64) + writers + exceptional;
  if (sum > LARGEST / POLL_RECORD_SIZE) return 0;
  if (!isOwn(lists) && !begin()) return 0;
  const total = sum as i32;
  const entriesWanted = (total as usize) << 2;
  if (lists.entries === 0 || entriesWanted > lists.entriesBytes) {
    const block = allocate(roundUp(entriesWanted));
    if (block === 0) return 0;
    release(lists.entries, lists.entriesBytes);
    lists.entries = block;
    lists.entriesBytes = roundUp(entriesWanted);
  }
  const recordsWanted = (total as usize) * POLL_RECORD_SIZE;
  if (recordsWanted > lists.recordsBytes) {
    const block = allocate(roundUp(recordsWanted));
    if (block === 0) return 0;
    release(lists.records, lists.recordsBytes);
    lists.records = block;
    lists.recordsBytes = roundUp(recordsWanted);
  }
  lists.readEnd = readers;
  lists.writeEnd = readers + writers;
  lists.exceptEnd = total;
  reservePoll(total);
  return lists.entries;
}

/** Makes `recordOf` reach `fd`. */
function reserveRecordOf(fd: i32): bool {
  const wanted = roundUp(((fd + 1) as usize) << 2);
  const block = allocate(wanted);
  if (block === 0) return false;
  memory.copy(block, recordOf, recordOfBytes);
  release(recordOf, recordOfBytes);
  recordOf = block;
  recordOfBytes = wanted;
  return true;
}

/** Gives the entries from `entry` to `end` a record each and adds `want` to it. 0 or an errno. */
function build(entry: i32, end: i32, want: u16): i32 {
  // Local variables, no globals: this loop is what select() costs more than poll().
  let count = lists.recordCount;
  let reach = recordOfBytes >> 2;
  let at = lists.entries + ((entry as usize) << 2);
  const atEnd = lists.entries + ((end as usize) << 2);
  for (; at < atEnd; at += 4) {
    const fd = load<i32>(at);
    if (fd < 0) return -EINVAL;
    if (fd < MERGED) {
      if ((fd as usize) >= reach) {
        if (!reserveRecordOf(fd)) return -ENOMEM;
        reach = recordOfBytes >> 2;
      }
      const known = recordOf + ((fd as usize) << 2);
      const candidate = load<i32>(known);
      if ((candidate as u32) < (count as u32) && recordAt(candidate).fd === fd) {
        recordAt(candidate).want |= want;
        store<i32>(at, candidate);
        continue;
      }
      store<i32>(known, count);
    }
    const record = recordAt(count);
    record.fd = fd;
    record.want = want;
    record.ready = 0;
    store<i32>(at, count++);
  }
  lists.recordCount = count;
  return 0;
}

/** The first descriptor of the last call that is not open; -1 if all are. */
export function selectClosed(): i32 {
  for (let slot = 0; slot < lists.recordCount; slot++) {
    const record = recordAt(slot);
    if (record.ready & EVENT_NVAL) return record.fd;
  }
  return -1;
}

/**
 * Leaves the descriptors that are ready out of the next poll(2) (~fd < 0): poll(2) always reports HUP
 * and ERR, but select() counts HUP for readers only, and ERR never as exceptional.
 */
function mute(): void {
  for (let slot = 0; slot < lists.recordCount; slot++) {
    const record = recordAt(slot);
    if (record.ready !== 0) record.fd = ~record.fd;
  }
}

function unmute(): void {
  for (let slot = 0; slot < lists.recordCount; slot++) {
    const record = recordAt(slot);
    if (record.fd < 0) record.fd = ~record.fd;
  }
}

/** Replaces the entries from `entry` to `end` by the positions of the ready ones. */
function collect(entry: i32, end: i32, set: u32, out: i32): i32 {
  const first = entry;
  const start = out;
  let left = missing;
  for (; entry < end && left > 0; entry++) {
    const ready: u32 = recordAt(entryAt(entry)).ready;
    if (ready === 0) continue;
    left--;
    reported |= ready;
    if (ready & set) setEntry(out++, entry - first);
  }
  missing = left;
  return out - start;
}

/**
 * After a poll(2) that found `ready` records: fills the three lists. Returns how many entries are ready;
 * if that is 0, the entries are as they were.
 */
function collectAll(ready: i32): i32 {
  reported = 0;
  // With a record for each entry so many entries are ready; else an entry may share its record.
  missing = lists.recordCount === lists.exceptEnd ? ready : i32.MAX_VALUE;
  readReady = collect(0, lists.readEnd, READ_SET, 0);
  writeReady = collect(lists.readEnd, lists.writeEnd, WRITE_SET, readReady);
  exceptReady = collect(lists.writeEnd, lists.exceptEnd, EXCEPT_SET, readReady + writeReady);
  return readReady + writeReady + exceptReady;
}

/** How many entries of a list (0 readers, 1 writers, 2 exceptional) are ready. */
export function selectReady(list: i32): i32 {
  return list === 0 ? readReady : list === 1 ? writeReady : exceptReady;
}

/** poll(2) of the records, with the lists of this call before and after. */
function pollRecords(timeoutMs: f64): i32 {
  enterWait();
  const ready = poll(lists.records, lists.recordCount, timeoutMs);
  if (leaveWait()) resume();
  return ready;
}

/** Waits for the descriptors that are not ready in any way, RESCAN_MS at most. */
function pollOthers(timeoutMs: f64): void {
  mute();
  // The next poll(2) of all descriptors finds the same again, and any error.
  pollRecords(timeoutMs < 0 ? RESCAN_MS : Math.min(timeoutMs, RESCAN_MS));
  unmute();
}

/**
 * Whether a descriptor was closed already when the wait began. poll(2) reports POLLNVAL for a descriptor
 * that is not open when select() is called, at once, which is EBADF; and for one that another thread
 * closes during the wait, which is ready in every set.
 */
function wasClosed(started: f64, timeoutMs: f64): bool {
  if (selectClosed() < 0) return false;
  if (timeoutMs === 0) return true;
  const atOnce = AT_ONCE_MS + lists.recordCount * PER_DESCRIPTOR_MS;
  const delayed = timeoutMs < 0 ? DELAYED_MS : Math.min(timeoutMs, DELAYED_MS);
  return host.now() - started < Math.max(atOnce, delayed);
}

/** Waits until an entry is ready. Returns how many are, 0 on timeout, or a negative errno. */
function wait(timeoutMs: f64): i32 {
  const started = timeoutMs === 0 ? 0 : host.now();
  const deadline = started + timeoutMs;
  let left = timeoutMs;
  let ready = pollRecords(left);
  let found = ready > 0 ? collectAll(ready) : 0;
  if (found > 0 && reported & EVENT_NVAL && wasClosed(started, timeoutMs)) return -EBADF;
  while (ready === -EINTR || (ready > 0 && found === 0 && left !== 0)) {
    if (ready > 0) pollOthers(left);
    left = remaining(timeoutMs, deadline);
    ready = pollRecords(left);
    found = ready > 0 ? collectAll(ready) : 0;
  }
  if (ready === -EINVAL) return -EBADF; // more descriptors than may be open: some are not
  return ready < 0 ? ready : found;
}

/** Waits on the three lists and returns how many entries are ready, or a negative errno. */
export function selectWait(timeoutMs: f64): i32 {
  lists.recordCount = 0;
  readReady = writeReady = exceptReady = 0;
  let built = build(0, lists.readEnd, READ_WANT as u16);
  if (built === 0) built = build(lists.readEnd, lists.writeEnd, WRITE_WANT as u16);
  if (built === 0) built = build(lists.writeEnd, lists.exceptEnd, EXCEPT_WANT as u16);
  return built < 0 ? built : wait(timeoutMs);
}
