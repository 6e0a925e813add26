// What the page of `omnipoll/sim` documents: its exports, and the classes of the objects that a Sim has.

export * from "../../bindings/node/sim.ts";
export type { BlockingOption, TimerLeft, TimerTimes } from "../../bindings/sim/descriptors.ts";
export type { OpenFlags } from "../../bindings/sim/file-arguments.ts";
export type { SimFiles, SimStat } from "../../bindings/sim/files.ts";
export type {
  InterfaceOptions,
  SimInterface,
  SimInterfaces,
} from "../../bindings/sim/interfaces.ts";
export type { SimProcess, SimProcesses } from "../../bindings/sim/processes.ts";
export type { SimSignals } from "../../bindings/sim/signals.ts";
