// The build, in a copy of the tree: without a C compiler, with one later, and of removed sources.

import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const tree = mkdtempSync(join(tmpdir(), "omnipoll-build-"));
const ADDON = join(tree, "host/native/build/Release/omnipoll.node");
/** The folders of the package; the rest of the tree takes long to compile. */
const FOLDERS = ["asm", "bindings", "host", "wasi"];

for (const entry of readdirSync(root, { withFileTypes: true })) {
  const { name } = entry;
  if (!FOLDERS.includes(name) && !entry.isFile()) continue;
  cpSync(join(root, name), join(tree, name), {
    recursive: true,
    filter: (path) => !path.includes("/native/build"),
  });
}
mkdirSync(join(tree, "test"));
writeFileSync(join(tree, "test/passing.ts"), "export const passing = 1;\n");
symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
// The copy has been built, but core.wasm and the addon are gone.
for (const folder of ["build", "host/native/build"]) mkdirSync(join(tree, folder));
// A stamp counts if it is younger than the folders, which the copy of many files sees to.
for (const folder of FOLDERS) {
  cpSync(join(root, "dist", folder), join(tree, "dist", folder), { recursive: true });
}
mkdirSync(join(tree, "dist/test"));
writeFileSync(join(tree, "dist/test/passing.js"), "export const passing = 1;\n");
for (const step of ["core", "types"]) writeFileSync(join(tree, "build", `.${step}`), "");

/** Runs Node in the copy, with a C compiler named by the environment, or with another PATH. */
function node(
  given: readonly string[],
  CC?: string,
  PATH?: string,
  added: Record<string, string> = {},
): SpawnSyncReturns<string> {
  const env: NodeJS.ProcessEnv = { ...process.env, ...added };
  if (CC !== undefined) env["CC"] = CC;
  if (PATH !== undefined) env["PATH"] = PATH;
  // The test needs the addon of the copy; a compiler does not run under sanitizers.
  delete env["OMNIPOLL_ADDON"];
  delete env["LD_PRELOAD"];
  return spawnSync(process.execPath, given, { cwd: tree, env, encoding: "utf8" });
}

const USE = `
  const { select } = await import("omnipoll");
  process.stdout.write(JSON.stringify(select([], [], [], 0)));`;
const use = (added: Record<string, string> = {}): SpawnSyncReturns<string> =>
  node(["--input-type=module", "-e", USE], undefined, undefined, added);

/** The lines of a build that makes `names`, one after the other or side by side. */
function builds(stdout: string, ...names: readonly string[]): void {
  const lines = stdout.split("\n").map((line) => line.replace(/ in [\d.]+ s$/, ""));
  const expected = names.flatMap((name) => [`building ${name}`, `built ${name}`]);
  assert.equal(lines.sort(), ["", ...expected].sort(), stdout);
}

test("without a compiler the build fails, and says what to install and how to do without", () => {
  const { status, stdout, stderr } = node(["build.mjs"], "/nonexistent");
  assert.is(status, 1);
  assert.is(stderr, "build: native: CC names no compiler that runs: /nonexistent\n");
  const begun = stdout.split("\n").filter((line) => line.startsWith("building "));
  assert.equal(begun, ["building core", "building standalone", "building native"]);
  assert.not(existsSync(ADDON));
  assert.ok(existsSync(join(tree, "build/core.wasm")));
  const without = node(["build.mjs"], undefined, "/nonexistent");
  assert.is(without.status, 1);
  assert.match(without.stderr, /^build: native: .*apt-get install gcc libc6-dev.*--no-addon/);
});

test("--no-addon is content without a compiler", () => {
  const { status, stdout, stderr } = node(["build.mjs", "--no-addon"], "/nonexistent");
  assert.is(status, 0, stderr);
  assert.is(stdout + stderr, "");
});

test("a flag that does not exist is refused, with those that do", () => {
  const { status, stderr } = node(["build.mjs", "--strict"]);
  assert.is(status, 2);
  assert.match(stderr, /^build: there is no --strict; there are --force, .*--bench\n$/);
});

test("the package without the addon goes on without, unless its host is asked for", () => {
  const { status, stdout, stderr } = use();
  assert.equal([status, stdout, stderr], [0, "[[],[],[]]", ""]);
  const asked = use({ OMNIPOLL_HOST: "linux" });
  assert.is(asked.status, 1);
  assert.is(asked.stdout, "");
  const lines = asked.stderr.split("\n").filter((line) => line.startsWith("Error: "));
  assert.is(lines.length, 1, asked.stderr);
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
  builds(stdout, "native");
  assert.is(use().stdout, "[[],[],[]]");
});

withCompiler("outputs that are up to date are left alone, and missing ones are built again", () => {
  assert.is(node(["build.mjs"]).stdout, "");
  rmSync(ADDON);
  builds(node(["build.mjs"]).stdout, "native");
  assert.is(use().stdout, "[[],[],[]]");
});

test("a compiled file whose source is gone is removed", () => {
  const compiled = join(tree, "dist/test/passing.js");
  assert.ok(existsSync(compiled));
  rmSync(join(tree, "test/passing.ts"));
  builds(node(["build.mjs", "--no-addon"]).stdout, "types");
  assert.not(existsSync(compiled));
});

test.after(() => rmSync(tree, { recursive: true }));

test.run();
