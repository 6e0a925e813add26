// Runs the compiled programs of wasi/guests on this host.

import { readFileSync } from "node:fs";
import type { Source } from "../../wasi/source.ts";
import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";
import { createGuest, type Guest } from "../../wasi/guest/guest.ts";
import type { GuestTarget } from "../../wasi/guest/table.ts";
import { startSuspending } from "../../wasi/suspend.ts";
import { ownedBy } from "./c-guest.ts";
import { start, tinyRuntime } from "./tiny.ts";

/** A source that keeps what is written. */
export class Sink implements Source {
  readonly filetype = 2;
  text = "";
  readonly #decoder = new TextDecoder();

  ready(): number {
    return 4;
  }
  readable(): number {
    return -1;
  }
  writable(): number {
    return -1;
  }
  read(): number {
    return 0;
  }
  write(bytes: Uint8Array): number {
    this.text += this.#decoder.decode(bytes.slice(), { stream: true });
    return bytes.length;
  }
  watch(): () => void {
    return () => {};
  }
  shutdown(): number {
    return 0;
  }
  close(): void {}
}

/** The bytes of a compiled program, in Node and in a page. */
export async function bytesOf(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = `wasi/guests/${name}.wasm`;
  if (!("location" in globalThis)) {
    return readFileSync(new URL(`../../../${path}`, import.meta.url)) as Uint8Array<ArrayBuffer>;
  }
  return new Uint8Array(await (await fetch(`/${path}`)).arrayBuffer());
}

/** How a program ended. */
export interface Ended {
  readonly code: number;
  /** What it wrote to its standard output and error. */
  readonly output: string;
}

/** A runtime: the functions of wasi_snapshot_preview1, and how to run an instance. */
interface Runtime {
  readonly imports: Record<string, unknown>;
  start(instance: WebAssembly.Instance): number;
  /** Tells the runtime its guest, where the runtime does not start it. */
  bind(instance: WebAssembly.Instance): void;
}

/** The part of WASI of node:wasi that Node 20 lacks. */
interface Binding {
  finalizeBindings(instance: WebAssembly.Instance): void;
}

/** Node's own runtime. */
export async function nodeRuntime(args: readonly string[]): Promise<Runtime> {
  // Not seen by the bundler of the tests in browsers.
  const module = "node:wasi";
  const { WASI } = (await import(module)) as typeof import("node:wasi");
  const wasi = new WASI({ version: "preview1", args: [...args], returnOnExit: true });
  return {
    imports: { ...wasi.wasiImport } as Record<string, unknown>,
    start: (instance) => wasi.start(instance) as unknown as number,
    bind: (instance) => (wasi as unknown as Binding).finalizeBindings(instance),
  };
}

const modules = new Map<string, Promise<WebAssembly.Module>>();

/** The module of a compiled program. */
function moduleOf(name: string): Promise<WebAssembly.Module> {
  const module = modules.get(name) ?? bytesOf(name).then((bytes) => WebAssembly.compile(bytes));
  modules.set(name, module);
  return module;
}

/** How a program is run. */
export interface Options {
  readonly args?: readonly string[];
  /** Descriptors of the host, or of JavaScript, by the guest's numbers. */
  readonly fds?: Iterable<readonly [fd: number, target: GuestTarget]>;
  /** Default: the smallest runtime. */
  readonly runtimeOf?: typeof nodeRuntime | undefined;
}

/** Makes an instance of a program. */
async function load(
  name: string,
  { args = [], fds = [], runtimeOf }: Options,
  importsOf: (guest: Guest) => Pick<Guest["suspending"], "imports" | "omnipoll">,
) {
  const module = await moduleOf(name);
  const run: { memory?: WebAssembly.Memory } = {};
  const memoryOf = (): WebAssembly.Memory => run.memory as WebAssembly.Memory;
  const sink = new Sink();
  const given = [name, ...args];
  const tiny = {
    imports: tinyRuntime(memoryOf, given, select.host),
    start,
    bind: () => {},
  };
  const runtime: Runtime = runtimeOf === undefined ? tiny : await runtimeOf(given);
  const guest = createGuest({
    select,
    os,
    memory: memoryOf,
    stdout: sink,
    stderr: sink,
    fds: Array.from(fds, ([fd, target]) => [fd, ownedBy(target)] as const),
    under: runtime.imports,
  });
  const { imports, omnipoll } = importsOf(guest);
  const instance = await WebAssembly.instantiate(module, {
    wasi_snapshot_preview1: { ...runtime.imports, ...imports } as WebAssembly.ModuleImports,
    omnipoll: omnipoll as WebAssembly.ModuleImports,
  });
  run.memory = instance.exports["memory"] as WebAssembly.Memory;
  return { guest, instance, sink, runtime, memory: run.memory };
}

/** Runs a program, which blocks this thread while it waits. */
export async function runProgram(
  name: string,
  args: readonly string[] = [],
  fds: Options["fds"] = [],
  runtimeOf?: typeof nodeRuntime,
): Promise<Ended> {
  const { guest, instance, sink, runtime } = await load(name, { args, fds, runtimeOf }, (it) => it);
  const code = runtime.start(instance);
  guest.dispose();
  return { code, output: sink.text };
}

/** A program that runs while its thread goes on. */
export interface RunningProgram {
  readonly guest: Guest;
  readonly memory: WebAssembly.Memory;
  /** What it wrote before its start returned. */
  readonly first: string;
  readonly ended: Promise<Ended>;
}

/** Starts a program, which is suspended while it waits. */
export async function startProgram(name: string, options: Options = {}): Promise<RunningProgram> {
  const { guest, instance, sink, runtime, memory } = await load(
    name,
    options,
    ({ suspending }) => suspending,
  );
  runtime.bind(instance);
  const code = startSuspending(instance);
  const first = sink.text;
  const ended = code
    .then((value) => ({ code: value, output: sink.text }))
    .finally(() => guest.dispose());
  // A test that ends the program awaits the error later.
  ended.catch(() => {});
  return { guest, memory, first, ended };
}
