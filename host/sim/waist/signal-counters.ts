// Descriptors that count the deliveries of a signal to the program: signal_open of the waist.

import { EBADF, EINVAL } from "../../../asm/abi.ts";
import { O_NONBLOCK } from "../kernel/constants.ts";
import { EventFile } from "../fs/eventfd.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { perKernel } from "../kernel/per-kernel.ts";
import { processesOf } from "../process/processes.ts";
import { signalOf } from "../process/signal-numbers.ts";

/** A descriptor's counter, called for each delivery of the signal. */
interface Counter {
  readonly signal: number;
  readonly count: () => void;
}

/**
 * The two real-time signals that the C library keeps to itself: a program cannot handle them
 * (__SIGRTMIN).
 */
const LIBRARY_SIGNALS = new Set([32, 33]);

/** The counting descriptors of one kernel. */
export class SignalCounters {
  readonly #kernel: Kernel;
  readonly #byFd = new Map<number, Counter>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** A new descriptor that counts the deliveries of `signal` from now on, or a negative errno. */
  open(signal: number): number {
    if (signalOf(signal) === undefined || LIBRARY_SIGNALS.has(signal)) return -EINVAL;
    const file = new EventFile(this.#kernel, 0, O_NONBLOCK, false);
    const fd = this.#kernel.open(file);
    if (fd < 0) return fd;
    const count = (): void => file.add(1n);
    this.#byFd.set(fd, { signal, count });
    processesOf(this.#kernel).program.signals.addCounter(signal, count);
    return fd;
  }

  /** Stops counting and closes the descriptor. 0, or -EBADF if `fd` counts no signal. */
  close(fd: number): number {
    const counter = this.#byFd.get(fd);
    if (counter === undefined) return -EBADF;
    this.#byFd.delete(fd);
    processesOf(this.#kernel).program.signals.removeCounter(counter.signal, counter.count);
    this.#kernel.descriptors.remove(fd);
    return 0;
  }
}

/** The counters of a kernel's program. */
export const signalCountersOf = perKernel((kernel) => new SignalCounters(kernel));
