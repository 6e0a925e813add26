// Runs every test file, each in its own process, and fails where uvu alone would not: a
// file without `.run()`, one with a `.only`, a throwing `before`, and a run of no tests.
// `npm test -- epoll` runs the files whose name has "epoll" in it.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const folder = new URL(".", import.meta.url);
const wanted = process.argv[2] ?? "";
const files = readdirSync(folder).filter(
  (file) => file.endsWith(".test.js") && file.includes(wanted),
);

let passedTests = 0;
let failedTests = 0;
let skippedTests = 0;

/** The number after `label` in uvu's summary. */
function counted(label: string, output: string): number {
  return Number(new RegExp(`${label}:\\D*(\\d+)`).exec(output)?.[1] ?? 0);
}

for (const file of files) {
  const path = new URL(file, folder);
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--enable-source-maps", "--expose-gc", path.pathname],
    { encoding: "utf8", env: { ...process.env, FORCE_COLOR: "0" }, timeout: 300_000 },
  );
  const total = counted("Total", stdout);
  const passed = counted("Passed", stdout);
  const broken = status !== 0 || total === 0 || readFileSync(path, "utf8").includes(".only(");
  const failed = Math.max(total - passed, broken ? 1 : 0);
  passedTests += passed;
  failedTests += failed;
  skippedTests += counted("Skipped", stdout);
  process.stdout.write(`${failed > 0 ? "FAIL" : "ok  "} ${file} ${passed}/${total}\n`);
  for (const line of stdout.split("\n").filter((text) => text.startsWith("skip: "))) {
    process.stdout.write(`     ${line}\n`);
  }
  if (failed > 0) {
    if (signal !== null) process.stdout.write(`ended by ${signal}\n`);
    process.stdout.write(stdout + stderr);
  }
}

if (files.length === 0) {
  process.stdout.write(`no test file has ${JSON.stringify(wanted)} in its name\n`);
  failedTests++;
}
const skipped = skippedTests > 0 ? `, ${skippedTests} skipped` : "";
process.stdout.write(`${passedTests} passed, ${failedTests} failed${skipped}\n`);
process.exitCode = failedTests === 0 ? 0 : 1;
