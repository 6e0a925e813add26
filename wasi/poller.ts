// poll(2) over poll_oneoff, the only wait that WASI has (wasi_snapshot_preview1), much as wasi-libc
// does it. There is no urgent data. poll_oneoff cannot wait for a hang-up, an error or a close alone:
// the poller tests descriptors whose record asks neither to read nor to write every RESCAN_MS.

import {
  EBADF,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_OUT,
  EVENT_RDHUP,
  EVENT_RDNORM,
  EVENT_WRNORM,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
  RESCAN_MS,
} from "../asm/abi.ts";
import { Counters, isCounter } from "./counters.ts";
import { linuxErrno, WASI_BADF } from "./errno.ts";
import {
  CLOCK_MONOTONIC,
  EVENT_BYTES,
  EVENT_ERROR,
  EVENT_FLAGS,
  EVENT_SIZE,
  EVENT_TYPE,
  EVENT_USERDATA,
  FLAG_HANGUP,
  SUBSCRIPTION_CLOCK,
  SUBSCRIPTION_FD,
  SUBSCRIPTION_SIZE,
  SUBSCRIPTION_TIMEOUT,
  SUBSCRIPTION_TYPE,
  SUBSCRIPTION_USERDATA,
  TYPE_CLOCK,
  TYPE_READ,
  TYPE_WRITE,
} from "./preview1.ts";

/** poll_oneoff of a runtime, on the memory of the poller: 0 or an error number of WASI. */
export type PollOneoff = (
  subscriptions: number,
  events: number,
  count: number,
  found: number,
) => number;

/** Arguments of poll_oneoff. */
export type OneoffCall = Parameters<PollOneoff>;

/** A sequence of calls of poll_oneoff: yields the arguments of each, and is resumed with its result. */
export type OneoffCalls = Generator<OneoffCall, number, number>;

const READS = EVENT_IN | EVENT_RDNORM;
const WRITES = EVENT_OUT | EVENT_WRNORM;
const NS = 1e6;
const PAGE = 65536;
/** The fs_filetype of sockets. */
export const SOCKET_DGRAM = 5;
export const SOCKET_STREAM = 6;
/** 2^64 - 1 ns mean for ever. */
const FOREVER = 2n ** 64n - 1n;
/** User data of the clock's subscription; all others have the number of their record. */
const TIMEOUT = 0xffffffffn;

function nanoseconds(ms: number): bigint {
  const ns = Math.ceil(ms * NS);
  return ns < Number(FOREVER) ? BigInt(ns) : FOREVER;
}

/** Whether a record is about a descriptor of the runtime. */
function isAsked(fd: number): boolean {
  return fd >= 0 && !isCounter(fd);
}

/** Whether any record asks neither to read nor to write, so that WASI cannot wait for it. */
function hasUnwatched(records: DataView, count: number): boolean {
  for (let i = 0; i < count; i++) {
    if (!isAsked(records.getInt32(i * POLL_RECORD_SIZE + POLL_RECORD_FD, true))) continue;
    const want = records.getUint16(i * POLL_RECORD_SIZE + POLL_RECORD_WANT, true);
    if ((want & (READS | WRITES)) === 0) return true;
  }
  return false;
}

const NONE: ReadonlySet<number> = new Set();

/** Marks the records of descriptors that are not open. Returns how many there are. */
function markClosed(records: DataView, count: number, closed: ReadonlySet<number>): number {
  let marked = 0;
  for (let at = 0; at < count * POLL_RECORD_SIZE; at += POLL_RECORD_SIZE) {
    if (!closed.has(records.getInt32(at + POLL_RECORD_FD, true))) continue;
    records.setUint16(at + POLL_RECORD_READY, EVENT_NVAL, true);
    marked++;
  }
  return marked;
}

/** Waits for descriptors of one runtime. */
export class OneoffPoller {
  /** Memory that the runtime reads subscriptions from and writes events to. */
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  /** WASI has no eventfd: records may be about these. */
  readonly counters = new Counters();
  readonly #wait: PollOneoff;
  readonly #now: () => number;
  readonly #typeOf: (fd: number) => number;
  /** Number of subscriptions of the next call. */
  #count = 0;

  /**
   * @param wait poll_oneoff, on `memory`
   * @param now milliseconds on the monotonic clock
   * @param typeOf the fs_filetype of a descriptor, as fd_fdstat_get tells
   */
  constructor(wait: PollOneoff, now: () => number, typeOf: (fd: number) => number) {
    this.#wait = wait;
    this.#now = now;
    this.#typeOf = typeOf;
  }

  /** Makes room for so many subscriptions and their events. Returns the address of the events. */
  #reserve(count: number): number {
    const events = count * SUBSCRIPTION_SIZE;
    const missing = events + count * EVENT_SIZE + 8 - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    return events;
  }

  #subscribe(view: DataView, type: number, userdata: bigint): number {
    const at = this.#count++ * SUBSCRIPTION_SIZE;
    new Uint8Array(view.buffer, at, SUBSCRIPTION_SIZE).fill(0);
    view.setBigUint64(at + SUBSCRIPTION_USERDATA, userdata, true);
    view.setUint8(at + SUBSCRIPTION_TYPE, type);
    return at;
  }

  /**
   * Writes the subscriptions of the records; with `all`, of those that ask for nothing, too. Descriptors in `closed`
   * are left out.
   */
  #writeSubscriptions(
    records: DataView,
    count: number,
    all: boolean,
    timeoutMs: number,
    closed: ReadonlySet<number>,
  ): void {
    const view = new DataView(this.memory.buffer);
    this.#count = 0;
    for (let i = 0; i < count; i++) {
      const fd = records.getInt32(i * POLL_RECORD_SIZE + POLL_RECORD_FD, true);
      if (!isAsked(fd) || closed.has(fd)) continue;
      const want = records.getUint16(i * POLL_RECORD_SIZE + POLL_RECORD_WANT, true);
      const isUnwatched = (want & (READS | WRITES)) === 0;
      for (const [type, bits] of [
        [TYPE_READ, READS],
        [TYPE_WRITE, WRITES],
      ] as const) {
        const isWanted = (want & bits) !== 0 || (isUnwatched && all && type === TYPE_READ);
        if (!isWanted) continue;
        view.setUint32(this.#subscribe(view, type, BigInt(i)) + SUBSCRIPTION_FD, fd, true);
      }
    }
    if (timeoutMs >= 0) this.#writeTimeout(view, timeoutMs);
  }

  /** Adds the subscription of a clock, which limits the time of the call. */
  #writeTimeout(view: DataView, ms: number): void {
    const at = this.#subscribe(view, TYPE_CLOCK, TIMEOUT);
    view.setUint32(at + SUBSCRIPTION_CLOCK, CLOCK_MONOTONIC, true);
    view.setBigUint64(at + SUBSCRIPTION_TIMEOUT, nanoseconds(ms), true);
  }

  /** Arguments of the call, whose events are at `events`. */
  #argumentsOf(events: number): OneoffCall {
    return [0, events, this.#count, this.memory.buffer.byteLength - 8];
  }

  /** Result of a call: how many events it wrote, or a negative errno. */
  #resultOf([, , , found]: OneoffCall, error: number): number {
    if (error !== 0) return -linuxErrno(error);
    return new DataView(this.memory.buffer).getUint32(found, true);
  }

  /** Ready mask of one event, within the mask that the record asks for. */
  #bitsOf(view: DataView, at: number, fd: number, want: number): number {
    const error = view.getUint16(at + EVENT_ERROR, true);
    if (error === WASI_BADF) return EVENT_NVAL;
    const isWrite = view.getUint8(at + EVENT_TYPE) === TYPE_WRITE;
    const type = this.#typeOf(fd);
    const isSocket = type === SOCKET_STREAM || type === SOCKET_DGRAM;
    let hangUp = view.getUint16(at + EVENT_FLAGS, true) & FLAG_HANGUP ? EVENT_HUP : 0;
    // Both directions are over, so that the peer's is.
    if (hangUp !== 0 && type === SOCKET_STREAM) hangUp |= want & EVENT_RDHUP;
    // A write that fails does not block (pipe_poll, sock_writeable); a read, only once the connection is gone.
    if (error !== 0 && isWrite) return EVENT_ERR | hangUp | (want & WRITES);
    if (error !== 0) return EVENT_ERR | hangUp | (hangUp === 0 ? 0 : want & READS);
    if (isWrite) return hangUp === 0 || isSocket ? hangUp | (want & WRITES) : hangUp;
    const isEmpty = view.getBigUint64(at + EVENT_BYTES, true) === 0n;
    // The end of a socket can be read (tcp_poll); a pipe has EVENT_IN only while it has bytes.
    if (hangUp !== 0) return isEmpty && !isSocket ? hangUp : hangUp | (want & READS);
    // A stream that is ready to be read and has no bytes has ended.
    return want & (isEmpty && type === SOCKET_STREAM ? READS | EVENT_RDHUP : READS);
  }

  /** Writes the ready masks of `found` events to their records. Returns how many are not 0. */
  #applyEvents(records: DataView, events: number, found: number): number {
    const view = new DataView(this.memory.buffer);
    let ready = 0;
    for (let i = 0; i < found; i++) {
      const at = events + i * EVENT_SIZE;
      const userdata = view.getBigUint64(at + EVENT_USERDATA, true);
      if (userdata === TIMEOUT) continue;
      const record = Number(userdata) * POLL_RECORD_SIZE;
      const before = records.getUint16(record + POLL_RECORD_READY, true);
      const want = records.getUint16(record + POLL_RECORD_WANT, true);
      const fd = records.getInt32(record + POLL_RECORD_FD, true);
      const after = before | this.#bitsOf(view, at, fd, want);
      records.setUint16(record + POLL_RECORD_READY, after, true);
      if (before === 0 && after !== 0) ready++;
    }
    return ready;
  }

  /** One call of at most `timeoutMs`. Returns how many records are ready, or a negative errno. */
  *#once(recordsOf: () => DataView, count: number, all: boolean, timeoutMs: number): OneoffCalls {
    const found = yield* this.#call(recordsOf, count, all, timeoutMs, NONE);
    if (found !== -EBADF) return found;
    // The runtime fails the whole call, and does not say which descriptor is closed.
    const closed = yield* this.#closedOf(recordsOf(), count);
    const others = yield* this.#call(
      recordsOf,
      count,
      all,
      closed.size > 0 ? 0 : timeoutMs,
      closed,
    );
    if (others < 0) return others;
    return others + markClosed(recordsOf(), count, closed);
  }

  *#call(
    recordsOf: () => DataView,
    count: number,
    all: boolean,
    timeoutMs: number,
    closed: ReadonlySet<number>,
  ): OneoffCalls {
    const events = this.#reserve(2 * count + 1);
    this.#writeSubscriptions(recordsOf(), count, all, timeoutMs, closed);
    // poll_oneoff refuses a call without a subscription.
    if (this.#count === 0) this.#writeTimeout(new DataView(this.memory.buffer), Infinity);
    const call = this.#argumentsOf(events);
    const found = this.#resultOf(call, yield call);
    if (found < 0) return found;
    const records = recordsOf();
    for (let i = 0; i < count; i++) {
      records.setUint16(i * POLL_RECORD_SIZE + POLL_RECORD_READY, 0, true);
    }
    return this.#applyEvents(records, events, found);
  }

  /** The descriptors of the records that are not open, asked for one by one. */
  *#closedOf(records: DataView, count: number): Generator<OneoffCall, Set<number>, number> {
    const closed = new Set<number>();
    const asked = new Set<number>();
    for (let i = 0; i < count; i++) {
      const fd = records.getInt32(i * POLL_RECORD_SIZE + POLL_RECORD_FD, true);
      if (!isAsked(fd) || asked.has(fd)) continue;
      asked.add(fd);
      const call = this.#question(fd, false);
      if (this.#resultOf(call, yield call) === -EBADF) closed.add(fd);
    }
    return closed;
  }

  /** The call that asks about one descriptor, and does not wait. */
  #question(fd: number, isWrite: boolean): OneoffCall {
    const events = this.#reserve(2);
    const view = new DataView(this.memory.buffer);
    this.#count = 0;
    const at = this.#subscribe(view, isWrite ? TYPE_WRITE : TYPE_READ, 0n);
    view.setUint32(at + SUBSCRIPTION_FD, fd, true);
    this.#writeTimeout(view, 0);
    return this.#argumentsOf(events);
  }

  /**
   * What an event that comes at once says of a descriptor: the number of bytes that can be read, or written
   * (wasi-libc's FIONREAD), and the error, an errno of Linux. The number is -EBADF if the descriptor is not open.
   */
  ask(fd: number, isWrite: boolean): { readonly bytes: number; readonly error: number } {
    const call = this.#question(fd, isWrite);
    const [, events] = call;
    const found = this.#resultOf(call, this.#wait(...call));
    if (found < 0) return { bytes: found, error: 0 };
    const answered = new DataView(this.memory.buffer, events, found * EVENT_SIZE);
    for (let i = 0; i < found * EVENT_SIZE; i += EVENT_SIZE) {
      if (answered.getUint8(i + EVENT_TYPE) === TYPE_CLOCK) continue;
      const error = answered.getUint16(i + EVENT_ERROR, true);
      if (error === WASI_BADF) return { bytes: -EBADF, error: 0 };
      return {
        bytes: Number(answered.getBigUint64(i + EVENT_BYTES, true)),
        error: error === 0 ? 0 : linuxErrno(error),
      };
    }
    return { bytes: 0, error: 0 };
  }

  /**
   * poll(2).
   *
   * @param recordsOf the poll records, which may move during a wait
   * @param timeoutMs < 0 for ever
   */
  poll(recordsOf: () => DataView, count: number, timeoutMs: number): number {
    const calls = this.calls(recordsOf, count, timeoutMs);
    let step = calls.next();
    while (!step.done) step = calls.next(this.#wait(...step.value));
    return step.value;
  }

  /** The calls of poll_oneoff that a poll(2) takes, for a caller that makes them itself. */
  *calls(recordsOf: () => DataView, count: number, timeoutMs: number): OneoffCalls {
    const isReady = this.counters.scan(recordsOf(), count) > 0;
    const found = yield* this.#descriptors(recordsOf, count, isReady ? 0 : timeoutMs);
    return found < 0 ? found : found + this.counters.scan(recordsOf(), count);
  }

  /** The same without the counters. */
  *#descriptors(recordsOf: () => DataView, count: number, timeoutMs: number): OneoffCalls {
    if (!hasUnwatched(recordsOf(), count)) {
      return yield* this.#once(recordsOf, count, false, timeoutMs);
    }
    const deadline = this.#now() + timeoutMs;
    let left = timeoutMs;
    while (true) {
      const found = yield* this.#once(recordsOf, count, true, 0);
      if (found !== 0 || left === 0) return found;
      const interval = left < 0 ? RESCAN_MS : Math.min(left, RESCAN_MS);
      const ended = yield* this.#once(recordsOf, count, false, interval);
      if (ended < 0) return ended;
      if (timeoutMs >= 0) left = Math.max(deadline - this.#now(), 0);
    }
  }
}
