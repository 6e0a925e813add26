// docs/wasi-matrix.md: the answers of the runtimes, of one run.

import { writeFileSync } from "node:fs";
import { arch, release, type } from "node:os";
import { GROUPS, UNASKED } from "../../wasi/probe/grade.ts";
import type { Graded } from "./run.ts";

const PAGE = new URL("../../../../docs/wasi-matrix.md", import.meta.url);

/** The answers of one runtime, in the order of the cases. */
export interface Column {
  readonly name: string;
  /** Whether poll_oneoff is ours. */
  readonly isOurs: boolean;
  readonly graded: readonly Graded[];
}

/** The numbers of answers of a runtime. */
export function countsOf({ graded }: Column): { right: number; wrong: number; unasked: number } {
  const unasked = graded.filter(({ why }) => why !== undefined && UNASKED.includes(why)).length;
  const right = graded.filter(({ why }) => why === undefined).length;
  return { right, unasked, wrong: graded.length - right - unasked };
}

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
const plain = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
const letterOf = (i: number): string => String.fromCharCode("A".charCodeAt(0) + i);

function markOf(why: string | undefined): string {
  if (why === undefined) return "+";
  return UNASKED.includes(why) ? "" : "-";
}

/** Writes the page. */
export function writePage(columns: readonly Column[]): void {
  const byCase = new Map(
    (columns[0]?.graded ?? []).map(({ name }, i) => [
      name,
      columns.map(({ graded }) => markOf(graded[i]?.why)),
    ]),
  );
  const letters = columns.map((_, i) => letterOf(i));
  const tables: string[] = [];
  for (const [title, cases] of Object.entries(GROUPS)) {
    tables.push(`## ${title}`, "");
    tables.push(row(["case", ...letters, "the answer is from"]));
    tables.push(row(["---", ...letters.map(() => "---"), "---"]));
    for (const { name, source } of cases) {
      tables.push(row([plain(name), ...(byCase.get(name) ?? []), plain(source)]));
    }
    tables.push("");
  }
  const text = [
    "# poll_oneoff in WASI runtimes",
    "",
    "`npm run wasi:matrix` writes this page. A C program, [wasi/guests/probe.c](../wasi/guests/probe.c), makes the calls; the",
    "cases and their right answers are in [test/wasi/probe](../test/wasi/probe). A runtime with omnipoll has our calls in place of its",
    "own, by [an adapter](api/wasi.md). An answer of ours must be right to the byte; of others, what no specification fixes is free.",
    "",
    `Measured with Node ${process.version}, ${type()} ${release().split("-")[0]}, ${arch()}.`,
    "",
    row(["", "runtime", "right", "wrong", "not asked"]),
    row(["---", "---", "---", "---", "---"]),
    ...columns.map((column, i) => {
      const { right, wrong, unasked } = countsOf(column);
      return row([letterOf(i), column.name, right, wrong, unasked]);
    }),
    "",
    "Below, + is a right answer, - a wrong one, an empty cell none. Not asked:",
    `${UNASKED.join("; ")}.`,
    "",
    ...tables,
  ];
  writeFileSync(PAGE, text.join("\n"));
}
