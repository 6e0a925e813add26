// /dev/poll objects of illumos, which the core translates to poll(2).

import { EVENT_IN, EVENT_OUT, EVENT_PRI, POLL_REMOVE } from "../asm/abi.ts";
import { checkCount, unsignedShortOf } from "./arguments.ts";
import type { Core } from "./core.ts";
import { ValueError } from "./errors.ts";
import { capacityOf, copyEvents, type Event, eventsAt } from "./events.ts";
import type { QueueView } from "./inspect.ts";
import { devpollTimeout, type Timeout } from "./timeout.ts";
import { readQueue, viewOf } from "./views.ts";
import { filenoOf, type Waitable } from "./waitable.ts";

const DEFAULT_MASK = EVENT_IN | EVENT_PRI | EVENT_OUT;
const NO_LIMIT = 0x7fffffff;
const DEVPOLL_TOKEN = Symbol("devpoll()");

/** Closes a devpoll object that is garbage, as CPython's deallocation does. */
const abandoned = new FinalizationRegistry<{ core: Core; handle: number }>(({ core, handle }) => {
  core.calls.devpollClose(handle);
});

/**
 * A /dev/poll object, made by `devpoll()`. Python's `select.devpoll()`.
 *
 * Semantics are those of illumos: the masks of one descriptor add up, `unregister` accepts unknown
 * descriptors, results are in the order of descriptors, and a descriptor that is not open is ready
 * with POLLNVAL until it is unregistered.
 *
 * @see https://docs.python.org/3/library/select.html#dev-poll-polling-objects
 */
export class Devpoll {
  readonly #core: Core;
  /** Handle of the object in the core; 0 once the object is closed. */
  #handle: number;

  /** @internal Call `devpoll()`. */
  constructor(core: Core, handle: number, token: unknown) {
    if (token !== DEVPOLL_TOKEN) {
      throw new TypeError("cannot create Devpoll instances: call devpoll()");
    }
    this.#core = core;
    this.#handle = handle;
    abandoned.register(this, { core, handle }, this);
    Object.preventExtensions(this);
  }

  /** True once the object is closed. */
  get closed(): boolean {
    return this.#handle === 0;
  }

  /**
   * Closes the object. Does nothing if the object is closed already.
   *
   * @see https://docs.python.org/3/library/select.html#select.devpoll.close
   */
  close(): void {
    checkCount("devpoll.close()", arguments.length, 0, 0);
    if (this.#handle === 0) return;
    abandoned.unregister(this);
    this.#core.calls.devpollClose(this.#handle);
    this.#handle = 0;
  }

  /** Closes the object at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Returns the descriptor of the object. A wait for this descriptor is of no use, as for that of
   * /dev/poll itself.
   *
   * @throws {ValueError} if the object is closed
   * @see https://docs.python.org/3/library/select.html#select.devpoll.fileno
   */
  fileno(): number {
    checkCount("devpoll.fileno()", arguments.length, 0, 0);
    return this.#core.calls.devpollFileno(this.#open());
  }

  /**
   * Registers a descriptor, or adds to the mask of a registered one. Makes no system call, so the
   * descriptor need not be open.
   *
   * @param fd a descriptor, or an object that has one
   * @param eventmask bitwise or of POLL*, 0 to 65535; the default is POLLIN | POLLPRI | POLLOUT.
   * POLLREMOVE removes the descriptor
   * @throws {TypeError} if `fd` has no descriptor, or `eventmask` is not an integer
   * @throws {ValueError} if the object is closed, or the descriptor or `eventmask` is negative
   * @throws {OverflowError} if the descriptor does not fit a C int, or `eventmask` 16 bits
   * @see https://docs.python.org/3/library/select.html#select.devpoll.register
   */
  register(fd: Waitable, eventmask: number = DEFAULT_MASK): void {
    checkCount("devpoll.register()", arguments.length, 1, 2);
    const fileno = filenoOf(fd);
    const want = unsignedShortOf(eventmask, "eventmask");
    this.#write(this.#open(), fileno, want);
  }

  /**
   * Replaces the mask of a descriptor. Registers the descriptor if it is not registered.
   *
   * @param fd a descriptor, or an object that has one
   * @param eventmask bitwise or of POLL*, 0 to 65535; the default is POLLIN | POLLPRI | POLLOUT
   * @throws {TypeError | ValueError | OverflowError} as `register` does
   * @see https://docs.python.org/3/library/select.html#select.devpoll.modify
   */
  modify(fd: Waitable, eventmask: number = DEFAULT_MASK): void {
    checkCount("devpoll.modify()", arguments.length, 1, 2);
    const fileno = filenoOf(fd);
    const want = unsignedShortOf(eventmask, "eventmask");
    const handle = this.#open();
    this.#write(handle, fileno, POLL_REMOVE);
    this.#write(handle, fileno, want);
  }

  /**
   * Removes a descriptor, which need not be registered, nor open.
   *
   * @param fd a descriptor, or an object that has one
   * @throws {ValueError} if the object is closed
   * @see https://docs.python.org/3/library/select.html#select.devpoll.unregister
   */
  unregister(fd: Waitable): void {
    checkCount("devpoll.unregister()", arguments.length, 1, 1);
    const fileno = filenoOf(fd);
    this.#write(this.#open(), fileno, POLL_REMOVE);
  }

  #write(handle: number, fd: number, want: number): void {
    const result = this.#core.calls.devpollWrite(handle, fd, want);
    if (result < 0) throw this.#core.error(result, "devpoll", `fd ${fd}`);
  }

  /**
   * Waits until a registered descriptor is ready. Blocks the calling thread; a signal does not end
   * the wait (PEP 475).
   *
   * @param timeout milliseconds, up to 2^31 - 1; a fraction is rounded away from zero; `null` (the
   * default) and -1 wait for ever, 0 does not wait
   * @returns `[fd, event]` for each ready descriptor, in ascending order; empty on timeout
   * @throws {TypeError} if the timeout is not a number
   * @throws {OverflowError} if the timeout rounds to less than -1 or more than 2^31 - 1
   * @throws {ValueError} if the object is closed
   * @throws {OSError} the error of poll(2)
   * @see https://docs.python.org/3/library/select.html#select.devpoll.poll
   */
  poll(timeout?: Timeout): Event[] {
    checkCount("devpoll.poll()", arguments.length, 0, 1);
    const handle = this.#open();
    const count = this.#wait(handle, NO_LIMIT, timeout);
    return eventsAt(this.#core, this.#core.calls.devpollReady(handle), count);
  }

  /**
   * Waits like `poll`, and writes `fd, event, fd, event …` to `out` instead of making a list.
   * Allocates nothing for up to 31 events, and one view of memory for more. Python lacks this call.
   *
   * Ready descriptors that do not fit come first in the next wait.
   *
   * @param out room for at least one pair
   * @param timeout milliseconds, as for `poll`
   * @returns the number of pairs written
   * @throws {TypeError} if `out` is not an Int32Array
   * @throws {ValueError} if `out` has less than two elements, or the object is closed
   */
  pollInto(out: Int32Array, timeout?: Timeout): number {
    checkCount("devpoll.pollInto()", arguments.length, 1, 2);
    const handle = this.#open();
    const count = this.#wait(handle, capacityOf(out), timeout);
    copyEvents(this.#core, this.#core.calls.devpollReady(handle), count, out);
    return count;
  }

  /**
   * Shows the registrations of the object, in the order of registration, as plain values. Changes
   * nothing and makes no system call. Python lacks this call.
   *
   * @throws {ValueError} if the object is closed
   */
  inspect(): QueueView {
    checkCount("devpoll.inspect()", arguments.length, 0, 0);
    const handle = this.#open();
    const fd = this.#core.calls.devpollFileno(handle);
    const next = (place: number): number => this.#core.calls.devpollInspect(handle, place);
    return viewOf({ api: "devpoll", fd, keptBy: "core" }, readQueue(this.#core, "devpoll", next));
  }

  #wait(handle: number, capacity: number, timeout: Timeout): number {
    const count = this.#core.calls.devpollWait(handle, capacity, devpollTimeout(timeout));
    if (count < 0) throw this.#core.error(count, "devpoll");
    return count;
  }

  #open(): number {
    if (this.#handle === 0) throw new ValueError("I/O operation on closed devpoll object");
    return this.#handle;
  }
}

/** The function `devpoll` of one core. */
export interface DevpollFunction {
  /**
   * Makes a /dev/poll object. Close it when it is no longer needed; a forgotten object is closed
   * when it is collected.
   *
   * @throws {OSError} EMFILE if too many descriptors are open, ENOMEM if memory is short
   * @see https://docs.python.org/3/library/select.html#select.devpoll
   * @see https://illumos.org/man/4D/poll
   */
  (): Devpoll;
}

/** Makes `devpoll()` for a core. */
export function createDevpoll(core: Core): DevpollFunction {
  return function devpoll(...given: readonly unknown[]): Devpoll {
    checkCount("devpoll()", given.length, 0, 0);
    const handle = core.calls.devpollCreate();
    if (handle < 0) throw core.error(handle, "devpoll");
    return new Devpoll(core, handle, DEVPOLL_TOKEN);
  };
}
