// omnipoll/sim in a browser.

import type { Ticket } from "../../host/sim/sharing/thread.ts";
import { NAMED } from "../../host/sim/kernel/make-kernel.ts";
import { coreModule } from "./host.ts";
import { show } from "../errors.ts";
import { joinSimFrom, Sim, type SimThread } from "../sim/sim.ts";
import type { SimOptions } from "../sim/options.ts";

let current: Sim | undefined;

/**
 * A simulation of the kernel that `globalThis.OMNIPOLL_HOST` names, as the environment variable does in
 * Node.
 */
function choose(): Sim {
  const { OMNIPOLL_HOST: name = "sim:linux" } = globalThis as { OMNIPOLL_HOST?: string };
  const choice = NAMED.get(name);
  if (choice !== undefined) return createSim(choice);
  const known = [...NAMED.keys()].join(", ");
  throw new Error(`omnipoll: OMNIPOLL_HOST must be one of ${known}, got ${show(name)}`);
}

/**
 * The simulation that omnipoll and omnipoll/os of this thread are bound to: the kernel that
 * `globalThis.OMNIPOLL_HOST` named at the first import of either ("sim:bsd", "sim:linux:real" …), by
 * default a Linux in virtual time.
 *
 * @throws {Error} if OMNIPOLL_HOST names no simulated kernel
 */
export function currentSim(): Sim {
  current ??= choose();
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
 * Joins the kernel of another thread from a worker, with a ticket of `Sim.invite`. A ticket admits one
 * thread, once.
 *
 * @throws {CannotBlockError} on the main thread of a page, which cannot block
 * @throws {TypeError} if `ticket` is no ticket
 */
export function joinSim(ticket: Ticket): SimThread {
  return joinSimFrom(coreModule(), ticket);
}

export * from "../sim/exports.ts";
