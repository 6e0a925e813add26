// eventfd (Linux's fs/eventfd.c): a 64-bit counter.

import {
  DATA_COUNTER,
  DATA_READABLE,
  EAGAIN,
  EINVAL,
  EVENT_IN,
  EVENT_OUT,
  FD_EVENTFD,
} from "../../../asm/abi.ts";
import { ENOTTY, O_RDWR } from "../kernel/constants.ts";
import { File } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { WaitQueue } from "../kernel/wait-queue.ts";

const SIZE = 8;
/** One more than the largest count (ULLONG_MAX). */
const LIMIT = 2n ** 64n - 1n;

/** The largest count. */
export const EVENT_MAX = LIMIT - 1n;

export const EFD_SEMAPHORE = 1;

/** The first eight bytes of `bytes` as a number; little-endian, as on every machine that runs the core. */
function wordOf(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, SIZE).getBigUint64(0, true);
}

export class EventFile extends File {
  readonly name = "eventfd";
  readonly #queues = [new WaitQueue()] as const;
  readonly #isSemaphore: boolean;
  counter: bigint;

  constructor(kernel: Kernel, initial: number, flags: number, isSemaphore: boolean) {
    super(kernel, flags | O_RDWR);
    this.counter = BigInt(initial);
    this.#isSemaphore = isSemaphore;
  }

  override get kind(): number {
    return FD_EVENTFD;
  }

  poll(): number {
    return (this.counter > 0n ? EVENT_IN : 0) | (this.counter < LIMIT - 1n ? EVENT_OUT : 0);
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  override read(buffer: Uint8Array, size: number): number {
    if (size < SIZE) return -EINVAL;
    if (this.counter === 0n) return -EAGAIN;
    const taken = this.#isSemaphore ? 1n : this.counter;
    this.counter -= taken;
    new DataView(buffer.buffer, buffer.byteOffset, SIZE).setBigUint64(0, taken, true);
    this.#queues[0].wake(EVENT_OUT);
    return SIZE;
  }

  override write(bytes: Uint8Array): number {
    if (bytes.length !== SIZE) return -EINVAL;
    const added = wordOf(bytes);
    if (added === LIMIT) return -EINVAL;
    if (added >= LIMIT - this.counter) return -EAGAIN;
    this.add(added);
    return SIZE;
  }

  /** Adds to the counter, up to the largest count (eventfd_signal). */
  add(count: bigint): void {
    const sum = this.counter + count;
    this.counter = sum < LIMIT ? sum : LIMIT - 1n;
    this.#queues[0].wake(EVENT_IN);
  }

  /** Sets the counter to 0, as a read does. */
  clear(): void {
    this.counter = 0n;
    this.#queues[0].wake(EVENT_OUT);
  }

  override data(what: number): number | bigint {
    if (what === DATA_COUNTER) return this.counter;
    return what === DATA_READABLE ? -ENOTTY : -EINVAL;
  }

  override describe(): Record<string, unknown> {
    return { counter: this.counter, semaphore: this.#isSemaphore };
  }
}
