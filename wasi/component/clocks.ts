// wasi:clocks/monotonic-clock and wall-clock.

import type { Clock } from "../clocks.ts";
import type { Pollable, Polling } from "./poll.ts";

/** The host counts microseconds exactly. */
const RESOLUTION_NS = 1000n;
const NS_PER_SECOND = 1_000_000_000n;

/** A time since 1970. */
export interface Datetime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** The two interfaces over the clocks of a guest, in ns. */
export function clockInterfaces(
  [realtime, monotonic]: readonly [realtime: Clock, monotonic: Clock],
  polling: Polling,
) {
  return {
    monotonicClock: {
      now: monotonic,
      resolution: () => RESOLUTION_NS,
      subscribeInstant: (when: bigint): Pollable => polling.onTime(monotonic, when),
      subscribeDuration: (ns: bigint): Pollable => polling.onTime(monotonic, monotonic() + ns),
    },
    wallClock: {
      now(): Datetime {
        const ns = realtime();
        return { seconds: ns / NS_PER_SECOND, nanoseconds: Number(ns % NS_PER_SECOND) };
      },
      resolution: (): Datetime => ({ seconds: 0n, nanoseconds: Number(RESOLUTION_NS) }),
    },
  };
}
