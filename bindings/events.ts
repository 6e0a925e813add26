// The results of a wait: ready records as pairs of descriptor and mask.

import { READY_RECORD_SIZE } from "../asm/abi.ts";
import type { Core } from "./core.ts";
import { show, ValueError } from "./errors.ts";

/** A descriptor and its event mask. */
export type Event = [fd: number, event: number];

/** Words per pair in the array of `pollInto`. */
export const PAIR = READY_RECORD_SIZE / 4;

/** Reads the `count` ready records at `address`. Bit 31 is never set in the mask of a host. */
export function eventsAt(core: Core, address: number, count: number): Event[] {
  if (count === 0) return [];
  const words = core.words();
  let at = address >>> 2;
  // The usual case. V8 makes an array literal faster than an array of a length.
  if (count === 1) return [[words[at] as number, words[at + 1] as number]];
  const events: Event[] = new Array(count);
  for (let i = 0; i < count; i++, at += PAIR) {
    events[i] = [words[at] as number, words[at + 1] as number];
  }
  return events;
}

/** From this many numbers on, a block move is faster than a loop. */
const BLOCK = 64;

/** Copies the `count` ready records at `address` to `out`. Allocates at most one view of memory. */
export function copyEvents(core: Core, address: number, count: number, out: Int32Array): void {
  const words = core.words();
  const start = address >>> 2;
  const length = count * PAIR;
  if (length >= BLOCK) {
    out.set(words.subarray(start, start + length));
    return;
  }
  for (let i = 0; i < length; i++) out[i] = words[start + i] as number;
}

/** Returns the number of pairs that fit into `out`. */
export function capacityOf(out: unknown): number {
  if (!(out instanceof Int32Array)) {
    throw new TypeError(`out must be an Int32Array, got ${show(out)}`);
  }
  if (out.length < PAIR) {
    throw new ValueError(`out must have at least ${PAIR} elements, got ${out.length}`);
  }
  return Math.floor(out.length / PAIR);
}
