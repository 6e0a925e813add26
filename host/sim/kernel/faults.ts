// Faults on purpose: what a kernel may do at any time, and seldom does.

import { EINTR, ENOMEM } from "../../../asm/abi.ts";
import { EMFILE } from "./constants.ts";

/** How often each fault happens, from 0, never, to 1, always. */
export interface FaultOptions {
  /** A wait, or a call that would block, is interrupted by a signal. */
  readonly EINTR?: number;
  /** A descriptor cannot be made: the process has too many. */
  readonly EMFILE?: number;
  /** A descriptor cannot be made: the kernel is out of memory. */
  readonly ENOMEM?: number;
  /** A read of several bytes returns fewer than there are. */
  readonly shortRead?: number;
  /** A write of several bytes takes fewer than there is room for. */
  readonly shortWrite?: number;
}

/** Decides, each time, whether a fault happens. */
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

  /** 0, or what a call fails with that could be interrupted. */
  interruption(): number {
    return this.#happens(this.options.EINTR) ? -EINTR : 0;
  }

  /** 0, or what making a descriptor fails with. */
  creation(): number {
    if (this.#happens(this.options.EMFILE)) return -EMFILE;
    return this.#happens(this.options.ENOMEM) ? -ENOMEM : 0;
  }

  /** How many of `size` bytes are read: at least one. */
  readSize(size: number): number {
    return this.#shortened(size, this.options.shortRead);
  }

  /** How many of `size` bytes are written: at least one. */
  writeSize(size: number): number {
    return this.#shortened(size, this.options.shortWrite);
  }

  #shortened(size: number, rate: number | undefined): number {
    if (size < 2 || !this.#happens(rate)) return size;
    return 1 + Math.floor(this.#random() * (size - 1));
  }
}
