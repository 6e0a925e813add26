// Standard output, written synchronously: a command waits with its thread blocked, so nothing that
// Node would write later would be seen in time.

import { writeSync } from "node:fs";
import { isatty } from "node:tty";

const STDOUT = 1;
const STDERR = 2;
/** How long to leave alone a descriptor that has no room, in ms. */
const PAUSE = 5;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes everything to `fd`, which others may have made non-blocking. */
function writeAll(fd: number, text: string): void {
  let bytes: Uint8Array = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(sleeper, 0, 0, PAUSE);
    }
  }
}

/** Writes to standard output. Ends the process quietly if nobody reads it any more. */
export function print(text: string): void {
  try {
    writeAll(STDOUT, text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EPIPE") process.exit(0);
    throw error;
  }
}

/** Writes to standard error, if that can be written to. */
export function complain(text: string): void {
  try {
    writeAll(STDERR, text);
  } catch {
    // There is nowhere left to say so.
  }
}

/** Whether standard output shows colours: a terminal, unless NO_COLOR says otherwise. */
export function hasColour(): boolean {
  return isatty(STDOUT) && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
}
