// One simulated process. The program is one; all others are puppets that a script moves.

import type { DescriptorTable } from "../kernel/descriptors.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Sleeper } from "../kernel/sleep.ts";
import { SIGCHLD } from "./signal-numbers.ts";
import { type SignalInfo, Signals, type SignalTarget } from "./signals.ts";
import { TerminatedError } from "./terminated.ts";
import { WaitQueue } from "../kernel/wait-queue.ts";

export const INIT_PID = 1;
export const PROGRAM_PID = 100;

/** A zombie has ended, and nobody has asked how; one that is reaped is gone. */
export type ProcessState = "running" | "stopped" | "zombie" | "reaped";

// Codes of a SIGCHLD.

export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
const CLD_STOPPED = 5;
const CLD_CONTINUED = 6;

/** The process table as one process sees it: processes.ts implements this. */
export interface ProcessTable {
  readonly kernel: Kernel;
  /** Reports a signal to the watchers, before the process does anything with it. */
  tell(event: "signalled", process: Process, info: SignalInfo): void;
  /** Ends a process. `status` is encoded as waitpid(2) encodes it. */
  exit(process: Process, status: number): void;
}

export class Process implements SignalTarget {
  readonly kernel: Kernel;
  readonly pid: number;
  readonly descriptors: DescriptorTable;
  readonly signals: Signals;
  /** Where those wait who want to know of its end: pidfds, and who waits for it. */
  readonly queue = new WaitQueue();
  readonly children = new Set<Process>();
  /** Who gets its SIGCHLD and its status; itself of the first process. */
  parent: Process;
  /** Process group: `kill` with this number, negative, reaches all of a group. */
  group: number;
  /** What it runs, for people. */
  name: string;
  state: ProcessState = "running";
  /** How it ended, as waitpid(2) tells it; 0 before. */
  status = 0;
  readonly #table: ProcessTable;
  /** What blocks the program while it is stopped. */
  #halt: Sleeper | undefined;

  constructor(
    table: ProcessTable,
    pid: number,
    name: string,
    descriptors: DescriptorTable,
    parent?: Process,
  ) {
    this.#table = table;
    this.kernel = table.kernel;
    this.pid = pid;
    this.name = name;
    this.descriptors = descriptors;
    this.signals = new Signals(this);
    this.parent = parent ?? this;
    this.group = parent?.group ?? pid;
    parent?.children.add(this);
  }

  get isAlive(): boolean {
    return this.state === "running" || this.state === "stopped";
  }

  get isStopped(): boolean {
    return this.state === "stopped";
  }

  get isUnkillable(): boolean {
    return this.pid === INIT_PID;
  }

  get #isProgram(): boolean {
    return this.pid === PROGRAM_PID;
  }

  /** Sends it a signal; one that has ended takes no notice. */
  send(info: SignalInfo): void {
    if (!this.isAlive) return;
    this.kernel.trace.add("signal", [info.signal, this.pid]);
    this.#table.tell("signalled", this, info);
    this.signals.send(info);
  }

  /** Tells its parent what became of it. */
  notifyParent(code: number, status: number): void {
    this.parent.send({ signal: SIGCHLD, code, pid: this.pid, status });
  }

  end(signal: number): void {
    if (this.#isProgram) this.kernel.fail(new TerminatedError(signal));
    else this.#table.exit(this, signal);
  }

  stop(signal: number): void {
    if (this.state !== "running") return;
    this.state = "stopped";
    this.notifyParent(CLD_STOPPED, signal);
    if (!this.#isProgram) return;
    const { kernel } = this;
    // In the middle of a wait it is not the program that runs, but who acts meanwhile.
    if (kernel.isBlocked) kernel.clock.schedule(kernel.clock.now(), () => this.#haltProgram());
    else this.#haltProgram();
  }

  #haltProgram(): void {
    if (!this.isStopped) return;
    this.#halt = new Sleeper(0, () => "SIGCONT, since the program is stopped");
    this.kernel.sleep(this.#halt, Infinity);
    this.#halt = undefined;
    this.kernel.interruptions++;
  }

  continue(): void {
    if (!this.isStopped) return;
    this.state = "running";
    this.#halt?.wake(0);
    this.notifyParent(CLD_CONTINUED, 0);
    this.signals.deliverPending();
  }

  interrupt(): void {
    if (this.#isProgram) this.kernel.interruptions++;
  }

  fail(error: Error): void {
    this.kernel.fail(error);
  }

  /** What it is, for people. */
  describe(): Record<string, unknown> {
    return {
      pid: this.pid,
      parent: this.parent.pid,
      name: this.name,
      state: this.state,
      status: this.status,
      descriptors: [...this.descriptors].map(([fd, file]) => `${fd} ${file.name}`),
    };
  }
}
