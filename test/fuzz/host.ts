// Programs on two hosts side by side.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { asyncProperty, check } from "fast-check";
import { type Choice, choices, type Flavor, programOf } from "./programs.ts";

const HERE = new URL("..", import.meta.url);

/** Added to the name of a host: every object is inspected after every step. */
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
      const ended = (): void => reject(new Error(`ended in the middle of ${steps.join("; ")}`));
      this.#child.once("exit", ended);
      this.#child.once("message", (outcomes: string[]) => {
        this.#child.off("exit", ended);
        resolve(outcomes);
      });
      // A runner that is gone already says so here, not by ending.
      this.#child.send(steps, (error) => {
        if (error !== null) ended();
      });
    });
  }

  stop(): void {
    this.#child.kill();
  }
}

/** The answers of two hosts to the same program. */
export class Pair {
  readonly #runners: readonly [Runner, Runner];

  /** @param tests folder of the compiled tests that the second host is taken from */
  constructor(first = "linux", second = "sim:linux", tests = HERE) {
    this.#runners = [new Runner(first, HERE), new Runner(second, tests)];
  }

  /** The first step that is answered differently, with both answers; undefined if none is. */
  async difference(steps: readonly string[]): Promise<string | undefined> {
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

/** The hosts that answer to programs of a flavor as one. */
export function pairFor(flavor: Flavor): Pair {
  return new Pair("linux", flavor === "kqueue" ? "sim:bsd" : "sim:linux");
}

/** How long a program that differs is made shorter, in ms. */
const SHRINKING_MS = 15_000;

/** How often a program must differ to count. */
const ATTEMPTS = 4;

/** How a run of random programs ended. */
export interface Found {
  readonly programs: number;
  /** The smallest program that was found to differ, and how; undefined if no program differs. */
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
    // Shrinking tries thousands of programs: a program that is not small after a while stays as it is.
    if (Date.now() > shrinkUntil) return true;
    const found = await differs(pair, programOf(numbers, flavor));
    if (found === undefined) return true;
    if (difference === undefined) shrinkUntil = Date.now() + SHRINKING_MS;
    difference = found;
    return false;
  });
  await check(property, { seed, numRuns: count, endOnFailure: !shrinks });
  return { programs, difference };
}

/**
 * The difference, if it comes at every attempt: on a busy machine loopback is not always as quick as
 * a Machine assumes.
 */
async function differs(pair: Pair, steps: readonly string[]): Promise<string | undefined> {
  let found: string | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    found = await pair.difference(steps);
    if (found === undefined) return undefined;
  }
  return found;
}
