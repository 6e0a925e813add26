// Calls that block: how they sleep, and calls made of others that do not.

import { EAGAIN, EINTR, EVENT_OUT } from "../../../asm/abi.ts";
import { ALWAYS } from "./constants.ts";
import type { File } from "./file.ts";
import { WaitEntry, type Waiter } from "./wait-queue.ts";

/** A blocked call: who is woken, until when it waits, and what for. */
export class Sleeper implements Waiter {
  readonly mask: number;
  /** What the call waits for, for people. */
  readonly waitsFor: () => string;
  woken = false;
  /** Called when it is woken; of calls that do not block the program. */
  onWake: (() => void) | undefined;

  /** @param mask event bits it is woken by, besides ERR and HUP */
  constructor(mask: number, waitsFor: () => string) {
    this.mask = mask | ALWAYS;
    this.waitsFor = waitsFor;
  }

  wake(key: number): boolean {
    if (key !== 0 && (key & this.mask) === 0) return false;
    this.woken = true;
    this.onWake?.();
    return true;
  }
}

/** How a sleep ended: somebody woke it, the deadline came, or a negative errno says why else. */
export type SleepEnd = "woken" | "time" | number;

/** What a call yields to sleep. */
export interface Sleep {
  readonly sleeper: Sleeper;
  /** ms of the clock, Infinity for none. */
  readonly deadline: number;
}

/**
 * A call that may sleep: it yields each sleep, is told how that ended, and returns its result. One
 * that is written like this can block the program (`Kernel.run`), or be waited for while the
 * program goes on (`Kernel.start`).
 */
export type Sleeping = Generator<Sleep, number, SleepEnd>;

/**
 * Waits for `file` to change and tries again, until the answer is not -EAGAIN. A signal does not end
 * that (PEP 475), unless its handler throws.
 */
export function* retrying(
  fd: number,
  file: File,
  mask: number,
  call: string,
  attempt: () => number,
  deadline: number,
): Sleeping {
  let result = -EAGAIN;
  while (result === -EAGAIN) {
    const sleeper = new Sleeper(mask, () => `${call} on descriptor ${fd}, a ${file.name}`);
    const entries = file.queues().map((queue) => {
      const entry = new WaitEntry(sleeper);
      queue.append(entry);
      return entry;
    });
    const end = yield { sleeper, deadline };
    for (const entry of entries) entry.leave();
    if (typeof end === "number" && end !== -EINTR) return end;
    result = attempt();
    if (end === "time") return result;
  }
  return result;
}

/** A transfer that goes on until all is done, or nothing more can be. */
export function* transferring(
  fd: number,
  file: File,
  call: string,
  length: number,
  attempt: (done: number) => number,
  first: number,
  deadline: number,
): Sleeping {
  let done = 0;
  let result = first;
  while (true) {
    if (result === -EAGAIN) {
      result = yield* retrying(fd, file, EVENT_OUT, call, () => attempt(done), deadline);
    }
    if (result < 0) return done > 0 ? done : result;
    done += result;
    if (done >= length) return done;
    result = attempt(done);
  }
}
