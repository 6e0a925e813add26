// Builds the C programs of this folder: wasm2c makes C of a core, the C compiler links it with a host.
//
//   node dist/examples/embedding/build.js [--wasi] [--sanitize] FOLDER
//
//   --wasi      core.wasi.wasm and the imports in wasi.c, instead of core.wasm and the module "host" in host.c
//   --sanitize  compiles host and programs with AddressSanitizer and UndefinedBehaviorSanitizer
//
// The programs `example` and `rows` are in FOLDER afterwards.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { argv, env } from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const sources = join(root, "examples/embedding");

/** The release of wabt whose names core.h knows: wasm2c names functions otherwise from 1.0.33 on. */
const WABT = "1.0.32";
/** Where Debian's package has the C part of wasm2c. */
const RUNTIME = "/usr/share/wabt/wasm2c/wasm-rt-impl.c";

/** A trap is a defect of the core: the runtime would jump to where nothing has been set up. */
const TRAP =
  '-DWASM_RT_TRAP_HANDLER(code)=(fprintf(stderr, "the core trapped: %s\\n", wasm_rt_strerror(code)), abort())';

const FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-Werror"];
const SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"];

/** A core: its module, and the files that make its imports. */
interface Kind {
  readonly module: string;
  readonly host: readonly string[];
  readonly flags: readonly string[];
}

const KINDS = {
  host: {
    module: "build/core.wasm",
    host: ["host.c", "descriptors.c", "absent.c"],
    flags: [],
  },
  wasi: {
    module: "build/core.wasi.wasm",
    host: ["wasi.c", "wasi-oneoff.c"],
    flags: ["-DCORE_WASI"],
  },
} satisfies Record<string, Kind>;

const ROWS = [
  "rows.c",
  "rows-epoll.c",
  "rows-edges.c",
  "rows-poll.c",
  "rows-kqueue.c",
  "rows-filters.c",
];

export interface BuildOptions {
  readonly core: keyof typeof KINDS;
  /** Where the programs and what they are made of go. */
  readonly folder: string;
  readonly sanitize?: boolean;
  /** More programs: C files, by the names of their programs. */
  readonly programs?: Readonly<Record<string, readonly string[]>>;
}

function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (status === 0) return stdout;
  throw new Error(`${program} failed: ${error?.message ?? stderr.trimEnd()}`);
}

/** The C compiler; throws if no compiler runs. */
function compiler(): string {
  const names = env["CC"] === undefined ? ["cc", "gcc", "clang"] : [env["CC"]];
  const found = names.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (found !== undefined) return found;
  throw new Error(`no C compiler runs (${names.join(", ")}): apt-get install gcc libc6-dev`);
}

/** Throws if wasm2c or its runtime is missing, or if wasm2c names things otherwise. */
function checkWabt(): void {
  const { status, stdout } = spawnSync("wasm2c", ["--version"], { encoding: "utf8" });
  if (status !== 0 || !existsSync(RUNTIME)) {
    throw new Error(`wasm2c or ${RUNTIME} is missing: apt-get install wabt`);
  }
  const version = stdout.trim().split(" ")[0];
  if (version === WABT) return;
  throw new Error(
    `wasm2c is of wabt ${version}: examples/embedding/core.h knows the names of ${WABT} (Debian 12)`,
  );
}

/** Makes the objects of a core and of wasm2c's runtime, unless the folder has them. */
function translate(cc: string, module: string, folder: string): readonly string[] {
  const objects = [join(folder, "core-module.o"), join(folder, "wasm-rt-impl.o")] as const;
  if (objects.every((path) => existsSync(path))) return objects;
  if (!existsSync(module)) throw new Error(`${module} is missing: npm run build`);
  const source = join(folder, "core-module.c");
  run("wasm2c", module, "-n", "core", "-o", source);
  // The code is wasm2c's: its warnings are nothing that this project could mend.
  run(cc, "-O1", "-w", "-c", source, "-o", objects[0]);
  run(cc, "-O1", "-w", TRAP, "-c", RUNTIME, "-o", objects[1]);
  return objects;
}

/**
 * Builds the programs. Returns their paths, by name.
 *
 * @throws {Error} with the package that is missing, or what a tool printed
 */
export function build({
  core,
  folder,
  sanitize = false,
  programs = {},
}: BuildOptions): Record<string, string> {
  const cc = compiler();
  checkWabt();
  mkdirSync(folder, { recursive: true });
  const kind: Kind = KINDS[core];
  const objects = translate(cc, join(root, kind.module), folder);
  const flags = [
    ...FLAGS,
    ...kind.flags,
    ...(sanitize ? SANITIZERS : []),
    `-I${folder}`,
    `-I${sources}`,
    "-iquote",
    join(root, "wasi/include"),
  ];
  const host = ["core.c", "amounts.c", ...kind.host].map((name) => join(sources, name));
  const made: Record<string, string> = {};
  const all = { example: ["example.c"], rows: ROWS, ...programs };
  for (const [name, files] of Object.entries(all)) {
    const program = join(folder, sanitize ? `${name}-sanitized` : name);
    const paths = files.map((file) => resolve(sources, file));
    run(cc, ...flags, ...paths, ...host, ...objects, "-o", program, "-lm");
    made[name] = program;
  }
  return made;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const given = argv.slice(2);
  const folders = given.filter((argument) => !argument.startsWith("--"));
  const unknown = given.find(
    (argument) => !["--wasi", "--sanitize", ...folders].includes(argument),
  );
  if (folders.length !== 1 || unknown !== undefined) {
    console.error("usage: node dist/examples/embedding/build.js [--wasi] [--sanitize] FOLDER");
    process.exit(2);
  }
  try {
    const made = build({
      core: given.includes("--wasi") ? "wasi" : "host",
      folder: resolve(folders[0] as string),
      sanitize: given.includes("--sanitize"),
    });
    for (const path of Object.values(made)) console.log(path);
  } catch (error) {
    console.error(`build: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
