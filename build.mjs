// Builds the outputs that are out of date: core.wasm and core.wasi.wasm (asc), dist/ (tsc) and the native addon
// (the C compiler, without node-gyp, which would need Python).
//
//   --force     builds everything
//   --no-addon  leaves the addon out: the simulator needs none
//   --sanitize  also builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer
//   --bench     also builds the C program that bench/ compares with

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

const FLAGS = ["--force", "--no-addon", "--sanitize", "--bench"];
const given = process.argv.slice(2);
const unknown = given.find((flag) => !FLAGS.includes(flag));
if (unknown !== undefined) {
  console.error(`build: there is no ${unknown}; there are ${FLAGS.join(", ")}`);
  process.exit(2);
}
const force = given.includes("--force");

/**
 * Time of the last change below `paths`, in ms. Files whose name `matches` count, and folders, because
 * removing a file changes the time of its folder.
 */
function newest(paths, matches) {
  let time = 0;
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) continue;
    if (!stat.isDirectory()) {
      if (matches.test(path)) time = Math.max(time, stat.mtimeMs);
      continue;
    }
    const below = readdirSync(path).filter((name) => !MADE.has(name));
    time = Math.max(
      time,
      stat.mtimeMs,
      newest(
        below.map((name) => join(path, name)),
        matches,
      ),
    );
  }
  return time;
}

/** Folders below the sources that a build, a run or an installation fills. */
const MADE = new Set(["build", "node_modules", "results"]);

/**
 * Makes `output` unless its stamp is newer than all its inputs. A step that fails ends the build
 * once the steps beside it have ended.
 */
async function step(name, inputs, matches, output, make) {
  const stamp = join(root, "build", `.${name}`);
  const paths = [...inputs, "build.mjs", "package-lock.json"].map((path) => join(root, path));
  const changed = newest(paths, matches);
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (!force && built > changed && existsSync(join(root, output))) return;
  console.log(`building ${name}`);
  const started = Date.now();
  const failure = await make();
  if (failure !== undefined) {
    console.error(`build: ${name}: ${failure}`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, "");
  console.log(`built ${name} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/**
 * Runs a program in the root folder, and shows its output only if it fails. Resolves to the reason of
 * the failure, or to undefined.
 */
function run(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    }
    child.once("error", (error) => resolve(error.message));
    child.once("close", (status, signal) => {
      if (status === 0) return resolve(undefined);
      process.stderr.write(output);
      resolve(`${program} ended with ${signal ?? `status ${status}`}`);
    });
  });
}

/** Runs the script of a package in node_modules. */
function runPackage(path, [script, ...args]) {
  return run(process.execPath, [join(dirname(require.resolve(path)), script), ...args]);
}

/** Removes the output of sources that are gone: a deleted test must not go on running. */
function removeStale(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      removeStale(path);
      if (readdirSync(path).length === 0) rmSync(path, { recursive: true });
    } else {
      const source = path.replace(/\.(js|js\.map|d\.ts)$/, ".ts").replace(join(root, "dist"), root);
      if (!existsSync(source)) rmSync(path);
    }
  }
}

/** First C compiler that runs, or undefined. */
function compiler() {
  const names = process.env.CC ? [process.env.CC] : ["cc", "gcc", "clang"];
  return names.find((name) => spawnSync(name, ["--version"]).status === 0);
}

const NO_COMPILER = process.env.CC
  ? `CC names no compiler that runs: ${process.env.CC}`
  : "this checkout needs a C compiler (cc, gcc or clang; or CC=…): on Debian, apt-get install gcc libc6-dev; without one, node build.mjs --no-addon builds all but the native addon, which is enough for the simulator";

/** Compiles C. Resolves to the reason of a failure, or to undefined. */
async function compile(args) {
  const cc = compiler();
  if (cc === undefined) return NO_COMPILER;
  return run(cc, ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", ...args]);
}

const NATIVE = "host/native";
/** Folders whose C files make the addon of this platform. */
const NATIVE_FOLDERS = [NATIVE, `${NATIVE}/os`, `${NATIVE}/${process.platform}`];
const HEADER = join(root, NATIVE, "build", "abi.h");

/** Writes the constants and layouts of asm/abi.ts as a C header. */
async function writeHeader() {
  const maker = join(root, "dist", NATIVE, "make-abi-header.js");
  const { abiHeader } = await import(pathToFileURL(maker).href);
  const text = abiHeader();
  if (!existsSync(HEADER) || readFileSync(HEADER, "utf8") !== text) writeFileSync(HEADER, text);
}

/** The path of the addon of one kind of build. */
function addonIn(kind) {
  return join(NATIVE, "build", kind, "omnipoll.node");
}

async function buildAddon(kind, flags) {
  const output = addonIn(kind);
  mkdirSync(dirname(join(root, output)), { recursive: true });
  await writeHeader();
  const sources = NATIVE_FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".c"))
      .map((name) => join(folder, name)),
  );
  return compile([
    ..."-DNAPI_VERSION=8 -fPIC -shared -fvisibility=hidden".split(" "),
    ...flags,
    `-I${require("node-api-headers").include_dir}`,
    ...[...NATIVE_FOLDERS, dirname(HEADER)].map((folder) => `-I${folder}`),
    ...sources,
    "-o",
    output,
    "-lm",
    "-pthread",
    // The addon's threads and signal handlers outlive the worker that loaded the addon.
    "-Wl,-z,nodelete",
  ]);
}

const code = /\.(ts|json|mjs|h|c)$/;

// Made before `newest` looks at the time of host/native.
mkdirSync(join(root, NATIVE, "build"), { recursive: true });

await Promise.all([
  step("core", ["asm", "asconfig.json"], code, "build/core.wasm", () =>
    runPackage("assemblyscript/package.json", ["bin/asc.js", "--target", "release"]),
  ),
  step("standalone", ["asm", "asconfig.json"], code, "build/core.wasi.wasm", () =>
    run(process.execPath, ["asm/standalone/compile.mjs"]),
  ),
  step(
    "types",
    ["asm", "bindings", "host", "wasi", "test", "bench", "examples", "tsconfig.json"],
    /\.(ts|json|mjs)$/,
    "dist",
    async () => {
      const failure = await runPackage("typescript/package.json", ["bin/tsc", "-p", "."]);
      if (failure === undefined) removeStale(join(root, "dist"));
      return failure;
    },
  ),
]);
if (process.exitCode) process.exit();

const platforms = ["linux"];
if (!platforms.includes(process.platform)) {
  console.warn(`build: there is no native addon for ${process.platform} yet: the simulator works`);
} else if (!given.includes("--no-addon")) {
  const sources = [NATIVE, "asm/abi.ts"];
  await step("native", sources, code, addonIn("Release"), () => buildAddon("Release", ["-O2"]));
  if (given.includes("--sanitize")) {
    const flags = ["-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined"];
    await step("native-sanitize", sources, code, addonIn("Sanitize"), () =>
      buildAddon("Sanitize", [...flags, "-fno-sanitize-recover=undefined"]),
    );
  }
}
if (given.includes("--bench")) {
  await step("baseline", ["bench/baseline.c"], code, "build/baseline", () =>
    compile(["-O2", "bench/baseline.c", "-o", "build/baseline", "-pthread"]),
  );
}
