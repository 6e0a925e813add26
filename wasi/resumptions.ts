// Which suspended guest goes on next. Guests that wake up at one time would run one after the other in a single task,
// and timers and messages of the program would wait for all of them.

import { later, type Task } from "../host/later.ts";

/** How long guests run in one turn of the event loop, in ms, before the other tasks of the thread get theirs. */
const MOST_MS = 0.5;
/** Microtasks from the turn of a call until its guest waits again: those of its promises, and of the stack's. */
const MICROTASKS = 6;
/** Each of its reactions is a microtask. */
const DONE = Promise.resolve();

/** The calls of one thread whose waits are over. */
class Resumptions {
  readonly #waiting: Task[] = [];
  /** When the first guest of this turn of the event loop went on; undefined before that. */
  #begun: number | undefined;
  #isRunning = false;
  /** Microtasks until the guest that went on last waits again. */
  #left = 0;

  /** Resolves when a call whose wait is over may go on: in the order of the requests. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isRunning) this.#next();
    });
  }

  /** Lets a call go on if this turn of the event loop has time for guests, and the next one once it waits again. */
  #next(): void {
    const isTime = this.#waiting.length > 0 && this.#hasTime();
    this.#isRunning = isTime;
    if (!isTime) return;
    this.#waiting.shift()?.();
    this.#left = MICROTASKS;
    void DONE.then(this.#count);
  }

  #hasTime(): boolean {
    const now = performance.now();
    if (this.#begun === undefined) {
      this.#begun = now;
      later(this.#endTurn);
    }
    return now - this.#begun <= MOST_MS;
  }

  /** A microtask. Not a loop with `await`, which makes three times as much garbage. */
  readonly #count = (): void => {
    if (--this.#left > 0) void DONE.then(this.#count);
    else this.#next();
  };

  readonly #endTurn = (): void => {
    this.#begun = undefined;
    if (!this.#isRunning) this.#next();
  };
}

/** Those of this thread, whatever guest they are of. */
export const resumptions = new Resumptions();
