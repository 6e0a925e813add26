// The runtimes in Node that the matrix compares. A new one is an entry of RUNTIMES.

import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI as NodeWasi } from "node:wasi";
import { forNodeWasi } from "../../../wasi/adapters/node-wasi.ts";
import { forWasmerWasi } from "../../../wasi/adapters/wasmer-wasi.ts";
import { type Run, type Runtime, withOurs } from "../../wasi/probe/runtime.ts";
import { importFrom } from "../../support/part.ts";
import { type Shim, shimWithOurs } from "./shim.ts";

// Node loads the package as CommonJS; its declarations are of the module for bundlers.
const wasmer = createRequire(import.meta.url)("@wasmer/wasi") as typeof import("@wasmer/wasi");

/** A runtime as it comes. */
function stock(
  name: string,
  numbers: readonly number[],
  run: (run: Run) => Promise<string>,
): Runtime {
  return { name, isOurs: false, numbers, run };
}

const nodeWasi = stock("node:wasi", [0, 2], async ({ module, args, fds }) => {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-probe-"));
  const path = join(folder, "output");
  const stdout = openSync(path, "w");
  try {
    const [stdin, stderr] = [fds.get(0) ?? 0, fds.get(2) ?? 2];
    const wasi = new NodeWasi({
      version: "preview1",
      args,
      returnOnExit: true,
      stdin,
      stdout,
      stderr,
    });
    const imports = wasi.getImportObject() as WebAssembly.Imports;
    wasi.start(await WebAssembly.instantiate(module, imports));
    return readFileSync(path, "utf8");
  } finally {
    closeSync(stdout);
    rmSync(folder, { recursive: true });
  }
});

const nodeWasiWithOurs = withOurs(
  "node:wasi + omnipoll",
  async ({ args }, { options, instantiate }) => {
    const wasi = new NodeWasi({ version: "preview1", args, returnOnExit: true });
    wasi.start(await instantiate(forNodeWasi(wasi, options)));
  },
);

const wasmerWasi = stock("@wasmer/wasi", [], async ({ module, args }) => {
  await wasmer.init();
  const wasi = new wasmer.WASI({ args, env: {} });
  const imports = wasi.getImports(module) as WebAssembly.Imports;
  wasi.start(await WebAssembly.instantiate(module, imports));
  return wasi.getStdoutString();
});

const wasmerWasiWithOurs = withOurs(
  "@wasmer/wasi + omnipoll",
  async ({ module, args }, { options, instantiate }) => {
    await wasmer.init();
    const wasi = new wasmer.WASI({ args, env: {} });
    wasi.start(await instantiate(forWasmerWasi(wasi, module, options)));
  },
);

const loadShim = (): Promise<Shim> => importFrom<Shim>("wasi", "@bjorn3/browser_wasi_shim");

const shim = stock("browser_wasi_shim", [], async ({ module, args }) => {
  const { WASI, ConsoleStdout } = await loadShim();
  const decoder = new TextDecoder();
  let output = "";
  const stdout = new ConsoleStdout((bytes) => (output += decoder.decode(bytes, { stream: true })));
  const wasi = new WASI(args, [], [undefined, stdout]);
  const imports = { wasi_snapshot_preview1: wasi.wasiImport } as unknown as WebAssembly.Imports;
  wasi.start(await WebAssembly.instantiate(module, imports));
  return output;
});

/** The parts of the packages that are used: their types would need their installation. */
interface WasmUtil {
  readonly WASI: new (options: object) => {
    readonly wasiImport: WebAssembly.ModuleImports;
    start(instance: WebAssembly.Instance): number;
  };
}
interface Runno {
  readonly WASI: new (options: object) => {
    getImportObject(): WebAssembly.Imports;
    start(program: { module: WebAssembly.Module; instance: WebAssembly.Instance }): unknown;
  };
}

const wasmUtil = stock("@tybys/wasm-util", [], async ({ module, args }) => {
  const { WASI } = await importFrom<WasmUtil>("wasi", "@tybys/wasm-util");
  let output = "";
  const print = (line: string): void => void (output += `${line}\n`);
  const wasi = new WASI({ args, returnOnExit: true, print });
  const imports = { wasi_snapshot_preview1: wasi.wasiImport };
  wasi.start(await WebAssembly.instantiate(module, imports));
  return output;
});

const runno = stock("@runno/wasi", [], async ({ module, args }) => {
  const { WASI } = await importFrom<Runno>("wasi", "@runno/wasi");
  let output = "";
  const stdout = (text: string): void => void (output += text);
  const wasi = new WASI({ args, env: {}, stdin: () => null, stdout, fs: {} });
  const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
  wasi.start({ module, instance });
  return output;
});

export const RUNTIMES: readonly Runtime[] = [
  nodeWasi,
  nodeWasiWithOurs,
  wasmerWasi,
  wasmerWasiWithOurs,
  shim,
  shimWithOurs(loadShim),
  wasmUtil,
  runno,
];
