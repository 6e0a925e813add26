import {
  CAPABILITY_EPOLL,
  EINVAL,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLL_CLOEXEC,
  EVENT_IN,
  EVENT_OUT,
  EVENT_PRI,
} from "../asm/abi.ts";
import { checkCount, intOf, isKeywords, lowBitsOf, withKeywords } from "./arguments.ts";
import { informOfUse } from "./use.ts";
import type { Core } from "./core.ts";
import { OSError, show, ValueError } from "./errors.ts";
import { capacityOf, copyEvents, type Event, eventsAt } from "./events.ts";
import { epollTimeout, type Timeout } from "./timeout.ts";
import { filenoOf, type Waitable } from "./waitable.ts";

const DEFAULT_MASK = EVENT_IN | EVENT_PRI | EVENT_OUT;
/** Events of one wait if `maxevents` is -1: FD_SETSIZE - 1, as in CPython. */
const DEFAULT_MAXEVENTS = 1023;
/** More than this many is EINVAL to the kernel: INT_MAX / sizeof(struct epoll_event). */
const KERNEL_MAXEVENTS = 178956970;
/** Room made for one wait, at most: Linux's fs.nr_open, so more cannot be open. */
const ROOM = 1 << 20;

interface Abandoned {
  readonly core: Core;
  readonly handle: number;
  /** Whether the descriptor was made here, and is to be closed. */
  readonly isOwner: boolean;
}

/**
 * Gives back what an epoll that is garbage had: its place in the core and, as CPython's deallocation
 * does, its descriptor.
 */
const abandoned = new FinalizationRegistry<Abandoned>(({ core, handle, isOwner }) => {
  if (isOwner) core.calls.epollClose(handle);
  else core.calls.epollForget(handle);
});

/**
 * An epoll object: `select.epoll()` of Python. Made by `epoll()` or `epoll.fromfd()`.
 *
 * Semantics and names are CPython's (Modules/selectmodule.c, `pyEpoll_Object`). Where the host
 * has epoll every call is one system call, and what is registered only the kernel knows. Close
 * it when done; one that is forgotten is closed when it is collected, unless it came from
 * `fromfd`.
 *
 * @see https://docs.python.org/3/library/select.html#edge-and-level-trigger-polling-epoll-objects
 */
export class Epoll {
  readonly #core: Core;
  /** 0 once closed. */
  #handle: number;

  /** @internal call `epoll()`. */
  constructor(core: Core, handle: number, token: unknown) {
    if (token !== EPOLL_TOKEN) throw new TypeError("cannot create Epoll instances: call epoll()");
    this.#core = core;
    this.#handle = handle;
    Object.preventExtensions(this);
  }

  /** Whether the object is closed. */
  get closed(): boolean {
    return this.#handle === 0;
  }

  /** Closes the descriptor; once more is not an error, nor is a descriptor closed elsewhere. */
  close(): void {
    checkCount("epoll.close()", arguments.length, 0, 0);
    if (this.#handle === 0) return;
    abandoned.unregister(this);
    this.#core.calls.epollClose(this.#handle);
    this.#handle = 0;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Descriptor of the epoll itself, which can be waited on like any other. */
  fileno(): number {
    checkCount("epoll.fileno()", arguments.length, 0, 0);
    return this.#core.calls.epollFileno(this.#open());
  }

  /**
   * Registers a descriptor. Also `register(fd, { eventmask })`.
   *
   * @param eventmask bitwise or of EPOLL*, of which the low 32 bits count;
   * EPOLLIN | EPOLLPRI | EPOLLOUT if left out
   * @throws {FileExistsError} EEXIST if it is registered
   * @throws {PermissionError} EPERM if it cannot be waited on: a regular file, a directory
   * @throws {OSError} EBADF, EINVAL, ELOOP, ENOSPC… of epoll_ctl(2)
   */
  register(fd: Waitable, eventmask?: number | { readonly eventmask?: number }): void;
  register(keywords: { readonly fd: Waitable; readonly eventmask?: number }): void;
  register(fd?: unknown, eventmask?: unknown): void {
    if (arguments.length !== 2 || typeof eventmask !== "number") {
      [fd, eventmask = DEFAULT_MASK] = maskArguments("epoll.register()", 1, [...arguments]);
    }
    this.#control(EPOLL_CTL_ADD, fd, eventmask);
  }

  /**
   * Replaces the mask of a registered descriptor. Also `modify(fd, { eventmask })`.
   *
   * @param eventmask bitwise or of EPOLL*, of which the low 32 bits count
   * @throws {FileNotFoundError} ENOENT if it is not registered
   * @throws {OSError} EBADF, EINVAL… of epoll_ctl(2)
   */
  modify(fd: Waitable, eventmask: number | { readonly eventmask: number }): void;
  modify(keywords: { readonly fd: Waitable; readonly eventmask: number }): void;
  modify(fd?: unknown, eventmask?: unknown): void {
    if (arguments.length !== 2 || typeof eventmask !== "number") {
      [fd, eventmask] = maskArguments("epoll.modify()", 2, [...arguments]);
    }
    this.#control(EPOLL_CTL_MOD, fd, eventmask);
  }

  /**
   * Forgets a descriptor.
   *
   * @throws {FileNotFoundError} ENOENT if it is not registered
   * @throws {OSError} EBADF if it is not open: closing the last descriptor of a file forgets it
   */
  unregister(fd: Waitable): void {
    checkCount("epoll.unregister()", arguments.length, 1, 1);
    this.#control(EPOLL_CTL_DEL, fd, 0);
  }

  #control(op: number, fd: unknown, eventmask: unknown): void {
    const fileno = filenoOf(fd);
    const mask = lowBitsOf(eventmask, "eventmask");
    const result = this.#core.calls.epollControl(this.#open(), op, fileno, mask);
    if (result < 0) throw this.#core.error(result, "epoll_ctl", `fd ${fileno}`);
  }

  /**
   * Waits until a registered descriptor is ready. Blocks the calling thread; a signal does not end
   * the wait (PEP 475). Also `poll({ timeout, maxevents })`.
   *
   * @param timeout seconds, up to 2147483.647; a fraction of a millisecond is rounded up; `null`,
   * nothing or a negative number waits for ever
   * @param maxevents how many events are returned at most; -1, the default, stands for 1023
   * @returns `[fd, event]` for each ready descriptor, in the order in which they became ready;
   * empty on timeout. `fd` is the number that was registered
   * @throws {ValueError} if the object is closed, or `maxevents` is 0 or below -1
   * @throws {OSError} what epoll_wait(2) reported
   */
  poll(timeout?: Timeout, maxevents?: number): Event[];
  poll(keywords: { readonly timeout?: Timeout; readonly maxevents?: number }): Event[];
  poll(timeout?: unknown, maxevents?: unknown): Event[] {
    if (arguments.length > 2 || isKeywords(timeout) || isKeywords(maxevents)) {
      checkCount("epoll.poll()", arguments.length, 0, 2);
      const names = ["timeout", "maxevents"];
      [timeout, maxevents] = withKeywords(
        "epoll.poll()",
        names,
        [timeout, maxevents].slice(0, arguments.length),
      );
    }
    // As CPython's argument clinic does: what is no int at all is refused before anything else.
    const wanted = maxevents === undefined ? -1 : intOf(maxevents, "maxevents");
    const handle = this.#open();
    const timeoutMs = epollTimeout(timeout);
    const capacity = capacityFor(wanted);
    if (capacity > KERNEL_MAXEVENTS) {
      throw this.#core.error(-EINVAL, "epoll_wait", `maxevents ${capacity}`);
    }
    const count = this.#wait(handle, Math.min(capacity, ROOM), timeoutMs);
    return eventsAt(this.#core, this.#core.readyStart, count);
  }

  /**
   * The same wait without a list (above 31 events it makes one view of the memory, else it
   * allocates nothing): writes `fd, event, fd, event …` to `out`, whose length
   * bounds the number of events.
   *
   * @returns how many pairs were written
   */
  pollInto(out: Int32Array, timeout?: Timeout): number {
    checkCount("epoll.pollInto()", arguments.length, 1, 2);
    const handle = this.#open();
    const capacity = Math.min(capacityOf(out), ROOM);
    const count = this.#wait(handle, capacity, epollTimeout(timeout));
    copyEvents(this.#core, this.#core.readyStart, count, out);
    return count;
  }

  #wait(handle: number, capacity: number, timeoutMs: number): number {
    let count = this.#core.reserveReady(capacity);
    if (count === 0) count = this.#core.calls.epollWait(handle, capacity, timeoutMs);
    if (count < 0) throw this.#core.error(count, "epoll_wait");
    return count;
  }

  #open(): number {
    if (this.#handle === 0) throw new ValueError("I/O operation on closed epoll object");
    return this.#handle;
  }

  static #make(core: Core, handle: number, isOwner: boolean): Epoll {
    const epoll = new Epoll(core, handle, EPOLL_TOKEN);
    abandoned.register(epoll, { core, handle, isOwner }, epoll);
    return epoll;
  }

  /** @internal `epoll()` of one core. */
  static create(core: Core, given: readonly unknown[]): Epoll {
    checkCount("epoll()", given.length, 0, 2);
    const [sizehint = -1, flags = 0] = withKeywords("epoll()", ["sizehint", "flags"], given);
    const size = intOf(sizehint, "sizehint");
    const flagBits = intOf(flags, "flags");
    if (size !== -1 && size <= 0)
      throw new ValueError(`sizehint must be positive or -1, got ${size}`);
    if (flagBits !== 0 && flagBits !== EPOLL_CLOEXEC) {
      throw new OSError(`flags must be 0 or EPOLL_CLOEXEC, got ${show(flags)}`);
    }
    const handle = core.calls.epollCreate(EPOLL_CLOEXEC);
    if (handle < 0) throw core.error(handle, "epoll_create1");
    // The kernel knows of closes, but not the core.
    if (!(core.calls.capabilities() & CAPABILITY_EPOLL)) informOfUse(core);
    return Epoll.#make(core, handle, true);
  }

  /** @internal `epoll.fromfd()` of one core. */
  static adopt(core: Core, given: readonly unknown[]): Epoll {
    checkCount("epoll.fromfd()", given.length, 1, 1);
    const fd = intOf(given[0], "fd");
    if (fd === -1) return Epoll.create(core, []);
    if (fd < 0) throw new OSError(`fd must not be negative, got ${fd}`);
    const handle = core.calls.epollAdopt(fd);
    if (handle < 0) throw core.error(handle, "epoll.fromfd");
    return Epoll.#make(core, handle, false);
  }
}

const EPOLL_TOKEN = Symbol("epoll()");

/** `fd` and `eventmask`, by position or by keyword. A lone `{ fd }` is a descriptor. */
function maskArguments(call: string, least: number, given: readonly unknown[]): unknown[] {
  const last = given.at(-1);
  let merged: readonly unknown[] = given;
  if (isKeywords(last) && (given.length > 1 || "eventmask" in last)) {
    merged = withKeywords(call, ["fd", "eventmask"], given);
  }
  checkCount(call, merged.length, least, 2);
  return merged as unknown[];
}

function capacityFor(maxevents: number): number {
  if (maxevents === -1) return DEFAULT_MAXEVENTS;
  if (maxevents <= 0) {
    throw new ValueError(`maxevents must be greater than 0, got ${maxevents}`);
  }
  return maxevents;
}

/** The function `epoll` of one core; also what `instanceof` can be asked with. */
export interface EpollFunction {
  (sizehint?: number, flags?: number): Epoll;
  (keywords: { readonly sizehint?: number; readonly flags?: number }): Epoll;
  /** An object for an epoll descriptor that exists already; close() closes that descriptor. */
  fromfd(fd: number): Epoll;
  readonly prototype: Epoll;
}

/** `epoll` of one core. */
export function createEpoll(core: Core): EpollFunction {
  function epoll(...given: readonly unknown[]): Epoll {
    return Epoll.create(core, given);
  }
  epoll.fromfd = (...given: readonly unknown[]): Epoll => Epoll.adopt(core, given);
  epoll.prototype = Epoll.prototype;
  return epoll as unknown as EpollFunction;
}
