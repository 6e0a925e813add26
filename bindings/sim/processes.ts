// The processes of a simulated kernel: the program, and further processes that exist only in the
// simulation and do what a script makes them do.

import { ESRCH } from "../../asm/abi.ts";
import { connectorOf } from "../../host/sim/net/connector.ts";
import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { type Process, type ProcessState } from "../../host/sim/process/process.ts";
import { type Processes, processesOf } from "../../host/sim/process/processes.ts";
import type { DescriptorTable } from "../../host/sim/kernel/descriptors.ts";
import { intOf } from "../arguments.ts";
import { show, ValueError } from "../errors.ts";
import type { OsModule } from "../os/os.ts";
import type { SelectModule } from "../module.ts";
import {
  booleanOf,
  checkedCall,
  type Signal,
  signalNumberOf,
  stringOf,
  throwFailure,
  wholeOf,
} from "./arguments.ts";
import { SimSignals } from "./signals.ts";

/** The API with the descriptors of one process. */
interface ProcessModule {
  readonly select: SelectModule;
  readonly os: OsModule;
}

/** Largest process ID of Linux (PID_MAX_LIMIT). */
const PID_MAX = 2 ** 22;

type MakeModule = (descriptors: DescriptorTable) => ProcessModule;

/**
 * One process. The program is a process that runs by itself; every other one does what a script makes
 * it do.
 */
export class SimProcess {
  /** Dispositions, blocked and pending signals of the process. */
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

  /** Process ID. */
  get pid(): number {
    return this.#process.pid;
  }

  /** The parent, which may wait for the process; the first process once its own parent has ended. */
  get parent(): SimProcess {
    return this.#owner.of(this.#process.parent);
  }

  /** Name of the program that the process runs. */
  get name(): string {
    return this.#process.name;
  }

  /** "running", "stopped", "zombie" after the end until a process waits for it, "reaped" after that. */
  get state(): ProcessState {
    return this.#process.state;
  }

  /**
   * Process group ID, at first that of the parent. @throws {ValueError} if it is set to a number that is
   * not from 1 to 2^22
   */
  get group(): number {
    return this.#process.group;
  }

  set group(group: number) {
    this.#process.group = wholeOf(group, "group", 1, PID_MAX);
  }

  /**
   * The API with the descriptors of the process, in a core of its own. A call that blocks blocks the
   * program.
   */
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

  /**
   * fork(2): a child with copies of the descriptors, dispositions and blocked signals of this process.
   *
   * @throws {OSError} ESRCH if this process has ended
   */
  fork(): SimProcess {
    this.#checkAlive("fork");
    return this.#owner.of(this.#owner.processes.fork(this.#process));
  }

  /**
   * execve(2): runs another program. Closes close-on-exec descriptors and resets handled signals.
   *
   * @param name of the program, for error texts and views. Default: "a program"
   * @throws {OSError} ESRCH if the process has ended
   */
  exec(name = "a program"): void {
    const text = stringOf(name, "name");
    this.#checkAlive("execve");
    this.#owner.processes.exec(this.#process, text);
  }

  /**
   * _exit(2): ends the process and closes its descriptors.
   *
   * @param status exit status, of which the low 8 bits count. Default: 0
   * @throws {ValueError} for the program itself, which a simulation cannot end
   * @throws {OSError} ESRCH if the process has ended
   */
  exit(status = 0): void {
    const code = intOf(status, "status") & 0xff;
    if (this === this.#owner.program) throw new ValueError("the program ends by itself");
    this.#checkAlive("exit");
    this.#owner.processes.exit(this.#process, code << 8);
    throwFailure(this.#kernel);
  }

  /**
   * kill(2) by the program. A zombie ignores the signal.
   *
   * @throws {ValueError} for a signal that does not exist
   * @throws {OSError} ESRCH if the process has been reaped
   */
  kill(signal: Signal): void {
    const number = signalNumberOf(signal);
    const result = this.#owner.processes.kill(this.pid, number);
    checkedCall(this.#kernel, result, "kill", `process ${this.pid}`);
  }

  /**
   * waitpid(2): blocks the program until the process has ended, and reaps it.
   *
   * @returns wait status: exit status × 256, or the number of the signal that ended the process
   * @throws {OSError} ECHILD if the process has been reaped
   * @throws {DeadlockError} in virtual time, if nothing can ever end the process
   */
  wait(): number {
    const result = this.#kernel.run(this.#owner.processes.wait(this.#process));
    return checkedCall(this.#kernel, result, "waitpid", `process ${this.pid}`);
  }

  /** State, signals and open descriptors as plain values, for people. */
  describe(): Record<string, unknown> {
    return this.#process.describe();
  }
}

/** The processes of a kernel, iterable in the order of their making. */
export class SimProcesses {
  /** @internal The process table of the kernel. */
  readonly processes: Processes;
  /** @internal Makes the API for the descriptors of a process. */
  readonly makeModule: MakeModule;
  readonly #kernel: Kernel;
  readonly #known = new WeakMap<Process, SimProcess>();

  /** @param makeModule makes the API for the descriptors of a process */
  constructor(kernel: Kernel, makeModule: MakeModule) {
    this.#kernel = kernel;
    this.processes = processesOf(kernel);
    this.makeModule = makeModule;
  }

  /** @internal The SimProcess of a kernel's process, always the same one. */
  of(process: Process): SimProcess {
    let known = this.#known.get(process);
    if (known === undefined) {
      known = new SimProcess(this, process);
      this.#known.set(process, known);
    }
    return known;
  }

  /** The first process (pid 1): adopts the children of ended processes, and reaps them. */
  get init(): SimProcess {
    return this.of(this.processes.init);
  }

  /** The process of the program. */
  get program(): SimProcess {
    return this.of(this.processes.program);
  }

  /**
   * Forks a process.
   *
   * @param parent the process to fork. Default: the program
   * @throws {OSError} ESRCH if the parent has ended
   */
  fork(parent: SimProcess = this.program): SimProcess {
    if (!(parent instanceof SimProcess)) {
      throw new TypeError(`parent must be a SimProcess, got ${show(parent)}`);
    }
    return parent.fork();
  }

  /** The process with this pid, zombies included; undefined if no process has it. */
  find(pid: number): SimProcess | undefined {
    const process = this.processes.find(pid);
    return process && this.of(process);
  }

  /** Every process, zombies included. */
  *[Symbol.iterator](): IterableIterator<SimProcess> {
    for (const process of this.processes) yield this.of(process);
  }

  /**
   * Whether the program may listen to the process connector, which requires CAP_NET_ADMIN on Linux.
   * Without it, KQ_NOTE_FORK, KQ_NOTE_EXEC and KQ_NOTE_TRACK fail with EOPNOTSUPP. Default: true.
   */
  get mayListen(): boolean {
    return connectorOf(this.#kernel).isAllowed;
  }

  set mayListen(allowed: boolean) {
    connectorOf(this.#kernel).isAllowed = booleanOf(allowed, "mayListen");
  }
}
