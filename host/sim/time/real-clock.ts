// Real time in the simulated kernel. A thread that waits is blocked by Atomics.wait, until an action
// is due or another thread rings; while it does not wait, actions run between its tasks.

import { canBlock, newBell } from "./blocking.ts";
import { Agenda, type Clock, type Scheduled, TICKS, tickOf } from "./clock.ts";
import { CannotBlockError, DeadlockError } from "./deadlock.ts";

/** Browsers and Node count a longer timeout as none. */
const LONGEST_MS = 2 ** 31 - 1;
/** How long actions may hold up the thread before its other tasks get their turn. */
const STRETCH_MS = 10;

/** The clock of the machine. */
export class RealClock implements Clock {
  /** Wakes this thread when it changes. */
  readonly bell = newBell();
  /** The bell when everything had been done that it rang for. */
  heard = 0;
  /** Whether other threads may act on the kernel: then who waits for ever may yet be woken. */
  othersAct: () => boolean = () => false;
  /** Called after actions that ran between tasks, where no call could say that one failed. */
  afterTask: (() => void) | undefined;
  readonly #agenda = new Agenda();
  readonly #begun = performance.now();
  readonly #canBlock = canBlock();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer goes off; Infinity if there is none. */
  #timerAt = Infinity;
  #isSoon = false;
  #isRunning = false;

  now(): number {
    return Math.floor((performance.now() - this.#begun) * TICKS) / TICKS;
  }

  schedule(at: number, action: () => void): Scheduled {
    const now = this.now();
    const scheduled = this.#agenda.add(Math.max(tickOf(at), now), action);
    // Who runs actions looks after those they schedule.
    if (this.#isRunning) return scheduled;
    if (scheduled.at > now) this.#setTimer();
    else this.#soon();
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
    const now = this.now();
    if (this.isDue(Math.min(now, limit))) {
      this.#runNext();
      this.#setTimer();
      return true;
    }
    const ms = Math.min(this.#agenda.next?.at ?? Infinity, limit) - now;
    if (ms <= 0) return true;
    if (!this.#canBlock || (ms === Infinity && !this.othersAct())) return false;
    Atomics.wait(this.bell, 0, this.heard, ms);
    return true;
  }

  stuck(waiters: readonly string[], blocked: string): Error {
    return this.#canBlock ? new DeadlockError(waiters) : new CannotBlockError(blocked);
  }

  /** Runs what is due by now. Of no effect in the middle of an action: what runs that goes on. */
  catchUp(): void {
    if (this.#isRunning) return;
    const end = this.now() + STRETCH_MS;
    for (let now = this.now(); this.isDue(now) && now < end; now = this.now()) this.#runNext();
    this.#setTimer();
  }

  #runNext(): void {
    const { next } = this.#agenda;
    if (next === undefined) return;
    this.#agenda.remove(next);
    const wasRunning = this.#isRunning;
    this.#isRunning = true;
    try {
      next.run();
    } finally {
      this.#isRunning = wasRunning;
    }
  }

  /** Runs what is due when this task of the thread has ended; browsers delay a timeout of 0. */
  #soon(): void {
    if (this.#isSoon) return;
    this.#isSoon = true;
    queueMicrotask(() => {
      this.#isSoon = false;
      this.#task();
    });
  }

  #setTimer(): void {
    const { next } = this.#agenda;
    if (next === undefined || next.at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = next.at;
    // Fractions are cut off, and a timer that goes off too early would be for nothing.
    const ms = Math.min(Math.ceil(Math.max(next.at - this.now(), 0)), LONGEST_MS);
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.#task();
    }, ms);
    // What is scheduled does not keep a program going, just as it does not in virtual time.
    (this.#timer as { unref?(): void }).unref?.();
  }

  #task(): void {
    this.catchUp();
    this.afterTask?.();
  }
}
