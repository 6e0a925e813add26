// The build, in a copy of the tree: without a C compiler, with one later, and of what is gone.

import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const tree = mkdtempSync(join(tmpdir(), "omnipoll-build-"));
const ADDON = join(tree, "host/native/build/Release/omnipoll.node");
/** What the build makes, and what it does not need. */
const LEFT_OUT = new Set(["build", "dist", "node_modules", "results"]);

for (const name of readdirSync(root)) {
  if (name.startsWith(".") || LEFT_OUT.has(name)) continue;
  cpSync(join(root, name), join(tree, name), {
    recursive: true,
    filter: (path) => !LEFT_OUT.has(path.split("/").at(-1) as string),
  });
}
symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));

function node(given: readonly string[], CC?: string): SpawnSyncReturns<string> {
  const env: NodeJS.ProcessEnv = { ...process.env, ...(CC === undefined ? {} : { CC }) };
  // The addon of the copy is what is tested; a compiler does not live with sanitizers.
  delete env["OMNIPOLL_ADDON"];
  delete env["LD_PRELOAD"];
  return spawnSync(process.execPath, given, { cwd: tree, env, encoding: "utf8" });
}

const USE = `
  const { select } = await import("omnipoll");
  process.stdout.write(JSON.stringify(select([], [], [], 0)));`;
const use = (): SpawnSyncReturns<string> => node(["--input-type=module", "-e", USE]);

test("without a compiler everything but the addon is built, and the build succeeds", () => {
  const { status, stdout, stderr } = node(["build.mjs"], "/nonexistent");
  assert.is(status, 0, stderr);
  assert.match(stdout, /^built core in .* s\nbuilt types in .* s\n$/);
  assert.match(stderr, /^build: no C compiler \(.*\): the native addon is not built; .*\n$/);
  assert.not(existsSync(ADDON));
  assert.ok(existsSync(join(tree, "build/core.wasm")));
});

test("--strict makes a missing compiler a failure", () => {
  assert.is(node(["build.mjs", "--strict"], "/nonexistent").status, 1);
});

test("importing the package without the addon says in one line what is missing", () => {
  const { status, stdout, stderr } = use();
  assert.is(status, 1);
  assert.is(stdout, "");
  const lines = stderr.split("\n").filter((line) => line.startsWith("Error: "));
  assert.is(lines.length, 1, stderr);
  assert.match(
    lines[0] as string,
    /^Error: omnipoll: the native addon cannot be loaded: it is not built: .*C compiler.*omnipoll\.node\)$/,
  );
});

const hasCompiler = ["cc", "gcc", "clang"].some((cc) => spawnSync(cc, ["--version"]).status === 0);
if (!hasCompiler) process.stdout.write("skip: no C compiler for the rest of the build\n");
const withCompiler = hasCompiler ? test : test.skip;

withCompiler("a later build with a compiler builds the addon and nothing else", () => {
  const { status, stdout, stderr } = node(["build.mjs"]);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^built native in .* s\n$/);
  assert.is(use().stdout, "[[],[],[]]");
});

withCompiler("what is up to date is left alone, what is gone is built again", () => {
  assert.is(node(["build.mjs"]).stdout, "");
  rmSync(ADDON);
  assert.match(node(["build.mjs"]).stdout, /^built native in .* s\n$/);
  rmSync(join(tree, "build/core.wasm"));
  rmSync(join(tree, "dist"), { recursive: true });
  assert.match(node(["build.mjs"]).stdout, /^built core in .* s\nbuilt types in .* s\n$/);
  assert.is(use().stdout, "[[],[],[]]");
});

test("what was compiled from a source that is gone goes too", () => {
  const compiled = join(tree, "dist/test/package/build.test.js");
  assert.ok(existsSync(compiled));
  rmSync(join(tree, "test/package/build.test.ts"));
  assert.match(node(["build.mjs"], "/nonexistent").stdout, /^built types in .* s\n$/);
  assert.not(existsSync(compiled));
});

test.after(() => rmSync(tree, { recursive: true }));

test.run();
