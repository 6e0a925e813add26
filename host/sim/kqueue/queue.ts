// kqueue as FreeBSD's kern_event.c has it: knotes, and the line of those that are active.

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
import { ENXIO, O_RDWR } from "../kernel/constants.ts";
import type { DescriptorTable } from "../kernel/descriptors.ts";
import { drop, File, hold } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Sleeper, type Sleeping } from "../kernel/sleep.ts";
import { isDescriptorFilter, isFilter, makeKnote, nameOfFilter } from "./filters.ts";
import type { Kevent, Knote, KnoteQueue, Whole } from "./knote.ts";
import type { Completion, CompletionQueue } from "../fs/aio.ts";
import { AioKnote } from "./aio.ts";
import { WaitEntry, WaitQueue } from "../kernel/wait-queue.ts";

const READABLE = EVENT_IN | EVENT_RDNORM;

/** Takes one event that a call returns. */
export type Report = (event: Kevent) => void;

export class KqueueFile extends File implements CompletionQueue, KnoteQueue {
  readonly name = "kqueue";
  /** Who is blocked in a kevent(2) on this queue. */
  readonly waiters = new WaitQueue();
  /** Who watches this queue's descriptor. */
  readonly queue = new WaitQueue();
  /** The descriptors that idents are: those of the process that made the queue. */
  readonly descriptors: DescriptorTable;
  readonly #knotes = new Map<number, Map<Whole, Knote>>();
  readonly #queues = [this.queue] as const;
  #registered = 0;
  /** The line, and how many are in it (kq_count). */
  #first: Knote | undefined;
  #last: Knote | undefined;
  #queued = 0;

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

  /** kqueue_poll: how long the line is, whatever a look at those in it would find. */
  poll(): number {
    return this.#queued > 0 ? READABLE : 0;
  }

  override read(): number {
    return -ENXIO;
  }

  override write(): number {
    return -ENXIO;
  }

  /** How many are in the line. */
  get queued(): number {
    return this.#queued;
  }

  get registered(): number {
    return this.#registered;
  }

  /** Knotes in the line, in order; some of them may turn out not to be ready. */
  *readyList(): IterableIterator<Knote> {
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

  #takeOut(knote: Knote): void {
    if (knote.previous === undefined) this.#first = knote.next;
    else knote.previous.next = knote.next;
    if (knote.next === undefined) this.#last = knote.previous;
    else knote.next.previous = knote.previous;
    knote.previous = undefined;
    knote.next = undefined;
  }

  /** knote_enqueue, if it is active and not disabled. */
  #enqueue(knote: Knote): void {
    if (!knote.isActive || knote.isDisabled || knote.isQueued) return;
    knote.isQueued = true;
    this.#append(knote);
    this.#queued++;
    this.waiters.wake(0);
    this.queue.wake(READABLE);
  }

  #dequeue(knote: Knote): void {
    if (!knote.isQueued) return;
    knote.isQueued = false;
    this.#takeOut(knote);
    this.#queued--;
  }

  /** What a knote waits for has happened (KNOTE_ACTIVATE). */
  activate(knote: Knote): void {
    knote.isActive = true;
    this.#enqueue(knote);
  }

  /** It has not happened after all. */
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

  /** Adds a knote: 0 or a negative errno. */
  add(knote: Knote): number {
    this.#insert(knote);
    const refused = knote.attach();
    if (refused < 0) {
      this.#remove(knote);
      return refused;
    }
    this.#settle(knote);
    return 0;
  }

  /** The end of every change: what has happened already counts. */
  #settle(knote: Knote): void {
    if (!knote.isDisabled && knote.event()) knote.isActive = true;
    this.#enqueue(knote);
  }

  /** kqueue_register: makes one change. 0 or a negative errno. */
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
      // As in FreeBSD, what a receipt says of a knote that was made.
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
    this.#settle(knote);
    return 0;
  }

  /**
   * kqueue_kevent, the changes: makes them, and reports those that fail and those that want a
   * receipt. Returns how many were reported; a negative errno if one fails without room for that, 0
   * if there is none for a receipt, and then the others are not made; undefined if all were made.
   */
  apply(changes: readonly Kevent[], capacity: number, report: Report): number | undefined {
    let reported = 0;
    for (const change of changes) {
      if (change.filter === 0) continue;
      change.flags &= ~EV_SYSFLAGS;
      const wantsReceipt = (change.flags & EV_RECEIPT) !== 0;
      const result = this.register(change);
      if (result === 0 && !wantsReceipt) continue;
      if (reported === capacity) return result;
      change.flags = EV_ERROR;
      change.data = -result;
      report(change);
      reported++;
    }
    return reported > 0 ? reported : undefined;
  }

  /** kqueue_scan, without sleeping: reports at most `capacity` events, and returns how many. */
  scan(capacity: number, report: Report): number {
    let count = 0;
    // What goes back to the line while it is walked comes behind the marker.
    let left = this.#queued;
    while (left > 0 && count < capacity) {
      const knote = this.#first as Knote;
      left--;
      if (knote.isDisabled) {
        this.#dequeue(knote);
      } else if (knote.isDropped) {
        this.drop(knote);
      } else if ((knote.flags & EV_ONESHOT) !== 0) {
        // Not tested again, unlike all others.
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

  /** What becomes of a knote that was reported. */
  #requeue(knote: Knote): void {
    if ((knote.flags & (EV_CLEAR | EV_DISPATCH)) !== 0) {
      if ((knote.flags & EV_DISPATCH) !== 0) knote.isDisabled = true;
      this.deactivate(knote);
    } else {
      this.#takeOut(knote);
      this.#append(knote);
    }
  }

  /** kevent(2) after a first look found nothing. `deadline` is in ms of the clock. */
  *wait(fd: number, capacity: number, deadline: number, report: Report): Sleeping {
    let count = 0;
    // Closing its descriptor does not end a wait.
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

  /** knote_fdclose: a descriptor of the process is about to be closed. */
  closing(fd: number): void {
    for (const [filter, knotes] of this.#knotes) {
      if (!isDescriptorFilter(filter)) continue;
      const knote = knotes.get(fd);
      if (knote !== undefined) this.drop(knote);
    }
  }

  complete(completion: Completion): void {
    const knote = this.find(completion.id, AioKnote.filter);
    if (knote !== undefined) this.drop(knote);
    this.add(new AioKnote(this, completion));
  }

  override describe(): Record<string, unknown> {
    return {
      registered: this.#registered,
      knotes: [...this.registrations()].slice(0, 100).map(describeKnote),
      ready: [...this.readyList()].slice(0, 100).map(showKnote),
      blocked: this.waiters.size,
    };
  }

  override release(): void {
    this.descriptors.closeObservers.delete(this);
    for (const knote of this.registrations()) this.drop(knote);
  }
}

/** A knote in a few words: "5 READ (pipe)". */
function showKnote(knote: Knote): string {
  return `${knote.ident} ${nameOfFilter(knote.filter)} (${knote.watched})`;
}

function describeKnote(knote: Knote): Record<string, unknown> {
  const { ident, filter, flags, fflags, data, sfflags, sdata } = knote;
  const state = knote.isDisabled ? "disabled" : knote.isActive ? "active" : "idle";
  const asked = { fflags: sfflags, data: sdata };
  return { ident, filter: nameOfFilter(filter), flags, fflags, data, asked, state };
}
