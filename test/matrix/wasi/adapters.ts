// The adapters of the runtimes that wasi/package.json names, each with the real package: the program of
// test/wasi/adapters.test.ts prints the same in all of them.

import { test } from "../../support/uvu.ts";
import * as assert from "uvu/assert";
import * as os from "../../../bindings/node/os.ts";
import * as select from "../../../bindings/node/select.ts";
import {
  type AdapterOptions,
  type BrowserWasiShim,
  forBrowserWasiShim,
  forExtism,
} from "../../../bindings/node/wasi.ts";
import { bytes, CODE, PRINTED } from "../../wasi/poll-select.ts";
import { scoped } from "../../support/descriptors.ts";
import { importFrom, installPart } from "../../support/part.ts";
import { fencesOf, runProgram } from "../../docs/snippets.ts";

type Given = Omit<AdapterOptions, "memory">;

/** The parts of the packages that are used: their types would need their installation. */
interface Shim {
  readonly WASI: new (
    args: readonly string[],
    env: readonly string[],
    fds: readonly unknown[],
  ) => BrowserWasiShim & { start(instance: WebAssembly.Instance): number };
}
interface Plugin {
  getInstance(): Promise<WebAssembly.Instance>;
  call(name: string, input: string): Promise<unknown>;
  close(): Promise<void>;
}
interface Extism {
  createPlugin(manifest: object, options: object): Promise<Plugin>;
}

/** Runs the program; its stdin has "hello". Returns what it printed. */
function printed(run: (given: Given) => Promise<void>): Promise<string> {
  let text = "";
  return scoped(async (s) => {
    const [stdin, into] = s.pipe();
    const [from, stdout] = s.pipe();
    os.write(into, "hello");
    await run({ select, os, stdin, stdout });
    text = Buffer.from(os.read(from, 4096)).toString();
  })().then(() => text);
}

test("browser_wasi_shim", async () => {
  const { WASI } = await importFrom<Shim>("wasi", "@bjorn3/browser_wasi_shim");
  const run = async (given: Given): Promise<void> => {
    const wasi = new WASI([], [], []);
    const imports = forBrowserWasiShim(wasi, given) as unknown as WebAssembly.Imports;
    const { instance } = await WebAssembly.instantiate(bytes, imports);
    assert.is(wasi.start(instance), CODE);
  };
  assert.is(await printed(run), PRINTED);
});

test("Extism", async () => {
  // `require` finds its CommonJS build.
  const { default: extism } = await importFrom<{ default: Extism }>("wasi", "@extism/extism");
  const run = async (given: Given): Promise<void> => {
    let memory: WebAssembly.Memory | undefined;
    const options = { ...given, memory: () => memory as WebAssembly.Memory };
    const manifest = { wasm: [{ data: bytes }] };
    const plugin = await extism.createPlugin(manifest, {
      useWasi: true,
      functions: forExtism(options),
    });
    const { exports } = await plugin.getInstance();
    memory = exports["memory"] as WebAssembly.Memory;
    // proc_exit of node:wasi ends the program by throwing.
    await plugin.call("_start", "").catch(() => {});
    await plugin.close();
  };
  assert.is(await printed(run), PRINTED);
});

for (const fence of fencesOf("docs/wasi.md").filter(({ needs }) => needs === "wasi")) {
  test(`the program in line ${fence.line} of docs/wasi.md`, async () => {
    installPart("wasi");
    assert.is(await runProgram(fence, { part: "wasi" }), fence.output);
  });
}

test.run();
