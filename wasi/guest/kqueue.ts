// kqueue for C guests (wasi/include/sys/event.h): a kqueue object of omnipoll behind the guest's numbers.
//
// As in FreeBSD, a knote of a descriptor is of the number, and goes when the number is closed.

import {
  CAPABILITY_EPOLL,
  CAPABILITY_KQUEUE,
  ENOMEM,
  EV_ADD,
  EV_DELETE,
  EV_EOF,
  EV_ERROR,
  EV_RECEIPT,
  FILTER_READ,
  FILTER_TIMER,
  FILTER_USER,
  FILTER_VNODE,
  FILTER_WRITE,
} from "../../asm/abi.ts";
import type { Slot } from "../slots.ts";
import type { Waits } from "../wait.ts";
import type { GuestContext } from "./context.ts";
import { QueueDescriptor } from "./descriptor.ts";
import { type GuestFile, type Holder, leaveFiles } from "./files.ts";
import {
  errorEvent,
  errorOf,
  type GuestEvent,
  GUEST_KEVENT_FFLAGS,
  GUEST_KEVENT_DATA,
  GUEST_KEVENT_FILTER,
  GUEST_KEVENT_FLAGS,
  GUEST_KEVENT_IDENT,
  GUEST_KEVENT_SIZE,
  GUEST_KEVENT_UDATA,
  readData,
  writeEvent,
} from "./kevent.ts";
import { KnoteCount } from "./knote-count.ts";
import type { KeventObject, KqueueObject } from "./module.ts";
import { BELL, SourceKnotes } from "./source-knotes.ts";

/** The filters whose ident is a descriptor. */
const DESCRIPTORS: ReadonlySet<number> = new Set([FILTER_READ, FILTER_WRITE, FILTER_VNODE]);
/** The other filters that a guest has. */
const OTHERS: ReadonlySet<number> = new Set([FILTER_TIMER, FILTER_USER]);

/** Idents from here on stand for numbers of the guest that are not open: the host answers EBADF. */
const CLOSED = 2 ** 40;
/** Stands for the filters that a guest does not have: the host answers EINVAL. */
const REFUSED = -0x8000;

/** Most kevents that a call gets room for, if its changes do not need more. */
const MOST = 1024;

/** More is for ever: a timeout is less than 2^63 ns. */
const LONGEST_MS = 2 ** 43;

/** A number of the guest with knotes. */
interface OpenNumber {
  readonly file: GuestFile;
  readonly fd: number;
  /** The descriptor that the object has: the file's, or a duplicate where the file's is in use. */
  readonly host: number;
}

/** A kqueue of a guest. */
export class GuestQueue implements GuestFile, Holder {
  readonly isPollable = true;
  readonly holders = new Set<Holder>();
  readonly poll: number;
  readonly #context: GuestContext;
  readonly #queue: KqueueObject;
  readonly #byHost = new Map<number, OpenNumber>();
  readonly #byNumber = new Map<number, OpenNumber>();
  /** Kevents for changes and events, made once. */
  readonly #changes: KeventObject[] = [];
  #events: KeventObject[] = [];
  readonly #sources: SourceKnotes;
  readonly #descriptor: QueueDescriptor;
  readonly #knotes = new KnoteCount();

  /** @throws {OSError} of `select.kqueue()` */
  constructor(context: GuestContext) {
    this.#context = context;
    this.#queue = context.select.kqueue();
    this.poll = this.#queue.fileno();
    this.#sources = new SourceKnotes(this.#queue, context.select);
    // Over epoll a queue is an epoll.
    const kernels = CAPABILITY_EPOLL | CAPABILITY_KQUEUE;
    this.#descriptor = new QueueDescriptor(context, this.poll, this.#sources, kernels);
    context.registrations.add(this);
  }

  get registrations(): number {
    return this.#knotes.size + this.#sources.size;
  }

  /** The descriptor of the host for a number of the guest; a number that is not open has one above CLOSED. */
  #hostOf(fd: number): number {
    const known = this.#byNumber.get(fd);
    if (known !== undefined) return known.host;
    const file = this.#context.files.get(fd);
    if (file === undefined || file.poll < 0) return CLOSED + fd;
    const host = this.#byHost.has(file.poll) ? this.#context.os.dup(file.poll) : file.poll;
    const number = { file, fd, host };
    this.#byHost.set(host, number);
    this.#byNumber.set(fd, number);
    file.holders.add(this);
    return host;
  }

  /** The kevents of the changes of a call, not filled in. */
  #listOf(count: number): KeventObject[] {
    const { select } = this.#context;
    // A long list is not kept: a guest can make many queues.
    if (count > MOST) return Array.from({ length: count }, () => select.kevent(0));
    while (this.#changes.length < count) this.#changes.push(select.kevent(0));
    return count === this.#changes.length ? this.#changes : this.#changes.slice(0, count);
  }

  /** Room for `count` events. */
  #roomFor(count: number): KeventObject[] {
    if (count > MOST) this.#events = [];
    if (this.#events.length !== count) {
      const { select } = this.#context;
      const made = this.#events.slice(0, count);
      while (made.length < count) made.push(select.kevent(0));
      this.#events = made;
    }
    return this.#events;
  }

  /** Fills in a change as the host takes it. Returns the file if the change is about an object of JavaScript. */
  #read(view: DataView, at: number, change: KeventObject): GuestFile | undefined {
    const ident = view.getUint32(at + GUEST_KEVENT_IDENT, true);
    const filter = view.getInt16(at + GUEST_KEVENT_FILTER, true);
    change.flags = view.getUint16(at + GUEST_KEVENT_FLAGS, true);
    change.fflags = view.getUint32(at + GUEST_KEVENT_FFLAGS, true);
    change.data = readData(view, at + GUEST_KEVENT_DATA);
    change.udata = view.getUint32(at + GUEST_KEVENT_UDATA, true);
    change.filter = filter;
    if (DESCRIPTORS.has(filter)) {
      const file = this.#context.files.get(ident);
      if (file?.source !== undefined) {
        change.ident = ident;
        return file;
      }
      change.ident = this.#hostOf(ident);
    } else if (OTHERS.has(filter)) {
      change.ident = ident;
    } else {
      change.ident = ident * 0x10000 + (filter & 0xffff);
      change.filter = REFUSED;
    }
    return undefined;
  }

  /** Writes an event of the host. */
  #write(view: DataView, to: number, i: number, event: KeventObject): void {
    const { flags, fflags, filter, data } = event;
    this.#knotes.reported(event);
    let ident = event.ident as number;
    let guestFilter = filter;
    if (filter === REFUSED) {
      guestFilter = ident & 0xffff;
      ident = Math.floor(ident / 0x10000);
    } else if (DESCRIPTORS.has(filter)) {
      ident = ident >= CLOSED ? ident - CLOSED : (this.#byHost.get(ident)?.fd ?? ident);
    }
    const hasErrno = (flags & (EV_EOF | EV_ERROR)) === EV_EOF && filter !== FILTER_VNODE;
    writeEvent(view, to, i, {
      ident,
      filter: guestFilter,
      flags,
      fflags: hasErrno ? errorOf(fflags) : fflags,
      data: flags & EV_ERROR ? errorOf(data as number) : data,
      udata: event.udata as number,
    });
  }

  /**
   * kevent(2) without the checks of addresses. Both arrays may overlap: the changes are copied first.
   *
   * @param timeout seconds, `null` for ever; not for ever while objects of JavaScript have knotes
   * @returns the number of events, or a negative errno of Linux; undefined without an event, if the call may wait
   * @throws {OSError} of `kqueue.controlInto()`
   */
  #control(
    { changes, nchanges, events, nevents }: Lists,
    timeout: number | null,
  ): number | undefined {
    const { memory } = this.#context;
    const list = this.#listOf(nchanges);
    const files: Array<GuestFile | undefined> = [];
    for (let i = 0; i < nchanges; i++) {
      const at = (changes >>> 0) + i * GUEST_KEVENT_SIZE;
      const file = this.#read(memory.view(), at, list[i] as KeventObject);
      if (file !== undefined) files[i] = file;
    }
    let harvest = list;
    // Each change is made by itself also where its result must be known, to count the knotes.
    if (files.length > 0 || (nchanges > 0 && this.#context.registrations.isLimited)) {
      const ended = this.#change(list, files, events, nevents);
      if (ended !== undefined) return ended;
      harvest = [];
    }
    const room = Math.min(nevents, Math.max(nchanges, MOST));
    const found = this.#queue.controlInto(harvest, this.#roomFor(room), timeout);
    const view = memory.view();
    let count = 0;
    for (let i = 0; i < found; i++) {
      const event = this.#events[i] as KeventObject;
      if (event.ident !== BELL) this.#write(view, events, count++, event);
    }
    const hasErrors = found > 0 && ((this.#events[0] as KeventObject).flags & EV_ERROR) !== 0;
    if (this.#sources.size > 0 && !hasErrors) {
      // The memory may grow while an object of JavaScript is asked.
      count = this.#sources.collect(room, count, (i, one) =>
        writeEvent(memory.view(), events, i, one),
      );
    }
    if (count > 0) return count;
    // A call that has no room for a receipt ends with 0 (kqueue_kevent).
    return harvest.filter(({ flags }) => flags & EV_RECEIPT).length > nevents ? 0 : undefined;
  }

  /**
   * Applies changes one by one. Returns the result of the call if that ends it: the number of errors and receipts
   * that were written, or the negative errno of a change for whose error, or 0 of a change for whose receipt there
   * is no room, as kqueue_kevent does.
   */
  #change(
    list: readonly KeventObject[],
    files: ReadonlyArray<GuestFile | undefined>,
    events: number,
    nevents: number,
  ): number | undefined {
    const { memory, select } = this.#context;
    const receipt = select.kevent(0);
    let count = 0;
    for (const [i, change] of list.entries()) {
      const file = files[i];
      const isReceipt = (change.flags & EV_RECEIPT) !== 0;
      let errno: number;
      let isOurs = file !== undefined;
      if (!this.#hasRoomFor(change, file)) {
        errno = ENOMEM;
        isOurs = true;
      } else if (file === undefined) {
        change.flags |= EV_RECEIPT;
        this.#queue.controlInto([change], [receipt], 0);
        errno = receipt.data as number;
        if (errno === 0 && this.#context.registrations.isLimited) this.#knotes.changed(change);
      } else {
        errno = -this.#sources.change(file, change.ident as number, change);
        if (errno === 0) file.holders.add(this);
      }
      if (errno === 0 && !isReceipt) continue;
      if (count === nevents) return errno === 0 ? 0 : -errno;
      if (isOurs) writeEvent(memory.view(), events, count++, this.#failed(change, file, errno));
      else this.#write(memory.view(), events, count++, receipt);
    }
    return count === 0 ? undefined : count;
  }

  /** The event of a change that did not get to the host. */
  #failed(change: KeventObject, file: GuestFile | undefined, errno: number): GuestEvent {
    const event = errorEvent(change, errno);
    if (file !== undefined || !DESCRIPTORS.has(event.filter)) return event;
    return { ...event, ident: this.#byHost.get(event.ident)?.fd ?? event.ident };
  }

  /** Whether a change makes no knote, or there is room for one more. */
  #hasRoomFor(change: KeventObject, file: GuestFile | undefined): boolean {
    const { ident, filter, flags } = change;
    // The host refuses numbers that are not open, and filters that a guest does not have.
    const isRefused = filter === REFUSED || (ident as number) >= CLOSED;
    if ((flags & EV_ADD) === 0 || isRefused) return true;
    const isKnown =
      file === undefined ? this.#knotes.has(change) : this.#sources.has(ident as number, filter);
    return isKnown || this.#context.registrations.hasRoom();
  }

  /** kevent(2), for `ms`, < 0 for ever. The host blocks the thread. */
  block(lists: Lists, ms: number): number {
    const { waiter } = this.#context;
    if (this.#sources.size > 0 || waiter.isBounded || this.#hasSource(lists)) {
      return waiter.blocking(this.wait(lists, ms));
    }
    return this.#control(lists, ms < 0 || ms > LONGEST_MS ? null : ms / 1000) ?? 0;
  }

  /** Whether a change may be about an object of JavaScript. */
  #hasSource({ changes, nchanges }: Lists): boolean {
    const { files, memory } = this.#context;
    const view = memory.view();
    for (let i = 0, at = changes >>> 0; i < nchanges; i++, at += GUEST_KEVENT_SIZE) {
      if (!DESCRIPTORS.has(view.getInt16(at + GUEST_KEVENT_FILTER, true))) continue;
      const file = files.get(view.getUint32(at + GUEST_KEVENT_IDENT, true));
      if (file?.source !== undefined) return true;
    }
    return false;
  }

  /** kevent(2) as a sequence of waits for the queue's own descriptor. */
  wait(lists: Lists, ms: number): Waits {
    let rest = lists;
    // Without room for events the call does not wait.
    return this.#descriptor.waits(lists.nevents === 0 ? 0 : ms, () => {
      const found = this.#control(rest, 0);
      rest = { ...lists, nchanges: 0 };
      return found;
    });
  }

  /** What a wait for the queue's own descriptor waits for. */
  slot(want: number): Slot {
    return this.#descriptor.slot(want);
  }

  /** A number is closed: its knotes go (knote_fdclose). */
  numberClosed(fd: number): void {
    this.#sources.numberClosed(fd);
    const number = this.#byNumber.get(fd);
    if (number === undefined) return;
    const { host, file } = number;
    this.#byNumber.delete(fd);
    this.#byHost.delete(host);
    for (const filter of DESCRIPTORS) this.#delete(host, filter);
    if (host !== file.poll) this.#context.os.close(host);
  }

  /** Deletes a knote, if there is one. */
  #delete(host: number, filter: number): void {
    const change = this.#context.select.kevent(host);
    change.filter = filter;
    change.flags = EV_DELETE;
    this.#knotes.delete(change);
    try {
      this.#queue.controlInto([change], [], 0);
    } catch {
      // There is no such knote.
    }
  }

  /** Closes the queue itself. */
  close(): void {
    const { os, registrations } = this.#context;
    registrations.delete(this);
    leaveFiles(this, this.#byHost.values(), this.#sources.end(), (fd) => os.close(fd));
    this.#queue.close();
  }
}

/** The lists of one call: addresses in the guest's memory, and lengths. */
export interface Lists {
  readonly changes: number;
  readonly nchanges: number;
  readonly events: number;
  readonly nevents: number;
}
