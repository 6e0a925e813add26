// The programs that show what a guest can wait for, and the lines that each must print.

import { readFileSync } from "node:fs";
import { type Ended, LINE, runChild, type Sandbox, type Stdin, upperCaseServer } from "./child.ts";

const PROGRAMS = new URL("../../../examples/python-wasi/programs/", import.meta.url);

export interface Case {
  readonly name: string;
  /** A file of programs/. */
  readonly program: string;
  readonly stdin: Stdin;
  /** Whether the host hands a TCP connection in. */
  readonly isConnected?: boolean;
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
  {
    name: "asyncio.run: timers, tasks, a queue, a timeout",
    program: "tasks.py",
    stdin: "closed",
    lines: [
      "timers in order True",
      "they waited at once True",
      "a queue ['1', '2', '3', '4']",
      "a timeout",
      "a wake-up",
    ],
  },
  {
    name: "asyncio: streams over a pair",
    program: "pair.py",
    stdin: "closed",
    lines: ["echoed b'ONE\\n'", "echoed b'TWO\\n'", "the end b''", "three megabytes True"],
  },
  {
    name: "asyncio: streams over a TCP connection of the host",
    program: "tcp.py",
    stdin: "closed",
    isConnected: true,
    lines: [
      "the server says b'HELLO\\n'",
      "nothing more for a while",
      "a long line comes back True",
    ],
  },
];

/** Runs the program of a case. */
export async function runCase(
  { program, stdin, isConnected = false }: Case,
  sandbox: Sandbox,
  isStock: boolean,
  deadlineMs: number,
): Promise<Ended> {
  const code = readFileSync(new URL(program, PROGRAMS), "utf8");
  const run = { sandbox, isStock, args: ["-c", code], stdin, deadlineMs };
  if (!isConnected) return runChild(run);
  const { port, server } = await upperCaseServer();
  try {
    return await runChild({ ...run, port });
  } finally {
    server.close();
  }
}

/** The outcome of a case in a few words: "passes", or what went wrong. */
export function verdictOf({ lines }: Case, { stdout, stderr, status }: Ended): string {
  const printed = stdout.trimEnd().split("\n");
  if (status === 0 && printed.join("\n") === lines.join("\n")) return "passes";
  const wrong = lines.find((line, i) => printed[i] !== line);
  if (status === null) return `hangs before "${wrong}"`;
  const error = stderr.split("\n").find((line) => /^(\w*Error|run):? /.test(line));
  return error?.slice(0, 90) ?? `no "${wrong}"`;
}
