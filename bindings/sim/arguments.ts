// Checks of arguments that the calls of omnipoll/sim share: each error names the argument and the
// value. And how results become errors.

import { describeErrno } from "../../host/errno.ts";
import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { type SignalName, signalOf } from "../../host/sim/process/signal-numbers.ts";
import { integerOf } from "../arguments.ts";
import { OverflowError, osError, show, ValueError } from "../errors.ts";

/** Milliseconds of a second: the kernel counts in the former, the API in the latter. */
export const MS = 1000;

/** A signal by name ("SIGTERM") or by Linux's number, from 1 to 64. */
export type Signal = SignalName | number;

/** A finite number of seconds that is at least `least`. */
export function secondsOf(value: unknown, name: string, least: number): number {
  if (typeof value !== "number")
    throw new TypeError(`${name} must be a number, got ${show(value)}`);
  if (Number.isNaN(value) || value < least) {
    throw new ValueError(`${name} must be at least ${least} seconds, got ${show(value)}`);
  }
  if (value === Infinity) throw new OverflowError(`${name} must be finite, got Infinity`);
  return value;
}

/** An integer from `least` to `most`. */
export function wholeOf(
  value: unknown,
  name: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const integer = integerOf(value, name);
  if (integer >= least && integer <= most) return Number(integer);
  const end = most === Number.MAX_SAFE_INTEGER ? "2**53 - 1" : String(most);
  throw new ValueError(`${name} must be from ${least} to ${end}, got ${show(value)}`);
}

/** A boolean. */
export function booleanOf(value: unknown, name: string): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(`${name} must be true or false, got ${show(value)}`);
}

/** A string. */
export function stringOf(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${name} must be a string, got ${show(value)}`);
}

/** A path of the simulated file tree: a string without a null character. */
export function treePathOf(value: unknown, name: string): string {
  const path = stringOf(value, name);
  if (!path.includes("\0")) return path;
  throw new ValueError(`${name} must not contain a null character, got ${show(path)}`);
}

/** A function. */
export function functionOf<Call extends (...given: never[]) => unknown>(
  value: Call,
  name: string,
): Call {
  if (typeof value === "function") return value;
  throw new TypeError(`${name} must be a function, got ${show(value)}`);
}

/** The entries of an options object, whose keys must be among `known`. */
export function entriesOf(
  value: unknown,
  name: string,
  known: readonly string[],
): Array<[string, unknown]> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object, got ${show(value)}`);
  }
  const entries = Object.entries(value);
  const unknown = entries.find(([key]) => !known.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`${name} have no ${show(unknown[0])}, but ${known.join(", ")}`);
  }
  return entries;
}

/** The number of a signal. @throws {ValueError} for an unknown name or a number that is no signal's */
export function signalNumberOf(signal: Signal): number {
  const number = signalOf(signal);
  if (number !== undefined) return number;
  throw new ValueError(
    `signal must be a name like "SIGTERM" or a number from 1 to 64, got ${show(signal)}`,
  );
}

/** The result of a call. @throws {OSError} if the result is a negative errno */
export function checkedCall(kernel: Kernel, result: number, call: string, detail: string): number {
  throwFailure(kernel);
  if (result < 0) throw osError(describeErrno, -result, call, detail);
  return result;
}

/**
 * Throws the error of a signal handler or of an action of `at`, or TerminatedError if a signal ended
 * the program. In the middle of a wait does nothing: the wait itself ends with the error.
 */
export function throwFailure(kernel: Kernel): void {
  if (kernel.isBlocked) return;
  const failure = kernel.takeFailure();
  if (failure !== undefined) throw failure;
}
