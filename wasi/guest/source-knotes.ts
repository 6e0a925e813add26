// Knotes of objects of JavaScript: EVFILT_READ and EVFILT_WRITE, registered as kqueue_register of FreeBSD
// does. The bell is a user event with a number that no guest can use.

import {
  EINVAL,
  ENOENT,
  EV_ADD,
  EV_CLEAR,
  EV_DELETE,
  EV_DISABLE,
  EV_DISPATCH,
  EV_ENABLE,
  EV_EOF,
  EV_FORCEONESHOT,
  EV_KEEPUDATA,
  EV_ONESHOT,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_OUT,
  FILTER_READ,
  FILTER_USER,
  FILTER_WRITE,
  NOTE_LOWAT,
  NOTE_TRIGGER,
} from "../../asm/abi.ts";
import type { Source } from "../source.ts";
import type { GuestFile } from "./files.ts";
import { errorOf, type GuestEvent } from "./kevent.ts";
import type { KeventObject, KqueueObject, SelectObject } from "./module.ts";
import { SourceGroup, type SourceRegistration } from "./source-group.ts";

/** The ident of the bell. */
export const BELL = 2 ** 41;

interface Knote extends SourceRegistration {
  readonly filter: number;
  /** EV_CLEAR, EV_ONESHOT, EV_DISPATCH: those of the change that made the knote. */
  readonly flags: number;
  udata: number;
  /** The low-water mark. */
  least: number;
  isDisabled: boolean;
}

/** The knotes of one queue that are objects of JavaScript. */
export class SourceKnotes extends SourceGroup<Knote> {
  readonly #queue: KqueueObject;
  readonly #bell: KeventObject;

  constructor(queue: KqueueObject, select: SelectObject) {
    super();
    this.#queue = queue;
    this.#bell = select.kevent(BELL);
    this.#bell.filter = FILTER_USER;
  }

  protected isReady(knote: Knote): boolean {
    if (knote.isDisabled || (knote.flags & EV_CLEAR && !knote.hasEdge)) return false;
    const isRead = knote.filter === FILTER_READ;
    const bits = knote.source.ready();
    if (bits & (EVENT_HUP | EVENT_ERR)) return true;
    return (bits & (isRead ? EVENT_IN : EVENT_OUT)) !== 0 && amountOf(knote) >= knote.least;
  }

  protected setBell(isReady: boolean): void {
    const bell = this.#bell;
    const apply = (flags: number, fflags: number): void => {
      bell.flags = flags;
      bell.fflags = fflags;
      this.#queue.controlInto([bell], [], 0);
    };
    if (!isReady) apply(EV_DELETE, 0);
    else {
      apply(EV_ADD, 0);
      apply(0, NOTE_TRIGGER);
    }
  }

  #find(fd: number, filter: number): Knote | undefined {
    for (const one of this.all) if (one.fd === fd && one.filter === filter) return one;
    return undefined;
  }

  /** Whether a number of the guest has a knote with a filter. */
  has(fd: number, filter: number): boolean {
    return this.#find(fd, filter) !== undefined;
  }

  /** Applies a change whose ident is a number of the guest with this file. 0 or a negative errno of Linux. */
  change(file: GuestFile, fd: number, change: KeventObject): number {
    const { filter, flags } = change;
    if (filter !== FILTER_READ && filter !== FILTER_WRITE) return -EINVAL;
    if (flags & EV_FORCEONESHOT) return -EINVAL;
    let knote = this.#find(fd, filter);
    if (knote === undefined) {
      if ((flags & EV_ADD) === 0) return -ENOENT;
      knote = this.#make(file, fd, change);
    } else if (flags & EV_DELETE) {
      this.remove(knote);
    } else if ((flags & EV_KEEPUDATA) === 0) {
      knote.udata = change.udata as number;
    }
    knote.least = change.fflags & NOTE_LOWAT ? Number(change.data) : 1;
    if (flags & EV_DISABLE) knote.isDisabled = true;
    else if (flags & EV_ENABLE) knote.isDisabled = false;
    this.ring();
    return 0;
  }

  #make(file: GuestFile, fd: number, { filter, flags, udata }: KeventObject): Knote {
    const knote: Knote = {
      file,
      source: file.source as Source,
      fd,
      filter,
      flags: flags & (EV_CLEAR | EV_ONESHOT | EV_DISPATCH),
      udata: udata as number,
      least: 1,
      isDisabled: false,
      hasEdge: true,
      unwatch: () => {},
    };
    this.add(knote);
    return knote;
  }

  /** Reports knotes, the first one as number `count`, up to number `most`. Returns the number after the last. */
  collect(most: number, count: number, report: (i: number, event: GuestEvent) => void): number {
    let i = count;
    this.visit((knote) => {
      if (i >= most) return false;
      report(i++, eventOf(knote));
      if (knote.flags & EV_ONESHOT) this.remove(knote);
      if (knote.flags & EV_DISPATCH) knote.isDisabled = true;
      return true;
    });
    return i;
  }

  /** A number of the guest is closed: its knotes go. */
  numberClosed(fd: number): void {
    for (const knote of this.all) if (knote.fd === fd) this.remove(knote);
    this.ring();
  }
}

/** Bytes to read, or room to write; 1 if the source does not know. */
function amountOf({ source, filter }: Knote): number {
  const amount = filter === FILTER_READ ? source.readable() : source.writable();
  return amount < 0 ? 1 : amount;
}

function eventOf(knote: Knote): GuestEvent {
  const { fd, filter, flags, udata, source } = knote;
  const hasEnded = (source.ready() & (EVENT_HUP | EVENT_ERR)) !== 0;
  const errno = hasEnded ? (source.pendingError?.() ?? 0) : 0;
  return {
    ident: fd,
    filter,
    flags: flags | (hasEnded ? EV_EOF : 0),
    fflags: errorOf(errno),
    data: amountOf(knote),
    udata,
  };
}
