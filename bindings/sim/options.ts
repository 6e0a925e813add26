// How a simulated kernel is made: the options of createSim, checked.

import type { FaultOptions } from "../../host/sim/kernel/faults.ts";
import type { Kernel, Personality } from "../../host/sim/kernel/kernel.ts";
import { CLOCKS, makeKernel, PERSONALITIES } from "../../host/sim/kernel/make-kernel.ts";
import { integerOf } from "../arguments.ts";
import { show, ValueError } from "../errors.ts";

/** How a simulated kernel is made. */
export interface SimOptions {
  /** Which kernel it is. "linux" unless told otherwise. */
  readonly personality?: Personality;
  /**
   * Whether time is "virtual", which it is unless told otherwise: it stands still while the program
   * runs, and jumps to what is next while it waits. Or "real": a wait blocks its thread, which a page's
   * own cannot, and actions run between the tasks of the thread, too.
   */
  readonly clock?: "virtual" | "real";
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

/** Entries of an object literal whose names are known. */
function entriesOf(
  value: unknown,
  name: string,
  known: readonly string[],
): Array<[string, unknown]> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object, got ${show(value)}`);
  }
  const entries = Object.entries(value);
  const strange = entries.find(([key]) => !known.includes(key));
  if (strange !== undefined) {
    throw new TypeError(`${name} have no ${show(strange[0])}, but ${known.join(", ")}`);
  }
  return entries;
}

function checkWhole(value: unknown, name: string, least: number): void {
  if (value === undefined) return;
  const integer = integerOf(value, name);
  if (integer >= least && integer <= Number.MAX_SAFE_INTEGER) return;
  throw new ValueError(`${name} must be from ${least} to 2**53 - 1, got ${show(value)}`);
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
 * The kernel that options are for.
 *
 * @throws {TypeError} for an option there is not, or of a wrong type
 * @throws {ValueError} for a value out of its range
 */
export function kernelOf(options: SimOptions): Kernel {
  entriesOf(options, "options", OPTIONS);
  const { kernel: known, clock = "virtual", ...rest } = options;
  if (known !== undefined) return known;
  const { personality = "linux", seed, faults, descriptorLimit, traceLimit } = rest;
  if (!PERSONALITIES.includes(personality)) {
    throw new ValueError(
      `personality must be one of ${PERSONALITIES.join(", ")}, got ${show(personality)}`,
    );
  }
  if (!CLOCKS.includes(clock)) {
    throw new ValueError(`clock must be "virtual" or "real", got ${show(clock)}`);
  }
  checkWhole(seed, "seed", 0);
  checkFaults(faults);
  checkWhole(descriptorLimit, "descriptorLimit", 0);
  checkWhole(traceLimit, "traceLimit", 0);
  return makeKernel({ ...rest, clock });
}
