// Names: event counters under numbers from 2^30 on, which are no descriptors of the runtime. WASI has no
// eventfd(2). The core knows an emulated epoll and a devpoll object by a name, and signals a queue with one.
// wasi/counters.ts is the same in TypeScript.

import {
  ACCESS_READ,
  ACCESS_WRITE,
  DATA_COUNTER,
  DATA_OPEN,
  EAGAIN,
  EBADF,
  EINVAL,
  ENOMEM,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_OUT,
  FD_EVENTFD,
} from "../abi";
import { allocate, release } from "../memory";
import { DataRecord, PollRecord, StatRecord } from "../records";

/** The lowest name. No runtime has descriptors from here on. */
const FIRST = 0x40000000;
/** Count of a closed name, one more than the largest count (eventfd_write refuses ULLONG_MAX). */
const CLOSED = u64.MAX_VALUE;
const SIZE = 8;

@unmanaged
class Name {
  /** The counter, or CLOSED. */
  count: u64;
  /** Of a closed name, the index of the next closed one; -1 at the end of that list. */
  next: i32;
  unused: i32;
}

let names: usize = 0;
let capacity = 0;
/** Number of entries that were ever used. */
let used = 0;
/** Number of open names. */
let open = 0;
let firstClosed = -1;

function nameAt(index: i32): Name {
  return changetype<Name>(names + (index as usize) * offsetof<Name>());
}

/** Whether a number is one of a name, open or not. */
export function isName(fd: i32): bool {
  return fd >= FIRST;
}

/** An open name; null for any other number. */
function nameOf(fd: i32): Name | null {
  const index = fd - FIRST;
  if (!isName(fd) || index >= used) return null;
  const name = nameAt(index);
  return name.count === CLOSED ? null : name;
}

function bytesOf(count: i32): u64 {
  return (count as u64) * offsetof<Name>();
}

function grow(): bool {
  const wanted = capacity === 0 ? 16 : capacity * 2;
  const block = allocate(bytesOf(wanted));
  if (block === 0) return false;
  const before = bytesOf(capacity) as usize;
  memory.copy(block, names, before);
  release(names, before);
  names = block;
  capacity = wanted;
  return true;
}

/** eventfd(2): a new name, whose count is 0, or -ENOMEM. */
export function openName(): i32 {
  let index = firstClosed;
  if (index >= 0) {
    firstClosed = nameAt(index).next;
  } else {
    if (used === capacity && !grow()) return -ENOMEM;
    index = used++;
  }
  nameAt(index).count = 0;
  open++;
  return FIRST + index;
}

/** close(2). The table is given back with the last open name. */
export function closeName(fd: i32): i32 {
  const name = nameOf(fd);
  if (name === null) return -EBADF;
  name.count = CLOSED;
  name.next = firstClosed;
  firstClosed = fd - FIRST;
  if (--open > 0) return 0;
  release(names, bytesOf(capacity) as usize);
  names = 0;
  capacity = used = 0;
  firstClosed = -1;
  return 0;
}

/** eventfd_read: takes the whole count to `address`. */
export function readName(fd: i32, address: usize, length: i32): i32 {
  const name = nameOf(fd);
  if (name === null) return -EBADF;
  if (length < SIZE) return -EINVAL;
  if (name.count === 0) return -EAGAIN;
  store<u64>(address, name.count);
  name.count = 0;
  return SIZE;
}

/** eventfd_write: adds the 8 bytes at `address`. */
export function writeName(fd: i32, address: usize, length: i32): i32 {
  const name = nameOf(fd);
  if (name === null) return -EBADF;
  if (length !== SIZE) return -EINVAL;
  const added = load<u64>(address);
  if (added === u64.MAX_VALUE) return -EINVAL;
  if (added >= u64.MAX_VALUE - name.count) return -EAGAIN;
  name.count += added;
  return SIZE;
}

/** eventfd_poll: EVENT_* that hold of a name. */
function eventsOf(fd: i32): u32 {
  const name = nameOf(fd);
  if (name === null) return EVENT_NVAL;
  return (name.count > 0 ? EVENT_IN : 0) | (name.count < CLOSED - 1 ? EVENT_OUT : 0);
}

/** Writes the ready mask of a poll record that is about a name; whether it is not 0. */
export function pollName(record: PollRecord): bool {
  record.ready = (eventsOf(record.fd) & ((record.want as u32) | EVENT_NVAL)) as u16;
  return record.ready !== 0;
}

/** Fills in the stat record of a name, which is 0 throughout. */
export function statName(fd: i32, stat: StatRecord): i32 {
  if (nameOf(fd) === null) return -EBADF;
  stat.kind = FD_EVENTFD;
  stat.flags = ACCESS_READ | ACCESS_WRITE;
  return 0;
}

/** Answers a data record about a name, whose answer is 0 throughout. */
export function answerName(record: DataRecord, question: u32): void {
  const name = nameOf(record.fd);
  if (name === null) record.error = -EBADF;
  else if (question === DATA_COUNTER) record.value = name.count as i64;
  else if (question !== DATA_OPEN) record.error = -EINVAL;
}
