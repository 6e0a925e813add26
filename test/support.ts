// What tests share: expectations about errors and time, and threads that act during a wait.

import { spawn, type ChildProcess } from "node:child_process";
import { Worker } from "node:worker_threads";
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

/** Result of `body` and how long it took, in ms. */
export function timed<Result>(body: () => Result): { result: Result; ms: number } {
  const start = performance.now();
  const result = body();
  return { result, ms: performance.now() - start };
}

/**
 * Runs `code` in a thread of its own after `ms`; `os`, `select` and `data` are in its scope. The
 * promise resolves once the thread runs and counts the time, and gives another one of its end.
 */
export async function inThread(
  ms: number,
  code: string,
  data: unknown = undefined,
): Promise<{ done: Promise<unknown> }> {
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    (async () => {
      const os = await import(workerData.os);
      const select = await import(workerData.select);
      const data = workerData.data;
      parentPort.postMessage("ready");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms});
      parentPort.postMessage({ result: (() => { ${code} })() });
    })();`;
  const worker = new Worker(source, {
    eval: true,
    workerData: {
      os: new URL("../bindings/node-os.js", import.meta.url).href,
      select: new URL("../bindings/node.js", import.meta.url).href,
      data,
    },
  });
  const done = new Promise<unknown>((resolve, reject) => {
    worker.on("message", (message: unknown) => {
      if (message !== "ready") resolve((message as { result: unknown }).result);
    });
    worker.once("error", reject);
  });
  await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  return { done: done.finally(() => worker.terminate()) };
}

/** Sends this process `signal` `times` times, every `ms`, from a child process. */
export function signalled(signal: string, ms: number, times = 1): ChildProcess {
  const seconds = (ms / 1000).toFixed(3);
  const script = `for i in $(seq ${times}); do sleep ${seconds}; kill -${signal} ${process.pid}; done`;
  return spawn("sh", ["-c", script], { stdio: "ignore" });
}
