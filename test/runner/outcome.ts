// The outcome of one test file on one host, from the events that it reported and the way it ended.

import type { Event, TestEvent } from "../support/events.ts";

/** The outcome of one file on one host. */
export interface Outcome {
  readonly tests: readonly TestEvent[];
  /** Why the file counts as failed besides its tests; empty if it does not. */
  readonly broken: string;
  /** The text that the file printed. */
  readonly output: string;
  readonly seconds: number;
  /** Processor time, with that of child processes; 0 where it is unknown. */
  readonly cpuSeconds: number;
}

/** How a file ended, besides the events that it reported. */
export interface Ending {
  /** The fault of the end, such as "ended with SIGKILL"; empty without a fault. */
  readonly ending: string;
  readonly output: string;
  readonly seconds: number;
}

/** The number of tests of `outcome` with `result`. */
export function count(outcome: Outcome, result: TestEvent["result"]): number {
  return outcome.tests.filter((test) => test.result === result).length;
}

/** Reads the lines of a channel. The last line of a process that was killed may be cut off. */
export function eventsOf(lines: readonly string[]): Event[] {
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as Event];
    } catch {
      return [];
    }
  });
}

/** The test that had begun and not ended, in words; empty without such a test. */
function unfinished(events: readonly Event[]): string {
  const last = events.findLast(({ type }) => type === "begin" || type === "test");
  return last?.type === "begin" ? ` while ${JSON.stringify(last.name)} ran` : "";
}

/** The first reason for which a file fails besides its tests. */
function brokenBy(events: readonly Event[], ending: string): string {
  const only = events.find((event) => event.type === "only");
  if (only !== undefined) return `there is a .only: ${JSON.stringify(only.name)}`;
  const hook = events.find((event) => event.type === "hook");
  if (hook !== undefined) return `the hook ${hook.hook} of ${hook.suite} threw: ${hook.message}`;
  const exit = events.find((event) => event.type === "exit");
  if (exit !== undefined && exit.left.length > 0) {
    return `without .run(): ${exit.left.map((name) => JSON.stringify(name)).join(", ")}`;
  }
  const isDone = events.some(({ type }) => type === "done");
  if (!events.some(({ type }) => type === "test")) return `no tests were run ${ending}`.trim();
  if (!isDone) return `${ending === "" ? "ended early" : ending}${unfinished(events)}`;
  const hasFailed = events.some((event) => event.type === "test" && event.result === "failed");
  return hasFailed ? "" : ending;
}

/** The outcome of a file that reported `lines`. */
export function outcomeOf(lines: readonly string[], { ending, output, seconds }: Ending): Outcome {
  const events = eventsOf(lines);
  const exit = events.find((event) => event.type === "exit");
  return {
    tests: events.filter((event) => event.type === "test"),
    broken: brokenBy(events, ending),
    output,
    seconds,
    cpuSeconds: (exit?.cpuMs ?? 0) / 1000,
  };
}
