// What a sleep of 2 s costs: processor time and system calls, each contestant in a process of its own.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Result, type Skip, summary } from "./harness.ts";
import { RUNTIMES } from "./wasi-guest.ts";

const PROGRAM = fileURLToPath(new URL("wasi-sleeper.js", import.meta.url));
const NAMES = [...Object.keys(RUNTIMES), "Atomics.wait"];
const FLAGS = ["--disable-warning=ExperimentalWarning", PROGRAM];

/** Nanoseconds of processor time of one sleep, or why there was none. */
function sleepOnce(name: string): number | string {
  const { stdout, status } = spawnSync(process.execPath, [...FLAGS, name], { encoding: "utf8" });
  if (status !== 0) return `ended with status ${status}`;
  return /^\d+$/.test(stdout) ? Number(stdout) : stdout;
}

/** The system calls of the thread that sleeps; undefined where strace is not there. */
function callsOf(name: string): number | undefined {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  const log = join(folder, "log");
  const { status } = spawnSync("strace", ["-f", "-o", log, process.execPath, ...FLAGS, name]);
  const lines = status === 0 ? readFileSync(log, "utf8").split("\n") : [];
  rmSync(folder, { recursive: true });
  const begin = lines.findIndex((line) => line.includes('write(2, "begin'));
  const thread = lines[begin]?.split(" ")[0];
  if (thread === undefined) return undefined;
  const own = lines.slice(begin + 1).filter((line) => line.split(" ")[0] === thread);
  const end = own.findIndex((line) => line.includes('write(2, "end'));
  return own.slice(0, end).filter((line) => !line.includes(" resumed>")).length;
}

/** The case, with so many sleeps of each contestant. */
export function asleepResult(rounds: number): Result {
  const skipped: Skip[] = [];
  const times = new Map<string, number[]>(NAMES.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, own] of times) {
      const ns = sleepOnce(name);
      if (typeof ns === "number") own.push(ns);
      else {
        skipped.push({ name, reason: ns });
        times.delete(name);
      }
    }
  }
  const timings = [...times].map(([name, roundsNs]) => summary(name, 11, roundsNs));
  const systemCalls = callsOf("omnipoll in node:wasi");
  return {
    group: "wasi-asleep",
    call: "poll_oneoff",
    setting: "asleep for 2 s, processor time",
    parameters: systemCalls === undefined ? {} : { systemCalls },
    timings,
    skipped,
  };
}
