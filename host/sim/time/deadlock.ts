// The errors of a wait that can never end, and of a wait that cannot begin.

/** Every thread waits and no action is scheduled: on a real kernel the program would hang. */
export class DeadlockError extends Error {
  static {
    this.prototype.name = "DeadlockError";
  }
  /** The wait of each blocked call, in the order in which the calls blocked. */
  readonly waiters: readonly string[];

  constructor(waiters: readonly string[]) {
    super(`deadlock: no event is scheduled that could end these waits: ${waiters.join("; ")}`);
    this.waiters = waiters;
  }
}

/** A wait would have to block a thread that may not block: the main thread of a page. */
export class CannotBlockError extends Error {
  static {
    this.prototype.name = "CannotBlockError";
  }

  /** @param waiter the call that would block */
  constructor(waiter: string) {
    super(
      `${waiter} would have to block, and the main thread of a page cannot: repeat the call with a timeout of 0, wait in a worker, or use a virtual clock and let no other thread run meanwhile`,
    );
  }
}
