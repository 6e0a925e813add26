// The trace of a simulated kernel: its calls and events, in order.

import { PENDING } from "./constants.ts";

/** One call or event. */
export interface TraceEntry {
  /** Milliseconds on the kernel's clock. */
  readonly ms: number;
  /**
   * The name of a system call, or of an event: "timer", "signal", "fork", "exec", "exit", "reap", "link",
   * "link gone", "tcp" (a SYN is sent again), "action" (of `at` or `every`).
   */
  readonly what: string;
  readonly args: readonly unknown[];
  /** A count, a descriptor or a negative errno; undefined for a call that blocks its thread. */
  readonly result?: number;
}

/** The last entries: at least as many as the limit. */
export class Trace {
  readonly #limit: number;
  readonly #now: () => number;
  #entries: TraceEntry[] = [];

  /** @param limit number of entries that are always kept; 0 turns the trace off */
  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  get isOn(): boolean {
    return this.#limit > 0;
  }

  add(what: string, args: readonly unknown[], result?: number): void {
    if (this.#limit === 0) return;
    const ms = this.#now();
    const hasEnded = result !== undefined && result !== PENDING;
    this.#entries.push(hasEnded ? { ms, what, args, result } : { ms, what, args });
    // Half of the entries are dropped at a time, so that the cost of an entry is constant.
    if (this.#entries.length >= 2 * this.#limit) this.#entries = this.#entries.slice(-this.#limit);
  }

  entries(): TraceEntry[] {
    return this.#entries.slice(-this.#limit);
  }
}
