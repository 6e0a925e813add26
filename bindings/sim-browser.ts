// omnipoll/sim in a browser.

import type { Ticket } from "../host/sim/sharing/thread.ts";
import { coreModule } from "./browser-host.ts";
import { joinSimFrom, Sim, type SimThread } from "./sim.ts";
import type { SimOptions } from "./sim-options.ts";

let current: Sim | undefined;

/** The simulation that omnipoll and omnipoll/os of this thread are bound to. */
export function currentSim(): Sim {
  current ??= createSim();
  return current;
}

/**
 * A simulated kernel, with the whole API bound to it.
 *
 * @param options see SimOptions; a simulated Linux unless told otherwise
 */
export function createSim(options: SimOptions = {}): Sim {
  return new Sim(coreModule(), options);
}

/** Uses the kernel that a ticket of `Sim.invite` is for, from a worker; once per ticket. */
export function joinSim(ticket: Ticket): SimThread {
  return joinSimFrom(coreModule(), ticket);
}

export * from "./sim-exports.ts";
