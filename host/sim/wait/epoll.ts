// epoll as in Linux's fs/eventpoll.c: the registrations (epitems), and the ready list that wake-ups put
// them on.

import {
  EBADF,
  EEXIST,
  EINVAL,
  ENOENT,
  EPERM,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EVENT_ET,
  EVENT_EXCLUSIVE,
  EVENT_IN,
  EVENT_ONESHOT,
  EVENT_OUT,
  EVENT_RDNORM,
  EVENT_WAKEUP,
  FD_EPOLL,
} from "../../../asm/abi.ts";
import { ALWAYS, ELOOP, O_RDWR } from "../kernel/constants.ts";
import { File, type Registration } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Sleeper, type Sleeping } from "../kernel/sleep.ts";
import { WaitEntry, type Waiter, WaitQueue } from "../kernel/wait-queue.ts";

/** Bits that say how a registration behaves and are never reported (EP_PRIVATE_BITS). */
const PRIVATE = EVENT_ET | EVENT_ONESHOT | EVENT_WAKEUP | EVENT_EXCLUSIVE;
/** The bits that EVENT_EXCLUSIVE allows beside itself (EPOLLEXCLUSIVE_OK_BITS). */
const EXCLUSIVE_MASK = EVENT_IN | EVENT_OUT | ALWAYS | EVENT_WAKEUP | EVENT_ET | EVENT_EXCLUSIVE;
const IN_OR_OUT = EVENT_IN | EVENT_OUT;
/** Longest chain of epolls that watch one another (EP_MAX_NESTS and the bottom one). */
const MAX_DEPTH = 5;

/**
 * One registration (struct epitem): a descriptor number, and the open file that the number named at
 * EPOLL_CTL_ADD.
 */
export class EpollItem implements Registration, Waiter {
  readonly epoll: EpollFile;
  readonly fd: number;
  readonly file: File;
  /**
   * The event mask, with ALWAYS added; after the report of a ONESHOT registration its PRIVATE bits
   * alone.
   */
  mask: number;
  readonly entries: WaitEntry[] = [];
  /** On the ready list of the epoll (ep_is_linked). */
  isReady = false;
  previous: EpollItem | undefined;
  next: EpollItem | undefined;
  /** An older registration of the same number, which watches another open file. */
  other: EpollItem | undefined;

  constructor(epoll: EpollFile, fd: number, file: File, mask: number) {
    this.epoll = epoll;
    this.fd = fd;
    this.file = file;
    this.mask = mask;
  }

  /** Whether a ONESHOT registration has reported and was not modified since. */
  get isDisabled(): boolean {
    return (this.mask & ~PRIVATE) === 0;
  }

  remove(): void {
    this.epoll.forget(this);
  }

  /** ep_item_poll: the bits of the mask that hold now. */
  state(): number {
    return this.file.poll() & this.mask & ~PRIVATE;
  }

  /** As `state`, but without taking registrations off the ready list of a watched epoll. */
  peek(): number {
    const bits = this.file instanceof EpollFile ? this.file.peek() : this.file.poll();
    return bits & this.mask & ~PRIVATE;
  }

  /** ep_poll_callback: puts the registration on the ready list. True if an exclusive wake-up ends here. */
  wake(key: number): boolean {
    if (this.isDisabled || (key !== 0 && (key & this.mask) === 0)) return false;
    const { epoll } = this;
    epoll.enqueue(this);
    const isExclusive = (this.mask & EVENT_EXCLUSIVE) !== 0;
    let isTaken = !isExclusive;
    if (epoll.waiters.size > 0) {
      const bits = key & IN_OR_OUT;
      if (bits === 0 || (bits !== IN_OR_OUT && (bits & this.mask) !== 0)) isTaken = true;
      epoll.waiters.wake(0);
    }
    epoll.queue.wake(EVENT_IN);
    return isTaken;
  }
}

/** Receives one event of a wait: the descriptor number of the registration, and the event bits. */
export type Collect = (fd: number, mask: number) => void;

/** An epoll (struct eventpoll): the open file, the table of registrations, and the ready list. */
export class EpollFile extends File {
  readonly name = "epoll";
  /** Calls of epoll_wait(2) that sleep on this epoll (ep->wq). */
  readonly waiters = new WaitQueue();
  /** Waiters on the descriptor of this epoll: poll(2) and other epolls (ep->poll_wait). */
  readonly queue = new WaitQueue();
  readonly #items = new Map<number, EpollItem>();
  #count = 0;
  #first: EpollItem | undefined;
  #last: EpollItem | undefined;
  /** Length of the ready list. */
  #readyCount = 0;
  readonly #queues = [this.queue] as const;

  constructor(kernel: Kernel) {
    super(kernel, O_RDWR);
  }

  override get kind(): number {
    return FD_EPOLL;
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  /** ep_eventpoll_ioctl knows its own parameters only. */
  override data(): number {
    return -EINVAL;
  }

  /**
   * __ep_eventpoll_poll: readable if a registration of the ready list is ready; takes off the list
   * those before it.
   */
  poll(): number {
    let item = this.#first;
    while (item !== undefined) {
      const next: EpollItem | undefined = item.next;
      if (item.state() !== 0) return EVENT_IN | EVENT_RDNORM;
      this.#unlist(item);
      item = next;
    }
    return 0;
  }

  /** As `poll`, without changing the ready list. */
  peek(): number {
    for (const item of this.readyList()) if (item.peek() !== 0) return EVENT_IN | EVENT_RDNORM;
    return 0;
  }

  /** Appends a registration to the ready list unless it is on the list. */
  enqueue(item: EpollItem): void {
    if (item.isReady) return;
    item.isReady = true;
    item.next = undefined;
    item.previous = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
    this.#readyCount++;
  }

  #unlist(item: EpollItem): void {
    if (!item.isReady) return;
    item.isReady = false;
    if (item.previous === undefined) this.#first = item.next;
    else item.previous.next = item.next;
    if (item.next === undefined) this.#last = item.previous;
    else item.next.previous = item.previous;
    item.previous = undefined;
    item.next = undefined;
    this.#readyCount--;
  }

  /** ep_find. */
  #find(fd: number, file: File): EpollItem | undefined {
    let item = this.#items.get(fd);
    while (item !== undefined && item.file !== file) item = item.other;
    return item;
  }

  /** epoll_ctl(2) after both descriptors were found open. */
  control(op: number, fd: number, file: File, mask: number): number {
    if (!file.isPollable) return -EPERM;
    if (file === this) return -EINVAL;
    const isExclusive = (mask & EVENT_EXCLUSIVE) !== 0 && op !== EPOLL_CTL_DEL;
    if (isExclusive) {
      if (op === EPOLL_CTL_MOD) return -EINVAL;
      if (op === EPOLL_CTL_ADD && (file instanceof EpollFile || (mask & ~EXCLUSIVE_MASK) !== 0)) {
        return -EINVAL;
      }
    }
    if (op === EPOLL_CTL_ADD && file instanceof EpollFile && !this.#mayWatch(file)) return -ELOOP;
    const item = this.#find(fd, file);
    if (op === EPOLL_CTL_ADD) return item === undefined ? this.#insert(fd, file, mask) : -EEXIST;
    if (op !== EPOLL_CTL_MOD && op !== EPOLL_CTL_DEL) return -EINVAL;
    if (item === undefined) return -ENOENT;
    if (op === EPOLL_CTL_DEL) {
      this.forget(item);
      return 0;
    }
    if ((item.mask & EVENT_EXCLUSIVE) !== 0) return -EINVAL;
    item.mask = mask | ALWAYS;
    this.#listIfReady(item);
    return 0;
  }

  /**
   * Puts a registration that was added or modified on the ready list if its condition holds (ep_insert,
   * ep_modify).
   */
  #listIfReady(item: EpollItem): void {
    // Polls the file even if the registration is on the list: polling an epoll prunes the ready list of
    // that epoll.
    if (item.state() === 0 || item.isReady) return;
    this.enqueue(item);
    this.waiters.wake(0);
    this.queue.wake(EVENT_IN);
  }

  /** ep_insert. */
  #insert(fd: number, file: File, mask: number): number {
    const item = new EpollItem(this, fd, file, mask | ALWAYS);
    item.other = this.#items.get(fd);
    this.#items.set(fd, item);
    this.#count++;
    (file.watchedBy ??= new Set()).add(item);
    const isExclusive = (mask & EVENT_EXCLUSIVE) !== 0;
    for (const queue of file.queues()) {
      const entry = new WaitEntry(item, isExclusive);
      if (isExclusive) queue.append(entry);
      else queue.add(entry);
      item.entries.push(entry);
    }
    this.#listIfReady(item);
    return 0;
  }

  /** ep_remove: takes a registration off the ready list, the wait queues and the table. */
  forget(item: EpollItem): void {
    this.#unlist(item);
    for (const entry of item.entries) entry.leave();
    item.file.watchedBy?.delete(item);
    const first = this.#items.get(item.fd);
    if (first !== item) {
      let before = first;
      while (before?.other !== item) before = before?.other;
      before.other = item.other;
    } else if (item.other === undefined) {
      this.#items.delete(item.fd);
    } else {
      this.#items.set(item.fd, item.other);
    }
    this.#count--;
  }

  /** ep_loop_check: whether this epoll may watch `file` without a cycle and without too long a chain. */
  #mayWatch(file: EpollFile): boolean {
    if (file.#reaches(this, new Set())) return false;
    return this.#height() + file.#depth() <= MAX_DEPTH;
  }

  #reaches(target: EpollFile, seen: Set<EpollFile>): boolean {
    if (this === target) return true;
    if (seen.has(this)) return false;
    seen.add(this);
    for (const inner of this.#inner()) if (inner.#reaches(target, seen)) return true;
    return false;
  }

  *#inner(): IterableIterator<EpollFile> {
    for (const { file } of this.registrations()) if (file instanceof EpollFile) yield file;
  }

  /** Length of the longest chain of watched epolls, from this one down. */
  #depth(): number {
    let depth = 0;
    for (const inner of this.#inner()) depth = Math.max(depth, inner.#depth());
    return depth + 1;
  }

  /** Length of the longest chain of watching epolls, from this one up. */
  #height(): number {
    let height = 0;
    for (const { epoll } of this.watchedBy ?? []) {
      if (epoll instanceof EpollFile) height = Math.max(height, epoll.#height());
    }
    return height + 1;
  }

  /** Every registration, by number, the newest first where a number has several. */
  *registrations(): IterableIterator<EpollItem> {
    for (const first of this.#items.values()) {
      for (let item: EpollItem | undefined = first; item !== undefined; item = item.other) {
        yield item;
      }
    }
  }

  get registered(): number {
    return this.#count;
  }

  /** The ready list (rdllist) in order; a wait may find that some of its registrations are not ready. */
  *readyList(): IterableIterator<EpollItem> {
    for (let item = this.#first; item !== undefined; item = item.next) yield item;
  }

  /** ep_send_events: delivers at most `capacity` events and returns their number. */
  collect(capacity: number, found: Collect): number {
    let count = 0;
    // A level-triggered registration goes back to the end of the list; this call must not deliver it twice.
    let left = this.#readyCount;
    while (left > 0 && count < capacity) {
      const item = this.#first as EpollItem;
      left--;
      this.#unlist(item);
      const mask = item.state();
      if (mask === 0) continue;
      found(item.fd, mask);
      count++;
      if ((item.mask & EVENT_ONESHOT) !== 0) item.mask &= PRIVATE;
      else if ((item.mask & EVENT_ET) === 0) this.enqueue(item);
    }
    if (this.#readyCount > 0) this.waiters.wake(0);
    return count;
  }

  /** ep_poll: epoll_wait(2) after a first try without events. `deadline` is in ms of the clock. */
  *wait(fd: number, capacity: number, deadline: number, found: Collect): Sleeping {
    let count = 0;
    while (count === 0) {
      const sleeper = new Sleeper(0, () => this.#waitsFor(fd));
      const entry = new WaitEntry(sleeper, true);
      this.waiters.add(entry);
      const end = yield { sleeper, deadline };
      entry.leave();
      if (typeof end === "number") return end;
      count = this.collect(capacity, found);
      if (count === 0 && end === "time") return 0;
    }
    return count;
  }

  #waitsFor(fd: number): string {
    const watched = [...this.registrations()].map((item) => `${item.fd} (${item.file.name})`);
    const what = watched.length === 0 ? "nothing" : watched.slice(0, 10).join(", ");
    return `epoll_wait on descriptor ${fd}, which watches ${what}`;
  }

  override describe(): Record<string, unknown> {
    return {
      registered: this.#count,
      ready: [...this.readyList()].map((item) => item.fd),
      blocked: this.waiters.size,
    };
  }

  override release(): void {
    for (const item of this.registrations()) this.forget(item);
  }
}

/** epoll_ctl(2): do_epoll_ctl's checks of both descriptors in Linux's order, then the operation. */
export function controlEpoll(
  kernel: Kernel,
  epfd: number,
  op: number,
  fd: number,
  mask: number,
): number {
  const epoll = kernel.descriptors.usable(epfd);
  if (epoll === undefined) return -EBADF;
  const file = kernel.descriptors.usable(fd);
  if (file === undefined) return -EBADF;
  if (!file.isPollable) return -EPERM;
  return epoll instanceof EpollFile ? epoll.control(op, fd, file, mask >>> 0) : -EINVAL;
}
