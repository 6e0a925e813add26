// The process table of a simulated kernel: fork, exec, exit, wait and kill.

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

/** When the numbers have run out, new processes get unused numbers from here on. */
const RESERVED_PIDS = 300;
/** kernel.pid_max. */
const PID_MAX = 32768;
/** The bits of a status that hold the signal that ended the process. The exit status is above them. */
const SIGNAL_BITS = 0x7f;
/** si_code of a signal that kill(2) sent. */
const SI_USER = 0;

/** Observes the processes of a kernel (the hooks of FreeBSD's EVFILT_PROC and Linux's proc connector). */
export interface ProcessWatcher {
  forked?(parent: Process, child: Process): void;
  executed?(process: Process): void;
  /** The process is a zombie and its descriptors are closed. Its parent gets a SIGCHLD next. */
  ended?(process: Process): void;
  /** The parent has got the SIGCHLD. */
  exited?(process: Process): void;
  /** A signal was sent to the process, which may block or ignore the signal. */
  signalled?(process: Process, info: SignalInfo): void;
}

export class Processes implements ProcessTable {
  readonly kernel: Kernel;
  /** The first process. It becomes the parent of orphans, and reaps its children at once. */
  readonly init: Process;
  /** The process of the program. */
  readonly program: Process;
  readonly watchers = new Set<ProcessWatcher>();
  readonly #byPid = new Map<number, Process>();
  #lastPid = PROGRAM_PID;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.init = this.#add(
      new Process(this, INIT_PID, "init", new DescriptorTable(kernel.program.limit)),
    );
    this.program = this.#add(new Process(this, PROGRAM_PID, "program", kernel.program, this.init));
    this.program.group = PROGRAM_PID;
    // Node and Python ignore SIGPIPE from their start.
    this.program.signals.setDisposition(SIGPIPE, "ignore");
    kernel.onSignal = (signal) => this.#sendTo(this.current, signal);
  }

  /** The process that makes the current call. */
  get current(): Process {
    const { descriptors } = this.kernel;
    for (const process of this.#byPid.values()) {
      if (process.descriptors === descriptors) return process;
    }
    return this.program;
  }

  /** All processes, zombies included. */
  [Symbol.iterator](): IterableIterator<Process> {
    return this.#byPid.values();
  }

  /** The process with a number. A reaped process is not found. */
  find(pid: number): Process | undefined {
    return this.#byPid.get(pid);
  }

  #add(process: Process): Process {
    this.#byPid.set(process.pid, process);
    return process;
  }

  /** Passes an event to the watchers. */
  notify(event: "executed" | "ended" | "exited", process: Process): void;
  notify(event: "forked", parent: Process, child: Process): void;
  notify(event: "signalled", process: Process, info: SignalInfo): void;
  notify(event: keyof ProcessWatcher, process: Process, more?: Process | SignalInfo): void {
    for (const watcher of this.watchers) {
      (watcher[event] as ((...given: unknown[]) => void) | undefined)?.(process, more);
    }
  }

  #nextPid(): number {
    let pid = this.#lastPid;
    do pid = pid + 1 >= PID_MAX ? RESERVED_PIDS : pid + 1;
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
    this.#add(child);
    this.kernel.trace.add("fork", [parent.pid], child.pid);
    this.notify("forked", parent, child);
    return child;
  }

  /** execve(2): closes the close-on-exec descriptors and resets handled signals to their default. */
  exec(process: Process, name: string): void {
    const { descriptors } = process;
    for (const [fd] of descriptors) if (!descriptors.isInheritable(fd)) descriptors.remove(fd);
    process.signals.reset();
    process.name = name;
    this.kernel.trace.add("exec", [process.pid, name]);
    this.notify("executed", process);
  }

  /** Ends a process (do_exit). `status` is encoded as waitpid(2) encodes it. */
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
    this.notify("ended", process);
    const signal = status & SIGNAL_BITS;
    process.notifyParent(
      signal === 0 ? CLD_EXITED : CLD_KILLED,
      signal === 0 ? status >> 8 : signal,
    );
    this.notify("exited", process);
    // do_notify_parent: the child of a parent that ignores SIGCHLD reaps itself.
    const { parent } = process;
    const reapsItself = parent.signals.disposition(SIGCHLD) === "ignore";
    if (parent === this.init || reapsItself) this.reap(process);
  }

  /** Removes a zombie (release_task) and returns its status. -EAGAIN before its end, -ECHILD after reaping. */
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

  /** waitpid(2): waits until a process has ended, and reaps the process. */
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
    process.send({ signal, code: SI_USER, pid: this.current.pid, status: 0 });
  }

  /** kill(2) by the process that makes the current call. */
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
    const isTarget = (process: Process): boolean =>
      pid === -1
        ? process !== sender && process !== this.init
        : process.group === (pid === 0 ? sender.group : -pid);
    return [...this].filter(isTarget);
  }
}

/** The process table of a kernel. */
export const processesOf = perKernel((kernel) => new Processes(kernel));
