// omnipoll/sim: a simulated kernel, with the whole API bound to it.

import { asProcess } from "../../host/sim/process/as-process.ts";
import type { DescriptorTable } from "../../host/sim/kernel/descriptors.ts";
import { createSimHost } from "../../host/sim/waist/host.ts";
import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { createSimOs } from "../../host/sim/os/os.ts";
import { withRealClock } from "../../host/sim/waist/real-clock.ts";
import type { TraceEntry } from "../../host/sim/kernel/trace.ts";
import { type KernelView, viewOf } from "./view.ts";
import { withObservers } from "../../host/observers.ts";
import { ValueError } from "../errors.ts";
import { KernelOwner } from "../../host/sim/sharing/owner.ts";
import { joinKernel, type Ticket } from "../../host/sim/sharing/thread.ts";
import { createSelectModuleFrom, type SelectModule } from "../module.ts";
import { createOsModule, type OsModule } from "../os/os.ts";
import { createAioCalls } from "../os/aio.ts";
import { MS, secondsOf, type Signal } from "./arguments.ts";
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

/** Something that is going to happen, until it is cancelled. */
export interface Plan {
  cancel(): void;
}

/** The API, bound to a simulated kernel. */
export interface SimModule {
  readonly select: SelectModule;
  readonly os: SimOsModule;
}

/** omnipoll/os, asynchronous reads and writes included. */
export type SimOsModule = OsModule & ReturnType<typeof createAioCalls>;

/** A simulated kernel. */
export class Sim implements SimModule {
  readonly kernel: Kernel;
  readonly select: SelectModule;
  readonly os: SimOsModule;
  /** The program, and other processes, which a script moves. */
  readonly processes: SimProcesses;
  /** Signals of the program. */
  readonly signals: SimSignals;
  readonly interfaces: SimInterfaces;
  /** The file tree, terminals, and the sizes of pipes. */
  readonly files: SimFiles;
  readonly #core: WebAssembly.Module;
  readonly #descriptors: SimDescriptors;
  #owner: KernelOwner | undefined;

  /** @param core the compiled core.wasm */
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
   * The API once more, on the same kernel and with the same descriptors, in a core of its own. What
   * acts in the middle of a wait (`at`) must not wait with the module that waits already.
   */
  module(): SimModule {
    return this.#module(this.kernel.program);
  }

  /** The API with the descriptors of a process. */
  #module(descriptors: DescriptorTable): SimModule {
    const { kernel } = this;
    const isProgram = descriptors === kernel.program;
    const bound = <Calls extends object>(calls: Calls): Calls =>
      withRealClock(kernel, isProgram ? calls : asProcess(kernel, descriptors, calls));
    const made = createSimHost(kernel);
    const host = bound(made);
    const calls = withObservers(bound(createSimOs(made)), host);
    return {
      select: createSelectModuleFrom(this.#core, host),
      os: { ...createOsModule(calls), ...createAioCalls(calls) },
    };
  }

  /** What one more thread needs to use this kernel: to be sent to it, for joinSimFrom. */
  invite(): Ticket {
    this.#owner ??= new KernelOwner(this.kernel);
    return this.#owner.invite();
  }

  /** Seconds since the kernel began. */
  now(): number {
    return this.kernel.clock.now() / MS;
  }

  /**
   * Runs `action` when the clock is at `seconds`: while somebody waits, or time is let pass; with the
   * real clock also between the tasks of this thread.
   */
  at(seconds: number, action: () => void): Plan {
    const ms = secondsOf(seconds, "seconds", 0) * MS;
    const scheduled = this.kernel.at(ms, "action", action);
    return { cancel: () => this.kernel.clock.cancel(scheduled) };
  }

  /** Runs `action` every `seconds` from now on, the first time after the first of them. */
  every(seconds: number, action: () => void): Plan {
    const ms = secondsOf(seconds, "seconds", 0) * MS;
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

  /** Lets `seconds` pass, with everything that is to happen meanwhile. */
  advance(seconds: number): void {
    this.kernel.advance(secondsOf(seconds, "seconds", 0) * MS);
  }

  /** A timerfd(2): readable, as a count of 8 bytes, once it has gone off. */
  timerfd(options: TimerTimes & BlockingOption = {}): number {
    return this.#descriptors.timerfd(options);
  }

  /**
   * Sets a timer anew; what it counted is forgotten.
   *
   * @returns what was left of it
   * @throws {OSError} EINVAL if it is no timer
   */
  timerfd_settime(fd: number, times: TimerTimes = {}): TimerLeft {
    return this.#descriptors.timerfd_settime(fd, times);
  }

  /** What is left of a timer. @throws {OSError} EINVAL if it is none */
  timerfd_gettime(fd: number): TimerLeft {
    return this.#descriptors.timerfd_gettime(fd);
  }

  /**
   * A signalfd(2): reads the signals of `mask` that are pending, 128 bytes each. They are pending
   * while they are blocked: `signals.block`.
   *
   * @param fd a signalfd that is to have this mask from now on; -1 for a new one
   * @throws {OSError} EINVAL if `fd` is no signalfd; ENOSYS on a BSD, which has none
   */
  signalfd(mask: readonly Signal[], fd = -1, options: BlockingOption = {}): number {
    return this.#descriptors.signalfd(mask, fd, options);
  }

  /** What happened, the last things of it. */
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

/** The API in a thread that uses the kernel of another one. */
export interface SimThread {
  readonly select: SelectModule;
  readonly os: OsModule;
  /** Blocks this thread for `seconds` of the kernel's time. */
  sleep(seconds: number): void;
  /** Says that this thread is done: until then the kernel waits for it. */
  end(): void;
}

/**
 * Uses the kernel that `ticket` is for, from a thread that can block. It may do so once.
 *
 * @param core the compiled core.wasm
 */
export function joinSimFrom(core: WebAssembly.Module, ticket: Ticket): SimThread {
  const { host, os, sleep, end } = joinKernel(ticket);
  return {
    select: createSelectModuleFrom(core, host),
    os: createOsModule(os),
    sleep: (seconds) => sleep(secondsOf(seconds, "seconds", 0) * MS),
    end,
  };
}
