// epoll objects: the kernel's epoll, or the core's translation of it.

import {
  CAPABILITY_EPOLL,
  CAPABILITY_KQUEUE,
  EINVAL,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLL_CLOEXEC,
  EVENT_IN,
  EVENT_OUT,
  EVENT_PRI,
  INSPECT_ALL,
  INSPECT_READY,
} from "../asm/abi.ts";
import { checkCount, intOf, isKeywords, lowBitsOf, withKeywords } from "./arguments.ts";
import type { Core } from "./core.ts";
import { OSError, show, ValueError } from "./errors.ts";
import { capacityOf, copyEvents, type Event, eventsAt } from "./events.ts";
import type { QueueView } from "./inspect.ts";
import { observeDescriptors } from "./observers.ts";
import { epollTimeout, type Timeout } from "./timeout.ts";
import { askKernel, readQueue, viewOf } from "./views.ts";
import { filenoOf, type Waitable } from "./waitable.ts";

const DEFAULT_MASK = EVENT_IN | EVENT_PRI | EVENT_OUT;
/** The number of events of one wait if `maxevents` is -1: FD_SETSIZE - 1, as in CPython. */
const DEFAULT_MAXEVENTS = 1023;
/** The kernel refuses more events than this with EINVAL: INT_MAX / sizeof(struct epoll_event). */
const KERNEL_MAXEVENTS = 178956970;
/** Most records that a wait gets room for. Linux's fs.nr_open allows no more open descriptors. */
const ROOM = 1 << 20;

interface Abandoned {
  readonly core: Core;
  readonly handle: number;
  /** Whether the object made its descriptor, and so has to close it. */
  readonly isOwner: boolean;
}

/**
 * Frees the place in the core of an epoll object that is garbage, and closes its descriptor, as
 * CPython's deallocation does.
 */
const abandoned = new FinalizationRegistry<Abandoned>(({ core, handle, isOwner }) => {
  if (isOwner) core.calls.epollClose(handle);
  else core.calls.epollForget(handle);
});

/**
 * An epoll object, made by `epoll()` or `epoll.fromfd()`. Python's `select.epoll()`.
 *
 * Semantics and names are CPython's (`pyEpoll_Object` in Modules/selectmodule.c). On a host with
 * epoll every call is one system call, and only the kernel knows the registrations. Close the
 * object when it is no longer needed; a forgotten object is closed when it is collected, unless it
 * came from `fromfd`.
 *
 * @see https://docs.python.org/3/library/select.html#edge-and-level-trigger-polling-epoll-objects
 */
export class Epoll {
  readonly #core: Core;
  /** Handle of the object in the core; 0 once the object is closed. */
  #handle: number;

  /** @internal Call `epoll()`. */
  constructor(core: Core, handle: number, token: unknown) {
    if (token !== EPOLL_TOKEN) throw new TypeError("cannot create Epoll instances: call epoll()");
    this.#core = core;
    this.#handle = handle;
    Object.preventExtensions(this);
  }

  /** True once the object is closed. */
  get closed(): boolean {
    return this.#handle === 0;
  }

  /**
   * Closes the descriptor of the object. Does nothing if the object is closed already, and ignores
   * an EBADF of a descriptor that was closed elsewhere.
   *
   * @see https://docs.python.org/3/library/select.html#select.epoll.close
   */
  close(): void {
    checkCount("epoll.close()", arguments.length, 0, 0);
    if (this.#handle === 0) return;
    abandoned.unregister(this);
    this.#core.calls.epollClose(this.#handle);
    this.#handle = 0;
  }

  /** Closes the object at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Returns the descriptor of the epoll itself, which any API can wait for.
   *
   * @throws {ValueError} if the object is closed
   * @see https://docs.python.org/3/library/select.html#select.epoll.fileno
   */
  fileno(): number {
    checkCount("epoll.fileno()", arguments.length, 0, 0);
    return this.#core.calls.epollFileno(this.#open());
  }

  /**
   * Registers a descriptor. Also takes the mask as `register(fd, { eventmask })`.
   *
   * @param fd a descriptor, or an object that has one
   * @param eventmask bitwise or of EPOLL*, of which the low 32 bits count; the default is
   * EPOLLIN | EPOLLPRI | EPOLLOUT
   * @throws {FileExistsError} EEXIST if the descriptor is registered
   * @throws {PermissionError} EPERM if the descriptor does not support epoll: a regular file, a
   * directory
   * @throws {OSError} EBADF, EINVAL, ELOOP, ENOSPC and others of epoll_ctl(2)
   * @throws {ValueError} if the object is closed, or the descriptor negative
   * @see https://docs.python.org/3/library/select.html#select.epoll.register
   * @see https://man7.org/linux/man-pages/man2/epoll_ctl.2.html
   */
  register(fd: Waitable, eventmask?: number | { readonly eventmask?: number }): void;
  /** Registers a descriptor; `fd` and `eventmask` are those of `register(fd, eventmask)`. */
  register(keywords: { readonly fd: Waitable; readonly eventmask?: number }): void;
  register(fd?: unknown, eventmask?: unknown): void {
    if (arguments.length !== 2 || typeof eventmask !== "number") {
      [fd, eventmask = DEFAULT_MASK] = maskArguments("epoll.register()", 1, [...arguments]);
    }
    this.#control(EPOLL_CTL_ADD, fd, eventmask);
  }

  /**
   * Replaces the mask of a registered descriptor. Also takes the mask as
   * `modify(fd, { eventmask })`.
   *
   * @param fd a descriptor, or an object that has one
   * @param eventmask bitwise or of EPOLL*, of which the low 32 bits count
   * @throws {FileNotFoundError} ENOENT if the descriptor is not registered
   * @throws {OSError} EBADF, EINVAL and others of epoll_ctl(2)
   * @throws {ValueError} if the object is closed, or the descriptor negative
   * @see https://docs.python.org/3/library/select.html#select.epoll.modify
   */
  modify(fd: Waitable, eventmask: number | { readonly eventmask: number }): void;
  /** Replaces a mask; `fd` and `eventmask` are those of `modify(fd, eventmask)`. */
  modify(keywords: { readonly fd: Waitable; readonly eventmask: number }): void;
  modify(fd?: unknown, eventmask?: unknown): void {
    if (arguments.length !== 2 || typeof eventmask !== "number") {
      [fd, eventmask] = maskArguments("epoll.modify()", 2, [...arguments]);
    }
    this.#control(EPOLL_CTL_MOD, fd, eventmask);
  }

  /**
   * Removes a descriptor.
   *
   * @param fd a descriptor, or an object that has one
   * @throws {FileNotFoundError} ENOENT if the descriptor is not registered
   * @throws {OSError} EBADF if the descriptor is not open: the registration goes when the last
   * descriptor of its file is closed
   * @throws {ValueError} if the object is closed, or the descriptor negative
   * @see https://docs.python.org/3/library/select.html#select.epoll.unregister
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
   * the wait (PEP 475). Also takes keywords: `poll({ timeout, maxevents })`.
   *
   * @param timeout seconds, up to 2147483.647, rounded up to a millisecond; `null` (the default)
   * and numbers of -0.001 and less wait for ever, 0 does not wait
   * @param maxevents the most events to return; the default, -1, stands for 1023
   * @returns `[fd, event]` for each ready descriptor, in the order in which they became ready;
   * empty on timeout. `fd` is the number that was registered
   * @throws {ValueError} if the object is closed, or `maxevents` is 0 or below -1
   * @throws {TypeError} if the timeout is not a number, or `maxevents` not an integer
   * @throws {OverflowError} if the timeout does not fit a C int in milliseconds
   * @throws {OSError} the error of epoll_wait(2)
   * @see https://docs.python.org/3/library/select.html#select.epoll.poll
   * @see https://man7.org/linux/man-pages/man2/epoll_wait.2.html
   */
  poll(timeout?: Timeout, maxevents?: number): Event[];
  /**
   * Waits until a registered descriptor is ready; `timeout` (seconds) and `maxevents` are those of
   * `poll(timeout, maxevents)`.
   */
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
    // CPython's Argument Clinic converts `maxevents` before it looks at the object and the timeout.
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
   * Waits like `poll`, and writes `fd, event, fd, event …` to `out` instead of making a list.
   * Allocates nothing for up to 31 events, and one view of memory for more. Python lacks this call.
   *
   * @param out room for at least one pair; the length bounds the number of events
   * @param timeout seconds, as for `poll`
   * @returns the number of pairs written
   * @throws {TypeError} if `out` is not an Int32Array
   * @throws {ValueError} if `out` has less than two elements, or the object is closed
   */
  pollInto(out: Int32Array, timeout?: Timeout): number {
    checkCount("epoll.pollInto()", arguments.length, 1, 2);
    const handle = this.#open();
    const capacity = Math.min(capacityOf(out), ROOM);
    const count = this.#wait(handle, capacity, epollTimeout(timeout));
    copyEvents(this.#core, this.#core.readyStart, count, out);
    return count;
  }

  /**
   * Shows the registrations of the object as plain values, and changes nothing. Python lacks this
   * call.
   *
   * A kernel's epoll is read from /proc/self/fdinfo on Linux, which does not show the ready list, and
   * shows EPOLLERR and EPOLLHUP in every mask, because the kernel adds them.
   *
   * @throws {ValueError} if the object is closed
   * @throws {OSError} EBADF if the descriptor was closed elsewhere, EINVAL if it is not an epoll,
   * EOPNOTSUPP if the kernel does not show its registrations
   */
  inspect(): QueueView {
    checkCount("epoll.inspect()", arguments.length, 0, 0);
    const handle = this.#open();
    const core = this.#core;
    const fd = core.calls.epollFileno(handle);
    const capabilities = core.calls.capabilities();
    if (capabilities & CAPABILITY_EPOLL) {
      return viewOf({ api: "epoll", fd, keptBy: "kernel" }, askKernel(core, "epoll", fd));
    }
    const walkOver = (list: number) => (place: number) =>
      core.calls.epollInspect(handle, list, place);
    const queue = readQueue(core, "epoll", walkOver(INSPECT_ALL), walkOver(INSPECT_READY));
    const sources = capabilities & CAPABILITY_KQUEUE ? [{ name: "kqueue", fd }] : [];
    return viewOf({ api: "epoll", fd, keptBy: "core" }, queue, sources);
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

  /** @internal Serves `epoll()` of one core. */
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
    // Only a translated epoll needs an observer of closes: the kernel sees them itself.
    if (!(core.calls.capabilities() & CAPABILITY_EPOLL)) observeDescriptors(core);
    return Epoll.#make(core, handle, true);
  }

  /** @internal Serves `epoll.fromfd()` of one core. */
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

/** Returns `fd` and `eventmask`, given by position or by keyword. A lone `{ fd }` is a descriptor. */
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

/** The function `epoll` of one core. `instanceof` accepts the function like a class. */
export interface EpollFunction {
  /**
   * Makes an epoll object. Its descriptor is close-on-exec. Close the object when it is no longer
   * needed; a forgotten object is closed when it is collected.
   *
   * @param sizehint a positive number or -1 (the default), of no effect
   * @param flags 0 (the default) or EPOLL_CLOEXEC, of no effect
   * @throws {ValueError} if `sizehint` is 0 or below -1
   * @throws {OSError} if `flags` has another bit; EMFILE if too many descriptors are open
   * @see https://docs.python.org/3/library/select.html#select.epoll
   * @see https://man7.org/linux/man-pages/man7/epoll.7.html
   */
  (sizehint?: number, flags?: number): Epoll;
  /** Makes an epoll object; `sizehint` and `flags` are those of `epoll(sizehint, flags)`. */
  (keywords: { readonly sizehint?: number; readonly flags?: number }): Epoll;
  /**
   * Makes an object for an epoll descriptor that exists already. `close()` closes that descriptor;
   * the collection of the object does not.
   *
   * @param fd the descriptor of an epoll; -1 makes a new epoll
   * @throws {OSError} if `fd` is negative
   * @see https://docs.python.org/3/library/select.html#select.epoll.fromfd
   */
  fromfd(fd: number): Epoll;
  /** The prototype of epoll objects, for `instanceof`. */
  readonly prototype: Epoll;
}

/** Makes `epoll` for a core. */
export function createEpoll(core: Core): EpollFunction {
  function epoll(...given: readonly unknown[]): Epoll {
    return Epoll.create(core, given);
  }
  epoll.fromfd = (...given: readonly unknown[]): Epoll => Epoll.adopt(core, given);
  epoll.prototype = Epoll.prototype;
  return epoll as unknown as EpollFunction;
}
