// Makes simulated kernels by personality and clock.

import { Kernel, type KernelOptions, type Personality } from "./kernel.ts";
import { RealClock } from "../time/real-clock.ts";

export const PERSONALITIES = ["linux", "bsd", "posix", "wasi"] as const satisfies Personality[];

/** Virtual time jumps to the next action while the program waits; real time passes by itself. */
export const CLOCKS = ["virtual", "real"] as const;
export type ClockName = (typeof CLOCKS)[number];

export interface Choice {
  readonly personality?: Personality;
  readonly clock?: ClockName;
}

type Others = Omit<KernelOptions, "personality" | "clock" | "epoch">;

export function makeKernel({ clock: name = "virtual", ...options }: Choice & Others): Kernel {
  if (name === "virtual") return new Kernel(options);
  const clock = new RealClock();
  const kernel = new Kernel({ ...options, clock, epoch: Date.now() });
  clock.afterTask = () => {
    const failure = kernel.takeFailure();
    if (failure !== undefined) throw failure;
  };
  return kernel;
}

/** Kernels by their names in OMNIPOLL_HOST: "sim:linux", "sim:linux:real" with the real clock … */
export const NAMED: ReadonlyMap<string, Choice> = new Map(
  CLOCKS.flatMap((clock) =>
    PERSONALITIES.map((personality) => {
      const suffix = clock === "virtual" ? "" : `:${clock}`;
      return [`sim:${personality}${suffix}`, { personality, clock }] as const;
    }),
  ),
);
