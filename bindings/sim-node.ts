// omnipoll/sim on Node.

import { coreModule } from "./host.ts";
import { joinSimFrom, Sim, type SimOptions, type SimThread } from "./sim.ts";
import type { Ticket } from "../host/sim/sharing/thread.ts";

/**
 * A simulated kernel, with the whole API bound to it.
 *
 * @param options see SimOptions; a simulated Linux unless told otherwise
 */
export function createSim(options: SimOptions = {}): Sim {
  return new Sim(coreModule(), options);
}

/** Uses the kernel that a ticket of `Sim.invite` is for, from another thread; once per ticket. */
export function joinSim(ticket: Ticket): SimThread {
  return joinSimFrom(coreModule(), ticket);
}

export { CannotBlockError, DeadlockError } from "../host/sim/deadlock.ts";
export { TerminatedError } from "../host/sim/terminated.ts";
export type { FaultOptions } from "../host/sim/faults.ts";
export type { Personality } from "../host/sim/kernel.ts";
export type { TraceEntry } from "../host/sim/trace.ts";
export { type Plan, Sim, type SimModule, type SimOptions, type SimThread } from "./sim.ts";
