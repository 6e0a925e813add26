// How the kernel runs a call that may sleep. Such a call is a generator of its sleeps (sleep.ts).

import type { Clock, Scheduled } from "../time/clock.ts";
import { PENDING } from "./constants.ts";
import type { Sleep, SleepEnd, Sleeper, Sleeping, Woken } from "./sleep.ts";

/** The effect of the sleep of a call on the caller. */
export interface Blocking {
  /** Runs a call. Returns its result, or PENDING if the call is still asleep. */
  run(call: Sleeping): number;
}

/** For calls of the program: each sleep blocks the program. */
export class BlocksProgram implements Blocking {
  readonly #sleep: (sleep: Sleep) => SleepEnd;

  /** @param sleep blocks the program until the sleep ends */
  constructor(sleep: (sleep: Sleep) => SleepEnd) {
    this.#sleep = sleep;
  }

  run(call: Sleeping): number {
    let step = call.next();
    while (!step.done) step = call.next(this.#sleep(step.value));
    return step.value;
  }
}

/** The parts of the kernel that a call needs to go on while the program runs. */
interface Running {
  readonly clock: Clock;
  readonly sleepers: Sleeper[];
}

/** For calls of another thread: that thread sleeps, and the program goes on. */
export class BlocksThread implements Blocking {
  readonly #kernel: Running;
  readonly #ended: (result: number) => void;

  /** @param ended gets the result of a call for which `run` returned PENDING */
  constructor(kernel: Running, ended: (result: number) => void) {
    this.#kernel = kernel;
    this.#ended = ended;
  }

  run(call: Sleeping): number {
    let result = PENDING;
    let hasReturned = false;
    startCall(this.#kernel, call, (value) => {
      if (hasReturned) this.#ended(value);
      else result = value;
    });
    hasReturned = true;
    return result;
  }
}

/** A call that goes on while the program runs. */
class RunningCall implements Woken {
  readonly #kernel: Running;
  readonly #call: Sleeping;
  readonly #ended: (result: number) => void;
  /** The sleep that the call is in; undefined while the call runs and once it has ended. */
  #sleeper: Sleeper | undefined;
  #alarm: Scheduled | undefined;

  constructor(kernel: Running, call: Sleeping, ended: (result: number) => void) {
    this.#kernel = kernel;
    this.#call = call;
    this.#ended = ended;
    this.#proceed(call.next());
  }

  #proceed(step: IteratorResult<Sleep, number>): void {
    if (step.done) this.#ended(step.value);
    else this.#fallAsleep(step.value);
  }

  #fallAsleep({ sleeper, deadline }: Sleep): void {
    const { clock, sleepers } = this.#kernel;
    this.#sleeper = sleeper;
    sleepers.push(sleeper);
    // No function for each sleep: V8 allocates one that is assigned to a property in the old generation, where all
    // that it refers to stays until the next collection of all garbage.
    sleeper.owner = this;
    if (deadline === Infinity) return;
    this.#alarm = clock.schedule(deadline, () =>
      this.#resume(sleeper, sleeper.woken ? "woken" : "time"),
    );
  }

  onWake(sleeper: Sleeper): void {
    const { clock } = this.#kernel;
    // Not inside the wake-up: the caller of wake() is in the middle of a change.
    clock.schedule(clock.now(), () => this.#resume(sleeper, "woken"));
  }

  /** Ends the sleep of `sleeper`, unless something else has ended it already. */
  #resume(sleeper: Sleeper, end: SleepEnd): void {
    if (this.#sleeper !== sleeper) return;
    const { clock, sleepers } = this.#kernel;
    this.#sleeper = undefined;
    sleeper.owner = undefined;
    sleepers.splice(sleepers.indexOf(sleeper), 1);
    if (this.#alarm !== undefined) clock.cancel(this.#alarm);
    this.#alarm = undefined;
    this.#proceed(this.#call.next(end));
  }

  /** Ends the sleep that the call is in; the sleep returns a negative errno to the call. */
  interrupt(errno: number): void {
    if (this.#sleeper !== undefined) this.#resume(this.#sleeper, errno);
  }
}

/**
 * Runs a call that may sleep while the program goes on.
 *
 * @param ended called with the result, before this returns if the call does not sleep
 * @returns ends the sleep of the call with a negative errno, which the call then returns
 */
export function startCall(
  kernel: Running,
  call: Sleeping,
  ended: (result: number) => void,
): (errno: number) => void {
  const running = new RunningCall(kernel, call, ended);
  return (errno) => running.interrupt(errno);
}
