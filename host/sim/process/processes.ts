// The processes of a simulated kernel: fork, exec, exit, wait and kill.

import { EAGAIN, EINTR, EINVAL, ESRCH } from "../../../asm/abi.ts";
import { ECHILD } from "../kernel/constants.ts";
import { DescriptorTable } from "../kernel/descriptors.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Sleeper, type Sleeping } from "../kernel/sleep.ts";
import { perKernel } from "../kernel/per-kernel.ts";
import {
  CLD_EXITED,
  CLD_KILLED,
  INIT_PID,
  Process,
  type ProcessTable,
  PROGRAM_PID,
} from "./process.ts";
import { LAST_SIGNAL, SIGCHLD, SIGPIPE } from "./signal-numbers.ts";
import type { SignalInfo } from "./signals.ts";
import { WaitEntry } from "../kernel/wait-queue.ts";
import { EVENT_HUP, EVENT_IN, EVENT_RDNORM } from "../../../asm/abi.ts";

/** Numbers are given again from here on when they have run out. */
const FIRST_AGAIN = 300;
const MOST_PID = 32768;
/** Signals that end a process are in these bits of its status, an exit status is above them. */
const SIGNAL_BITS = 0x7f;
/** SI_USER: somebody sent it. */
const BY_USER = 0;

/** Who wants to know what processes do, as it happens. */
export interface ProcessWatcher {
  forked?(parent: Process, child: Process): void;
  executed?(process: Process): void;
  /** It is a zombie now, its descriptors are closed, and its parent is about to be told. */
  ended?(process: Process): void;
  /** Its parent has been told. */
  exited?(process: Process): void;
  /** A signal was sent to it, whatever it does with it. */
  signalled?(process: Process, info: SignalInfo): void;
}

export class Processes implements ProcessTable {
  readonly kernel: Kernel;
  /** The first process: parent of those whose parent has ended, and reaps them at once. */
  readonly init: Process;
  /** The process of the program. */
  readonly program: Process;
  readonly watchers = new Set<ProcessWatcher>();
  readonly #byPid = new Map<number, Process>();
  #lastPid = PROGRAM_PID;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.init = this.#enter(
      new Process(this, INIT_PID, "init", new DescriptorTable(kernel.program.limit)),
    );
    this.program = this.#enter(
      new Process(this, PROGRAM_PID, "program", kernel.program, this.init),
    );
    this.program.group = PROGRAM_PID;
    // As Node and Python begin.
    this.program.signals.setDisposition(SIGPIPE, "ignore");
    kernel.onSignal = (signal) => this.#sendTo(this.current, signal);
  }

  /** The process that makes a call now. */
  get current(): Process {
    const { descriptors } = this.kernel;
    for (const process of this.#byPid.values()) {
      if (process.descriptors === descriptors) return process;
    }
    return this.program;
  }

  /** Every process, zombies included. */
  [Symbol.iterator](): IterableIterator<Process> {
    return this.#byPid.values();
  }

  /** The process with a number; one that is reaped has none. */
  find(pid: number): Process | undefined {
    return this.#byPid.get(pid);
  }

  #enter(process: Process): Process {
    this.#byPid.set(process.pid, process);
    return process;
  }

  /** Tells the watchers of an event. */
  tell(event: "executed" | "ended" | "exited", process: Process): void;
  tell(event: "forked", parent: Process, child: Process): void;
  tell(event: "signalled", process: Process, info: SignalInfo): void;
  tell(event: keyof ProcessWatcher, process: Process, more?: Process | SignalInfo): void {
    for (const watcher of this.watchers) {
      (watcher[event] as ((...given: unknown[]) => void) | undefined)?.(process, more);
    }
  }

  #nextPid(): number {
    let pid = this.#lastPid;
    do pid = pid + 1 >= MOST_PID ? FIRST_AGAIN : pid + 1;
    while (this.#byPid.has(pid));
    this.#lastPid = pid;
    return pid;
  }

  /** fork(2): a child with the descriptors and dispositions of its parent. */
  fork(parent: Process): Process {
    const child = new Process(
      this,
      this.#nextPid(),
      parent.name,
      parent.descriptors.copy(),
      parent,
    );
    parent.signals.copyTo(child.signals);
    this.#enter(child);
    this.kernel.trace.add("fork", [parent.pid], child.pid);
    this.tell("forked", parent, child);
    return child;
  }

  /** execve(2): closes what is close-on-exec, and forgets handlers. */
  exec(process: Process, name: string): void {
    const { descriptors } = process;
    for (const [fd] of descriptors) if (!descriptors.isInheritable(fd)) descriptors.remove(fd);
    process.signals.reset();
    process.name = name;
    this.kernel.trace.add("exec", [process.pid, name]);
    this.tell("executed", process);
  }

  /** Ends a process. `status` is as waitpid(2) tells it. */
  exit(process: Process, status: number): void {
    if (!process.isAlive) return;
    this.kernel.trace.add("exit", [process.pid, status]);
    for (const [fd] of process.descriptors) process.descriptors.remove(fd);
    for (const child of process.children) {
      child.parent = this.init;
      this.init.children.add(child);
      if (child.state === "zombie") this.reap(child);
    }
    process.children.clear();
    process.state = "zombie";
    process.status = status;
    process.queue.wake(EVENT_IN | EVENT_RDNORM);
    this.tell("ended", process);
    const signal = status & SIGNAL_BITS;
    process.notifyParent(
      signal === 0 ? CLD_EXITED : CLD_KILLED,
      signal === 0 ? status >> 8 : signal,
    );
    this.tell("exited", process);
    // Who ignores SIGCHLD does not want to know.
    const { parent } = process;
    const isUnwanted = parent.signals.disposition(SIGCHLD) === "ignore";
    if (parent === this.init || isUnwanted) this.reap(process);
  }

  /** Takes a zombie's status, after which it is gone. -EAGAIN if it lives, -ECHILD if it is gone. */
  reap(process: Process): number {
    if (process.isAlive) return -EAGAIN;
    if (process.state === "reaped") return -ECHILD;
    process.state = "reaped";
    process.parent.children.delete(process);
    this.#byPid.delete(process.pid);
    this.kernel.trace.add("reap", [process.pid], process.status);
    process.queue.wake(EVENT_IN | EVENT_RDNORM | EVENT_HUP);
    return process.status;
  }

  /** waitpid(2): waits for the end of a process, and reaps it. */
  *wait(process: Process): Sleeping {
    let result = this.reap(process);
    while (result === -EAGAIN) {
      const sleeper = new Sleeper(EVENT_IN, () => `the end of process ${process.pid}`);
      const entry = new WaitEntry(sleeper);
      process.queue.append(entry);
      const end = yield { sleeper, deadline: Infinity };
      entry.leave();
      if (typeof end === "number" && end !== -EINTR) return end;
      result = this.reap(process);
    }
    return result;
  }

  #sendTo(process: Process, signal: number): void {
    process.send({ signal, code: BY_USER, pid: this.current.pid, status: 0 });
  }

  /** kill(2), by the process that makes a call now. */
  kill(pid: number, signal: number): number {
    const targets = this.#targetsOf(pid);
    if (targets.length === 0) return -ESRCH;
    if (signal < 0 || signal > LAST_SIGNAL) return -EINVAL;
    if (signal !== 0) for (const process of targets) this.#sendTo(process, signal);
    return 0;
  }

  #targetsOf(pid: number): Process[] {
    if (pid > 0) {
      const process = this.find(pid);
      return process === undefined ? [] : [process];
    }
    const sender = this.current;
    const isMeant = (process: Process): boolean =>
      pid === -1
        ? process !== sender && process !== this.init
        : process.group === (pid === 0 ? sender.group : -pid);
    return [...this].filter(isMeant);
  }
}

/** The processes of a kernel. */
export const processesOf = perKernel((kernel) => new Processes(kernel));
