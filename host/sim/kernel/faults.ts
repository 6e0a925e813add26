// Fault injection: results that a kernel may return at any time, and seldom does.

import { EINTR, ENOMEM } from "../../../asm/abi.ts";
import { EMFILE } from "./constants.ts";

/** The probability of each fault, from 0 (never) to 1 (always). */
export interface FaultOptions {
  /** A wait, or a call that would block, is interrupted by a signal. */
  readonly EINTR?: number;
  /** A new descriptor is refused: the process has too many. */
  readonly EMFILE?: number;
  /** A new descriptor is refused: the kernel is out of memory. */
  readonly ENOMEM?: number;
  /** A read of several bytes returns fewer bytes than are there. */
  readonly shortRead?: number;
  /** A write of several bytes writes fewer bytes than there is room for. */
  readonly shortWrite?: number;
}

/** Decides for each call whether a fault happens. */
export class Faults {
  options: FaultOptions;
  readonly #random: () => number;

  constructor(random: () => number, options: FaultOptions = {}) {
    this.#random = random;
    this.options = options;
  }

  #happens(rate: number | undefined): boolean {
    return rate !== undefined && rate > 0 && this.#random() < rate;
  }

  /** The result of a call that a signal may interrupt: 0 or -EINTR. */
  interruption(): number {
    return this.#happens(this.options.EINTR) ? -EINTR : 0;
  }

  /** The result of making a descriptor: 0, -EMFILE or -ENOMEM. */
  creation(): number {
    if (this.#happens(this.options.EMFILE)) return -EMFILE;
    return this.#happens(this.options.ENOMEM) ? -ENOMEM : 0;
  }

  /** The number of bytes to read, from 1 to `size`. */
  readSize(size: number): number {
    return this.#shortened(size, this.options.shortRead);
  }

  /** The number of bytes to write, from 1 to `size`. */
  writeSize(size: number): number {
    return this.#shortened(size, this.options.shortWrite);
  }

  #shortened(size: number, rate: number | undefined): number {
    if (size < 2 || !this.#happens(rate)) return size;
    return 1 + Math.floor(this.#random() * (size - 1));
  }
}
