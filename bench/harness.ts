// Measuring: the contestants of a case take turns (A B C A B C …), so that other work of the machine
// slows all of them alike. A ratio is the median of the ratios of the rounds.

/** Something that can be timed; prepared, run and ended within one case. */
export interface Contestant {
  readonly name: string;
  /** Threads of the contestant's process: the kernel's cost per descriptor depends on them. */
  readonly threads: number;
  /** Makes the descriptors; returns the reason if the contestant cannot take part. */
  prepare(): string | undefined | Promise<string | undefined>;
  /** Makes `calls` calls; returns the nanoseconds that they took. */
  run(calls: number): number | Promise<number>;
  /** Closes the descriptors. */
  finish(): void | Promise<void>;
}

/** Contestants that do the same work. */
export interface Case {
  /** Group of cases, chosen on the command line. */
  readonly group: string;
  /** The call, e.g. "epoll.poll(0)". */
  readonly call: string;
  /** The descriptors of the call, e.g. "10 of 10 ready". */
  readonly setting: string;
  /** Numbers of the setting, for the plots. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly contestants: readonly Contestant[];
  /** The number of calls of a turn is a multiple of this number; 1 if undefined. */
  readonly step?: number;
}

/** The times of one contestant, per call, over the rounds. */
export interface Timing {
  readonly name: string;
  readonly threads: number;
  readonly medianNs: number;
  readonly p10Ns: number;
  readonly p99Ns: number;
  readonly leastNs: number;
  readonly samples: number;
  /** The time per call of each round, in order. */
  readonly roundsNs: readonly number[];
}

/** A contestant that did not take part, and the reason. */
export interface Skip {
  readonly name: string;
  readonly reason: string;
}

/** A case that was run. */
export interface Result extends Omit<Case, "contestants" | "step"> {
  readonly timings: readonly Timing[];
  readonly skipped: readonly Skip[];
}

/** How long to measure. */
export interface Effort {
  /** Rounds of a case, at most. */
  readonly rounds: number;
  /** Rounds of a case that run even after `caseMs`. */
  readonly leastRounds: number;
  /** Milliseconds after which no further round of a case begins. */
  readonly caseMs: number;
}

export const FULL: Effort = { rounds: 100, leastRounds: 9, caseMs: 4000 };
export const QUICK: Effort = { rounds: 25, leastRounds: 3, caseMs: 600 };

/** The least length of a turn; a longer call is a turn of its own. */
const TURN_NS = 2e6;
/** Time that a contestant runs before it is measured, so that the compilers have finished. */
const WARM_NS = 60e6;
/** Share of a turn that runs unmeasured before it: the caches hold another contestant's data. */
const REFILL = 1 / 8;

/** The middle value; the upper of the two middle values if their number is even. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which `share` of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** The times of a contestant, from those of its rounds. */
export function summary(name: string, threads: number, roundsNs: readonly number[]): Timing {
  return {
    name,
    threads,
    medianNs: median(roundsNs),
    p10Ns: quantile(roundsNs, 0.1),
    p99Ns: quantile(roundsNs, 0.99),
    leastNs: Math.min(...roundsNs),
    samples: roundsNs.length,
    roundsNs,
  };
}

/** The time of a contestant divided by the time of `other`: the median of the rounds. */
export function ratio(result: Result, name: string, other: string): number | undefined {
  const [a, b] = [name, other].map((wanted) => timingOf(result, wanted));
  if (a === undefined || b === undefined) return undefined;
  return median(a.roundsNs.map((ns, round) => ns / (b.roundsNs[round] ?? NaN)));
}

/** The same of the tenth percentiles, which other programs of the machine disturb less than medians. */
export function ratioOfP10(result: Result, name: string, other: string): number | undefined {
  const [a, b] = [name, other].map((wanted) => timingOf(result, wanted));
  return a === undefined || b === undefined ? undefined : a.p10Ns / b.p10Ns;
}

/** Timing of the contestant called `name`. */
export function timingOf(result: Result, name: string): Timing | undefined {
  return result.timings.find((timing) => timing.name === name);
}

/** Times a loop of this process, which makes `calls` calls. */
export function timed(loop: (calls: number) => void): (calls: number) => number {
  return (calls) => {
    const start = performance.now();
    loop(calls);
    return (performance.now() - start) * 1e6;
  };
}

function stepped(calls: number, step: number): number {
  return Math.max(1, Math.ceil(calls / step)) * step;
}

/** The number of calls that makes a turn long enough. Doubles the calls until their turn is. */
async function callsOf(contestant: Contestant, step: number): Promise<number> {
  let calls = step;
  let warmNs = 0;
  for (;;) {
    const ns = await contestant.run(calls);
    warmNs += ns;
    if (ns >= TURN_NS && warmNs >= WARM_NS) {
      return stepped((calls * TURN_NS * 1.2) / ns, step);
    }
    if (ns < TURN_NS) calls *= 2;
  }
}

/** Runs a case. */
export async function runCase(
  { contestants, step = 1, ...about }: Case,
  effort: Effort,
): Promise<Result> {
  const skipped: Skip[] = [];
  const running: Array<{ contestant: Contestant; calls: number; roundsNs: number[] }> = [];
  try {
    for (const contestant of contestants) {
      const reason = await contestant.prepare();
      if (reason === undefined) running.push({ contestant, calls: 0, roundsNs: [] });
      else skipped.push({ name: contestant.name, reason });
    }
    for (const one of running) one.calls = await callsOf(one.contestant, step);

    const start = performance.now();
    for (let round = 0; round < effort.rounds; round++) {
      if (round >= effort.leastRounds && performance.now() - start > effort.caseMs) break;
      for (const { contestant, calls, roundsNs } of running) {
        if (calls > step) await contestant.run(stepped(calls * REFILL, step));
        roundsNs.push((await contestant.run(calls)) / calls);
      }
    }
  } finally {
    for (const { contestant } of running) await contestant.finish();
  }
  const timings = running.map(({ contestant: { name, threads }, roundsNs }) =>
    summary(name, threads, roundsNs),
  );
  return { ...about, timings, skipped };
}
