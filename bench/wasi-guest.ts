// The guest that is measured (wasi/guests/poll-loop.c), in a runtime of its own or with omnipoll's poll_oneoff.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { WASI as NodeWasi } from "node:wasi";
import * as os from "../bindings/node/os.ts";
import * as select from "../bindings/node/select.ts";
import { forNodeWasi } from "../bindings/node/wasi.ts";
import { importFrom } from "../test/support/part.ts";

const bytes = readFileSync(new URL("../../wasi/guests/poll-loop.wasm", import.meta.url));

/** What the guest exports. */
export interface Loop {
  /** Subscribes so many times to reading from descriptor 0. */
  subscribe_read(times: number): number;
  /** Subscribes to a duration on the monotonic clock. */
  subscribe_clock(ns: bigint): number;
  /** Makes calls of poll_oneoff. Returns the number of events of the last one, or a negative error number. */
  poll_times(times: number): number;
}

/** A runtime, as far as it is used here. */
interface Runtime {
  readonly imports: object;
  start(instance: WebAssembly.Instance): unknown;
}

type Make = (stdin: number, memory: () => WebAssembly.Memory) => Runtime | Promise<Runtime>;

function nodeRuntime(stdin: number): NodeWasi {
  return new NodeWasi({ version: "preview1", stdin, returnOnExit: true });
}

/** The runtimes by the names of their contestants. */
export const RUNTIMES: Readonly<Record<string, Make>> = {
  "omnipoll in node:wasi": (stdin, memory) => {
    const wasi = nodeRuntime(stdin);
    const imports = forNodeWasi(wasi, { select, os, memory, stdin });
    return { imports, start: (instance) => wasi.start(instance) };
  },
  "node:wasi": (stdin) => {
    const wasi = nodeRuntime(stdin);
    const imports = { wasi_snapshot_preview1: wasi.wasiImport };
    return { imports, start: (instance) => wasi.start(instance) };
  },
  browser_wasi_shim: async () => {
    const { WASI } = await importFrom<{
      WASI: new (...given: readonly unknown[][]) => {
        readonly wasiImport: object;
        start(instance: WebAssembly.Instance): unknown;
      };
    }>("wasi", "@bjorn3/browser_wasi_shim");
    const wasi = new WASI([], [], []);
    const imports = { wasi_snapshot_preview1: wasi.wasiImport };
    return { imports, start: (instance) => wasi.start(instance) };
  },
  "@wasmer/wasi": async () => {
    const wasmer = createRequire(import.meta.url)("@wasmer/wasi") as typeof import("@wasmer/wasi");
    await wasmer.init();
    const wasi = new wasmer.WASI({ args: [], env: {} });
    const imports = wasi.getImports(new WebAssembly.Module(bytes));
    return { imports, start: (instance) => wasi.start(instance) };
  },
};

/** Starts the guest in a runtime, with a descriptor of this process as its descriptor 0. */
export async function startLoop(name: string, stdin: number): Promise<Loop> {
  let instance: WebAssembly.Instance | undefined;
  const memory = (): WebAssembly.Memory => instance?.exports["memory"] as WebAssembly.Memory;
  const runtime = await (RUNTIMES[name] as Make)(stdin, memory);
  const imports = runtime.imports as WebAssembly.Imports;
  ({ instance } = await WebAssembly.instantiate(bytes, imports));
  runtime.start(instance);
  return instance.exports as unknown as Loop;
}

/** Why a runtime cannot make a call that has an event to report at once; undefined if it can. */
export function refusalOf({ poll_times }: Loop): string | undefined {
  try {
    const found = poll_times(1);
    if (found < 0) return `poll_oneoff answers error ${-found}`;
    return found === 0 ? "poll_oneoff reports no event" : undefined;
  } catch (error) {
    return `poll_oneoff throws ${(error as Error).message}`;
  }
}
