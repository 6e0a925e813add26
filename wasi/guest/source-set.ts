// Registrations of an epoll whose files are objects of JavaScript, reported as fs/eventpoll.c does: by level,
// by edge, or once. The bell is an eventfd that can be read, registered for EPOLLIN or for nothing.

import {
  EEXIST,
  ENOENT,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EVENT_ERR,
  EVENT_ET,
  EVENT_HUP,
  EVENT_IN,
  EVENT_ONESHOT,
} from "../../asm/abi.ts";
import type { Source } from "../source.ts";
import type { GuestFile } from "./files.ts";
import type { EpollObject, OsObject } from "./module.ts";
import { SourceGroup, type SourceRegistration } from "./source-group.ts";

/** Reported although nobody asks for them. */
const ALWAYS = EVENT_ERR | EVENT_HUP;
/** The bits of a mask that are events, and no flags. */
const EVENTS = 0xffff;

/** Data of a registration, in two halves. */
export interface EpollData {
  low: number;
  high: number;
}

interface EpollSource extends SourceRegistration, EpollData {
  mask: number;
}

/** The registrations of one epoll that are objects of JavaScript. */
export class SourceSet extends SourceGroup<EpollSource> {
  readonly #epoll: EpollObject;
  readonly #os: OsObject;
  #bell = -1;

  constructor(epoll: EpollObject, os: OsObject) {
    super();
    this.#epoll = epoll;
    this.#os = os;
  }

  protected isReady(one: EpollSource): boolean {
    return readyOf(one) !== 0;
  }

  protected setBell(isReady: boolean): void {
    this.#epoll.modify(this.#bell, isReady ? EVENT_IN : 0);
  }

  #find(file: GuestFile, fd: number): EpollSource | undefined {
    for (const one of this.all) if (one.file === file && one.fd === fd) return one;
    return undefined;
  }

  /** Whether a file is registered by a number. */
  has(file: GuestFile, fd: number): boolean {
    return this.#find(file, fd) !== undefined;
  }

  /** epoll_ctl(2). 0 or a negative errno of Linux. */
  control(op: number, file: GuestFile, fd: number, mask: number, { low, high }: EpollData): number {
    const known = this.#find(file, fd);
    if (op === EPOLL_CTL_ADD) {
      if (known !== undefined) return -EEXIST;
      this.#openBell();
      const source = file.source as Source;
      const rest = { hasEdge: true, unwatch: () => {} };
      this.add({ file, source, fd, mask: mask | ALWAYS, low, high, ...rest });
    } else if (known === undefined) {
      return -ENOENT;
    } else if (op === EPOLL_CTL_DEL) {
      this.remove(known);
    } else {
      // What holds already is reported anew (ep_modify).
      Object.assign(known, { mask: mask | ALWAYS, low, high, hasEdge: true });
    }
    this.ring();
    return 0;
  }

  #openBell(): void {
    if (this.#bell >= 0) return;
    const bell = this.#os.eventfd(1, 0);
    try {
      this.#epoll.register(bell, 0);
    } catch (error) {
      this.#os.close(bell);
      throw error;
    }
    this.#bell = bell;
  }

  /**
   * Reports registrations, the first one as number `count`, up to number `most`. Returns the number after the
   * last one.
   */
  collect(
    most: number,
    count: number,
    report: (i: number, mask: number, data: EpollData) => void,
  ): number {
    let i = count;
    this.visit((one) => {
      if (i >= most) return false;
      report(i++, readyOf(one), one);
      if (one.mask & EVENT_ONESHOT) one.mask = 0;
      return true;
    });
    return i;
  }

  /** The file ends: its registrations go. */
  ended(file: GuestFile): void {
    for (const one of this.all) if (one.file === file) this.remove(one);
    this.ring();
  }

  override end(): GuestFile[] {
    const files = super.end();
    if (this.#bell >= 0) this.#os.close(this.#bell);
    this.#bell = -1;
    return files;
  }
}

/** The event bits that a registration has to report; 0 if none. */
function readyOf({ source, mask, hasEdge }: EpollSource): number {
  if (mask & EVENT_ET && !hasEdge) return 0;
  return source.ready() & mask & EVENTS;
}
