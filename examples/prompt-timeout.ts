// Asks a question on standard input and waits for the answer synchronously, but not for ever.
//
//   node dist/examples/prompt-timeout.js "Your name?" 10
//
// Node itself has no such call: fs.readSync(0) cannot give up, throws EAGAIN where another program made
// standard input non-blocking, and cuts characters and lines wherever a read ends. Here poll() says
// when a read will not block, and waits for the rest of the time.

import { writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { poll, POLLIN } from "omnipoll";
import { read } from "omnipoll/os";

const STDIN = 0;
const CHUNK = 4096;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** Bytes behind the last line, for the next question; a pipe or a file gives several at once. */
let pending: Buffer = NOTHING;
let ended = false;

/** The bytes that can be read now: empty at the end, null where another process took them first. */
function readNow(): Buffer | null {
  try {
    return read(STDIN, CHUNK);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "EAGAIN") return null;
    // The terminal is gone: this is the end, too.
    if (code === "EIO" || code === "EBADF") return NOTHING;
    throw error;
  }
}

/** Takes the first pending line, or all pending bytes at the end; null without a line. */
function takeLine(): string | null {
  const end = pending.indexOf(NEWLINE);
  if (end < 0 && !(ended && pending.length > 0)) return null;
  const line = pending.subarray(0, end < 0 ? pending.length : end);
  pending = end < 0 ? NOTHING : pending.subarray(end + 1);
  // Whole lines are decoded, so a character that came in two pieces is whole, too.
  return line.toString("utf8").replace(/\r$/, "");
}

/**
 * Asks `question` and waits for a line on standard input. Blocks the thread.
 *
 * Characters typed before the time is over begin the next answer.
 *
 * @returns the line without its end; null if the time or the input was over before the line came.
 *   Input that ends without a newline is a line
 */
export function prompt(question: string, timeoutSeconds: number): string | null {
  writeSync(1, question);
  const deadline = performance.now() + timeoutSeconds * 1000;
  const input = poll();
  input.register(STDIN, POLLIN);
  for (;;) {
    const line = takeLine();
    if (line !== null || ended) return line;
    const left = deadline - performance.now();
    // A regular file is always ready, and a closed pipe is ready with POLLHUP: read() tells the two apart.
    if (input.poll(Math.max(0, left)).length > 0) {
      const bytes = readNow();
      if (bytes?.length === 0) ended = true;
      else if (bytes !== null) pending = Buffer.concat([pending, bytes]);
    }
    if (left <= 0) return takeLine();
  }
}

function main(): void {
  const [question = "What is your name?", seconds = "5"] = process.argv.slice(2);
  const answer = prompt(`${question} `, Number(seconds));
  if (answer === null) {
    console.log(ended ? "\nThe input is over." : `\nNo answer in ${seconds} s.`);
    process.exitCode = 1;
  } else {
    console.log(`Answer: ${answer}`);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
