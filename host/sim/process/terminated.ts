// The error of a signal that ends the program.

import { nameOfSignal } from "./signal-numbers.ts";

/** A signal without a handler arrived whose default action ends the program: a real kernel would end it. */
export class TerminatedError extends Error {
  static {
    this.prototype.name = "TerminatedError";
  }
  readonly signal: number;

  constructor(signal: number) {
    super(`${nameOfSignal(signal)} arrived, which ends a program that does not handle it`);
    this.signal = signal;
  }
}
