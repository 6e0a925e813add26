// What a guest may use: descriptors, registrations, and time to wait.

import { WaitBudget, type WaitLimits } from "../budget.ts";
import { MOST_SUBSCRIPTIONS } from "../oneoff.ts";

/** A limit of createGuest. */
export type Limit = "descriptors" | "registrations" | "callMs" | "waitMs";

/**
 * What one guest may use. A call beyond a limit fails with an error of WASI, and the guest goes on. A limit that is
 * not given has the default that stands beside it.
 */
export interface GuestLimits {
  /**
   * Most descriptors that are open at once, 0 to 65,536: those handed in, those that the guest opened, and what a name
   * below /dev/omnipoll keeps open (the other end of a pair until it is opened, the first descriptor of an eventfd).
   * The runtime's own do not count. Beyond: MFILE. Default: 65,536.
   */
  readonly descriptors?: number;
  /**
   * Most registrations at once in all epolls (beyond: NOSPC) and kqueues (beyond: NOMEM) of the guest, and most
   * subscriptions of one poll_oneoff (beyond: NOMEM), 0 to 2^20. Default: 2^20 subscriptions, and as many
   * registrations as there is memory for.
   */
  readonly registrations?: number;
  /** Most milliseconds that one call waits; then it fails with CANCELED. Default: no limit. */
  readonly callMs?: number;
  /**
   * Most milliseconds that all calls together wait. Then, and from then on, a call that would wait fails with
   * CANCELED. Default: no limit.
   */
  readonly waitMs?: number;
  /** Is called for each call that fails so. It must not throw. */
  readonly onRefused?: (limit: Limit) => void;
}

/** Most descriptors of a guest. */
const MOST_DESCRIPTORS = 1 << 16;

/** The limits of a guest, each with a number. */
export interface Limits extends WaitLimits {
  readonly descriptors: number;
  readonly registrations: number;
  readonly subscriptions: number;
  readonly onRefused: (limit: Limit) => void;
}

/** The limits that are numbers of things, and the most that each may be. */
const COUNTS = { descriptors: MOST_DESCRIPTORS, registrations: MOST_SUBSCRIPTIONS };
const NAMES = ["descriptors", "registrations", "callMs", "waitMs", "onRefused"];

/** @throws {TypeError} if an option is unknown or of another type @throws {RangeError} if a number is out of range */
export function limitsOf(given: GuestLimits = {}): Limits {
  for (const name of Object.keys(given)) {
    // A limit with a typing error would be no limit.
    if (!NAMES.includes(name)) {
      throw new TypeError(`limits.${name} is no limit; there are ${NAMES.join(", ")}`);
    }
  }
  const { onRefused = () => {} } = given;
  if (typeof onRefused !== "function") {
    throw new TypeError(`limits.onRefused must be a function, got ${typeof onRefused}`);
  }
  for (const [name, most] of Object.entries(COUNTS)) {
    const value = given[name as keyof typeof COUNTS];
    const isRight = value === undefined || (Number.isInteger(value) && value >= 0 && value <= most);
    if (!isRight) {
      throw new RangeError(`limits.${name} must be a whole number from 0 to ${most}, got ${value}`);
    }
  }
  for (const name of ["callMs", "waitMs"] as const) {
    const value = given[name];
    const isRight = value === undefined || (typeof value === "number" && value >= 0);
    if (!isRight) throw new RangeError(`limits.${name} must be a number >= 0, got ${value}`);
  }
  return {
    descriptors: given.descriptors ?? MOST_DESCRIPTORS,
    registrations: given.registrations ?? Infinity,
    subscriptions: given.registrations ?? MOST_SUBSCRIPTIONS,
    callMs: given.callMs ?? Infinity,
    waitMs: given.waitMs ?? Infinity,
    onRefused,
  };
}

/** The time that the calls of a guest may wait; undefined without a limit. */
export function waitBudgetOf(limits: Limits): WaitBudget | undefined {
  const isLimited = limits.callMs !== Infinity || limits.waitMs !== Infinity;
  return isLimited ? new WaitBudget(limits) : undefined;
}

/** An epoll or a queue. */
interface Registering {
  readonly registrations: number;
}

/** The registrations of all epolls and queues of a guest. */
export class Registrations {
  readonly #limits: Limits;
  readonly #holders = new Set<Registering>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Whether they are counted at all. */
  get isLimited(): boolean {
    return this.#limits.registrations !== Infinity;
  }

  add(holder: Registering): void {
    this.#holders.add(holder);
  }

  delete(holder: Registering): void {
    this.#holders.delete(holder);
  }

  /** Whether one more may be made. */
  hasRoom(): boolean {
    if (!this.isLimited) return true;
    let count = 0;
    for (const { registrations } of this.#holders) count += registrations;
    if (count < this.#limits.registrations) return true;
    this.#limits.onRefused("registrations");
    return false;
  }
}
