// CPython's build for WASI in a sandbox, with our poll_oneoff and descriptors or with the sandbox's own.

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { WASI } from "node:wasi";
import * as select from "omnipoll";
import * as os from "omnipoll/os";
import { type AdapterOptions, forNodeWasi, forWasmerWasi } from "omnipoll/wasi";
import type { Sandbox } from "./child.ts";
import { LIB_FOLDER, pythonPath } from "./package.ts";

/** Where the guest finds omnipoll_socket. */
const LIB = "/omnipoll";
const NOTSUP = 58;

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

/** One run of a module, without a guest's descriptors and with them. */
interface Prepared {
  readonly stock: object;
  ours(options: AdapterOptions): object;
  /** Runs the program; returns its exit status. */
  start(instance: WebAssembly.Instance): number;
}

/** The module of CPython, compiled. */
function compile(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(pythonPath()));
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
  return {
    stock: { wasi_snapshot_preview1: wasi.wasiImport },
    ours: (options) => forNodeWasi(wasi as { wasiImport: object }, options),
    start: wasi.start.bind(wasi) as unknown as Prepared["start"],
  };
}

// Node loads the package as CommonJS; its declarations are of the module for bundlers.
const wasmer = createRequire(import.meta.url)("@wasmer/wasi") as typeof import("@wasmer/wasi");
type MemFS = InstanceType<typeof wasmer.MemFS>;

/** Copies a folder into the sandbox's own file system. */
function copyInto(fs: MemFS, to: string, from: string): void {
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
  args: string[],
  env: Record<string, string>,
  mounts: Mounts,
): Promise<Prepared> {
  await wasmer.init();
  const fs = new wasmer.MemFS();
  for (const [to, from] of mounts) copyInto(fs, to, from);
  const preopens = Object.fromEntries([...mounts.keys()].map((path) => [path, path]));
  const wasi = new wasmer.WASI({ args, env, preopens, fs });
  const stock = wasi.getImports(module) as { wasi_snapshot_preview1: object };
  return {
    // This sandbox lacks sock_accept, which the build imports.
    stock: {
      wasi_snapshot_preview1: { ...stock.wasi_snapshot_preview1, sock_accept: () => NOTSUP },
    },
    ours: (options) => forWasmerWasi(wasi, module, options),
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
  const mounts = new Map([[LIB, LIB_FOLDER], ...options.mounts]);
  const prepared =
    sandbox === "node:wasi" ? inNode(args, env, mounts) : await inWasmer(module, args, env, mounts);
  let instance: WebAssembly.Instance;
  const memory = (): WebAssembly.Memory => instance.exports["memory"] as WebAssembly.Memory;
  // wasi-vfs, which is linked into the build, goes on translating to numbers that are closed.
  const streams = { stdin: 0, stdout: 1, stderr: 2, numbers: "in turn" } as const;
  const imports = isStock
    ? prepared.stock
    : prepared.ours({ select, os, memory, ...streams, fds: handedIn });
  instance = await WebAssembly.instantiate(module, imports as WebAssembly.Imports);
  return prepared.start(instance);
}
