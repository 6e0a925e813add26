// Runs the test files on every host, each file in a process or a page of its own, and prints how many tests each
// host passes. A run also fails for faults that uvu alone passes: a file without tests or without `.run()`, a
// `.only`, a hook that throws, a pattern that matches no file. runner/arguments.ts has the usage.

import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { findChromium } from "./browser/chromium.ts";
import { BrowserHosts } from "./browser/hosts.ts";
import {
  clockless,
  HOSTS,
  type HostName,
  isInBrowser,
  NATIVE,
  OTHER_HOSTS,
} from "./hosts/hosts.ts";
import { Matrix } from "./hosts/matrix.ts";
import { reasonFor, reasonForAddon, skipReason, SKIPS } from "./hosts/skips.ts";
import { parse, USAGE, UsageError, type Wanted } from "./runner/arguments.ts";
import { FOLDER, runInProcess, SUFFIX } from "./runner/child.ts";
import { count, type Outcome } from "./runner/outcome.ts";
import { inSources } from "./runner/positions.ts";
import { type FileResult, rowsOf, type TestResult, writeResults } from "./runner/results.ts";
import { runAll, type Task } from "./runner/schedule.ts";

/** Time after which a file that hangs is ended. A single test has a deadline of a minute. */
const LIMIT_MS = 900_000;
const LINGER_MS = 2000;
const RESULTS = new URL("../../build/test-results.json", import.meta.url);

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function wantedOrExit(): Wanted {
  try {
    return parse(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`error: ${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

const { patterns, hosts } = wantedOrExit();

const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length))
  .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
  .sort();

/** Whether the addon is another one than the suite's own: one with sanitizers. */
const HAS_OTHER_ADDON = process.env["OMNIPOLL_ADDON"] !== undefined;

/** Why a file does not run on a host; undefined if it does. */
function leftOut(host: HostName, file: string): string | undefined {
  return (
    (HAS_OTHER_ADDON ? reasonForAddon(file) : undefined) ??
    (host === NATIVE ? undefined : reasonFor(host, file))
  );
}

const filesOn = (host: HostName): string[] =>
  files.filter((file) => leftOut(host, file) === undefined);

let browser: BrowserHosts | undefined;

/** The compiled files that run in a browser, below dist/. */
function filesInBrowser(): string[] {
  const found = hosts.filter(isInBrowser).flatMap(filesOn);
  return [...new Set(found)].map((file) => `test/${file}${SUFFIX}`);
}

/** The hosts on which another build of the addon is tested. `standalone` makes no call of it that `posix` does not. */
const ON_THE_ADDON: ReadonlySet<HostName> = new Set([NATIVE, "posix"]);

/** Why nothing runs on a host; the browser is started if the host is in one. */
async function missingFor(host: HostName): Promise<string | undefined> {
  if (!ON_THE_ADDON.has(host) && HAS_OTHER_ADDON) {
    return "another build of the addon is tested";
  }
  if (!isInBrowser(host)) return undefined;
  const path = findChromium();
  if (path === undefined) return "no chromium";
  browser ??= await BrowserHosts.start(path, filesInBrowser());
  return undefined;
}

function runOn(host: HostName, file: string): Promise<Outcome> {
  const url = new URL(file + SUFFIX, FOLDER);
  if (host === NATIVE) return runInProcess(url, {}, { limitMs: LIMIT_MS, lingerMs: LIMIT_MS });
  if (!isInBrowser(host)) {
    // No addon is in the process of the host that serves without one.
    const options = host === "wasi" ? { NODE_OPTIONS: "--no-addons" } : {};
    const limits = { limitMs: LIMIT_MS, lingerMs: LINGER_MS };
    return runInProcess(url, { OMNIPOLL_HOST: host, ...options }, limits);
  }
  const { base, isReal } = clockless(host);
  const place = { host: isReal ? "sim:linux:real" : "sim:linux", isWorker: base === "worker" };
  return (browser as BrowserHosts).run(`test/${file}${SUFFIX}`, place, LIMIT_MS);
}

/** The results of a file's tests on a host. A test in SKIPS counts as skipped if it failed. */
function judged(host: HostName, file: string, outcome: Outcome): TestResult[] {
  const base = host === NATIVE ? NATIVE : clockless(host).base;
  return outcome.tests.map(({ name, suite, result, message, ms }) => {
    const rows = rowsOf(name);
    if (result !== "failed") return { name, suite, rows, result, ms };
    const reason = base === NATIVE ? undefined : skipReason(base, file, name, message);
    if (reason === undefined) return { name, suite, rows, result, reason: message ?? "", ms };
    return { name, suite, rows, result: "skipped", reason, ms };
  });
}

/** The faults of a file on a host, besides the tests that failed. */
function problemsOf(host: HostName, file: string, outcome: Outcome): string[] {
  const broken = outcome.broken === "" ? [] : [outcome.broken];
  if (host === NATIVE || outcome.broken !== "") return broken;
  const { base } = clockless(host);
  const failed = outcome.tests.filter(({ result }) => result === "failed");
  return SKIPS.filter((skip) => skip.host === base && skip.file === file)
    .filter(({ test }) => !failed.some(({ name }) => name.startsWith(test)))
    .map(({ test }) => `need not be skipped: ${test}`);
}

/** The cost of a column. */
interface Column {
  files: number;
  seconds: number;
  cpuSeconds: number;
}

const matrix = new Matrix(HOSTS);
const columns = new Map<HostName, Column>();
const results: FileResult[] = [];
/** Reports of the files that failed, which the runner prints again at the end. */
const failures: string[] = [];

async function runTask({ file, host }: Task<HostName>): Promise<void> {
  const outcome = await runOn(host, file);
  const tests = judged(host, file, outcome);
  const problems = problemsOf(host, file, outcome);
  const failed = tests.filter(({ result }) => result === "failed");
  const skipped = tests.filter(({ result }) => result === "skipped").length;
  const passed = count(outcome, "passed");
  matrix.add(host, file, { passed, failed: failed.length + problems.length, skipped });
  const { seconds, cpuSeconds } = outcome;
  results.push({ file, host, seconds, cpuSeconds, tests });
  const column = columns.get(host) ?? { files: 0, seconds: 0, cpuSeconds: 0 };
  columns.set(host, column);
  column.files++;
  column.seconds += outcome.seconds;
  column.cpuSeconds += outcome.cpuSeconds;
  const isBad = failed.length + problems.length > 0;
  if (!isBad && host !== NATIVE && patterns.length === 0) return;
  const where = host === NATIVE ? "" : ` on ${host}`;
  const line = `${file}${SUFFIX}${where} ${passed}/${tests.length}, ${outcome.seconds.toFixed(1)} s`;
  say(`${isBad ? "FAIL" : "ok  "} ${line}`);
  for (const { name } of failed) say(`     failed: ${JSON.stringify(name)}`);
  for (const problem of problems) say(`     ${problem}`);
  for (const text of outcome.output.split("\n")) if (text.startsWith("skip: ")) say(`     ${text}`);
  if (!isBad) return;
  const why = [
    ...problems,
    ...failed.map(({ name, reason }) => `failed: ${JSON.stringify(name)}: ${reason}`),
    // uvu prints errors at the end, which a broken file may not have reached.
    ...(outcome.broken === "" ? [] : outcome.tests.map(({ stack = "" }) => inSources(stack))),
  ].filter((text) => text !== "");
  failures.push([`FAIL ${line}`, ...why.map((one) => `  ${one}`), outcome.output].join("\n"));
}

const tasks: Array<Task<HostName>> = [];
let hasFiles = false;
for (const host of hosts) {
  const own = filesOn(host);
  if (own.length === 0) continue;
  hasFiles = true;
  const missing = await missingFor(host);
  if (missing === undefined) tasks.push(...own.map((file) => ({ file, host })));
  else say(`skip: ${host}, ${missing}`);
}
// Twice as many lanes as processors: many files wait for most of their time.
await runAll(tasks, 2 * availableParallelism(), runTask);
await browser?.close();

for (const host of hosts) {
  for (const file of files) {
    const reason = leftOut(host, file);
    if (reason !== undefined) results.push({ file, host, leftOut: reason, tests: [] });
  }
}
// With a pattern, some hosts or another addon the data would lack the tests that did not run.
if (patterns.length === 0 && hosts.length === HOSTS.length && !HAS_OTHER_ADDON) {
  writeResults(RESULTS, hosts, results);
}

const minutes = (seconds: number): string => (seconds / 60).toFixed(1);
for (const host of HOSTS) {
  const column = columns.get(host);
  if (column === undefined) continue;
  const cpu = column.cpuSeconds === 0 ? "" : `, ${minutes(column.cpuSeconds)} of a processor`;
  say(`${host}: ${column.files} files, ${minutes(column.seconds)} minutes of a lane${cpu}`);
}

let { passed, failed, skipped } = matrix.total;
if (!hasFiles) {
  const quoted = patterns.map((pattern) => JSON.stringify(pattern)).join(" or ");
  say(`no test file with ${quoted} in its path runs on ${hosts.join(" or ")}`);
  failed++;
}
if (columns.size > 0) say(`\n${matrix.toString()}\n`);
for (const text of failures) say(text);
sayWhatElse();
say(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 ? 0 : 1;

/** Prints the other hosts on which the files of a pattern run, and the commands for them. */
function sayWhatElse(): void {
  const others = OTHER_HOSTS.filter((host) => !hosts.includes(host) && filesOn(host).length > 0);
  if (patterns.length === 0 || others.length === 0) return;
  const found = others.map((host) => `${host} (${filesOn(host).length})`);
  say(`The same files run on other hosts, too: ${found.join(", ")}.`);
  const command = `npm test -- ${patterns.join(" ")} --hosts`;
  say(`  ${command} ${others[0]}\n  ${command} all`);
}
