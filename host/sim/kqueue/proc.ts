// EVFILT_PROC and EVFILT_SIGNAL (filt_proc*, filt_sig*): knotes on the knlist of a process (p_klist).

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

/** The knlist of each process, the newest knote first. */
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

/** A knote on the knlist of a process, until the process ends or the knote is detached. */
abstract class InProcess extends Knote {
  #process: Process | undefined;

  /** knlist_add. */
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

  /** The hints of KNOTE for a knote of this class; each does nothing unless the filter has the event. */
  forked(_child: Process): void {}
  noted(_note: number): void {}
  ended(_status: number): void {}
  signalled(_process: Process, _info: SignalInfo): void {}
}

/**
 * How a knote was made: by a change, or by knote_fork for the child of a tracked process. There are two
 * of the latter: one that watches the child, and one that reports NOTE_CHILD once (EV_FLAG2, EV_FLAG1).
 */
type Origin = "change" | "tracking" | "child";

/** A knote of EVFILT_PROC. */
export class ProcessKnote extends InProcess {
  readonly #origin: Origin;

  constructor(queue: KnoteQueue, change: Kevent, origin: Origin = "change") {
    super(queue, change);
    this.#origin = origin;
  }

  get watched(): string {
    return processesOf(this.queue.kernel).find(Number(this.ident))?.name ?? "process";
  }

  /** filt_procattach: a zombie is accepted for NOTE_EXIT alone, which is reported at once. */
  override attach(): number {
    const process = processesOf(this.queue.kernel).find(Number(this.ident));
    if (process === undefined) return -ESRCH;
    if (!process.isAlive && (this.sfflags & NOTE_EXIT) === 0) return -ESRCH;
    this.flags |= EV_CLEAR;
    this.enlist(process);
    if (this.#origin === "child") {
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

  /**
   * NOTE_EXIT (filt_proc): the last event. A knote without anything to report is dropped by the next
   * scan (EV_DROP).
   */
  override ended(status: number): void {
    this.detach();
    if ((this.sfflags & NOTE_EXIT) !== 0) this.fflags = (this.fflags | NOTE_EXIT) >>> 0;
    if ((this.fflags & NOTE_EXIT) !== 0) this.data = status;
    this.flags |= EV_EOF | EV_ONESHOT;
    if (this.fflags === 0) this.isDropped = true;
    this.queue.activate(this);
  }

  /** knote_fork: a knote with NOTE_TRACK gets two knotes for the child. */
  override forked(child: Process): void {
    if ((this.sfflags & NOTE_TRACK) !== 0) {
      const once = EV_ADD | EV_ENABLE | EV_ONESHOT;
      const refused =
        this.queue.add(this.#makeForChild(child, once, "child")) ||
        this.queue.add(this.#makeForChild(child, EV_ADD | EV_ENABLE, "tracking"));
      if (refused < 0) this.fflags |= NOTE_TRACKERR;
    }
    this.noted(NOTE_FORK);
  }

  #makeForChild(child: Process, commands: number, origin: Origin): ProcessKnote {
    const { filter, udata, ident: data } = this;
    const flags = this.flags | commands;
    const change = { ident: child.pid, filter, flags, fflags: this.sfflags, data, udata };
    return new ProcessKnote(this.queue, change, origin);
  }
}

/**
 * Counts the attempts to send a signal to the process that made the knote, whatever the disposition of
 * the signal.
 */
export class SignalKnote extends InProcess {
  readonly watched = "signal";

  /** filt_sigattach accepts every number; a number without a signal never becomes active. */
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
    // A process that ignores SIGCHLD is sent none by its children (sigparent); SIGCHLD by kill(2) still
    // counts.
    if (signal === SIGCHLD && code > 0 && process.signals.disposition(SIGCHLD) === "ignore") return;
    this.data = Number(this.data) + 1;
    this.queue.activate(this);
  }
}
