import { ERROR_NOT_REGISTERED, ENOENT, EVENT_IN, EVENT_OUT, EVENT_PRI } from "../asm/abi.ts";
import { checkCount, unsignedShortOf } from "./arguments.ts";
import type { Core } from "./core.ts";
import { KeyError, show } from "./errors.ts";
import { capacityOf, copyEvents, type Event, eventsAt } from "./events.ts";
import { pollTimeout, type Timeout } from "./timeout.ts";
import { filenoOf, type Waitable } from "./waitable.ts";

const DEFAULT_MASK = EVENT_IN | EVENT_PRI | EVENT_OUT;

/** Gives the core's memory back once a poll object is garbage. */
const abandoned = new FinalizationRegistry<{ core: Core; handle: number }>(({ core, handle }) => {
  core.calls.pollDestroy(handle);
});

/**
 * A polling object: `select.poll()` of Python. Made by `poll()`.
 *
 * Semantics and names are CPython's (Modules/selectmodule.c, `pollObject`). Times are in
 * milliseconds here and in seconds in `Epoll`, because Python's are.
 *
 * @see https://docs.python.org/3/library/select.html#polling-objects
 */
export class Poll {
  readonly #core: Core;
  readonly #handle: number;

  /** @internal Python's poll objects have no constructor either: call `poll()`. */
  constructor(core: Core, token: unknown) {
    if (token !== POLL_TOKEN) throw new TypeError("cannot create Poll instances: call poll()");
    this.#core = core;
    this.#handle = core.calls.pollCreate();
    if (this.#handle < 0) throw core.error(this.#handle, "poll");
    abandoned.register(this, { core, handle: this.#handle });
    Object.preventExtensions(this);
  }

  /**
   * Registers a descriptor, or replaces the mask of one that is, keeping its place in the order
   * of results. No system call: the descriptor need not be open yet.
   *
   * @param eventmask bitwise or of POLL*, 0 to 65535; POLLIN | POLLPRI | POLLOUT if left out
   * @throws {TypeError | ValueError | OverflowError} for what is no descriptor or no mask
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
   * @param eventmask bitwise or of POLL*, 0 to 65535
   * @throws {FileNotFoundError} ENOENT if it is not registered
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
   * Forgets a descriptor, open or not.
   *
   * @throws {KeyError} if it is not registered
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
   * @param timeout milliseconds, up to 2^31 - 1; a fraction is rounded up; `null`, nothing or a
   * negative number waits for ever
   * @returns `[fd, event]` for each ready descriptor, in order of registration; empty on timeout.
   * A descriptor that is not open is ready with POLLNVAL
   * @throws {OSError} what poll(2) reported
   */
  poll(timeout?: Timeout): Event[] {
    checkCount("poll.poll()", arguments.length, 0, 1);
    const count = this.#wait(timeout);
    return eventsAt(this.#core, this.#core.calls.pollReady(this.#handle), count);
  }

  /**
   * The same wait without a list (above 31 events it makes one view of the memory, else it
   * allocates nothing): writes `fd, event, fd, event …` to `out`. What does not
   * fit is left out, and comes again at the next wait.
   *
   * @returns how many pairs were written
   */
  pollInto(out: Int32Array, timeout?: Timeout): number {
    checkCount("poll.pollInto()", arguments.length, 1, 2);
    const capacity = capacityOf(out);
    const count = Math.min(this.#wait(timeout), capacity);
    copyEvents(this.#core, this.#core.calls.pollReady(this.#handle), count, out);
    return count;
  }

  #wait(timeout: Timeout): number {
    const count = this.#core.calls.pollWait(this.#handle, pollTimeout(timeout));
    if (count < 0) throw this.#core.error(count, "poll");
    return count;
  }
}

const POLL_TOKEN = Symbol("poll()");

/** `poll()` of one core. */
export function createPoll(core: Core): Poll {
  return new Poll(core, POLL_TOKEN);
}
