// Runs the compiled programs of wasi/guests on this host.

import { readFileSync } from "node:fs";
import type { Source } from "../../wasi/source.ts";
import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";
import { createGuest } from "../../wasi/guest/guest.ts";
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
  };
}

/** Runs a program with descriptors of the host, by the guest's numbers. */
export async function runProgram(
  name: string,
  args: readonly string[] = [],
  fds: ReadonlyMap<number, number | { readonly fd: number; readonly poll: false }> = new Map(),
  runtimeOf?: (args: readonly string[]) => Promise<Runtime>,
): Promise<Ended> {
  const module = await WebAssembly.compile(await bytesOf(name));
  const run: { memory?: WebAssembly.Memory } = {};
  const memoryOf = (): WebAssembly.Memory => run.memory as WebAssembly.Memory;
  const sink = new Sink();
  const given = [name, ...args];
  const tiny = { imports: tinyRuntime(memoryOf, given, select.host), start };
  const runtime: Runtime = runtimeOf === undefined ? tiny : await runtimeOf(given);
  const guest = createGuest({
    select,
    os,
    memory: memoryOf,
    stdout: sink,
    stderr: sink,
    fds: [...fds].map(([fd, target]) => [fd, ownedBy(target)] as const),
    under: runtime.imports,
  });
  const instance = await WebAssembly.instantiate(module, {
    wasi_snapshot_preview1: { ...runtime.imports, ...guest.imports } as WebAssembly.ModuleImports,
    omnipoll: guest.omnipoll as WebAssembly.ModuleImports,
  });
  run.memory = instance.exports["memory"] as WebAssembly.Memory;
  const code = runtime.start(instance);
  guest.dispose();
  return { code, output: sink.text };
}
