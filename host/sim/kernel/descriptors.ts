// The descriptor table of a process (Linux's fs/file.c).

import { EBADF } from "../../../asm/abi.ts";
import { EMFILE, O_PATH } from "./constants.ts";
import { drop, type File, hold } from "./file.ts";

/** Observes closes in a descriptor table: a kqueue, whose idents are numbers of that table. */
export interface CloseObserver {
  /** The descriptor is about to be closed. */
  closing(fd: number): void;
}

/** The descriptors of a process: each number refers to an open file. */
export class DescriptorTable {
  readonly #files: Array<File | undefined> = [];
  readonly #inheritable = new Set<number>();
  readonly limit: number;
  readonly closeObservers = new Set<CloseObserver>();
  /** No number below this one is free (next_fd). */
  #free = 0;

  /** @param limit RLIMIT_NOFILE: every number is below it */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** The open file of a descriptor. */
  get(fd: number): File | undefined {
    return this.#files[fd];
  }

  /** As `get`, but undefined for an O_PATH descriptor, on which most calls fail with EBADF (fdget). */
  usable(fd: number): File | undefined {
    const file = this.#files[fd];
    return file !== undefined && (file.flags & O_PATH) !== 0 ? undefined : file;
  }

  /** Gives a file the lowest free number that is not below `from`. -EMFILE if no number is free. */
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

  /** dup2(2): closes `to` and makes `to` refer to the open file of `from`. */
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
    for (const observer of this.closeObservers) observer.closing(fd);
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

  /** The table of a child of fork(2): the same descriptors, but a kqueue is not inherited. */
  copy(): DescriptorTable {
    const table = new DescriptorTable(this.limit);
    for (const [fd, file] of this) {
      if (!file.isInherited) continue;
      while (table.#files.length < fd) table.#files.push(undefined);
      table.#files[fd] = hold(file);
      if (this.isInheritable(fd)) table.setInheritable(fd, true);
    }
    return table;
  }

  /** Open descriptors and their open files, in ascending order. */
  *[Symbol.iterator](): IterableIterator<[fd: number, file: File]> {
    for (let fd = 0; fd < this.#files.length; fd++) {
      const file = this.#files[fd];
      if (file !== undefined) yield [fd, file];
    }
  }
}
