// The descriptor table of a guest. Its numbers are never the host's.

import { EBADF, EOPNOTSUPP } from "../../asm/abi.ts";
import { type Target, isSource } from "../slots.ts";
import { failureOf } from "./failure.ts";
import type { GuestFiles } from "./files.ts";
import { HostFile, type HostFileContext, kindOf } from "./host-file.ts";
import { type OpenFile, SourceFile } from "./open-file.ts";

/**
 * What a descriptor of a guest stands for: what poll_oneoff takes, or a descriptor of the host that is closed
 * when the guest closes its own. Other descriptors of the host stay open.
 */
export type GuestTarget = Target | { readonly fd: number; readonly owned: true };

/** A number of a guest. */
export interface Entry {
  readonly file: OpenFile;
  /** Whether reads and writes wait. */
  isBlocking: boolean;
  /** Whether the number was closed while a call waited for it. */
  isClosed: boolean;
}

/**
 * New numbers are from here on: above the runtime's own, which are the lowest free ones, and below FD_SETSIZE as
 * long as there are few.
 */
const FIRST = 512;
const FD_SETSIZE = 1024;
const EMFILE = 24;

/** How a table numbers its files, and how many it has. */
export interface TableOptions {
  /** Whether a number that was closed is used again after the others. */
  readonly isInTurn: boolean;
  /** Most descriptors, the runtime's not counted. */
  readonly descriptors: number;
  /** The number of descriptors that are open without a number, and count. */
  readonly held: () => number;
  readonly onRefused: (limit: "descriptors") => void;
}

export class Table implements GuestFiles {
  readonly #entries = new Map<number, Entry>();
  readonly #context: HostFileContext;
  readonly #isForeign: (fd: number) => boolean;
  readonly #options: TableOptions;
  /** Numbers that were closed. The runtime may have a descriptor with such a number, which is not the guest's. */
  readonly #covered = new Set<number>();
  /** No number from FIRST up to this one is free. */
  #lowest = FIRST;
  #turn = 0;

  /** @param isForeign whether the runtime has a descriptor with this number */
  constructor(context: HostFileContext, isForeign: (fd: number) => boolean, options: TableOptions) {
    this.#context = context;
    this.#isForeign = isForeign;
    this.#options = options;
  }

  get(fd: number): OpenFile | undefined {
    return this.#entries.get(fd >>> 0)?.file;
  }

  entry(fd: number): Entry | undefined {
    return this.#entries.get(fd >>> 0);
  }

  isForeign(fd: number): boolean {
    return !this.covers(fd) && this.#isForeign(fd >>> 0);
  }

  /** Whether a number is, or was, the guest's here: the runtime's descriptor with that number is out of reach. */
  covers(fd: number): boolean {
    return this.#entries.has(fd >>> 0) || this.#covered.has(fd >>> 0);
  }

  /** The runtime has opened a descriptor with this number, which no number here stands for. */
  uncover(fd: number): void {
    this.#covered.delete(fd >>> 0);
  }

  room(count: number): number {
    const { descriptors, held, onRefused } = this.#options;
    if (this.#entries.size + held() + count <= descriptors) return 0;
    onRefused("descriptors");
    return -EMFILE;
  }

  add(file: OpenFile, isBlocking: boolean): number {
    const refused = this.room(1);
    if (refused < 0) {
      file.close();
      return refused;
    }
    const fd = this.#freeNumber();
    this.#entries.set(fd, { file, isBlocking, isClosed: false });
    return fd;
  }

  #freeNumber(): number {
    const count = FD_SETSIZE - FIRST;
    for (let i = 0; this.#options.isInTurn && i < count; i++) {
      const fd = FIRST + (this.#turn++ % count);
      if (!this.#entries.has(fd)) return fd;
    }
    while (this.#entries.has(this.#lowest)) this.#lowest++;
    return this.#lowest;
  }

  addHost(fd: number, isBlocking: boolean): number {
    const kind = kindOf(this.#context.host, fd);
    if (kind < 0) return kind;
    return this.add(new HostFile(this.#context, fd, kind, true), isBlocking);
  }

  /** A duplicate of the host's descriptor behind a number (dup(2)), or a negative errno of Linux. */
  duplicate(fd: number): number {
    const file = this.get(fd);
    if (file === undefined) return -EBADF;
    if (!(file instanceof HostFile)) return -EOPNOTSUPP;
    try {
      return this.#context.os.dup(file.poll);
    } catch (error) {
      return failureOf(error);
    }
  }

  /**
   * Gives a number to a target, instead of what it stood for.
   *
   * @throws {TypeError} if the target is none, or a descriptor of the host that is not open
   */
  set(fd: number, target: GuestTarget): void {
    if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) {
      throw new TypeError(
        `a descriptor of a guest is a whole number from 0 to 2^31 - 1, not ${fd}`,
      );
    }
    const file = this.#fileOf(fd, target);
    this.close(fd);
    this.put(fd, file);
  }

  /** Gives a free number to a file. */
  put(fd: number, file: OpenFile): void {
    this.#entries.set(fd, { file, isBlocking: true, isClosed: false });
  }

  #fileOf(fd: number, target: GuestTarget): OpenFile {
    if (typeof target === "object" && target !== null && "ready" in target && isSource(target)) {
      return new SourceFile(target);
    }
    const number = typeof target === "number" ? target : (target as { fd?: unknown } | null)?.fd;
    if (typeof number !== "number" || !Number.isInteger(number)) {
      const type = target === null ? "null" : typeof target;
      throw new TypeError(`descriptor ${fd} of the guest: ${type} is no descriptor and no source`);
    }
    const kind = kindOf(this.#context.host, number);
    if (kind < 0) {
      throw new TypeError(`descriptor ${fd} of the guest: descriptor ${number} is not open`);
    }
    const isOwned = typeof target === "object" && "owned" in target;
    const isAlways = typeof target === "object" && "poll" in target;
    return new HostFile(this.#context, number, kind, isOwned, isAlways);
  }

  /** Closes a number. Returns whether it was open. */
  close(fd: number): boolean {
    const entry = this.#entries.get(fd >>> 0);
    if (entry === undefined) return false;
    const { file } = entry;
    for (const holder of file.holders) holder.numberClosed?.(fd, file);
    entry.isClosed = true;
    this.#free(fd >>> 0);
    for (const holder of file.holders) holder.ended?.(file);
    file.close();
    return true;
  }

  #free(fd: number): void {
    this.#entries.delete(fd);
    this.#covered.add(fd);
    if (fd >= FIRST && fd < this.#lowest) this.#lowest = fd;
  }

  /** Gives the file of one number to another, and frees the first; what the second had is closed. */
  renumber(from: number, to: number): void {
    if (from === to) return;
    const entry = this.#entries.get(from) as Entry;
    this.close(to);
    for (const holder of entry.file.holders) holder.numberClosed?.(from, entry.file);
    this.#free(from);
    this.#entries.set(to, entry);
  }

  /** Closes all numbers. */
  dispose(): void {
    for (const fd of this.#entries.keys()) this.close(fd);
  }
}
