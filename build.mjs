// Builds what is out of date: core.wasm (asc), dist/ (tsc) and the native addon (the C compiler,
// without node-gyp, which would need Python). `--sanitize` also builds the addon with
// AddressSanitizer and UndefinedBehaviorSanitizer, for `.ci/run`; `--bench` also builds the C
// program that bench/ compares with; `--force` builds everything.
//
// A missing C compiler is not a failure: the rest is built, and what needs the addon says so.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const force = process.argv.includes("--force");

/**
 * Time of the last change below `paths`, in ms: of files whose name `matches`, and of folders,
 * since that is where a removed file shows.
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
    const below = readdirSync(path).filter((name) => name !== "build" && name !== "results");
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

/**
 * Runs a step unless its output is there and its stamp is newer than all its inputs; `make`
 * returns false if it failed.
 */
function step(name, inputs, matches, output, make) {
  const stamp = join(root, "build", `.${name}`);
  const paths = [...inputs, "build.mjs", "package-lock.json"].map((path) => join(root, path));
  const changed = newest(paths, matches);
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (!force && built > changed && existsSync(join(root, output))) return;
  const started = Date.now();
  if (make() === false) return;
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, "");
  console.log(`built ${name} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** Runs a program in the root folder; its output is shown only if it fails. */
function run(program, args) {
  const result = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  if (result.error) return result.error;
  if (result.status === 0) return undefined;
  process.stderr.write(result.stdout + result.stderr);
  return new Error(`${program} ended with ${result.signal ?? `status ${result.status}`}`);
}

/** Runs the script of a package in node_modules; stops the build if it fails. */
function runPackage(path, args) {
  const failure = run(process.execPath, [
    join(dirname(require.resolve(path)), args[0]),
    ...args.slice(1),
  ]);
  if (failure) {
    console.error(`build: ${failure.message}`);
    process.exit(1);
  }
}

const code = /\.(ts|json|mjs|h|c)$/;

// Made before anything looks at the time of host/native.
mkdirSync(join(root, "host", "native", "build"), { recursive: true });

step("core", ["asm", "asconfig.json"], code, "build/core.wasm", () => {
  runPackage("assemblyscript/package.json", ["bin/asc.js", "--target", "release"]);
});

step(
  "types",
  ["asm", "bindings", "host", "wasi", "test", "bench", "examples", "tsconfig.json"],
  /\.(ts|json|mjs)$/,
  "dist",
  () => {
    runPackage("typescript/package.json", ["bin/tsc", "-p", "."]);
    removeStale(join(root, "dist"));
  },
);

/** Removes what was compiled from a source that is gone: a deleted test must not go on running. */
function removeStale(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeStale(path);
    else {
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

/** Compiles C; false, with a line saying so, if there is no compiler or it fails. */
function compile(what, args) {
  const cc = compiler();
  if (cc === undefined) {
    console.warn(
      `build: no C compiler (cc, gcc or clang, or set CC): ${what} is not built; Debian: apt-get install gcc libc6-dev`,
    );
    return false;
  }
  const failure = run(cc, ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", ...args]);
  if (failure) console.warn(`build: ${what} is not built: ${failure.message}`);
  return failure === undefined;
}

/** Where the addon of one kind of build goes. */
function addonIn(folder) {
  return join("host", "native", "build", folder, "omnipoll.node");
}

/** Folders whose C files make the addon of this platform. */
const NATIVE_FOLDERS = ["host/native", "host/native/os", `host/native/${process.platform}`];

function buildAddon(kind, flags) {
  const output = addonIn(kind);
  mkdirSync(dirname(join(root, output)), { recursive: true });
  const sources = NATIVE_FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".c"))
      .map((name) => join(folder, name)),
  );
  return compile("the native addon", [
    ..."-DNAPI_VERSION=8 -fPIC -shared -fvisibility=hidden".split(" "),
    ...flags,
    `-I${require("node-api-headers").include_dir}`,
    ...NATIVE_FOLDERS.map((folder) => `-I${folder}`),
    ...sources,
    "-o",
    output,
    "-lm",
    "-pthread",
    // Threads and signal handlers of its own outlive the worker that loaded it.
    "-Wl,-z,nodelete",
  ]);
}

if (process.platform === "linux") {
  const native = ["host/native"];
  const sources = /\.(h|c|mjs|json)$/;
  let built = true;
  step(
    "native",
    native,
    sources,
    addonIn("Release"),
    () => (built = buildAddon("Release", ["-O2"])),
  );
  if (process.argv.includes("--sanitize")) {
    step("native-sanitize", native, sources, addonIn("Sanitize"), () => {
      const flags = ["-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined"];
      return (built &&= buildAddon("Sanitize", [...flags, "-fno-sanitize-recover=undefined"]));
    });
  }
  if (process.argv.includes("--bench")) {
    step("baseline", ["bench/baseline.c"], sources, "build/baseline", () =>
      compile("bench/baseline.c", ["-O2", "bench/baseline.c", "-o", "build/baseline", "-pthread"]),
    );
  }
  if (!built && process.argv.includes("--strict")) process.exit(1);
} else {
  console.warn(`build: no native addon for ${process.platform} yet`);
}
