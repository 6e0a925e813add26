// Descriptors of Linux that omnipoll/os has no calls for: timerfd and signalfd.

import { EBADF, EINVAL, ENOSYS } from "../../asm/abi.ts";
import { O_NONBLOCK } from "../../host/sim/kernel/constants.ts";
import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { processesOf } from "../../host/sim/process/processes.ts";
import { SignalFile } from "../../host/sim/fs/signalfd.ts";
import { TimerFile } from "../../host/sim/fs/timerfd.ts";
import { checkedCall, MS, secondsOf, type Signal, signalNumberOf } from "./arguments.ts";

/** When a timer goes off. */
export interface TimerTimes {
  /** Seconds until it first goes off; 0, which is the default, disarms it. */
  readonly initial?: number;
  /** Seconds from one time to the next; 0, which is the default: only once. */
  readonly interval?: number;
  /** Whether `initial` is a time of the simulation instead: of `sim.now()`. */
  readonly absolute?: boolean;
}

/** How a descriptor is made. */
export interface BlockingOption {
  /** Whether reads block. They do unless told otherwise. */
  readonly blocking?: boolean;
}

/** What is left of a timer, in seconds, and its interval. */
export type TimerLeft = [left: number, interval: number];

/** The calls on timers and signals of one kernel's program. */
export class SimDescriptors {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  #timer(fd: number, call: string): TimerFile {
    const file = this.#kernel.descriptors.usable(fd);
    if (file instanceof TimerFile) return file;
    checkedCall(this.#kernel, file === undefined ? -EBADF : -EINVAL, call, `fd ${fd}`);
    throw new Error("unreachable");
  }

  #set(timer: TimerFile, { initial = 0, interval = 0, absolute = false }: TimerTimes): void {
    const ms = secondsOf(initial, "initial", 0) * MS;
    const intervalMs = secondsOf(interval, "interval", 0) * MS;
    if (ms === 0) timer.disarm();
    else timer.arm(absolute ? ms : this.#kernel.clock.now() + ms, intervalMs);
  }

  timerfd({ blocking = true, ...times }: TimerTimes & BlockingOption): number {
    const file = new TimerFile(this.#kernel, blocking ? 0 : O_NONBLOCK);
    this.#set(file, times);
    const fd = this.#kernel.open(file);
    this.#kernel.trace.add("timerfd_create", [], fd);
    return checkedCall(this.#kernel, fd, "timerfd_create", "");
  }

  timerfd_settime(fd: number, times: TimerTimes): TimerLeft {
    const timer = this.#timer(fd, "timerfd_settime");
    const { leftMs, intervalMs } = timer.setting();
    this.#set(timer, times);
    this.#kernel.trace.add("timerfd_settime", [fd, times], 0);
    return [leftMs / MS, intervalMs / MS];
  }

  timerfd_gettime(fd: number): TimerLeft {
    const { leftMs, intervalMs } = this.#timer(fd, "timerfd_gettime").setting();
    return [leftMs / MS, intervalMs / MS];
  }

  signalfd(mask: readonly Signal[], fd: number, { blocking = true }: BlockingOption): number {
    const kernel = this.#kernel;
    const set = new Set(mask.map(signalNumberOf));
    if (kernel.personality === "bsd") checkedCall(kernel, -ENOSYS, "signalfd", "");
    if (fd === -1) {
      const { signals } = processesOf(kernel).current;
      const made = kernel.open(new SignalFile(kernel, signals, set, blocking ? 0 : O_NONBLOCK));
      return checkedCall(kernel, made, "signalfd", "");
    }
    const file = kernel.descriptors.usable(fd);
    if (file instanceof SignalFile) file.mask = set;
    else checkedCall(kernel, file === undefined ? -EBADF : -EINVAL, "signalfd", `fd ${fd}`);
    return fd;
  }
}
