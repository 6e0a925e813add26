// omnipoll/sim: a simulated kernel with the whole API bound to it.

import { asProcess } from "../../host/sim/process/as-process.ts";
import type { DescriptorTable } from "../../host/sim/kernel/descriptors.ts";
import { createSimHost } from "../../host/sim/waist/host.ts";
import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { createSimOs } from "../../host/sim/os/os.ts";
import { withRealClock, withRealClockInWaits } from "../../host/sim/waist/real-clock.ts";
import type { TraceEntry } from "../../host/sim/kernel/trace.ts";
import { type KernelView, viewOf } from "./view.ts";
import { withObservers } from "../../host/observers.ts";
import { show, ValueError } from "../errors.ts";
import { KernelOwner } from "../../host/sim/sharing/owner.ts";
import { joinKernel, type Ticket } from "../../host/sim/sharing/thread.ts";
import { createSelectModuleFrom, type SelectModule } from "../module.ts";
import { createOsModule, type OsModule } from "../os/os.ts";
import { createAioCalls } from "../os/aio.ts";
import { functionOf, MS, secondsOf, type Signal } from "./arguments.ts";
import {
  type BlockingOption,
  SimDescriptors,
  type TimerLeft,
  type TimerTimes,
} from "./descriptors.ts";
import { SimFiles } from "./files.ts";
import { SimInterfaces } from "./interfaces.ts";
import { kernelOf, type SimOptions } from "./options.ts";
import { SimProcesses } from "./processes.ts";
import type { SimSignals } from "./signals.ts";

/** A scheduled action of `at` or `every`. */
export interface Plan {
  /** Cancels the action. Does nothing if a single action has run. */
  cancel(): void;
}

/** The API, bound to a simulated kernel: the modules omnipoll and omnipoll/os. */
export interface SimModule {
  /** select, poll, epoll, kqueue, kevent, devpoll, and the constants. */
  readonly select: SelectModule;
  /** The calls of omnipoll/os. */
  readonly os: SimOsModule;
}

/** omnipoll/os, with aio_read and aio_write. */
export type SimOsModule = OsModule & ReturnType<typeof createAioCalls>;

/**
 * A simulated kernel with the whole API bound to it. Times are seconds. `createSim()` makes one.
 *
 * A Sim also has the calls that omnipoll/os lacks: renamed files, forked processes, signals,
 * interfaces, terminals, timers.
 */
export class Sim implements SimModule {
  /** The kernel itself, for a further Sim (`createSim({ kernel })`); its members are internal. */
  readonly kernel: Kernel;
  /** select, poll, epoll, kqueue, kevent, devpoll, and the constants. */
  readonly select: SelectModule;
  /** The calls of omnipoll/os. */
  readonly os: SimOsModule;
  /** The process of the program, and further processes that a script makes and moves. */
  readonly processes: SimProcesses;
  /** Dispositions, blocked and pending signals of the program. */
  readonly signals: SimSignals;
  /** The network interfaces. */
  readonly interfaces: SimInterfaces;
  /** The file tree, the terminals, and the sizes of pipes. */
  readonly files: SimFiles;
  readonly #core: WebAssembly.Module;
  readonly #descriptors: SimDescriptors;
  #owner: KernelOwner | undefined;

  /** @param core the compiled core.wasm. @param options see SimOptions */
  constructor(core: WebAssembly.Module, options: SimOptions = {}) {
    this.#core = core;
    this.kernel = kernelOf(options);
    ({ select: this.select, os: this.os } = this.module());
    this.processes = new SimProcesses(this.kernel, (descriptors) => this.#module(descriptors));
    this.signals = this.processes.program.signals;
    this.interfaces = new SimInterfaces(this.kernel);
    this.files = new SimFiles(this.kernel);
    this.#descriptors = new SimDescriptors(this.kernel);
  }

  /**
   * Makes a second API on the same kernel and the same descriptors, with a core of its own.
   */
  module(): SimModule {
    return this.#module(this.kernel.program);
  }

  /** The API with the descriptors of a process. */
  #module(descriptors: DescriptorTable): SimModule {
    const { kernel } = this;
    const isProgram = descriptors === kernel.program;
    const bound = <Calls extends object>(calls: Calls): Calls =>
      isProgram ? calls : asProcess(kernel, descriptors, calls);
    const made = createSimHost(kernel);
    const host = withRealClockInWaits(kernel, bound(made));
    const calls = withObservers(withRealClock(kernel, bound(createSimOs(made))), host);
    return {
      select: createSelectModuleFrom(this.#core, host),
      os: { ...createOsModule(calls), ...createAioCalls(calls) },
    };
  }

  /**
   * A ticket that lets one further thread use this kernel: post it to a worker, which calls
   * `joinSim(ticket)`. From then on time passes only while every thread that has joined waits or has
   * called `end()`.
   */
  invite(): Ticket {
    this.#owner ??= new KernelOwner(this.kernel);
    return this.#owner.invite();
  }

  /** Seconds since the kernel was made, on its virtual or real clock. */
  now(): number {
    return this.kernel.clock.now() / MS;
  }

  /**
   * Runs `action` when the clock reaches `seconds`: in the middle of a wait or of `advance`, with the
   * real clock also between the tasks of this thread. An error that the action throws ends the wait and
   * is thrown by the wait.
   *
   * @param seconds a time of `now()`, at least 0 and finite; a time that has passed means the next wait
   * @throws {ValueError} for a negative or NaN time
   * @throws {TypeError} if `action` is not a function
   */
  at(seconds: number, action: () => void): Plan {
    const ms = secondsOf(seconds, "seconds", 0) * MS;
    const scheduled = this.kernel.at(ms, "action", functionOf(action, "action"));
    return { cancel: () => this.kernel.clock.cancel(scheduled) };
  }

  /**
   * Runs `action` every `seconds`, the first time in `seconds` from now, until the plan is cancelled.
   *
   * @param seconds the period, more than 0 and finite
   * @throws {ValueError} for a period that is not positive
   * @throws {TypeError} if `action` is not a function
   */
  every(seconds: number, action: () => void): Plan {
    const ms = secondsOf(seconds, "seconds", 0) * MS;
    functionOf(action, "action");
    if (ms === 0) throw new ValueError("seconds must be more than 0, got 0");
    const { kernel } = this;
    const begun = kernel.clock.now();
    let count = 0;
    const plan = () => kernel.at(begun + ++count * ms, "action", run);
    function run(): void {
      scheduled = plan();
      action();
    }
    let scheduled = plan();
    return { cancel: () => kernel.clock.cancel(scheduled) };
  }

  /**
   * Lets time pass and runs the actions that become due, as a sleep would.
   *
   * @param seconds at least 0 and finite; 0 runs the actions that are due now
   * @throws the error of an action
   */
  advance(seconds: number): void {
    this.kernel.advance(secondsOf(seconds, "seconds", 0) * MS);
  }

  /**
   * timerfd_create(2) and timerfd_settime(2): a descriptor that becomes readable when the timer
   * expires. A read returns the number of expiries, 8 bytes, little endian. On every personality.
   *
   * @param options `initial` and `interval` in seconds (default 0: disarmed), `absolute`, `blocking`
   *   (default true)
   * @returns the descriptor
   * @throws {ValueError} for negative seconds; TypeError for an unknown option
   * @see https://man7.org/linux/man-pages/man2/timerfd_create.2.html
   */
  timerfd(options: TimerTimes & BlockingOption = {}): number {
    return this.#descriptors.timerfd(options);
  }

  /**
   * timerfd_settime(2): sets a timer and discards its count of expiries. Without times, disarms the timer.
   *
   * @returns seconds that were left to the next expiry, and the former interval
   * @throws {OSError} EBADF if `fd` is not open, EINVAL if `fd` is no timerfd
   */
  timerfd_settime(fd: number, times: TimerTimes = {}): TimerLeft {
    return this.#descriptors.timerfd_settime(fd, times);
  }

  /**
   * timerfd_gettime(2): seconds to the next expiry, and the interval.
   *
   * @throws {OSError} EBADF if `fd` is not open, EINVAL if `fd` is no timerfd
   */
  timerfd_gettime(fd: number): TimerLeft {
    return this.#descriptors.timerfd_gettime(fd);
  }

  /**
   * signalfd(2): a descriptor from which the pending signals of `mask` are read, 128 bytes each (struct
   * signalfd_siginfo). Block the signals first (`signals.block`), or they are delivered instead of
   * pending.
   *
   * @param mask signals by name or number
   * @param fd an existing signalfd whose mask is replaced; -1, the default, for a new one
   * @param options `blocking` of a new descriptor (default true)
   * @returns the descriptor
   * @throws {ValueError} for a signal that does not exist
   * @throws {OSError} EBADF if `fd` is not open, EINVAL if `fd` is no signalfd, ENOSYS on a BSD, which
   *   has none
   * @see https://man7.org/linux/man-pages/man2/signalfd.2.html
   */
  signalfd(mask: readonly Signal[], fd = -1, options: BlockingOption = {}): number {
    return this.#descriptors.signalfd(mask, fd, options);
  }

  /**
   * The last events of the kernel, oldest first: calls with their results, timers, signals, processes,
   * links, actions. Calls that only read or set a property of a descriptor (`get_blocking`, `setsockopt`)
   * are left out.
   */
  trace(): TraceEntry[] {
    return this.kernel.trace.entries();
  }

  /**
   * The present state of the kernel in plain values: open files with their buffers, wait queues,
   * registrations, ready and active lists, and the blocked calls. Changes nothing; may be called in the
   * middle of a wait (from `at`).
   */
  inspect(): KernelView {
    return viewOf(this.kernel);
  }

  /** The former name of `inspect`. @deprecated use `inspect` */
  look(): KernelView {
    return this.inspect();
  }
}

/** Whether a value is shared memory, of this realm or another. */
function isShared(value: unknown): boolean {
  return Object.prototype.toString.call(value) === "[object SharedArrayBuffer]";
}

/** The API in a thread that uses the kernel of another thread. */
export interface SimThread {
  /** select, poll, epoll, kqueue, kevent, devpoll, and the constants. */
  readonly select: SelectModule;
  /** The calls of omnipoll/os. */
  readonly os: OsModule;
  /** Blocks this thread for `seconds` of the kernel's time, at least 0 and finite. */
  sleep(seconds: number): void;
  /** Leaves the kernel. Until then virtual time passes only while this thread waits. */
  end(): void;
}

/**
 * Joins the kernel of another thread. A ticket admits one thread, once.
 *
 * @param core the compiled core.wasm
 * @param ticket of `Sim.invite`
 * @throws {CannotBlockError} on a thread that cannot block: the main thread of a page
 * @throws {TypeError} if `ticket` is no ticket
 */
export function joinSimFrom(core: WebAssembly.Module, ticket: Ticket): SimThread {
  const { channel, bell } = (ticket ?? {}) as Partial<Ticket>;
  if (!isShared(channel) || !isShared(bell)) {
    throw new TypeError(`ticket must come from Sim.invite(), got ${show(ticket)}`);
  }
  const { host, os, sleep, end } = joinKernel(ticket);
  return {
    select: createSelectModuleFrom(core, host),
    os: createOsModule(os),
    sleep: (seconds) => sleep(secondsOf(seconds, "seconds", 0) * MS),
    end,
  };
}
