// Measuring: the contestants of a case take turns (A B C A B C …), so that whatever else the
// machine does hits all of them alike, and a ratio is the median of the ratios of the rounds.

/** Something that can be timed; prepared, run and ended within one case. */
export interface Contestant {
  readonly name: string;
  /** Threads of the process it runs in: what a descriptor costs the kernel depends on it. */
  readonly threads: number;
  /** Makes its descriptors; returns why it cannot take part. */
  prepare(): string | undefined | Promise<string | undefined>;
  /** Nanoseconds that `calls` calls took. */
  run(calls: number): number | Promise<number>;
  /** Closes its descriptors. */
  finish(): void | Promise<void>;
}

/** Contestants who do the same job. */
export interface Case {
  /** Group of cases, chosen on the command line. */
  readonly group: string;
  /** What is called, e.g. "epoll.poll(0)". */
  readonly call: string;
  /** What it is called on, e.g. "10 of 10 ready". */
  readonly setting: string;
  /** Numbers of the setting, for the plots. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly contestants: readonly Contestant[];
  /** Calls of a turn are a multiple of this; 1 if left out. */
  readonly step?: number;
}

/** What one contestant took, per call, over the rounds. */
export interface Timing {
  readonly name: string;
  readonly threads: number;
  readonly medianNs: number;
  readonly p99Ns: number;
  readonly leastNs: number;
  readonly samples: number;
  /** Of each round, in order. */
  readonly roundsNs: readonly number[];
}

/** A contestant who did not take part, and why. */
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
  /** Rounds of a case, whatever they take. */
  readonly leastRounds: number;
  /** Milliseconds after which no further round of a case begins. */
  readonly caseMs: number;
}

export const FULL: Effort = { rounds: 100, leastRounds: 9, caseMs: 4000 };
export const QUICK: Effort = { rounds: 25, leastRounds: 3, caseMs: 600 };

/** A turn is at least this long, or one call. */
const TURN_NS = 2e6;
/** What a contestant runs before it is measured: compilers are to have done their work. */
const WARM_NS = 60e6;
/** Share of a turn that is run before it, unmeasured: the caches are another contestant's. */
const REFILL = 1 / 8;

/** Middle of the values; of an even number, the upper one. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Value below which `share` of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** How many times as long as `other` a contestant took: median of the rounds. */
export function ratio(result: Result, name: string, other: string): number | undefined {
  const [a, b] = [name, other].map((wanted) => timingOf(result, wanted));
  if (a === undefined || b === undefined) return undefined;
  return median(a.roundsNs.map((ns, round) => ns / (b.roundsNs[round] ?? NaN)));
}

/** Timing of the contestant called `name`. */
export function timingOf(result: Result, name: string): Timing | undefined {
  return result.timings.find((timing) => timing.name === name);
}

/** Times a loop of this process: `loop` makes as many calls as it is told. */
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

/** Calls that make a turn long enough, found by running more and more of them. */
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
  const timings = running.map(({ contestant: { name, threads }, roundsNs }) => ({
    name,
    threads,
    medianNs: median(roundsNs),
    p99Ns: quantile(roundsNs, 0.99),
    leastNs: Math.min(...roundsNs),
    samples: roundsNs.length,
    roundsNs,
  }));
  return { ...about, timings, skipped };
}
