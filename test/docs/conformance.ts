// The tables of docs/conformance.md: the result of each host for each row of the catalogue.

import { readdirSync, readFileSync } from "node:fs";
import { DIFFERENCES, NOT_RUN, ROWS } from "../conformance/rows.ts";
import { clockless, type HostName, HOSTS, NATIVE } from "../hosts/hosts.ts";
import { reasonFor, skipReason } from "../hosts/skips.ts";
import { table } from "./markdown.ts";

const SUFFIX = ".test.js";
const GROUPS: ReadonlyArray<readonly [group: string, about: string]> = [
  ["SEL", "select()"],
  ["POL", "poll"],
  ["EPO", "epoll"],
  ["KQ", "kqueue"],
  ["DEV", "devpoll"],
  ["EMU", "translations"],
  ["CON", "constants"],
  ["XC", "all APIs"],
];

/** A test that bears the number of a row. */
interface RowTest {
  readonly file: string;
  /** The beginning of its name, up to the first expression. */
  readonly name: string;
}

/** The tests of each row. */
function testsOfRows(): Map<string, RowTest[]> {
  const found = new Map<string, RowTest[]>();
  const folder = new URL("..", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  for (const path of files.filter((name) => name.endsWith(SUFFIX))) {
    const source = readFileSync(new URL(path, folder), "utf8");
    const names = source.matchAll(
      /(["'`])((?:[A-Z]{2,3}-\d+(?:, )?)+): (?!\1)((?:(?!\1|\$\{).)*)/g,
    );
    for (const [, , ids, rest] of names) {
      const test = { file: path.slice(0, -SUFFIX.length), name: `${ids}: ${rest}` };
      for (const id of (ids as string).split(", ")) found.set(id, [...(found.get(id) ?? []), test]);
    }
  }
  return found;
}

/** Why a host leaves a test out; undefined if the host must pass it. */
function leftOutFor(host: HostName, { file, name }: RowTest): string | undefined {
  if (host === NATIVE) return undefined;
  const { base } = clockless(host);
  return reasonFor(host, file) ?? skipReason(base, file, name);
}

/** The result of a host for a row: whether it passes a test, and why it leaves one out. */
interface Cell {
  readonly passes: boolean;
  readonly reason: string | undefined;
}

function cellOf(tests: readonly RowTest[], host: HostName): Cell {
  const reasons = tests.map((test) => leftOutFor(host, test));
  return {
    passes: reasons.includes(undefined),
    reason: reasons.find((reason) => reason !== undefined),
  };
}

/** Rows by group and host: how many a host passes, of how many. */
function counts(): string {
  const tests = testsOfRows();
  const rowOf = (name: string, rows: readonly string[]): string[] => [
    name,
    String(rows.length),
    String(rows.filter((id) => id in DIFFERENCES).length),
    String(rows.filter((id) => id in NOT_RUN).length),
    ...HOSTS.map((host) =>
      String(rows.filter((id) => cellOf(tests.get(id) ?? [], host).passes).length),
    ),
  ];
  return table(
    ["group", "rows", "differ", "not run", ...HOSTS],
    [
      ...GROUPS.map(([group, about]) =>
        rowOf(
          `${group} ${about}`,
          ROWS.filter((id) => id.startsWith(`${group}-`)),
        ),
      ),
      rowOf("all", ROWS),
    ],
  );
}

/** The rows with another outcome, and the rows without a test. */
function exceptions(): string {
  const listed = ROWS.flatMap((id) => {
    const differs = DIFFERENCES[id];
    if (differs !== undefined) return [[id, "differs", differs]];
    const why = NOT_RUN[id];
    return why === undefined ? [] : [[id, "not run", why]];
  });
  return table(["row", "is", "because"], listed);
}

/** Every row on every host, and the reasons. */
function hosts(): string {
  const tests = testsOfRows();
  const reasons: string[] = [];
  const number = (reason: string): number => {
    if (!reasons.includes(reason)) reasons.push(reason);
    return reasons.indexOf(reason) + 1;
  };
  const lines = ROWS.map((id) => {
    const own = tests.get(id) ?? [];
    const cells = HOSTS.map((host) => {
      if (own.length === 0) return "–";
      const { passes, reason } = cellOf(own, host);
      const why = reason === undefined ? "" : String(number(reason));
      return `${passes ? "✓" : ""} ${why}`.trim();
    });
    return [id].concat(cells);
  });
  return [
    table(["row", ...HOSTS.map((host) => `\`${host}\``)], lines),
    "",
    "Reasons:",
    "",
    ...reasons.map((reason, index) => `${index + 1}. ${reason}`),
  ].join("\n");
}

/** The blocks of the page. */
export const CONFORMANCE: Record<string, () => string> = { counts, rows: exceptions, hosts };
