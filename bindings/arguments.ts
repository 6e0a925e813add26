// Arguments, converted as CPython converts them: integers, masks, keywords. Each error has CPython's
// class, and names the argument and the value.

import { OverflowError, show, ValueError } from "./errors.ts";

const INT_MAX = 0x7fffffff;

/**
 * Converts to a Python `int`: a whole number, a bigint, or a boolean as 0 or 1. A whole number beyond
 * 2^53 keeps its value, which is a multiple of a power of two.
 */
export function integerOf(value: unknown, name: string): number | bigint {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return Number(value);
  throw new TypeError(`${name} must be an integer, got ${show(value)}`);
}

/** Converts to a C `int`. */
export function intOf(value: unknown, name: string): number {
  const integer = integerOf(value, name);
  if (integer > INT_MAX || integer < -INT_MAX - 1) {
    throw new OverflowError(`${name} does not fit a C int: ${show(value)}`);
  }
  return Number(integer);
}

/** Converts to the low 32 bits of an integer, a number from 0 to 2^32 - 1. */
export function lowBitsOf(value: unknown, name: string): number {
  const integer = integerOf(value, name);
  return typeof integer === "bigint" ? Number(BigInt.asUintN(32, integer)) : integer >>> 0;
}

/** Converts to a C `unsigned short`, the type of poll(2)'s masks (_PyLong_UnsignedShort_Converter). */
export function unsignedShortOf(value: unknown, name: string): number {
  const integer = integerOf(value, name);
  if (integer < 0) throw new ValueError(`${name} must not be negative, got ${show(value)}`);
  if (integer > 0xffff) {
    throw new OverflowError(`${name} does not fit a C unsigned short: ${show(value)}`);
  }
  return Number(integer);
}

/** Checks the number of arguments, as Python does; JavaScript would ignore the surplus. */
export function checkCount(call: string, given: number, least: number, most: number): void {
  if (given >= least && given <= most) return;
  const bound = given < least ? `at least ${least}` : `at most ${most}`;
  throw new TypeError(
    `${call} takes ${bound} argument${bound.endsWith(" 1") ? "" : "s"}, got ${given}`,
  );
}

/** Whether a value is an object literal, the form of keyword arguments. */
export function isKeywords(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Puts the keywords of a trailing object literal in the places of the arguments.
 *
 * @param names the names of all parameters, in order
 * @throws {TypeError} if a keyword names no parameter, or one that was given by position
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
