// Processes for the tests of EVFILT_PROC.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  KQ_EV_CLEAR,
  KQ_EV_EOF,
  KQ_EV_ONESHOT,
  KQ_FILTER_PROC,
  KQ_NOTE_EXIT as EXIT,
} from "../../bindings/node/select.ts";
import { blockUntil } from "../support/world.ts";
import { type Seen } from "./filters.ts";

/** The environment without the sanitizers of `.ci/run`, which report the leaks of a killed shell. */
export const env = { ...process.env, LD_PRELOAD: "" };

/** A shell that waits for a line before it runs the script; Node reaps it in the event loop only. */
export function shell(script: string): { child: ChildProcess; pid: number; go(): void } {
  const child = spawn("sh", ["-c", `read line; ${script}`], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  return { child, pid: child.pid ?? 0, go: () => void child.stdin?.write("\n") };
}

/** Exit code or signal of a child, as Node reaps it. */
export function reaped(child: ChildProcess): Promise<unknown[]> {
  return once(child, "close");
}

/** Blocks until the first thread of a process is a zombie, or the process has been reaped. */
export function untilEnded(pid: number): void {
  blockUntil(() => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return stat[stat.lastIndexOf(")") + 2] === "Z";
    } catch {
      return true;
    }
  });
}

/** Lets Node's event loop run, which writes the bytes that `go` sends. */
export function flushed(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The event of the end of a process, with its status as waitpid(2) has it. */
export function exit(pid: number, status: number, fflags = EXIT): Seen {
  return [pid, KQ_FILTER_PROC, KQ_EV_CLEAR | KQ_EV_ONESHOT | KQ_EV_EOF, fflags, status];
}
