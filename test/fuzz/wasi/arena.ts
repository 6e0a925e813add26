// The memory of a guest whose calls are fuzzed: which bytes a call has changed.

const PAGE = 65_536;
const GIB_2 = 2 ** 31;

/**
 * Bytes that a call may change: an address as WebAssembly passes it, and a length; or so many bytes of each of
 * `count` records, `stride` bytes apart.
 */
export type Range = readonly [from: number, length: number, stride?: number, count?: number];

/** A part of the memory that is compared. */
interface Window {
  readonly at: number;
  readonly copy: Int32Array;
  now: Int32Array;
}

/** How a memory is made: its pages, the most, and whether threads share it. */
export type ArenaKind = readonly [pages: number, most: number, isShared: boolean];

/** One page behind 2 GiB: the addresses there are negative numbers. Only the pages at edges are compared. */
export const HIGH: ArenaKind = [GIB_2 / PAGE + 1, GIB_2 / PAGE + 3, false];

/** A memory, and the bytes that it had before a call. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #most: number;
  #windows: Window[] = [];
  #buffer: ArrayBufferLike;
  view: DataView;

  /** @throws {RangeError} without so much memory */
  constructor([initial, maximum, shared]: ArenaKind) {
    this.memory = new WebAssembly.Memory({ initial, maximum, shared });
    this.#most = maximum;
    this.#buffer = this.memory.buffer;
    this.view = new DataView(this.#buffer);
    this.#place();
  }

  /** Bytes of the memory when it was last remembered: growing detaches its buffer. */
  size = 0;

  /** The parts that are compared. */
  get parts(): Array<readonly [at: number, length: number]> {
    return this.#windows.map(({ at, copy }) => [at, copy.byteLength]);
  }

  /** Whether the memory can grow further. */
  get canGrow(): boolean {
    return this.memory.buffer.byteLength < this.#most * PAGE;
  }

  #place(): void {
    this.view = new DataView(this.#buffer);
    const size = this.#buffer.byteLength;
    this.size = size;
    const isHigh = size > GIB_2;
    const parts: Array<readonly [at: number, length: number]> = isHigh
      ? [
          [0, PAGE],
          [GIB_2 - PAGE, size - GIB_2 + PAGE],
        ]
      : [[0, size]];
    this.#windows = parts.map(([at, length]) => ({
      at,
      copy: new Int32Array(length / 4),
      now: new Int32Array(this.#buffer, at, length / 4),
    }));
  }

  /** Follows the memory if it has grown: the view and the windows are of its bytes then. */
  follow(): void {
    if (this.memory.buffer === this.#buffer) return;
    this.#buffer = this.memory.buffer;
    this.#place();
  }

  /** Remembers all bytes. */
  remember(): void {
    for (const { copy, now } of this.#windows) copy.set(now);
  }

  /** A byte as it was before the call; undefined where none is remembered. */
  before(address: number): number | undefined {
    for (const { at, copy } of this.#windows) {
      const offset = (address >>> 0) - at;
      if (offset >= 0 && offset < copy.byteLength) {
        return ((copy[offset >> 2] as number) >>> (8 * (offset & 3))) & 0xff;
      }
    }
    return undefined;
  }

  /** 32 bits as they were before the call; 0 where none are remembered. */
  wordBefore(address: number): number {
    let word = 0;
    for (let i = 3; i >= 0; i--) word = word * 256 + (this.before(address + i) ?? 0);
    return word;
  }

  /** The address of a byte that has changed outside of `allowed`, or undefined. */
  changed(allowed: readonly Range[]): number | undefined {
    const { buffer } = this.memory;
    for (const window of this.#windows) {
      const { at, copy } = window;
      if (buffer !== this.#buffer) window.now = new Int32Array(buffer, at, copy.length);
      const address = firstChange(window, allowed);
      if (address !== undefined) return address;
    }
    // Pages that were added during the call are zeros.
    for (let at = this.size; at < buffer.byteLength; at += PAGE) {
      const zeros = {
        at,
        copy: new Int32Array(PAGE / 4),
        now: new Int32Array(buffer, at, PAGE / 4),
      };
      const address = firstChange(zeros, allowed);
      if (address !== undefined) return address;
    }
    return undefined;
  }
}

/** Whether two arrays have the same bytes. Node compares them with memcmp, browsers have no such function. */
const areSame: (a: Int32Array, b: Int32Array) => boolean =
  "Buffer" in globalThis && typeof Buffer.compare === "function"
    ? (a, b) => Buffer.compare(bytesOf(a), bytesOf(b)) === 0
    : (a, b) => a.every((word, i) => word === b[i]);

function bytesOf({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function isIn([from, length, stride = length, count = 1]: Range, address: number): boolean {
  const offset = address - (from >>> 0);
  return offset >= 0 && offset < stride * count && offset % stride < length;
}

/** Words that are compared at once. */
const BLOCK = 512;

function firstChange({ at, copy, now }: Window, allowed: readonly Range[]): number | undefined {
  if (areSame(copy, now)) return undefined;
  for (let i = 0; i < copy.length; i++) {
    if (i % BLOCK === 0 && areSame(copy.subarray(i, i + BLOCK), now.subarray(i, i + BLOCK))) {
      i += BLOCK - 1;
      continue;
    }
    const difference = (copy[i] as number) ^ (now[i] as number);
    if (difference === 0) continue;
    for (let byte = 0; byte < 4; byte++) {
      if (((difference >>> (8 * byte)) & 0xff) === 0) continue;
      const address = at + 4 * i + byte;
      if (!allowed.some((range) => isIn(range, address))) return address;
    }
  }
  return undefined;
}
