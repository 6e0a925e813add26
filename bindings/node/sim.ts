// omnipoll/sim on Node.

import { chooseHost } from "../../host/index.ts";
import type { SimHost } from "../../host/sim/waist/host.ts";
import type { Ticket } from "../../host/sim/sharing/thread.ts";
import { coreModule } from "./host.ts";
import { joinSimFrom, Sim, type SimThread } from "../sim/sim.ts";
import type { SimOptions } from "../sim/options.ts";

let current: Sim | undefined;

/**
 * The simulation that omnipoll and omnipoll/os of this thread are bound to (`OMNIPOLL_HOST`);
 * undefined if they are on a real kernel.
 */
export function currentSim(): Sim | undefined {
  const host = chooseHost();
  if ("kernel" in host) current ??= new Sim(coreModule(), { kernel: (host as SimHost).kernel });
  return current;
}

/**
 * Makes a simulated kernel with the whole API bound to it.
 *
 * @param options see SimOptions. Default: a Linux in virtual time
 * @throws {TypeError} for an unknown option or a value of the wrong type
 * @throws {ValueError} for a value out of its range
 */
export function createSim(options: SimOptions = {}): Sim {
  return new Sim(coreModule(), options);
}

/**
 * Joins the kernel of another thread, with a ticket of `Sim.invite`. A ticket admits one thread, once.
 *
 * @throws {TypeError} if `ticket` is no ticket
 */
export function joinSim(ticket: Ticket): SimThread {
  return joinSimFrom(coreModule(), ticket);
}

export * from "../sim/exports.ts";
