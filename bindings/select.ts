// select(): three lists of descriptors, which the core translates to one poll(2).

import { EBADF, ENOMEM } from "../asm/abi.ts";
import { checkCount } from "./arguments.ts";
import type { Core } from "./core.ts";
import { show } from "./errors.ts";
import { selectTimeout, type Timeout } from "./timeout.ts";
import { filenoOf, type Waitable } from "./waitable.ts";

/** The result of `select()`: the ready entries of each list, in the order of the list. */
export type Ready<R, W, X> = [readable: R[], writable: W[], exceptional: X[]];

/** The function `select` of one core. */
export interface SelectFunction {
  /**
   * Waits until a descriptor of one of three lists is ready. Blocks the calling thread; a signal
   * does not end the wait (PEP 475).
   *
   * A descriptor may be in several lists, and several times in one list. FD_SETSIZE is no limit.
   *
   * @param rlist descriptors, or objects that have one, to be ready for reading
   * @param wlist descriptors to be ready for writing
   * @param xlist descriptors to have an exceptional condition: urgent data
   * @param timeout seconds, 0 or more, rounded up to a microsecond; `null` (the default) waits for
   * ever, 0 does not wait
   * @returns three new lists with the ready entries, the very objects that were given; three empty
   * lists on timeout
   * @throws {TypeError} if a list is not iterable, an entry has no descriptor, or the timeout is
   * not a number
   * @throws {ValueError} if a descriptor or the timeout is negative
   * @throws {OverflowError} if a descriptor does not fit a C int, or the timeout 2^63 nanoseconds
   * @throws {OSError} EBADF if a descriptor is not open, whatever the others are
   * @see https://docs.python.org/3/library/select.html#select.select
   * @see select_select_impl in CPython's Modules/selectmodule.c
   */
  <R extends Waitable, W extends Waitable, X extends Waitable>(
    rlist: Iterable<R>,
    wlist: Iterable<W>,
    xlist: Iterable<X>,
    timeout?: Timeout,
  ): Ready<R, W, X>;
}

const NAMES = ["rlist", "wlist", "xlist"] as const;

/** The descriptors of all lists of one call, one after the other. */
interface Descriptors {
  words: Int32Array;
  length: number;
}

/** Returns `words`, or a longer copy with room for `length`. */
function withRoom(words: Int32Array, length: number): Int32Array {
  if (length <= words.length) return words;
  const longer = new Int32Array(Math.max(length, words.length * 2));
  longer.set(words);
  return longer;
}

/**
 * Appends the descriptors of a list to `descriptors`. Returns the entries of the list, or
 * `undefined` if all entries are plain descriptors.
 *
 * A `fileno()` method may change the list that is read, so the length of the list is read again for
 * every entry and the entries are kept, as CPython does (seq2set).
 */
function readList(
  iterable: unknown,
  name: string,
  descriptors: Descriptors,
): unknown[] | undefined {
  if (!isIterable(iterable)) throw new TypeError(`${name} must be iterable, got ${show(iterable)}`);
  const source: readonly unknown[] = Array.isArray(iterable) ? iterable : [...iterable];
  const start = descriptors.length;
  const length = source.length;
  let words = withRoom(descriptors.words, start + length);
  let i = 0;
  for (; i < length; i++) {
    const item = source[i];
    if (typeof item !== "number" || (item | 0) !== item || item < 0) break;
    words[start + i] = item;
  }

  let items: unknown[] | undefined;
  if (i < length) {
    items = [...words.subarray(start, start + i)];
    for (; i < source.length; i++) {
      const item = source[i];
      items.push(item);
      words = withRoom(words, start + i + 1);
      words[start + i] = filenoOf(item, name, i);
    }
  }
  descriptors.words = words;
  descriptors.length = start + i;
  return items;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    value !== null &&
    value !== undefined &&
    typeof (value as Iterable<unknown>)[Symbol.iterator] === "function"
  );
}

/** Makes `select()` for a core. */
export function createSelect(core: Core): SelectFunction {
  /**
   * Undefined during a call: a `fileno()` method, or a callback of a simulated kernel, may call
   * select().
   */
  let spare: Descriptors | undefined;

  function select(rlist: unknown, wlist: unknown, xlist: unknown, timeout?: unknown): unknown {
    checkCount("select()", arguments.length, 3, 4);
    const timeoutMs = selectTimeout(timeout);
    const descriptors = spare ?? { words: new Int32Array(64), length: 0 };
    spare = undefined;
    descriptors.length = 0;
    const readers = readList(rlist, NAMES[0], descriptors);
    const r = descriptors.length;
    const writers = readList(wlist, NAMES[1], descriptors);
    const w = descriptors.length - r;
    const exceptional = readList(xlist, NAMES[2], descriptors);
    const x = descriptors.length - r - w;

    const { calls } = core;
    const address = calls.selectBegin(r, w, x);
    if (address === 0) throw core.error(-ENOMEM, "select", `${r + w + x} descriptors`);
    const start = address >>> 2;
    core.words().set(descriptors.words.subarray(0, descriptors.length), start);

    const count = calls.selectWait(timeoutMs);
    spare = descriptors;
    if (count < 0) throw failure(core, count);
    if (count === 0) return [[], [], []];
    const rCount = calls.selectReady(0);
    const wCount = calls.selectReady(1);
    const positions = core.words();
    const { words } = descriptors;
    return [
      pick(positions, start, rCount, readers, words, 0),
      pick(positions, start + rCount, wCount, writers, words, r),
      pick(positions, start + rCount + wCount, count - rCount - wCount, exceptional, words, r + w),
    ];
  }
  return select as SelectFunction;
}

function failure(core: Core, result: number): Error {
  if (result !== -EBADF) return core.error(result, "select");
  const fd = core.calls.selectClosed();
  const detail = fd < 0 ? "more descriptors than may be open" : `fd ${fd} is not open`;
  return core.error(result, "select", detail);
}

/**
 * Picks the ready entries of a list.
 *
 * @param positions the memory of the core; the `count` words at `start` are places in the list
 * @param items the entries; if undefined, the entries are the descriptors in `words` from `first`
 */
function pick(
  positions: Int32Array,
  start: number,
  count: number,
  items: readonly unknown[] | undefined,
  words: Int32Array,
  first: number,
): unknown[] {
  const ready: unknown[] = new Array(count);
  if (items === undefined) {
    for (let i = 0; i < count; i++) ready[i] = words[first + (positions[start + i] as number)];
  } else {
    for (let i = 0; i < count; i++) ready[i] = items[positions[start + i] as number];
  }
  return ready;
}
