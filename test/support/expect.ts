// Shared by tests: expectations about errors, and signals that come during a wait.

import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import type { Signal } from "../../bindings/sim/arguments.ts";
import type { Sim } from "../../bindings/sim/sim.ts";
import { DEADLINE_MS, IS_VIRTUAL, sim } from "./world.ts";

type ErrorClass = abstract new (...args: never[]) => Error;

/** Asserts that `body` throws an instance of exactly `Class`, with `code` if it is an OSError's. */
export function throws(body: () => unknown, Class: ErrorClass, code?: string): Error {
  let thrown: unknown;
  try {
    body();
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown instanceof Error, `nothing was thrown, ${Class.name} was expected`);
  const error = thrown as Error & { code?: string };
  assert.is(error.constructor, Class, `${error.name} instead of ${Class.name}: ${error.message}`);
  if (code !== undefined) assert.is(error.code, code);
  return error;
}

/**
 * Asserts that a call took `least` ms or more, and less than `most` on a virtual clock, where no other work
 * takes time. On a clock of the machine the limit is a minute.
 */
export function assertTook(ms: number, least: number, most: number): void {
  const limit = IS_VIRTUAL ? most : DEADLINE_MS + least;
  assert.ok(ms >= least && ms < limit, `${ms} ms, which is not from ${least} to ${limit}`);
}

export { inThread, timed } from "./world.ts";

/** Sends this process `signal` `times` times, every `ms`, from a child process. */
export function signalled(signal: string, ms: number, times = 1): ChildProcess {
  if (sim !== undefined) return signalledBy(sim, signal, ms, times);
  const seconds = (ms / 1000).toFixed(3);
  const script = `for i in $(seq ${times}); do sleep ${seconds}; kill -${signal} ${process.pid}; done`;
  return spawn("sh", ["-c", script], { stdio: "ignore" });
}

/** Whether the program that `signalled` started is running, also while this event loop is blocked. */
export function isRunning(sender: ChildProcess): boolean {
  if (sim !== undefined) return true;
  const stat = readFileSync(`/proc/${sender.pid}/stat`, "utf8");
  return stat[stat.lastIndexOf(")") + 2] !== "Z";
}

/** `signalled` on a simulated kernel, where the program gets an empty handler unless it has one. */
function signalledBy(kernel: Sim, name: string, ms: number, times: number): ChildProcess {
  const signal = (name.startsWith("SIG") ? name : `SIG${name}`) as Signal;
  if (!kernel.signals.isHandled(signal)) kernel.signals.on(signal, () => {});
  const { program } = kernel.processes;
  const begun = kernel.now();
  const sender = new EventEmitter();
  const end = (): void => queueMicrotask(() => sender.emit("exit"));
  const plans = Array.from({ length: times }, (_, i) =>
    kernel.at(begun + ((i + 1) * ms) / 1000, () => {
      program.kill(signal);
      if (i === times - 1) end();
    }),
  );
  const kill = (): void => {
    for (const plan of plans) plan.cancel();
    end();
  };
  return Object.assign(sender, { kill }) as unknown as ChildProcess;
}
