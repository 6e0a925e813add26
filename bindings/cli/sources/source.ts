// What a source is to the wait.

import type { Waiter } from "../waiters.ts";

/** Something that happened to a source. */
export interface Report {
  /** In words, for people: "readable", "connected". */
  readonly happened: string;
  /** Whether nothing can come from the source any more. */
  readonly done: boolean;
  /** Names and bits of what came, where that is not the mask of the API. */
  readonly events?: readonly string[];
  readonly mask?: number;
  /** What else there is to know, for `--json`. */
  readonly details?: Record<string, string | number>;
}

/** One thing to wait for: a descriptor, a point in time, or both by turns. */
export interface Source {
  /** As it was given. */
  readonly text: string;
  /** When `expire` is to be called, on the clock of performance.now(); Infinity for never. */
  readonly due: number;
  /** Descriptor that the source has at the waiter now, if it has one. */
  readonly fd: number | undefined;

  /**
   * Starts: opens what is waited for.
   *
   * @throws {UsageError} if that cannot be had
   */
  open(waiter: Waiter): void;

  /** The waiter reported `mask` for `fd`. Nothing is returned if that is not worth a line. */
  ready(mask: number): Report | undefined;

  /** The time is `due`. */
  expire(): Report | undefined;

  /** Stops, and closes what was opened. */
  close(): void;
}

/** Makes a source of what follows its kind on the command line. @throws {UsageError} */
export type SourceMaker = (text: string, rest: string) => Source | Promise<Source>;
