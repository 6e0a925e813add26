// Asks a question on standard input and waits for the answer synchronously, but not for ever.
//
//   node dist/examples/prompt-timeout.js "Your name?" 10
//
// Node itself has no such call: fs.readSync(0) cannot give up, throws EAGAIN where somebody made
// standard input non-blocking, and cuts characters and lines wherever a read ends. Here poll()
// says when a read will not block, with what is left of the time.

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

/** What can be read now, empty at the end, or null where another process took it first. */
function readNow(): Buffer | null {
  try {
    return read(STDIN, CHUNK);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "EAGAIN") return null;
    // A terminal that is gone is an end like any other.
    if (code === "EIO" || code === "EBADF") return NOTHING;
    throw error;
  }
}

/** Takes the first line of what is pending, or all of it at the end; null if there is none. */
function takeLine(): string | null {
  const end = pending.indexOf(NEWLINE);
  if (end < 0 && !(ended && pending.length > 0)) return null;
  const line = pending.subarray(0, end < 0 ? pending.length : end);
  pending = end < 0 ? NOTHING : pending.subarray(end + 1);
  // Only whole lines are decoded, so a character that came in two pieces is whole, too.
  return line.toString("utf8").replace(/\r$/, "");
}

/**
 * Asks `question` and waits for a line on standard input. Blocks the thread.
 *
 * What was typed when the time is over is kept, and begins the next answer.
 *
 * @returns the line without its end; null if the time was over, or the input was, before it came.
 * Input that ends without a newline is a line
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
    // A regular file is always ready, and a closed pipe is ready with POLLHUP: read says which.
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
