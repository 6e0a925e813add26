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

/** A list of the call, and the descriptors of its entries. */
interface List {
  readonly items: unknown[];
  readonly descriptors: number[];
}

/**
 * Reads a list. `fileno()` may change the list it is called from, so its length is looked at
 * again for every entry and the entries are kept, as CPython does (seq2set).
 */
function listOf(iterable: unknown, name: string): List {
  if (!isIterable(iterable)) throw new TypeError(`${name} must be iterable, got ${show(iterable)}`);
  const source: readonly unknown[] = Array.isArray(iterable) ? iterable : [...iterable];
  const items: unknown[] = [];
  const descriptors: number[] = [];
  for (let i = 0; i < source.length; i++) {
    const item = source[i];
    descriptors.push(filenoOf(item, name, i));
    items.push(item);
  }
  return { items, descriptors };
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
  function select(rlist: unknown, wlist: unknown, xlist: unknown, timeout?: unknown): unknown {
    checkCount("select()", arguments.length, 3, 4);
    const timeoutMs = selectTimeout(timeout);
    const readers = listOf(rlist, NAMES[0]);
    const writers = listOf(wlist, NAMES[1]);
    const exceptional = listOf(xlist, NAMES[2]);

    const { calls } = core;
    const [r, w, x] = [readers, writers, exceptional].map((list) => list.items.length) as [
      number,
      number,
      number,
    ];
    const address = calls.selectBegin(r, w, x);
    if (address === 0) throw core.error(-ENOMEM, "select", `${r + w + x} descriptors`);
    const start = address >>> 2;
    const words = core.words();
    fill(words, start, readers);
    fill(words, start + r, writers);
    fill(words, start + r + w, exceptional);

    const count = calls.selectWait(timeoutMs);
    if (count < 0) throw failure(core, count);
    if (count === 0) return [[], [], []];
    const rCount = calls.selectReady(0);
    const wCount = calls.selectReady(1);
    return [
      pick(core, start, rCount, readers),
      pick(core, start + rCount, wCount, writers),
      pick(core, start + rCount + wCount, count - rCount - wCount, exceptional),
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

function fill(words: Int32Array, start: number, { descriptors }: List): void {
  for (let i = 0; i < descriptors.length; i++) words[start + i] = descriptors[i] as number;
}

/** The entries of a list at the `count` positions at `start`. */
function pick(core: Core, start: number, count: number, { items }: List): unknown[] {
  const words = core.words();
  const ready: unknown[] = new Array(count);
  for (let i = 0; i < count; i++) ready[i] = items[words[start + i] as number];
  return ready;
}
