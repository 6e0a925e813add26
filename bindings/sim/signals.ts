// The signals of a simulated process.

import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { isUncatchable, nameOfSignal } from "../../host/sim/process/signal-numbers.ts";
import { sigwait } from "../../host/sim/process/sigwait.ts";
import type { Disposition, Signals } from "../../host/sim/process/signals.ts";
import { EINVAL } from "../../asm/abi.ts";
import { checkedCall, functionOf, type Signal, signalNumberOf, throwFailure } from "./arguments.ts";

/**
 * Dispositions, blocked and pending signals of one process. A signal is a name ("SIGTERM") or a number
 * from 1 to 64.
 */
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
   * Calls `handler` with the number of the signal at each delivery. An error of the handler is thrown
   * by the call that the signal interrupted, or by the call that sent the signal.
   *
   * @throws {ValueError} for a signal that does not exist
   * @throws {TypeError} if `handler` is not a function
   * @throws {OSError} EINVAL for SIGKILL and SIGSTOP
   * @see https://man7.org/linux/man-pages/man2/sigaction.2.html
   */
  on(signal: Signal, handler: (signal: number) => void): void {
    this.#set(signal, functionOf(handler, "handler"));
  }

  /** Whether the signal has a handler. @throws {ValueError} for a signal that does not exist */
  isHandled(signal: Signal): boolean {
    return typeof this.#signals.disposition(signalNumberOf(signal)) === "function";
  }

  /** Ignores a signal (SIG_IGN). @throws {OSError} EINVAL for SIGKILL and SIGSTOP */
  ignore(signal: Signal): void {
    this.#set(signal, "ignore");
  }

  /** Restores the default action of a signal (SIG_DFL), which for most signals ends the process. */
  reset(signal: Signal): void {
    this.#set(signal, "default");
  }

  /**
   * Blocks signals: they stay pending until they are unblocked. SIGKILL and SIGSTOP cannot be blocked
   * and are skipped.
   */
  block(...signals: readonly Signal[]): void {
    for (const signal of signals) this.#signals.block(signalNumberOf(signal));
  }

  /**
   * Unblocks signals and delivers the pending ones. @throws the error of a handler; TerminatedError if
   * one ends the program
   */
  unblock(...signals: readonly Signal[]): void {
    for (const signal of signals) this.#signals.unblock(signalNumberOf(signal));
    throwFailure(this.#kernel);
  }

  /** Names of the pending signals, the lowest number first. */
  pending(): string[] {
    return this.#signals.pending().map(({ signal }) => nameOfSignal(signal));
  }

  /**
   * Waits until one of these signals, which should be blocked, is pending, and takes the signal off the
   * pending ones. Blocks the program.
   *
   * @returns the number of the signal
   * @throws {DeadlockError} in virtual time, if nothing can ever send one
   * @see https://man7.org/linux/man-pages/man3/sigwait.3.html
   */
  wait(...signals: readonly Signal[]): number {
    const set = new Set(signals.map(signalNumberOf));
    const call = sigwait(this.#signals, set);
    return checkedCall(this.#kernel, this.#kernel.run(call), "sigwait", [...set].join(" "));
  }
}
