// Tests of abilities that a simulated Linux and a simulated BSD both have.

import { test } from "../support/uvu.ts";
import { coreModule } from "../../bindings/node/host.ts";
import { Sim } from "../../bindings/sim/sim.ts";

/** A test on each of them. */
export function onBoth(name: string, body: (sim: Sim) => void): void {
  for (const personality of ["linux", "bsd"] as const) {
    test(`${name} (${personality})`, () => body(new Sim(coreModule(), { personality })));
  }
}
