// signalfd (Linux's fs/signalfd.c): reads pending signals of the process that made the descriptor.

import { EAGAIN, EINVAL, EVENT_IN } from "../../../asm/abi.ts";
import { O_RDWR } from "../kernel/constants.ts";
import { File } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { nameOfSignal } from "../process/signal-numbers.ts";
import type { SignalInfo, Signals } from "../process/signals.ts";
import { KEY_ALL, type WaitQueue } from "../kernel/wait-queue.ts";

// Size and offsets of struct signalfd_siginfo.
const SIZE = 128;
const SIGNAL = 0;
const CODE = 8;
const PID = 12;
const STATUS = 40;

export class SignalFile extends File {
  readonly name = "signalfd";
  readonly #signals: Signals;
  readonly #queues: readonly WaitQueue[];
  #mask: ReadonlySet<number>;

  /** @param flags O_NONBLOCK or 0 */
  constructor(kernel: Kernel, signals: Signals, mask: ReadonlySet<number>, flags: number) {
    super(kernel, flags | O_RDWR);
    this.#signals = signals;
    this.#queues = [signals.queue];
    this.#mask = mask;
  }

  /** The signals that a read takes. */
  get mask(): ReadonlySet<number> {
    return this.#mask;
  }

  set mask(mask: ReadonlySet<number>) {
    this.#mask = mask;
    this.#signals.queue.wake(KEY_ALL);
  }

  poll(): number {
    return this.#signals.hasPending(this.#mask) ? EVENT_IN : 0;
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  override read(buffer: Uint8Array, size: number): number {
    if (size < SIZE) return -EINVAL;
    let done = 0;
    while (done + SIZE <= size) {
      const info = this.#signals.dequeue(this.#mask);
      if (info === undefined) break;
      writeInfo(new DataView(buffer.buffer, buffer.byteOffset + done, SIZE), info);
      done += SIZE;
    }
    return done > 0 ? done : -EAGAIN;
  }

  override describe(): Record<string, unknown> {
    const pending = this.#signals.pending().filter(({ signal }) => this.#mask.has(signal));
    return {
      mask: [...this.#mask].map(nameOfSignal),
      pending: pending.map(({ signal }) => nameOfSignal(signal)),
    };
  }
}

function writeInfo(view: DataView, { signal, code, pid, status }: SignalInfo): void {
  for (let at = 0; at < SIZE; at += 4) view.setUint32(at, 0, true);
  view.setUint32(SIGNAL, signal, true);
  view.setInt32(CODE, code, true);
  view.setUint32(PID, pid, true);
  view.setInt32(STATUS, status, true);
}
