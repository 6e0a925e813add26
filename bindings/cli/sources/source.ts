// A source of events, as the wait sees it.

import type { Waiter } from "../waiters.ts";

/** An event of a source. */
export interface Report {
  /** The event in words: "readable", "connected". */
  readonly happened: string;
  /** Whether this is the last event of the source. */
  readonly done: boolean;
  /** Names and bits of the event, if they are not those of the mask that the API reported. */
  readonly events?: readonly string[];
  readonly mask?: number;
  /** More facts for `--json`. */
  readonly details?: Record<string, string | number>;
}

/** One source: a descriptor, a point in time, or both by turns. */
export interface Source {
  /** The source as the command line has it. */
  readonly text: string;
  /** The time of the next call of `expire`, on the clock of performance.now(); Infinity for never. */
  readonly due: number;
  /** The descriptor that the source has registered with the waiter, if any. */
  readonly fd: number | undefined;

  /**
   * Starts the source: opens its descriptor.
   *
   * @throws {UsageError} if the source cannot be opened
   */
  open(waiter: Waiter): void;

  /** Handles the `mask` that the waiter reported for `fd`. Undefined if there is nothing to print. */
  ready(mask: number): Report | undefined;

  /** Handles the time `due`. Undefined if there is nothing to print. */
  expire(): Report | undefined;

  /** Stops the source, and closes its descriptor. */
  close(): void;
}

/** Makes a source from the text behind its kind. @throws {UsageError} if the text is wrong */
export type SourceMaker = (text: string, rest: string) => Source | Promise<Source>;
