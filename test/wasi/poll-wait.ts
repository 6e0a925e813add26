// wasi/guests/poll-wait.c: what it prints, and the thread that its standard input comes from.

import * as os from "../../bindings/node/os.ts";
import type { Scope } from "../support/descriptors.ts";
import { inThread } from "../support/expect.ts";

/** The lines of the files that are its arguments stand between the two. */
const IDLE = `idle: poll 1 in 0 out 1
timeout: poll 0
timeout: select 0 in 0
many: poll 300
`;
const WOKEN = `woken: poll 1 in 1: hello
end: select 1 in 1, read 0
`;

/** What it prints, with a line for each file. */
export function waited(...files: readonly string[]): string {
  return IDLE + files.map((line) => `${line}\n`).join("") + WOKEN;
}

const SCRIPT = `
  for (let seen = ""; !seen.includes("waiting"); ) seen += os.read(data.from, 64).toString();
  os.write(data.into, "hello");
  os.close(data.into);`;

/**
 * Standard streams for the program. Another thread writes "hello" to its standard input, and closes it, when the program
 * waits for that. `output` returns what the program has printed, once it has ended.
 */
export async function waitingStreams(s: Scope) {
  const [stdin, into] = os.pipe();
  const [from, stderr] = os.pipe();
  const [printed, stdout] = s.pipe();
  for (const fd of [stdin, from, stderr]) s.own(fd);
  // A program that fails does not say so: the thread ends all the same.
  s.onEnd(() => void os.write(stderr, "waiting"));
  const { done } = await inThread(0, SCRIPT, { from, into });
  async function output(): Promise<string> {
    await done;
    return os.read(printed, 65_536).toString();
  }
  return { streams: { stdin, stdout, stderr }, output };
}
