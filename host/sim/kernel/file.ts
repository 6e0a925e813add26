// Open file descriptions (struct file): descriptors refer to them, and each kind of descriptor is a class.

import { DATA_READABLE, EBADF, EINVAL, FD_OTHER } from "../../../asm/abi.ts";
import { ENOTTY, ESPIPE, O_ACCMODE, O_NONBLOCK, O_RDONLY, O_WRONLY } from "./constants.ts";
import type { Entry, Inode } from "./inode.ts";
import type { Kernel } from "./kernel.ts";
import type { WaitQueue } from "./wait-queue.ts";

/** The result of `File.stat`, which `fd_stat` of the waist writes. */
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
 * An open file description. Descriptors are references to the description; it is released when the
 * last reference goes.
 *
 * `read`, `write` and the like never block: they return a count or a negative errno, which is -EAGAIN
 * where the real call would sleep. `Kernel.retry` sleeps and tries again.
 */
export abstract class File {
  readonly kernel: Kernel;
  /** O_ACCMODE, O_APPEND, O_NONBLOCK, O_PATH. */
  flags: number;
  /** Count of references (f_count): descriptors of all processes, and calls that keep the file open. */
  references = 0;
  /** The inode and the directory entry that were opened; undefined for a file without a name. */
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

  /** The kind of file in messages: "pipe", "tcp socket". */
  abstract readonly name: string;

  /** f_op->poll: all event bits that hold now, whether a caller wants them or not. */
  abstract poll(): number;

  /** The wait queues that are woken when the result of `poll` may have changed (poll_wait). */
  abstract queues(): readonly WaitQueue[];

  /** FD_* of asm/abi.ts. */
  get kind(): number {
    return FD_OTHER;
  }

  /** Whether epoll accepts the file (file_can_poll). Regular files and directories are refused: EPERM. */
  get isPollable(): boolean {
    return true;
  }

  /** Whether a child of fork(2) inherits the descriptor. */
  get isInherited(): boolean {
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

  /** Reads at most `size` bytes into the start of `buffer`. Returns the number of bytes. */
  read(_buffer: Uint8Array, _size: number): number {
    return this.isReadable ? -EINVAL : -EBADF;
  }

  /** Writes bytes. Returns the number of bytes that were written. */
  write(_bytes: Uint8Array): number {
    return this.isWritable ? -EINVAL : -EBADF;
  }

  /** Whether the file has an offset: a regular file has one. */
  get hasOffsets(): boolean {
    return false;
  }

  /** pread(2): reads at an offset and leaves the file's own offset as it is. */
  readAt(_buffer: Uint8Array, _size: number, _offset: number): number {
    return -ESPIPE;
  }

  /** pwrite(2): writes at an offset. */
  writeAt(_bytes: Uint8Array, _offset: number): number {
    return -ESPIPE;
  }

  /**
   * The value of a DATA_* query of asm/abi.ts other than DATA_OPEN. A number below 0 is a negative
   * errno; a value that may itself be below 0 is a bigint.
   */
  data(what: number): number | bigint {
    return what === DATA_READABLE ? -ENOTTY : -EINVAL;
  }

  /** Bytes from the offset to the end of the file, below 0 beyond the end; undefined without an offset. */
  bytesLeft(): number | undefined {
    return undefined;
  }

  /** DATA_STATE_* bits and the pending errno of a socket; 0 for any other file. */
  dataState(): number {
    return 0;
  }

  stat(): Stat {
    return { kind: this.kind, links: 1, ino: 0, bytes: 0, blocks: 0, offset: 0 };
  }

  /** The state of the file for sim.inspect(): buffers, counters, peers. */
  describe(): Record<string, unknown> {
    return {};
  }

  /** The bytes that a read would return, oldest first. They are not copies: do not change or keep them. */
  buffered(): readonly Uint8Array[] {
    return [];
  }

  /** f_op->release: the last reference is gone. */
  release(): void {}
}

/** Adds a reference (fget). */
export function hold(file: File): File {
  file.references++;
  return file;
}

/** Drops a reference (fput). With the last one the file leaves every epoll and is released. */
export function drop(file: File): void {
  file.references--;
  if (file.references > 0) return;
  for (const registration of file.watchedBy ?? []) registration.remove();
  file.release();
}
