// Arguments as CPython converts them: integers, masks, descriptors. Each refusal has the class
// of CPython's and names the argument and the value.

import { OverflowError, show, ValueError } from "./errors.ts";

const INT_MAX = 0x7fffffff;

/**
 * A Python `int`: a whole number, a bigint, or a boolean as 0 or 1.
 *
 * A whole number beyond 2^53 is taken for what it is, a multiple of a power of two.
 */
export function integerOf(value: unknown, name: string): number | bigint {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return Number(value);
  throw new TypeError(`${name} must be an integer, got ${show(value)}`);
}

/** A C `int`. */
export function intOf(value: unknown, name: string): number {
  const integer = integerOf(value, name);
  if (integer > INT_MAX || integer < -INT_MAX - 1) {
    throw new OverflowError(`${name} does not fit a C int: ${show(value)}`);
  }
  return Number(integer);
}

/** Low 32 bits of any integer, as a number from 0 to 2^32 - 1. */
export function lowBitsOf(value: unknown, name: string): number {
  const integer = integerOf(value, name);
  return typeof integer === "bigint" ? Number(BigInt.asUintN(32, integer)) : integer >>> 0;
}

/** A C `unsigned short`, as poll(2) has for masks (CPython: _PyLong_UnsignedShort_Converter). */
export function unsignedShortOf(value: unknown, name: string): number {
  const integer = integerOf(value, name);
  if (integer < 0) throw new ValueError(`${name} must not be negative, got ${show(value)}`);
  if (integer > 0xffff) {
    throw new OverflowError(`${name} does not fit a C unsigned short: ${show(value)}`);
  }
  return Number(integer);
}

/** Refuses what a call has no parameter for; Python does, JavaScript would ignore it. */
export function checkCount(call: string, given: number, least: number, most: number): void {
  if (given >= least && given <= most) return;
  const bound = given < least ? `at least ${least}` : `at most ${most}`;
  throw new TypeError(
    `${call} takes ${bound} argument${bound.endsWith(" 1") ? "" : "s"}, got ${given}`,
  );
}

/** Whether a value is an object literal, which carries keyword arguments. */
export function isKeywords(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Arguments with the keywords of a trailing object literal put in their places.
 *
 * @param names of all parameters, in order
 * @throws {TypeError} for a keyword that is no parameter, or one given by position already
 */
export function withKeywords(
  call: string,
  names: readonly string[],
  given: readonly unknown[],
): unknown[] {
  const last = given.at(-1);
  if (!isKeywords(last)) return [...given];
  const merged: unknown[] = given.slice(0, -1);
  const positional = merged.length;
  for (const [name, value] of Object.entries(last)) {
    const at = names.indexOf(name);
    if (at < 0) throw new TypeError(`${call} has no argument ${show(name)}`);
    if (at < positional) throw new TypeError(`${call} got its argument ${show(name)} twice`);
    merged[at] = value;
  }
  return merged;
}
