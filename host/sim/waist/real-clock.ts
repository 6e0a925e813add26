// Calls on a kernel with a real clock, whose time goes on while the program computes.

import { ECANCELED } from "../kernel/constants.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { RealClock } from "../time/real-clock.ts";

/** Calls that neither change the kernel nor depend on time: they need no catching up. */
const TIMELESS = new Set([
  "describe",
  "inspect",
  "interrupt",
  "onClose",
  "takeFailure",
  "watch",
  "announceClose",
  "capabilities",
  "now",
  "realtime",
]);
const WAITS = new Set(["poll", "epoll_wait", "kevent"]);

/**
 * The same calls, which on a real clock run the due actions first and, after the call, the actions that
 * the call made due. A wait returns -ECANCELED if such an action threw, as it does if an action throws
 * while it blocks. On a virtual clock the calls stay as they are.
 */
export function withRealClock<Calls extends object>(kernel: Kernel, calls: Calls): Calls {
  return decorate(kernel, calls, (name) => !TIMELESS.has(name));
}

/**
 * The same for the calls that a core makes: actions run in its waits only. In the middle of a change, an
 * action that closes a descriptor would free what the core is about to change.
 */
export function withRealClockInWaits<Calls extends object>(kernel: Kernel, calls: Calls): Calls {
  return decorate(kernel, calls, (name) => WAITS.has(name));
}

function decorate<Calls extends object>(
  kernel: Kernel,
  calls: Calls,
  runsActions: (name: string) => boolean,
): Calls {
  const { clock } = kernel;
  if (!(clock instanceof RealClock)) return calls;
  const made: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(calls)) {
    made[name] = call;
    if (typeof call !== "function" || !runsActions(name)) continue;
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
