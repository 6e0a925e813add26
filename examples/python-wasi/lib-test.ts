// Runs CPython's own tests in its build for WASI.
//
//   node dist/examples/python-wasi/lib-test.js                      # Debian's, downloaded by apt-get
//   node dist/examples/python-wasi/lib-test.js cpython/Lib/test     # those of a source tree
//
// --record writes the table for docs/wasi-cpython.md. --sandbox @wasmer/wasi runs the tests there, --files test_poll,test_select runs these files alone, and with --or-skip
// it is no failure if apt-get has none.
//
// Prints unittest's own report of each file, then a table. Exits with 1 if a test fails for a reason that
// reasons.ts does not know, or a file ends otherwise.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runChild, type Sandbox, SANDBOXES } from "./child.ts";
import { reasonOf } from "./reasons.ts";
import { record } from "./record.ts";

const DEADLINE_MS = 900_000;
/** Files that run at once. */
const JOBS = 2;
const DEBIAN = ["libpython3.11-testsuite", "libpython3.11-stdlib"];

/** How the tests of a file ended; the faults and reasons by the names of tests. */
interface Report {
  readonly ok: number;
  readonly skipped: Readonly<Record<string, string>>;
  readonly failed: Readonly<Record<string, string>>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sandbox: { type: "string", default: "node:wasi" },
    files: { type: "string" },
    "or-skip": { type: "boolean", default: false },
    record: { type: "boolean", default: false },
  },
});

const sandbox = values.sandbox as Sandbox;
if (!SANDBOXES.includes(sandbox)) {
  throw new Error(`lib-test: --sandbox must be ${SANDBOXES.join(" or ")}, got ${sandbox}`);
}

/** Downloads Debian's packages of CPython's tests, unless they are there; returns the folder of tests. */
function debianTests(): string {
  const folder = fileURLToPath(new URL("../../../build/cpython-tests/", import.meta.url));
  const tests = join(folder, "usr/lib/python3.11/test");
  if (existsSync(join(tests, "test_poll.py"))) return tests;
  mkdirSync(folder, { recursive: true });
  const run = (command: string, ...args: readonly string[]): void => {
    const { status, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`lib-test: ${command}: ${error?.message ?? stderr}`);
  };
  run("apt-get", "download", ...DEBIAN);
  for (const name of readdirSync(folder)) if (name.endsWith(".deb")) run("dpkg", "-x", name, ".");
  return tests;
}

/** The folder of tests. */
function findTests(): string {
  if (positionals[0] !== undefined) return resolve(positionals[0]);
  try {
    return debianTests();
  } catch (error) {
    if (!values["or-skip"]) throw error;
    console.log(`skipped: ${(error as Error).message}`);
    process.exit();
  }
}

const tests = findTests();
if (!existsSync(join(tests, "test_poll.py"))) {
  throw new Error(`lib-test: ${tests} is no Lib/test of CPython: there is no test_poll.py`);
}

/** The files to run, as names of modules: those of waiting, and all of asyncio. */
function names(): string[] {
  if (values.files !== undefined) return values.files.split(",");
  const ofAsyncio = readdirSync(join(tests, "test_asyncio")).filter((name) =>
    /^test_\w+\.py$/.test(name),
  );
  return [
    "test_select",
    "test_poll",
    "test_selectors",
    ...ofAsyncio.sort().map((name) => `test_asyncio.${name.slice(0, -3)}`),
  ];
}

/** Runs a file; undefined if it does not end with a report. */
async function reportOf(name: string): Promise<Report | undefined> {
  const scratch = mkdtempSync(join(tmpdir(), "omnipoll-python-"));
  try {
    const { stdout, stderr } = await runChild({
      sandbox,
      isStock: false,
      args: ["/omnipoll/run_tests.py", name],
      mounts: { "/lib-test": tests, "/scratch": scratch },
      deadlineMs: DEADLINE_MS,
    });
    const lines = stdout.trimEnd().split("\n");
    const last = lines.pop() ?? "";
    console.log(`\n=== ${name}\n${lines.join("\n")}`);
    if (last.startsWith("{")) return JSON.parse(last) as Report;
    console.log(`${last}\n${stderr}`);
    return undefined;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Reasons with the number of tests, the most frequent first. */
function reasonsOf(failed: Report["failed"]): string {
  const counts = new Map<string, number>();
  for (const [test, fault] of Object.entries(failed)) {
    const reason = reasonOf(test, fault) ?? `unknown: ${test}: ${fault}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([reason, count]) => `${count} × ${reason}`).join("; ");
}

const reports = new Map<string, Report | undefined>();
const left = names();
async function work(): Promise<void> {
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    reports.set(name, undefined);
    reports.set(name, await reportOf(name));
  }
}
await Promise.all(Array.from({ length: JOBS }, work));

let unknown = 0;
const total = { ok: 0, skipped: 0, failed: 0 };
const rows: Array<typeof total & { file: string; reasons: string }> = [];
console.log(`\n${"file".padEnd(38)}    ok  skipped  failed`);
for (const [name, report] of reports) {
  const row = name.padEnd(38);
  if (report === undefined) {
    unknown++;
    console.log(`${row} did not end with a report`);
    continue;
  }
  const { ok, failed } = report;
  const reasons = reasonsOf(failed);
  const counts = { ok, skipped: sizeOf(report.skipped), failed: sizeOf(failed) };
  rows.push({ file: name, ...counts, reasons });
  for (const key of ["ok", "skipped", "failed"] as const) total[key] += counts[key];
  unknown += Object.entries(failed).filter(([test, fault]) => !reasonOf(test, fault)).length;
  console.log(`${row}${numbers(counts)}  ${reasons}`);
}
console.log(`${"all".padEnd(38)}${numbers(total)}`);
if (unknown > 0) {
  console.log(`${unknown} without a known reason, in ${sandbox}`);
  process.exitCode = 1;
}
if (values.record) record("lib-test", { sandbox, rows, total });

function sizeOf(of: object): number {
  return Object.keys(of).length;
}

function numbers({ ok, skipped, failed }: typeof total): string {
  return `${String(ok).padStart(6)}${String(skipped).padStart(9)}${String(failed).padStart(8)}`;
}
