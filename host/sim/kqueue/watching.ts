// Knotes on the wait queues of an open file, which stand for FreeBSD's knlists (selinfo).

import { EV_EOF } from "../../../asm/abi.ts";
import type { File } from "../kernel/file.ts";
import { type Kevent, Knote, type KnoteQueue } from "./knote.ts";
import { KEY_ALL, WaitEntry, type Waiter } from "../kernel/wait-queue.ts";

/** A knote that the wake-ups of an open file evaluate. */
export abstract class WatchingKnote extends Knote implements Waiter {
  readonly file: File;
  /** Keys of the wake-ups that evaluate the knote, besides KEY_ALL. */
  readonly #keys: number;
  #entries: readonly WaitEntry[] = [];

  constructor(queue: KnoteQueue, change: Kevent, file: File, keys: number) {
    super(queue, change);
    this.file = file;
    this.#keys = keys;
  }

  get watched(): string {
    return this.file.name;
  }

  override attach(): number {
    this.#entries = this.file.queues().map((queue) => {
      const entry = new WaitEntry(this);
      queue.add(entry);
      return entry;
    });
    return 0;
  }

  override detach(): void {
    for (const entry of this.#entries) entry.leave();
  }

  wake(key: number): boolean {
    if (key !== KEY_ALL && (key & this.#keys) === 0) return false;
    this.notify();
    return true;
  }

  /**
   * EV_EOF with the errno of the connection in `fflags`. Returns true: an end of file is always an
   * event.
   */
  protected end(errno = 0): boolean {
    this.flags |= EV_EOF;
    this.fflags = errno;
    return true;
  }
}
