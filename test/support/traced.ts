// System calls of a script, counted by strace.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { mkdtempSync, rmSync } from "./files.ts";

function strace(...given: string[]): { status: number | null; stderr: string } {
  const env = { ...process.env };
  // Sanitizers do not live in a process that is traced.
  delete env["LD_PRELOAD"];
  delete env["OMNIPOLL_ADDON"];
  return spawnSync("strace", given, { encoding: "utf8", env, timeout: 60_000 });
}

/** Whether system calls can be counted here. */
export const isThere = strace("-o", "/dev/null", "true").status === 0;
if (!isThere) process.stdout.write("skip: strace is not installed or may not trace here\n");

/** Calls that the memory of V8 and its other threads need now and then. */
const HOUSEKEEPING = /^(madvise|mmap|munmap|mprotect|futex|brk|getpid|sched_yield|membarrier)\(/;

/**
 * Runs a compiled script, which names its calls with lines `begin name` and `end name` on
 * standard error: the system calls of its main thread between those lines.
 */
export function traced(path: URL): Map<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  const log = join(folder, "log");
  const script = fileURLToPath(path);
  const { status, stderr } = strace("-f", "-s", "80", "-o", log, process.execPath, script);
  assert.is(status, 0, stderr);
  const lines = readFileSync(log, "utf8").split("\n");
  rmSync(folder, { recursive: true });
  const thread = lines.find((line) => line.includes('write(2, "begin'))?.split(" ")[0];

  const calls = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of lines) {
    const [, from, call] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (from !== thread || call === undefined) continue;
    const [, rest] = /^<\.\.\. \w+ resumed>(.*)$/.exec(call) ?? [];
    const [, edge, what] = /^write\(2, "(begin|end) (.*)\\n"/.exec(call) ?? [];
    if (edge === "begin") calls.set(what as string, (current = []));
    else if (edge === "end") current = undefined;
    else if (current === undefined) continue;
    else if (rest !== undefined) {
      // The rest of the line that named the call may come after lines of other threads.
      const begun = current.pop();
      if (begun !== undefined) current.push(begun + rest);
    } else current.push(call.replace(/ <unfinished \.\.\.>$/, ""));
  }
  for (const [what, made] of calls) {
    calls.set(
      what,
      made.filter((call) => !HOUSEKEEPING.test(call)),
    );
  }
  return calls;
}
