// Objects of JavaScript in an epoll or a queue. A kernel's epoll or queue cannot contain them, so that their
// registrations are kept and tested here.
//
// In their stead, the epoll or queue contains one entry of its own, the bell, which is ready exactly while
// one of the registrations has something to report. So the descriptor is ready then, wherever it is polled.

import { EINVAL, EVENT_IN } from "../../asm/abi.ts";
import type { Source } from "../source.ts";
import type { GuestFile } from "./files.ts";

/** A registration of an object of JavaScript. */
export interface SourceRegistration {
  readonly file: GuestFile;
  readonly source: Source;
  /** The guest's number by which the file was added. */
  readonly fd: number;
  /** Whether something happened since the last report: the condition of an edge-triggered report. */
  hasEdge: boolean;
  unwatch: () => void;
}

/** The registrations of one epoll or queue that are objects of JavaScript. */
export abstract class SourceGroup<One extends SourceRegistration> {
  /** In the order in which they are reported: a reported one goes to the end. */
  protected readonly all = new Set<One>();
  /** The files of all registrations since the beginning. */
  readonly #files = new Set<GuestFile>();
  readonly #watchers = new Set<() => void>();
  #isRinging = false;
  readonly #pump = (): void => {
    for (const { source } of this.all) source.pump?.();
    this.ring();
  };

  /** Whether a registration has something to report. */
  protected abstract isReady(one: One): boolean;
  /** Makes the bell ready, or not. */
  protected abstract setBell(isReady: boolean): void;

  get size(): number {
    return this.all.size;
  }

  /** Adds a registration, which is reported if its events hold already. */
  protected add(one: One): void {
    this.all.add(one);
    this.#files.add(one.file);
    one.unwatch = one.source.watch(() => {
      one.hasEdge = true;
      this.ring();
    });
  }

  protected remove(one: One): void {
    one.unwatch();
    this.all.delete(one);
  }

  /** Sets the bell to what holds now. */
  protected ring(): void {
    let isRinging = false;
    for (const one of this.all) if (this.isReady(one)) isRinging = true;
    if (isRinging === this.#isRinging) return;
    this.#isRinging = isRinging;
    this.setBell(isRinging);
    if (isRinging) for (const changed of this.#watchers) changed();
  }

  /** Calls `report` for registrations that have something to report, until it returns false. */
  protected visit(report: (one: One) => boolean): void {
    // A reported one goes to the end, and is not looked at again.
    let left = this.all.size;
    for (const one of this.all) {
      if (left-- === 0) break;
      if (!this.isReady(one)) continue;
      if (!report(one)) break;
      one.hasEdge = false;
      if (this.all.delete(one)) this.all.add(one);
    }
    this.ring();
  }

  /** All of them as one source for a wait: EVENT_IN while one has something to report. */
  asSource(): Source {
    const source: Source = {
      filetype: 0,
      ready: () => {
        this.ring();
        return this.#isRinging ? EVENT_IN : 0;
      },
      watch: (changed) => {
        this.#watchers.add(changed);
        return () => this.#watchers.delete(changed);
      },
      readable: () => -1,
      writable: () => -1,
      read: () => -EINVAL,
      write: () => -EINVAL,
      shutdown: () => -EINVAL,
      close: () => {},
    };
    for (const { source: one } of this.all) {
      if (one.pump !== undefined) return { ...source, pump: this.#pump };
    }
    return source;
  }

  /** The epoll or queue ends, and the bell with it. Returns the files that were registered at any time. */
  end(): GuestFile[] {
    for (const one of this.all) this.remove(one);
    this.#isRinging = false;
    return [...this.#files];
  }
}
