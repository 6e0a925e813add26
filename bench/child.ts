// Contestants in processes of their own: bench/baseline.c and bench/cpython.py. Both speak the same
// protocol over stdin and stdout, which baseline.c describes.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Contestant } from "./harness.ts";

/** The number of threads of a process, as the kernel counts them. */
export function threadsOf(pid: number | "self"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^Threads:\s+(\d+)$/m.exec(status)?.[1] ?? NaN);
}

/** A long-lived process that runs cases. */
export class Child {
  readonly name: string;
  /** The name and version that the process prints first, e.g. "gcc 12.2.0". */
  readonly version: string;
  readonly threads: number;
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    name: string,
    version: string,
    process: ChildProcessByStdio<Writable, Readable, null>,
    lines: AsyncIterator<string>,
  ) {
    this.name = name;
    this.version = version;
    this.threads = threadsOf(process.pid as number);
    this.#process = process;
    this.#lines = lines;
  }

  /** Starts a process; undefined if there is no such program. */
  static async start(
    name: string,
    program: string,
    args: readonly string[],
  ): Promise<Child | undefined> {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.on("error", () => {}); // EPIPE after the process ended: #ask reports it
    try {
      await once(child, "spawn");
    } catch {
      return undefined;
    }
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    return done === true ? undefined : new Child(name, value, child, lines);
  }

  async #ask(line: string): Promise<string> {
    this.#process.stdin.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`bench: ${this.name} ended instead of answering "${line}"`);
    return value;
  }

  /** A contestant; the process runs one case at a time. `wanted` is the case's name and arguments. */
  contestant(wanted: string): Contestant {
    return {
      name: this.name,
      threads: this.threads,
      prepare: async () => {
        const answer = await this.#ask(`prepare ${wanted}`);
        return answer === "ok" ? undefined : answer.replace(/^skip /, "");
      },
      run: async (calls) => Number(await this.#ask(`run ${calls}`)),
      finish: async () => void (await this.#ask("finish")),
    };
  }

  /** Ends the process. */
  stop(): void {
    this.#process.stdin.end();
  }
}

/** The processes that a run compares with; undefined where the program is missing. */
export interface Children {
  /** The raw loops, with a second thread asleep. */
  readonly c: Child | undefined;
  /** The raw loops, without a second thread. */
  readonly cAlone: Child | undefined;
  /** The raw loops once more, for select() beside poll(): a process runs one case at a time. */
  readonly cSelect: Child | undefined;
  readonly python: Child | undefined;
  readonly pythonAlone: Child | undefined;
}

/** The contestants of a case in `children`, without the missing ones. */
export function contestantsIn(
  children: ReadonlyArray<Child | undefined>,
  wanted: string,
): Contestant[] {
  return children.flatMap((child) => (child === undefined ? [] : [child.contestant(wanted)]));
}
