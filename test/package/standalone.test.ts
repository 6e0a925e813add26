// core.wasi.wasm as a file: its imports and exports, and the tables that it shares with wasi/.

import { readFileSync } from "node:fs";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { ABI_VERSION, ENOSYS } from "../../asm/abi.ts";
import { CALL_NAMES } from "../../host/calls.ts";
import { asmAbsent } from "../../host/calls-docs.ts";
import { linuxErrno } from "../../wasi/errno.ts";
import { standaloneImports } from "../../wasi/standalone.ts";
import { CORE, hostWith } from "../support/hosts.ts";
import { functionsOf } from "../support/wasm.ts";

const ROOT = new URL("../../../", import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

const STANDALONE = new Uint8Array(readFileSync(new URL("build/core.wasi.wasm", ROOT)));
const IMPORTS = [
  "clock_time_get",
  "fd_close",
  "fd_fdstat_get",
  "fd_filestat_get",
  "fd_tell",
  "poll_oneoff",
];

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);

test("the standalone core imports six functions of wasi_snapshot_preview1, and nothing else", () => {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(STANDALONE));
  assert.equal(
    imports.sort(byName),
    IMPORTS.map((name) => ({ module: "wasi_snapshot_preview1", name, kind: "function" })),
  );
  const memory = new WebAssembly.Memory({ initial: 1 });
  const given = standaloneImports(hostWith(), () => memory);
  assert.equal(Object.keys(given.wasi_snapshot_preview1).sort(), IMPORTS);
});

test("it has the exports of core.wasm with the same signatures, and trustBytes", () => {
  const [own, other] = [functionsOf(STANDALONE), functionsOf(CORE)];
  const trust = { name: "trustBytes", signature: { params: ["i32"], results: [] } };
  assert.equal(own.exports.sort(byName), [...other.exports, trust].sort(byName));
  const all = WebAssembly.Module.exports(new WebAssembly.Module(STANDALONE));
  const rest = all.filter(({ kind }) => kind !== "function").map(({ name, kind }) => [name, kind]);
  assert.equal(rest, [
    ["ABI_VERSION", "global"],
    ["memory", "memory"],
  ]);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { wasi_snapshot_preview1 } = standaloneImports(hostWith(), () => memory);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(STANDALONE), {
    wasi_snapshot_preview1,
  });
  assert.is((exports["ABI_VERSION"] as WebAssembly.Global).value, ABI_VERSION);
});

test("it stays within the budget of 64 KiB", () => {
  assert.ok(STANDALONE.byteLength <= 64 * 1024, `${STANDALONE.byteLength} bytes`);
});

test("asm/standalone/errno.ts translates as wasi/errno.ts does", () => {
  const [, list = ""] = /data<u8>\(\[([^\]]*)\]/.exec(textOf("asm/standalone/errno.ts")) ?? [];
  const numbers = list.split(",").flatMap((word) => (word.trim() === "" ? [] : [Number(word)]));
  const NOTCAPABLE = 76;
  const expected = Array.from({ length: NOTCAPABLE + 1 }, (_, i) => (i === 0 ? 0 : linuxErrno(i)));
  assert.equal(numbers, expected);
});

test("asm/standalone/absent.ts is the text that the table of calls generates", () => {
  assert.is(textOf("asm/standalone/absent.ts"), asmAbsent(), "run `npm run docs`");
  assert.match(textOf("asm/standalone/absent.ts"), "return -ENOSYS;");
  assert.is(ENOSYS, 38);
});

test("every call of the waist is in asm/standalone/, once", () => {
  const text = textOf("asm/standalone/absent.ts") + textOf("asm/standalone/host.ts");
  const names = [...text.matchAll(/^export function (\w+)\(/gm)].map(([, name]) => name);
  assert.equal(names.sort(), [...CALL_NAMES].sort());
});

test.run();
