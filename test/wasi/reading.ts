// How tests read sources, and wait for them.

import { EVENT_IN } from "../../asm/abi.ts";
import type { Source } from "../../wasi/source.ts";

const text = new TextDecoder();

/** The bytes of a text. */
export function bytes(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value);
}

/** At most `size` bytes of a source as a string, or a negative errno. */
export function read(source: Source, size = 100): string | number {
  const buffer = new Uint8Array(size);
  const count = source.read(buffer);
  return count < 0 ? count : text.decode(buffer.subarray(0, count));
}

/** Waits for all of `events`, with `watch` alone. */
export async function until(source: Source, events: number): Promise<void> {
  while ((source.ready() & events) !== events) {
    const ends: Array<() => void> = [];
    await new Promise<void>((resolve) => ends.push(source.watch(resolve)));
    for (const end of ends) end();
  }
}

/** Reads everything, in small parts. */
export async function readAll(source: Source): Promise<string> {
  let all = "";
  for (;;) {
    await until(source, EVENT_IN);
    const part = read(source, 4);
    if (typeof part === "number") throw new Error(`read: ${part}`);
    if (part === "") return all;
    all += part;
  }
}
