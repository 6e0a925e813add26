// Descriptors of Linux that omnipoll/os has no calls for: timerfd and signalfd.

import { EBADF, EINVAL, ENOSYS } from "../../asm/abi.ts";
import { O_NONBLOCK } from "../../host/sim/kernel/constants.ts";
import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { processesOf } from "../../host/sim/process/processes.ts";
import { SignalFile } from "../../host/sim/fs/signalfd.ts";
import { TimerFile } from "../../host/sim/fs/timerfd.ts";
import { intOf } from "../arguments.ts";
import { show } from "../errors.ts";
import {
  booleanOf,
  checkedCall,
  entriesOf,
  MS,
  secondsOf,
  type Signal,
  signalNumberOf,
} from "./arguments.ts";

/** The setting of a timerfd (struct itimerspec). */
export interface TimerTimes {
  /** Seconds to the first expiry, at least 0 and finite; 0, the default, disarms the timer. */
  readonly initial?: number;
  /** Seconds from one expiry to the next, at least 0 and finite; 0, the default, means a single expiry. */
  readonly interval?: number;
  /**
   * Whether `initial` is a time of `sim.now()` instead of a duration (TFD_TIMER_ABSTIME). Default:
   * false.
   */
  readonly absolute?: boolean;
}

/** The mode of a new descriptor. */
export interface BlockingOption {
  /** Whether reads block (no O_NONBLOCK). Default: true. */
  readonly blocking?: boolean;
}

/** Seconds to the next expiry, 0 of a disarmed timer, and the interval in seconds, 0 of a single expiry. */
export type TimerLeft = [left: number, interval: number];

const TIMES: readonly string[] = ["initial", "interval", "absolute"] satisfies Array<
  keyof TimerTimes
>;
const BLOCKING: readonly string[] = ["blocking"] satisfies Array<keyof BlockingOption>;

/** The file flags of a new descriptor. */
function flagsOf({ blocking = true }: BlockingOption): number {
  return booleanOf(blocking, "blocking") ? 0 : O_NONBLOCK;
}

/** timerfd and signalfd for the program of one kernel. */
export class SimDescriptors {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  #timer(fd: number, call: string): TimerFile {
    const file = this.#kernel.descriptors.usable(intOf(fd, "fd"));
    if (file instanceof TimerFile) return file;
    checkedCall(this.#kernel, file === undefined ? -EBADF : -EINVAL, call, `fd ${fd}`);
    throw new Error("unreachable");
  }

  /** Checks the times of a timer; the result sets them. */
  #setter({ initial = 0, interval = 0, absolute = false }: TimerTimes): (timer: TimerFile) => void {
    const ms = secondsOf(initial, "initial", 0) * MS;
    const intervalMs = secondsOf(interval, "interval", 0) * MS;
    const start = booleanOf(absolute, "absolute") ? 0 : this.#kernel.clock.now();
    return (timer) => (ms === 0 ? timer.disarm() : timer.arm(start + ms, intervalMs));
  }

  /** Serves `Sim.timerfd`. */
  timerfd(options: TimerTimes & BlockingOption): number {
    entriesOf(options, "options", [...TIMES, ...BLOCKING]);
    const set = this.#setter(options);
    const file = new TimerFile(this.#kernel, flagsOf(options));
    set(file);
    const fd = this.#kernel.open(file);
    this.#kernel.trace.add("timerfd_create", [], fd);
    return checkedCall(this.#kernel, fd, "timerfd_create", "");
  }

  /** Serves `Sim.timerfd_settime`. */
  timerfd_settime(fd: number, times: TimerTimes): TimerLeft {
    entriesOf(times, "times", TIMES);
    const timer = this.#timer(fd, "timerfd_settime");
    const set = this.#setter(times);
    const { leftMs, intervalMs } = timer.setting();
    set(timer);
    this.#kernel.trace.add("timerfd_settime", [fd, times], 0);
    return [leftMs / MS, intervalMs / MS];
  }

  /** Serves `Sim.timerfd_gettime`. */
  timerfd_gettime(fd: number): TimerLeft {
    const { leftMs, intervalMs } = this.#timer(fd, "timerfd_gettime").setting();
    return [leftMs / MS, intervalMs / MS];
  }

  /** Serves `Sim.signalfd`. */
  signalfd(mask: readonly Signal[], fd: number, options: BlockingOption): number {
    const kernel = this.#kernel;
    if (!Array.isArray(mask)) {
      throw new TypeError(`mask must be an array of signals, got ${show(mask)}`);
    }
    const set = new Set(mask.map(signalNumberOf));
    entriesOf(options, "options", BLOCKING);
    const flags = flagsOf(options);
    if (kernel.personality === "bsd") checkedCall(kernel, -ENOSYS, "signalfd", "");
    const number = intOf(fd, "fd");
    if (number === -1) {
      const { signals } = processesOf(kernel).current;
      const made = kernel.open(new SignalFile(kernel, signals, set, flags));
      return checkedCall(kernel, made, "signalfd", "");
    }
    const file = kernel.descriptors.usable(number);
    if (file instanceof SignalFile) file.mask = set;
    else checkedCall(kernel, file === undefined ? -EBADF : -EINVAL, "signalfd", `fd ${number}`);
    return number;
  }
}
