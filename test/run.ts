// Runs every test file, each in its own process, and fails where uvu alone would not: a file
// without `.run()`, one with a `.only`, a throwing `before`, and a run of no tests. Then what is not
// about this machine once more on the other hosts (skips.ts), and prints who passes what.
// `npm test -- epoll` runs the files whose name has "epoll" in it.

import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { findChromium } from "./browser/chromium.ts";
import { BrowserHosts } from "./browser/hosts.ts";
import { Matrix } from "./hosts/matrix.ts";
import {
  BROWSERS,
  clockless,
  isSkipped,
  OTHER_HOSTS,
  type OtherHost,
  reasonFor,
  SKIPS,
} from "./hosts/skips.ts";

const folder = new URL(".", import.meta.url);
const wanted = process.argv[2] ?? "";
const SUFFIX = ".test.js";
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .sort()
  .filter((file) => file.endsWith(SUFFIX) && file.includes(wanted))
  .map((file) => file.slice(0, -SUFFIX.length));

/** What came of one file on one host. */
interface Outcome {
  readonly total: number;
  readonly passed: number;
  readonly skipped: number;
  /** The tests that failed, and what they said. */
  readonly failed: ReadonlyArray<{ readonly name: string; readonly message: string }>;
  /** Why it counts as failed although no test did. */
  readonly broken: string;
  readonly output: string;
  readonly seconds: number;
}

/** The last line of uvu's summary. */
const SUMMARY = /^ *Duration: /m;

/** The number after `label` in uvu's summary. */
function counted(label: string, output: string): number {
  return Number(new RegExp(`${label}:\\D*(\\d+)`).exec(output)?.[1] ?? 0);
}

/**
 * What came of a file that printed `output`.
 *
 * @param ending how it ended, if not well
 */
function outcomeOf(
  file: string,
  output: string,
  errors: string,
  begun: number,
  ending: string,
): Outcome {
  const total = counted("Total", output);
  const passed = counted("Passed", output);
  let broken = passed === total ? ending : "";
  if (total === 0) broken = `no tests were run ${ending}`;
  const path = new URL(file + SUFFIX, folder).pathname;
  if (readFileSync(path, "utf8").includes(".only(")) broken = "there is a .only";
  return {
    total,
    passed,
    skipped: counted("Skipped", output),
    failed: [...output.matchAll(/^ +FAIL +(?:.*? )?"(.*)"\n +(.*)$/gm)].map(
      ([, name = "", message = ""]) => ({ name, message }),
    ),
    broken,
    output: output + errors,
    seconds: (performance.now() - begun) / 1000,
  };
}

/**
 * Runs a file, on the host of this machine or another one. It is ended after `limitMs`, or so long
 * after its last test: one that failed may have left a child that holds it up.
 */
function runFile(
  file: string,
  host: string,
  limitMs: number,
  lingerMs = limitMs,
): Promise<Outcome> {
  const path = new URL(file + SUFFIX, folder).pathname;
  const env: NodeJS.ProcessEnv = { ...process.env, FORCE_COLOR: "0" };
  if (host !== "") env["OMNIPOLL_HOST"] = host;
  const begun = performance.now();
  const child = spawn(process.execPath, ["--enable-source-maps", "--expose-gc", path], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  let hasEnded = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (hasEnded || !SUMMARY.test(output)) return;
    hasEnded = true;
    const lingering = setTimeout(() => child.kill("SIGKILL"), lingerMs);
    child.once("close", () => clearTimeout(lingering));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  return new Promise((resolve) => {
    child.once("close", (status, signal) => {
      clearTimeout(timer);
      // What hung on was ended, and counts by its tests.
      const isBad = status !== 0 && (signal === null || !hasEnded);
      const ending = isBad ? `ended with ${status ?? signal}` : "";
      resolve(outcomeOf(file, output, errors, begun, ending));
    });
  });
}

let passedTests = 0;
let failedTests = 0;
let skippedTests = 0;
const matrix = new Matrix();
/** Output of the files that failed: once more at the end, where it is found. */
const failures: string[] = [];

function report(file: string, host: string, failed: number, outcome: Outcome, why: string): void {
  const { passed, total, seconds } = outcome;
  const where = host === "" ? "" : ` on ${host}`;
  const line = `${file}${SUFFIX}${where} ${passed}/${total}, ${seconds.toFixed(1)} s`;
  process.stdout.write(`${failed > 0 ? "FAIL" : "ok  "} ${line}\n`);
  for (const text of outcome.output.split("\n").filter((one) => one.startsWith("skip: "))) {
    process.stdout.write(`     ${text}\n`);
  }
  if (failed > 0) failures.push(`FAIL ${line} ${why}\n${outcome.output}`);
}

for (const file of files) {
  const outcome = await runFile(file, "", 300_000);
  const missing = outcome.total - outcome.passed;
  const failed = Math.max(missing, outcome.broken === "" ? 0 : 1);
  passedTests += outcome.passed;
  failedTests += failed;
  skippedTests += outcome.skipped;
  matrix.add("native", file, outcome.passed, failed, outcome.skipped);
  report(file, "", failed, outcome, outcome.broken);
}

const ELSEWHERE_MS = 60_000;
const LINGER_MS = 2000;

let browser: BrowserHosts | undefined;

/** Runs a file in a page, or in a worker of one. */
async function runInBrowser(hosts: BrowserHosts, file: string, host: OtherHost): Promise<Outcome> {
  const begun = performance.now();
  const { base, isReal } = clockless(host);
  const place = { host: isReal ? "sim:linux:real" : "sim:linux", isWorker: base === "worker" };
  const output = await hosts.run(file + SUFFIX, place, ELSEWHERE_MS);
  return outcomeOf(file, output, "", begun, /^uncaught: .*$/m.exec(output)?.[0] ?? "");
}

const isInBrowser = (host: OtherHost): boolean => BROWSERS.includes(clockless(host).base);

/** Why a host is left out; the browser is started if it needs one. */
async function missingFor(host: OtherHost): Promise<string | undefined> {
  if (host !== "posix" && process.env["OMNIPOLL_ADDON"] !== undefined)
    return "another build of the addon is tested";
  if (!isInBrowser(host)) return undefined;
  const path = findChromium();
  if (path === undefined) return "no chromium";
  browser ??= await BrowserHosts.start(path);
  return undefined;
}

/** Runs a file on another host: what skips.ts lists must fail, everything else must not. */
async function runElsewhere(file: string, host: OtherHost): Promise<void> {
  const outcome =
    browser !== undefined && isInBrowser(host)
      ? await runInBrowser(browser, file, host)
      : await runFile(file, host, ELSEWHERE_MS, LINGER_MS);
  const { base } = clockless(host);
  const skips = SKIPS.filter((skip) => skip.host === base && skip.file === file);
  const unexpected = outcome.failed.filter(
    ({ name, message }) => !isSkipped(base, file, name, message),
  );
  const stale = skips.filter(
    ({ test }) => !outcome.failed.some(({ name }) => name.startsWith(test)),
  );
  const problems = [
    ...unexpected.map(({ name }) => `failed: ${name}`),
    ...stale.map(({ test }) => `need not be skipped: ${test}`),
    ...(outcome.broken === "" ? [] : [outcome.broken]),
  ];
  const skipped = outcome.failed.length - unexpected.length;
  passedTests += outcome.passed;
  failedTests += problems.length;
  skippedTests += skipped;
  matrix.add(host, file, outcome.passed, problems.length, skipped);
  if (problems.length > 0) report(file, host, problems.length, outcome, problems.join("; "));
}

for (const host of OTHER_HOSTS) {
  const queue = files.filter((file) => reasonFor(host, file) === undefined);
  const begun = performance.now();
  const next = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      await runElsewhere(file, host);
    }
  };
  const count = queue.length;
  const missing = count === 0 ? undefined : await missingFor(host);
  if (missing !== undefined) {
    process.stdout.write(`skip: ${host}, ${missing}\n`);
    continue;
  }
  // Virtual time does not care how busy the machine is; a real clock does.
  const lanes = clockless(host).isReal ? 2 : availableParallelism();
  await Promise.all(Array.from({ length: lanes }, next));
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  process.stdout.write(`${host}: ${count} files, ${seconds} s\n`);
}
await browser?.close();

if (files.length === 0) {
  process.stdout.write(`no test file has ${JSON.stringify(wanted)} in its name\n`);
  failedTests++;
}
process.stdout.write(`\n${matrix.toString()}\n`);
for (const text of failures) process.stdout.write(`${text}\n`);
const skipped = skippedTests > 0 ? `, ${skippedTests} skipped` : "";
process.stdout.write(`${passedTests} passed, ${failedTests} failed${skipped}\n`);
process.exitCode = failedTests === 0 ? 0 : 1;
