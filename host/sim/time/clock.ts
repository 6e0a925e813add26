// Clocks of the simulated kernel: the time, and actions that are scheduled. real-clock.ts has real time.

import { DeadlockError } from "./deadlock.ts";

/** `Host.now` at 0 of the clock. It is not 0, because a deadline of 0 disarms a timer (timerfd_settime). */
export const BOOT_MS = 1000;

/** An action that is scheduled once. */
export interface Scheduled {
  /** When the action runs, in milliseconds of its clock. */
  readonly at: number;
  /** False once the action has run or was cancelled. */
  readonly isPending: boolean;
}

/** A clock that runs actions. It counts milliseconds, begins at 0 and never goes back. */
export interface Clock {
  now(): number;

  /** Runs `action` at `at`, or as soon as possible if that time has passed. */
  schedule(at: number, action: () => void): Scheduled;

  cancel(scheduled: Scheduled): void;

  /** Called after each `schedule`, if set. A clock whose actions run by themselves has no use for it. */
  onSchedule?: (() => void) | undefined;

  /**
   * Lets time pass up to the next action, at most to `limit`, and runs that action. A blocked call
   * repeats this until it is woken.
   *
   * @param limit ms of the clock, Infinity for none
   * @returns false if time cannot pass: no action is scheduled and `limit` is Infinity, so that
   *   no wait can ever end, or this thread may not block
   */
  pass(limit: number): boolean;

  /**
   * The error for a `pass` that returned false.
   *
   * @param waiters what each blocked call waits for, in the order in which the calls blocked
   * @param blocked what the call waits for that called `pass`
   */
  stuckError(waiters: readonly string[], blocked: string): Error;

  /** Whether an action is scheduled at or before `limit`. */
  isDue(limit: number): boolean;
}

class Action implements Scheduled {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  /** Index in the heap; -1 outside it. */
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

/** Whether `a` runs before `b`. Actions of the same time run in the order in which they were scheduled. */
function isBefore(a: Action, b: Action): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** The scheduled actions: a binary heap by time. */
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
 * Ticks per millisecond. A tick is a quarter of a microsecond, and every time is a multiple of it: such a
 * time is exact in a double, even when it is added to the time of day.
 */
export const TICKS = 2 ** 12;

/** The first tick at or after a time. */
export function tickOf(ms: number): number {
  return Math.ceil(ms * TICKS) / TICKS;
}

/** A clock that stands still while the program runs and jumps to the next action while the program waits. */
export class VirtualClock implements Clock {
  onSchedule: (() => void) | undefined;
  readonly #agenda = new Agenda();
  #now = 0;

  now(): number {
    return this.#now;
  }

  schedule(at: number, action: () => void): Scheduled {
    const scheduled = this.#agenda.add(Math.max(tickOf(at), this.#now), action);
    this.onSchedule?.();
    return scheduled;
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

  stuckError(waiters: readonly string[]): Error {
    return new DeadlockError(waiters);
  }
}
