// How time passes for calls that sleep while the program goes on: between the tasks of its thread.

import { later } from "../../later.ts";
import type { Clock } from "./clock.ts";
import { RealClock } from "./real-clock.ts";

/** Longest period of setInterval. */
const LONG_MS = 2 ** 31 - 1;

/**
 * The turns of one kernel. While a call holds them, virtual time jumps to the next action in each turn of the
 * event loop, so that every task and microtask which such an action brings about comes before the next action.
 * Real time passes by itself; there a hold keeps the program from ending.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #turn: () => boolean;
  #holds = 0;
  #isQueued = false;
  #keepAlive: ReturnType<typeof setInterval> | undefined;

  /** @param turn lets time pass up to the next action; returns false without one */
  constructor(clock: Clock, turn: () => boolean) {
    this.#clock = clock;
    this.#turn = turn;
    if (!(clock instanceof RealClock)) clock.onSchedule = () => this.#queue();
  }

  /** Lets time pass until the returned function is called. */
  hold(): () => void {
    this.#holds++;
    if (this.#clock instanceof RealClock) this.#keepAlive ??= setInterval(() => {}, LONG_MS);
    else this.#queue();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds--;
      if (this.#holds > 0) return;
      clearInterval(this.#keepAlive);
      this.#keepAlive = undefined;
    };
  }

  #queue(): void {
    if (this.#isQueued || this.#holds === 0) return;
    this.#isQueued = true;
    later(() => {
      this.#isQueued = false;
      // Without an action the next turn comes when one is scheduled.
      if (this.#holds > 0 && this.#turn()) this.#queue();
    });
  }
}
