// Time in the simulated kernel, and what is to happen at some point of it. Real time: real-clock.ts.

import { DeadlockError } from "./deadlock.ts";

/** Time of `Host.now` when the clock begins: 0 has a meaning of its own in timerfd_settime. */
export const BOOT_MS = 1000;

/** Something that will happen once. */
export interface Scheduled {
  /** Milliseconds on the clock it is scheduled on. */
  readonly at: number;
  /** False once it has happened or was cancelled. */
  readonly isPending: boolean;
}

/** A clock that runs actions. Milliseconds; it begins at 0 and never goes back. */
export interface Clock {
  now(): number;

  /** Runs `action` at `at`, or as soon as it can if that has passed. */
  schedule(at: number, action: () => void): Scheduled;

  cancel(scheduled: Scheduled): void;

  /**
   * Lets time go on to the next action, at most to `limit`, and runs that action. Who is blocked
   * calls this until it is woken.
   *
   * @param limit Infinity if there is none
   * @returns whether it can go on: false if no action is scheduled and there is no limit, so that
   *   nothing will ever happen, or if this thread cannot wait for it
   */
  pass(limit: number): boolean;

  /**
   * Why `pass` returned false.
   *
   * @param waiters what each blocked call waits for, the first that blocked first
   * @param blocked what the call waits for that asked for time to pass
   */
  stuck(waiters: readonly string[], blocked: string): Error;

  /** Whether an action is scheduled at `limit` or before. */
  isDue(limit: number): boolean;
}

class Action implements Scheduled {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  /** Place in the heap, -1 if it is in none. */
  place = -1;

  constructor(at: number, order: number, run: () => void) {
    this.at = at;
    this.order = order;
    this.run = run;
  }

  get isPending(): boolean {
    return this.place >= 0;
  }
}

/** Whether `a` happens before `b`: at one time, what was scheduled first. */
function isBefore(a: Action, b: Action): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Actions by time, the next one first: a binary heap. */
export class Agenda {
  readonly #heap: Action[] = [];
  #order = 0;

  get next(): Action | undefined {
    return this.#heap[0];
  }

  get size(): number {
    return this.#heap.length;
  }

  add(at: number, run: () => void): Scheduled {
    const action = new Action(at, this.#order++, run);
    this.#heap.push(action);
    this.#rise(action, this.#heap.length - 1);
    return action;
  }

  remove(scheduled: Scheduled): void {
    const action = scheduled as Action;
    const place = action.place;
    if (place < 0) return;
    action.place = -1;
    const last = this.#heap.pop() as Action;
    if (last === action) return;
    if (place > 0 && isBefore(last, this.#heap[(place - 1) >> 1] as Action)) {
      this.#rise(last, place);
    } else {
      this.#sink(last, place);
    }
  }

  #rise(action: Action, from: number): void {
    const heap = this.#heap;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above] as Action;
      if (!isBefore(action, parent)) break;
      heap[place] = parent;
      parent.place = place;
      place = above;
    }
    heap[place] = action;
    action.place = place;
  }

  #sink(action: Action, from: number): void {
    const heap = this.#heap;
    let place = from;
    while (true) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Action, heap[below] as Action)) {
        below++;
      }
      const child = heap[below] as Action;
      if (!isBefore(child, action)) break;
      heap[place] = child;
      child.place = place;
      place = below;
    }
    heap[place] = action;
    action.place = place;
  }
}

/**
 * Ticks in a millisecond. Times are exact multiples of a tick, a quarter of a microsecond, also when
 * they are added to the time of day: a number has no more digits for that.
 */
export const TICKS = 2 ** 12;

/** The first tick at or after a time. */
export function tickOf(ms: number): number {
  return Math.ceil(ms * TICKS) / TICKS;
}

/** A clock that stands still while the program runs, and jumps while it waits. */
export class VirtualClock implements Clock {
  readonly #agenda = new Agenda();
  #now = 0;

  now(): number {
    return this.#now;
  }

  schedule(at: number, action: () => void): Scheduled {
    return this.#agenda.add(Math.max(tickOf(at), this.#now), action);
  }

  cancel(scheduled: Scheduled): void {
    this.#agenda.remove(scheduled);
  }

  isDue(limit: number): boolean {
    const next = this.#agenda.next;
    return next !== undefined && next.at <= tickOf(limit);
  }

  pass(limit: number): boolean {
    const next = this.#agenda.next;
    if (next !== undefined && next.at <= tickOf(limit)) {
      this.#agenda.remove(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      return true;
    }
    if (limit === Infinity) return false;
    this.#now = Math.max(this.#now, tickOf(limit));
    return true;
  }
  stuck(waiters: readonly string[]): Error {
    return new DeadlockError(waiters);
  }
}
