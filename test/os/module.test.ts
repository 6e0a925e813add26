// omnipoll/os at its boundaries: the addon by itself, and a module on any host.

import { spawnSync } from "node:child_process";
import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as os from "../../bindings/node/os.ts";
import { createOsModule } from "../../bindings/os/os.ts";
import { loadAddon } from "../../host/native/addon.ts";
import { describeErrno } from "../../host/errno.ts";
import type { OsHost } from "../../host/os.ts";
import { throws } from "../support/expect.ts";

const boundary = suite("os: the addon by itself");

/** Arguments that every call accepts, on a descriptor that is not open. */
const VALID: Record<keyof OsHost, readonly unknown[]> = {
  close: [-1],
  pipe2: [new Int32Array(2), 1],
  read: [-1, new Uint8Array(4), 4],
  write: [-1, new Uint8Array(4)],
  dup: [-1],
  get_blocking: [-1],
  set_blocking: [-1, 1],
  get_inheritable: [-1],
  set_inheritable: [-1, 1],
  mkfifo: [new Uint8Array(0), 0],
  eventfd: [0, 1 << 30],
  kill: [99_999_999, 0],
  pidfd_open: [-1, 0],
  socketpair: [new Int32Array(2), 999, 1, 0],
  socket: [999, 1, 0],
  bind: [-1, 1, new Uint8Array(1), 0],
  connect: [-1, 1, new Uint8Array(1), 0],
  listen: [-1, 1],
  accept: [-1, new Uint8Array(128), new Int32Array(3)],
  getsockname: [-1, new Uint8Array(128), new Int32Array(3)],
  getpeername: [-1, new Uint8Array(128), new Int32Array(3)],
  shutdown: [-1, 0],
  send: [-1, new Uint8Array(4), 0],
  recv: [-1, new Uint8Array(4), 4, 0],
  getsockopt: [-1, 1, 3, new Int32Array(1)],
  setsockopt: [-1, 1, 2, new Uint8Array(4)],
};
const addon = loadAddon() as unknown as Record<string, (...given: unknown[]) => number>;

/** Memory that is no longer there. */
function detached<View extends ArrayBufferView>(view: View): View {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

boundary("each call says an errno for a descriptor that is not open, and for no arguments", () => {
  for (const [call, given] of Object.entries(VALID)) {
    const result = addon[call]?.(...given) ?? 0;
    assert.ok(result < 0 && result > -134, `${call}: ${result}`);
    assert.is(addon[call]?.(), -22, call);
  }
});

boundary("an argument of a wrong type is -EINVAL, whichever it is", () => {
  const strange = [undefined, null, "1", {}, [], Symbol("1"), 1n, () => 1, new ArrayBuffer(8)];
  strange.push(new DataView(new ArrayBuffer(256)), new Float64Array(32), new Proxy({}, {}));
  for (const [call, valid] of Object.entries(VALID)) {
    for (const at of valid.keys()) {
      for (const value of strange) {
        assert.is(addon[call]?.(...valid.with(at, value)), -22, `${call}, argument ${at}`);
      }
    }
  }
});

/** A pipe of this machine's kernel, whose numbers the addon knows; a simulated host has other numbers. */
function pipeOfMachine(): [r: number, w: number] {
  const fds = new Int32Array(2);
  assert.is(addon["pipe2"]?.(fds, 0), 0);
  return [fds[0] as number, fds[1] as number];
}

boundary("memory that is too short or detached is -EFAULT or nothing, never touched", () => {
  const [r, w] = pipeOfMachine();
  const bytes = new Uint8Array(8).subarray(2, 6);
  assert.is(addon["read"]?.(r, bytes, 5), -14);
  assert.is(addon["read"]?.(r, bytes, 2 ** 40), -14);
  assert.is(addon["read"]?.(r, bytes, -1), -22);
  assert.is(addon["read"]?.(r, detached(new Uint8Array(4)), 1), -14);
  assert.is(addon["recv"]?.(r, new Uint8Array(0), 1, 0), -14);
  assert.is(addon["write"]?.(w, detached(new Uint8Array(4))), 0);
  assert.is(addon["pipe2"]?.(new Int32Array(1), 0), -14);
  assert.is(addon["pipe2"]?.(detached(new Int32Array(2)), 0), -14);
  assert.is(addon["socketpair"]?.(new Int32Array(0), 1, 1, 0), -14);
  assert.is(addon["accept"]?.(r, new Uint8Array(127), new Int32Array(3)), -14);
  assert.is(addon["accept"]?.(r, new Uint8Array(128), new Int32Array(2)), -14);
  assert.is(addon["getsockname"]?.(r, detached(new Uint8Array(128)), new Int32Array(3)), -14);
  assert.is(addon["getsockopt"]?.(r, 1, 3, new Int32Array(0)), -14);
  for (const fd of [r, w]) addon["close"]?.(fd);
});

boundary("a read stays inside its view", () => {
  const [r, w] = pipeOfMachine();
  addon["write"]?.(w, new Uint8Array(8).fill(120));
  const memory = new Uint8Array(8);
  assert.is(addon["read"]?.(r, memory.subarray(2, 6), 3), 3);
  assert.equal([...memory], [0, 0, 120, 120, 120, 0, 0, 0]);
  for (const fd of [r, w]) addon["close"]?.(fd);
});

/** Text of `length` letters. */
function name(length: number): Uint8Array {
  return new Uint8Array(length).fill(120);
}

boundary("text of any length and content is refused or looked up, not overrun", () => {
  const fd = os.socket(os.AF_INET, os.SOCK_STREAM);
  for (const length of [1024, 1025, 1_000_000]) {
    assert.is(addon["bind"]?.(fd, os.AF_INET, name(length), 0), -2002);
    assert.is(addon["bind"]?.(fd, os.AF_INET6, name(length), 0), -2002);
  }
  assert.is(addon["bind"]?.(fd, os.AF_UNIX, name(108), 0), -36);
  assert.is(addon["bind"]?.(fd, os.AF_UNIX, Uint8Array.of(120, 0, 120), 0), -22);
  assert.is(addon["bind"]?.(fd, os.AF_INET, Uint8Array.of(120, 0, 120), 0), -22);
  assert.is(addon["bind"]?.(fd, os.AF_INET, name(0), 65536), -22);
  assert.is(addon["bind"]?.(fd, os.AF_INET, name(0), -1), -22);
  assert.is(addon["bind"]?.(fd, 77, name(0), 0), -97);
  assert.is(addon["mkfifo"]?.(name(4096), 0), -36);
  assert.is(addon["mkfifo"]?.(Uint8Array.of(47, 0, 47), 0), -22);
  os.close(fd);
});

const modules = suite("os: a module on any host");

modules("reads that happen during a read do not disturb it", () => {
  let nested: Uint8Array | undefined;
  const host = {
    ...loadAddon(),
    describe: describeErrno,
    read(fd: number, buffer: Uint8Array, size: number): number {
      buffer.fill(fd, 0, size);
      if (fd === 1) nested = module.read(2, size);
      return size;
    },
  };
  const module = createOsModule(host);
  assert.equal([...module.read(1, 3)], [1, 1, 1]);
  assert.equal([...(nested ?? [])], [2, 2, 2]);
});

modules("a host that throws during a read leaves the module usable", () => {
  let fails = true;
  const host = {
    ...loadAddon(),
    describe: describeErrno,
    read(): number {
      if (fails) throw new Error("deadlock");
      return 2;
    },
  };
  const module = createOsModule(host);
  throws(() => module.read(0, 2), Error);
  fails = false;
  assert.is(module.read(0, 2).length, 2);
});

modules("where there is no Buffer, bytes are a Uint8Array", () => {
  const code = `
    delete globalThis.Buffer;
    const { createOsModule } = await import(${JSON.stringify(new URL("../../bindings/os/os.js", import.meta.url).href)});
    const os = createOsModule({ read: (fd, buffer, size) => (buffer.fill(7, 0, 2), Math.min(size, 2)) });
    const found = [1, 2, 3, 100000].map((n) => os.read(0, n));
    console.log(found.map((bytes) => bytes.constructor.name + bytes.buffer.byteLength).join(" "));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
  });
  assert.is(stdout, "Uint8Array1 Uint8Array2 Uint8Array2 Uint8Array2\n", stderr);
});

modules("the functions and constants of the module are those of the entry", () => {
  const module = createOsModule({ ...loadAddon(), describe: describeErrno });
  // Asynchronous requests end in a queue of this kernel, so no module on another host has them.
  const entry = Object.keys(os).filter((key) => !key.startsWith("aio_"));
  assert.equal(Object.keys(module).sort(), entry.sort());
});

boundary.run();
modules.run();
