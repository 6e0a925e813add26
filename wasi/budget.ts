// How long the calls of a guest may wait: each call, and all of them together.

/** What the waits of one call may still take. */
export interface CallBudget {
  /** How long a wait may take that would take `ms`, < 0 for ever. */
  most(ms: number): number;
  /** Notes that a wait has taken `ms`. Returns whether a limit is reached. */
  spend(ms: number): boolean;
}

/** The limits, in ms; Infinity without one. */
export interface WaitLimits {
  readonly callMs: number;
  readonly waitMs: number;
  /** Is called when a limit ends a wait. */
  readonly onRefused: (limit: "callMs" | "waitMs") => void;
}

/** The time that the calls of one guest may wait. */
export class WaitBudget {
  readonly #limits: WaitLimits;
  #left: number;

  constructor(limits: WaitLimits) {
    this.#limits = limits;
    this.#left = limits.waitMs;
  }

  /** A new call begins. */
  begin(): CallBudget {
    let ofCall = this.#limits.callMs;
    return {
      most: (ms) => {
        const left = Math.max(Math.min(ofCall, this.#left), 0);
        return left === Infinity || (ms >= 0 && ms <= left) ? ms : left;
      },
      spend: (ms) => {
        ofCall -= ms;
        this.#left -= ms;
        return ofCall <= 0 || this.#left <= 0;
      },
    };
  }

  /** Tells which limit has ended a wait. */
  refuse(): void {
    this.#limits.onRefused(this.#left <= 0 ? "waitMs" : "callMs");
  }
}
