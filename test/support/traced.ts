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

/** Whether strace is installed and may trace. */
export const isThere = strace("-o", "/dev/null", "true").status === 0;
if (!isThere) process.stdout.write("skip: strace is not installed or may not trace here\n");

/** Calls of V8 for its memory and its other threads, which come at any time. */
const HOUSEKEEPING = /^(madvise|mmap|munmap|mprotect|futex|brk|getpid|sched_yield|membarrier)\(/;

/**
 * Runs a compiled script that announces its calls (announced.ts); returns the system calls of the main thread
 * for each name.
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
