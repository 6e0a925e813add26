// omnipoll/sim: a simulated kernel, with the whole API bound to it.

import { VirtualClock } from "../host/sim/clock.ts";
import type { FaultOptions } from "../host/sim/faults.ts";
import { createSimHost } from "../host/sim/host.ts";
import { Kernel, type Personality } from "../host/sim/kernel.ts";
import { createSimOs } from "../host/sim/os.ts";
import type { TraceEntry } from "../host/sim/trace.ts";
import { OverflowError, show, ValueError } from "./errors.ts";
import { KernelOwner } from "../host/sim/sharing/owner.ts";
import { joinKernel, type Ticket } from "../host/sim/sharing/thread.ts";
import { createSelectModuleFrom, type SelectModule } from "./module.ts";
import { createOsModule, type OsModule } from "./os.ts";

/** How a simulated kernel is made. */
export interface SimOptions {
  /** Which kernel it is. "linux" unless told otherwise. */
  readonly personality?: Personality;
  /** Of everything random; the same seed and program give the same trace. 1 unless told otherwise. */
  readonly seed?: number;
  /** Faults that happen at random. None unless told otherwise. */
  readonly faults?: FaultOptions;
  /** Descriptors a process may have. 2^21 unless told otherwise. */
  readonly descriptorLimit?: number;
  /** A kernel that exists already; everything else said here is of no effect then. */
  readonly kernel?: Kernel;
  /** Entries of the trace that are kept. 10 000 unless told otherwise; 0 for none. */
  readonly traceLimit?: number;
}

/** Something that is going to happen, until it is cancelled. */
export interface Plan {
  cancel(): void;
}

/** The API, bound to a simulated kernel. */
export interface SimModule {
  readonly select: SelectModule;
  readonly os: OsModule;
}

const MS = 1000;

function secondsOf(value: unknown, name: string, least: number): number {
  if (typeof value !== "number")
    throw new TypeError(`${name} must be a number, got ${show(value)}`);
  if (Number.isNaN(value) || value < least) {
    throw new ValueError(`${name} must be at least ${least} seconds, got ${show(value)}`);
  }
  if (value === Infinity) throw new OverflowError(`${name} must be finite`);
  return value;
}

/** A simulated kernel. */
export class Sim implements SimModule {
  readonly kernel: Kernel;
  readonly select: SelectModule;
  readonly os: OsModule;
  readonly #core: WebAssembly.Module;
  #owner: KernelOwner | undefined;

  /** @param core the compiled core.wasm */
  constructor(core: WebAssembly.Module, options: SimOptions = {}) {
    this.#core = core;
    this.kernel = options.kernel ?? new Kernel({ ...options, clock: new VirtualClock() });
    ({ select: this.select, os: this.os } = this.module());
  }

  /**
   * The API once more, on the same kernel and with the same descriptors, in a core of its own. What
   * acts in the middle of a wait (`at`) must not wait with the module that waits already.
   */
  module(): SimModule {
    const host = createSimHost(this.kernel);
    return {
      select: createSelectModuleFrom(this.#core, host),
      os: createOsModule(createSimOs(host)),
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

  /** Runs `action` when the clock is at `seconds`, while somebody waits or time is let pass. */
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

  /** What happened, the last things of it. */
  trace(): TraceEntry[] {
    return this.kernel.trace.entries();
  }
}

/** The API in a thread that uses the kernel of another one. */
export interface SimThread extends SimModule {
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
