// What a simulation says of a wait that can never end, or not begin.

/** Nothing is scheduled and everybody waits: on a real kernel the program would hang. */
export class DeadlockError extends Error {
  static {
    this.prototype.name = "DeadlockError";
  }
  /** What each blocked call waits for, the first that blocked first. */
  readonly waiters: readonly string[];

  constructor(waiters: readonly string[]) {
    super(`nothing will ever happen, and these wait for it: ${waiters.join("; ")}`);
    this.waiters = waiters;
  }
}

/** A wait would have to block its thread, which cannot: the one a page runs on. */
export class CannotBlockError extends Error {
  static {
    this.prototype.name = "CannotBlockError";
  }

  /** @param waiter what would block */
  constructor(waiter: string) {
    super(
      `${waiter} would have to block, and a page's own thread cannot: ask again and again with a timeout of 0, wait in a worker, or use a virtual clock and let no other thread run meanwhile`,
    );
  }
}
