// The generated blocks of the documentation, by the names that the pages give them:
// `<!-- generated: NAME -->`, and `<!-- end of NAME -->` below.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { WASI_CONTESTANTS } from "../../bench/columns.ts";
import { CONFORMANCE } from "./conformance.ts";
import { table } from "./markdown.ts";

/** The folder of the repository. */
export const root = new URL("../../../", import.meta.url);

/** The text of a file of the repository. */
export function textOf(path: string): string {
  return readFileSync(new URL(path, root), "utf8");
}

function helpOf(...command: readonly string[]): string {
  const main = fileURLToPath(new URL("dist/bindings/cli/main.js", root));
  const { stdout } = spawnSync(process.execPath, [main, ...command, "--help"], {
    encoding: "utf8",
    env: { ...process.env, COLUMNS: "80", FORCE_COLOR: "0" },
  });
  const name = ["omnipoll", ...command].join(" ");
  return `### ${name} --help\n\n\`\`\`text\n${stdout.trimEnd()}\n\`\`\``;
}

/** The help of the command. */
function help(): string {
  return [helpOf(), helpOf("wait"), helpOf("doctor"), helpOf("demo")].join("\n\n");
}

interface Figures {
  readonly machine: {
    readonly date: string;
    readonly cpu: string;
    readonly cores: number;
    readonly kernel: string;
    readonly node: string;
    readonly python: string | null;
    readonly compiler: string | null;
  };
  readonly cases: ReadonlyArray<{
    readonly call: string;
    readonly setting: string;
    readonly timings: ReadonlyArray<{
      readonly name: string;
      readonly threads: number;
      readonly medianNs: number;
    }>;
  }>;
}

/** The cases that the page shows. */
const SHOWN = [
  "epoll.poll(0), 1 of 1 ready",
  "epoll.poll(0), 1 of 9000 ready",
  "epoll.poll(0), 100 of 100 ready",
  "epoll.poll(0), 1000 of 1000 ready",
  "poll.poll(0), 1 of 1000 ready",
  "poll.poll(0), 1000 of 1000 ready",
  "epoll.register(), among 1000",
  "epoll.modify(), among 1000",
  "epoll.unregister(), among 1000",
  "select(0), 1 of 1000 ready",
  "select(0), 1000 of 1000 ready",
  "kqueue.control(null, n, 0), 1 of 1 ready",
  "kqueue.control(null, n, 0), 100 of 100 ready",
  "kqueue: adding a READ knote, among 1000",
  "kqueue: adding a timer, among 100000",
];

/** The libraries that are measured, column by column, and their names in the results. */
const CONTESTANTS: ReadonlyArray<readonly [head: string, names: readonly string[]]> = [
  ["omnipoll, list", ["omnipoll", "omnipoll poll", "omnipoll control"]],
  ["omnipoll, `…Into`", ["omnipoll pollInto", "omnipoll controlInto"]],
  ["C loop", ["C"]],
  ["CPython", ["CPython"]],
];

function duration(ns: number): string {
  if (ns < 1e4) return `${Math.round(ns)} ns`;
  return `${(ns / 1e3).toFixed(ns < 1e5 ? 1 : 0)} µs`;
}

/** The chosen figures of the last run of the benchmarks. */
function benchmarks(): string {
  const { machine, cases } = JSON.parse(textOf("bench/results/latest.json")) as Figures;
  const { date, cpu, cores, kernel, node, python, compiler } = machine;
  const lines = SHOWN.map((name) => {
    const found = cases.find(({ call, setting }) => `${call}, ${setting}` === name);
    if (found === undefined) throw new Error(`bench/results/latest.json has no case ${name}`);
    const times = CONTESTANTS.map(([, names]) => {
      const timing = found.timings.find((one) => names.includes(one.name));
      return timing === undefined ? "" : duration(timing.medianNs);
    });
    return [`\`${found.call}\`, ${found.setting}`].concat(times);
  });
  const threads = (name: string): number | undefined =>
    cases.flatMap(({ timings }) => timings).find((one) => one.name === name)?.threads;
  return [
    `${cpu.replaceAll("(R)", "")}, ${cores} cores, Linux ${kernel.split("-")[0]}, Node ${node.slice(1)}`,
    `(${threads("omnipoll poll")} threads), C with ${compiler ?? "no compiler"} and ${python ?? "no CPython"}`,
    `(${threads("C")} threads each), ${date.slice(0, 10)}. Medians:`,
    "",
    table(["", ...CONTESTANTS.map(([head]) => head)], lines),
  ].join("\n");
}

interface WasiFigures extends Pick<Figures, "machine"> {
  readonly cases: ReadonlyArray<{
    readonly setting: string;
    readonly timings: ReadonlyArray<{ readonly name: string; readonly p10Ns: number }>;
    readonly skipped: ReadonlyArray<{ readonly name: string; readonly reason: string }>;
  }>;
  readonly targets: ReadonlyArray<{
    readonly text: string;
    readonly figure: number;
    readonly met: boolean;
  }>;
}

/** The figures of the last run of the benchmarks of WASI. */
function wasiBenchmarks(): string {
  const path = "bench/results/wasi.json";
  const { machine, cases, targets } = JSON.parse(textOf(path)) as WasiFigures;
  const lines = cases.map(({ setting, timings, skipped }) => {
    const cells = WASI_CONTESTANTS.map((name) => {
      const timing = timings.find((one) => one.name === name);
      if (timing !== undefined) return duration(timing.p10Ns);
      return skipped.some((one) => one.name === name) ? "cannot" : "";
    });
    return [setting].concat(cells);
  });
  const outcomes = targets.map(({ text, figure, met }) => [
    text.replace("poll_oneoff, ", ""),
    figure.toFixed(2),
    met ? "met" : "missed",
  ]);
  const { date, cpu, cores, node } = machine;
  return [
    `${cpu}, ${cores} cores, Node ${node.slice(1)}, ${date.slice(0, 10)}. Tenth percentiles of one call:`,
    "",
    table(["poll_oneoff", ...WASI_CONTESTANTS], lines),
    "",
    table(["target", "measured", ""], outcomes),
  ].join("\n");
}

interface PythonDemo {
  readonly date: string;
  readonly node: string;
  readonly rows: ReadonlyArray<Record<"sandbox" | "name" | "stock" | "ours", string>>;
}

/** The beginning of a verdict: the name and number of an error, or what a sandbox that panics throws. */
function briefOf(verdict: string): string {
  if (verdict.includes("RuntimeError: unreac")) return "panics";
  return `\`${/^\w+Error: \[Errno \d+\]/.exec(verdict)?.[0] ?? verdict}\``;
}

/** The verdicts of the last recorded demo:python-wasi. */
function pythonDemo(): string {
  const { date, node, rows } = JSON.parse(textOf("wasi/cpython/results/demo.json")) as PythonDemo;
  const cells = rows.map(({ sandbox, name, stock, ours }) => [sandbox, name, briefOf(stock), ours]);
  const head = ["sandbox", "program", "its own poll_oneoff", "omnipoll"];
  return `A run of ${date} with Node ${node.slice(1)}:\n\n${table(head, cells)}`;
}

interface PythonTests {
  readonly date: string;
  readonly sandbox: string;
  readonly rows: ReadonlyArray<
    Record<"file" | "reasons", string> & Record<"ok" | "skipped" | "failed", number>
  >;
  readonly total: Record<"ok" | "skipped" | "failed", number>;
}

/** The table of the last recorded lib-test. */
function pythonTests(): string {
  const { date, sandbox, rows, total } = JSON.parse(
    textOf("wasi/cpython/results/lib-test.json"),
  ) as PythonTests;
  const counts = [...rows, { file: "all", ...total }].map(({ file, ok, skipped, failed }) => [
    file,
    String(ok),
    String(skipped),
    String(failed),
  ]);
  const reasons = rows.flatMap(({ file, reasons: text }) =>
    [...text.matchAll(/(\d+) × ([^;]+)/g)].map(([, count = "", why = ""]) => [file, count, why]),
  );
  return [
    `A run of ${date} in ${sandbox}:`,
    table(["file", "ok", "skipped", "failed"], counts),
    "Why tests fail:",
    table(["file", "failed", "reason"], reasons),
  ].join("\n\n");
}

/** A file of examples/embedding. */
const codeInC = (file: string): string =>
  `\`\`\`c\n${textOf(`examples/embedding/${file}`).trimEnd()}\n\`\`\``;

const BLOCKS: Record<string, () => string> = {
  ...CONFORMANCE,
  help,
  benchmarks,
  "benchmarks-wasi": wasiBenchmarks,
  "python-demo": pythonDemo,
  "python-tests": pythonTests,
  "host-in-c": () => codeInC("host.c"),
  "example-in-c": () => codeInC("example.c"),
};

/** The text of a generated block. */
export function block(name: string): string {
  const make = BLOCKS[name];
  if (make === undefined) throw new Error(`no block is called ${name}`);
  return make();
}

/** The pages, the generated ones among them. */
export const PAGES = [
  "README.md",
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "docs/api.md",
  "docs/benchmarks.md",
  "docs/browser.md",
  "docs/cli.md",
  "docs/conformance.md",
  "docs/debugging.md",
  "docs/embedding.md",
  "docs/differences.md",
  "docs/errors.md",
  "docs/examples.md",
  "docs/plugins.md",
  "docs/porting-from-python.md",
  "docs/simulator.md",
  "docs/wasi-cpython.md",
  "docs/wasi-c.md",
  "docs/wasi-jspi.md",
  "docs/wasi-matrix.md",
  "docs/wasi.md",
] as const;
