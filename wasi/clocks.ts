// The clocks of poll_oneoff: when a subscription is due, and how long a call waits.

import type { Host } from "../host/host.ts";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "./preview1.ts";

const NS_PER_MS = 1e6;
const FOREVER = 2n ** 64n - 1n;
/** A wait for a time of the realtime clock looks at it so often, in ms: people set that clock. */
const STEPPED_MS = 100;

/** Reads a clock, in ns. */
export type Clock = () => bigint;

/** A clock of the host, which counts ms, as one of WASI. */
export function inNanoseconds(read: () => number): Clock {
  // Microseconds since 1970 are exact in a double, nanoseconds are not.
  return () => BigInt(Math.floor(read() * 1000)) * 1000n;
}

/** The clocks of a guest, by WASI's ids: those given, or the host's. */
export function clocksOf(
  host: Pick<Host, "now" | "realtime">,
  given: Partial<Record<0 | 1, Clock>>,
): readonly [realtime: Clock, monotonic: Clock] {
  return [
    given[CLOCK_REALTIME] ?? inNanoseconds(() => host.realtime()),
    given[CLOCK_MONOTONIC] ?? inNanoseconds(() => host.now()),
  ];
}

/** When the subscription of a clock is due. */
export interface Due {
  readonly clock: Clock;
  readonly at: bigint;
  /** Whether the clock may be set during the wait, so that no duration is known. */
  readonly isStepped: boolean;
}

/** Milliseconds until the first clock is due, < 0 without clocks. */
export function msUntilDue(dues: Iterable<Due>): number {
  let first = Infinity;
  const now = reader();
  for (const { clock, at, isStepped } of dues) {
    if (at >= FOREVER) continue;
    const left = at - now(clock);
    const ms = left <= 0n ? 0 : Number(left) / NS_PER_MS;
    first = Math.min(first, isStepped ? Math.min(ms, STEPPED_MS) : ms);
  }
  return first === Infinity ? -1 : first;
}

/** Whether a clock is due, each clock read once. */
export function dueNow(): (due: Due) => boolean {
  const now = reader();
  return ({ clock, at }) => at <= now(clock);
}

/** Reads each clock once. Most waits have one clock, for which no Map is made. */
function reader(): (clock: Clock) => bigint {
  let first: Clock | undefined;
  let time = 0n;
  let others: Map<Clock, bigint> | undefined;
  return (clock) => {
    if (first === undefined) {
      first = clock;
      time = clock();
    }
    if (clock === first) return time;
    others ??= new Map();
    const other = others.get(clock) ?? clock();
    others.set(clock, other);
    return other;
  };
}
