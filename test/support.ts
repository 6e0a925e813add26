// What tests share: expectations about errors, and signals that come during a wait.

import { spawn, type ChildProcess } from "node:child_process";
import * as assert from "uvu/assert";

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

export { inThread, timed } from "./world.ts";

/** Sends this process `signal` `times` times, every `ms`, from a child process. */
export function signalled(signal: string, ms: number, times = 1): ChildProcess {
  const seconds = (ms / 1000).toFixed(3);
  const script = `for i in $(seq ${times}); do sleep ${seconds}; kill -${signal} ${process.pid}; done`;
  return spawn("sh", ["-c", script], { stdio: "ignore" });
}
