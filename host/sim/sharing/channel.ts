// How another thread calls the simulated kernel: one call at a time, in memory both see.
//
//   0         4        8          12         16           32               128
//   | state   | call   | result   | length   | regions 4  | numbers 12 f64 | bytes …

/** Nothing is asked for. */
export const IDLE = 0;
/** The thread has written a call and sleeps until the state is another one. */
export const ASKED = 1;
/** The thread has ended. */
export const ENDED = 2;

const STATE = 0;
const CALL = 1;
const RESULT = 2;
const REGIONS = 4;
const REGION_COUNT = 4;
const NUMBERS = 32;
const NUMBER_COUNT = 12;
const BYTES = 128;
/** Room for what one call hands over: 512 Ki poll records. */
const ROOM = 2 ** 22;

/** What a call hands over besides numbers; the owner may change the bytes. */
export type Region = Uint8Array;

/** The memory of one thread's calls. */
export class Channel {
  /** To be handed to the other side. */
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #bytes: Uint8Array;

  constructor(buffer = new SharedArrayBuffer(BYTES + ROOM)) {
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

  /** A result that is no whole number: a time. */
  get time(): number {
    return this.#numbers[0] as number;
  }

  set time(value: number) {
    this.#numbers[0] = value;
  }

  /** Writes a call. @returns false if there is no room for its bytes */
  ask(call: number, numbers: readonly number[], regions: readonly Region[]): boolean {
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

  /** The bytes of the call's regions, in place. */
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

  /** Sleeps until the call has been answered. */
  sleep(): void {
    while (Atomics.load(this.words, STATE) === ASKED) Atomics.wait(this.words, STATE, ASKED);
  }
}
