import { EVENT_IN, EVENT_OUT, EVENT_PRI, POLL_REMOVE } from "../asm/abi.ts";
import { checkCount, unsignedShortOf } from "./arguments.ts";
import type { Core } from "./core.ts";
import { ValueError } from "./errors.ts";
import { capacityOf, copyEvents, type Event, eventsAt } from "./events.ts";
import { devpollTimeout, type Timeout } from "./timeout.ts";
import { filenoOf, type Waitable } from "./waitable.ts";

const DEFAULT_MASK = EVENT_IN | EVENT_PRI | EVENT_OUT;
const NO_LIMIT = 0x7fffffff;
const DEVPOLL_TOKEN = Symbol("devpoll()");

/** Closes a devpoll object that is garbage, as CPython's deallocation does. */
const abandoned = new FinalizationRegistry<{ core: Core; handle: number }>(({ core, handle }) => {
  core.calls.devpollClose(handle);
});

/**
 * A /dev/poll object: `select.devpoll()` of Python. Made by `devpoll()`.
 *
 * Semantics are illumos': masks of one descriptor add up, unregistering what is unknown is no
 * error, results are in the order of descriptors, and one that is not open is ready with POLLNVAL
 * until it is unregistered.
 *
 * @see https://docs.python.org/3/library/select.html#dev-poll-polling-objects
 */
export class Devpoll {
  readonly #core: Core;
  /** 0 once closed. */
  #handle: number;

  /** @internal call `devpoll()`. */
  constructor(core: Core, handle: number, token: unknown) {
    if (token !== DEVPOLL_TOKEN) {
      throw new TypeError("cannot create Devpoll instances: call devpoll()");
    }
    this.#core = core;
    this.#handle = handle;
    abandoned.register(this, { core, handle }, this);
    Object.preventExtensions(this);
  }

  /** Whether the object is closed. */
  get closed(): boolean {
    return this.#handle === 0;
  }

  /** Closes the object; once more is not an error. */
  close(): void {
    checkCount("devpoll.close()", arguments.length, 0, 0);
    if (this.#handle === 0) return;
    abandoned.unregister(this);
    this.#core.calls.devpollClose(this.#handle);
    this.#handle = 0;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Descriptor the object is known by. Waiting on it is of no use, as on /dev/poll itself. */
  fileno(): number {
    checkCount("devpoll.fileno()", arguments.length, 0, 0);
    return this.#core.calls.devpollFileno(this.#open());
  }

  /**
   * Registers a descriptor, or adds to the mask of one that is. No system call: the descriptor
   * need not be open.
   *
   * @param eventmask bitwise or of POLL*, 0 to 65535; POLLIN | POLLPRI | POLLOUT if left out.
   * POLLREMOVE forgets the descriptor
   */
  register(fd: Waitable, eventmask: number = DEFAULT_MASK): void {
    checkCount("devpoll.register()", arguments.length, 1, 2);
    const fileno = filenoOf(fd);
    const want = unsignedShortOf(eventmask, "eventmask");
    this.#write(this.#open(), fileno, want);
  }

  /**
   * Replaces the mask of a descriptor; one that is not registered is registered.
   *
   * @param eventmask bitwise or of POLL*, 0 to 65535; POLLIN | POLLPRI | POLLOUT if left out
   */
  modify(fd: Waitable, eventmask: number = DEFAULT_MASK): void {
    checkCount("devpoll.modify()", arguments.length, 1, 2);
    const fileno = filenoOf(fd);
    const want = unsignedShortOf(eventmask, "eventmask");
    const handle = this.#open();
    this.#write(handle, fileno, POLL_REMOVE);
    this.#write(handle, fileno, want);
  }

  /** Forgets a descriptor, registered or not, open or not. */
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
   * @param timeout milliseconds, up to 2^31 - 1; a fraction is rounded away from zero; `null`,
   * nothing or -1 waits for ever
   * @returns `[fd, event]` for each ready descriptor, ascending; empty on timeout
   * @throws {OverflowError} for a timeout that rounds to less than -1 or more than 2^31 - 1
   */
  poll(timeout?: Timeout): Event[] {
    checkCount("devpoll.poll()", arguments.length, 0, 1);
    const handle = this.#open();
    const count = this.#wait(handle, NO_LIMIT, timeout);
    return eventsAt(this.#core, this.#core.calls.devpollReady(handle), count);
  }

  /**
   * The same wait without a list (above 31 events it makes one view of the memory, else it
   * allocates nothing): writes `fd, event, fd, event …` to `out`. If not all fit,
   * the next wait begins with those that did not.
   *
   * @returns how many pairs were written
   */
  pollInto(out: Int32Array, timeout?: Timeout): number {
    checkCount("devpoll.pollInto()", arguments.length, 1, 2);
    const handle = this.#open();
    const count = this.#wait(handle, capacityOf(out), timeout);
    copyEvents(this.#core, this.#core.calls.devpollReady(handle), count, out);
    return count;
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

/** `devpoll()` of one core. */
export function createDevpoll(core: Core): Devpoll {
  const handle = core.calls.devpollCreate();
  if (handle < 0) throw core.error(handle, "devpoll");
  return new Devpoll(core, handle, DEVPOLL_TOKEN);
}
