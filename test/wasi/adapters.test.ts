// The adapters of the runtimes that the root installs, each with the real package and an ordinary C program.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI as NodeWasi } from "node:wasi";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";
import {
  type AdapterOptions,
  forBrowserWasiShim,
  forExtism,
  forNodeWasi,
  forWasmerWasi,
} from "../../bindings/node/wasi.ts";
import { bytes, CODE, PRINTED } from "./poll-select.ts";
import { scoped } from "../support/descriptors.ts";
import { passing } from "../support/wasm.ts";
import { oneoff } from "./subscriptions.ts";

// Node loads the package as CommonJS; its declarations are of the module for bundlers.
const wasmer = createRequire(import.meta.url)("@wasmer/wasi") as typeof import("@wasmer/wasi");

const [BADF, NOTSUP] = [8, 58];
const exitWithFive = (): number => 5;

const module = new WebAssembly.Module(bytes);

type Given = Omit<AdapterOptions, "memory">;

/** Options with the memory of an instance that is made later. */
function withMemory(given: Given) {
  let instance: WebAssembly.Instance | undefined;
  const memory = (): WebAssembly.Memory => instance?.exports["memory"] as WebAssembly.Memory;
  const instantiate = (imports: object): WebAssembly.Instance =>
    (instance = new WebAssembly.Instance(module, imports as WebAssembly.Imports));
  return { options: { ...given, memory }, instantiate };
}

function inNodeWasi(given: Given): number {
  const wasi = new NodeWasi({ version: "preview1", returnOnExit: true });
  const { options, instantiate } = withMemory(given);
  return wasi.start(instantiate(forNodeWasi(wasi, options))) as unknown as number;
}

async function inWasmerWasi(given: Given): Promise<number> {
  await wasmer.init();
  const wasi = new wasmer.WASI({ args: [], env: {} });
  const { options, instantiate } = withMemory(given);
  return wasi.start(instantiate(forWasmerWasi(wasi, module, options)));
}

for (const [name, run] of [
  ["node:wasi", inNodeWasi],
  ["@wasmer/wasi", inWasmerWasi],
] as const) {
  test(
    `a program polls, selects, reads and sleeps in ${name}`,
    scoped(async (s) => {
      const [stdin, into] = s.pipe();
      const [from, stdout] = s.pipe();
      os.write(into, "hello");
      assert.is(await run({ select, os, stdin, stdout }), CODE);
      assert.is(Buffer.from(os.read(from, 4096)).toString(), PRINTED);
    }),
  );
}

test(
  "without a stdout of its own a guest writes to the runtime's",
  scoped(async (s) => {
    await wasmer.init();
    const wasi = new wasmer.WASI({ args: [], env: {} });
    const [stdin, into] = s.pipe();
    os.write(into, "hello");
    const { options, instantiate } = withMemory({ select, os, stdin });
    assert.is(wasi.start(instantiate(forWasmerWasi(wasi, module, options))), CODE);
    assert.is(wasi.getStdoutString(), PRINTED);
  }),
);

test(
  "files of node:wasi stay node:wasi's, and poll_oneoff takes them for ready",
  scoped((s) => {
    const folder = mkdtempSync(join(tmpdir(), "omnipoll-adapters-"));
    writeFileSync(join(folder, "file"), "text");
    try {
      const wasi = new NodeWasi({ version: "preview1", preopens: { "/": folder } });
      const memory = new WebAssembly.Memory({ initial: 1 });
      wasi.initialize({ exports: { memory } } as unknown as object);
      const [r] = s.pipe();
      const calls = forNodeWasi(wasi, { select, os, memory, fds: new Map([[20, r]]) })
        .wasi_snapshot_preview1 as unknown as Record<string, (...given: unknown[]) => number> & {
        poll_oneoff(...given: number[]): number;
      };
      new Uint8Array(memory.buffer, 40_000, 4).set(Buffer.from("file"));
      const rights = 1n << 1n; // fd_read
      assert.is(calls["path_open"]?.(3, 0, 40_000, 4, 0, rights, 0n, 0, 41_000), 0);
      const view = new DataView(memory.buffer);
      const file = view.getUint32(41_000, true);

      const events = oneoff(memory, calls.poll_oneoff, { read: file }, { read: 20 }, { read: 99 });
      const found = (events as Exclude<typeof events, number>).map((event) => [
        Number(event.userdata),
        event.error,
      ]);
      assert.equal(found, [
        [0, 0],
        [2, BADF],
      ]);

      view.setUint32(42_000, 43_000, true);
      view.setUint32(42_004, 16, true);
      assert.is(calls["fd_read"]?.(file, 42_000, 1, 42_008), 0);
      assert.is(view.getUint32(42_008, true), 4);
      assert.is(Buffer.from(memory.buffer, 43_000, 4).toString(), "text");
      assert.is(calls["fd_close"]?.(file), 0);
      assert.is(calls["fd_close"]?.(file), BADF);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }),
);

test("a file that a guest has closed in @wasmer/wasi is closed, also for poll_oneoff", async () => {
  await wasmer.init();
  const fs = new wasmer.MemFS();
  fs.createDir("/d");
  const wasi = new wasmer.WASI({ args: [], env: {}, preopens: { "/d": "/d" }, fs });
  let memory: WebAssembly.Memory | undefined;
  const given = { select, os, memory: () => memory as WebAssembly.Memory };
  const calls = forWasmerWasi(wasi, module, given).wasi_snapshot_preview1 as unknown as Record<
    string,
    (...given: unknown[]) => number
  > & { poll_oneoff(...given: number[]): number };
  const call = (name: string, ...args: unknown[]): number | undefined => calls[name]?.(...args);

  const found: unknown[] = [];
  function run(): void {
    const { buffer } = memory as WebAssembly.Memory;
    const view = new DataView(buffer);
    new Uint8Array(buffer, 40_000, 6).set(Buffer.from("d/file"));
    const create = 1;
    const open = (): number => {
      const path = [0, 40_000, 6, create, 0x1fff_ffffn, 0n, 0, 41_000];
      const failures = [3, 4, 5].map((directory) => call("path_open", directory, ...path));
      found.push(failures.includes(0));
      return view.getUint32(41_000, true);
    };
    const errors = (fd: number): number[] => {
      const events = oneoff(memory as WebAssembly.Memory, calls.poll_oneoff, { write: fd });
      return (events as Exclude<typeof events, number>).map(({ error }) => error);
    };
    const fd = open();
    found.push(errors(fd), call("fd_close", fd), errors(fd));
    found.push(
      call("fd_fdstat_get", fd, 512),
      call("fd_filestat_get", fd, 512),
      call("fd_seek", fd, 0n, 0, 512),
      call("fd_write", fd, 0, 0, 512),
      call("fd_close", fd),
    );
    const next = open();
    found.push(errors(next), next === fd);
  }
  const program = new WebAssembly.Module(passing({ _start: { params: [], results: [] } }));
  const instance = new WebAssembly.Instance(program, { host: { _start: run } });
  memory = instance.exports["memory"] as WebAssembly.Memory;
  wasi.start(instance);
  assert.equal(found, [true, [0], 0, [BADF], BADF, BADF, BADF, BADF, BADF, true, [0], false]);
});

test("functions that a runtime behind forWasmerWasi lacks answer NOTSUP, and its own are kept", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const wasi = {
    getImports: () => ({ other: {}, wasi_snapshot_preview1: { proc_exit: exitWithFive } }),
  };
  const imports = forWasmerWasi(wasi, module, { select, os, memory });
  const calls = imports.wasi_snapshot_preview1 as Record<string, (...given: number[]) => number>;
  assert.is(calls["clock_time_get"]?.(0, 0, 0), NOTSUP);
  assert.is(calls["proc_exit"], exitWithFive);
  assert.equal(Object.keys(imports).sort(), ["omnipoll", "other", "wasi_snapshot_preview1"]);
});

test(
  "a guest closes its number, and the descriptor of the host stays open",
  scoped((s) => {
    const [r, w] = s.pipe();
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { wasi_snapshot_preview1: calls } = forBrowserWasiShim(
      { wasiImport: { fd_close: () => BADF } },
      { select, os, memory, fds: new Map([[20, r]]) },
    ) as unknown as { wasi_snapshot_preview1: Record<string, (...given: number[]) => number> };
    assert.is(calls["fd_close"]?.(20), 0);
    assert.is(calls["fd_close"]?.(20), BADF);
    assert.is(calls["sock_accept"]?.(20, 0, 0), BADF);
    assert.is(calls["sock_accept"]?.(21, 0, 0), NOTSUP);
    os.write(w, "x");
    assert.is(os.read(r, 9).length, 1);
  }),
);

test(
  "functions for Extism get the guest's arguments behind the context",
  scoped((s) => {
    const [r, w] = s.pipe();
    os.write(w, "abc");
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { wasi_snapshot_preview1: plain } = forExtism({ select, os, memory });
    assert.equal(Object.keys(plain ?? {}), ["poll_oneoff"]);
    const { wasi_snapshot_preview1: calls } = forExtism({ select, os, memory, stdin: r });
    const poll = calls?.["poll_oneoff"] as unknown as (...given: unknown[]) => number;
    const events = oneoff(memory, (...given) => poll({}, ...given), { read: 0 });
    assert.is((events as Exclude<typeof events, number>)[0]?.bytes, 3n);
  }),
);

test.run();
