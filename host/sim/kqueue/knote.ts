// Knotes: the registrations of a kqueue (FreeBSD's struct knote), and kevents as they cross the
// waist. The names are those of sys/event.h, without the prefix kn_.

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

/** 64 bits: a number, or a bigint where that would not be exact. */
export type Whole = number | bigint;

/** One change or event. */
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

/** Flags of a change that are commands, not properties of the knote. */
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

/** One registration. What kinds of them differ in is FreeBSD's struct filterops. */
export abstract class Knote implements Kevent {
  readonly queue: KnoteQueue;
  readonly ident: Whole;
  readonly filter: number;
  flags: number;
  /** What has happened, as the event tells it. */
  fflags = 0;
  data: Whole = 0;
  udata: Whole;
  /** What was asked for. */
  sfflags: number;
  sdata: Whole;
  /** It has happened, and was not reported since (KN_ACTIVE). */
  isActive = false;
  /** Not to be reported (KN_DISABLED). */
  isDisabled: boolean;
  /** In the queue's line (KN_QUEUED). */
  isQueued = false;
  /** Nobody is told of it: it goes when its turn in the line comes (EV_DROP). */
  isDropped = false;
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

  /** What it watches, for people. */
  abstract readonly watched: string;

  /** f_attach: begins to watch. 0, or a negative errno, and then nothing is left of it. */
  attach(): number {
    return 0;
  }

  /** f_detach: ends that. */
  detach(): void {}

  /** f_event without a hint: whether the condition holds. Brings `data`, `fflags` up to date. */
  abstract event(): boolean;

  /** f_touch, EVENT_REGISTER: it is changed once more. */
  touch(change: Kevent): void {
    this.sfflags = change.fflags;
    this.sdata = change.data;
  }

  /** f_touch, EVENT_PROCESS: the event it is reported as. */
  report(): Kevent {
    return this;
  }

  /** What has happened is reported, and with EV_CLEAR forgotten. */
  clear(): void {
    if ((this.flags & EV_CLEAR) === 0) return;
    this.data = 0;
    this.fflags = 0;
  }

  /** What the knote watches may have changed: KNOTE(). */
  notify(): void {
    if (this.event()) this.queue.activate(this);
  }
}
