// Sleeps for 2 s in a runtime, or without one, and prints the nanoseconds of processor time that the sleep took:
// node dist/bench/wasi-sleeper.js CONTESTANT. "begin" and "end" on standard error are for strace.

import { writeSync } from "node:fs";
import { pipe } from "../bindings/node/os.ts";
import { refusalOf, startLoop } from "./wasi-guest.ts";

export const SLEEP_MS = 2000;
const NS_PER_MS = 1_000_000n;
const [, , name = ""] = process.argv;

/** A function that sleeps; or why the runtime cannot. */
async function makeSleep(): Promise<(() => void) | string> {
  if (name === "Atomics.wait") {
    const word = new Int32Array(new SharedArrayBuffer(4));
    return () => void Atomics.wait(word, 0, 0, SLEEP_MS);
  }
  const loop = await startLoop(name, pipe()[0]);
  // The first call of a function compiles it.
  loop.subscribe_clock(1n);
  const first = refusalOf(loop);
  if (first !== undefined && !/no event/.test(first)) return first;
  loop.subscribe_clock(BigInt(SLEEP_MS) * NS_PER_MS);
  return () => void loop.poll_times(1);
}

if (name !== "") {
  const sleep = await makeSleep();
  if (typeof sleep === "string") process.stdout.write(sleep);
  else {
    // The compilers have finished.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = process.cpuUsage();
    const start = performance.now();
    writeSync(2, "begin\n");
    sleep();
    writeSync(2, "end\n");
    const { user, system } = process.cpuUsage(before);
    const slept = performance.now() - start;
    process.stdout.write(
      slept < SLEEP_MS ? `it sleeps ${slept} ms` : String((user + system) * 1000),
    );
  }
}
