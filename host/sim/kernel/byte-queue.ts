// A first-in, first-out queue of bytes.

import { copyOf } from "./memory.ts";

export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  /** Number of bytes of the first chunk that have been dropped. */
  #start = 0;
  size = 0;

  /** Adds a copy of `bytes`. */
  put(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(copyOf(bytes));
    this.size += bytes.length;
  }

  /** Copies at most `size` bytes, from `skip` on, into the start of `buffer`. Returns the number of bytes. */
  copy(buffer: Uint8Array, size: number, skip = 0): number {
    let copied = 0;
    let left = skip + this.#start;
    for (const chunk of this.#chunks) {
      if (copied === size) break;
      if (left >= chunk.length) {
        left -= chunk.length;
        continue;
      }
      const part = chunk.subarray(left, left + size - copied);
      buffer.set(part, copied);
      copied += part.length;
      left = 0;
    }
    return copied;
  }

  /** The bytes in pieces, which are not copies. */
  pieces(): Uint8Array[] {
    return this.#chunks.map((chunk, i) => (i === 0 ? chunk.subarray(this.#start) : chunk));
  }

  /** Removes the first `count` bytes. */
  drop(count: number): void {
    this.size -= count;
    this.#start += count;
    let first = this.#chunks[0];
    while (first !== undefined && this.#start >= first.length) {
      this.#start -= first.length;
      this.#chunks.shift();
      first = this.#chunks[0];
    }
  }

  /** Moves the first `count` bytes to the end of another queue. */
  moveTo(other: ByteQueue, count: number): void {
    const bytes = new Uint8Array(count);
    this.copy(bytes, count);
    this.drop(count);
    other.put(bytes);
  }
}
