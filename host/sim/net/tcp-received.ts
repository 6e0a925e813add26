// The receive queue of a TCP socket: bytes in order, of which one may be urgent (tcp_check_urg,
// tcp_recv_urg).

import { EINVAL } from "../../../asm/abi.ts";
import { ByteQueue } from "../kernel/byte-queue.ts";

/** The urgent byte and its position in the stream (urg_seq, urg_data). */
interface Urgent {
  /** Unread bytes before the urgent byte. */
  ahead: number;
  readonly byte: number;
  /** MSG_OOB has read the byte (TCP_URG_READ): poll no longer reports PRI for it. */
  isRead: boolean;
}

/** A receive queue with an urgent mark. */
export class Received extends ByteQueue {
  #urgent: Urgent | undefined;

  /**
   * A segment with an urgent pointer arrives: `byte` follows `ahead` bytes, some of which may not have
   * arrived yet. An earlier urgent byte that is next to be read leaves the stream (tcp_check_urg).
   */
  announce(ahead: number, byte: number, isInline: boolean): void {
    const skip = this.size > 0 ? this.skipped(isInline) : 0;
    this.drop(skip);
    this.#urgent = { ahead: ahead - skip, byte, isRead: false };
  }

  /** Whether the stream has an urgent byte, read or not. */
  get hasUrgent(): boolean {
    return this.#urgent !== undefined;
  }

  /** Whether MSG_OOB can read an urgent byte (TCP_URG_VALID): poll reports PRI. */
  get isUrgentValid(): boolean {
    return this.#urgent?.isRead === false;
  }

  /** 1 if the next byte is urgent: a read skips that byte unless SO_OOBINLINE is set. Else 0. */
  skipped(isInline: boolean): number {
    return this.#urgent?.ahead === 0 && !isInline ? 1 : 0;
  }

  /** Bytes that one read may return: a read stops at the urgent mark. */
  get untilMark(): number {
    const ahead = this.#urgent?.ahead ?? 0;
    return ahead > 0 ? Math.min(ahead, this.size) : this.size;
  }

  /** FIONREAD (tcp_inq): bytes before the urgent mark. */
  readable(isInline: boolean): number {
    return this.#urgent === undefined || isInline
      ? this.size
      : Math.min(this.#urgent.ahead, this.size);
  }

  /** Bytes that reads give in all: every one but the urgent byte. */
  unread(isInline: boolean): number {
    const isMarked = this.#urgent !== undefined && this.#urgent.ahead < this.size;
    return isMarked && !isInline ? this.size - 1 : this.size;
  }

  /** Removes `count` bytes that were read and `skip` skipped ones. */
  consume(count: number, skip: number): void {
    this.drop(count + skip);
    const urgent = this.#urgent;
    if (urgent === undefined) return;
    if (skip > 0 || (urgent.ahead === 0 && count > 0)) this.#urgent = undefined;
    else urgent.ahead -= count;
  }

  /** tcp_recv_urg: recv(2) with MSG_OOB. A count, or -EINVAL if MSG_OOB can read no byte. */
  takeUrgent(buffer: Uint8Array, size: number, peeks: boolean): number {
    const urgent = this.#urgent;
    if (urgent === undefined || urgent.isRead) return -EINVAL;
    if (size > 0) buffer[0] = urgent.byte;
    if (!peeks) urgent.isRead = true;
    return Math.min(size, 1);
  }
}
