// timerfd (Linux's fs/timerfd.c). A periodic timer expires once and then rests until the program reads it
// or sets it again; the read computes how often the timer would have expired meanwhile (hrtimer_forward_now).

import { EAGAIN, EINVAL, EVENT_IN } from "../../../asm/abi.ts";
import type { Scheduled } from "../time/clock.ts";
import { O_RDWR } from "../kernel/constants.ts";
import { File } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { WaitQueue } from "../kernel/wait-queue.ts";

const SIZE = 8;

/** The setting of a timer (struct itimerspec). */
export interface TimerSetting {
  /** ms until the next expiration; 0 if the timer is disarmed. */
  readonly leftMs: number;
  /** Period in ms; 0 for a timer that expires once. */
  readonly intervalMs: number;
}

export class TimerFile extends File {
  readonly name = "timerfd";
  readonly #queues = [new WaitQueue()] as const;
  readonly #onExpiry = (): void => this.#expire();
  #scheduled: Scheduled | undefined;
  /** ms of the clock at the next expiration, or at the first one that was not read; 0 while disarmed. */
  #deadlineMs = 0;
  #intervalMs = 0;
  /** Whether the timer has expired since it was set or read. */
  #hasExpired = false;

  /** @param flags O_NONBLOCK or 0 */
  constructor(kernel: Kernel, flags: number) {
    super(kernel, flags | O_RDWR);
  }

  /** timerfd_settime(2): expires at a time of the clock, at once if that has passed. The count becomes 0. */
  arm(deadlineMs: number, intervalMs = 0): void {
    this.disarm();
    this.#deadlineMs = deadlineMs;
    this.#intervalMs = intervalMs;
    this.#start();
  }

  /** Disarms the timer. The count becomes 0. */
  disarm(): void {
    if (this.#scheduled !== undefined) this.kernel.clock.cancel(this.#scheduled);
    this.#scheduled = undefined;
    this.#deadlineMs = 0;
    this.#intervalMs = 0;
    this.#hasExpired = false;
  }

  #start(): void {
    const { clock } = this.kernel;
    if (this.#deadlineMs <= clock.now()) this.#expire();
    else this.#scheduled = clock.schedule(this.#deadlineMs, this.#onExpiry);
  }

  #expire(): void {
    this.#scheduled = undefined;
    this.#hasExpired = true;
    this.#queues[0].wake(EVENT_IN);
  }

  /** Number of expirations since `#deadlineMs`, that one included. */
  #expirations(): number {
    if (this.#intervalMs === 0) return 1;
    const late = Math.max(this.kernel.clock.now() - this.#deadlineMs, 0);
    return 1 + Math.floor(late / this.#intervalMs);
  }

  /** timerfd_gettime(2). */
  setting(): TimerSetting {
    const { clock } = this.kernel;
    const intervalMs = this.#intervalMs;
    if (!this.#hasExpired) {
      const leftMs = this.#scheduled === undefined ? 0 : this.#deadlineMs - clock.now();
      return { leftMs, intervalMs };
    }
    if (intervalMs === 0) return { leftMs: 0, intervalMs };
    return {
      leftMs: this.#deadlineMs + this.#expirations() * intervalMs - clock.now(),
      intervalMs,
    };
  }

  poll(): number {
    return this.#hasExpired ? EVENT_IN : 0;
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  override read(buffer: Uint8Array, size: number): number {
    if (size < SIZE) return -EINVAL;
    if (!this.#hasExpired) return -EAGAIN;
    const count = this.#expirations();
    const view = new DataView(buffer.buffer, buffer.byteOffset, SIZE);
    view.setUint32(0, count, true);
    view.setUint32(4, count / 2 ** 32, true);
    this.#hasExpired = false;
    if (this.#intervalMs > 0) {
      this.#deadlineMs += count * this.#intervalMs;
      this.#start();
    }
    return SIZE;
  }

  override describe(): Record<string, unknown> {
    return { ...this.setting(), expirations: this.#hasExpired ? this.#expirations() : 0 };
  }

  override release(): void {
    this.disarm();
  }
}
