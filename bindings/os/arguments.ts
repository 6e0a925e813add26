// Arguments of the os and socket modules, converted as CPython converts them, and paths, whose bytes
// need not be UTF-8.

import { integerOf } from "../arguments.ts";
import { OverflowError, show, ValueError } from "../errors.ts";

const SSIZE_LIMIT = 2n ** 63n;

const encoder = new TextEncoder();

function unsigned(value: unknown, name: string, limit: number | bigint, type: string) {
  const integer = integerOf(value, name);
  if (integer < 0) throw new ValueError(`${name} must not be negative, got ${show(value)}`);
  if (integer >= limit) throw new OverflowError(`${name} does not fit a C ${type}: ${show(value)}`);
  return integer;
}

/** Converts to a C `unsigned int`. */
export function unsignedIntOf(value: unknown, name: string): number {
  return Number(unsigned(value, name, 2 ** 32, "unsigned int"));
}

/** Converts to a C `unsigned long long`. */
export function unsignedLongLongOf(value: unknown, name: string): bigint {
  return BigInt(unsigned(value, name, 2n ** 64n, "unsigned long long"));
}

/** Converts to a C `ssize_t`, rounded to a number: no call can accept more than 2^53 anyway. */
export function sizeOf(value: unknown, name: string): number {
  const integer = integerOf(value, name);
  if (integer >= SSIZE_LIMIT || integer < -SSIZE_LIMIT) {
    throw new OverflowError(`${name} does not fit a C ssize_t: ${show(value)}`);
  }
  return Number(integer);
}

/** Whether a value is a Uint8Array, of this realm or another. */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]"
  );
}

/** Returns the bytes to send: those of a Uint8Array, or a string in UTF-8. */
export function bytesOf(value: unknown, name: string): Uint8Array {
  if (typeof value === "string") return encoder.encode(value);
  if (isBytes(value)) return value;
  throw new TypeError(`${name} must be a Uint8Array or a string, got ${show(value)}`);
}

/**
 * Encodes a path, the inverse of `decodePath` (host/os.ts). A lone surrogate U+DC80…U+DCFF stands for the byte
 * 0x80…0xff, as in Python (PEP 383).
 */
export function encodePath(path: string): Uint8Array {
  if (!/[\udc80-\udcff]/u.test(path)) return encoder.encode(path);
  const bytes: number[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code & 0xff);
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/** Converts a path of the file system, text or bytes, to bytes. */
export function pathOf(value: unknown, name: string): Uint8Array {
  if (typeof value !== "string" && !isBytes(value)) {
    throw new TypeError(`${name} must be a string or a Uint8Array, got ${show(value)}`);
  }
  const bytes = typeof value === "string" ? encodePath(value) : value;
  if (bytes.includes(0)) {
    throw new ValueError(`${name} must not contain a null byte, got ${show(value)}`);
  }
  return bytes;
}
