// Runs CPython's build for WASI. The program's thread is blocked until the interpreter ends.
//
//   node dist/examples/python-wasi/run.js -- -c 'import time; time.sleep(0.1)'
//   node dist/examples/python-wasi/run.js --mount /programs=. -- /programs/program.py
//   node dist/examples/python-wasi/run.js --connect 100=7000 -- program.py    # omnipoll_socket.handed_in(100)

import { parseArgs } from "node:util";
import * as os from "omnipoll/os";
import { type Sandbox, SANDBOXES } from "./child.ts";
import { runPython } from "./python.ts";

/** `NAME=VALUE`, as an option has it. */
function pairOf(option: string, text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new Error(`run: ${option} must be NAME=VALUE, got ${text}`);
}

/** The guest's number, and the descriptor of a TCP connection to a port of the loopback device. */
function connected(text: string): [number: number, fd: number] {
  const [number, port] = pairOf("--connect", text).map(Number) as [number, number];
  if (!Number.isInteger(number) || !Number.isInteger(port)) {
    throw new Error(`run: --connect must be NUMBER=PORT, got ${text}`);
  }
  const fd = os.socket();
  os.connect(fd, ["127.0.0.1", port]);
  return [number, fd];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sandbox: { type: "string", default: "node:wasi" },
    stock: { type: "boolean", default: false },
    mount: { type: "string", multiple: true, default: [] },
    connect: { type: "string", multiple: true, default: [] },
  },
});
const sandbox = values.sandbox as Sandbox;
if (!SANDBOXES.includes(sandbox)) {
  throw new Error(`run: --sandbox must be ${SANDBOXES.join(" or ")}, got ${sandbox}`);
}
const options = {
  sandbox,
  args: positionals,
  isStock: values.stock,
  mounts: new Map(values.mount.map((text) => pairOf("--mount", text))),
  handedIn: new Map(values.connect.map(connected)),
};
try {
  process.exitCode = await runPython(options);
} catch (error) {
  // A sandbox that panics; the stack of @wasmer/wasi has its whole source.
  console.error(`run: ${String(error).split("\n")[0]}`);
  process.exitCode = 1;
}
