// What happened in a simulated kernel, in order.

import { PENDING } from "./constants.ts";

/** One thing that happened. */
export interface TraceEntry {
  /** Milliseconds on the kernel's clock. */
  readonly ms: number;
  /** A system call by its name, or "wake", "timer", "signal", "action". */
  readonly what: string;
  readonly args: readonly unknown[];
  /** Of a call: a count, a descriptor, or a negative errno; none of one that blocks a thread. */
  readonly result?: number;
}

/** The last things that happened: as many as there is room for. */
export class Trace {
  readonly #limit: number;
  readonly #now: () => number;
  #entries: TraceEntry[] = [];

  /** @param limit how many entries are kept at least, 0 for none */
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
    const isOver = result !== undefined && result !== PENDING;
    this.#entries.push(isOver ? { ms, what, args, result } : { ms, what, args });
    // Dropping half at a time keeps the cost of an entry constant.
    if (this.#entries.length >= 2 * this.#limit) this.#entries = this.#entries.slice(-this.#limit);
  }

  entries(): TraceEntry[] {
    return this.#entries.slice(-this.#limit);
  }
}
