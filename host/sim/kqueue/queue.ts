// kqueue as in FreeBSD's kern_event.c: the knotes, and the active list (kq_head).

import {
  EBADF,
  EINVAL,
  ENOENT,
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_DISABLE,
  EV_DISPATCH,
  EV_ENABLE,
  EV_ERROR,
  EV_FORCEONESHOT,
  EV_KEEPUDATA,
  EV_ONESHOT,
  EV_RECEIPT,
  EV_SYSFLAGS,
  EVENT_IN,
  EVENT_RDNORM,
  FD_EPOLL,
} from "../../../asm/abi.ts";
import { filterName } from "../../names.ts";
import { ENXIO, O_RDWR } from "../kernel/constants.ts";
import type { DescriptorTable } from "../kernel/descriptors.ts";
import { drop, File, hold } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Sleeper, type Sleeping } from "../kernel/sleep.ts";
import { isDescriptorFilter, isFilter, makeKnote } from "./filters.ts";
import type { Kevent, Knote, KnoteQueue, Whole } from "./knote.ts";
import type { Completion, CompletionQueue } from "../fs/aio.ts";
import { AioKnote } from "./aio.ts";
import { WaitEntry, WaitQueue } from "../kernel/wait-queue.ts";

const READABLE = EVENT_IN | EVENT_RDNORM;

/** Receives one event of a kevent(2) call. */
export type Report = (event: Kevent) => void;

/** A kqueue (struct kqueue): the open file, the table of knotes, and the active list. */
export class KqueueFile extends File implements CompletionQueue, KnoteQueue {
  readonly name = "kqueue";
  /** Calls of kevent(2) that sleep on this queue (KQ_SLEEP). */
  readonly waiters = new WaitQueue();
  /** Waiters on the descriptor of this queue: poll(2) and other queues (kq_sel). */
  readonly queue = new WaitQueue();
  /** The descriptor table of the process that made the queue, which idents are looked up in (kq_fdp). */
  readonly descriptors: DescriptorTable;
  readonly #knotes = new Map<number, Map<Whole, Knote>>();
  readonly #queues = [this.queue] as const;
  #registered = 0;
  /** The active list (kq_head), and its length (kq_count). */
  #first: Knote | undefined;
  #last: Knote | undefined;
  #activeCount = 0;

  constructor(kernel: Kernel) {
    super(kernel, O_RDWR);
    this.descriptors = kernel.descriptors;
    this.descriptors.closeObservers.add(this);
  }

  override get kind(): number {
    return FD_EPOLL;
  }

  override get isInherited(): boolean {
    return false;
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  /**
   * kqueue_poll: readable while the active list is not empty, even if a scan would find none of its
   * knotes ready.
   */
  poll(): number {
    return this.#activeCount > 0 ? READABLE : 0;
  }

  override read(): number {
    return -ENXIO;
  }

  override write(): number {
    return -ENXIO;
  }

  /** Length of the active list (kq_count). */
  get activeCount(): number {
    return this.#activeCount;
  }

  get registered(): number {
    return this.#registered;
  }

  /** The active list in order; a scan may find that some of its knotes are not ready. */
  *activeList(): IterableIterator<Knote> {
    for (let knote = this.#first; knote !== undefined; knote = knote.next) yield knote;
  }

  /** Every knote, by filter, in the order of registration. */
  *registrations(): IterableIterator<Knote> {
    for (const knotes of this.#knotes.values()) {
      for (const first of knotes.values()) {
        for (let knote: Knote | undefined = first; knote !== undefined; knote = knote.other) {
          yield knote;
        }
      }
    }
  }

  /** The knote of an ident and filter, the newest if there are several. */
  find(ident: Whole, filter: number): Knote | undefined {
    return this.#knotes.get(filter)?.get(ident);
  }

  #append(knote: Knote): void {
    knote.previous = this.#last;
    knote.next = undefined;
    if (this.#last === undefined) this.#first = knote;
    else this.#last.next = knote;
    this.#last = knote;
  }

  #unlink(knote: Knote): void {
    if (knote.previous === undefined) this.#first = knote.next;
    else knote.previous.next = knote.next;
    if (knote.next === undefined) this.#last = knote.previous;
    else knote.next.previous = knote.previous;
    knote.previous = undefined;
    knote.next = undefined;
  }

  /** knote_enqueue, for a knote that is active and not disabled. */
  #enqueue(knote: Knote): void {
    if (!knote.isActive || knote.isDisabled || knote.isQueued) return;
    knote.isQueued = true;
    this.#append(knote);
    this.#activeCount++;
    this.waiters.wake(0);
    this.queue.wake(READABLE);
  }

  /** knote_dequeue. */
  #dequeue(knote: Knote): void {
    if (!knote.isQueued) return;
    knote.isQueued = false;
    this.#unlink(knote);
    this.#activeCount--;
  }

  /** KNOTE_ACTIVATE: marks the knote active and enqueues the knote. */
  activate(knote: Knote): void {
    knote.isActive = true;
    this.#enqueue(knote);
  }

  /** Clears KN_ACTIVE and dequeues the knote: its condition no longer holds. */
  deactivate(knote: Knote): void {
    knote.isActive = false;
    this.#dequeue(knote);
  }

  #insert(knote: Knote): void {
    let knotes = this.#knotes.get(knote.filter);
    if (knotes === undefined) this.#knotes.set(knote.filter, (knotes = new Map()));
    knote.other = knotes.get(knote.ident);
    knotes.set(knote.ident, knote);
    this.#registered++;
  }

  #remove(knote: Knote): void {
    const knotes = this.#knotes.get(knote.filter) as Map<Whole, Knote>;
    const first = knotes.get(knote.ident);
    if (first !== knote) {
      let before = first;
      while (before !== undefined && before.other !== knote) before = before.other;
      if (before === undefined) return;
      before.other = knote.other;
    } else if (knote.other === undefined) {
      knotes.delete(knote.ident);
    } else {
      knotes.set(knote.ident, knote.other);
    }
    this.#registered--;
  }

  /** knote_drop. */
  drop(knote: Knote): void {
    knote.detach();
    this.#dequeue(knote);
    this.#remove(knote);
  }

  /** Inserts and attaches a knote (knote_attach). 0 or a negative errno. */
  add(knote: Knote): number {
    this.#insert(knote);
    const refused = knote.attach();
    if (refused < 0) {
      this.#remove(knote);
      return refused;
    }
    this.#evaluate(knote);
    return 0;
  }

  /**
   * End of kqueue_register: evaluates the condition, so that an event from before the change is
   * reported.
   */
  #evaluate(knote: Knote): void {
    if (!knote.isDisabled && knote.event()) knote.isActive = true;
    this.#enqueue(knote);
  }

  /** kqueue_register: applies one change. 0 or a negative errno. */
  register(change: Kevent): number {
    const { flags, filter, ident } = change;
    if ((flags & EV_ENABLE) !== 0 && (flags & EV_DISABLE) !== 0) return -EINVAL;
    if (!isFilter(filter)) return -EINVAL;
    if ((flags & EV_ADD) !== 0 && (flags & EV_KEEPUDATA) !== 0) return -EINVAL;
    if (isDescriptorFilter(filter)) {
      const file = this.descriptors.usable(Number(ident));
      if (file === undefined) return -EBADF;
      if (file === this) return -EINVAL;
    }
    const knote = this.find(ident, filter);
    if (knote === undefined) {
      if ((flags & EV_ADD) === 0) return -ENOENT;
      const made = makeKnote(this, change);
      // kqueue_register clears these fields of the caller's kevent when it makes a knote; a receipt
      // returns them.
      change.fflags = 0;
      change.data = 0;
      return typeof made === "number" ? made : this.add(made);
    }
    if ((flags & EV_DELETE) !== 0) {
      this.drop(knote);
      return 0;
    }
    if ((flags & EV_FORCEONESHOT) !== 0) {
      knote.flags |= EV_ONESHOT;
      this.activate(knote);
    }
    if ((flags & EV_ENABLE) !== 0) knote.isDisabled = false;
    else if ((flags & EV_DISABLE) !== 0) knote.isDisabled = true;
    if ((flags & EV_KEEPUDATA) === 0) knote.udata = change.udata;
    knote.touch(change);
    this.#evaluate(knote);
    return 0;
  }

  /**
   * The changes of kqueue_kevent: applies them, and reports each that fails or has EV_RECEIPT.
   *
   * @returns the number of reports; undefined if there were none. Without room for a report, applies no
   *   further change and returns the negative errno of the change, 0 for a receipt
   */
  apply(changes: readonly Kevent[], capacity: number, report: Report): number | undefined {
    let reported = 0;
    for (const change of changes) {
      if (change.filter === 0) continue;
      change.flags &= ~EV_SYSFLAGS;
      const hasReceipt = (change.flags & EV_RECEIPT) !== 0;
      const result = this.register(change);
      if (result === 0 && !hasReceipt) continue;
      if (reported === capacity) return result;
      change.flags = EV_ERROR;
      change.data = -result;
      report(change);
      reported++;
    }
    return reported > 0 ? reported : undefined;
  }

  /** kqueue_scan without sleeping: reports at most `capacity` events and returns their number. */
  scan(capacity: number, report: Report): number {
    let count = 0;
    // Stands for the marker knote: a knote that is enqueued again during the scan comes behind the marker.
    let left = this.#activeCount;
    while (left > 0 && count < capacity) {
      const knote = this.#first as Knote;
      left--;
      if (knote.isDisabled) {
        this.#dequeue(knote);
      } else if (knote.isDropped) {
        this.drop(knote);
      } else if ((knote.flags & EV_ONESHOT) !== 0) {
        // kqueue_scan does not evaluate a one-shot knote again, unlike all others.
        report(knote);
        this.drop(knote);
        count++;
      } else if (!knote.event()) {
        this.deactivate(knote);
      } else {
        report(knote.report());
        knote.clear();
        this.#requeue(knote);
        count++;
      }
    }
    return count;
  }

  /**
   * After a report: EV_DISPATCH disables, EV_CLEAR deactivates, and any other knote goes to the end of
   * the active list.
   */
  #requeue(knote: Knote): void {
    if ((knote.flags & (EV_CLEAR | EV_DISPATCH)) !== 0) {
      if ((knote.flags & EV_DISPATCH) !== 0) knote.isDisabled = true;
      this.deactivate(knote);
    } else {
      this.#unlink(knote);
      this.#append(knote);
    }
  }

  /** kevent(2) after a first scan without events. `deadline` is in ms of the clock. */
  *wait(fd: number, capacity: number, deadline: number, report: Report): Sleeping {
    let count = 0;
    // The call holds the file: closing the descriptor does not end the wait.
    hold(this);
    while (count === 0) {
      const sleeper = new Sleeper(0, () => this.#waitsFor(fd));
      const entry = new WaitEntry(sleeper);
      this.waiters.append(entry);
      const end = yield { sleeper, deadline };
      entry.leave();
      count = typeof end === "number" ? end : this.scan(capacity, report);
      if (end === "time") break;
    }
    drop(this);
    return count;
  }

  #waitsFor(fd: number): string {
    const shown = [...this.registrations()].slice(0, 10).map(showKnote);
    const what = shown.length === 0 ? "nothing" : shown.join(", ");
    return `kevent on descriptor ${fd}, which watches ${what}`;
  }

  /** knote_fdclose: drops the knotes of a descriptor before the process closes the descriptor. */
  closing(fd: number): void {
    for (const [filter, knotes] of this.#knotes) {
      if (!isDescriptorFilter(filter)) continue;
      const knote = knotes.get(fd);
      if (knote !== undefined) this.drop(knote);
    }
  }

  /** An asynchronous request of this queue has completed (aio_bio_done_notify). */
  complete(completion: Completion): void {
    const knote = this.find(completion.id, AioKnote.filter);
    if (knote !== undefined) this.drop(knote);
    this.add(new AioKnote(this, completion));
  }

  override describe(): Record<string, unknown> {
    return {
      registered: this.#registered,
      knotes: [...this.registrations()].slice(0, 100).map(describeKnote),
      ready: [...this.activeList()].slice(0, 100).map(showKnote),
      blocked: this.waiters.size,
    };
  }

  override release(): void {
    this.descriptors.closeObservers.delete(this);
    for (const knote of this.registrations()) this.drop(knote);
  }
}

/** Ident, filter and watched object of a knote: "5 READ (pipe)". */
function showKnote(knote: Knote): string {
  return `${knote.ident} ${filterName(knote.filter)} (${knote.watched})`;
}

function describeKnote(knote: Knote): Record<string, unknown> {
  const { ident, filter, flags, fflags, data, sfflags, sdata } = knote;
  const state = knote.isDisabled ? "disabled" : knote.isActive ? "active" : "idle";
  const asked = { fflags: sfflags, data: sdata };
  return { ident, filter: filterName(filter), flags, fflags, data, asked, state };
}
