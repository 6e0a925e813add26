// A case of the probe: what the guest wasi/guests/probe.c subscribes to, and what a right poll_oneoff answers.

import type { Scope } from "../../support/descriptors.ts";

/** A number of bytes: that one, more than none, or any. */
export type Bytes = number | "some" | "any";

/** An event: user data, type, error, bytes, flags. */
export type Expected = readonly [
  userdata: bigint | number,
  type: number,
  error: number,
  bytes: Bytes,
  flags: number,
];

/** The answer to one call: its error, or its events. */
export interface Answer {
  /** Ours first; others that no specification forbids may follow. */
  readonly errors?: readonly number[];
  readonly events?: readonly Expected[];
  /** Events that may follow these. */
  readonly maybe?: readonly Expected[];
  /** Instead of events: that many, all like the first, with user data 0, 1, 2 … */
  readonly same?: number;
  /** The call may not end before so many ms. */
  readonly atLeastMs?: number;
}

export interface Case {
  readonly name: string;
  /** Where the right answer comes from. */
  readonly source: string;
  /** The arguments of the guest, with spaces between. */
  readonly given: string;
  readonly answers: readonly Answer[];
  /** Opens the descriptors of the host that the guest has as 0, 2, 5, 6, 7. */
  readonly open?: (s: Scope) => readonly number[] | Promise<readonly number[]>;
  /** The guest's number of a descriptor that the host closes before the guest runs. */
  readonly closes?: number;
  /** Whether unused bytes of events must be 0, and those of the array behind the events kept, in any runtime. */
  readonly isExact?: true;
  /** Whether the thread must sleep: less than half of the time may be processor time. */
  readonly isIdle?: true;
  /** A difference from the default of createPollOneoff. */
  readonly badf?: "call";
  /** What only the kernel of this machine has. */
  readonly needs?: string;
}

/** The numbers of the guest for what `open` returns. */
export const NUMBERS = [0, 2, 5, 6, 7] as const;
/** A number of the guest that is not open. */
export const CLOSED = 9;

export const BADF = 8;
export const CONNREFUSED = 14;
export const FAULT = 21;
export const INVAL = 28;
export const NOMEM = 48;
export const OVERFLOW = 61;
export const PIPE = 64;
export const HANGUP = 1;

export function clock(userdata: bigint | number, error = 0): Expected {
  return [userdata, 0, error, 0, 0];
}

export function read(userdata: bigint | number, bytes: Bytes, flags = 0, error = 0): Expected {
  return [userdata, 1, error, bytes, flags];
}

export function write(
  userdata: bigint | number,
  bytes: Bytes = "some",
  flags = 0,
  error = 0,
): Expected {
  return [userdata, 2, error, bytes, flags];
}

/** One call with these events. */
export function events(...list: readonly Expected[]): readonly Answer[] {
  return [{ events: list }];
}

/** One call that fails. */
export function fails(...errors: readonly number[]): readonly Answer[] {
  return [{ errors }];
}

/** One call that ends with a clock's event, after `ms` at the earliest. */
export function after(ms: number, ...list: readonly Expected[]): readonly Answer[] {
  return [{ events: list, atLeastMs: ms }];
}
