// Runs one test file in a process of its own.

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { CHANNEL } from "../support/events.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { inSources } from "./positions.ts";

/** End of the name of a compiled test file. */
export const SUFFIX = ".test.js";

/** Descriptor of the channel in a test file's process. */
const CHANNEL_FD = 3;

/** The folder of the compiled tests. */
export const FOLDER = new URL("../", import.meta.url);

export interface Limits {
  /** Time after which the runner ends a process. */
  readonly limitMs: number;
  /** Time after its last test until the runner ends a process: a failed test may have left a child. */
  readonly lingerMs: number;
}

/** Calls `take` for each whole line of a stream, and in the end for the rest. */
function onLines(stream: Readable, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) take(line);
  });
  stream.once("end", () => rest !== "" && take(rest));
}

/** Runs a compiled file, with `more` variables in its environment. */
export function runInProcess(
  file: URL,
  more: Readonly<Record<string, string>>,
  { limitMs, lingerMs }: Limits,
): Promise<Outcome> {
  const path = fileURLToPath(file);
  const own = { FORCE_COLOR: "0", [CHANNEL]: `${CHANNEL_FD}` };
  const env: NodeJS.ProcessEnv = { ...process.env, ...own, ...more };
  const begun = performance.now();
  const child = spawn(process.execPath, ["--expose-gc", path], {
    env,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const lines: string[] = [];
  let output = "";
  let isDone = false;
  let lingering: NodeJS.Timeout | undefined;
  const limit = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const keep = (text: string): void => void (output += text);
  child.stdout?.setEncoding("utf8").on("data", keep);
  child.stderr?.setEncoding("utf8").on("data", keep);
  onLines(child.stdio[CHANNEL_FD] as Readable, (line) => {
    lines.push(line);
    if (isDone || line !== '{"type":"done"}') return;
    isDone = true;
    lingering = setTimeout(() => child.kill("SIGKILL"), lingerMs);
  });
  // A program that the test left behind may hold the pipes open after the process was ended.
  child.once("exit", (_status, signal) => {
    if (signal === "SIGKILL") setTimeout(() => child.stdio.forEach((end) => end?.destroy()), 500);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => {
      clearTimeout(limit);
      clearTimeout(lingering);
      // A process that was ended after its last test counts by its tests.
      const isBad = status !== 0 && (signal === null || !isDone);
      const ending = isBad ? `ended with ${status ?? signal}` : "";
      const seconds = (performance.now() - begun) / 1000;
      resolve(outcomeOf(lines, { ending, output: inSources(output), seconds }));
    });
  });
}
