// What a plugin may use.

/** The budgets of one plugin. */
export interface Budgets {
  /** Descriptors at once, its standard streams among them. */
  readonly descriptors: number;
  /** Registrations of epolls and kqueues at once, and subscriptions of one poll(). */
  readonly registrations: number;
  /** Milliseconds that one call may wait. */
  readonly callMs: number;
  /** Milliseconds that all calls together may wait. */
  readonly waitMs: number;
  /** Bytes of memory. */
  readonly memoryBytes: number;
  /** Milliseconds of processor time. */
  readonly processorMs: number;
  /** Bytes that it may write to its standard output and error. */
  readonly outputBytes: number;
}

export const DEFAULT_BUDGETS: Budgets = {
  descriptors: 32,
  registrations: 64,
  callMs: 5000,
  waitMs: 10_000,
  memoryBytes: 16 * 2 ** 20,
  processorMs: 300,
  outputBytes: 65_536,
};

/** A budget that the plugin met with a call that failed. */
export type Refusal = "descriptors" | "registrations" | "callMs" | "waitMs" | "outputBytes";

/** What was refused, in words. */
export function wordsOf(refusal: Refusal, budgets: Budgets): string {
  const most = budgets[refusal];
  switch (refusal) {
    case "descriptors":
      return `more than ${most} descriptors at once`;
    case "registrations":
      return `more than ${most} registrations at once`;
    case "callMs":
      return `to wait more than ${most} ms in one call`;
    case "waitMs":
      return `to wait more than ${most} ms in all`;
    case "outputBytes":
      return `to write more than ${most} bytes`;
  }
}

/** @throws {RangeError} if a budget is no whole number, or negative @throws {TypeError} if one is unknown */
export function budgetsOf(given: Partial<Budgets>): Budgets {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in DEFAULT_BUDGETS)) {
      const known = Object.keys(DEFAULT_BUDGETS).join(", ");
      throw new TypeError(`there is no budget ${name}; there are ${known}`);
    }
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`${name} must be a whole number >= 0, got ${value}`);
    }
  }
  return { ...DEFAULT_BUDGETS, ...given };
}
