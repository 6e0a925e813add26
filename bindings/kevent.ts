// kevents: the changes and events of a queue. Python's `select.kevent`.

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

/** Returns a number where a number is exact, else a bigint. */
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

// Filter and flags share one word of the record.
const bothOf = (filter: number, flags: number): number => (filter & 0xffff) | (flags << 16);
const filterIn = (both: number): number => (both << 16) >> 16;
const flagsIn = (both: number): number => both >>> 16;

/** Formats a number as 64 unsigned bits in hexadecimal. */
function hex(value: Whole): string {
  return `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
}

/** The attributes of a kevent by keyword. */
export interface KeventKeywords {
  /** KQ_FILTER_*; the default is KQ_FILTER_READ. */
  readonly filter?: number;
  /** KQ_EV_*; the default is KQ_EV_ADD. */
  readonly flags?: number;
  /** KQ_NOTE_* of the filter; the default is 0. */
  readonly fflags?: number;
  /** A number whose meaning the filter defines; the default is 0. */
  readonly data?: Whole;
  /** A number of the program's own, which events return unchanged; the default is 0. */
  readonly udata?: Whole;
}

// Offsets of the fields, in words. They are constants of this module because V8 looks up an
// imported binding at each use.
const IDENT = KEVENT_IDENT / 4;
const BOTH = KEVENT_FILTER / 4;
const FFLAGS = KEVENT_FFLAGS / 4;
const DATA = KEVENT_DATA / 4;
const UDATA = KEVENT_UDATA / 4;
const SIZE = KEVENT_SIZE / 4;

/**
 * A kevent, made by `kevent()`: a change of a queue, or an event from one.
 *
 * The attributes are writable, and convert values as the fields of the C structure do: `flags` and
 * `fflags` keep the low 16 and 32 bits, `udata` the low 64; `filter`, `data` and `ident` throw
 * OverflowError beyond their range. 64-bit values are numbers, or bigints where a number would not
 * be exact.
 *
 * @see https://docs.python.org/3/library/select.html#kevent-objects
 */
export class Kevent {
  #ident: Whole;
  /** Filter and flags in one word, as in the record: a smaller object is made faster. */
  #both: number;
  #fflags: number;
  #data: Whole;
  #udata: Whole;

  /** @internal Call `kevent()`; the values are converted already. */
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

  /**
   * The source of the event: a descriptor, a process number, a signal number, an interface index,
   * or any number for timers and user events. 0 to 2^64 - 1.
   */
  get ident(): Whole {
    return this.#ident;
  }
  set ident(value: Whole | Waitable) {
    this.#ident = identOf(value);
  }

  /** The kind of event, KQ_FILTER_*. 16 signed bits. */
  get filter(): number {
    return filterIn(this.#both);
  }
  set filter(value: number) {
    this.#both = bothOf(filterOf(value), this.flags);
  }

  /** Actions of a change and state of an event, KQ_EV_*. 16 bits. */
  get flags(): number {
    return flagsIn(this.#both);
  }
  set flags(value: number) {
    this.#both = bothOf(this.filter, flagsOf(value));
  }

  /** Notes of the filter, KQ_NOTE_*. 32 bits. */
  get fflags(): number {
    return this.#fflags;
  }
  set fflags(value: number) {
    this.#fflags = fflagsOf(value);
  }

  /** A number whose meaning the filter defines; the errno under KQ_EV_ERROR. 64 signed bits. */
  get data(): Whole {
    return this.#data;
  }
  set data(value: Whole) {
    this.#data = dataOf(value);
  }

  /** A number of the program's own, which events return unchanged. 64 bits. */
  get udata(): Whole {
    return this.#udata;
  }
  set udata(value: Whole) {
    this.#udata = udataOf(value);
  }

  /** Whether `other` is a kevent with the same six attributes. Python's `==`. */
  equals(other: unknown): boolean {
    return other instanceof Kevent && this.compare(other) === 0;
  }

  /**
   * Compares by ident, filter, flags, fflags, data and udata, the last as a signed number, as
   * CPython does (`kqueue_event_richcompare`).
   *
   * @returns -1 if this kevent comes first, 0 if both are equal, 1 if `other` comes first
   * @throws {TypeError} if `other` is not a kevent
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

  /** Formats the kevent as Python's repr does. */
  toString(): string {
    return (
      `<select.kevent ident=${this.#ident} filter=${this.filter} flags=${hex(this.flags)} ` +
      `fflags=${hex(this.#fflags)} data=${hex(this.#data)} udata=${hex(this.#udata)}>`
    );
  }

  /** Converts to text. Throws for `<` and `>`, which would compare the texts. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "number") throw new TypeError("kevents are compared with compare()");
    return this.toString();
  }

  /** Formats the kevent for `console.log` of Node. */
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

  /** @internal Overwrites `kevent` with the kevent record at `at`, an address in `words`. */
  static read(kevent: Kevent, words: Int32Array, at: number): void {
    const word = at >>> 2;
    const ident = words[word + IDENT] as number;
    const fflags = words[word + FFLAGS] as number;
    const data = words[word + DATA] as number;
    const udata = words[word + UDATA] as number;
    kevent.#both = words[word + BOTH] as number;
    // Most values are below 2^31, where V8 has small integers.
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

  /** @internal Makes objects of the `count` kevent records at `address`. */
  static listAt(words: Int32Array, address: number, count: number): Kevent[] {
    const list: Kevent[] = new Array(count);
    const start = address >>> 2;
    // The shift bounds `word` for the compiler, so that an addition needs no check for overflow.
    const end = (address + count * KEVENT_SIZE) >>> 2;
    for (let word = start, i = 0; word < end; word += SIZE, i++) {
      const ident = words[word + IDENT] as number;
      const fflags = words[word + FFLAGS] as number;
      const data = words[word + DATA] as number;
      const udata = words[word + UDATA] as number;
      const both = words[word + BOTH] as number;
      // Two calls, so that V8 sees small integers alone in the first.
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

/** Returns 0 if the upper halves of all 64-bit fields of a record are 0. */
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

/** The function `kevent`. `instanceof` accepts the function like a class. */
export interface KeventFunction {
  /**
   * Makes a kevent. The arguments after `ident` can also be given by keyword:
   * `kevent(ident, { filter, flags, … })`.
   *
   * @param ident a descriptor or an object that has one, or any number from 0 to 2^64 - 1; the
   * filter defines the meaning
   * @param filter KQ_FILTER_*; the default is KQ_FILTER_READ
   * @param flags KQ_EV_*; the default is KQ_EV_ADD
   * @param fflags KQ_NOTE_* of the filter; the default is 0
   * @param data a signed number of 64 bits; the default is 0
   * @param udata a number of the program's own, of which 64 bits count; the default is 0
   * @throws {TypeError} if a value is not an integer, or `ident` has no descriptor
   * @throws {OverflowError} if `ident`, `filter` or `data` is out of range
   * @see https://docs.python.org/3/library/select.html#select.kevent
   * @see https://man.freebsd.org/cgi/man.cgi?kevent
   */
  (
    ident: Whole | Waitable,
    filter?: number | KeventKeywords,
    flags?: number,
    fflags?: number,
    data?: Whole,
    udata?: Whole,
  ): Kevent;
  /** Makes a kevent from keywords, which are those of `kevent(ident, …)`. */
  (keywords: KeventKeywords & { readonly ident: Whole | Waitable }): Kevent;
  /** The prototype of kevents, for `instanceof`. */
  readonly prototype: Kevent;
}

/** Makes a kevent; see KeventFunction. */
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
