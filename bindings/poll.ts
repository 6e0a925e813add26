// Polling objects: poll(2), with the registrations kept by the core.

import { ERROR_NOT_REGISTERED, ENOENT, EVENT_IN, EVENT_OUT, EVENT_PRI } from "../asm/abi.ts";
import { checkCount, unsignedShortOf } from "./arguments.ts";
import type { Core } from "./core.ts";
import { KeyError, show } from "./errors.ts";
import { capacityOf, copyEvents, type Event, eventsAt } from "./events.ts";
import type { QueueView } from "./inspect.ts";
import { pollTimeout, type Timeout } from "./timeout.ts";
import { readQueue, viewOf } from "./views.ts";
import { filenoOf, type Waitable } from "./waitable.ts";

const DEFAULT_MASK = EVENT_IN | EVENT_PRI | EVENT_OUT;

/** Frees the registrations of a poll object that is garbage. */
const abandoned = new FinalizationRegistry<{ core: Core; handle: number }>(({ core, handle }) => {
  core.calls.pollDestroy(handle);
});

/**
 * A polling object, made by `poll()`. Python's `select.poll()`.
 *
 * Semantics and names are CPython's (`pollObject` in Modules/selectmodule.c). Timeouts are in
 * milliseconds here and in seconds in `Epoll`, as in Python.
 *
 * @see https://docs.python.org/3/library/select.html#polling-objects
 */
export class Poll {
  readonly #core: Core;
  readonly #handle: number;

  /** @internal Call `poll()`: Python's poll objects have no constructor either. */
  constructor(core: Core, token: unknown) {
    if (token !== POLL_TOKEN) throw new TypeError("cannot create Poll instances: call poll()");
    this.#core = core;
    this.#handle = core.calls.pollCreate();
    if (this.#handle < 0) throw core.error(this.#handle, "poll");
    abandoned.register(this, { core, handle: this.#handle });
    Object.preventExtensions(this);
  }

  /**
   * Registers a descriptor. A registered descriptor gets a new mask and keeps its place in the
   * order of results. Makes no system call, so the descriptor need not be open yet.
   *
   * @param fd a descriptor, or an object that has one
   * @param eventmask bitwise or of POLL*, 0 to 65535; the default is POLLIN | POLLPRI | POLLOUT
   * @throws {TypeError} if `fd` has no descriptor, or `eventmask` is not an integer
   * @throws {ValueError} if the descriptor or `eventmask` is negative
   * @throws {OverflowError} if the descriptor does not fit a C int, or `eventmask` 16 bits
   * @see https://docs.python.org/3/library/select.html#select.poll.register
   */
  register(fd: Waitable, eventmask: number = DEFAULT_MASK): void {
    checkCount("poll.register()", arguments.length, 1, 2);
    const fileno = filenoOf(fd);
    const want = unsignedShortOf(eventmask, "eventmask");
    const result = this.#core.calls.pollRegister(this.#handle, fileno, want);
    if (result < 0) throw this.#core.error(result, "poll.register", `fd ${fileno}`);
  }

  /**
   * Replaces the mask of a registered descriptor.
   *
   * @param fd a descriptor, or an object that has one
   * @param eventmask bitwise or of POLL*, 0 to 65535
   * @throws {FileNotFoundError} ENOENT if the descriptor is not registered
   * @throws {TypeError | ValueError | OverflowError} as `register` does
   * @see https://docs.python.org/3/library/select.html#select.poll.modify
   */
  modify(fd: Waitable, eventmask: number): void {
    checkCount("poll.modify()", arguments.length, 2, 2);
    const fileno = filenoOf(fd);
    const want = unsignedShortOf(eventmask, "eventmask");
    const result = this.#core.calls.pollModify(this.#handle, fileno, want);
    if (result === ERROR_NOT_REGISTERED) {
      throw this.#core.error(-ENOENT, "poll.modify", `fd ${fileno} is not registered`);
    }
    if (result < 0) throw this.#core.error(result, "poll.modify", `fd ${fileno}`);
  }

  /**
   * Removes a descriptor, which need not be open any more.
   *
   * @param fd a descriptor, or an object that has one
   * @throws {KeyError} if the descriptor is not registered
   * @see https://docs.python.org/3/library/select.html#select.poll.unregister
   */
  unregister(fd: Waitable): void {
    checkCount("poll.unregister()", arguments.length, 1, 1);
    const fileno = filenoOf(fd);
    const result = this.#core.calls.pollUnregister(this.#handle, fileno);
    if (result === ERROR_NOT_REGISTERED) {
      throw new KeyError(fileno, `fd ${show(fileno)} is not registered`);
    }
    if (result < 0) throw this.#core.error(result, "poll.unregister", `fd ${fileno}`);
  }

  /**
   * Waits until a registered descriptor is ready. Blocks the calling thread; a signal does not end
   * the wait (PEP 475).
   *
   * @param timeout milliseconds, up to 2^31 - 1; a fraction is rounded up; `null` (the default)
   * and negative numbers wait for ever, 0 does not wait
   * @returns `[fd, event]` for each ready descriptor, in the order of registration; empty on
   * timeout. A descriptor that is not open is ready with POLLNVAL
   * @throws {TypeError} if the timeout is not a number
   * @throws {OverflowError} if the timeout does not fit a C int
   * @throws {OSError} the error of poll(2)
   * @see https://docs.python.org/3/library/select.html#select.poll.poll
   * @see https://man7.org/linux/man-pages/man2/poll.2.html
   */
  poll(timeout?: Timeout): Event[] {
    checkCount("poll.poll()", arguments.length, 0, 1);
    const count = this.#wait(timeout);
    return eventsAt(this.#core, this.#core.calls.pollReady(this.#handle), count);
  }

  /**
   * Waits like `poll`, and writes `fd, event, fd, event …` to `out` instead of making a list.
   * Allocates nothing for up to 31 events, and one view of memory for more. Python lacks this call.
   *
   * Ready descriptors that do not fit are left out, and reported by the next wait.
   *
   * @param out room for at least one pair
   * @param timeout milliseconds, as for `poll`
   * @returns the number of pairs written
   * @throws {TypeError} if `out` is not an Int32Array
   * @throws {ValueError} if `out` has less than two elements
   */
  pollInto(out: Int32Array, timeout?: Timeout): number {
    checkCount("poll.pollInto()", arguments.length, 1, 2);
    const capacity = capacityOf(out);
    const count = Math.min(this.#wait(timeout), capacity);
    copyEvents(this.#core, this.#core.calls.pollReady(this.#handle), count, out);
    return count;
  }

  /**
   * Shows the registrations of the object, in the order of registration, as plain values. Changes
   * nothing and makes no system call. Python lacks this call.
   */
  inspect(): QueueView {
    checkCount("poll.inspect()", arguments.length, 0, 0);
    const next = (place: number): number => this.#core.calls.pollInspect(this.#handle, place);
    return viewOf({ api: "poll", keptBy: "core" }, readQueue(this.#core, "poll", next));
  }

  #wait(timeout: Timeout): number {
    const count = this.#core.calls.pollWait(this.#handle, pollTimeout(timeout));
    if (count < 0) throw this.#core.error(count, "poll");
    return count;
  }
}

const POLL_TOKEN = Symbol("poll()");

/** The function `poll` of one core. */
export interface PollFunction {
  /**
   * Makes a polling object, which waits for any number of descriptors with poll(2).
   *
   * @throws {OSError} ENOMEM if the core has no memory left
   * @see https://docs.python.org/3/library/select.html#select.poll
   * @see https://man7.org/linux/man-pages/man2/poll.2.html
   */
  (): Poll;
}

/** Makes `poll()` for a core. */
export function createPoll(core: Core): PollFunction {
  return function poll(...given: readonly unknown[]): Poll {
    checkCount("poll()", given.length, 0, 0);
    return new Poll(core, POLL_TOKEN);
  };
}
