// Shared by the tests of the simulated BSD.

import { coreModule } from "../../bindings/node/host.ts";
import type { Kqueue } from "../../bindings/kqueue.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import type { FaultOptions } from "../../host/sim/kernel/faults.ts";

/** A new simulation. */
export const simOf = (faults: FaultOptions = {}): Sim =>
  new Sim(coreModule(), { personality: "bsd", faults });

type Seen = [ident: unknown, filter: number, data: unknown];

/** The events of a queue. */
export function take(queue: Kqueue, timeout: number | null = 0, max = 64): Seen[] {
  return queue.control(null, max, timeout).map(({ ident, filter, data }) => [ident, filter, data]);
}

type Given = [ident: number, filter: number, flags?: number, fflags?: number, data?: number];

/** Changes a queue. */
export function changes(sim: Sim, queue: Kqueue, ...list: Given[]): void {
  queue.control(
    list.map((given) => sim.select.kevent(...given)),
    0,
  );
}
