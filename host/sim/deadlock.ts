// What a simulation says of a wait that can never end.

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
