// omnipoll/sim in a browser.

import type { Ticket } from "../../host/sim/sharing/thread.ts";
import { NAMED } from "../../host/sim/kernel/make-kernel.ts";
import { coreModule } from "./host.ts";
import { show } from "../errors.ts";
import { joinSimFrom, Sim, type SimThread } from "../sim/sim.ts";
import type { SimOptions } from "../sim/options.ts";

let current: Sim | undefined;

/** The kernel that `globalThis.OMNIPOLL_HOST` names, as the variable of the environment does in Node. */
function choose(): Sim {
  const { OMNIPOLL_HOST: name = "sim:linux" } = globalThis as { OMNIPOLL_HOST?: string };
  const choice = NAMED.get(name);
  if (choice !== undefined) return createSim(choice);
  const known = [...NAMED.keys()].join(", ");
  throw new Error(`omnipoll: OMNIPOLL_HOST must be one of ${known}, got ${show(name)}`);
}

/**
 * The simulation that omnipoll and omnipoll/os of this thread are bound to: a Linux in virtual time, or
 * what `globalThis.OMNIPOLL_HOST` named when they were first imported.
 */
export function currentSim(): Sim {
  current ??= choose();
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

export * from "../sim/exports.ts";
