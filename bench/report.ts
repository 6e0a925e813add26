// The results of a run: a table on stdout, latest.json and summary.md.

import { HOST_CONTESTANTS, WASI_CONTESTANTS } from "./columns.ts";
import { ratio, type Result, type Timing } from "./harness.ts";
import type { Target } from "./targets.ts";

/** The machine and the programs of a run. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  readonly python: string | null;
  readonly compiler: string | null;
  /** Whether the run was made with `--quick`. */
  readonly quick: boolean;
}

/** A duration with three digits, in the unit that suits it. */
export function duration(ns: number): string {
  const [value, unit] =
    ns < 1e4 ? [ns, "ns"] : ns < 1e7 ? [ns / 1e3, "µs"] : ([ns / 1e6, "ms"] as const);
  return `${value.toFixed(value >= 100 ? 0 : 1)} ${unit}`;
}

function times(figure: number | undefined): string {
  return figure === undefined ? "" : figure.toFixed(2);
}

/** The references: each contestant's ratio to each of them is printed. */
const REFERENCES = ["C", "CPython", "node:wasi"];

/** The references that some of the cases have. */
function referencesOf(results: readonly Result[]): string[] {
  return REFERENCES.filter((name) =>
    results.some(({ timings }) => timings.some((timing) => timing.name === name)),
  );
}

/** The table of one case. */
export function caseTable(result: Result): string {
  const references = referencesOf([result]);
  const head = ["", "threads", "median", "p10", "p99", ...references.map((name) => `/ ${name}`)];
  const rows = result.timings.map((timing) => [
    timing.name,
    String(timing.threads),
    duration(timing.medianNs),
    duration(timing.p10Ns),
    duration(timing.p99Ns),
    ...references.map((name) => times(ratio(result, timing.name, name))),
  ]);
  const widths = [24, 7, 10, 10, 10, 9, 9];
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join(" ")
      .trimEnd();
  const rounds = result.timings[0]?.samples ?? 0;
  return [
    `${result.call}, ${result.setting} (${rounds} rounds)`,
    ...[head, ...rows].map((cells) => `  ${line(cells)}`),
    ...result.skipped.map(({ name, reason }) => `  ${name}: skipped, ${reason}`),
    "",
  ].join("\n");
}

/** The line of a target. */
export function targetLine({ text, figure, met, threads }: Target): string {
  return `${met ? "met   " : "MISSED"} ${figure.toFixed(2).padStart(5)}  ${text} (${threads} threads)`;
}

/** Four digits: more would be noise. */
function short(value: number): number {
  return Number(value.toPrecision(4));
}

/** A timing and its ratios to the others, for latest.json. */
function timingJson(result: Result, timing: Timing): object {
  const { name, threads, medianNs, p10Ns, p99Ns, leastNs, samples } = timing;
  const ratios: Record<string, number> = {};
  for (const other of result.timings) {
    const figure = ratio(result, name, other.name);
    if (other !== timing && figure !== undefined) ratios[other.name] = short(figure);
  }
  return {
    name,
    threads,
    medianNs: short(medianNs),
    p10Ns: short(p10Ns),
    p99Ns: short(p99Ns),
    leastNs: short(leastNs),
    samples,
    ratios,
  };
}

/** Content of latest.json. */
export function toJson(
  machine: Machine,
  results: readonly Result[],
  targets: readonly Target[],
): string {
  const cases = results.map((result) => ({
    group: result.group,
    call: result.call,
    setting: result.setting,
    parameters: result.parameters,
    timings: result.timings.map((timing) => timingJson(result, timing)),
    skipped: result.skipped,
  }));
  return `${JSON.stringify({ machine, targets, cases }, null, 2)}\n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Contestants in the order of the columns. */
const COLUMNS: readonly string[] = [
  "omnipoll",
  "omnipoll poll",
  "omnipoll pollInto",
  "omnipoll control",
  "omnipoll controlInto",
  ...WASI_CONTESTANTS,
  ...HOST_CONTESTANTS,
  "simulated",
  "real kernel",
  "of 1 000 000",
  "of 1000",
  "C",
  "CPython",
];

function summaryTable(results: readonly Result[]): string[] {
  const names = COLUMNS.filter((name) =>
    results.some(({ timings }) => timings.some((timing) => timing.name === name)),
  );
  const head = names.map((name) => {
    const threads = results
      .flatMap(({ timings }) => timings)
      .find((timing) => timing.name === name)?.threads;
    return `${name} (${threads} threads)`;
  });
  const reference = names[0] ?? "";
  const references = referencesOf(results);
  return [
    row(["", ...head, ...references.map((name) => `× ${name}`)]),
    row(["---", ...names.map(() => "--:"), ...references.map(() => "--:")]),
    ...results.map((result) =>
      row([
        `\`${result.call}\`, ${result.setting}`,
        ...names.map((name) => {
          const timing = result.timings.find((one) => one.name === name);
          return timing === undefined ? "–" : duration(timing.medianNs);
        }),
        ...references.map((name) => times(ratio(result, reference, name)) || "–"),
      ]),
    ),
    "",
  ];
}

/** Names of the first contestants of the cases; the summary has a table for each name. */
const LEADERS = [
  "omnipoll poll",
  "omnipoll control",
  "omnipoll",
  "omnipoll in node:wasi",
  "simulated",
  "of 1 000 000",
];

/** Content of summary.md: a table per kind of case, and the targets. */
export function toMarkdown(
  machine: Machine,
  results: readonly Result[],
  targets: readonly Target[],
): string {
  const { cpu, cores, kernel, node, python, compiler, date } = machine;
  const tables = LEADERS.map((name) => results.filter(({ timings }) => timings[0]?.name === name));
  return [
    `Medians of one run, contestants taking turns; ratios are medians of the rounds. ${cpu},`,
    `${cores} cores, Linux ${kernel}, Node ${node}, ${python ?? "no Python"}, ${compiler ?? "no C compiler"} -O2, ${date.slice(0, 10)}.`,
    "",
    ...tables.filter((group) => group.length > 0).flatMap(summaryTable),
    ...(targets.length === 0 ? [] : ["| target | measured | |", "| --- | --: | --- |"]),
    ...targets.map(({ text, figure, met }) =>
      row([text, figure.toFixed(2), met ? "met" : "missed"]),
    ),
    "",
  ].join("\n");
}
