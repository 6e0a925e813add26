// Errors of the functions for C guests: inside, negative errnos of Linux; for the guest, negative error
// numbers of WASI, which wasi-libc's errno has.

import { wasiErrno } from "../errno.ts";
import type { Waits } from "../wait.ts";

export const EFAULT = 14;
export const ENOTSUP = 95;

/** The negative errno of an OSError. Throws what is no OSError: it is not the guest's fault. */
export function failureOf(error: unknown): number {
  const { errno } = error as { readonly errno?: unknown };
  if (typeof errno !== "number") throw error;
  return -errno;
}

/** The result of a call as the guest gets it. */
export function guestResult(result: number): number {
  return result < 0 ? -wasiErrno(-result) : result;
}

/** A function that takes 32-bit numbers and returns one. */
type Call = (...given: number[]) => number;

/** Makes calls that throw OSErrors, or return negative errnos of Linux, into imports of a guest. */
export function guestCalls<Name extends string>(
  calls: Record<Name, (...given: never[]) => number>,
): Record<Name, Call> {
  const made = Object.entries(calls).map(([name, call]) => {
    const inner = call as Call;
    const outer = (...given: number[]): number => {
      try {
        return guestResult(inner(...given));
      } catch (error) {
        return guestResult(failureOf(error));
      }
    };
    return [name, outer];
  });
  return Object.fromEntries(made) as Record<Name, Call>;
}

/** Makes calls that wait into waits whose result is the guest's. */
export function guestWaits<Name extends string>(
  calls: Record<Name, (...given: never[]) => Waits>,
): Record<Name, (...given: number[]) => Waits> {
  const made = Object.entries(calls).map(([name, call]) => {
    const inner = call as (...given: number[]) => Waits;
    const outer = function* (...given: number[]): Waits {
      try {
        return guestResult(yield* inner(...given));
      } catch (error) {
        return guestResult(failureOf(error));
      }
    };
    return [name, outer];
  });
  return Object.fromEntries(made) as Record<Name, (...given: number[]) => Waits>;
}
