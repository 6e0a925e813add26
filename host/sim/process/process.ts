// One simulated process. The program is a process; a script acts for all others.

import type { DescriptorTable } from "../kernel/descriptors.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Sleeper } from "../kernel/sleep.ts";
import { SIGCHLD } from "./signal-numbers.ts";
import { type SignalInfo, Signals, type SignalTarget } from "./signals.ts";
import { TerminatedError } from "./terminated.ts";
import { WaitQueue } from "../kernel/wait-queue.ts";

export const INIT_PID = 1;
export const PROGRAM_PID = 100;

/** A zombie has ended, and its parent has not collected its status. A reaped process is gone. */
export type ProcessState = "running" | "stopped" | "zombie" | "reaped";

// si_code of a SIGCHLD.

export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
const CLD_STOPPED = 5;
const CLD_CONTINUED = 6;

/** The process table as one process sees it: processes.ts implements this. */
export interface ProcessTable {
  readonly kernel: Kernel;
  /** Reports a signal to the watchers, before the process does anything with it. */
  notify(event: "signalled", process: Process, info: SignalInfo): void;
  /** Ends a process. `status` is encoded as waitpid(2) encodes it. */
  exit(process: Process, status: number): void;
}

export class Process implements SignalTarget {
  readonly kernel: Kernel;
  readonly pid: number;
  readonly descriptors: DescriptorTable;
  readonly signals: Signals;
  /** Woken by the end of the process: polls of a pidfd (wait_pidfd), and waitpid(2). */
  readonly queue = new WaitQueue();
  readonly children = new Set<Process>();
  /** Gets the SIGCHLD and the status of this process. The first process is its own parent. */
  parent: Process;
  /** Number of the process group: kill(2) with its negative reaches the whole group. */
  group: number;
  /** The name of its program in messages. */
  name: string;
  state: ProcessState = "running";
  /** The status of its end as waitpid(2) encodes it; 0 before the end. */
  status = 0;
  readonly #table: ProcessTable;
  /** Blocks the program while the program is stopped. */
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

  /** Sends the process a signal (send_signal). A process that has ended ignores the signal. */
  send(info: SignalInfo): void {
    if (!this.isAlive) return;
    this.kernel.trace.add("signal", [info.signal, this.pid]);
    this.#table.notify("signalled", this, info);
    this.signals.send(info);
  }

  /** Sends the parent a SIGCHLD (do_notify_parent). */
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
    // While the program is blocked, the caller is an action of its wait: the program stops afterwards.
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

  /** The state of the process for messages. */
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
