// The buffers of fd_read, fd_write, sock_recv and sock_send: arrays of iovec and ciovec.

import { WASI_FAULT, WASI_INVAL } from "../errno.ts";
import type { GuestMemory } from "./memory.ts";
import { VECTOR_SIZE } from "./preview1.ts";

/** Most buffers of a call (IOV_MAX). */
const MOST_VECTORS = 1024;
/** No transfer is longer; calls may transfer less than they are asked to. No kernel has longer datagrams. */
export const MOST_BYTES = 1 << 20;

/** The buffers of one call, checked and copied: the array may lie in a buffer. */
export class Vectors {
  readonly #memory: GuestMemory;
  readonly #addresses: number[] = [];
  readonly #lengths: number[] = [];
  /** Number of bytes. */
  total = 0;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  /** Reads the array. 0, FAULT or INVAL. */
  load(from: number, given: number): number {
    const count = given >>> 0;
    if (count > MOST_VECTORS) return WASI_INVAL;
    if (!this.#memory.holds(from, count * VECTOR_SIZE)) return WASI_FAULT;
    const view = this.#memory.view();
    for (let i = 0, at = from >>> 0; i < count; i++, at += VECTOR_SIZE) {
      const address = view.getUint32(at, true);
      const length = view.getUint32(at + 4, true);
      if (!this.#memory.holds(address, length)) return WASI_FAULT;
      this.#addresses.push(address);
      this.#lengths.push(length);
      this.total += length;
    }
    return this.total > 0xffffffff ? WASI_INVAL : 0;
  }

  /** A buffer for what is read. */
  buffer(): Uint8Array {
    return new Uint8Array(Math.min(this.total, MOST_BYTES));
  }

  /** Writes bytes to the buffers, beginning at an offset. */
  scatter(bytes: Uint8Array, offset = 0): void {
    const memory = new Uint8Array(this.#memory.view().buffer);
    let skip = offset;
    let done = 0;
    for (const [i, address] of this.#addresses.entries()) {
      const length = this.#lengths[i] as number;
      const part = bytes.subarray(done, done + Math.max(length - skip, 0));
      memory.set(part, address + Math.min(skip, length));
      skip = Math.max(skip - length, 0);
      done += part.length;
    }
  }

  /** A copy of the bytes in the buffers from an offset, of at most 1 MiB. */
  gather(offset: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(this.total - offset, MOST_BYTES));
    const memory = new Uint8Array(this.#memory.view().buffer);
    let skip = offset;
    let done = 0;
    for (const [i, address] of this.#addresses.entries()) {
      const length = this.#lengths[i] as number;
      const from = address + Math.min(skip, length);
      const end = Math.min(address + length, from + bytes.length - done);
      bytes.set(memory.subarray(from, end), done);
      done += end - from;
      skip = Math.max(skip - length, 0);
    }
    return bytes;
  }
}
