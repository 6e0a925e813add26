// Runs the cases of the probe in a runtime. A case that blocks or crashes the process is wrong, and the next process
// goes on behind it.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("child.js", import.meta.url));

/** How a case ended. */
export interface Graded {
  readonly name: string;
  /** What is wrong; absent if nothing is. */
  readonly why?: string;
}

/** Runs cases until one ends the process, or takes longer than `limitMs`. */
function runSome(runtime: string, names: readonly string[], limitMs: number): Promise<Graded[]> {
  const child = fork(CHILD, [runtime], {
    execArgv: ["--no-warnings"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const graded: Graded[] = [];
  let isLate = false;
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const end = (): void => {
    isLate = true;
    child.kill("SIGKILL");
  };
  let limit = setTimeout(end, limitMs);
  child.on("message", (one: Graded) => {
    graded.push(one);
    clearTimeout(limit);
    limit = setTimeout(end, limitMs);
  });
  child.send(names);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status, signal) => {
      clearTimeout(limit);
      const name = names[graded.length];
      if (name !== undefined) {
        const last = stderr.trim().split("\n").at(-1) ?? "";
        const how = `the process ended with ${signal ?? `status ${status}`}: ${last}`;
        graded.push({ name, why: isLate ? "no end" : how });
      }
      resolve(graded);
    });
  });
}

/**
 * Runs cases in processes of their own.
 *
 * @param runtime a name of RUNTIMES
 * @param names of the cases
 * @param limitMs the time after which a case counts as blocked
 */
export async function runCases(
  runtime: string,
  names: readonly string[],
  limitMs: number,
): Promise<Graded[]> {
  const graded: Graded[] = [];
  while (graded.length < names.length) {
    graded.push(...(await runSome(runtime, names.slice(graded.length), limitMs)));
  }
  return graded;
}
