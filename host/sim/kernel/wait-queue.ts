// Wait queues: who is told when the state of something may have changed. Edge triggering is
// nothing but which wake-ups happen, and with which key (spec: Linux's kernel/sched/wait.c).

/** A wake-up that says nothing of what changed: it passes whatever is waited for. */
export const KEY_ALL = 0;

/**
 * There is more room to send, or less to be sent, than before: of no interest but to knotes with a
 * low-water mark of their own. No event bit is like it.
 */
export const KEY_ROOM = 0x10000;

/** A listener has room for one more: of interest to who is about to connect to it (peer_wait). */
export const KEY_VACANCY = 0x20000;

/** Who waits: a blocked call, an entry of an epoll, a knote. */
export interface Waiter {
  /**
   * Told that something happened.
   *
   * @param key event bits that may have come up, or KEY_ALL
   * @returns whether an exclusive waiter is content, so that the next one is left asleep
   */
  wake(key: number): boolean;
}

/** One waiter in one queue. */
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

  /** Takes the entry out of its queue, if it is in one. */
  leave(): void {
    this.queue?.remove(this);
  }
}

/** Waiters in the order in which they are told. */
export class WaitQueue {
  #first: WaitEntry | undefined;
  #last: WaitEntry | undefined;
  size = 0;

  /** Adds at the head, so that the newest is told first. */
  add(entry: WaitEntry): void {
    entry.queue = this;
    entry.previous = undefined;
    entry.next = this.#first;
    if (this.#first === undefined) this.#last = entry;
    else this.#first.previous = entry;
    this.#first = entry;
    this.size++;
  }

  /** Adds at the tail, behind everybody who is not exclusive. */
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

  /** Tells everybody, but of the exclusive ones only as many as it takes to content one. */
  wake(key: number): void {
    let entry = this.#first;
    while (entry !== undefined) {
      const next: WaitEntry | undefined = entry.next;
      if (entry.waiter.wake(key) && entry.exclusive) return;
      entry = next;
    }
  }

  /** Everybody in the queue, first to last. */
  *[Symbol.iterator](): IterableIterator<WaitEntry> {
    for (let entry = this.#first; entry !== undefined; entry = entry.next) yield entry;
  }
}
