// Which suspended guest goes on next. Guests that wake up at one time would run one after the other in a single task,
// and timers and messages of the program would wait for all of them.

import { later, type Task } from "../host/later.ts";

/** How long guests run in one turn of the event loop, in ms, before the other tasks of the thread get theirs. */
const MOST_MS = 0.5;
/** Microtasks from the turn of a call until its guest waits again: those of its promises, and of the stack's. */
const MICROTASKS = 6;
/** Awaited instead of a promise that is made each time. */
const DONE = Promise.resolve();

/** The calls of one thread whose waits are over. */
class Resumptions {
  readonly #waiting: Task[] = [];
  /** When the first guest of this turn of the event loop went on; undefined before that. */
  #begun: number | undefined;
  #isRunning = false;

  /** Resolves when a call whose wait is over may go on: in the order of the requests. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#isRunning) void this.#run();
    });
  }

  /** Lets calls go on while this turn of the event loop has time for guests. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const now = performance.now();
      if (this.#begun === undefined) {
        this.#begun = now;
        later(() => this.#endTurn());
      }
      if (now - this.#begun > MOST_MS) break;
      this.#waiting.shift()?.();
      // oxlint-disable-next-line no-await-in-loop -- one guest after the other
      for (let i = 0; i < MICROTASKS; i++) await DONE;
    }
    this.#isRunning = false;
  }

  #endTurn(): void {
    this.#begun = undefined;
    if (!this.#isRunning) void this.#run();
  }
}

/** Those of this thread, whatever guest they are of. */
export const resumptions = new Resumptions();
