// What the calls of omnipoll/sim have in common: checking arguments, and failing.

import { describeErrno } from "../../host/errno.ts";
import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { type SignalName, signalOf } from "../../host/sim/process/signal-numbers.ts";
import { OverflowError, osError, show, ValueError } from "../errors.ts";

export const MS = 1000;

/** A signal by name or number. */
export type Signal = SignalName | number;

/** A number of seconds that is finite and at least `least`. */
export function secondsOf(value: unknown, name: string, least: number): number {
  if (typeof value !== "number")
    throw new TypeError(`${name} must be a number, got ${show(value)}`);
  if (Number.isNaN(value) || value < least) {
    throw new ValueError(`${name} must be at least ${least} seconds, got ${show(value)}`);
  }
  if (value === Infinity) throw new OverflowError(`${name} must be finite`);
  return value;
}

/** Number of a signal. @throws {ValueError} if there is no such signal */
export function signalNumberOf(signal: Signal): number {
  const number = signalOf(signal);
  if (number === undefined) throw new ValueError(`no such signal: ${show(signal)}`);
  return number;
}

/** The result of a call. @throws {OSError} if it is a negative errno */
export function checkedCall(kernel: Kernel, result: number, call: string, detail: string): number {
  throwFailure(kernel);
  if (result < 0) throw osError(describeErrno, -result, call, detail);
  return result;
}

/**
 * Throws what a handler threw, or that the program has ended. In the middle of a wait that is left
 * to the wait.
 */
export function throwFailure(kernel: Kernel): void {
  if (kernel.isBlocked) return;
  const failure = kernel.takeFailure();
  if (failure !== undefined) throw failure;
}
