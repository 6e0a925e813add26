// Emscripten: poll(2) and select(2) are system calls of its own there, never poll_oneoff.

import {
  EINTR,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_RDNORM,
  EVENT_WRNORM,
} from "../../asm/abi.ts";
import { WASI_BADF, WASI_FAULT, WASI_INVAL, WASI_NOMEM, wasiErrno } from "../errno.ts";
import { cancellable } from "../guest/cancellable.ts";
import { makeGuest } from "../guest/guest.ts";
import { slotOfFile } from "../guest/transfers.ts";
import { isOpen, isSettled, type Slot } from "../slots.ts";
import type { Waits } from "../wait.ts";
import { closedTest, descriptorSystemCalls } from "./emscripten-descriptors.ts";
import type { AdapterOptions, Calls } from "./imports.ts";

/** struct pollfd, with Linux's events: fd i32, events i16, revents i16. */
const POLLFD_SIZE = 8;
const POLLFD_EVENTS = 4;
const POLLFD_REVENTS = 6;
/** fd_set: a bitmap. */
const FD_SETSIZE = 1024;
const FD_SET_BYTES = FD_SETSIZE / 8;
const MOST = 1 << 20;
/** Where the runtime is asked about one of its own descriptors; the guest's bytes are put back. */
const SCRATCH = 16;

const READS = EVENT_IN | EVENT_RDNORM;
const WRITES = EVENT_OUT | EVENT_WRNORM;
const ALWAYS = EVENT_ERR | EVENT_HUP | EVENT_NVAL;

/** The imports of a program of Emscripten, as `Module.instantiateWasm` gets them. */
export interface EmscriptenImports {
  readonly env?: object;
  readonly wasi_snapshot_preview1?: object;
}

export interface EmscriptenOptions extends AdapterOptions {
  /** Bits of the program's time_t: 32 before Emscripten 3.1.28. Default: 64. */
  readonly timeBits?: 32 | 64;
}

/** A descriptor of a call: one of ours, or one of Emscripten's, whose events are known. */
interface Item {
  readonly fd: number;
  readonly events: number;
  readonly slot: Slot | undefined;
  /** What Emscripten says of its own descriptor. */
  readonly own: number;
}

/** The events of an item that hold. */
function eventsOf({ events, slot, own }: Item): number {
  if (slot === undefined) return own & (events | ALWAYS);
  if (!isOpen(slot)) return EVENT_NVAL;
  let { ready } = slot;
  if (ready & EVENT_IN) ready |= EVENT_RDNORM;
  if (ready & EVENT_OUT) ready |= EVENT_WRNORM;
  return ready & (events | ALWAYS);
}

/**
 * The imports of a program that Emscripten compiled: `poll` and `select` wait for the descriptors of `options`, and
 * read, write, close, FIONREAD and the flags of these are ours. Emscripten's own files and devices stay as they are; its poll is asked
 * about them once, at the beginning of a wait.
 *
 * The program must keep the names of its imports: `-O1`, or `-O2 --profiling-funcs`. A wait blocks its thread.
 * The sleeps of Emscripten's C library (nanosleep) call no import that could wait, and use the processor.
 *
 * ```js
 * createModule({
 *   instantiateWasm(imports, done) {
 *     WebAssembly.instantiate(bytes, forEmscripten(imports, options)).then(({ instance }) => done(instance));
 *     return {};
 *   },
 * });
 * ```
 *
 * @param imports what Emscripten's JavaScript gives to `Module.instantiateWasm`
 * @returns the object to instantiate the module with
 */
export function forEmscripten(
  imports: EmscriptenImports,
  options: EmscriptenOptions,
): Record<string, Calls> {
  const env = (imports.env ?? {}) as Calls;
  const preview1 = (imports.wasi_snapshot_preview1 ?? {}) as Calls;
  const { host } = options.select;
  const { guest, table, memory, waiter, limits } = makeGuest({ ...options, under: preview1 });
  options.onGuest?.(guest);
  const isClosed = closedTest(env);
  const theirs = env["__syscall_poll"] as
    | ((at: number, count: number, ms: number) => unknown)
    | undefined;

  /**
   * What Emscripten says of a descriptor of its own; files are ready if it has no poll. Its poll reports nothing for a
   * number that is not open.
   */
  function ask(fd: number, events: number): number {
    if (table.covers(fd) || isClosed(fd)) return EVENT_NVAL;
    if (theirs === undefined) return READS | WRITES;
    if (!memory.has(SCRATCH, 1, POLLFD_SIZE)) return EVENT_NVAL;
    const kept = memory.view().getBigUint64(SCRATCH, true);
    memory.view().setInt32(SCRATCH, fd, true);
    memory.view().setUint32(SCRATCH + POLLFD_EVENTS, events, true);
    theirs(SCRATCH, 1, 0);
    const revents = memory.view().getUint16(SCRATCH + POLLFD_REVENTS, true);
    memory.view().setBigUint64(SCRATCH, kept, true);
    return revents;
  }

  function itemOf(fd: number, events: number): Item {
    const file = table.get(fd);
    if (file !== undefined) return { fd, events, slot: slotOfFile(file, events), own: 0 };
    return { fd, events, slot: undefined, own: ask(fd, events) };
  }

  /** Waits until an item has an event, for `ms` at most, < 0 for ever. 0 or a negative errno of WASI. */
  function* waits(items: readonly Item[], ms: number): Waits {
    const slots = items.flatMap(({ slot }) => slot ?? []);
    const isReady = items.some(({ slot, own }) =>
      slot === undefined ? own !== 0 : isSettled(slot),
    );
    const limit = isReady ? 0 : ms;
    const deadline = limit < 0 ? Infinity : host.now() + limit;
    for (let left = limit; ; left = Math.max(deadline - host.now(), 0)) {
      const result = yield { slots, ms: left === Infinity ? -1 : left };
      if (result < 0 && result !== -EINTR) return -wasiErrno(-result);
      if (left === 0 || items.some((item) => eventsOf(item) !== 0)) return 0;
    }
  }

  function wait(items: readonly Item[], ms: number): number {
    if (items.length <= limits.subscriptions) return waiter.blocking(waits(items, ms));
    limits.onRefused("registrations");
    return -WASI_NOMEM;
  }

  function poll(from: number, given: number, ms: number): number {
    const at = from >>> 0;
    const count = given >>> 0;
    if (count > MOST) return -WASI_INVAL;
    if (!memory.has(at, count, POLLFD_SIZE)) return -WASI_FAULT;
    const records = Array.from({ length: count }, (_, i) => {
      const view = memory.view();
      const fd = view.getInt32(at + i * POLLFD_SIZE, true);
      return { fd, events: view.getUint16(at + i * POLLFD_SIZE + POLLFD_EVENTS, true) };
    });
    const items = records.map(({ fd, events }) => (fd < 0 ? undefined : itemOf(fd, events)));
    const failed = wait(
      items.flatMap((item) => item ?? []),
      ms,
    );
    if (failed < 0) return failed;
    const view = memory.view();
    let ready = 0;
    for (const [i, item] of items.entries()) {
      const revents = item === undefined ? 0 : eventsOf(item);
      view.setUint16(at + i * POLLFD_SIZE + POLLFD_REVENTS, revents, true);
      if (revents !== 0) ready++;
    }
    return ready;
  }

  /** Milliseconds of a struct timeval, < 0 for a null pointer; undefined if it is not one. */
  function msOf(at: number): number | undefined {
    if (at === 0) return -1;
    const is64 = (options.timeBits ?? 64) === 64;
    const view = memory.view();
    const seconds = is64 ? Number(view.getBigInt64(at, true)) : view.getInt32(at, true);
    const microseconds = view.getInt32(at + (is64 ? 8 : 4), true);
    if (seconds < 0 || microseconds < 0 || microseconds >= 1e6) return undefined;
    return seconds * 1e3 + microseconds / 1e3;
  }

  function newselect(count: number, ...given: readonly number[]): number {
    const sets = given.slice(0, 3).map((at) => at >>> 0);
    const time = (given[3] ?? 0) >>> 0;
    if (count < 0 || count > FD_SETSIZE) return -WASI_INVAL;
    for (const at of sets) if (at !== 0 && !memory.has(at, 1, FD_SET_BYTES)) return -WASI_FAULT;
    if (time !== 0 && !memory.has(time, 1, 16)) return -WASI_FAULT;
    const ms = msOf(time);
    if (ms === undefined) return -WASI_INVAL;
    const isIn = (at: number, fd: number): boolean =>
      at !== 0 && (memory.view().getUint8(at + (fd >> 3)) & (1 << (fd & 7))) !== 0;
    const masks = [READS, WRITES, EVENT_PRI];
    const items: Item[] = [];
    for (let fd = 0; fd < count; fd++) {
      const events = masks.reduce((sum, mask, i) => sum | (isIn(sets[i] ?? 0, fd) ? mask : 0), 0);
      if (events !== 0) items.push(itemOf(fd, events));
    }
    const failed = wait(items, ms);
    if (failed < 0) return failed;
    if (items.some((item) => eventsOf(item) & EVENT_NVAL)) return -WASI_BADF;
    // As the kernel's select(2): an end is readable, an error is both.
    const holds = [READS | EVENT_HUP | EVENT_ERR, WRITES | EVENT_ERR, EVENT_PRI];
    const view = memory.view();
    const bytes = Math.ceil(count / 8);
    let found = 0;
    for (const [i, at] of sets.entries()) {
      if (at === 0) continue;
      new Uint8Array(view.buffer, at, bytes).fill(0);
      for (const item of items) {
        const isAsked = (item.events & (masks[i] as number)) !== 0;
        if (!isAsked || (eventsOf(item) & (holds[i] as number)) === 0) continue;
        const byte = at + (item.fd >> 3);
        view.setUint8(byte, view.getUint8(byte) | (1 << (item.fd & 7)));
        found++;
      }
    }
    return found;
  }

  const calls: Calls = {
    __syscall_poll: poll,
    __syscall__newselect: newselect,
    ...cancellable(waiter, descriptorSystemCalls(env, { table, memory, waiter })),
  };
  return {
    ...(imports as Record<string, Calls>),
    env: { ...env, ...calls },
    wasi_snapshot_preview1: { ...preview1, ...guest.imports },
    omnipoll: guest.omnipoll,
  };
}
