// Open file descriptions: what descriptors name, and what every kind of them can do.

import { DATA_READABLE, EBADF, EINVAL, FD_OTHER } from "../../../asm/abi.ts";
import { ENOTTY, ESPIPE, O_ACCMODE, O_NONBLOCK, O_RDONLY, O_WRONLY } from "./constants.ts";
import type { Entry, Inode } from "./inode.ts";
import type { Kernel } from "./kernel.ts";
import type { WaitQueue } from "./wait-queue.ts";

/** What `File.stat` tells; what `fd_stat` of the waist writes. */
export interface Stat {
  /** FD_* of asm/abi.ts. */
  readonly kind: number;
  readonly links: number;
  readonly ino: number;
  readonly bytes: number;
  readonly blocks: number;
  readonly offset: number;
}

/** A registration of this file with an epoll (struct epitem). */
export interface Registration {
  readonly epoll: File;
  /** Removes the registration: the file that it watches is released. */
  remove(): void;
}

/**
 * An open file description. Descriptors are references to it; the last one to go releases it.
 *
 * `read`, `write` and their like never block: they return a count or a negative errno, -EAGAIN
 * where a real one would sleep. Sleeping and trying again is `Kernel.retry`.
 */
export abstract class File {
  readonly kernel: Kernel;
  /** O_ACCMODE, O_APPEND, O_NONBLOCK, O_PATH. */
  flags: number;
  /** Descriptors of all processes, and whatever else keeps the file open. */
  references = 0;
  /** What of the tree it is open on, and by which name; undefined of what has no name. */
  readonly inode: Inode | undefined;
  readonly entry: Entry | undefined;
  /** The registrations of this file with epolls (f_ep). */
  watchedBy: Set<Registration> | undefined;

  constructor(kernel: Kernel, flags: number, inode?: Inode, entry?: Entry) {
    this.kernel = kernel;
    this.flags = flags;
    this.inode = inode;
    this.entry = entry;
  }

  /** A name for people: "pipe", "tcp socket". */
  abstract readonly name: string;

  /** Event bits that hold now, as if all had been asked for. */
  abstract poll(): number;

  /** Where those wait who want to know that `poll` may have changed. */
  abstract queues(): readonly WaitQueue[];

  /** FD_* of asm/abi.ts. */
  get kind(): number {
    return FD_OTHER;
  }

  /** Whether epoll accepts it: a regular file or a directory is refused with EPERM. */
  get isPollable(): boolean {
    return true;
  }

  /** Whether a child of fork(2) has it, too. */
  get isPassable(): boolean {
    return true;
  }

  get isReadable(): boolean {
    return (this.flags & O_ACCMODE) !== O_WRONLY;
  }

  get isWritable(): boolean {
    return (this.flags & O_ACCMODE) !== O_RDONLY;
  }

  get isBlocking(): boolean {
    return (this.flags & O_NONBLOCK) === 0;
  }

  /** Reads at most `size` bytes into the start of `buffer`. */
  read(_buffer: Uint8Array, _size: number): number {
    return this.isReadable ? -EINVAL : -EBADF;
  }

  /** Writes bytes and returns how many were taken. */
  write(_bytes: Uint8Array): number {
    return this.isWritable ? -EINVAL : -EBADF;
  }

  /** Whether it is read and written at offsets: a regular file, a directory. */
  get hasOffsets(): boolean {
    return false;
  }

  /** Reads from an offset, whatever the position is: pread(2). */
  readAt(_buffer: Uint8Array, _size: number, _offset: number): number {
    return -ESPIPE;
  }

  /** Writes at an offset: pwrite(2). */
  writeAt(_bytes: Uint8Array, _offset: number): number {
    return -ESPIPE;
  }

  /**
   * The answer to DATA_* of asm/abi.ts, but DATA_OPEN. A number below 0 is a negative errno; a value
   * that may be below 0 is a bigint.
   */
  data(what: number): number | bigint {
    return what === DATA_READABLE ? -ENOTTY : -EINVAL;
  }

  /** Bytes from the offset to the end of a file, negative beyond it; undefined of what has none. */
  rest(): number | undefined {
    return undefined;
  }

  /** DATA_STATE_* bits and pending errno; of sockets. */
  dataState(): number {
    return 0;
  }

  stat(): Stat {
    return { kind: this.kind, links: 1, ino: 0, bytes: 0, blocks: 0, offset: 0 };
  }

  /** What is inside, for people: buffers, counters, peers. */
  describe(): Record<string, unknown> {
    return {};
  }

  /** What waits to be read, oldest first, in place: not to be changed or kept. */
  buffered(): readonly Uint8Array[] {
    return [];
  }

  /** The last reference is gone. */
  release(): void {}
}

/** Adds a reference. */
export function hold(file: File): File {
  file.references++;
  return file;
}

/** Takes a reference away; with the last one the file leaves every epoll and is released. */
export function drop(file: File): void {
  file.references--;
  if (file.references > 0) return;
  for (const registration of file.watchedBy ?? []) registration.remove();
  file.release();
}
