// The descriptors of a process.

import { EBADF } from "../../../asm/abi.ts";
import { EMFILE, O_PATH } from "./constants.ts";
import { drop, type File, hold } from "./file.ts";

/** Who keeps books of the descriptors of a process, by their numbers. */
export interface DescriptorBook {
  /** A number is about to be closed. */
  closing(fd: number): void;
}

/** Descriptors of a process: numbers, lowest free first, that name open files. */
export class DescriptorTable {
  readonly #files: Array<File | undefined> = [];
  readonly #inheritable = new Set<number>();
  readonly limit: number;
  readonly books = new Set<DescriptorBook>();
  /** No number below this one is free. */
  #free = 0;

  /** @param limit RLIMIT_NOFILE: numbers are below it */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** The open file a descriptor names. */
  get(fd: number): File | undefined {
    return this.#files[fd];
  }

  /** As `get`, but not of an O_PATH descriptor, which nothing can be done with. */
  usable(fd: number): File | undefined {
    const file = this.#files[fd];
    return file !== undefined && (file.flags & O_PATH) !== 0 ? undefined : file;
  }

  /** Gives a file the lowest free number that is not below `from`. -EMFILE if there is none. */
  add(file: File, from = 0): number {
    const files = this.#files;
    let fd = Math.max(from, this.#free);
    while (files[fd] !== undefined) fd++;
    if (fd >= this.limit) return -EMFILE;
    if (from <= this.#free) this.#free = fd + 1;
    while (files.length < fd) files.push(undefined);
    files[fd] = hold(file);
    return fd;
  }

  /** Makes `to` name what `from` names, after closing what it named: dup2(2). */
  replace(from: number, to: number): number {
    const file = this.#files[from];
    if (file === undefined || to < 0 || to >= this.limit) return -EBADF;
    if (from === to) return to;
    hold(file);
    this.remove(to);
    while (this.#files.length < to) this.#files.push(undefined);
    this.#files[to] = file;
    return to;
  }

  /** close(2). */
  remove(fd: number): number {
    const file = this.#files[fd];
    if (file === undefined) return -EBADF;
    this.#files[fd] = undefined;
    this.#inheritable.delete(fd);
    if (this.books.size > 0) for (const book of this.books) book.closing(fd);
    if (fd < this.#free) this.#free = fd;
    drop(file);
    return 0;
  }

  isInheritable(fd: number): boolean {
    return this.#inheritable.has(fd);
  }

  setInheritable(fd: number, on: boolean): void {
    if (on) this.#inheritable.add(fd);
    else this.#inheritable.delete(fd);
  }

  /** A table of the same descriptors, as fork(2) makes one. */
  copy(): DescriptorTable {
    const table = new DescriptorTable(this.limit);
    for (const [fd, file] of this) {
      if (!file.isPassable) continue;
      while (table.#files.length < fd) table.#files.push(undefined);
      table.#files[fd] = hold(file);
      if (this.isInheritable(fd)) table.setInheritable(fd, true);
    }
    return table;
  }

  /** Open descriptors and what they name, ascending. */
  *[Symbol.iterator](): IterableIterator<[fd: number, file: File]> {
    for (let fd = 0; fd < this.#files.length; fd++) {
      const file = this.#files[fd];
      if (file !== undefined) yield [fd, file];
    }
  }
}
