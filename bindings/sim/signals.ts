// Signals of a simulated process.

import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { isUncatchable, nameOfSignal } from "../../host/sim/process/signal-numbers.ts";
import { sigwait } from "../../host/sim/process/sigwait.ts";
import type { Disposition, Signals } from "../../host/sim/process/signals.ts";
import { EINVAL } from "../../asm/abi.ts";
import { checkedCall, type Signal, signalNumberOf, throwFailure } from "./arguments.ts";

/** What one process does with signals. */
export class SimSignals {
  readonly #kernel: Kernel;
  readonly #signals: Signals;

  constructor(kernel: Kernel, signals: Signals) {
    this.#kernel = kernel;
    this.#signals = signals;
  }

  #set(signal: Signal, disposition: Disposition): void {
    const number = signalNumberOf(signal);
    const result = isUncatchable(number) && disposition !== "default" ? -EINVAL : 0;
    checkedCall(this.#kernel, result, "sigaction", nameOfSignal(number));
    this.#signals.setDisposition(number, disposition);
  }

  /**
   * Calls `handler` with the number of the signal whenever it comes. What it throws, the call throws
   * that was blocked or sent the signal.
   *
   * @throws {OSError} EINVAL for SIGKILL and SIGSTOP
   */
  on(signal: Signal, handler: (signal: number) => void): void {
    this.#set(signal, handler);
  }

  /** Whether a handler is called when the signal comes. */
  isHandled(signal: Signal): boolean {
    return typeof this.#signals.disposition(signalNumberOf(signal)) === "function";
  }

  /** Ignores a signal. @throws {OSError} EINVAL for SIGKILL and SIGSTOP */
  ignore(signal: Signal): void {
    this.#set(signal, "ignore");
  }

  /** Takes the default action from now on: for most signals, that is the end. */
  reset(signal: Signal): void {
    this.#set(signal, "default");
  }

  /** Keeps signals pending from now on. SIGKILL and SIGSTOP are left out. */
  block(...signals: readonly Signal[]): void {
    for (const signal of signals) this.#signals.block(signalNumberOf(signal));
  }

  /** Lets signals come again; those that are pending come now. */
  unblock(...signals: readonly Signal[]): void {
    for (const signal of signals) this.#signals.unblock(signalNumberOf(signal));
    throwFailure(this.#kernel);
  }

  /** Names of the pending signals, the lowest number first. */
  pending(): string[] {
    return this.#signals.pending().map(({ signal }) => nameOfSignal(signal));
  }

  /** Waits until one of these signals, which are blocked, is pending; takes it: sigwait(3). */
  wait(...signals: readonly Signal[]): number {
    const set = new Set(signals.map(signalNumberOf));
    const call = sigwait(this.#signals, set);
    return checkedCall(this.#kernel, this.#kernel.run(call), "sigwait", [...set].join(" "));
  }
}
