// Processes of a simulated kernel: the program, and puppets that a script moves.

import { ESRCH } from "../../asm/abi.ts";
import { connectorOf } from "../../host/sim/net/connector.ts";
import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { type Process, type ProcessState } from "../../host/sim/process/process.ts";
import { type Processes, processesOf } from "../../host/sim/process/processes.ts";
import type { DescriptorTable } from "../../host/sim/kernel/descriptors.ts";
import { ValueError } from "../errors.ts";
import type { OsModule } from "../os/os.ts";
import type { SelectModule } from "../module.ts";
import { checkedCall, type Signal, signalNumberOf, throwFailure } from "./arguments.ts";
import { SimSignals } from "./signals.ts";

/** The API with the descriptors of one process. */
interface ProcessModule {
  readonly select: SelectModule;
  readonly os: OsModule;
}

type MakeModule = (descriptors: DescriptorTable) => ProcessModule;

/** One process. Only the program runs by itself. */
export class SimProcess {
  readonly signals: SimSignals;
  readonly #owner: SimProcesses;
  readonly #process: Process;
  readonly #kernel: Kernel;
  #module: ProcessModule | undefined;

  constructor(owner: SimProcesses, process: Process) {
    this.#owner = owner;
    this.#process = process;
    this.#kernel = process.kernel;
    this.signals = new SimSignals(process.kernel, process.signals);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Who gets its status in the end: the first process, once its own parent has ended. */
  get parent(): SimProcess {
    return this.#owner.of(this.#process.parent);
  }

  /** What it runs. */
  get name(): string {
    return this.#process.name;
  }

  /** A zombie has ended, and nobody has waited for it; one that is reaped is gone. */
  get state(): ProcessState {
    return this.#process.state;
  }

  /** Process group. A child begins in its parent's. */
  get group(): number {
    return this.#process.group;
  }

  set group(group: number) {
    this.#process.group = group;
  }

  /** The API with its descriptors, in a core of its own. A call that blocks blocks the program. */
  #bound(): ProcessModule {
    this.#module ??= this.#owner.makeModule(this.#process.descriptors);
    return this.#module;
  }

  /** omnipoll/os with the descriptors of this process. */
  get os(): OsModule {
    return this.#bound().os;
  }

  /** The select module with the descriptors of this process. */
  get select(): SelectModule {
    return this.#bound().select;
  }

  #checkAlive(call: string): void {
    const result = this.#process.isAlive ? 0 : -ESRCH;
    checkedCall(this.#kernel, result, call, `process ${this.pid}, which has ended`);
  }

  /** A child with the descriptors, dispositions and blocked signals of this process. */
  fork(): SimProcess {
    this.#checkAlive("fork");
    return this.#owner.of(this.#owner.processes.fork(this.#process));
  }

  /** Runs another program: closes what is close-on-exec, and forgets handlers. */
  exec(name = "a program"): void {
    this.#checkAlive("execve");
    this.#owner.processes.exec(this.#process, name);
  }

  /**
   * Ends the process; its descriptors are closed.
   *
   * @param status of which the low 8 bits count
   * @throws {ValueError} for the program itself
   */
  exit(status = 0): void {
    if (this === this.#owner.program) throw new ValueError("the program ends by itself");
    this.#checkAlive("exit");
    this.#owner.processes.exit(this.#process, (status & 0xff) << 8);
    throwFailure(this.#kernel);
  }

  /** Sends it a signal, in the name of the program. One that has ended takes no notice. */
  kill(signal: Signal): void {
    const number = signalNumberOf(signal);
    const result = this.#owner.processes.kill(this.pid, number);
    checkedCall(this.#kernel, result, "kill", `process ${this.pid}`);
  }

  /**
   * Waits for its end, and reaps it: waitpid(2).
   *
   * @returns status as waitpid(2) has it: exit status × 256, or the number of a signal
   * @throws {OSError} ECHILD if that was done already
   */
  wait(): number {
    const result = this.#kernel.run(this.#owner.processes.wait(this.#process));
    return checkedCall(this.#kernel, result, "waitpid", `process ${this.pid}`);
  }

  /** What it is and has open, for people. */
  describe(): Record<string, unknown> {
    return this.#process.describe();
  }
}

/** All processes of a kernel. */
export class SimProcesses {
  readonly processes: Processes;
  readonly makeModule: MakeModule;
  readonly #kernel: Kernel;
  readonly #known = new WeakMap<Process, SimProcess>();

  /** @param makeModule makes the API for the descriptors of a process */
  constructor(kernel: Kernel, makeModule: MakeModule) {
    this.#kernel = kernel;
    this.processes = processesOf(kernel);
    this.makeModule = makeModule;
  }

  /** What stands for a process. */
  of(process: Process): SimProcess {
    let known = this.#known.get(process);
    if (known === undefined) {
      known = new SimProcess(this, process);
      this.#known.set(process, known);
    }
    return known;
  }

  /** The first process: it adopts those whose parent has ended, and reaps them. */
  get init(): SimProcess {
    return this.of(this.processes.init);
  }

  /** The process of the program: the parent of what it forks. */
  get program(): SimProcess {
    return this.of(this.processes.program);
  }

  /** A child of a process, of the program unless told otherwise. */
  fork(parent: SimProcess = this.program): SimProcess {
    return parent.fork();
  }

  /** The process with a number, if there is one. */
  find(pid: number): SimProcess | undefined {
    const process = this.processes.find(pid);
    return process && this.of(process);
  }

  /** Every process, zombies included. */
  *[Symbol.iterator](): IterableIterator<SimProcess> {
    for (const process of this.processes) yield this.of(process);
  }

  /**
   * Whether the program may listen to the process connector, which takes a privilege on Linux:
   * without it, KQ_NOTE_FORK, KQ_NOTE_EXEC and KQ_NOTE_TRACK are EOPNOTSUPP there.
   */
  get mayListen(): boolean {
    return connectorOf(this.#kernel).isAllowed;
  }

  set mayListen(allowed: boolean) {
    connectorOf(this.#kernel).isAllowed = allowed;
  }
}
