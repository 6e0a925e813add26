// Arguments of SimFiles: the flags of open(2), and the modes of a terminal.

import {
  O_APPEND,
  O_CREAT,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
} from "../../host/sim/kernel/constants.ts";
import type { TerminalMode } from "../../host/sim/fs/pty.ts";
import { intOf } from "../arguments.ts";
import { show, ValueError } from "../errors.ts";
import { booleanOf, entriesOf, wholeOf } from "./arguments.ts";

/** Flags of `open`: a string as in Node's fs, or O_* bits of Linux. */
export type OpenFlags = "r" | "r+" | "w" | "w+" | "wx" | "a" | "a+" | "ax" | number;

const FLAGS = new Map<string, number>([
  ["r", O_RDONLY],
  ["r+", O_RDWR],
  ["w", O_WRONLY | O_CREAT | O_TRUNC],
  ["w+", O_RDWR | O_CREAT | O_TRUNC],
  ["wx", O_WRONLY | O_CREAT | O_EXCL],
  ["a", O_WRONLY | O_CREAT | O_APPEND],
  ["a+", O_RDWR | O_CREAT | O_APPEND],
  ["ax", O_WRONLY | O_CREAT | O_APPEND | O_EXCL],
]);

/** O_* bits of the flags of `open`. */
export function openBits(flags: unknown): number {
  if (typeof flags === "string") {
    const bits = FLAGS.get(flags);
    if (bits !== undefined) return bits;
    const known = [...FLAGS.keys()].join(", ");
    throw new ValueError(`flags must be one of ${known}, or O_* bits, got ${show(flags)}`);
  }
  return intOf(flags, "flags");
}

const MODES: readonly string[] = ["canonical", "echo", "vmin", "newlines"] satisfies Array<
  keyof TerminalMode
>;

/** Bytes that VMIN counts at most: c_cc is an unsigned char. */
const VMIN_MAX = 255;

/** Refuses unknown modes of a terminal and values of the wrong type or out of range. */
export function checkMode(mode: TerminalMode): void {
  for (const [name, value] of entriesOf(mode, "mode", MODES)) {
    if (name === "vmin") wholeOf(value, "mode.vmin", 0, VMIN_MAX);
    else booleanOf(value, `mode.${name}`);
  }
}
