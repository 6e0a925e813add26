// Compiles programs of wasi/guests with Emscripten, to programs.wasm and its JavaScript, programs.cjs.
//
//   node wasi/guests/emscripten/build.mjs [--check]
//
//   --check  compares with the compiled files instead of writing them
//
// Debian's package `emscripten` has the compiler. Another version would compile to other files, and a machine may have
// none: the files stay as they are then, and the reason is printed.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "3.1.6";
const PROGRAMS = ["poll-select", "poll-wait"];
const folder = fileURLToPath(new URL(".", import.meta.url));

const FLAGS = ["-Os", "-Wall", "-Wextra", "-Werror"];
/** The names of the imports are kept. */
const LINK = ["-O2", "--profiling-funcs"];
/** The runtime must not end the program that loads it, nor catch its errors. */
const SETTINGS = [
  "ENVIRONMENT=node",
  "MODULARIZE=1",
  "EXIT_RUNTIME=1",
  "NODEJS_CATCH_EXIT=0",
  "NODEJS_CATCH_REJECTION=0",
];

const given = process.argv.slice(2);
const isCheck = given.includes("--check");
const unknown = given.find((argument) => argument !== "--check");
if (unknown !== undefined) {
  console.error(`build: there is no argument ${unknown}; there is --check`);
  process.exit(2);
}

/** Output of the compiler; undefined if there is no compiler. */
function emcc(...argv) {
  // Debian's emcc finds the parser acorn among Debian's own modules alone.
  const env = { ...process.env, NODE_PATH: "/usr/share/nodejs" };
  const { status, stdout, stderr, error } = spawnSync("emcc", argv, { env, encoding: "utf8" });
  if (error?.code === "ENOENT") return undefined;
  if (status === 0) return stdout;
  throw new Error(`emcc ${argv.join(" ")}: ${error?.message ?? stdout + stderr}`);
}

const version = emcc("--version")?.split("\n")[0];
if (version?.includes(VERSION) !== true) {
  console.log(`skipped: the files are those of emcc ${VERSION}; here is ${version ?? "no emcc"}`);
  process.exit(0);
}

/** The compiled files by their names here. */
function compile() {
  const made = mkdtempSync(join(tmpdir(), "omnipoll-emscripten-"));
  try {
    const objects = PROGRAMS.map((name) => {
      const object = join(made, `${name}.o`);
      const main = `-Dmain=${name.replace("-", "_")}`;
      emcc(...FLAGS, main, "-c", join(folder, `../${name}.c`), "-o", object);
      return object;
    });
    const settings = SETTINGS.flatMap((setting) => ["-s", setting]);
    const out = join(made, "programs.js");
    emcc(...LINK, ...settings, join(folder, "programs.c"), ...objects, "-o", out);
    return {
      "programs.wasm": readFileSync(join(made, "programs.wasm")),
      "programs.cjs": readFileSync(join(made, "programs.js")),
    };
  } finally {
    rmSync(made, { recursive: true });
  }
}

/** The names of the files that differ from those here. */
function differing(made) {
  return Object.keys(made).filter((name) => !readFileSync(join(folder, name)).equals(made[name]));
}

if (!isCheck) {
  for (const [name, bytes] of Object.entries(compile())) {
    writeFileSync(join(folder, name), bytes);
    console.log(`emscripten/${name}: ${bytes.length} bytes`);
  }
} else {
  // Of 15 compilations of the same files emcc made another wasm file once.
  let different = differing(compile());
  for (let left = 2; different.length > 0 && left > 0; left--) different = differing(compile());
  for (const name of different) {
    console.error(
      `emscripten/${name} is not what the programs compile to: node wasi/guests/emscripten/build.mjs`,
    );
  }
  if (different.length === 0) console.log("emscripten/programs.* are up to date");
  process.exit(different.length === 0 ? 0 : 1);
}
