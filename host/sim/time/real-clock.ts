// Real time in the simulated kernel. Atomics.wait blocks a thread that waits, until an action is due or
// another thread rings the bell. While the thread does not wait, actions run between its tasks.

import { canBlock, newBell } from "./blocking.ts";
import { Agenda, type Clock, type Scheduled, TICKS, tickOf } from "./clock.ts";
import { CannotBlockError, DeadlockError } from "./deadlock.ts";

/** The longest timeout of setTimeout: browsers and Node take a longer one as 0. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** How long actions that become due run on end before the other tasks of the thread get their turn. */
const MAX_CATCH_UP_MS = 10;

/** A clock that runs with the clock of the machine. */
export class RealClock implements Clock {
  /** A change of this word wakes the thread. */
  readonly bell = newBell();
  /** The value of the bell up to which all calls of other threads have been made. */
  bellServed = 0;
  /** Whether other threads use the kernel: such a thread may end a wait that has no deadline. */
  hasOtherThreads: () => boolean = () => false;
  /** Called after actions that ran between tasks, where no call can report that an action threw. */
  afterTask: (() => void) | undefined;
  readonly #agenda = new Agenda();
  readonly #begun = performance.now();
  readonly #canBlock = canBlock();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer expires; Infinity without a timer. */
  #timerAt = Infinity;
  /** Whether a microtask will run the due actions. */
  #isTaskQueued = false;
  #isRunning = false;

  now(): number {
    return Math.floor((performance.now() - this.#begun) * TICKS) / TICKS;
  }

  schedule(at: number, action: () => void): Scheduled {
    const now = this.now();
    const scheduled = this.#agenda.add(Math.max(tickOf(at), now), action);
    // The caller of the running action also runs the actions that it schedules.
    if (this.#isRunning) return scheduled;
    if (scheduled.at > now) this.#setTimer();
    else this.#queueTask();
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
    if (!this.#canBlock || (ms === Infinity && !this.hasOtherThreads())) return false;
    Atomics.wait(this.bell, 0, this.bellServed, ms);
    return true;
  }

  stuckError(waiters: readonly string[], blocked: string): Error {
    return this.#canBlock ? new DeadlockError(waiters) : new CannotBlockError(blocked);
  }

  /**
   * Runs the actions that are due, and for a while those that become due meanwhile. Inside an action it
   * does nothing: the loop that runs the action goes on.
   */
  catchUp(): void {
    if (this.#isRunning) return;
    const begun = this.now();
    const end = begun + MAX_CATCH_UP_MS;
    for (let now = begun; this.isDue(now < end ? now : begun); now = this.now()) this.#runNext();
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

  /** Runs the due actions after this task. A microtask, because browsers delay a timeout of 0. */
  #queueTask(): void {
    if (this.#isTaskQueued) return;
    this.#isTaskQueued = true;
    queueMicrotask(() => {
      this.#isTaskQueued = false;
      this.#task();
    });
  }

  #setTimer(): void {
    const { next } = this.#agenda;
    if (next === undefined || next.at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = next.at;
    // setTimeout cuts off fractions, and a timer that expires too early would find no action due.
    const ms = Math.min(Math.ceil(Math.max(next.at - this.now(), 0)), MAX_TIMEOUT_MS);
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      this.#task();
    }, ms);
    // As in virtual time, a scheduled action does not keep the program from ending.
    (this.#timer as { unref?(): void }).unref?.();
  }

  #task(): void {
    this.catchUp();
    this.afterTask?.();
  }
}
