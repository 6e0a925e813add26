// kevent objects: `select.kevent` of Python.

import {
  EV_ADD,
  FILTER_READ,
  KEVENT_DATA,
  KEVENT_FFLAGS,
  KEVENT_FILTER,
  KEVENT_IDENT,
  KEVENT_SIZE,
  KEVENT_UDATA,
} from "../asm/abi.ts";
import { checkCount, integerOf, isKeywords, lowBitsOf, withKeywords } from "./arguments.ts";
import { OverflowError, show } from "./errors.ts";
import { filenoOf, type Waitable } from "./waitable.ts";

/** A whole number: a bigint where a number would not be exact. */
export type Whole = number | bigint;

const TWO_32 = 2 ** 32;
const MAKER = Symbol("kevent()");

function bounded(value: unknown, name: string, bits: number, signed: boolean): Whole {
  const integer = integerOf(value, name);
  const limit = 2n ** BigInt(signed ? bits - 1 : bits);
  const low = signed ? -limit : 0n;
  if (integer < low || integer >= limit) {
    const type = `${signed ? "a signed" : "an unsigned"} number of ${bits} bits`;
    throw new OverflowError(`${name} must be ${type}, got ${show(value)}`);
  }
  return exact(integer);
}

/** A number where that is exact, else a bigint. */
function exact(value: Whole): Whole {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? value + 0 : BigInt(value);
  }
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    ? Number(value)
    : value;
}

function identOf(value: unknown): Whole {
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return bounded(value, "ident", 64, false);
  }
  return filenoOf(value, "ident");
}

const filterOf = (value: unknown): number => Number(bounded(value, "filter", 16, true));
const flagsOf = (value: unknown): number => lowBitsOf(value, "flags") & 0xffff;
const fflagsOf = (value: unknown): number => lowBitsOf(value, "fflags");
const dataOf = (value: unknown): Whole => bounded(value, "data", 64, true);
const udataOf = (value: unknown): Whole =>
  exact(BigInt.asUintN(64, BigInt(integerOf(value, "udata"))));

// Filter and flags share a word.
const bothOf = (filter: number, flags: number): number => (filter & 0xffff) | (flags << 16);
const filterIn = (both: number): number => (both << 16) >> 16;
const flagsIn = (both: number): number => both >>> 16;

/** 64 bits of an unsigned number, in hexadecimal. */
function hex(value: Whole): string {
  return `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
}

/** The attributes of a kevent by keyword. */
export interface KeventKeywords {
  readonly filter?: number;
  readonly flags?: number;
  readonly fflags?: number;
  readonly data?: Whole;
  readonly udata?: Whole;
}

// Places of the fields, in words. Constants of this module: another one's are looked up at each use.
const IDENT = KEVENT_IDENT / 4;
const BOTH = KEVENT_FILTER / 4;
const FFLAGS = KEVENT_FFLAGS / 4;
const DATA = KEVENT_DATA / 4;
const UDATA = KEVENT_UDATA / 4;
const SIZE = KEVENT_SIZE / 4;

/**
 * A kevent: a change of a queue, or an event of one. Made by `kevent()`.
 *
 * The attributes can be written, and convert as the fields of the C structure do: `flags` and
 * `fflags` keep their low 16 and 32 bits, `udata` its low 64; `filter`, `data` and `ident` throw
 * OverflowError beyond their range. 64-bit values are numbers, or bigints where those would not
 * be exact.
 *
 * @see https://docs.python.org/3/library/select.html#kevent-objects
 */
export class Kevent {
  #ident: Whole;
  /** Filter and flags, as the record has them: a smaller object is a faster one. */
  #both: number;
  #fflags: number;
  #data: Whole;
  #udata: Whole;

  /** @internal call `kevent()`; the values are converted already. */
  constructor(
    token: unknown,
    ident: Whole,
    both: number,
    fflags: number,
    data: Whole,
    udata: Whole,
  ) {
    if (token !== MAKER) throw new TypeError("cannot create Kevent instances: call kevent()");
    this.#ident = ident;
    this.#both = both;
    this.#fflags = fflags;
    this.#data = data;
    this.#udata = udata;
  }

  /** What is watched: a descriptor, a pid, a signal number, any number of one's own. */
  get ident(): Whole {
    return this.#ident;
  }
  set ident(value: Whole | Waitable) {
    this.#ident = identOf(value);
  }

  /** KQ_FILTER_*. */
  get filter(): number {
    return filterIn(this.#both);
  }
  set filter(value: number) {
    this.#both = bothOf(filterOf(value), this.flags);
  }

  /** KQ_EV_*. */
  get flags(): number {
    return flagsIn(this.#both);
  }
  set flags(value: number) {
    this.#both = bothOf(this.filter, flagsOf(value));
  }

  /** KQ_NOTE_*, by filter. */
  get fflags(): number {
    return this.#fflags;
  }
  set fflags(value: number) {
    this.#fflags = fflagsOf(value);
  }

  /** A number whose meaning the filter decides. */
  get data(): Whole {
    return this.#data;
  }
  set data(value: Whole) {
    this.#data = dataOf(value);
  }

  /** A number of the user's, returned as it was given. */
  get udata(): Whole {
    return this.#udata;
  }
  set udata(value: Whole) {
    this.#udata = udataOf(value);
  }

  /** Whether all six attributes are the same; false for what is no kevent. */
  equals(other: unknown): boolean {
    return other instanceof Kevent && this.compare(other) === 0;
  }

  /**
   * Order by ident, filter, flags, fflags, data and udata (as a signed number): -1, 0 or 1.
   *
   * @throws {TypeError} for what is no kevent
   */
  compare(other: Kevent): -1 | 0 | 1 {
    if (!(other instanceof Kevent)) {
      throw new TypeError(`other must be a Kevent, got ${show(other)}`);
    }
    return (
      order(this.#ident, other.#ident) ||
      order(this.filter, other.filter) ||
      order(this.flags, other.flags) ||
      order(this.#fflags, other.#fflags) ||
      order(this.#data, other.#data) ||
      order(BigInt.asIntN(64, BigInt(this.#udata)), BigInt.asIntN(64, BigInt(other.#udata)))
    );
  }

  /** Like Python's repr. */
  toString(): string {
    return (
      `<select.kevent ident=${this.#ident} filter=${this.filter} flags=${hex(this.flags)} ` +
      `fflags=${hex(this.#fflags)} data=${hex(this.#data)} udata=${hex(this.#udata)}>`
    );
  }

  /** `<` and `>` would compare texts: an error instead. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "number") throw new TypeError("kevents are compared with compare()");
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** @internal Writes the kevent record at `at`, an address in `words`. */
  static write(kevent: Kevent, words: Int32Array, at: number): void {
    const word = at >>> 2;
    writeWhole(words, word + IDENT, kevent.#ident);
    words[word + BOTH] = kevent.#both;
    words[word + FFLAGS] = kevent.#fflags;
    writeWhole(words, word + DATA, kevent.#data);
    writeWhole(words, word + UDATA, kevent.#udata);
  }

  /** @internal Reads the kevent record at `at` into an object there is already. */
  static read(kevent: Kevent, words: Int32Array, at: number): void {
    const word = at >>> 2;
    const ident = words[word + IDENT] as number;
    const fflags = words[word + FFLAGS] as number;
    const data = words[word + DATA] as number;
    const udata = words[word + UDATA] as number;
    kevent.#both = words[word + BOTH] as number;
    // Most values are below 2^31: small integers to the compiler.
    if ((ident | fflags | data | udata) >= 0 && highsOf(words, word) === 0) {
      kevent.#ident = ident;
      kevent.#fflags = fflags;
      kevent.#data = data;
      kevent.#udata = udata;
    } else {
      kevent.#ident = readUnsigned(words, word + IDENT);
      kevent.#fflags = fflags >>> 0;
      kevent.#data = readSigned(words, word + DATA);
      kevent.#udata = readUnsigned(words, word + UDATA);
    }
  }

  /** @internal The `count` kevent records at `address`, as new objects. */
  static listAt(words: Int32Array, address: number, count: number): Kevent[] {
    const list: Kevent[] = new Array(count);
    const start = address >>> 2;
    // The shift bounds `word` for the compiler: adding to it needs no check for overflow.
    const end = (address + count * KEVENT_SIZE) >>> 2;
    for (let word = start, i = 0; word < end; word += SIZE, i++) {
      const ident = words[word + IDENT] as number;
      const fflags = words[word + FFLAGS] as number;
      const data = words[word + DATA] as number;
      const udata = words[word + UDATA] as number;
      const both = words[word + BOTH] as number;
      // Two calls, so that in the first one all are small integers to the compiler.
      list[i] =
        (ident | fflags | data | udata) >= 0 && highsOf(words, word) === 0
          ? new Kevent(MAKER, ident, both, fflags, data, udata)
          : new Kevent(
              MAKER,
              readUnsigned(words, word + IDENT),
              both,
              fflags >>> 0,
              readSigned(words, word + DATA),
              readUnsigned(words, word + UDATA),
            );
    }
    return list;
  }
}

/** 0 if the upper halves of the 64-bit fields of a record are. */
function highsOf(words: Int32Array, word: number): number {
  return (
    (words[word + IDENT + 1] as number) |
    (words[word + DATA + 1] as number) |
    (words[word + UDATA + 1] as number)
  );
}

function order(mine: Whole, other: Whole): -1 | 0 | 1 {
  return mine < other ? -1 : mine > other ? 1 : 0;
}

function writeWhole(words: Int32Array, word: number, value: Whole): void {
  if (typeof value === "number") {
    words[word] = value;
    words[word + 1] = Math.floor(value / TWO_32);
  } else {
    words[word] = Number(BigInt.asIntN(32, value));
    words[word + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }
}

function readUnsigned(words: Int32Array, word: number): Whole {
  const low = (words[word] as number) >>> 0;
  const high = (words[word + 1] as number) >>> 0;
  if (high === 0) return low;
  return high < 0x200000 ? high * TWO_32 + low : (BigInt(high) << 32n) | BigInt(low);
}

function readSigned(words: Int32Array, word: number): Whole {
  const low = (words[word] as number) >>> 0;
  const high = words[word + 1] as number;
  if (high === 0) return low;
  if (high >= -0x200000 && high < 0x200000) return exact(high * TWO_32 + low);
  return exact((BigInt(high) << 32n) | BigInt(low));
}

const NAMES = ["ident", "filter", "flags", "fflags", "data", "udata"];

/** `kevent()`; also what `instanceof` can be asked with. */
export interface KeventFunction {
  (
    ident: Whole | Waitable,
    filter?: number | KeventKeywords,
    flags?: number,
    fflags?: number,
    data?: Whole,
    udata?: Whole,
  ): Kevent;
  (keywords: KeventKeywords & { readonly ident: Whole | Waitable }): Kevent;
  readonly prototype: Kevent;
}

/**
 * A kevent. `ident` may be anything that can be waited on; `filter` is KQ_FILTER_READ and `flags`
 * KQ_EV_ADD if left out, the rest 0. What follows `ident` can also be given by keyword.
 *
 * @throws {TypeError} for what is no integer
 * @throws {OverflowError} for an `ident`, `filter` or `data` beyond its range
 */
export const kevent: KeventFunction = Object.assign(
  function kevent(...given: readonly unknown[]): Kevent {
    const last = given.at(-1);
    const byKeyword = isKeywords(last) && (given.length > 1 || "ident" in last);
    const values = byKeyword ? withKeywords("kevent()", NAMES, given) : given;
    checkCount("kevent()", values.length, 1, NAMES.length);
    const [ident, filter = FILTER_READ, flags = EV_ADD, fflags = 0, data = 0, udata = 0] = values;
    return new Kevent(
      MAKER,
      identOf(ident),
      bothOf(filterOf(filter), flagsOf(flags)),
      fflagsOf(fflags),
      dataOf(data),
      udataOf(udata),
    );
  } as unknown as KeventFunction,
  { prototype: Kevent.prototype },
);
