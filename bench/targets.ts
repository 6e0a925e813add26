// The targets of the figures. A target is met or missed; a missed one does not stop the run.

import { ratio, ratioOfP10, type Result, timingOf } from "./harness.ts";

/** A target and its outcome. */
export interface Target {
  /** The target in words, e.g. "epoll.poll(0), 1 of 1 ready ≤ 1.25 × C". */
  readonly text: string;
  /** The ratio measured; or what the text names. */
  readonly figure: number;
  /** The largest ratio allowed; a ratio to CPython must be below it. */
  readonly bound: number;
  readonly met: boolean;
  /** Threads of the two processes, e.g. "11 and 2 threads". */
  readonly threads: string;
}

/** One target, unless one of the two was not measured. */
function target(result: Result, name: string, other: string, bound: number): Target[] {
  const figure = ratio(result, name, other);
  if (figure === undefined) return [];
  const strict = other.startsWith("CPython");
  const method = /(pollInto)$/.exec(name)?.[1];
  const call = method === undefined ? result.call : result.call.replace("poll(0)", `${method}(0)`);
  return [
    {
      text: `${call}, ${result.setting}: ${strict ? "<" : "≤"} ${bound} × ${other}`,
      figure,
      bound,
      met: strict ? figure < bound : figure <= bound,
      threads: [name, other].map((one) => timingOf(result, one)?.threads).join(" and "),
    },
  ];
}

const OURS = "omnipoll in node:wasi";

/** A target whose figure is no ratio, or a ratio of tenth percentiles. */
function measured(
  result: Result,
  text: string,
  figure: number | undefined,
  bound: number,
): Target[] {
  if (figure === undefined) return [];
  const threads = String(timingOf(result, OURS)?.threads);
  const { call, setting } = result;
  return [{ text: `${call}, ${setting}: ${text}`, figure, bound, met: figure <= bound, threads }];
}

/** What a sleep of 2 s may cost. */
function asleepTargets(result: Result): Target[] {
  const [ours, none] = [OURS, "Atomics.wait"].map((name) => timingOf(result, name)?.medianNs);
  const beyondMs = ours === undefined || none === undefined ? undefined : (ours - none) / 1e6;
  return [
    ...measured(result, "≤ 5 ms more than Atomics.wait", beyondMs, 5),
    ...measured(result, "≤ 3 system calls", result.parameters["systemCalls"], 3),
  ];
}

function targetsOf(result: Result): Target[] {
  const { group, parameters } = result;
  const { ready = 0, registered = 0 } = parameters;
  switch (group) {
    case "epoll-ready":
      return [
        ...(ready === 1 ? target(result, "omnipoll poll", "C", 1.25) : []),
        ...(ready === 1000 ? target(result, "omnipoll pollInto", "C", 1.05) : []),
        ...target(result, "omnipoll poll", "CPython", 1),
      ];
    case "epoll-changes":
      return target(result, "omnipoll", "CPython", 1);
    case "poll":
      if (registered !== 1000) return [];
      return [
        ...target(result, "omnipoll poll", "C", 1.15),
        // pollInto makes no list of the ready descriptors; nor does the C loop.
        ...(ready > 1 ? target(result, "omnipoll pollInto", "C", 1.15) : []),
        ...target(result, "omnipoll poll", "CPython", 1),
      ];
    case "select":
      if (registered !== 1000) return [];
      return [
        ...target(result, "omnipoll", "C", 1.15),
        ...target(result, "omnipoll", "CPython", 1),
      ];
    case "kqueue":
      return ready === 100 ? target(result, "omnipoll control", "C", 1.15) : [];
    case "sim-wait":
      return target(result, "simulated", "real kernel", 1);
    case "sim-many":
      return target(result, "of 1 000 000", "of 1000", 1.2);
    case "wasi-ready": {
      const bound = parameters["subscriptions"] === 1 ? 0.5 : 2;
      const figure = ratioOfP10(result, OURS, "node:wasi");
      return measured(result, `≤ ${bound} × node:wasi (p10)`, figure, bound);
    }
    case "wasi-wake": {
      const figure = ratioOfP10(result, OURS, "the host's poll");
      return measured(result, "≤ 1.5 × the host's own poll (p10)", figure, 1.5);
    }
    case "wasi-asleep":
      return asleepTargets(result);
    default:
      return [];
  }
}

/** The targets of all results. */
export function checkTargets(results: readonly Result[]): Target[] {
  return results.flatMap(targetsOf);
}
