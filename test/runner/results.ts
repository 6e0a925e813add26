// build/test-results.json: the results of a run, as data. docs/conformance.md says how a full run must end; its
// tables come from the names of tests and from hosts/skips.ts, so that they need no run.

import { mkdirSync, writeFileSync } from "node:fs";
import type { HostName } from "../hosts/hosts.ts";
import type { Result } from "../support/events.ts";

/** One test on one host. */
export interface TestResult {
  readonly name: string;
  /** Title of the suite that the test belongs to; empty if that has none. */
  readonly suite: string;
  /** Rows of the conformance catalogue that lead the test's name: `["SEL-15", "XC-25"]`. */
  readonly rows: readonly string[];
  readonly result: Result;
  /** Why the test was skipped, or the error it failed with. */
  readonly reason?: string;
  readonly ms: number;
}

/** One file on one host. */
export interface FileResult {
  /** Path below test/ without its ending: `kqueue/timer`. */
  readonly file: string;
  readonly host: HostName;
  /** Why the file does not run on this host. There are no tests then. */
  readonly leftOut?: string;
  readonly seconds?: number;
  /** Processor time of the file's process and of those that it waited for; 0 in a browser. */
  readonly cpuSeconds?: number;
  readonly tests: readonly TestResult[];
}

/** The result of a row of the catalogue on a host. */
export interface RowResult {
  readonly result: Result;
  /** Why the row is skipped there. */
  readonly reason?: string;
}

/** The content of build/test-results.json. */
export interface Results {
  /** The hosts of the run, in the order of the matrix. */
  readonly hosts: readonly HostName[];
  readonly files: readonly FileResult[];
  /**
   * By row and host. A row of several tests has failed if one of them failed, and has passed if one passed. A
   * row whose files a host leaves out is skipped there, for the reason of the file.
   */
  readonly rows: Readonly<Record<string, Readonly<Partial<Record<HostName, RowResult>>>>>;
}

/** Rows that lead a test's name: `"SEL-15, XC-25: …"`. */
export function rowsOf(name: string): string[] {
  return /^((?:[A-Z]{2,3}-\d+(?:, )?)+): /.exec(name)?.[1]?.split(", ") ?? [];
}

const WEIGHT: Record<Result, number> = { skipped: 0, passed: 1, failed: 2 };

function rowTable(files: readonly FileResult[]): Results["rows"] {
  const table: Record<string, Partial<Record<HostName, RowResult>>> = {};
  /** Rows by file: a file that is left out on one host has run on another one. */
  const held = new Map<string, Set<string>>();
  const add = (row: string, host: HostName, found: RowResult): void => {
    const cells = (table[row] ??= {});
    const before = cells[host];
    if (before === undefined || WEIGHT[found.result] > WEIGHT[before.result]) cells[host] = found;
  };
  for (const { file, host, tests } of files) {
    for (const { rows, result, reason } of tests) {
      for (const row of rows) {
        add(row, host, reason === undefined ? { result } : { result, reason });
        held.set(file, (held.get(file) ?? new Set()).add(row));
      }
    }
  }
  for (const { file, host, leftOut } of files) {
    if (leftOut === undefined) continue;
    for (const row of held.get(file) ?? []) add(row, host, { result: "skipped", reason: leftOut });
  }
  const ids = Object.keys(table).sort();
  return Object.fromEntries(ids.map((id) => [id, table[id] as Results["rows"][string]]));
}

/** Writes the results of a run to a file. */
export function writeResults(
  path: URL,
  hosts: readonly HostName[],
  given: readonly FileResult[],
): void {
  const rank = ({ file, host }: FileResult): string => `${hosts.indexOf(host)} ${file}`;
  const files = given.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  const results: Results = { hosts, files, rows: rowTable(files) };
  mkdirSync(new URL(".", path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(results, null, 1)}\n`);
}
