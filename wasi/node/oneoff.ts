// poll_oneoff over Node's own parts. The watcher tells which descriptors are readable, and sleeps in the kernel;
// node:wasi tells a hang-up and an error from data, and whether a descriptor can be written to. Nothing of Node waits
// until one can: that is looked at from time to time.

import { WASI_BADF, WASI_INVAL, WASI_PIPE } from "../errno.ts";
import type { PollOneoff } from "../poller.ts";
import {
  type Answer,
  CLOCK_ABSOLUTE,
  CLOCK_REALTIME,
  EVENT_SIZE,
  FLAG_HANGUP,
  SUBSCRIPTION_CLOCK,
  SUBSCRIPTION_FD,
  SUBSCRIPTION_FLAGS,
  SUBSCRIPTION_SIZE,
  SUBSCRIPTION_TIMEOUT,
  SUBSCRIPTION_TYPE,
  SUBSCRIPTION_USERDATA,
  TYPE_CLOCK,
  TYPE_READ,
  TYPE_WRITE,
  writeEvent,
} from "../preview1.ts";
import type { Descriptor, Descriptors } from "./descriptors.ts";
import type { Watcher } from "./watcher.ts";

/** Interval between two looks at what cannot be watched, in ms. */
const INTERVAL_MS = 20;
/** Looks take at most a hundredth of the time. */
const SHARE = 100;
/** A pipe that can be written to has room for a page (pipe_full). */
const PIPE_ROOM = 4096;

interface Subscription {
  readonly userdata: bigint;
  readonly type: number;
  readonly fd: number;
  /** Of a clock: its time, in ms of performance.now(). */
  readonly due: number;
}

function clockOf(view: DataView, at: number): number {
  const timeout = Number(view.getBigUint64(at + SUBSCRIPTION_TIMEOUT, true)) / 1e6;
  const isAbsolute = (view.getUint16(at + SUBSCRIPTION_FLAGS, true) & CLOCK_ABSOLUTE) !== 0;
  const now = performance.now();
  if (!isAbsolute) return now + timeout;
  const isRealtime = view.getUint32(at + SUBSCRIPTION_CLOCK, true) === CLOCK_REALTIME;
  return isRealtime ? now + timeout - (performance.timeOrigin + now) : timeout;
}

function subscriptionAt(view: DataView, at: number): Subscription {
  const type = view.getUint8(at + SUBSCRIPTION_TYPE);
  const isClock = type === TYPE_CLOCK;
  return {
    userdata: view.getBigUint64(at + SUBSCRIPTION_USERDATA, true),
    type,
    fd: isClock ? -1 : view.getInt32(at + SUBSCRIPTION_FD, true),
    due: isClock ? clockOf(view, at) : Infinity,
  };
}

/** What poll_oneoff says of one direction of a descriptor; undefined if it is not ready. */
type Found = Answer | undefined;

const answer = (bytes: number, error = 0, flags = 0): Answer => ({ error, bytes, flags });
const NOT_OPEN = answer(0, WASI_BADF);

/**
 * A look at one direction of an open descriptor.
 *
 * @param isReported whether the watcher says that the descriptor is readable
 */
function lookAt(descriptor: Descriptor, type: number, isReported: boolean): Found {
  const isWrite = type === TYPE_WRITE;
  if (descriptor.kind === "is ready")
    return answer(isWrite ? 1 : Math.max(descriptor.bytesLeft(), 0));
  const isAble = isWrite ? descriptor.canWrite : descriptor.canRead;
  // The other direction of a descriptor without this one tells of its end.
  const found = descriptor.look(isAble ? type : isWrite ? TYPE_READ : TYPE_WRITE);
  if (found === "never ready") return isReported ? answer(1) : undefined;
  if (found === undefined) return undefined;
  if (found === "always ready") return isAble ? answer(1) : undefined;
  const { isHungUp, isBroken } = found;
  // A write end whose reader has left: pipe_poll reports POLLERR.
  if (isBroken) return answer(0, WASI_PIPE);
  if (isHungUp) return answer(0, 0, FLAG_HANGUP);
  if (!isAble) return undefined;
  return answer(isWrite && descriptor.stat.isFIFO() ? PIPE_ROOM : 1);
}

/** One call: the descriptors of its subscriptions, and what is known of them. */
class Call {
  readonly #descriptors: Descriptors;
  readonly #watcher: Watcher;
  readonly #subscriptions: readonly Subscription[];
  /** The subscriptions that have an answer. */
  readonly #answers = new Map<Subscription, Answer>();
  /** Readable by the watcher's word, which is not asked again for what is not. */
  readonly #watched = new Map<number, Subscription[]>();
  /** Subscriptions that are looked at from time to time. */
  readonly #looked: Subscription[] = [];

  constructor(descriptors: Descriptors, watcher: Watcher, subscriptions: readonly Subscription[]) {
    this.#descriptors = descriptors;
    this.#watcher = watcher;
    this.#subscriptions = subscriptions;
    for (const one of subscriptions) if (one.type !== TYPE_CLOCK) this.#sort(one);
  }

  #sort(one: Subscription): void {
    const descriptor = this.#descriptors.get(one.fd);
    if (descriptor === undefined) this.#answers.set(one, NOT_OPEN);
    else if (descriptor.kind === "waits" && one.type === TYPE_READ && descriptor.canRead) {
      const others = this.#watched.get(one.fd);
      if (others === undefined) this.#watched.set(one.fd, [one]);
      else others.push(one);
    } else this.#looked.push(one);
  }

  #look(one: Subscription, isReported: boolean): void {
    const descriptor = this.#descriptors.get(one.fd);
    const found = descriptor === undefined ? NOT_OPEN : lookAt(descriptor, one.type, isReported);
    if (found !== undefined) this.#answers.set(one, found);
  }

  /** Looks at subscriptions from time to time. */
  #lookFrom(waiting: readonly Subscription[]): void {
    for (const one of waiting) this.#looked.push(one);
  }

  /** Looks at what the watcher reports. What it cannot watch is looked at from time to time. */
  #take(reported: readonly number[]): void {
    for (const number of reported) {
      const fd = number < 0 ? ~number : number;
      const waiting = this.#watched.get(fd);
      if (waiting === undefined) continue;
      for (const one of waiting) this.#look(one, number >= 0);
      if (number >= 0) continue;
      this.#watched.delete(fd);
      this.#lookFrom(waiting);
    }
  }

  /** Asks the watcher what is readable now. Without a watcher all is looked at from time to time. */
  #ask(): void {
    if (this.#watched.size === 0) return;
    const { changed } = this.#descriptors;
    const fds = [...this.#watched.keys()];
    const reported = this.#watcher.look(fds, (fd) => changed.has(fd));
    if (reported === undefined) {
      for (const waiting of this.#watched.values()) this.#lookFrom(waiting);
      this.#watched.clear();
      return;
    }
    changed.clear();
    this.#take(reported);
  }

  #lookAtOthers(): number {
    const begun = performance.now();
    for (const one of this.#looked) this.#look(one, false);
    return performance.now() - begun;
  }

  /** Waits until a subscription has an answer. */
  run(): ReadonlyMap<Subscription, Answer> {
    const due = this.#subscriptions.reduce((first, one) => Math.min(first, one.due), Infinity);
    this.#ask();
    while (true) {
      const spent = this.#lookAtOthers();
      const now = performance.now();
      for (const one of this.#subscriptions) if (one.due <= now) this.#answers.set(one, answer(0));
      if (this.#answers.size > 0) return this.#answers;
      const interval = this.#looked.length > 0 ? Math.max(INTERVAL_MS, SHARE * spent) : Infinity;
      this.#sleep(Math.min(due - now, interval));
    }
  }

  #sleep(ms: number): void {
    if (this.#watched.size === 0) {
      Atomics.wait(NEVER, 0, 0, ms);
      return;
    }
    const reported = this.#watcher.sleep(ms);
    if (reported.length === 0) return;
    this.#take(reported);
    // Another reader was faster: what the watcher has reported it does not watch any more.
    if (this.#answers.size === 0) this.#ask();
  }
}

const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** poll_oneoff on the descriptors of this process. */
export function nodeOneoff(
  memory: WebAssembly.Memory,
  descriptors: Descriptors,
  watcher: Watcher,
): PollOneoff {
  return (subscriptions, events, count, found) => {
    if (count === 0) return WASI_INVAL;
    const view = new DataView(memory.buffer);
    const asked = Array.from({ length: count }, (_, i) =>
      subscriptionAt(view, subscriptions + i * SUBSCRIPTION_SIZE),
    );
    const answers = new Call(descriptors, watcher, asked).run();
    let written = 0;
    for (const one of asked) {
      const given = answers.get(one);
      if (given === undefined) continue;
      writeEvent(view, events + written++ * EVENT_SIZE, one.userdata, one.type, given);
    }
    view.setUint32(found, written, true);
    return 0;
  };
}
