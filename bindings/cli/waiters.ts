// The five APIs behind the one interface that `omnipoll wait` needs.

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
 * A descriptor is watched edge-triggered, so that a descriptor that stays ready is reported once, or
 * level-triggered. Edges serve descriptors that the wait itself does not read, such as standard input;
 * levels serve descriptors whose events the wait takes.
 */
export interface Waiter {
  readonly api: Api;
  add(fd: number, mask: number, edge: boolean): void;
  remove(fd: number): void;
  /** Returns `[fd, mask]` of each ready descriptor within `seconds`; null waits for ever. May return early. */
  wait(seconds: number | null): Event[];
}

/** The longest single wait, in seconds, which every API supports; the caller waits again. */
const LONGEST_WAIT = 86_400;

function bounded(seconds: number | null): number {
  return seconds === null ? LONGEST_WAIT : Math.min(seconds, LONGEST_WAIT);
}

/** epoll, which has edges. The files that epoll refuses, as regular files, are always ready. */
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

/** The filters of kqueue for bits of a mask. */
const FILTERS: readonly (readonly [bit: number, filter: number])[] = [
  [EPOLLIN, KQ_FILTER_READ],
  [EPOLLOUT, KQ_FILTER_WRITE],
];

/** The most kevents of one wait. */
const MAX_EVENTS = 256;

/** Translates a kevent to a mask. The end of input without data left is HUP and not IN. */
function maskOf({ filter, flags, data }: Kevent): number {
  const hungUp = (flags & KQ_EV_EOF) !== 0;
  const bit = filter === KQ_FILTER_READ ? EPOLLIN : EPOLLOUT;
  return (hungUp ? EPOLLHUP : 0) | (hungUp && data === 0 ? 0 : bit);
}

/**
 * kqueue, which has edges, and one filter each for reading and writing. The devices that kqueue
 * refuses are always ready.
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
    for (const event of this.#kqueue.control(null, MAX_EVENTS, limit)) {
      const fd = Number(event.ident);
      masks.set(fd, (masks.get(fd) ?? 0) | maskOf(event));
    }
    return [...masks];
  }
}

/** Descriptors and masks. */
type Wanted = Map<number, number>;

/** One wait of an API without edges. */
type WaitFor = (wanted: Wanted, seconds: number) => Event[];

/** The rescan interval, in seconds: how often reported descriptors are tested for readiness. */
const RESCAN_INTERVAL = 0.05;

/**
 * An API without edges. A descriptor that was reported rests until its readiness changes. New input
 * behind unread input is not an event here, because the API cannot tell the two apart.
 */
class LevelWaiter implements Waiter {
  readonly api: Api;
  readonly #waitFor: WaitFor;
  readonly #wanted: Wanted = new Map();
  readonly #resting: Wanted = new Map();
  /** The mask that each edge-triggered descriptor last had. */
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
      this.#rescan();
      seconds = Math.min(seconds ?? RESCAN_INTERVAL, RESCAN_INTERVAL);
    }
    const ready = this.#waitFor(this.#wanted, bounded(seconds));
    for (const [fd, mask] of ready) {
      if (!this.#seen.has(fd)) continue;
      this.#seen.set(fd, mask);
      move(fd, this.#wanted, this.#resting);
    }
    return ready;
  }

  /** Watches a resting descriptor again if it is no longer ready, or ready for more than before. */
  #rescan(): void {
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

/** Makes a waiter on one API. */
export function createWaiter(api: Api): Waiter {
  return MAKERS[api]();
}
