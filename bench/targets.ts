// The targets of the figures. A target is met or missed; a missed one does not stop the run.

import { ratio, type Result, timingOf } from "./harness.ts";

/** A target and its outcome. */
export interface Target {
  /** The target in words, e.g. "epoll.poll(0), 1 of 1 ready ≤ 1.25 × C". */
  readonly text: string;
  /** The ratio measured. */
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
    default:
      return [];
  }
}

/** The targets of all results. */
export function checkTargets(results: readonly Result[]): Target[] {
  return results.flatMap(targetsOf);
}
