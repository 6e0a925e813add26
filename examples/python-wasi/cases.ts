// The programs that show what a guest can wait for, and the lines that each must print.

import { readFileSync } from "node:fs";
import { type Ended, LINE, runChild, type Sandbox, type Stdin } from "./child.ts";

const PROGRAMS = new URL("../../../examples/python-wasi/programs/", import.meta.url);

export interface Case {
  readonly name: string;
  /** A file of programs/. */
  readonly program: string;
  readonly stdin: Stdin;
  readonly lines: readonly string[];
}

const READY_LINES = [
  "select without a timeout True",
  "select with timeout 0 True",
  "poll with timeout 0 [(0, 1)]",
  "selectors report ['stdin']",
  `the line is '${LINE.trim()}\\n'`,
];

export const CASES: readonly Case[] = [
  { name: "time.sleep", program: "sleep.py", stdin: "closed", lines: ["slept True"] },
  {
    name: "select, poll, selectors: idle stdin, stdout with room",
    program: "idle.py",
    stdin: "idle",
    lines: [
      "select times out True",
      "poll times out True",
      "both waited True",
      "select reports stdout True",
      "poll reports stdout True",
      "selectors report ['stdout']",
    ],
  },
  {
    name: "select, poll, selectors: a line on stdin, a pipe",
    program: "ready.py",
    stdin: "pipe",
    lines: READY_LINES,
  },
  {
    name: "select, poll, selectors: a file on stdin",
    program: "ready.py",
    stdin: "file",
    lines: READY_LINES,
  },
];

/** Runs the program of a case. */
export function runCase(
  { program, stdin }: Case,
  sandbox: Sandbox,
  isStock: boolean,
  deadlineMs: number,
): Promise<Ended> {
  const code = readFileSync(new URL(program, PROGRAMS), "utf8");
  return runChild({ sandbox, isStock, args: ["-c", code], stdin, deadlineMs });
}

/** The outcome of a case in a few words: "passes", or what went wrong. */
export function verdictOf({ lines }: Case, { stdout, stderr, status }: Ended): string {
  const printed = stdout.trimEnd().split("\n");
  if (status === 0 && printed.join("\n") === lines.join("\n")) return "passes";
  const wrong = lines.find((line, i) => printed[i] !== line);
  if (status === null) return `hangs before "${wrong}"`;
  const error = stderr.trimEnd().split("\n").at(-1) ?? "";
  return error === "" ? `no "${wrong}"` : error.slice(0, 90);
}
