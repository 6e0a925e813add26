// EVFILT_TIMER (filt_timer*), on the kernel's clock.

import {
  EINVAL,
  EV_ADD,
  EV_CLEAR,
  EV_ERROR,
  EV_ONESHOT,
  NOTE_ABSTIME,
  NOTE_MSECONDS,
  NOTE_NSECONDS,
  NOTE_SECONDS,
  NOTE_USECONDS,
} from "../../../asm/abi.ts";
import { calloutsOf } from "./callouts.ts";
import type { Scheduled } from "../time/clock.ts";
import { type Kevent, Knote, type Whole } from "./knote.ts";

const UNITS = NOTE_SECONDS | NOTE_MSECONDS | NOTE_USECONDS | NOTE_NSECONDS;

/** timer2sbintime: `data` of a timer in ms; undefined if `units` has several bits. */
function millisecondsOf(value: Whole, units: number): number | undefined {
  if (units === NOTE_SECONDS) return Number(value) * 1000;
  if (units === 0 || units === NOTE_MSECONDS) return Number(value);
  if (units !== NOTE_USECONDS && units !== NOTE_NSECONDS) return undefined;
  const perMs = units === NOTE_USECONDS ? 1000 : 1_000_000;
  if (typeof value === "number") return value / perMs;
  // A time of day in nanoseconds exceeds a double: divides as a bigint first, so that no digit is lost.
  return Number(value / BigInt(perMs)) + Number(value % BigInt(perMs)) / perMs;
}

/** A knote of EVFILT_TIMER. */
export class TimerKnote extends Knote {
  readonly watched = "timer";
  readonly #callout = (): void => this.#expire();
  #scheduled: Scheduled | undefined;
  /** The next expiry in ms of the clock, and the period in ms; a period of 0 means one shot. */
  #nextMs = 0;
  #periodMs = 0;

  override attach(): number {
    const refused = this.#start();
    if (refused === 0 && (this.sfflags & NOTE_ABSTIME) === 0) this.flags |= EV_CLEAR;
    return refused;
  }

  override detach(): void {
    if (this.#scheduled !== undefined) calloutsOf(this.queue.kernel).remove(this.#scheduled);
    this.#scheduled = undefined;
  }

  event(): boolean {
    return this.data !== 0;
  }

  /** filt_timertouch: EV_ADD restarts the timer and discards the expiries that were not reported. */
  override touch(change: Kevent): void {
    if ((change.flags & EV_ADD) === 0) return;
    this.detach();
    this.queue.deactivate(this);
    this.data = 0;
    this.sfflags = change.fflags;
    this.sdata = change.data;
    const refused = this.#start();
    if (refused === 0) return;
    this.flags |= EV_ERROR;
    this.data = -refused;
  }

  /** filt_timervalidate and filt_timerstart: 0 or a negative errno. */
  #start(): number {
    const isOnce = (this.flags & EV_ONESHOT) !== 0;
    if (this.sdata < 0) return -EINVAL;
    if (this.sdata === 0 && !isOnce) this.sdata = 1;
    if ((this.sfflags & ~(UNITS | NOTE_ABSTIME)) !== 0) return -EINVAL;
    const ms = millisecondsOf(this.sdata, this.sfflags & UNITS);
    if (ms === undefined) return -EINVAL;
    const { kernel } = this.queue;
    const now = kernel.clock.now();
    const isAbsolute = (this.sfflags & NOTE_ABSTIME) !== 0;
    this.#nextMs = isAbsolute ? now + Math.max(ms - kernel.realtime(), 0) : now + ms;
    this.#periodMs = isAbsolute || isOnce ? 0 : ms;
    this.#schedule();
    return 0;
  }

  /** callout_reset. */
  #schedule(): void {
    this.#scheduled = calloutsOf(this.queue.kernel).add(this.#nextMs, this.#callout);
  }

  /** filt_timerexpire. */
  #expire(): void {
    const { clock, trace } = this.queue.kernel;
    trace.add("timer", [this.ident]);
    this.#scheduled = undefined;
    let count = 1;
    if (this.#periodMs > 0) {
      count += Math.floor((clock.now() - this.#nextMs) / this.#periodMs);
      this.#nextMs += count * this.#periodMs;
      this.#schedule();
    }
    this.data = Number(this.data) + count;
    this.queue.activate(this);
  }
}
