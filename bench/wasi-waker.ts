// A thread that writes a byte to a pipe a while after it is told to, and notes when it did.

import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { cpus } from "node:os";
import { basename } from "node:path";
import { workerData } from "node:worker_threads";
import { write } from "../bindings/node/os.ts";
import { BYTE } from "./pipes.ts";

/** 0 while there is nothing to do, 1 to write, 2 to end. */
export const TOLD = 0;
export const WRITE = 1;
export const END = 2;
/** Milliseconds until the other thread sleeps. */
const UNTIL_ASLEEP_MS = 1;

const data = workerData as {
  readonly words: Int32Array;
  readonly time: BigInt64Array;
  readonly fd: number;
};

/**
 * Moves this thread to the other CPUs, where the events that a program waits for come from: a thread on the CPU of
 * the one that waits would measure how the kernel switches between both.
 */
function leaveCpu(): void {
  const task = basename(readlinkSync("/proc/thread-self"));
  const own = /^Cpus_allowed_list:\s+(\d+)$/m.exec(
    readFileSync("/proc/thread-self/status", "utf8"),
  );
  const others = cpus().flatMap((_, cpu) => (String(cpu) === own?.[1] ? [] : [cpu]));
  if (own !== null && others.length > 0) spawnSync("taskset", ["-p", "-c", others.join(), task]);
}

/** Does what it is told, until it is told to end. */
export function serve({ words, time, fd }: typeof data): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    Atomics.wait(words, TOLD, 0);
    if (Atomics.exchange(words, TOLD, 0) === END) return;
    Atomics.wait(never, 0, 0, UNTIL_ASLEEP_MS);
    time[0] = process.hrtime.bigint();
    write(fd, BYTE);
  }
}

if (data !== null && "words" in data) {
  leaveCpu();
  serve(data);
}
