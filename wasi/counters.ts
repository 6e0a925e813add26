// Event counters under numbers that are no descriptors: the eventfd(2) of a host whose platform has none. The core
// signals a queue with them, and knows an emulated epoll by one.

import {
  ACCESS_READ,
  ACCESS_WRITE,
  DATA_COUNTER,
  DATA_ERROR,
  DATA_FD,
  DATA_OPEN,
  DATA_SIZE,
  DATA_STATE,
  DATA_VALUE,
  DATA_WHAT,
  DATA_WITH_STATE,
  EAGAIN,
  EBADF,
  EINVAL,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_OUT,
  FD_EVENTFD,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
  STAT_FLAGS,
  STAT_KIND,
  STAT_SIZE,
} from "../asm/abi.ts";
import type { Host } from "../host/host.ts";

const EFAULT = 14;

/** The lowest of the numbers. No platform has descriptors from here on. */
const FIRST = 2 ** 30;
const LAST = 2 ** 31 - 1;
/** One more than the largest count (ULLONG_MAX). */
const LIMIT = 2n ** 64n - 1n;
const SIZE = 8;

/** The number that is tried next. Hosts of one thread share it, so that none takes the number of another for its own. */
let next = FIRST;

/** Whether a number is one of a counter, open or not. */
export function isCounter(fd: number): boolean {
  return fd >= FIRST;
}

/** The counters of one host. Calls return what eventfd(2) says of its descriptors, or a negative errno. */
export class Counters {
  readonly #counts = new Map<number, bigint>();
  /** Called after each change: a wait for counters may be over. */
  onChange: (() => void) | undefined;

  /** A new counter, of 0. Returns its number. */
  open(): number {
    while (this.#counts.has(next)) next = next === LAST ? FIRST : next + 1;
    const number = next;
    next = next === LAST ? FIRST : next + 1;
    this.#counts.set(number, 0n);
    return number;
  }

  has(number: number): boolean {
    return this.#counts.has(number);
  }

  close(number: number): number {
    return this.#counts.delete(number) ? 0 : -EBADF;
  }

  /** Takes the whole count into the first 8 of `bytes`. */
  read(number: number, bytes: Uint8Array): number {
    const count = this.#counts.get(number);
    if (count === undefined) return -EBADF;
    if (bytes.length < SIZE) return -EINVAL;
    if (count === 0n) return -EAGAIN;
    new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(0, count, true);
    this.#set(number, 0n);
    return SIZE;
  }

  /** Adds what the 8 bytes say. */
  write(number: number, bytes: Uint8Array): number {
    const count = this.#counts.get(number);
    if (count === undefined) return -EBADF;
    if (bytes.length !== SIZE) return -EINVAL;
    const added = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
    if (added === LIMIT) return -EINVAL;
    if (added >= LIMIT - count) return -EAGAIN;
    this.#set(number, count + added);
    return SIZE;
  }

  #set(number: number, count: bigint): void {
    this.#counts.set(number, count);
    this.onChange?.();
  }

  /** The answer to a question of fd_data, DATA_*. */
  data(number: number, question: number): bigint {
    const count = this.#counts.get(number);
    if (count === undefined) return BigInt(-EBADF);
    if (question === DATA_OPEN) return 0n;
    return question === DATA_COUNTER ? count : BigInt(-EINVAL);
  }

  /** EVENT_* that hold of a number. */
  #events(number: number): number {
    const count = this.#counts.get(number);
    if (count === undefined) return EVENT_NVAL;
    return (count > 0n ? EVENT_IN : 0) | (count < LIMIT - 1n ? EVENT_OUT : 0);
  }

  /** Writes the ready masks of the poll records that are about counters. Returns how many are not 0. */
  scan(records: DataView, count: number): number {
    let ready = 0;
    for (let at = 0; at < count * POLL_RECORD_SIZE; at += POLL_RECORD_SIZE) {
      const number = records.getInt32(at + POLL_RECORD_FD, true);
      if (!isCounter(number)) continue;
      const want = records.getUint16(at + POLL_RECORD_WANT, true) | EVENT_NVAL;
      const mask = this.#events(number) & want;
      records.setUint16(at + POLL_RECORD_READY, mask, true);
      if (mask !== 0) ready++;
    }
    return ready;
  }
}

type DescriptorCalls = Pick<Host, "read" | "write" | "close" | "fd_stat">;

/** The calls of a host that take descriptors, and so the numbers of counters. */
export type CountedCalls = DescriptorCalls & Pick<Host, "fd_data" | "eventfd">;

/** Such calls of a platform, for its own descriptors. */
export interface PlatformCalls extends DescriptorCalls {
  /** Answers the data record at an address, which is within the memory. */
  answer(memory: WebAssembly.Memory, address: number): void;
}

/** Writes the answer to a data record. */
export function writeAnswer(
  view: DataView,
  at: number,
  { value, error = 0, state = 0 }: { value: bigint; error?: number; state?: number },
): void {
  view.setBigInt64(at + DATA_VALUE, value, true);
  view.setInt32(at + DATA_ERROR, error, true);
  view.setUint32(at + DATA_STATE, state, true);
}

/** The bytes at an address of a caller's memory; undefined if one lies outside. */
function bytesAt(
  memory: WebAssembly.Memory,
  address: number,
  length: number,
): Uint8Array | undefined {
  const from = address >>> 0;
  if (length < 0 || from + length > memory.buffer.byteLength) return undefined;
  return new Uint8Array(memory.buffer, from, length);
}

/** The calls of a platform, which know the numbers of counters, and eventfd. */
export function withCounters(counters: Counters, calls: PlatformCalls): CountedCalls {
  /** Writes the stat record of a counter. */
  function describe(memory: WebAssembly.Memory, fd: number, address: number): number {
    const bytes = bytesAt(memory, address, STAT_SIZE);
    if (bytes === undefined) return -EFAULT;
    if (!counters.has(fd)) return -EBADF;
    const view = new DataView(memory.buffer, address >>> 0);
    bytes.fill(0);
    view.setUint32(STAT_KIND, FD_EVENTFD, true);
    view.setUint32(STAT_FLAGS, ACCESS_READ | ACCESS_WRITE, true);
    return 0;
  }

  /** Answers the data record of a counter. */
  function answer(view: DataView, at: number, fd: number): void {
    const question = view.getUint32(at + DATA_WHAT, true) & ~DATA_WITH_STATE;
    const value = counters.data(fd, question);
    writeAnswer(view, at, value < 0n ? { value: 0n, error: Number(value) } : { value });
  }

  return {
    eventfd: () => counters.open(),
    close: (fd) => (isCounter(fd) ? counters.close(fd) : calls.close(fd)),
    read(memory, fd, address, length) {
      if (!isCounter(fd)) return calls.read(memory, fd, address, length);
      const bytes = bytesAt(memory, address, length);
      return bytes === undefined ? -EFAULT : counters.read(fd, bytes);
    },
    write(memory, fd, address, length) {
      if (!isCounter(fd)) return calls.write(memory, fd, address, length);
      const bytes = bytesAt(memory, address, length);
      return bytes === undefined ? -EFAULT : counters.write(fd, bytes);
    },
    fd_stat: (memory, fd, address) =>
      isCounter(fd) ? describe(memory, fd, address) : calls.fd_stat(memory, fd, address),
    fd_data(memory, records, count) {
      if (count < 0) return -EINVAL;
      const bytes = bytesAt(memory, records, count * DATA_SIZE);
      if (bytes === undefined) return -EFAULT;
      for (let at = 0; at < bytes.length; at += DATA_SIZE) {
        const view = new DataView(memory.buffer, records >>> 0);
        const fd = view.getInt32(at + DATA_FD, true);
        if (isCounter(fd)) answer(view, at, fd);
        else calls.answer(memory, (records >>> 0) + at);
      }
      return 0;
    },
  };
}
