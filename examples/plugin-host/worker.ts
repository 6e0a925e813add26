// The thread of one plugin. It has nothing that a plugin could reach but the imports below.

import { readFileSync, readlinkSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { host } from "omnipoll";
import { createSelectModule } from "omnipoll/host";
import * as os from "omnipoll/os";
import { DescriptorSet, fromBytes, type Guest } from "omnipoll/wasi";
import type { Budgets, Refusal } from "./budgets.ts";
import { withLimits } from "./module-limits.ts";
import { createOutput } from "./output.ts";
import { load, reasonOf, type Sandbox } from "./sandbox.ts";

/** What the thread is given. */
export interface Job {
  readonly file: string;
  readonly args: readonly string[];
  readonly input: string;
  readonly sandbox: Sandbox;
  readonly budgets: Budgets;
  /** A descriptor that ends the plugin. */
  readonly cancel: number;
  /** Of a DescriptorSet. */
  readonly open: SharedArrayBuffer;
}

/** What the thread says. */
export type Message =
  /** The plugin begins; the number is the kernel's of the thread. */
  | { readonly begins: number }
  | { readonly output: Uint8Array }
  | { readonly refused: Refusal }
  | { readonly exited: number; readonly memoryBytes: number }
  | { readonly failed: string };

const job = workerData as Job;
const send = (message: Message): void => parentPort?.postMessage(message);

/** The modules from which a plugin may import functions. */
const MODULES: ReadonlySet<string> = new Set(["wasi_snapshot_preview1", "omnipoll"]);

function compile(): WebAssembly.Module {
  const module = new WebAssembly.Module(
    withLimits(readFileSync(job.file), job.budgets.memoryBytes),
  );
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (MODULES.has(from) && kind === "function") continue;
    throw new Error(`it imports the ${kind} ${from}.${name}, which no plugin gets`);
  }
  return module;
}

/** Each refusal is told once, however often it happens. */
const told = new Set<Refusal>();
function refuse(refusal: Refusal): void {
  if (told.has(refusal)) return;
  told.add(refusal);
  send({ refused: refusal });
}

const { budgets } = job;
const open = new DescriptorSet(job.open);
const select = createSelectModule(open.recordHost(host));
const makeRun = await load(job.sandbox);
// "PID/task/TID"
send({ begins: Number(readlinkSync("/proc/thread-self").split("/").at(-1)) });

let instance: WebAssembly.Instance | undefined;
let guest: Guest | undefined;
const memory = (): WebAssembly.Memory => instance?.exports["memory"] as WebAssembly.Memory;
try {
  const module = compile();
  const run = makeRun(module, [...job.args]);
  const output = createOutput(
    budgets.outputBytes,
    (bytes) => send({ output: bytes }),
    () => refuse("outputBytes"),
  );
  const { descriptors, registrations, callMs, waitMs } = budgets;
  const imports = run.imports({
    select,
    os: open.recordOs(os),
    memory,
    stdin: fromBytes(job.input),
    stdout: output,
    stderr: output,
    limits: { descriptors, registrations, callMs, waitMs, onRefused: refuse },
    cancel: job.cancel,
    onGuest: (made) => (guest = made),
  });
  // node:wasi would send the signal to the whole process.
  imports.wasi_snapshot_preview1["proc_raise"] = (signal: number): never => {
    throw new Error(`it raised signal ${signal}`);
  };
  instance = new WebAssembly.Instance(module, imports as unknown as WebAssembly.Imports);
  const exited = run.start(instance);
  send({ exited, memoryBytes: memory().buffer.byteLength });
} catch (error) {
  send({ failed: reasonOf(error) });
} finally {
  guest?.dispose();
}
