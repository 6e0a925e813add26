// Runs CPython's build for WASI. The program's thread is blocked until the interpreter ends.
//
//   node dist/examples/python-wasi/run.js -- -c 'import time; time.sleep(0.1)'
//   node dist/examples/python-wasi/run.js --mount /work=. -- /work/program.py

import { parseArgs } from "node:util";
import { runPython } from "./python.ts";

/** `NAME=VALUE`, as an option has it. */
function pairOf(option: string, text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new Error(`run: ${option} must be NAME=VALUE, got ${text}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    stock: { type: "boolean", default: false },
    mount: { type: "string", multiple: true, default: [] },
  },
});
process.exitCode = runPython({
  args: positionals,
  isStock: values.stock,
  mounts: new Map(values.mount.map((text) => pairOf("--mount", text))),
});
