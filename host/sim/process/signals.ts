// The signals of one process (Linux's kernel/signal.c): dispositions, the blocked set, the pending queue.

import {
  defaultActionOf,
  FIRST_REAL_TIME,
  isUncatchable,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
} from "./signal-numbers.ts";
import { KEY_ALL, WaitQueue } from "../kernel/wait-queue.ts";

/** The disposition of a signal. A handler gets the number of the signal. */
export type Disposition = "default" | "ignore" | ((signal: number) => void);

/** A signal that was sent (siginfo_t). */
export interface SignalInfo {
  readonly signal: number;
  /** si_code: SI_USER from kill(2), CLD_* from a child. */
  readonly code: number;
  /** The sender, or the child. */
  readonly pid: number;
  /** From a child: its exit status, or the signal that ended or stopped the child. */
  readonly status: number;
}

/** The process of the signals, with the default actions. */
export interface SignalTarget {
  readonly isStopped: boolean;
  /** Whether default actions do not apply, as for the first process (SIGNAL_UNKILLABLE). */
  readonly isUnkillable: boolean;
  end(signal: number): void;
  stop(signal: number): void;
  continue(): void;
  /** A handler is about to be called: blocked calls return -EINTR. */
  interrupt(): void;
  /** A handler threw. */
  fail(error: Error): void;
}

const byNumber = (a: SignalInfo, b: SignalInfo): number => a.signal - b.signal;

export class Signals {
  /** Woken when a signal becomes pending: reads of a signalfd, sigwait(3) (signalfd_wqh). */
  readonly queue = new WaitQueue();
  readonly #target: SignalTarget;
  readonly #dispositions = new Map<number, Disposition>();
  readonly #blocked = new Set<number>();
  /** Pending signals in the order of arrival. */
  #pending: SignalInfo[] = [];
  readonly #counters = new Map<number, Set<() => void>>();

  constructor(target: SignalTarget) {
    this.#target = target;
  }

  disposition(signal: number): Disposition {
    return this.#dispositions.get(signal) ?? "default";
  }

  /** sigaction(2). A pending signal that becomes ignored is discarded. */
  setDisposition(signal: number, disposition: Disposition): void {
    this.#dispositions.set(signal, disposition);
    if (this.#isIgnored(signal)) this.#discard((info) => info.signal === signal);
  }

  isBlocked(signal: number): boolean {
    return this.#blocked.has(signal);
  }

  /** Blocks a signal. From then on the signal stays pending until it is unblocked or dequeued. */
  block(signal: number): void {
    if (!isUncatchable(signal)) this.#blocked.add(signal);
  }

  /** Unblocks a signal, and delivers the signal if it is pending. */
  unblock(signal: number): void {
    if (this.#blocked.delete(signal)) this.deliverPending();
  }

  /** Pending signals by number; signals with the same number in the order of arrival. */
  pending(): readonly SignalInfo[] {
    return this.#pending.toSorted(byNumber);
  }

  /** Whether a signal of a set is pending. */
  hasPending(set: ReadonlySet<number>): boolean {
    return this.#pending.some(({ signal }) => set.has(signal));
  }

  /** dequeue_signal: removes the pending signal with the lowest number in a set, and returns it. */
  dequeue(set: ReadonlySet<number>): SignalInfo | undefined {
    const first = this.pending().find(({ signal }) => set.has(signal));
    if (first !== undefined) this.#pending.splice(this.#pending.indexOf(first), 1);
    return first;
  }

  /** Calls `counter` at each delivery of a signal, whatever its disposition. */
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

  /** __send_signal_locked: a signal arrives. */
  send(info: SignalInfo): void {
    const { signal } = info;
    const action = defaultActionOf(signal);
    if (action === "stop") this.#discard((other) => other.signal === SIGCONT);
    if (action === "continue") {
      this.#discard((other) => defaultActionOf(other.signal) === "stop");
      this.#target.continue();
    }
    const isPending = this.#blocked.has(signal) || (this.#target.isStopped && signal !== SIGKILL);
    if (!isPending) {
      if (!this.#isIgnored(signal)) this.#deliver(info);
      return;
    }
    if (signal < FIRST_REAL_TIME && this.#pending.some((other) => other.signal === signal)) return;
    // A blocked signal stays pending even if it is ignored: its disposition may change (sig_ignored).
    if (!this.#blocked.has(signal) && this.#isIgnored(signal)) return;
    this.#pending.push(info);
    this.queue.wake(KEY_ALL);
  }

  /** Delivers the pending signals that are not blocked, the lowest number first. */
  deliverPending(): void {
    while (!this.#target.isStopped) {
      const next = this.pending().find(({ signal }) => !this.#blocked.has(signal));
      if (next === undefined) return;
      this.#pending.splice(this.#pending.indexOf(next), 1);
      if (!this.#isIgnored(next.signal)) this.#deliver(next);
    }
  }

  /** sig_ignored: whether a signal is discarded on arrival. A counter counts as a handler. */
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
      // A parent that ignores SIGCHLD gets no SIGCHLD of its children, only those of kill(2).
      const isCounted = !(signal === SIGCHLD && disposition === "ignore" && code > 0);
      if (isCounted) for (const counter of counters) counter();
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

  /** Calls a handler. The signal is blocked while its handler runs. */
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

  /** Copies dispositions and blocked signals to a child of fork(2), for which no signal is pending. */
  copyTo(child: Signals): void {
    for (const [signal, disposition] of this.#dispositions) {
      // A handler of the child would run in the child's own memory, which the simulation does not have.
      child.#dispositions.set(
        signal,
        typeof disposition === "string" ? disposition : handleInChild,
      );
    }
    for (const signal of this.#blocked) child.#blocked.add(signal);
  }

  /** execve(2): handled signals return to their default (flush_signal_handlers). */
  reset(): void {
    for (const [signal, disposition] of this.#dispositions) {
      if (typeof disposition !== "string") this.#dispositions.delete(signal);
    }
  }
}

/** Stands for a handler in the memory of a child. */
function handleInChild(): void {}
