// The two sandboxes: each runs a module with imports of ours over its own.

import { createRequire } from "node:module";
import { type AdapterOptions, forNodeWasi, forWasmerWasi, type GuestImports } from "omnipoll/wasi";

export const SANDBOXES = ["@wasmer/wasi", "node:wasi"] as const;
export type Sandbox = (typeof SANDBOXES)[number];

/** One run of a module. */
interface Run {
  imports(options: AdapterOptions): GuestImports;
  /** Returns the exit status. */
  start(instance: WebAssembly.Instance): number;
}

/** Makes the run of a module with its arguments. The module has no files and no environment. */
type MakeRun = (module: WebAssembly.Module, args: string[]) => Run;

/** node:wasi is no sandbox by its own words; what it does for a plugin is little once the descriptors are ours. */
async function loadNode(): Promise<MakeRun> {
  const { WASI } = await import("node:wasi");
  return (_module, args) => {
    const wasi = new WASI({ version: "preview1", args, env: {}, returnOnExit: true });
    return {
      imports: (options) => forNodeWasi(wasi as { wasiImport: object }, options),
      start: wasi.start.bind(wasi) as unknown as Run["start"],
    };
  };
}

/** Loads a sandbox. */
export async function load(sandbox: Sandbox): Promise<MakeRun> {
  if (sandbox === "node:wasi") return await loadNode();
  // Node loads the package as CommonJS; its declarations are of the module for bundlers.
  const wasmer = createRequire(import.meta.url)("@wasmer/wasi") as typeof import("@wasmer/wasi");
  await wasmer.init();
  return (module, args) => {
    const wasi = new wasmer.WASI({ args, env: {}, preopens: {} });
    return {
      imports: (options) => forWasmerWasi(wasi, module, options),
      start: wasi.start.bind(wasi),
    };
  };
}

/** Why a run ended with an error, in words. */
export function reasonOf(error: unknown): string {
  // @wasmer/wasi puts the error of a guest into one of its own, whose stack has the whole source of the package.
  const [line = ""] = String(error).split("\n", 1);
  const text = /JsValue\((.*?)\)?$/.exec(line)?.[1] ?? line;
  const trap = /^(?:RuntimeError|RangeError): (.*)$/.exec(text)?.[1];
  return trap === undefined ? text.replace(/^Error: /, "") : `it trapped: ${trap}`;
}
