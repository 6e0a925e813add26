// How a blocked call sleeps, and blocking calls that are made of calls that do not block.

import { EAGAIN, EINTR, EVENT_OUT } from "../../../asm/abi.ts";
import { ALWAYS } from "./constants.ts";
import { WaitEntry, type Waiter, type WaitQueue } from "./wait-queue.ts";

/** What learns that a sleeper is woken. */
export interface Woken {
  /** Called by the first wake-up, in the middle of a change. */
  onWake(sleeper: Sleeper): void;
}

/** A blocked call in a wait queue (Linux's default_wake_function). */
export class Sleeper implements Waiter {
  readonly mask: number;
  /** Describes for messages what the call waits for. */
  readonly waitsFor: () => string;
  woken = false;
  /** The call, if it does not block the program, until the first wake-up. */
  owner: Woken | undefined;

  /** @param mask event bits whose wake-ups wake the call; ERR and HUP always do */
  constructor(mask: number, waitsFor: () => string) {
    this.mask = mask | ALWAYS;
    this.waitsFor = waitsFor;
  }

  wake(key: number): boolean {
    if (key !== 0 && (key & this.mask) === 0) return false;
    this.woken = true;
    const { owner } = this;
    this.owner = undefined;
    owner?.onWake(this);
    return true;
  }
}

/** How a sleep ended: by a wake-up, at its deadline, or early, with a negative errno as the reason. */
export type SleepEnd = "woken" | "time" | number;

/** A sleep, which a call yields. */
export interface Sleep {
  readonly sleeper: Sleeper;
  /** ms of the clock, Infinity for none. */
  readonly deadline: number;
}

/**
 * A call that may sleep: a generator that yields each sleep, receives how the sleep ended, and returns
 * the result of the call. So one function serves both a call that blocks the program (`Kernel.run`)
 * and a call that goes on while the program runs (`Kernel.start`).
 */
export type Sleeping = Generator<Sleep, number, SleepEnd>;

/** An open file, as far as a call that waits for it needs one. */
interface Awaited {
  readonly name: string;
  queues(): readonly WaitQueue[];
}

/**
 * Repeats `attempt` after each wake-up of `file` until the result is not -EAGAIN. A signal does not end
 * the call (PEP 475), unless the signal's handler throws.
 */
export function* retrying(
  fd: number,
  file: Awaited,
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

/** A write that goes on until all `length` bytes are written or an attempt fails. */
export function* transferring(
  fd: number,
  file: Awaited,
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
