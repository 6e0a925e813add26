// Standard output, written synchronously. A command blocks its thread while it waits, so that output
// which Node writes later would come too late.

import { writeSync } from "node:fs";
import { isatty } from "node:tty";

const STDOUT = 1;
const STDERR = 2;
/** Pause before the next write to a descriptor without room, in ms. */
const RETRY_MS = 5;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of `text` to `fd`, which another process may have made non-blocking. */
function writeAll(fd: number, text: string): void {
  let bytes: Uint8Array = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(sleeper, 0, 0, RETRY_MS);
    }
  }
}

/** Writes to standard output. Ends the process quietly if the reader is gone (EPIPE). */
export function print(text: string): void {
  try {
    writeAll(STDOUT, text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EPIPE") process.exit(0);
    throw error;
  }
}

/** Writes to standard error, and ignores a failure. */
export function complain(text: string): void {
  try {
    writeAll(STDERR, text);
  } catch {
    // There is no place left to report the failure.
  }
}

/** Whether standard output shows colours: a terminal, unless NO_COLOR says otherwise. */
export function hasColour(): boolean {
  return isatty(STDOUT) && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb";
}
