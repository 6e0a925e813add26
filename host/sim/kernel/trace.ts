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

/** Numbers of an entry: its ms, its result, how many arguments there are, and these. */
const WIDTH = 8;
const RESULT = 1;
const COUNT = 2;
const ARGS = 3;
const MOST_ARGS = WIDTH - ARGS;

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

/**
 * The last entries, in a ring. They are kept as numbers where that is possible: an object that lives until the ring has
 * gone round is copied by each collection of young garbage, which delays the program.
 */
export class Trace {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #whats: string[] = [];
  #numbers = new Float64Array();
  /** Arguments that are not all numbers. */
  readonly #others: Array<readonly unknown[] | undefined> = [];
  /** Number of entries ever added. */
  #added = 0;

  /** @param limit number of entries that are kept; 0 turns the trace off */
  constructor(limit: number, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  get isOn(): boolean {
    return this.#limit > 0;
  }

  add(what: string, args: readonly unknown[], result?: number): void {
    if (this.#limit === 0) return;
    const place = this.#added++ % this.#limit;
    const at = place * WIDTH;
    const numbers = this.#reserve(at + WIDTH);
    const isPlain = args.length <= MOST_ARGS && args.every(isNumber);
    numbers[at] = this.#now();
    numbers[at + RESULT] = result === undefined || result === PENDING ? NaN : result;
    const count = isPlain ? args.length : 0;
    numbers[at + COUNT] = count;
    for (let i = 0; i < count; i++) numbers[at + ARGS + i] = args[i] as number;
    this.#whats[place] = what;
    this.#others[place] = isPlain ? undefined : args;
  }

  /** The ring, with room for so many numbers. */
  #reserve(length: number): Float64Array {
    if (this.#numbers.length < length) {
      const larger = new Float64Array(Math.min(2 * length, this.#limit * WIDTH));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    return this.#numbers;
  }

  entries(): TraceEntry[] {
    const count = Math.min(this.#added, this.#limit);
    return Array.from({ length: count }, (_, i) =>
      this.#entry((this.#added - count + i) % this.#limit),
    );
  }

  #entry(place: number): TraceEntry {
    const at = place * WIDTH;
    const [ms = 0, result = NaN, count = 0] = this.#numbers.subarray(at);
    const plain = this.#numbers.subarray(at + ARGS, at + ARGS + count);
    const args = this.#others[place] ?? Array.from(plain);
    const what = this.#whats[place] as string;
    return Number.isNaN(result) ? { ms, what, args } : { ms, what, args, result };
  }
}
