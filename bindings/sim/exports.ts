// The exports of omnipoll/sim that do not need the core: the same on every platform.

export { CannotBlockError, DeadlockError } from "../../host/sim/time/deadlock.ts";
export { TerminatedError } from "../../host/sim/process/terminated.ts";
export type { FaultOptions } from "../../host/sim/kernel/faults.ts";
export type { Personality } from "../../host/sim/kernel/kernel.ts";
export type { Ticket } from "../../host/sim/sharing/thread.ts";
export type { TraceEntry } from "../../host/sim/kernel/trace.ts";
export type { KnoteView, NotesView, RegistrationsView, RegistrationView } from "../inspect.ts";
export type { FileView, KernelView, WaiterView } from "./view.ts";
export type { SimDescriptors } from "./descriptors.ts";
export type { SimFiles, SimStat } from "./files.ts";
export type { SimInterface, SimInterfaces } from "./interfaces.ts";
export type { SimProcess, SimProcesses } from "./processes.ts";
export type { SimSignals } from "./signals.ts";
export { type Plan, Sim, type SimModule, type SimOsModule, type SimThread } from "./sim.ts";
export type { SimOptions } from "./options.ts";
