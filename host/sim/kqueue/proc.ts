// EVFILT_PROC and EVFILT_SIGNAL (filt_proc*, filt_sig*): knotes in the lists of processes.

import {
  ESRCH,
  EV_ADD,
  EV_CLEAR,
  EV_ENABLE,
  EV_EOF,
  EV_ONESHOT,
  NOTE_CHILD,
  NOTE_EXEC,
  NOTE_EXIT,
  NOTE_FORK,
  NOTE_TRACK,
  NOTE_TRACKERR,
} from "../../../asm/abi.ts";
import { type Kevent, Knote, type KnoteQueue } from "./knote.ts";
import { perKernel } from "../kernel/per-kernel.ts";
import type { Process } from "../process/process.ts";
import { processesOf } from "../process/processes.ts";
import { SIGCHLD } from "../process/signal-numbers.ts";
import type { SignalInfo } from "../process/signals.ts";

type ListedKnote = ProcessKnote | SignalKnote;

/** The knotes of each process, the newest first (p_klist). */
const listsOf = perKernel((kernel) => {
  const lists = new Map<Process, ListedKnote[]>();
  const of = (process: Process): ListedKnote[] => [...(lists.get(process) ?? [])];
  processesOf(kernel).watchers.add({
    forked(parent, child) {
      for (const knote of of(parent)) knote.forked(child);
    },
    executed(process) {
      for (const knote of of(process)) knote.noted(NOTE_EXEC);
    },
    ended(process) {
      for (const knote of of(process)) knote.ended(process.status);
    },
    signalled(process, info) {
      for (const knote of of(process)) knote.signalled(process, info);
    },
  });
  return lists;
});

/** A knote in the list of a process, as long as that lives. */
abstract class InProcess extends Knote {
  #process: Process | undefined;

  protected enlist(process: Process): void {
    const lists = listsOf(this.queue.kernel);
    this.#process = process;
    const list = lists.get(process);
    const self = this as unknown as ListedKnote;
    if (list === undefined) lists.set(process, [self]);
    else list.unshift(self);
  }

  override detach(): void {
    if (this.#process === undefined) return;
    const lists = listsOf(this.queue.kernel);
    const list = lists.get(this.#process) ?? [];
    list.splice(list.indexOf(this as unknown as ListedKnote), 1);
    if (list.length === 0) lists.delete(this.#process);
    this.#process = undefined;
  }

  forked(_child: Process): void {}
  noted(_note: number): void {}
  ended(_status: number): void {}
  signalled(_process: Process, _info: SignalInfo): void {}
}

/** How a knote that follows a child came to be (EV_FLAG1, EV_FLAG2). */
type Origin = "program" | "follower" | "arrival";

export class ProcessKnote extends InProcess {
  readonly #origin: Origin;

  constructor(queue: KnoteQueue, change: Kevent, origin: Origin = "program") {
    super(queue, change);
    this.#origin = origin;
  }

  get watched(): string {
    return processesOf(this.queue.kernel).find(Number(this.ident))?.name ?? "process";
  }

  /** A zombie is found only if its end is asked for: that is reported at once. */
  override attach(): number {
    const process = processesOf(this.queue.kernel).find(Number(this.ident));
    if (process === undefined) return -ESRCH;
    if (!process.isAlive && (this.sfflags & NOTE_EXIT) === 0) return -ESRCH;
    this.flags |= EV_CLEAR;
    this.enlist(process);
    if (this.#origin === "arrival") {
      this.data = this.sdata;
      this.fflags = NOTE_CHILD;
      this.sfflags &= ~(NOTE_EXIT | NOTE_EXEC | NOTE_FORK);
      this.queue.activate(this);
    }
    if (!process.isAlive) this.ended(process.status);
    return 0;
  }

  event(): boolean {
    return this.fflags !== 0;
  }

  override noted(note: number): void {
    if ((this.sfflags & note) !== 0) this.fflags = (this.fflags | note) >>> 0;
    this.notify();
  }

  /** The last event; a knote that has nothing to tell just goes. */
  override ended(status: number): void {
    this.detach();
    if ((this.sfflags & NOTE_EXIT) !== 0) this.fflags = (this.fflags | NOTE_EXIT) >>> 0;
    if ((this.fflags & NOTE_EXIT) !== 0) this.data = status;
    this.flags |= EV_EOF | EV_ONESHOT;
    if (this.fflags === 0) this.isDropped = true;
    this.queue.activate(this);
  }

  /** knote_fork: a knote that tracks has two made for the child. */
  override forked(child: Process): void {
    if ((this.sfflags & NOTE_TRACK) !== 0) {
      const arrival = EV_ADD | EV_ENABLE | EV_ONESHOT;
      const refused =
        this.queue.add(this.#following(child, arrival, "arrival")) ||
        this.queue.add(this.#following(child, EV_ADD | EV_ENABLE, "follower"));
      if (refused < 0) this.fflags |= NOTE_TRACKERR;
    }
    this.noted(NOTE_FORK);
  }

  #following(child: Process, commands: number, origin: Origin): ProcessKnote {
    const { filter, udata, ident: data } = this;
    const flags = this.flags | commands;
    const change = { ident: child.pid, filter, flags, fflags: this.sfflags, data, udata };
    return new ProcessKnote(this.queue, change, origin);
  }
}

/** A signal to the process that made the knote, whatever becomes of the signal. */
export class SignalKnote extends InProcess {
  readonly watched = "signal";

  /** Any number is accepted: what is no signal never comes. */
  override attach(): number {
    this.flags |= EV_CLEAR;
    this.enlist(processesOf(this.queue.kernel).current);
    return 0;
  }

  event(): boolean {
    return this.data !== 0;
  }

  override signalled(process: Process, { signal, code }: SignalInfo): void {
    if (signal !== this.ident) return;
    // Who ignores SIGCHLD is not told of its children; kill(2) is no child.
    if (signal === SIGCHLD && code > 0 && process.signals.disposition(SIGCHLD) === "ignore") return;
    this.data = Number(this.data) + 1;
    this.queue.activate(this);
  }
}
