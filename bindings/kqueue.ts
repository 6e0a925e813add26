// kqueue objects: FreeBSD's kqueue, or the core's translation of it.

import {
  CAPABILITY_KQUEUE,
  EBADF,
  EOPNOTSUPP,
  FILTER_USER,
  INSPECT_ALL,
  INSPECT_READY,
  INSPECT_SOURCES,
  KEVENT_SIZE,
} from "../asm/abi.ts";
import { checkCount, intOf } from "./arguments.ts";
import type { Core } from "./core.ts";
import { show, ValueError } from "./errors.ts";
import type { QueueView } from "./inspect.ts";
import { Kevent } from "./kevent.ts";
import { observeDescriptors } from "./observers.ts";
import { kqueueTimeout, type Timeout } from "./timeout.ts";
import { askKernel, readQueue, readSources, viewOf } from "./views.ts";

/** Most records that a wait gets room for. Linux's fs.nr_open allows no more open descriptors. */
const ROOM = 1 << 20;

const KQUEUE_TOKEN = Symbol("kqueue()");

/** Closes the queue of an object that is garbage, as CPython's deallocation does. */
const abandoned = new FinalizationRegistry<{ core: Core; handle: number }>(({ core, handle }) => {
  core.calls.kqueueClose(handle);
});

/**
 * A kqueue object, made by `kqueue()` or `kqueue.fromfd()`. Python's `select.kqueue()`.
 *
 * Semantics are FreeBSD's. On a kernel without kqueue the core translates: on Linux the queue is an
 * epoll, so that any API can wait for its descriptor, and another queue or epoll can contain it.
 * Close the object when it is no longer needed; a forgotten object is closed when it is collected,
 * unless it came from `fromfd`.
 *
 * @see https://docs.python.org/3/library/select.html#kqueue-objects
 * @see https://man.freebsd.org/cgi/man.cgi?kqueue
 */
export class Kqueue {
  readonly #core: Core;
  /** Handle of the queue in the core; 0 once closed, and for a queue of another thread. */
  #handle: number;
  #fd: number;

  /** @internal Call `kqueue()`. */
  constructor(core: Core, handle: number, fd: number, token: unknown) {
    if (token !== KQUEUE_TOKEN)
      throw new TypeError("cannot create Kqueue instances: call kqueue()");
    this.#core = core;
    this.#handle = handle;
    this.#fd = fd;
    Object.preventExtensions(this);
  }

  /** True once the object is closed. */
  get closed(): boolean {
    return this.#fd < 0;
  }

  /**
   * Closes the queue. Does nothing if the object is closed already.
   *
   * @see https://docs.python.org/3/library/select.html#select.kqueue.close
   */
  close(): void {
    checkCount("kqueue.close()", arguments.length, 0, 0);
    if (this.#fd < 0) return;
    abandoned.unregister(this);
    if (this.#handle !== 0) this.#core.calls.kqueueClose(this.#handle);
    this.#handle = 0;
    this.#fd = -1;
  }

  /** Closes the queue at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Returns the descriptor of the queue itself, which any API can wait for.
   *
   * @throws {ValueError} if the object is closed
   * @see https://docs.python.org/3/library/select.html#select.kqueue.fileno
   */
  fileno(): number {
    checkCount("kqueue.fileno()", arguments.length, 0, 0);
    return this.#open();
  }

  /**
   * Applies changes, then waits for events. Blocks the calling thread; a signal does not end the
   * wait (PEP 475).
   *
   * A change that fails becomes an event with KQ_EV_ERROR and the errno as `data`, and the call does
   * not wait. If `max_events` leaves no room for that event, the error is thrown; the changes before
   * the failed one stay applied.
   *
   * @param changelist kevents, or `null` for no change
   * @param max_events the most events to return; with 0 the call does not wait
   * @param timeout seconds, 0 or more, rounded up to a nanosecond; `null` (the default) waits for
   * ever, 0 does not wait
   * @returns new kevents, in the order in which they became active; empty on timeout
   * @throws {ValueError} if the object is closed, or `max_events` or `timeout` is negative
   * @throws {TypeError} if `changelist` is not iterable, an entry is not a kevent, `max_events` is
   * not an integer, or `timeout` is not a number
   * @throws {OSError} the error of kevent(2)
   * @see https://docs.python.org/3/library/select.html#select.kqueue.control
   * @see https://man.freebsd.org/cgi/man.cgi?kevent
   */
  control(
    changelist: Iterable<Kevent> | null | undefined,
    max_events: number,
    timeout?: Timeout,
  ): Kevent[] {
    checkCount("kqueue.control()", arguments.length, 2, 3);
    const capacity = intOf(max_events, "max_events");
    const fd = this.#open();
    if (capacity < 0) throw new ValueError(`max_events must not be negative, got ${capacity}`);
    const timeoutMs = kqueueTimeout(timeout);
    const count = this.#control(fd, changesOf(changelist), capacity, timeoutMs);
    return Kevent.listAt(this.#core.words(), this.#core.calls.kqueueEvents(), count);
  }

  /**
   * Like `control`, but overwrites the kevents of `eventlist` instead of making new ones, as
   * kevent(2) does. Allocates nothing. Python lacks this call.
   *
   * @param changelist kevents, or `null` for no change
   * @param eventlist kevents to be overwritten; the length bounds the number of events
   * @param timeout seconds, as for `control`
   * @returns the number of kevents written
   * @throws {TypeError} if `eventlist` is not an array of kevents; else as `control`
   */
  controlInto(
    changelist: Iterable<Kevent> | null | undefined,
    eventlist: readonly Kevent[],
    timeout?: Timeout,
  ): number {
    checkCount("kqueue.controlInto()", arguments.length, 2, 3);
    const fd = this.#open();
    checkEvents(eventlist);
    const timeoutMs = kqueueTimeout(timeout);
    const count = this.#control(fd, changesOf(changelist), eventlist.length, timeoutMs);
    const words = this.#core.words();
    let at = this.#core.calls.kqueueEvents();
    for (let i = 0; i < count; i++, at += KEVENT_SIZE) {
      Kevent.read(eventlist[i] as Kevent, words, at);
    }
    return count;
  }

  /**
   * Shows the knotes of the queue, its active list and the core's own descriptors in the queue, as
   * plain values, and changes nothing. Python lacks this call.
   *
   * @throws {ValueError} if the object is closed
   * @throws {OSError} EOPNOTSUPP if the queue belongs to another thread, or to a kernel that does not
   * show its knotes
   */
  inspect(): QueueView {
    checkCount("kqueue.inspect()", arguments.length, 0, 0);
    const fd = this.#open();
    const core = this.#core;
    if (core.calls.capabilities() & CAPABILITY_KQUEUE) {
      return viewOf({ api: "kqueue", fd, keptBy: "kernel" }, askKernel(core, "kqueue", fd));
    }
    const handle = this.#handle;
    if (handle === 0) throw core.error(-EOPNOTSUPP, "kqueue.inspect", "a queue of another thread");
    const walkOver = (list: number) => (place: number) =>
      core.calls.kqueueInspect(handle, list, place);
    const queue = readQueue(core, "kqueue", walkOver(INSPECT_ALL), walkOver(INSPECT_READY));
    const sources = readSources(core, "kqueue", walkOver(INSPECT_SOURCES));
    return viewOf({ api: "kqueue", fd, keptBy: "core" }, queue, sources);
  }

  #control(fd: number, changes: readonly Kevent[], capacity: number, timeoutMs: number): number {
    const { calls } = this.#core;
    const room = Math.min(capacity, ROOM);
    const reserved = calls.kqueueReserve(this.#handle, changes.length, room);
    if (reserved < 0) throw this.#core.error(reserved, "kevent");
    this.#write(changes);
    if (this.#handle === 0) return this.#post(fd, changes, capacity);
    const count = calls.kqueueControl(this.#handle, changes.length, room, timeoutMs);
    if (count < 0) throw this.#core.error(count, "kevent");
    return count;
  }

  #write(changes: readonly Kevent[]): void {
    if (changes.length === 0) return;
    const words = this.#core.words();
    let at = this.#core.calls.kqueueChanges();
    for (const change of changes) {
      Kevent.write(change, words, at);
      at += KEVENT_SIZE;
    }
  }

  /** Applies the changes that another thread may make to a queue: those of user events. */
  #post(fd: number, changes: readonly Kevent[], capacity: number): number {
    if (capacity > 0 || changes.some((change) => change.filter !== FILTER_USER)) {
      const detail = "a queue of another thread takes changes of KQ_FILTER_USER only";
      throw this.#core.error(-EOPNOTSUPP, "kevent", detail);
    }
    for (let i = 0; i < changes.length; i++) {
      const posted = this.#core.calls.kqueuePost(fd, i);
      if (posted < 0) throw this.#core.error(posted, "kevent", `fd ${fd}`);
    }
    return 0;
  }

  #open(): number {
    if (this.#fd < 0) throw new ValueError("I/O operation on closed kqueue object");
    return this.#fd;
  }

  /** @internal Serves `kqueue()` of one core. */
  static create(core: Core, given: readonly unknown[]): Kqueue {
    checkCount("kqueue()", given.length, 0, 0);
    const handle = core.calls.kqueueCreate();
    if (handle < 0) throw core.error(handle, "kqueue");
    observeDescriptors(core);
    const made = new Kqueue(core, handle, core.calls.kqueueFileno(handle), KQUEUE_TOKEN);
    abandoned.register(made, { core, handle }, made);
    return made;
  }

  /** @internal Serves `kqueue.fromfd()` of one core. */
  static adopt(core: Core, given: readonly unknown[]): Kqueue {
    checkCount("kqueue.fromfd()", given.length, 1, 1);
    const fd = intOf(given[0], "fd");
    if (fd === -1) return Kqueue.create(core, []);
    const handle = fd < 0 ? -EBADF : core.calls.kqueueAdopt(fd);
    // A queue that this core does not know may belong to another thread.
    if (handle < 0 && handle !== -EBADF) throw core.error(handle, "kqueue.fromfd");
    return new Kqueue(core, Math.max(handle, 0), fd, KQUEUE_TOKEN);
  }

  /** @internal Lets a queue receive kevents of asynchronous requests. Returns its descriptor. */
  static acceptPosts(queue: Kqueue): number {
    const fd = queue.#open();
    const opened = queue.#handle === 0 ? 0 : queue.#core.calls.kqueuePosts(queue.#handle);
    if (opened < 0) throw queue.#core.error(opened, "kqueue");
    return fd;
  }
}

const NO_CHANGES: readonly Kevent[] = [];

/** Copies the changes of a call first, so that an iterator that throws leaves no change applied. */
function changesOf(changelist: unknown): readonly Kevent[] {
  if (changelist === null || changelist === undefined) return NO_CHANGES;
  if (typeof (changelist as Iterable<unknown>)[Symbol.iterator] !== "function") {
    throw new TypeError(`changelist must be iterable, got ${show(changelist)}`);
  }
  const changes = [...(changelist as Iterable<unknown>)];
  checkKevents(changes, "changelist");
  return changes as Kevent[];
}

function checkEvents(eventlist: unknown): void {
  if (!Array.isArray(eventlist)) {
    throw new TypeError(`eventlist must be an array of kevents, got ${show(eventlist)}`);
  }
  checkKevents(eventlist, "eventlist");
}

function checkKevents(list: readonly unknown[], name: string): void {
  for (let i = 0; i < list.length; i++) {
    if (!(list[i] instanceof Kevent)) {
      throw new TypeError(`${name}[${i}] must be a kevent, got ${show(list[i])}`);
    }
  }
}

/** The function `kqueue` of one core. `instanceof` accepts the function like a class. */
export interface KqueueFunction {
  /**
   * Makes a kqueue object. Its descriptor is close-on-exec. Close the object when it is no longer
   * needed; a forgotten object is closed when it is collected.
   *
   * @throws {OSError} EMFILE if too many descriptors are open, ENOMEM if memory is short
   * @see https://docs.python.org/3/library/select.html#select.kqueue
   * @see https://man.freebsd.org/cgi/man.cgi?kqueue
   */
  (): Kqueue;
  /**
   * Makes one more object for the queue with this descriptor.
   *
   * In the thread that made the queue, the new object can do everything that the first one can, and
   * closing either object closes the queue for both. In another thread, the new object can trigger
   * user events; on a kernel with kqueue it can do everything there too, and close the queue.
   *
   * @param fd the descriptor of a queue; -1 makes a new queue
   * @throws {OSError} if the core has no memory left
   * @see https://docs.python.org/3/library/select.html#select.kqueue.fromfd
   */
  fromfd(fd: number): Kqueue;
  /** The prototype of kqueue objects, for `instanceof`. */
  readonly prototype: Kqueue;
}

/** Makes `kqueue` for a core. */
export function createKqueue(core: Core): KqueueFunction {
  function kqueue(...given: readonly unknown[]): Kqueue {
    return Kqueue.create(core, given);
  }
  kqueue.fromfd = (...given: readonly unknown[]): Kqueue => Kqueue.adopt(core, given);
  kqueue.prototype = Kqueue.prototype;
  return kqueue as unknown as KqueueFunction;
}
