import { EBADF, EOPNOTSUPP, FILTER_USER, KEVENT_SIZE } from "../asm/abi.ts";
import { checkCount, intOf } from "./arguments.ts";
import { informOfUse } from "./use.ts";
import type { Core } from "./core.ts";
import { show, ValueError } from "./errors.ts";
import { Kevent } from "./kevent.ts";
import { kqueueTimeout, type Timeout } from "./timeout.ts";

/** Room made for the events of one wait, at most; more cannot be ready of that many descriptors. */
const ROOM = 1 << 20;

const KQUEUE_TOKEN = Symbol("kqueue()");

/** Closes the queue of an object that is garbage, as CPython's deallocation does. */
const abandoned = new FinalizationRegistry<{ core: Core; handle: number }>(({ core, handle }) => {
  core.calls.kqueueClose(handle);
});

/**
 * A kqueue object: `select.kqueue()` of Python. Made by `kqueue()` or `kqueue.fromfd()`.
 *
 * Semantics are FreeBSD's. Where the kernel has no kqueue the core translates: the queue is an
 * epoll set, so its descriptor can be waited on, nested in another queue or epoll, like any other.
 * Close it when done; one that is forgotten is closed when it is collected, unless it came from
 * `fromfd`.
 *
 * @see https://docs.python.org/3/library/select.html#kqueue-objects
 * @see https://man.freebsd.org/cgi/man.cgi?kqueue
 */
export class Kqueue {
  readonly #core: Core;
  /** 0 once closed, and for a queue of another thread. */
  #handle: number;
  #fd: number;

  /** @internal call `kqueue()`. */
  constructor(core: Core, handle: number, fd: number, token: unknown) {
    if (token !== KQUEUE_TOKEN)
      throw new TypeError("cannot create Kqueue instances: call kqueue()");
    this.#core = core;
    this.#handle = handle;
    this.#fd = fd;
    Object.preventExtensions(this);
  }

  /** Whether the object is closed. */
  get closed(): boolean {
    return this.#fd < 0;
  }

  /** Closes the queue; once more is not an error. */
  close(): void {
    checkCount("kqueue.close()", arguments.length, 0, 0);
    if (this.#fd < 0) return;
    abandoned.unregister(this);
    if (this.#handle !== 0) this.#core.calls.kqueueClose(this.#handle);
    this.#handle = 0;
    this.#fd = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Descriptor of the queue itself, which can be waited on like any other. */
  fileno(): number {
    checkCount("kqueue.fileno()", arguments.length, 0, 0);
    return this.#open();
  }

  /**
   * Applies changes, then waits for events. Blocks the calling thread; a signal does not end the
   * wait (PEP 475).
   *
   * A change that fails becomes an event with KQ_EV_ERROR and the errno as `data`, and then nothing
   * is waited for; if there is no room for it, it is thrown, the changes before it being applied.
   *
   * @param changelist kevents, or `null` for none
   * @param max_events how many events are returned at most; with 0 nothing is waited for
   * @param timeout seconds, not negative; to the nanosecond, rounded up; `null` or nothing waits
   * for ever
   * @returns new kevents, in the order in which they became active
   * @throws {ValueError} if the object is closed, or `max_events` or `timeout` negative
   * @throws {OSError} what kevent(2) reports
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
   * The same without an allocation: overwrites the kevents of `eventlist`, whose length bounds the
   * number of events, as kevent(2) does.
   *
   * @returns how many of them were written
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

  /** What another thread may do with a queue: trigger its user events. */
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

  /** @internal `kqueue()` of one core. */
  static create(core: Core, given: readonly unknown[]): Kqueue {
    checkCount("kqueue()", given.length, 0, 0);
    const handle = core.calls.kqueueCreate();
    if (handle < 0) throw core.error(handle, "kqueue");
    informOfUse(core);
    const made = new Kqueue(core, handle, core.calls.kqueueFileno(handle), KQUEUE_TOKEN);
    abandoned.register(made, { core, handle }, made);
    return made;
  }

  /** @internal `kqueue.fromfd()` of one core. */
  static adopt(core: Core, given: readonly unknown[]): Kqueue {
    checkCount("kqueue.fromfd()", given.length, 1, 1);
    const fd = intOf(given[0], "fd");
    if (fd === -1) return Kqueue.create(core, []);
    const handle = fd < 0 ? -EBADF : core.calls.kqueueAdopt(fd);
    // A queue that this core does not know may be another thread's.
    if (handle < 0 && handle !== -EBADF) throw core.error(handle, "kqueue.fromfd");
    return new Kqueue(core, Math.max(handle, 0), fd, KQUEUE_TOKEN);
  }

  /** @internal Makes a queue ready for the ends of asynchronous reads and writes. */
  static acceptPosts(queue: Kqueue): number {
    const fd = queue.#open();
    const opened = queue.#handle === 0 ? 0 : queue.#core.calls.kqueuePosts(queue.#handle);
    if (opened < 0) throw queue.#core.error(opened, "kqueue");
    return fd;
  }
}

const NO_CHANGES: readonly Kevent[] = [];

/** The changes of a call, read once, so that an iterator that throws leaves nothing half-done. */
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

/** The function `kqueue` of one core; also what `instanceof` can be asked with. */
export interface KqueueFunction {
  (): Kqueue;
  /**
   * One more object for the queue with this descriptor. In the thread that made the queue it can
   * do all that the first can, and closing either closes the queue for both; in another thread it
   * can trigger user events. On a kernel with kqueue it can do everything there, too, and close it.
   */
  fromfd(fd: number): Kqueue;
  readonly prototype: Kqueue;
}

/** `kqueue` of one core. */
export function createKqueue(core: Core): KqueueFunction {
  function kqueue(...given: readonly unknown[]): Kqueue {
    return Kqueue.create(core, given);
  }
  kqueue.fromfd = (...given: readonly unknown[]): Kqueue => Kqueue.adopt(core, given);
  kqueue.prototype = Kqueue.prototype;
  return kqueue as unknown as KqueueFunction;
}
