// What a TCP socket has received: bytes in order, of which one may be urgent.

import { EINVAL } from "../../../asm/abi.ts";
import { ByteQueue } from "../kernel/byte-queue.ts";

/** Where in the stream the urgent byte is. */
interface Urgent {
  /** Bytes before it that are not read yet. */
  ahead: number;
  readonly byte: number;
  /** Taken by MSG_OOB already: nothing announces it any more. */
  isTaken: boolean;
}

export class Received extends ByteQueue {
  #urgent: Urgent | undefined;

  /** An urgent byte has come, or comes after `ahead` bytes. */
  announce(ahead: number, byte: number): void {
    this.#urgent = { ahead, byte, isTaken: false };
  }

  get hasUrgent(): boolean {
    return this.#urgent !== undefined;
  }

  /** Whether an urgent byte is to be had with MSG_OOB. */
  get isAnnounced(): boolean {
    return this.#urgent?.isTaken === false;
  }

  /** 1 if the next byte is an urgent one, which is left out of the stream and gone once passed. */
  skipped(isInline: boolean): number {
    return this.#urgent?.ahead === 0 && !isInline ? 1 : 0;
  }

  /** Bytes that one read may take: not beyond the urgent byte. */
  get untilMark(): number {
    const ahead = this.#urgent?.ahead ?? 0;
    return ahead > 0 ? Math.min(ahead, this.size) : this.size;
  }

  /** Bytes to be read, as FIONREAD says. */
  readable(isInline: boolean): number {
    return this.#urgent === undefined || isInline
      ? this.size
      : Math.min(this.#urgent.ahead, this.size);
  }

  /** Takes away `count` bytes that were read, and `skip` that are left out. */
  pass(count: number, skip: number): void {
    this.drop(count + skip);
    const urgent = this.#urgent;
    if (urgent === undefined) return;
    if (skip > 0 || (urgent.ahead === 0 && count > 0)) this.#urgent = undefined;
    else urgent.ahead -= count;
  }

  /** recv(2) with MSG_OOB. */
  takeUrgent(buffer: Uint8Array, size: number, peeks: boolean): number {
    const urgent = this.#urgent;
    if (urgent === undefined || urgent.isTaken) return -EINVAL;
    if (size > 0) buffer[0] = urgent.byte;
    if (!peeks) urgent.isTaken = true;
    return Math.min(size, 1);
  }
}
