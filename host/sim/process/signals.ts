// The signals of one process: what it does with them, which it blocks, which are pending.

import {
  defaultActionOf,
  FIRST_REAL_TIME,
  isUncatchable,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
} from "./signal-numbers.ts";
import { KEY_ALL, WaitQueue } from "../kernel/wait-queue.ts";

/** What a process does with a signal: a handler is called with its number. */
export type Disposition = "default" | "ignore" | ((signal: number) => void);

/** A signal that was sent, as siginfo_t has it. */
export interface SignalInfo {
  readonly signal: number;
  /** SI_USER if somebody sent it, CLD_* if a child did. */
  readonly code: number;
  /** Who sent it, or which child. */
  readonly pid: number;
  /** Of a child: exit status or signal. */
  readonly status: number;
}

/** What signals do to the process they are of. */
export interface SignalTarget {
  readonly isStopped: boolean;
  /** Whether nothing ends or stops it unless it asks for it: the first process. */
  readonly isUnkillable: boolean;
  end(signal: number): void;
  stop(signal: number): void;
  continue(): void;
  /** A handler is about to be called: what is blocked returns with -EINTR. */
  interrupt(): void;
  /** A handler threw. */
  fail(error: Error): void;
}

const byNumber = (a: SignalInfo, b: SignalInfo): number => a.signal - b.signal;

export class Signals {
  /** Where those wait who want to know that one is pending: readers of a signalfd. */
  readonly queue = new WaitQueue();
  readonly #target: SignalTarget;
  readonly #dispositions = new Map<number, Disposition>();
  readonly #blocked = new Set<number>();
  /** In the order of arrival. */
  #pending: SignalInfo[] = [];
  readonly #counters = new Map<number, Set<() => void>>();

  constructor(target: SignalTarget) {
    this.#target = target;
  }

  disposition(signal: number): Disposition {
    return this.#dispositions.get(signal) ?? "default";
  }

  /** sigaction(2). Pending signals that are now ignored are lost. */
  setDisposition(signal: number, disposition: Disposition): void {
    this.#dispositions.set(signal, disposition);
    if (this.#isIgnored(signal)) this.#discard((info) => info.signal === signal);
  }

  isBlocked(signal: number): boolean {
    return this.#blocked.has(signal);
  }

  /** Blocks a signal: it stays pending until it is unblocked or taken. */
  block(signal: number): void {
    if (!isUncatchable(signal)) this.#blocked.add(signal);
  }

  /** Unblocks a signal, and has it delivered if it is pending. */
  unblock(signal: number): void {
    if (this.#blocked.delete(signal)) this.deliverPending();
  }

  /** Pending signals by number, those with one number in the order in which they came. */
  pending(): readonly SignalInfo[] {
    return this.#pending.toSorted(byNumber);
  }

  /** Whether a signal of a set is pending. */
  hasPending(set: ReadonlySet<number>): boolean {
    return this.#pending.some(({ signal }) => set.has(signal));
  }

  /** Takes the pending signal with the lowest number out of a set: sigwaitinfo(2). */
  take(set: ReadonlySet<number>): SignalInfo | undefined {
    const first = this.pending().find(({ signal }) => set.has(signal));
    if (first !== undefined) this.#pending.splice(this.#pending.indexOf(first), 1);
    return first;
  }

  /** Calls `counter` with each delivery of a signal, whatever else is done with it. */
  addCounter(signal: number, counter: () => void): void {
    const counters = this.#counters.get(signal);
    if (counters === undefined) this.#counters.set(signal, new Set([counter]));
    else counters.add(counter);
  }

  removeCounter(signal: number, counter: () => void): void {
    const counters = this.#counters.get(signal);
    counters?.delete(counter);
    if (counters?.size === 0) this.#counters.delete(signal);
  }

  /** A signal comes. */
  send(info: SignalInfo): void {
    const { signal } = info;
    const action = defaultActionOf(signal);
    if (action === "stop") this.#discard((other) => other.signal === SIGCONT);
    if (action === "continue") {
      this.#discard((other) => defaultActionOf(other.signal) === "stop");
      this.#target.continue();
    }
    const isHeld = this.#blocked.has(signal) || (this.#target.isStopped && signal !== SIGKILL);
    if (!isHeld) {
      if (!this.#isIgnored(signal)) this.#deliver(info);
      return;
    }
    if (signal < FIRST_REAL_TIME && this.#pending.some((other) => other.signal === signal)) return;
    // What is blocked stays pending though it is ignored: that may change meanwhile.
    if (!this.#blocked.has(signal) && this.#isIgnored(signal)) return;
    this.#pending.push(info);
    this.queue.wake(KEY_ALL);
  }

  /** Delivers what is pending and not blocked, the lowest number first. */
  deliverPending(): void {
    while (!this.#target.isStopped) {
      const next = this.pending().find(({ signal }) => !this.#blocked.has(signal));
      if (next === undefined) return;
      this.#pending.splice(this.#pending.indexOf(next), 1);
      if (!this.#isIgnored(next.signal)) this.#deliver(next);
    }
  }

  /** Whether the kernel drops a signal on arrival. One that is counted has a handler. */
  #isIgnored(signal: number): boolean {
    if (this.#counters.has(signal) && !isUncatchable(signal)) return false;
    const disposition = this.disposition(signal);
    if (disposition === "ignore") return true;
    if (disposition !== "default") return false;
    const action = defaultActionOf(signal);
    return action === "ignore" || action === "continue" || this.#target.isUnkillable;
  }

  #discard(matches: (info: SignalInfo) => boolean): void {
    this.#pending = this.#pending.filter((info) => !matches(info));
  }

  #deliver({ signal, code }: SignalInfo): void {
    const disposition = isUncatchable(signal) ? "default" : this.disposition(signal);
    const counters = isUncatchable(signal) ? undefined : this.#counters.get(signal);
    if (counters !== undefined) {
      this.#target.interrupt();
      // Who ignores SIGCHLD is not told of its children; kill(2) is no child.
      const isTold = !(signal === SIGCHLD && disposition === "ignore" && code > 0);
      if (isTold) for (const counter of counters) counter();
    }
    if (typeof disposition === "function") this.#handle(signal, disposition);
    else if (disposition === "default") this.#takeDefaultAction(signal);
  }

  #takeDefaultAction(signal: number): void {
    if (this.#target.isUnkillable) return;
    const action = defaultActionOf(signal);
    if (action === "end") this.#target.end(signal);
    else if (action === "stop") this.#target.stop(signal);
  }

  /** Calls a handler, with the signal blocked meanwhile. */
  #handle(signal: number, handler: (signal: number) => void): void {
    this.#target.interrupt();
    const wasBlocked = this.#blocked.has(signal);
    this.#blocked.add(signal);
    try {
      handler(signal);
    } catch (error) {
      this.#target.fail(error instanceof Error ? error : new Error(String(error)));
    } finally {
      if (!wasBlocked) this.unblock(signal);
    }
  }

  /** The signals of a child of fork(2): nothing is pending. */
  copyTo(child: Signals): void {
    for (const [signal, disposition] of this.#dispositions) {
      // The child's own memory is what its handlers change; nobody sees that here.
      child.#dispositions.set(signal, typeof disposition === "string" ? disposition : caught);
    }
    for (const signal of this.#blocked) child.#blocked.add(signal);
  }

  /** execve(2): handlers are gone with the program. */
  reset(): void {
    for (const [signal, disposition] of this.#dispositions) {
      if (typeof disposition !== "string") this.#dispositions.delete(signal);
    }
  }
}

/** A handler in the memory of another process. */
function caught(): void {}
