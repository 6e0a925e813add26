// Wait queues (Linux's kernel/sched/wait.c): the waiters that a change of state wakes up. Edges are
// nothing but wake-ups: an edge-triggered registration is reported again only after a wake-up with its key.

/** The key of a wake-up that does not tell what changed: each waiter takes such a wake-up. */
export const KEY_ALL = 0;

/**
 * The key of a wake-up for more room to send, or fewer queued bytes, that does not make the socket writable.
 * Only knotes with a low-water mark of their own (NOTE_LOWAT) take it. It is no event bit.
 */
export const KEY_ROOM = 0x10000;

/** The key of a wake-up for room in the backlog of a listener, which connect(2) waits for (peer_wait). */
export const KEY_VACANCY = 0x20000;

/** Waits in a wait queue: a blocked call, a registration of an epoll, a knote. */
export interface Waiter {
  /**
   * The wake-up function (wait_queue_func_t).
   *
   * @param key event bits that may have come up, or KEY_ALL
   * @returns whether the wake-up was used; if so, no waiter behind an exclusive one is woken
   */
  wake(key: number): boolean;
}

/** One waiter in one queue (wait_queue_entry). */
export class WaitEntry {
  readonly waiter: Waiter;
  readonly exclusive: boolean;
  queue: WaitQueue | undefined;
  previous: WaitEntry | undefined;
  next: WaitEntry | undefined;

  constructor(waiter: Waiter, exclusive = false) {
    this.waiter = waiter;
    this.exclusive = exclusive;
  }

  /** Removes the entry from its queue, if it is in one. */
  leave(): void {
    this.queue?.remove(this);
  }
}

/** Waiters in the order in which a wake-up reaches them (wait_queue_head). */
export class WaitQueue {
  #first: WaitEntry | undefined;
  #last: WaitEntry | undefined;
  size = 0;

  /** Adds at the head: a wake-up reaches the newest waiter first (add_wait_queue). */
  add(entry: WaitEntry): void {
    entry.queue = this;
    entry.previous = undefined;
    entry.next = this.#first;
    if (this.#first === undefined) this.#last = entry;
    else this.#first.previous = entry;
    this.#first = entry;
    this.size++;
  }

  /** Adds at the tail, behind all waiters that are not exclusive (add_wait_queue_exclusive). */
  append(entry: WaitEntry): void {
    entry.queue = this;
    entry.next = undefined;
    entry.previous = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.size++;
  }

  remove(entry: WaitEntry): void {
    if (entry.queue !== this) return;
    if (entry.previous === undefined) this.#first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#last = entry.previous;
    else entry.next.previous = entry.previous;
    entry.queue = undefined;
    entry.previous = undefined;
    entry.next = undefined;
    this.size--;
  }

  /** __wake_up_common: wakes the waiters in order, up to an exclusive waiter that uses the wake-up. */
  wake(key: number): void {
    let entry = this.#first;
    while (entry !== undefined) {
      const next: WaitEntry | undefined = entry.next;
      if (entry.waiter.wake(key) && entry.exclusive) return;
      entry = next;
    }
  }

  /** The entries, first to last. */
  *[Symbol.iterator](): IterableIterator<WaitEntry> {
    for (let entry = this.#first; entry !== undefined; entry = entry.next) yield entry;
  }
}
