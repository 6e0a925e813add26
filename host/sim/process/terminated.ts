// What a simulation says of a signal that ends the program.

import { nameOfSignal } from "./signal-numbers.ts";

/** A signal came that nobody handles: on a real kernel the program would be gone. */
export class TerminatedError extends Error {
  static {
    this.prototype.name = "TerminatedError";
  }
  readonly signal: number;

  constructor(signal: number) {
    super(`${nameOfSignal(signal)} came, which ends a program that does not handle it`);
    this.signal = signal;
  }
}
