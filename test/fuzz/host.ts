// Programs on two hosts side by side.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { asyncProperty, check } from "fast-check";
import { type Choice, choices, type Flavor, programOf } from "./programs.ts";

const HERE = new URL("..", import.meta.url);

/** Suffix of the name of a host whose runner inspects every object after every step. */
export const INSPECTING = "+inspect";

/** A process that runs programs on one host. */
class Runner {
  readonly #child: ChildProcess;

  constructor(host: string, tests: URL) {
    const runner = fileURLToPath(new URL("fuzz/runner.js", tests));
    const [name, inspects] = host.split("+");
    const given = inspects === undefined ? [] : [inspects];
    this.#child = fork(runner, given, { env: { ...process.env, OMNIPOLL_HOST: name } });
  }

  run(steps: readonly string[]): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error(`the runner ended during ${steps.join("; ")}`));
      this.#child.once("exit", ended);
      this.#child.once("message", (outcomes: string[]) => {
        this.#child.off("exit", ended);
        resolve(outcomes);
      });
      // A runner that has ended already emits no exit, but the error of the closed channel.
      this.#child.send(steps, (error) => {
        if (error !== null) ended();
      });
    });
  }

  stop(): void {
    this.#child.kill();
  }
}

/** How often a program must differ to count. */
const ATTEMPTS = 4;

/** Two hosts that run the same programs. */
export class Pair {
  readonly #runners: readonly [Runner, Runner];

  /** @param tests folder of the compiled tests that run on the second host */
  constructor(first = "linux", second = "sim:linux", tests = HERE) {
    this.#runners = [new Runner(first, HERE), new Runner(second, tests)];
  }

  /**
   * The first step whose outcomes differ in each of several runs, with the outcomes of the last run; undefined
   * if one run has no difference. On a busy machine loopback may be slower than a Machine waits for it.
   */
  async difference(steps: readonly string[]): Promise<string | undefined> {
    let found: string | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      found = await this.#differenceOfRun(steps);
      if (found === undefined) return undefined;
    }
    return found;
  }

  /** The first step whose outcomes differ in one run; undefined without a difference. */
  async #differenceOfRun(steps: readonly string[]): Promise<string | undefined> {
    const [first, second] = await Promise.all(this.#runners.map((runner) => runner.run(steps)));
    const at = steps.findIndex((_, i) => first?.[i] !== second?.[i]);
    if (at < 0) return undefined;
    const before = steps.slice(0, at + 1).join("; ");
    return `${before}\n    one: ${first?.[at]}\n    other: ${second?.[at]}`;
  }

  stop(): void {
    for (const runner of this.#runners) runner.stop();
  }
}

/** The two hosts on which a program of a flavor must have the same outcomes. */
export function pairFor(flavor: Flavor): Pair {
  return new Pair("linux", flavor === "kqueue" ? "sim:bsd" : "sim:linux");
}

/** Time in which a program that differs is made shorter. */
const SHRINKING_MS = 15_000;

/** The outcome of a search. */
export interface Found {
  readonly programs: number;
  /** The difference of the shortest program that differs; undefined if no program differs. */
  readonly difference: string | undefined;
}

/** Runs `count` random programs of at most `length` steps; one that differs is made shorter. */
export async function search(
  pair: Pair,
  seed: number,
  count: number,
  length: number,
  { flavor = "epoll" as Flavor, shrinks = true } = {},
): Promise<Found> {
  let difference: string | undefined;
  let programs = 0;
  let shrinkUntil = Infinity;
  const property = asyncProperty(choices(length), async (numbers: Choice[]) => {
    programs++;
    // Shrinking runs thousands of programs: this bounds its time, not the number of its steps.
    if (Date.now() > shrinkUntil) return true;
    const found = await pair.difference(programOf(numbers, flavor));
    if (found === undefined) return true;
    if (difference === undefined) shrinkUntil = Date.now() + SHRINKING_MS;
    difference = found;
    return false;
  });
  const { failed, errorInstance } = await check(property, {
    seed,
    numRuns: count,
    endOnFailure: !shrinks,
  });
  // A runner that crashed has no outcomes to compare.
  if (failed && difference === undefined) throw errorInstance;
  return { programs, difference };
}
