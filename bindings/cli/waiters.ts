// The APIs behind one interface: what `omnipoll wait` needs of each.

import {
  devpoll,
  epoll,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  type Event,
  type Kevent,
  kevent,
  kqueue,
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_EV_DELETE,
  KQ_EV_EOF,
  KQ_FILTER_READ,
  KQ_FILTER_WRITE,
  PermissionError,
  poll,
  select,
} from "../node/select.ts";
import type { Api } from "./masks.ts";

/**
 * Waits for descriptors through one API.
 *
 * A descriptor is watched for events ("edge": what is still ready is not reported again) or for
 * its state (what is ready is reported until it is not): the first for those nobody reads while
 * the wait goes on, such as standard input, the second for those whose events are taken.
 */
export interface Waiter {
  readonly api: Api;
  add(fd: number, mask: number, edge: boolean): void;
  remove(fd: number): void;
  /** `[fd, mask]` of what happened in at most `seconds`; for ever if null. May be early. */
  wait(seconds: number | null): Event[];
}

/** Longest single wait, in seconds: all APIs can do it, and the caller waits again. */
const LONGEST = 86_400;

function bounded(seconds: number | null): number {
  return seconds === null ? LONGEST : Math.min(seconds, LONGEST);
}

/** epoll, which has edges. What it refuses, regular files above all, is ready at all times. */
class EpollWaiter implements Waiter {
  readonly api = "epoll";
  readonly #epoll = epoll();
  readonly #refused = new Map<number, number>();

  add(fd: number, mask: number, edge: boolean): void {
    try {
      this.#epoll.register(fd, edge ? mask | EPOLLET : mask);
    } catch (error) {
      if (!(error instanceof PermissionError)) throw error;
      this.#refused.set(fd, mask & (EPOLLIN | EPOLLOUT));
    }
  }

  remove(fd: number): void {
    if (!this.#refused.delete(fd)) this.#epoll.unregister(fd);
  }

  wait(seconds: number | null): Event[] {
    if (this.#refused.size === 0) return this.#epoll.poll(bounded(seconds));
    const ready: Event[] = [...this.#refused].filter(([, mask]) => mask !== 0);
    return [...ready, ...this.#epoll.poll(ready.length > 0 ? 0 : bounded(seconds))];
  }
}

/** The filters of kqueue that stand for bits of a mask. */
const FILTERS: readonly (readonly [bit: number, filter: number])[] = [
  [EPOLLIN, KQ_FILTER_READ],
  [EPOLLOUT, KQ_FILTER_WRITE],
];

/** How many kevents are taken at a time. */
const SOME = 256;

/** A kevent as a mask: the end of input behind which there is none is no input. */
function maskOf({ filter, flags, data }: Kevent): number {
  const hungUp = (flags & KQ_EV_EOF) !== 0;
  const bit = filter === KQ_FILTER_READ ? EPOLLIN : EPOLLOUT;
  return (hungUp ? EPOLLHUP : 0) | (hungUp && data === 0 ? 0 : bit);
}

/**
 * kqueue, which has edges, and a filter each for reading and writing. The devices it refuses are
 * ready at all times.
 */
class KqueueWaiter implements Waiter {
  readonly api = "kqueue";
  readonly #kqueue = kqueue();
  readonly #wanted: Wanted = new Map();
  readonly #refused: Wanted = new Map();

  add(fd: number, mask: number, edge: boolean): void {
    this.#wanted.set(fd, mask);
    try {
      this.#change(fd, edge ? KQ_EV_ADD | KQ_EV_CLEAR : KQ_EV_ADD);
    } catch (error) {
      if ((error as { code?: string }).code !== "ENODEV") throw error;
      this.#refused.set(fd, mask);
    }
  }

  remove(fd: number): void {
    if (!this.#refused.delete(fd)) this.#change(fd, KQ_EV_DELETE);
    this.#wanted.delete(fd);
  }

  #change(fd: number, flags: number): void {
    const mask = this.#wanted.get(fd) ?? 0;
    const filters = FILTERS.filter(([bit]) => (mask & bit) !== 0);
    const changes = filters.map(([, filter]) => kevent(fd, filter, flags));
    this.#kqueue.control(changes, 0);
  }

  wait(seconds: number | null): Event[] {
    const masks: Wanted = new Map(this.#refused);
    const limit = masks.size > 0 ? 0 : bounded(seconds);
    for (const event of this.#kqueue.control(null, SOME, limit)) {
      const fd = Number(event.ident);
      masks.set(fd, (masks.get(fd) ?? 0) | maskOf(event));
    }
    return [...masks];
  }
}

/** Descriptors and the masks wanted of them. */
type Wanted = Map<number, number>;

/** One wait of an API without edges. */
type WaitFor = (wanted: Wanted, seconds: number) => Event[];

/** How often to see whether what has reported is still ready, in seconds. */
const GLANCE = 0.05;

/**
 * An API without edges. A descriptor that has reported rests until what it reports changes: new
 * input behind old is no event here, as the API cannot tell.
 */
class LevelWaiter implements Waiter {
  readonly api: Api;
  readonly #waitFor: WaitFor;
  readonly #wanted: Wanted = new Map();
  readonly #resting: Wanted = new Map();
  /** What each descriptor to be watched for edges was last seen to be. */
  readonly #seen: Wanted = new Map();

  constructor(api: Api, waitFor: WaitFor) {
    this.api = api;
    this.#waitFor = waitFor;
  }

  add(fd: number, mask: number, edge: boolean): void {
    this.#wanted.set(fd, mask);
    if (edge) this.#seen.set(fd, 0);
  }

  remove(fd: number): void {
    this.#wanted.delete(fd);
    this.#resting.delete(fd);
    this.#seen.delete(fd);
  }

  wait(seconds: number | null): Event[] {
    if (this.#resting.size > 0) {
      this.#glance();
      seconds = Math.min(seconds ?? GLANCE, GLANCE);
    }
    const ready = this.#waitFor(this.#wanted, bounded(seconds));
    for (const [fd, mask] of ready) {
      if (!this.#seen.has(fd)) continue;
      this.#seen.set(fd, mask);
      move(fd, this.#wanted, this.#resting);
    }
    return ready;
  }

  /** Watches again what is not ready any more, and what is ready for more than it was. */
  #glance(): void {
    const masks = new Map(this.#waitFor(this.#resting, 0));
    for (const fd of this.#resting.keys()) {
      const mask = masks.get(fd) ?? 0;
      const seen = this.#seen.get(fd) ?? 0;
      if (mask === 0 || (mask & ~seen) !== 0) move(fd, this.#resting, this.#wanted);
      else this.#seen.set(fd, mask);
    }
  }
}

function move(fd: number, from: Wanted, to: Wanted): void {
  to.set(fd, from.get(fd) ?? 0);
  from.delete(fd);
}

function pollFor(wanted: Wanted, seconds: number): Event[] {
  const object = poll();
  for (const [fd, mask] of wanted) object.register(fd, mask);
  return object.poll(seconds * 1000);
}

function devpollFor(wanted: Wanted, seconds: number): Event[] {
  using object = devpoll();
  for (const [fd, mask] of wanted) object.register(fd, mask);
  return object.poll(seconds * 1000);
}

function selectFor(wanted: Wanted, seconds: number): Event[] {
  const lists = [EPOLLIN, EPOLLOUT, EPOLLPRI].map((bit) =>
    [...wanted].filter(([, mask]) => (mask & bit) !== 0).map(([fd]) => fd),
  ) as [number[], number[], number[]];
  const [readable, writable, exceptional] = select(...lists, seconds);
  const ready: Wanted = new Map();
  const add = (fds: number[], bit: number): void => {
    for (const fd of fds) ready.set(fd, (ready.get(fd) ?? 0) | bit);
  };
  add(readable, EPOLLIN);
  add(writable, EPOLLOUT);
  add(exceptional, EPOLLPRI);
  return [...ready];
}

const MAKERS: Record<Api, () => Waiter> = {
  epoll: () => new EpollWaiter(),
  poll: () => new LevelWaiter("poll", pollFor),
  select: () => new LevelWaiter("select", selectFor),
  kqueue: () => new KqueueWaiter(),
  devpoll: () => new LevelWaiter("devpoll", devpollFor),
};

/** A waiter on one API. */
export function createWaiter(api: Api): Waiter {
  return MAKERS[api]();
}
