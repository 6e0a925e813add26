// `npm run bench [-- [--quick] [GROUP…]]`: measures, prints, and writes bench/results.

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { Child, type Children } from "./child.ts";
import { epollCases } from "./epoll.bench.ts";
import { FULL, QUICK, type Result, runCase } from "./harness.ts";
import { hostCases } from "./hosts.bench.ts";
import { kqueueCases } from "./kqueue.bench.ts";
import { libeventCases } from "./libevent.bench.ts";
import { drawPlots } from "./plots/plots.ts";
import { mostPipes } from "./pipes.ts";
import { pollCases } from "./poll.bench.ts";
import { caseTable, type Machine, targetLine, toJson, toMarkdown } from "./report.ts";
import { selectCases } from "./select.bench.ts";
import { simCases } from "./sim.bench.ts";
import { checkTargets } from "./targets.ts";
import { asleepResult } from "./wasi-asleep.ts";
import { wasiCases } from "./wasi.bench.ts";

const command = new Command("bench")
  .description("Measures beside C and CPython; a run of all groups writes bench/results.")
  .argument(
    "[group...]",
    "beginnings of names: epoll, epoll-idle, poll, select, kqueue, libevent, sim, wasi, hosts",
  )
  .option("--quick", "a shorter, noisier run", false)
  .parse();
const { quick } = command.opts<{ quick: boolean }>();
const wanted = command.args;

function pathOf(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** The most open files: the hard limit. Node raises its soft limit to it, as the children do. */
function openFilesLimit(): number {
  const line = /^Max open files +\S+ +(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
  return line?.[1] === "unlimited" ? Infinity : Number(line?.[1] ?? 1024);
}

/**
 * Keeps this thread, and the processes that it starts, on the CPU that is least busy now: on
 * different CPUs, contestants would share theirs with different programs. Node's other threads are
 * not moved.
 */
function pin(): string {
  const before = cpus();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  const idle = cpus().map(({ times }, cpu) => times.idle - (before[cpu]?.times.idle ?? 0));
  const cpu = idle.indexOf(Math.max(...idle));
  const { status } = spawnSync("taskset", ["-p", "-c", String(cpu), String(process.pid)]);
  return status === 0 ? `all on CPU ${cpu}` : "on any CPU: there is no taskset here";
}

async function startChildren(): Promise<Children> {
  const alone = ["--threads", "1"];
  const baseline = pathOf("build/baseline");
  const script = pathOf("bench/cpython.py");
  const program = process.env["PYTHON"] ?? "python3";
  const children = {
    c: await Child.start("C", baseline, []),
    cSelect: await Child.start("C select()", baseline, []),
    cAlone: await Child.start("C, 1 thread", baseline, alone),
    python: await Child.start("CPython", program, [script]),
    pythonAlone: await Child.start("CPython, 1 thread", program, [script, ...alone]),
  };
  if (children.c === undefined) console.log("C: skipped, build/baseline is not built");
  if (children.python === undefined) console.log(`CPython: skipped, no ${program} here`);
  return children;
}

const limit = openFilesLimit();
if (mostPipes(limit) < 1064) {
  console.log(`bench: at most ${limit} open files, 2400 are needed: raise it with ulimit -n`);
  process.exit(1);
}
if (mostPipes(limit) < 9000) {
  console.log(`bench: at most ${limit} open files: ${mostPipes(limit)} idle pipes instead of 9000`);
}

const pinned = pin();
const children = await startChildren();
const machine: Machine = {
  date: new Date().toISOString(),
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  kernel: release(),
  node: process.version,
  python: children.python?.version ?? null,
  compiler: children.c?.version ?? null,
  quick,
};
console.log(`${Object.values(machine).slice(1, -1).join(", ")}, ${pinned}\n`);

const known = [
  ...epollCases(children, limit),
  ...pollCases(children),
  ...selectCases(children),
  ...kqueueCases(children, limit),
  ...libeventCases(children),
  ...simCases(),
  ...wasiCases(),
  ...hostCases(),
];
/** The groups that are measured otherwise. */
const ASLEEP = "wasi-asleep";
const all = wanted.length === 0;
const isWanted = (group: string): boolean => all || wanted.some((name) => group.startsWith(name));
const cases = known.filter(({ group }) => isWanted(group));
const names = [...new Set(known.map(({ group }) => group)), ASLEEP];
for (const name of wanted) {
  if (names.some((group) => group.startsWith(name))) continue;
  const groups = names.join(", ");
  console.error(`bench: no group begins with ${name}: ${groups}`);
  process.exit(2);
}

const results: Result[] = [];
for (const one of cases) {
  const result = await runCase(one, quick ? QUICK : FULL);
  results.push(result);
  console.log(caseTable(result));
}
for (const child of Object.values(children)) child?.stop();
if (isWanted(ASLEEP)) {
  const result = asleepResult(quick ? 1 : 5);
  results.push(result);
  console.log(caseTable(result));
}

const targets = checkTargets(results);
for (const target of targets) console.log(targetLine(target));

const folder = pathOf("bench/results");
mkdirSync(folder, { recursive: true });
const ofWasi = results.filter(({ group }) => group.startsWith("wasi-"));
const isWhole = names.every((name) => !name.startsWith("wasi-") || isWanted(name));
// The figures of WASI have a file of their own: they compare runtimes in JavaScript, not C and CPython.
if (isWhole && !quick) {
  writeFileSync(`${folder}/wasi.json`, toJson(machine, ofWasi, checkTargets(ofWasi)));
}
if (all) {
  writeFileSync(`${folder}/latest.json`, toJson(machine, results, targets));
  writeFileSync(`${folder}/summary.md`, toMarkdown(machine, results, targets));
}
for (const [file, svg] of await drawPlots(results)) {
  if (all) writeFileSync(`${folder}/${file}`, svg);
}
