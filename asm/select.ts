// select() over poll: no fd_set, so no limit of 1024, and one poll record per descriptor
// however many lists name it.
//
// The caller writes the descriptors of the three lists, one after the other, at the address
// `selectBegin` returns. After `selectWait` the same place holds what is ready: the positions
// (in its own list) of the ready entries of the first list, then of the second, then of the
// third; `selectReady` says how many each has.
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
} from "./abi";
import { remaining } from "./deadline";
import * as host from "./host";
import { poll, reservePoll } from "./kernel";
import { allocate, LARGEST, release, roundUp } from "./memory";
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
 * poll(2) always reports HUP and ERR, select() counts HUP for readers only and ERR never as
 * exceptional. A descriptor that says only what does not count is left out of the wait and
 * looked at again this often.
 */
const MUTED_MS: f64 = 10;

/**
 * A poll that ends within this time, and so much more per descriptor, did not wait. A second
 * poll(2) before the wait would be exact, and cost every select() a system call for it.
 */
const AT_ONCE_MS: f64 = 5;
const LOOK_MS: f64 = 0.001;
/** Nor did one within this time, if it was to last longer: the thread may not have run meanwhile. */
const SUSPECT_MS: f64 = 100;

/** Entries: the descriptor, then (after `build`) its record, then its position if ready. */
let entries: usize = 0;
let entriesBytes: usize = 0;
let records: usize = 0;
let recordsBytes: usize = 0;
/** Record of a descriptor. Never cleared: an answer counts only if that record agrees. */
let recordOf: usize = 0;
let recordOfBytes: usize = 0;

let readEnd = 0;
let writeEnd = 0;
let exceptEnd = 0;
let recordCount = 0;
let readReady = 0;
let writeReady = 0;
let exceptReady = 0;
/** Of the last wait: all bits that were reported, and how many records are yet to be found. */
let seen: u32 = 0;
let unseen = 0;

function recordAt(slot: i32): PollRecord {
  return changetype<PollRecord>(records + (slot as usize) * POLL_RECORD_SIZE);
}

function entryAt(entry: i32): i32 {
  return load<i32>(entries + ((entry as usize) << 2));
}

function setEntry(entry: i32, value: i32): void {
  store<i32>(entries + ((entry as usize) << 2), value);
}

/** Where to write the descriptors of lists of these lengths; 0 if there is no memory. */
export function selectBegin(readers: u32, writers: u32, exceptional: u32): usize {
  const sum = (readers as u64) + writers + exceptional;
  if (sum > LARGEST / POLL_RECORD_SIZE) return 0;
  const total = sum as i32;
  const entriesWanted = roundUp((total as usize) << 2);
  if (entriesWanted > entriesBytes) {
    const block = allocate(entriesWanted);
    if (block === 0) return 0;
    release(entries, entriesBytes);
    entries = block;
    entriesBytes = entriesWanted;
  }
  const recordsWanted = roundUp((total as usize) * POLL_RECORD_SIZE);
  if (recordsWanted > recordsBytes) {
    const block = allocate(recordsWanted);
    if (block === 0) return 0;
    release(records, recordsBytes);
    records = block;
    recordsBytes = recordsWanted;
  }
  readEnd = readers;
  writeEnd = readers + writers;
  exceptEnd = total;
  reservePoll(total);
  return entries;
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
  // What changes per entry is kept out of globals: this loop is what select() adds to poll().
  let count = recordCount;
  let reach = recordOfBytes >> 2;
  let at = entries + ((entry as usize) << 2);
  const atEnd = entries + ((end as usize) << 2);
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
  recordCount = count;
  return 0;
}

/** The first descriptor that is not open, of those the last call looked at; -1 if all are. */
export function selectClosed(): i32 {
  for (let slot = 0; slot < recordCount; slot++) {
    const record = recordAt(slot);
    if (record.ready & EVENT_NVAL) return record.fd;
  }
  return -1;
}

/** Leaves descriptors that report only what does not count out of the next poll (~fd < 0). */
function mute(): void {
  for (let slot = 0; slot < recordCount; slot++) {
    const record = recordAt(slot);
    if (record.ready !== 0) record.fd = ~record.fd;
  }
}

function unmute(): void {
  for (let slot = 0; slot < recordCount; slot++) {
    const record = recordAt(slot);
    if (record.fd < 0) record.fd = ~record.fd;
  }
}

/** Replaces the entries from `entry` to `end` by the positions of the ready ones. */
function collect(entry: i32, end: i32, set: u32, out: i32): i32 {
  const first = entry;
  const start = out;
  let left = unseen;
  for (; entry < end && left > 0; entry++) {
    const ready: u32 = recordAt(entryAt(entry)).ready;
    if (ready === 0) continue;
    left--;
    seen |= ready;
    if (ready & set) setEntry(out++, entry - first);
  }
  unseen = left;
  return out - start;
}

/**
 * After a wait that left `ready` records not 0: fills the three lists. Entries are as they were
 * if nothing is ready.
 */
function collectAll(ready: i32): i32 {
  seen = 0;
  unseen = recordCount === exceptEnd ? ready : i32.MAX_VALUE; // records of their own: so many
  readReady = collect(0, readEnd, READ_SET, 0);
  writeReady = collect(readEnd, writeEnd, WRITE_SET, readReady);
  exceptReady = collect(writeEnd, exceptEnd, EXCEPT_SET, readReady + writeReady);
  return readReady + writeReady + exceptReady;
}

/** How many entries of a list (0 readers, 1 writers, 2 exceptional) are ready. */
export function selectReady(list: i32): i32 {
  return list === 0 ? readReady : list === 1 ? writeReady : exceptReady;
}

/** Sleeps until a descriptor that is silent so far says something, MUTED_MS at most. */
function pause(timeoutMs: f64): void {
  mute();
  // What it finds, and any error of it, the next look at all of them finds again.
  poll(records, recordCount, timeoutMs < 0 ? MUTED_MS : Math.min(timeoutMs, MUTED_MS));
  unmute();
}

/**
 * Whether a descriptor that is not open was so when the wait began. poll(2) says POLLNVAL both of
 * what is not open when select() is called, which is EBADF, and says it at once; and of what
 * another thread closes during the wait, which is ready in every set.
 */
function wasClosed(started: f64, timeoutMs: f64): bool {
  if (selectClosed() < 0) return false;
  if (timeoutMs === 0) return true;
  const atOnce = AT_ONCE_MS + recordCount * LOOK_MS;
  const suspect = timeoutMs < 0 ? SUSPECT_MS : Math.min(timeoutMs, SUSPECT_MS);
  return host.now() - started < Math.max(atOnce, suspect);
}

/** Waits until an entry is ready. Returns how many are, 0 on timeout, or a negative errno. */
function wait(timeoutMs: f64): i32 {
  const started = timeoutMs === 0 ? 0 : host.now();
  const deadline = started + timeoutMs;
  let left = timeoutMs;
  let ready = poll(records, recordCount, left);
  let found = ready > 0 ? collectAll(ready) : 0;
  if (found > 0 && seen & EVENT_NVAL && wasClosed(started, timeoutMs)) return -EBADF;
  while (ready === -EINTR || (ready > 0 && found === 0 && left !== 0)) {
    if (ready > 0) pause(left);
    left = remaining(timeoutMs, deadline);
    ready = poll(records, recordCount, left);
    found = ready > 0 ? collectAll(ready) : 0;
  }
  if (ready === -EINVAL) return -EBADF; // more descriptors than may be open, so some are not
  return ready < 0 ? ready : found;
}

/** Waits on the three lists and returns how many entries are ready, or a negative errno. */
export function selectWait(timeoutMs: f64): i32 {
  recordCount = 0;
  readReady = writeReady = exceptReady = 0;
  let built = build(0, readEnd, READ_WANT as u16);
  if (built === 0) built = build(readEnd, writeEnd, WRITE_WANT as u16);
  if (built === 0) built = build(writeEnd, exceptEnd, EXCEPT_WANT as u16);
  return built < 0 ? built : wait(timeoutMs);
}
