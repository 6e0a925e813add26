import { EBADF, ENOMEM } from "../asm/abi.ts";
import { checkCount } from "./arguments.ts";
import type { Core } from "./core.ts";
import { show } from "./errors.ts";
import { selectTimeout, type Timeout } from "./timeout.ts";
import { filenoOf, type Waitable } from "./waitable.ts";

/** What `select()` returns: the ready ones of each list, in the order of the list. */
export type Ready<R, W, X> = [readable: R[], writable: W[], exceptional: X[]];

/** `select()` of one core. */
export type SelectFunction = <R extends Waitable, W extends Waitable, X extends Waitable>(
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeout?: Timeout,
) => Ready<R, W, X>;

const NAMES = ["rlist", "wlist", "xlist"] as const;

/** The descriptors of all lists of one call, one after the other. */
interface Descriptors {
  words: Int32Array;
  length: number;
}

/** `words`, or a longer copy that has room for `length`. */
function withRoom(words: Int32Array, length: number): Int32Array {
  if (length <= words.length) return words;
  const longer = new Int32Array(Math.max(length, words.length * 2));
  longer.set(words);
  return longer;
}

/**
 * Reads a list to `descriptors`; returns its entries, or nothing if they are their own descriptors.
 * `fileno()` may change the list it is called from, so its length is looked at again for every
 * entry and the entries are kept, as CPython does (seq2set).
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

/**
 * Makes `select()` on a core:
 *
 * Waits until a descriptor of one of three lists is ready: for reading, for writing, or with an
 * exceptional condition (urgent data). Blocks the calling thread; a signal does not end the wait.
 * Descriptors may be in several lists, and several times in one. There is no limit of 1024.
 *
 * - `timeout`: seconds, not negative; a fraction of a microsecond is rounded up; `null` or nothing
 *   waits for ever.
 * - returns three new lists of the entries that are ready: the very objects that were given.
 * - throws TypeError, ValueError or OverflowError for what is no list, descriptor or timeout, and
 *   OSError EBADF if a descriptor is not open, whatever the others are.
 *
 * @see select_select_impl in CPython's Modules/selectmodule.c
 */
export function createSelect(core: Core): SelectFunction {
  /** Missing while a call reads its lists: `fileno()` may call select(). */
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
    spare = descriptors;

    const { calls } = core;
    const address = calls.selectBegin(r, w, x);
    if (address === 0) throw core.error(-ENOMEM, "select", `${r + w + x} descriptors`);
    const start = address >>> 2;
    core.words().set(descriptors.words.subarray(0, descriptors.length), start);

    const count = calls.selectWait(timeoutMs);
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

/** The entries of a list at the `count` positions at `start`; its descriptors begin at `first`. */
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
