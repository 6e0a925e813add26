// Calls on a kernel with a real clock, whose time goes on while the program computes.

import { ECANCELED } from "../kernel/constants.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { RealClock } from "../time/real-clock.ts";

/** What changes nothing, and sees nothing that time changes. */
const TIMELESS = new Set([
  "describe",
  "onClose",
  "takeFailure",
  "announceClose",
  "capabilities",
  "now",
  "realtime",
]);
const WAITS = new Set(["poll", "epoll_wait", "kevent"]);

/**
 * The same calls: before each, what is due by now is done, and after it what it woke. A wait ends with
 * what an action threw meanwhile, as one does that the action interrupts.
 */
function punctual<Calls extends object>(kernel: Kernel, clock: RealClock, calls: Calls): Calls {
  const made: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(calls)) {
    made[name] = call;
    if (typeof call !== "function" || TIMELESS.has(name)) continue;
    made[name] = (...given: unknown[]): unknown => {
      clock.catchUp();
      if (WAITS.has(name) && kernel.hasFailed) return -ECANCELED;
      const result: unknown = call(...given);
      clock.catchUp();
      return result;
    };
  }
  return made as Calls;
}

/** Calls that are to be made on a kernel: punctual ones, if it has a real clock. */
export function timely<Calls extends object>(kernel: Kernel, calls: Calls): Calls {
  const { clock } = kernel;
  return clock instanceof RealClock ? punctual(kernel, clock, calls) : calls;
}
