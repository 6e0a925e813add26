// A source whose state a test sets.

import { EAGAIN, EVENT_IN } from "../../asm/abi.ts";
import type { Source } from "../../wasi/source.ts";

export class FakeSource implements Source {
  readonly filetype = 6;
  events = 0;
  bytes = -1;
  room = -1;
  errno = 0;
  readonly watchers = new Set<() => void>();
  /** Is called whenever the source is asked for its events. */
  whenAsked: () => void = () => {};

  /** Sets what holds, and tells the watchers. */
  set(events: number, bytes = -1, room = -1): void {
    this.events = events;
    this.bytes = bytes;
    this.room = room;
    for (const changed of this.watchers) changed();
  }

  ready(): number {
    this.whenAsked();
    return this.events;
  }

  readable(): number {
    return this.bytes;
  }

  writable(): number {
    return this.room;
  }

  pendingError(): number {
    return this.errno;
  }

  read(buffer: Uint8Array): number {
    if ((this.events & EVENT_IN) === 0) return -EAGAIN;
    return Math.min(buffer.length, Math.max(this.bytes, 0));
  }

  write(): number {
    return -EAGAIN;
  }

  watch(changed: () => void): () => void {
    // A function of its own for each call: one watcher may watch twice.
    const watcher = (): void => changed();
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  shutdown(): number {
    return 0;
  }

  close(): void {}
}

/** A source that is looked at with `pump`, while the thread is blocked. */
export class PumpedSource extends FakeSource {
  looks = 0;
  readonly #then: (looks: number) => void;

  /** @param then called with the number of each look */
  constructor(then: (looks: number) => void) {
    super();
    this.#then = then;
  }

  readonly pump = (): void => this.#then(++this.looks);
}
