// The kernel on which a test runs: that of this machine or a simulated one (`OMNIPOLL_HOST`). A test lets time
// pass and acts during a wait through the functions here, so that it is the same test on every host.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { CAPABILITY_EPOLL, CAPABILITY_KQUEUE, ENOSYS } from "../../asm/abi.ts";
import { host } from "../../bindings/node/select.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import { coreModule } from "../../bindings/node/host.ts";
import type { Signal } from "../../bindings/sim/arguments.ts";
import { VirtualClock } from "../../host/sim/time/clock.ts";
import type { SimHost } from "../../host/sim/waist/host.ts";

/** The simulated kernel under test; undefined on a real one. */
export const sim: Sim | undefined =
  "kernel" in host ? new Sim(coreModule(), { kernel: (host as SimHost).kernel }) : undefined;

/**
 * Whether the core makes edges from states, over poll(2). omnipoll/os informs such a core of the calls of this
 * program.
 */
export const OBSERVES = (host.capabilities() & (CAPABILITY_EPOLL | CAPABILITY_KQUEUE)) === 0;

/** Whether the kernel has kqueue, so that the core does not translate it. */
export const HAS_KQUEUE = sim?.kernel.personality === "bsd";

/** Ends a test on a host whose queues take no events of other threads, before it waits for one. */
export function needPosts(): void {
  if (!HAS_KQUEUE && host.post_open(-1) === -ENOSYS)
    throw new Error("no posts of other threads on this host");
}

/** The answer of kqueue: the core's, or FreeBSD's own where the two differ. */
export function answered<Answer>(byCore: Answer, byFreeBSD: Answer): Answer {
  return HAS_KQUEUE ? byFreeBSD : byCore;
}

/** Whether time passes only while something waits, so that every duration is exact. */
export const IS_VIRTUAL = sim?.kernel.clock instanceof VirtualClock;

/** Seconds within which an awaited event comes, also on a busy machine. */
export const DEADLINE = 60;
/** The same in milliseconds. */
export const DEADLINE_MS = DEADLINE * 1000;
/** Timeout in seconds of a wait that must end before it. */
export const BEYOND_DEADLINE = 2 * DEADLINE;

/** Blocks this thread for `ms`. */
export function sleep(ms: number): void {
  if (sim === undefined) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  else sim.advance(ms / 1000);
}

/** Lets time pass on a simulated kernel, whose time stands still while the program runs. */
export function tick(ms: number): void {
  if (sim !== undefined) sim.advance(ms / 1000);
}

/** Milliseconds on the clock that waits are measured by. */
export function clockMs(): number {
  return sim === undefined ? performance.now() : sim.kernel.clock.now();
}

/** Milliseconds since 1970 on the clock that people set. */
export function dateMs(): number {
  return sim === undefined ? Date.now() : Math.floor(sim.kernel.realtime());
}

/** Number of the process that runs the test. */
export const OWN_PID = sim === undefined ? process.pid : sim.processes.program.pid;

/** A regular file that exists and is not empty. */
export const SOME_FILE =
  sim === undefined
    ? fileURLToPath(new URL("../../../package.json", import.meta.url))
    : "/etc/passwd";

/** Blocks this thread until `holds`, for a minute at most; returns whether it holds. */
export function blockUntil(holds: () => boolean): boolean {
  for (const deadline = clockMs() + DEADLINE_MS; !holds(); sleep(1)) {
    if (clockMs() > deadline) return false;
  }
  return true;
}

/** Resolves once `holds`, or after a minute; to whether it holds. */
export async function eventually(holds: () => boolean): Promise<boolean> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!holds()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return true;
}

/** Result of `body` and how long it took, in ms. */
export function timed<Result>(body: () => Result): { result: Result; ms: number } {
  const start = clockMs();
  const result = body();
  return { result, ms: clockMs() - start };
}

/** Calls `listener` for each signal that comes to the program. */
export function listenTo(signal: NodeJS.Signals, listener: () => void): void {
  if (sim === undefined) process.on(signal, listener);
  else sim.signals.on(signal as Signal, listener);
}

/** Removes the listener of a signal. */
export function ignoreAgain(signal: NodeJS.Signals, listener: () => void): void {
  if (sim === undefined) process.off(signal, listener);
  else sim.signals.reset(signal as Signal);
}

/** A thread that inThread started. */
export interface Running {
  readonly done: Promise<unknown>;
  passed(): number;
  /** Resolves once the thread is blocked in the wait of its code. */
  blocked(): Promise<void>;
}

/** Time after which a thread of a simulated kernel is blocked in its wait. */
const BLOCKED_MS = 150;

/** Whether a thread of this process sleeps (proc_pid_stat(5)). */
function isAsleep(task: string): boolean {
  const stat = readFileSync(`/proc/${task}/stat`, "utf8");
  return stat[stat.lastIndexOf(")") + 2] === "S";
}

/** Resolves once a thread sleeps, and still does a moment later. */
async function untilBlocked(task: string): Promise<void> {
  if (sim !== undefined) return sleep(BLOCKED_MS);
  let seen = 0;
  await eventually(() => (seen = isAsleep(task) ? seen + 1 : 0) >= 5);
}

/** What a job has around it in a thread on the kernel of this machine. */
const NATIVE = `
  const os = await import(workerData.os);
  const select = await import(workerData.select);
  const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  const { closeSync, readlinkSync } = process.getBuiltinModule("node:fs");
  const task = readlinkSync("/proc/thread-self");
  const begin = () => Atomics.wait(begun, 0, 0);
  const end = () => {};`;

/** The same in a thread that joins the simulated kernel of this thread. */
const SIMULATED = `
  const { coreModule } = await import(workerData.host);
  const { joinSimFrom } = await import(workerData.sim);
  const { select, os, sleep: pass, end } = joinSimFrom(coreModule(), ticket);
  const sleep = (ms) => pass(ms / 1000);
  const closeSync = os.close;
  const task = "";
  const begin = () => {};`;

/** The program of a thread, which does one job after the other. */
const PROGRAM = `
  const { parentPort, workerData } = require("node:worker_threads");
  parentPort.on("message", async ({ code, ms, data, begun, ticket }) => {
    ${sim === undefined ? NATIVE : SIMULATED}
    parentPort.postMessage({ task });
    begin();
    if (ms > 0) sleep(ms);
    const run = new Function("os", "select", "data", "sleep", "closeSync", code);
    try {
      const result = run(os, select, data, sleep, closeSync);
      end();
      parentPort.postMessage({ result });
    } catch (error) {
      end();
      throw error;
    }
  });`;

type Message = { readonly task: string } | { readonly result: unknown };

/** Threads without a job. A thread takes a while to begin, most of it to import the package. */
const idle: Worker[] = [];

/** A promise, and what settles it. */
function deferred<Value>(): {
  promise: Promise<Value>;
  resolve: (value: Value) => void;
  reject: (error: Error) => void;
} {
  let settle: [(value: Value) => void, (error: Error) => void] | undefined;
  const promise = new Promise<Value>((resolve, reject) => (settle = [resolve, reject]));
  const [resolve, reject] = settle as NonNullable<typeof settle>;
  return { promise, resolve, reject };
}

function startWorker(): Worker {
  const workerData = {
    os: new URL("../../bindings/node/os.js", import.meta.url).href,
    select: new URL("../../bindings/node/select.js", import.meta.url).href,
    host: new URL("../../bindings/node/host.js", import.meta.url).href,
    sim: new URL("../../bindings/sim/sim.js", import.meta.url).href,
  };
  return new Worker(PROGRAM, { eval: true, workerData });
}

/**
 * Runs `code` in a thread of its own after `ms`. The scope of the code has `os`, `select`, `data`, `sleep`, and
 * a `closeSync` of which omnipoll is not informed. The promise resolves once the thread runs and counts the
 * time. `passed` is the number of ms since then: at least `ms` once the thread has run the code. A thread
 * that has run its code may run that of a later call.
 */
export async function inThread(
  ms: number,
  code: string,
  data: unknown = undefined,
): Promise<Running> {
  const entered = clockMs();
  /** Set once this thread continues: on a busy machine the message of the other thread takes its time. */
  const begun = new Int32Array(new SharedArrayBuffer(4));
  const worker = idle.pop() ?? startWorker();
  worker.ref();
  const beginning = deferred<string>();
  const result = deferred<unknown>();
  const fail = (error: Error): void => {
    beginning.reject(error);
    result.reject(error);
  };
  const take = (message: Message): void => {
    if ("task" in message) return beginning.resolve(message.task);
    worker.off("message", take);
    worker.off("error", fail);
    worker.unref();
    idle.push(worker);
    result.resolve(message.result);
  };
  worker.on("message", take);
  worker.on("error", fail);
  const done = result.promise;
  // A caller that awaits `done` gets the error; no caller may await it yet.
  done.catch(() => undefined);
  worker.postMessage({ code, ms, data, begun, ticket: sim?.invite() });
  const task = await beginning.promise;
  // A thread of a simulated kernel counts from its own beginning.
  const start = sim === undefined ? clockMs() : entered;
  Atomics.store(begun, 0, 1);
  Atomics.notify(begun, 0);
  return { done, passed: () => clockMs() - start, blocked: () => untilBlocked(task) };
}

/** Ends the threads that have no job. */
export async function endIdleThreads(): Promise<void> {
  await Promise.all(idle.splice(0).map((worker) => worker.terminate()));
}
