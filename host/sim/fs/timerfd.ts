// timerfd (Linux's fs/timerfd.c). A periodic timer goes off once, and again only after it was read
// or set anew: how often it would have gone off meanwhile is reckoned by the read.

import { EAGAIN, EINVAL, EVENT_IN } from "../../../asm/abi.ts";
import type { Scheduled } from "../time/clock.ts";
import { O_RDWR } from "../kernel/constants.ts";
import { File } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { WaitQueue } from "../kernel/wait-queue.ts";

const SIZE = 8;

/** What a timer is set to. */
export interface TimerSetting {
  /** ms until it next goes off; 0 if it is not armed. */
  readonly leftMs: number;
  /** ms from then on between one time and the next; 0 if there is none. */
  readonly intervalMs: number;
}

export class TimerFile extends File {
  readonly name = "timerfd";
  readonly #queues = [new WaitQueue()] as const;
  readonly #expire = (): void => this.#goOff();
  #scheduled: Scheduled | undefined;
  /** ms of the clock of the next time, or of the last one that was noticed; 0 if not armed. */
  #deadlineMs = 0;
  #intervalMs = 0;
  /** Whether it went off since it was set or read. */
  #hasExpired = false;

  /** @param flags O_NONBLOCK or 0 */
  constructor(kernel: Kernel, flags: number) {
    super(kernel, flags | O_RDWR);
  }

  /** Arms it for a time of the clock, at once if that has passed. What it counted is forgotten. */
  arm(deadlineMs: number, intervalMs = 0): void {
    this.disarm();
    this.#deadlineMs = deadlineMs;
    this.#intervalMs = intervalMs;
    this.#start();
  }

  /** Stops it. What it counted is forgotten. */
  disarm(): void {
    if (this.#scheduled !== undefined) this.kernel.clock.cancel(this.#scheduled);
    this.#scheduled = undefined;
    this.#deadlineMs = 0;
    this.#intervalMs = 0;
    this.#hasExpired = false;
  }

  #start(): void {
    const { clock } = this.kernel;
    if (this.#deadlineMs <= clock.now()) this.#goOff();
    else this.#scheduled = clock.schedule(this.#deadlineMs, this.#expire);
  }

  #goOff(): void {
    this.#scheduled = undefined;
    this.#hasExpired = true;
    this.#queues[0].wake(EVENT_IN);
  }

  /** How often it went off since `deadlineMs`, the first time counted. */
  #passed(): number {
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
    return { leftMs: this.#deadlineMs + this.#passed() * intervalMs - clock.now(), intervalMs };
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
    const count = this.#passed();
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
    return { ...this.setting(), expirations: this.#hasExpired ? this.#passed() : 0 };
  }

  override release(): void {
    this.disarm();
  }
}
