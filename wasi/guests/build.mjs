// Compiles the C programs of this folder and the plugins of examples/plugin-host with LLVM and wasi-libc (what wasi-sdk is), as an npm package.
//
//   node wasi/guests/build.mjs [--check] [NAME…]
//
//   --check  compares with the compiled files instead of writing them

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const FLAGS = ["-O2", "-s", "-Wall", "-Wextra", "-Werror", "-isystem", "include"];

const given = process.argv.slice(2);
const isCheck = given.includes("--check");
const names = given.filter((argument) => argument !== "--check");
/** The folders of the programs, by the names of these. */
const programs = new Map(
  [folder, join(folder, "../../examples/plugin-host/plugins")].flatMap((path) =>
    readdirSync(path)
      .filter((file) => file.endsWith(".c"))
      .map((file) => [file.slice(0, -2), path])
      .sort(),
  ),
);
const unknown = names.find((name) => !programs.has(name));
if (unknown !== undefined) {
  console.error(`build: there is no ${unknown}; there are ${[...programs.keys()].join(", ")}`);
  process.exit(2);
}

if (!existsSync(join(folder, "node_modules/.package-lock.json"))) {
  const npm = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = spawnSync("npm", npm, { cwd: folder, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}
const { commands } = await import("@yowasp/clang");

/** The files below a folder, as the compiler takes them. */
function treeOf(path) {
  const files = {};
  for (const name of readdirSync(path)) {
    const below = join(path, name);
    files[name] = statSync(below).isDirectory() ? treeOf(below) : readFileSync(below);
  }
  return files;
}

const include = treeOf(join(folder, "../include"));

/** The headers beside a program. */
function headersIn(path) {
  const files = readdirSync(path).filter((file) => file.endsWith(".h"));
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(path, file))]));
}

let different = 0;
for (const name of names.length > 0 ? names : programs.keys()) {
  const source = `${name}.c`;
  const place = programs.get(name);
  const files = { ...headersIn(place), include, [source]: readFileSync(join(place, source)) };
  const made = await commands.clang([...FLAGS, source, "-o", "program.wasm"], files, {
    fetchProgress() {},
  });
  const bytes = made["program.wasm"];
  const path = join(place, `${name}.wasm`);
  if (!isCheck) {
    writeFileSync(path, bytes);
    console.log(`${name}.wasm: ${bytes.length} bytes`);
  } else if (existsSync(path) && readFileSync(path).equals(bytes)) {
    console.log(`${name}.wasm is up to date`);
  } else {
    console.error(`${name}.wasm is not what ${source} compiles to: node wasi/guests/build.mjs`);
    different++;
  }
}
process.exit(different === 0 ? 0 : 1);
