// Timeouts, converted as CPython converts them (Python/pytime.c, Modules/selectmodule.c): to
// nanoseconds, away from zero, then to the unit of the call, up. A wait is never shorter than its
// timeout. Zero, the most frequent timeout of loops, is served first.

import { OverflowError, show, ValueError } from "./errors.ts";

/** A timeout in the unit of the call; `null` and `undefined` wait for ever. */
export type Timeout = number | null | undefined;

const NS_LIMIT = 2 ** 63;
const INT_MAX = 0x7fffffff;
/** The timeout with which hosts wait for ever. */
const FOREVER = -1;

/** Converts `value` units of `unitNs` to whole nanoseconds, rounded away from zero. */
function nanosecondsOf(value: unknown, unitNs: number): number {
  const number = typeof value === "bigint" || typeof value === "boolean" ? Number(value) : value;
  if (typeof number !== "number") {
    throw new TypeError(`timeout must be a number or null, got ${show(value)}`);
  }
  if (Number.isNaN(number)) throw new ValueError("timeout must not be NaN");
  const exact = number * unitNs;
  const ns = exact < 0 ? Math.floor(exact) : Math.ceil(exact);
  if (ns >= NS_LIMIT || ns < -NS_LIMIT)
    throw new OverflowError(`timeout is too large: ${show(value)}`);
  return ns;
}

function intMs(ms: number, value: unknown): number {
  if (ms > INT_MAX || ms < -INT_MAX - 1)
    throw new OverflowError(`timeout is too large: ${show(value)}`);
  return ms;
}

/** Converts the timeout of select(), seconds, rounded up to a microsecond, to milliseconds. */
export function selectTimeout(value: unknown): number {
  if (value === 0) return 0;
  if (value === null || value === undefined) return FOREVER;
  const ns = nanosecondsOf(value, 1e9);
  if (ns < 0) throw new ValueError(`timeout must not be negative, got ${show(value)}`);
  return Math.ceil(ns / 1e3) / 1e3;
}

/** Converts the timeout of poll.poll(), milliseconds, rounded up; negative ones wait for ever. */
export function pollTimeout(value: unknown): number {
  if (value === 0) return 0;
  if (value === null || value === undefined) return FOREVER;
  const ns = nanosecondsOf(value, 1e6);
  const ms = intMs(ns < 0 ? Math.floor(ns / 1e6) : Math.ceil(ns / 1e6), value);
  return ms < 0 ? FOREVER : ms;
}

/**
 * Converts the timeout of epoll.poll(), seconds, rounded up, to milliseconds. -1 ms and less wait for
 * ever; timeouts between that and 0 do not wait.
 */
export function epollTimeout(value: unknown): number {
  if (value === 0) return 0;
  if (value === null || value === undefined) return FOREVER;
  const ms = intMs(Math.ceil(nanosecondsOf(value, 1e9) / 1e6), value);
  return ms < 0 ? FOREVER : ms;
}

/** Converts the timeout of devpoll.poll(), milliseconds, rounded away from zero; -1 waits for ever. */
export function devpollTimeout(value: unknown): number {
  if (value === null || value === undefined) return FOREVER;
  const ns = nanosecondsOf(value, 1e6);
  const ms = ns < 0 ? Math.floor(ns / 1e6) : Math.ceil(ns / 1e6);
  if (ms < -1 || ms > INT_MAX) throw new OverflowError(`timeout is too large: ${show(value)}`);
  return ms;
}

/** Converts the timeout of kqueue.control(), seconds, exact to the nanosecond, to milliseconds. */
export function kqueueTimeout(value: unknown): number {
  if (value === 0) return 0;
  if (value === null || value === undefined) return FOREVER;
  let ns: number;
  try {
    ns = nanosecondsOf(value, 1e9);
  } catch (error) {
    // CPython has one error for every value that is not a time.
    throw new TypeError(`timeout must be a number or null, got ${show(value)}`, { cause: error });
  }
  if (ns < 0) throw new ValueError(`timeout must not be negative, got ${show(value)}`);
  return ns / 1e6;
}
