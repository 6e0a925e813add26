// A model of FreeBSD's kqueue_register and kqueue_scan (sys/kern/kern_event.c), for knotes of READ on pipes, of
// USER, and of TIMER that never expire. Names are the kernel's, without prefixes. An exact model has an active
// list and answers as FreeBSD does; otherwise the model has the differences of the core's translation.

import type { Kevent } from "../../bindings/node/select.ts";
import {
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_EV_DELETE as DELETE,
  KQ_EV_DISABLE as DISABLE,
  KQ_EV_DISPATCH as DISPATCH,
  KQ_EV_ENABLE as ENABLE,
  KQ_EV_ERROR as ERROR,
  KQ_EV_ONESHOT as ONESHOT,
  KQ_EV_RECEIPT as RECEIPT,
  KQ_EV_SYSFLAGS as SYSFLAGS,
  KQ_FILTER_READ as READ,
  KQ_FILTER_TIMER as TIMER,
  KQ_FILTER_USER as USER,
  KQ_NOTE_FFAND,
  KQ_NOTE_FFCOPY,
  KQ_NOTE_FFCTRLMASK,
  KQ_NOTE_FFLAGSMASK,
  KQ_NOTE_FFOR,
  KQ_NOTE_LOWAT,
  KQ_NOTE_TRIGGER,
} from "../../bindings/node/select.ts";
import type { Fields } from "./support.ts";

export const FORCEONESHOT = 0x100;
export const KEEPUDATA = 0x200;
const COMMANDS = ADD | DELETE | ENABLE | DISABLE | FORCEONESHOT;
const ENOENT = 2;
const EINVAL = 22;

interface Knote {
  readonly ident: number;
  readonly filter: number;
  flags: number;
  sfflags: number;
  sdata: number;
  udata: number;
  active: boolean;
  disabled: boolean;
  /** Whether EV_FORCEONESHOT made the knote active. */
  forced: boolean;
  /** Whether the knote is in the active list of an exact model. */
  queued: boolean;
  /** Bytes in the pipe when the knote was last tested. */
  data: number;
  /** Whether a USER knote is triggered. */
  hookid: boolean;
}

/** A queue, and the pipes that it can watch. */
export class Model {
  /** By `ident filter`. */
  readonly knotes = new Map<string, Knote>();
  /** Unread bytes by descriptor of the read end. */
  readonly bytes = new Map<number, number>();
  readonly #isExact: boolean;
  /** The active list of an exact model (kq_head), in order. */
  #active: Knote[] = [];

  constructor(isExact: boolean) {
    this.#isExact = isExact;
  }

  /** Whether the condition of a knote holds (f_event). */
  #holds(kn: Knote): boolean {
    if (kn.filter === USER) return kn.hookid;
    if (kn.filter === TIMER) return false;
    kn.data = this.bytes.get(kn.ident) as number;
    // Pipes have no low-water mark in FreeBSD.
    const hasMark = !this.#isExact && (kn.sfflags & KQ_NOTE_LOWAT) !== 0;
    return kn.data >= (hasMark ? kn.sdata : 1);
  }

  /** knote_enqueue, unless the knote is inactive or disabled. */
  #enqueue(kn: Knote): void {
    if (!kn.active || kn.disabled || kn.queued) return;
    kn.queued = true;
    this.#active.push(kn);
  }

  #dequeue(kn: Knote): void {
    kn.queued = false;
    this.#active = this.#active.filter((other) => other !== kn);
  }

  #drop(kn: Knote): void {
    this.#dequeue(kn);
    this.knotes.delete(`${kn.ident} ${kn.filter}`);
  }

  /** f_touch of a change (EVENT_REGISTER). */
  #touch(kn: Knote, kev: Kevent): void {
    if (kn.filter === TIMER) {
      if ((kev.flags & ADD) === 0) return;
      kn.active = false;
      this.#dequeue(kn);
      return;
    }
    if (kn.filter === READ) {
      kn.sfflags = kev.fflags;
      kn.sdata = Number(kev.data);
      return;
    }
    const operation = (kev.fflags & KQ_NOTE_FFCTRLMASK) >>> 0;
    const operand = kev.fflags & KQ_NOTE_FFLAGSMASK;
    if ((kev.fflags & KQ_NOTE_TRIGGER) !== 0) kn.hookid = true;
    if (operation === KQ_NOTE_FFAND) kn.sfflags = (kn.sfflags & operand) >>> 0;
    else if (operation === KQ_NOTE_FFOR) kn.sfflags = (kn.sfflags | operand) >>> 0;
    else if (operation === KQ_NOTE_FFCOPY) kn.sfflags = operand;
    kn.sdata = Number(kev.data);
    if ((kev.flags & CLEAR) !== 0) kn.hookid = false;
  }

  #register(kev: Kevent): number {
    const flags = kev.flags & ~SYSFLAGS;
    const has = (flag: number): boolean => (flags & flag) !== 0;
    if (has(ENABLE) && has(DISABLE)) return EINVAL;
    if (has(ADD) && has(KEEPUDATA)) return EINVAL;
    const key = `${kev.ident} ${kev.filter}`;
    let kn = this.knotes.get(key);
    if (kn === undefined) {
      if (!has(ADD)) return ENOENT;
      kn = {
        ident: Number(kev.ident),
        filter: kev.filter,
        flags: (flags & ~COMMANDS) | (kev.filter === TIMER ? CLEAR : 0),
        sfflags: kev.fflags,
        sdata: Number(kev.data),
        udata: Number(kev.udata),
        active: false,
        disabled: has(DISABLE),
        forced: false,
        queued: false,
        data: 0,
        hookid: false,
      };
      this.knotes.set(key, kn);
    } else if (has(DELETE)) {
      this.#drop(kn);
      return 0;
    } else {
      if (this.#isExact && has(FORCEONESHOT)) this.#force(kn);
      if (has(ENABLE)) kn.disabled = false;
      else if (has(DISABLE)) kn.disabled = true;
      if (!has(KEEPUDATA)) kn.udata = Number(kev.udata);
      this.#touch(kn, kev);
      // After the touch, so that a timer that is started anew can be forced in the same change.
      if (!this.#isExact && has(FORCEONESHOT)) this.#force(kn);
    }
    if (!kn.disabled && this.#holds(kn)) kn.active = true;
    this.#enqueue(kn);
    return 0;
  }

  /** Makes a knote active, whether or not its condition holds (EV_FORCEONESHOT). */
  #force(kn: Knote): void {
    kn.flags |= ONESHOT;
    kn.active = kn.forced = true;
    this.#enqueue(kn);
  }

  /** Applies changes; returns the errors and receipts. */
  change(changes: readonly Kevent[]): Fields[] {
    const returned: Fields[] = [];
    for (const kev of changes) {
      const made = !this.knotes.has(`${kev.ident} ${kev.filter}`);
      const error = this.#register(kev);
      if (error === 0 && (kev.flags & RECEIPT) === 0) continue;
      const created = made && error === 0;
      const touched = !made && error === 0 && kev.filter === USER && (kev.flags & DELETE) === 0;
      const fflags = created ? 0 : touched ? kev.fflags & KQ_NOTE_FFLAGSMASK : kev.fflags;
      returned.push([kev.ident, kev.filter, ERROR, fflags, error, kev.udata]);
    }
    return returned;
  }

  /** Bytes were written to a pipe (KNOTE). */
  write(ident: number, count: number): void {
    this.bytes.set(ident, (this.bytes.get(ident) as number) + count);
    const kn = this.knotes.get(`${ident} ${READ}`);
    if (kn === undefined || !this.#holds(kn)) return;
    kn.active = true;
    this.#enqueue(kn);
  }

  /** A descriptor is closed. */
  close(ident: number): void {
    const kn = this.knotes.get(`${ident} ${READ}`);
    if (kn !== undefined) this.#drop(kn);
    this.bytes.delete(ident);
  }

  /** kqueue_scan of an exact model: the events, in order. */
  scan(max: number): Fields[] {
    const found: Fields[] = [];
    for (const kn of this.#active.slice()) {
      if (found.length === max) break;
      this.#dequeue(kn);
      if (kn.disabled) continue;
      const isOnce = (kn.flags & ONESHOT) !== 0;
      if (!isOnce && !this.#holds(kn)) {
        kn.active = false;
        continue;
      }
      const isUser = kn.filter === USER && !isOnce;
      const data = isUser ? kn.sdata : kn.data;
      found.push([kn.ident, kn.filter, kn.flags, isUser ? kn.sfflags : 0, data, kn.udata]);
      if (isOnce) this.#drop(kn);
      else if ((kn.flags & (CLEAR | DISPATCH)) === 0) this.#enqueue(kn);
      else this.#reported(kn);
    }
    return found;
  }

  /** The state of a knote whose event was reported, with EV_CLEAR or EV_DISPATCH. */
  #reported(kn: Knote): void {
    kn.active = false;
    if ((kn.flags & CLEAR) !== 0) {
      kn.hookid = false;
      kn.data = 0;
    }
    if ((kn.flags & DISPATCH) !== 0) kn.disabled = true;
  }

  /** The events that a scan without a limit would return, by `ident filter`. */
  ready(): Map<string, Fields> {
    const found = new Map<string, Fields>();
    for (const [key, kn] of this.knotes) {
      if (kn.disabled || !kn.active) continue;
      // FreeBSD does not test a one-shot knote again. The core tests those of READ, as macOS does.
      const isTested = kn.filter === READ ? !kn.forced : (kn.flags & ONESHOT) === 0;
      if (isTested && !this.#holds(kn)) continue;
      found.set(key, this.#fieldsOf(kn));
    }
    return found;
  }

  #fieldsOf(kn: Knote): Fields {
    const isUser = kn.filter === USER && (kn.flags & ONESHOT) === 0;
    const data = kn.filter === READ ? (this.bytes.get(kn.ident) as number) : 0;
    return [
      kn.ident,
      kn.filter,
      kn.flags,
      isUser ? kn.sfflags : 0,
      isUser ? kn.sdata : data,
      kn.udata,
    ];
  }

  /**
   * The events that may come again where the core makes edges from states: a state that lasts is reported anew
   * after a while of waits without an edge (edge-timer.ts), which is a short one on a busy machine.
   */
  repeats(): Map<string, Fields> {
    const found = new Map<string, Fields>();
    for (const [key, kn] of this.knotes) {
      if (kn.filter !== READ || (kn.flags & CLEAR) === 0) continue;
      if (!kn.disabled && !kn.active && this.#holds(kn)) found.set(key, this.#fieldsOf(kn));
    }
    return found;
  }

  /** Notes that the event of a knote was returned. */
  returned(key: string): void {
    const kn = this.knotes.get(key) as Knote;
    if ((kn.flags & ONESHOT) !== 0) this.knotes.delete(key);
    if ((kn.flags & (CLEAR | DISPATCH)) !== 0) this.#reported(kn);
  }
}
