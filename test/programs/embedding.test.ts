// Programs in C that embed the core through wasm2c (examples/embedding): the core over the module "host", and the
// core over wasi_snapshot_preview1 alone, on real descriptors.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { build, type BuildOptions } from "../../examples/embedding/build.ts";
import { textOf } from "../docs/blocks.ts";
import { HEADER } from "../docs/header.ts";
import { ROWS as CATALOGUE } from "../conformance/rows.ts";
import { type Ended, startProgram } from "../support/spawned.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const CHECKS = join(ROOT, "test/programs/embedding");

/** The rows that the program runs, in its order. */
const ROWS = textOf("examples/embedding/rows.txt").trimEnd().split("\n");

/** The rows that are wrong on a core, with the reason. */
const WRONG: Record<BuildOptions["core"], Readonly<Record<string, string>>> = {
  host: {},
  wasi: {
    "EPO-082":
      "an event with a hang-up and no bytes is the end of a socket, or one that was never connected",
  },
};

/** The output of the example, as ARCHITECTURE.md shows it. */
const OUTPUT = textOf("ARCHITECTURE.md").match(
  /<!-- end of example-in-c -->\n\n```text\n([^]*?)```/,
)?.[1];

const hasTool = (name: string): boolean => spawnSync(name, ["--version"]).status === 0;
const embeds = hasTool("wasm2c") ? test : test.skip;
const hasCxx = hasTool("g++");

const folder = mkdtempSync(join(tmpdir(), "omnipoll-embedding-"));
test.after(() => rmSync(folder, { recursive: true }));

function run(program: string | undefined): Promise<Ended> {
  const env = { ASAN_OPTIONS: "abort_on_error=0", UBSAN_OPTIONS: "print_stacktrace=1" };
  return startProgram(program as string, [], { env }).ended;
}

/** What the program prints, row by row, if the rows in `wrong` alone are wrong. */
function expected(wrong: Readonly<Record<string, string>>): string[] {
  return ROWS.map((row) => `${row} ${row in wrong ? "wrong" : "ok"}`);
}

/** Calls `make` at the first call alone. */
function once<Result>(make: () => Result): () => Result {
  let made: { readonly result: Result } | undefined;
  return () => (made ??= { result: make() }).result;
}

for (const core of ["host", "wasi"] as const) {
  const options = { core, folder: join(folder, core) };
  const plain = once(() => build(options));
  const sanitized = once(() =>
    build({
      ...options,
      sanitize: true,
      programs: { imports: [join(CHECKS, `${core}-imports.c`)] },
    }),
  );

  embeds(`${core}: the example prints what ARCHITECTURE.md says`, async () => {
    const { status, stdout, stderr } = await run(plain()["example"]);
    assert.is(stderr, "");
    assert.is(stdout, OUTPUT);
    assert.is(status, 0);
  });

  for (const [how, made] of [
    ["", plain],
    [", sanitized", sanitized],
  ] as const) {
    embeds(`${core}: every row is as the catalogue has it${how}`, async () => {
      const { status, stdout, stderr } = await run(made()["rows"]);
      assert.is(stderr, "");
      const lines = stdout.trimEnd().split("\n");
      // A row that is wrong says how behind a colon; the whole output is in the message then.
      const seen = lines.map((line) => line.replace(/: .*/, ""));
      assert.equal(seen, expected(WRONG[core]), stdout);
      assert.is(status, Object.keys(WRONG[core]).length === 0 ? 0 : 1);
    });
  }

  embeds(
    `${core}: the imports owe what they say, and reach no byte outside the memory`,
    async () => {
      const { status, stdout, stderr } = await run(sanitized()["imports"]);
      assert.is(stderr, "");
      assert.is(stdout, "0 wrong\n");
      assert.is(status, 0);
    },
  );
}

test("the rows are at least 30, each once, and of the catalogue", () => {
  assert.ok(ROWS.length >= 30);
  assert.is(new Set(ROWS).size, ROWS.length);
  assert.equal(
    ROWS.filter((row) => !CATALOGUE.includes(row)),
    [],
  );
});

/** Compiles a program that includes omnipoll.h; resolves to what the compiler printed. */
function compileHeader(compiler: string, language: string, standard: string): string {
  const program =
    '#include "omnipoll.h"\nint main(void) { return OMNIPOLL_ERROR_BAD_HANDLE == 0; }\n';
  const flags = ["-Wall", "-Wextra", "-Werror", "-pedantic", `-std=${standard}`, "-fsyntax-only"];
  const include = ["-iquote", join(ROOT, "wasi/include"), "-x", language, "-"];
  const { status, stderr } = spawnSync(compiler, [...flags, ...include], {
    input: program,
    encoding: "utf8",
  });
  return status === 0 ? "" : stderr || `${compiler} does not run`;
}

test("omnipoll.h is C11", () => {
  assert.is(compileHeader("cc", "c", "c11"), "");
});

(hasCxx ? test : test.skip)("omnipoll.h is C++", () => {
  assert.is(compileHeader("g++", "c++", "c++11"), "");
});

test("omnipoll.h has the functions that core.wasi.wasm exports, and no other", () => {
  const module = new WebAssembly.Module(readFileSync(join(ROOT, "build/core.wasi.wasm")));
  const functions = WebAssembly.Module.exports(module).filter(({ kind }) => kind === "function");
  const named = textOf(HEADER).matchAll(/^ {2}(?:FUNCTION\(\w+, |PROCEDURE\()(\w+),/gm);
  assert.equal(
    Array.from(named, ([, name]) => name).sort(),
    functions.map(({ name }) => name).sort(),
  );
});

/** Calls `body` with other variables of the environment. */
function withVariables(variables: Readonly<Record<string, string>>, body: () => void): void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    body();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** A folder with a wasm2c of another release of wabt. */
function otherWabt(): string {
  const place = mkdtempSync(join(folder, "wabt-"));
  writeFileSync(join(place, "wasm2c"), "#!/bin/sh\necho 1.0.36\n", { mode: 0o755 });
  return place;
}

embeds("the build says which package is missing, and which wasm2c it knows", () => {
  const options = { core: "host", folder: join(folder, "refused") } as const;
  const found = spawnSync("sh", ["-c", "command -v cc || command -v gcc"], { encoding: "utf8" });
  const compiler = found.stdout.trim();
  withVariables({ CC: join(folder, "no-compiler") }, () => {
    assert.throws(() => build(options), /apt-get install gcc libc6-dev/);
  });
  withVariables({ CC: compiler, PATH: join(folder, "no-programs") }, () => {
    assert.throws(() => build(options), /apt-get install wabt/);
  });
  withVariables({ PATH: `${otherWabt()}:${process.env["PATH"]}` }, () => {
    assert.throws(() => build(options), /wabt 1\.0\.36: .*core\.h knows the names of 1\.0\.32/);
  });
  assert.not(existsSync(options.folder), "nothing is left behind");
});

test.run();
