// Random arguments of the calls of a guest: the same ones for the same seed.

import { randomOf } from "../../../host/sim/kernel/random.ts";

const GIB_2 = 2 ** 31;
/** So many records of one call take long. */
const LONG = 10_000;

/** The size of a memory in bytes, and the parts of it that are worth an address. */
export interface Sizes {
  readonly size: number;
  readonly parts: ReadonlyArray<readonly [at: number, length: number]>;
}

/** Draws random values. 32-bit numbers are signed, as WebAssembly passes them. */
export class Draw {
  readonly #random: () => number;
  /** Whether addresses lie in the memory, and counts are small: a call needs that to get far. */
  isTame = false;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  /** A whole number from 0 to `n` - 1. */
  below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  /** True once in `n` times. */
  once(n: number): boolean {
    return this.#random() * n < 1;
  }

  pick<T>(...values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** Any 32 bits, edges more often. */
  word(): number {
    if (this.once(2)) return this.below(16);
    return this.pick(-1, GIB_2 - 1, -GIB_2, 0x10000, this.below(2 ** 32) | 0);
  }

  /** Flags: none as a rule. */
  flags(...usual: readonly number[]): number {
    return this.once(this.isTame ? 60 : 6) ? this.word() : this.pick(0, 0, ...usual);
  }

  /** An address for `length` bytes: mostly in a part of the memory, often at an edge of it, or outside. */
  address(length: number, { size, parts }: Sizes): number {
    const last = Math.max(size - length, 0);
    const [at, most] = this.pick(...parts);
    const room = Math.max(most - length, 0) + 1;
    switch (this.isTame ? 11 : this.below(12)) {
      case 0:
        return (last + this.pick(-1, 0, 0, 1, 2)) | 0;
      case 1:
        return (size - this.below(9)) | 0;
      case 2:
        return this.pick(0, 1, 2, 8, 16);
      case 3:
        return (
          (this.pick(GIB_2, 2 ** 32) - this.pick(1, 2, 8, 16, length, this.below(2 ** 17))) | 0
        );
      case 4:
        return this.pick(-GIB_2 + this.below(2 ** 17), this.below(2 ** 32) | 0);
      case 5:
        return (at + this.below(room)) | 0;
      default:
        return (at + (this.below(room) & ~7)) | 0;
    }
  }

  /**
   * A number of records of `length` bytes in a memory of `size` bytes: mostly small, or an edge. A number that has
   * room and takes long is rare.
   */
  count(length: number, size: number): number {
    const most = Math.floor(size / length);
    const count = this.#count(most);
    return count > LONG && count <= most && !this.once(50) ? count % LONG : count;
  }

  #count(most: number): number {
    switch (this.isTame ? 15 : this.below(16)) {
      case 0:
        return (most + this.pick(-1, 0, 1)) | 0;
      case 1:
        return this.pick(-1, -GIB_2, GIB_2 - 1, 2 ** 20, 2 ** 20 + 1, 2 ** 26, 2 ** 27, 2 ** 28);
      case 2:
        return this.below(2 ** 32) | 0;
      case 3:
        return this.below(Math.min(most, 1000) + 1);
      case 4:
        return 0;
      default:
        return 1 + this.below(6);
    }
  }
}
