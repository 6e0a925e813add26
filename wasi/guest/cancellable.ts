// Calls that do not wait, for a guest that another thread may cancel.

import type { Waiter } from "../wait.ts";

/** Makes calls that throw once the guest is cancelled; the same ones if it cannot be. */
export function cancellable<Calls extends Record<string, (...given: never[]) => number>>(
  waiter: Waiter,
  calls: Calls,
): Calls {
  if (!waiter.isBounded) return calls;
  const made = Object.entries(calls).map(([name, call]) => {
    const outer = (...given: never[]): number => {
      waiter.throwIfCancelled();
      return call(...given);
    };
    return [name, outer];
  });
  return Object.fromEntries(made) as Calls;
}
