// The channel through which another thread calls the simulated kernel: one call at a time, in shared memory.
//
//   0         4        8          12         16           32               128
//   | state   | call   | result   | length   | regions 4  | numbers 12 f64 | bytes …

/** No call is pending. */
export const IDLE = 0;
/** The thread has written a call, and sleeps until the state changes. */
export const REQUESTED = 1;
/** The thread has ended, and makes no more calls. */
export const ENDED = 2;

const STATE = 0;
const CALL = 1;
const RESULT = 2;
const REGIONS = 4;
const REGION_COUNT = 4;
const NUMBERS = 32;
const NUMBER_COUNT = 12;
const BYTES = 128;
/** Size of the bytes of a call: 512 Ki poll records fit. */
const CAPACITY = 2 ** 22;

/** Bytes that a call passes besides its numbers. The owner may change them; the caller copies them back. */
export type Region = Uint8Array;

/** The shared memory for the calls of one thread. */
export class Channel {
  /** The memory, which structured clone takes to the other thread. */
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #bytes: Uint8Array;

  constructor(buffer = new SharedArrayBuffer(BYTES + CAPACITY)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, 0, NUMBERS / 4);
    this.#numbers = new Float64Array(buffer, NUMBERS, NUMBER_COUNT);
    this.#bytes = new Uint8Array(buffer, BYTES);
  }

  get state(): number {
    return Atomics.load(this.words, STATE);
  }

  set state(value: number) {
    Atomics.store(this.words, STATE, value);
    Atomics.notify(this.words, STATE);
  }

  get call(): number {
    return this.words[CALL] as number;
  }

  get result(): number {
    return this.words[RESULT] as number;
  }

  set result(value: number) {
    this.words[RESULT] = value;
  }

  /** The result of a call that returns a time, which is not a 32-bit number. */
  get time(): number {
    return this.#numbers[0] as number;
  }

  set time(value: number) {
    this.#numbers[0] = value;
  }

  /** Writes a call. @returns false if its bytes do not fit */
  write(call: number, numbers: readonly number[], regions: readonly Region[]): boolean {
    let at = 0;
    for (const region of regions) at += (region.length + 7) & ~7;
    if (at > this.#bytes.length) return false;
    this.words[CALL] = call;
    this.#numbers.set(numbers);
    at = 0;
    for (let i = 0; i < REGION_COUNT; i++) {
      const region = regions[i];
      this.words[REGIONS + i] = region?.length ?? -1;
      if (region === undefined) continue;
      this.#bytes.set(region, at);
      at += (region.length + 7) & ~7;
    }
    return true;
  }

  number(index: number): number {
    return this.#numbers[index] as number;
  }

  /** The regions of the call, which are not copies. */
  regions(): Region[] {
    const regions: Region[] = [];
    let at = 0;
    for (let i = 0; i < REGION_COUNT; i++) {
      const length = this.words[REGIONS + i] as number;
      if (length < 0) break;
      regions.push(this.#bytes.subarray(at, at + length));
      at += (length + 7) & ~7;
    }
    return regions;
  }

  /** Blocks this thread until the owner has written the result. */
  sleep(): void {
    while (Atomics.load(this.words, STATE) === REQUESTED)
      Atomics.wait(this.words, STATE, REQUESTED);
  }
}
