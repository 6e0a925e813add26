// The options of createSim, and the kernel that they describe.

import type { FaultOptions } from "../../host/sim/kernel/faults.ts";
import { Kernel, type Personality } from "../../host/sim/kernel/kernel.ts";
import { CLOCKS, makeKernel, PERSONALITIES } from "../../host/sim/kernel/make-kernel.ts";
import { show, ValueError } from "../errors.ts";
import { entriesOf, wholeOf } from "./arguments.ts";

/** Options of `createSim`. All are optional. */
export interface SimOptions {
  /**
   * The waits that the kernel has: "linux" epoll and the sources of a translated kqueue, "bsd"
   * FreeBSD's kqueue, "posix" poll(2) alone, "wasi" poll_oneoff alone; the core translates the others.
   * Default: "linux".
   */
  readonly personality?: Personality;
  /**
   * "virtual": time stands still while the program runs, and a wait jumps to the next scheduled event.
   * "real": a wait blocks its thread (CannotBlockError on the main thread of a page), and actions also
   * run between the tasks of the thread. Default: "virtual".
   */
  readonly clock?: "virtual" | "real";
  /**
   * Seed of the random faults, from 0 to 2^53 - 1. The same seed and program give the same trace.
   * Default: 1.
   */
  readonly seed?: number;
  /** Probabilities of random faults, each from 0 to 1. Default: no faults. */
  readonly faults?: FaultOptions;
  /** Largest number of descriptors of a process (RLIMIT_NOFILE), from 0 to 2^53 - 1. Default: 2^21. */
  readonly descriptorLimit?: number;
  /** An existing kernel. All other options then have no effect. */
  readonly kernel?: Kernel;
  /** Number of the last events that `trace()` returns, from 0 (no trace) to 2^53 - 1. Default: 10 000. */
  readonly traceLimit?: number;
}

const FAULTS: readonly string[] = [
  "EINTR",
  "EMFILE",
  "ENOMEM",
  "shortRead",
  "shortWrite",
] satisfies Array<keyof FaultOptions>;
const OPTIONS: readonly string[] = [
  "personality",
  "clock",
  "seed",
  "faults",
  "descriptorLimit",
  "kernel",
  "traceLimit",
] satisfies Array<keyof SimOptions>;

const WHOLES = ["seed", "descriptorLimit", "traceLimit"] as const satisfies Array<keyof SimOptions>;

/** The options that are integers, as numbers. */
function wholesOf(options: SimOptions): Partial<Record<(typeof WHOLES)[number], number>> {
  const given = WHOLES.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, wholeOf(options[name], name, 0)]));
}

function checkFaults(faults: unknown): void {
  if (faults === undefined) return;
  for (const [name, rate] of entriesOf(faults, "faults", FAULTS)) {
    if (rate === undefined) continue;
    if (typeof rate !== "number") {
      throw new TypeError(`faults.${name} must be a number, got ${show(rate)}`);
    }
    if (!(rate >= 0 && rate <= 1)) {
      throw new ValueError(`faults.${name} must be from 0 to 1, got ${show(rate)}`);
    }
  }
}

/**
 * The kernel that the options describe.
 *
 * @throws {TypeError} for an unknown option or a value of the wrong type
 * @throws {ValueError} for a value out of its range
 */
export function kernelOf(options: SimOptions): Kernel {
  entriesOf(options, "options", OPTIONS);
  const { kernel: known, clock = "virtual", ...rest } = options;
  if (known !== undefined) {
    if (known instanceof Kernel) return known;
    throw new TypeError(`kernel must be the kernel of a Sim, got ${show(known)}`);
  }
  const { personality = "linux", faults } = rest;
  if (!PERSONALITIES.includes(personality)) {
    throw new ValueError(
      `personality must be one of ${PERSONALITIES.join(", ")}, got ${show(personality)}`,
    );
  }
  if (!CLOCKS.includes(clock)) {
    throw new ValueError(`clock must be "virtual" or "real", got ${show(clock)}`);
  }
  const wholes = wholesOf(rest);
  checkFaults(faults);
  return makeKernel({ ...rest, ...wholes, clock });
}
