// Knotes, which are the registrations of a kqueue (FreeBSD's struct knote), and kevent records as they
// cross the waist. Fields have the names of sys/event.h without the prefix kn_.

import {
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_DISABLE,
  EV_ENABLE,
  EV_FORCEONESHOT,
  KEVENT_DATA,
  KEVENT_FFLAGS,
  KEVENT_FILTER,
  KEVENT_FLAGS,
  KEVENT_IDENT,
  KEVENT_UDATA,
} from "../../../asm/abi.ts";
import type { DescriptorTable } from "../kernel/descriptors.ts";
import type { File } from "../kernel/file.ts";

/** A 64-bit integer: a number, or a bigint where a number would not be exact. */
export type Whole = number | bigint;

/** A change or an event (struct kevent). */
export interface Kevent {
  readonly ident: Whole;
  readonly filter: number;
  flags: number;
  fflags: number;
  data: Whole;
  readonly udata: Whole;
}

const WORD = 2 ** 32;

function unsignedAt(view: DataView, at: number): Whole {
  const high = view.getUint32(at + 4, true);
  return high < 2 ** 21 ? high * WORD + view.getUint32(at, true) : view.getBigUint64(at, true);
}

function signedAt(view: DataView, at: number): Whole {
  const high = view.getInt32(at + 4, true);
  const isExact = high >= -(2 ** 21) && high < 2 ** 21;
  return isExact ? high * WORD + view.getUint32(at, true) : view.getBigInt64(at, true);
}

function putWhole(view: DataView, at: number, value: Whole): void {
  if (typeof value === "bigint") {
    view.setBigUint64(at, BigInt.asUintN(64, value), true);
    return;
  }
  view.setUint32(at, value, true);
  const isShort = value >= 0 && value < WORD;
  view.setInt32(at + 4, isShort ? 0 : Math.floor(value / WORD), true);
}

/** The kevent record at `at`. */
export function readKevent(view: DataView, at: number): Kevent {
  return {
    ident: unsignedAt(view, at + KEVENT_IDENT),
    filter: view.getInt16(at + KEVENT_FILTER, true),
    flags: view.getUint16(at + KEVENT_FLAGS, true),
    fflags: view.getUint32(at + KEVENT_FFLAGS, true),
    data: signedAt(view, at + KEVENT_DATA),
    udata: unsignedAt(view, at + KEVENT_UDATA),
  };
}

/** Writes a kevent record at `at`. */
export function writeKevent(view: DataView, at: number, event: Kevent): void {
  putWhole(view, at + KEVENT_IDENT, event.ident);
  view.setInt16(at + KEVENT_FILTER, event.filter, true);
  view.setUint16(at + KEVENT_FLAGS, event.flags, true);
  view.setUint32(at + KEVENT_FFLAGS, event.fflags, true);
  putWhole(view, at + KEVENT_DATA, event.data);
  putWhole(view, at + KEVENT_UDATA, event.udata);
}

/** Flags that act once, in kqueue_register, and do not stay in the flags of the knote. */
const COMMANDS = EV_ADD | EV_DELETE | EV_ENABLE | EV_DISABLE | EV_FORCEONESHOT;

/** The kqueue as its knotes see it: queue.ts implements this, and imports every kind of knote. */
export interface KnoteQueue extends File {
  /** The descriptors of the process that made the queue: idents are numbers of this table. */
  readonly descriptors: DescriptorTable;
  /** KNOTE_ACTIVATE: marks the knote active and enqueues the knote unless it is disabled. */
  activate(knote: Knote): void;
  /** Marks the knote inactive and takes the knote off the active list. */
  deactivate(knote: Knote): void;
  /** Registers a knote that the kernel makes itself. Returns 0 or a negative errno. */
  add(knote: Knote): number;
}

/** One registration. The methods that subclasses override are those of FreeBSD's struct filterops. */
export abstract class Knote implements Kevent {
  readonly queue: KnoteQueue;
  readonly ident: Whole;
  readonly filter: number;
  flags: number;
  /** `fflags` and `data` of the event (kn_fflags, kn_data). */
  fflags = 0;
  data: Whole = 0;
  udata: Whole;
  /** `fflags` and `data` of the last change (kn_sfflags, kn_sdata). */
  sfflags: number;
  sdata: Whole;
  /** The event has happened and was not reported since (KN_ACTIVE). */
  isActive = false;
  /** The knote is not reported until it is enabled (KN_DISABLED). */
  isDisabled: boolean;
  /** The knote is on the active list of the queue (KN_QUEUED). */
  isQueued = false;
  /** The next scan drops the knote without an event (EV_DROP). */
  isDropped = false;
  /** Links of the active list (kn_tqe). */
  previous: Knote | undefined;
  next: Knote | undefined;
  /** An older knote with the same ident and filter. */
  other: Knote | undefined;

  constructor(queue: KnoteQueue, change: Kevent) {
    this.queue = queue;
    this.ident = change.ident;
    this.filter = change.filter;
    this.flags = change.flags & ~COMMANDS;
    this.sfflags = change.fflags;
    this.sdata = change.data;
    this.udata = change.udata;
    this.isDisabled = (change.flags & EV_DISABLE) !== 0;
  }

  /** Name of the watched object, for error texts and views: "pipe", "timer". */
  abstract readonly watched: string;

  /** f_attach: starts to watch. Returns 0, or a negative errno after undoing everything. */
  attach(): number {
    return 0;
  }

  /** f_detach: stops watching. */
  detach(): void {}

  /** f_event with hint 0: whether the condition holds. Updates `data` and `fflags`. */
  abstract event(): boolean;

  /** f_touch, EVENT_REGISTER: a further change to the knote. */
  touch(change: Kevent): void {
    this.sfflags = change.fflags;
    this.sdata = change.data;
  }

  /** f_touch, EVENT_PROCESS: the event to report. */
  report(): Kevent {
    return this;
  }

  /** Resets `data` and `fflags` after a report if EV_CLEAR is set. */
  clear(): void {
    if ((this.flags & EV_CLEAR) === 0) return;
    this.data = 0;
    this.fflags = 0;
  }

  /** KNOTE: the watched object may have changed, so the condition is evaluated. */
  notify(): void {
    if (this.event()) this.queue.activate(this);
  }
}
