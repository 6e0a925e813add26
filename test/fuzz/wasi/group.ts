// What a group of calls gives to the fuzzer.

import type { Guest } from "../../../wasi/guest/guest.ts";
import type { GuestLimits } from "../../../wasi/guest/limits.ts";
import type { GuestTarget } from "../../../wasi/guest/table.ts";
import type { Arena, Range } from "./arena.ts";
import type { Draw } from "./draw.ts";
import type { BoundedHost } from "./surroundings.ts";

/** Functions that a guest imports, by name. */
export type Functions = Readonly<Record<string, (...given: never[]) => unknown>>;

/** One call: its arguments, and the bytes that it may change. */
export interface Call {
  readonly name: string;
  readonly given: ReadonlyArray<number | bigint>;
  /** Asked after the call. */
  wrote(result: number): readonly Range[];
  /** What is wrong about a result, if anything is. */
  fault?(result: number): string | undefined;
  /** Is told of a result that is a new descriptor. */
  opened?(fd: number): void;
}

/** What the calls of one guest act on. */
export interface World {
  readonly draw: Draw;
  /** The memory of the guest. */
  readonly arena: () => Arena;
  /** The memory as the guest's host sees it; undefined before instantiation. */
  readonly memory: () => WebAssembly.Memory;
  readonly bounded: BoundedHost;
  /** Targets of the guest's numbers. */
  readonly targets: ReadonlyMap<number, GuestTarget>;
}

/** The calls of one guest. */
export interface Session {
  readonly guest: Guest;
  readonly functions: Functions;
  /** Draws a call, and writes what it reads to the memory. */
  next(): Call;
}

/** A group of calls, fuzzed together. */
export interface Group {
  readonly name: string;
  /** The results that a call may have. */
  readonly results: readonly [least: number, most: number];
  open(world: World): Session;
}

/** The highest error number of WASI: NOTCAPABLE. */
export const HIGHEST_ERROR = 76;
/** Numbers that the guest opens are from here on. */
export const OPENED = 512;

/** The number of a descriptor: one of the targets, one that the guest opened, or none. */
export function drawFd({ draw, targets }: World): number {
  if (draw.once(10)) return draw.pick(-1, 40, 41, 1000, 2 ** 31 - 1, draw.word());
  return draw.once(6) ? OPENED + draw.below(24) : draw.below(targets.size + 1);
}

/** The number of a directory, as a rule: the first number without a target becomes the guest's preopen. */
export function drawDirectory(world: World): number {
  return world.draw.once(4) ? drawFd(world) : world.targets.size;
}

/** Limits of a guest, or none. */
export function drawLimits({ draw, targets }: World): { limits: GuestLimits } | undefined {
  if (!draw.once(3)) return undefined;
  const limits = { descriptors: targets.size + 8, registrations: 10, callMs: 1, waitMs: 50 };
  return { limits: draw.once(2) ? limits : { callMs: 1 } };
}

/** No bytes. */
export const NOTHING = (): readonly Range[] => [];

/** Bytes of a call that succeeds, whose result is 0. */
export function onSuccess(...ranges: readonly Range[]): (result: number) => readonly Range[] {
  return (result) => (result === 0 ? ranges : []);
}

/** Whether `length` bytes at an address lie in the memory, so that a test may write there. */
export function isInside(arena: Arena, address: number, length: number): boolean {
  return (address < 0 ? address >>> 0 : address) + length <= arena.size;
}
