// Open regular files and directories, and descriptors that only stand for a path.

import {
  EINVAL,
  EVENT_IN,
  EVENT_OUT,
  EVENT_RDNORM,
  EVENT_WRNORM,
  EBADF,
  FD_DIRECTORY,
  FD_FILE,
  NOTE_ATTRIB,
  NOTE_CLOSE,
  NOTE_CLOSE_WRITE,
  NOTE_EXTEND,
  NOTE_OPEN,
  NOTE_READ,
  NOTE_WRITE,
} from "../../../asm/abi.ts";
import { EISDIR, O_APPEND } from "../kernel/constants.ts";
import { File, type Stat } from "../kernel/file.ts";
import {
  type Entry,
  IN_ACCESS,
  IN_CLOSE_NOWRITE,
  IN_CLOSE_WRITE,
  IN_MODIFY,
  IN_OPEN,
  type Inode,
  RegularInode,
} from "../kernel/inode.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { fsnotifyWithParent } from "./tree.ts";
import type { WaitQueue } from "../kernel/wait-queue.ts";

const ALWAYS_READY = EVENT_IN | EVENT_OUT | EVENT_RDNORM | EVENT_WRNORM;
const NO_QUEUES: readonly WaitQueue[] = [];

/** Says to watchers of an inode that it was opened. */
export function notifyOpen(inode: Inode, entry: Entry | undefined): void {
  inode.notify(NOTE_OPEN);
  fsnotifyWithParent(inode, IN_OPEN, entry);
}

/** Says that it was closed. */
export function notifyClose(inode: Inode, entry: Entry | undefined, wasWritable: boolean): void {
  inode.notify(wasWritable ? NOTE_CLOSE_WRITE : NOTE_CLOSE);
  fsnotifyWithParent(inode, wasWritable ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE, entry);
}

/** Says that it was read from: FreeBSD also at its end, where there was nothing. */
export function notifyRead(inode: Inode, entry: Entry | undefined, count = 1): void {
  inode.notify(NOTE_READ);
  if (count > 0) fsnotifyWithParent(inode, IN_ACCESS, entry);
}

export function notifyWrite(inode: Inode, entry: Entry | undefined, extends_ = false): void {
  inode.mtime = inode.kernel.realtime();
  inode.notify(NOTE_WRITE | (extends_ ? NOTE_EXTEND : 0));
  fsnotifyWithParent(inode, IN_MODIFY, entry);
}

/** What an open file of the tree is: always ready, and nothing for epoll. */
abstract class TreeFile extends File {
  declare readonly inode: Inode;
  offset = 0;

  constructor(kernel: Kernel, inode: Inode, entry: Entry | undefined, flags: number) {
    super(kernel, flags, inode, entry);
    inode.opened++;
  }

  override get isPollable(): boolean {
    return false;
  }

  poll(): number {
    return ALWAYS_READY;
  }

  queues(): readonly WaitQueue[] {
    return NO_QUEUES;
  }

  override release(): void {
    notifyClose(this.inode, this.entry, this.isWritable);
    this.inode.opened--;
    this.inode.releaseIfUnused();
  }
}

export class RegularFile extends TreeFile {
  readonly name = "regular file";
  declare readonly inode: RegularInode;

  override get kind(): number {
    return FD_FILE;
  }

  override read(buffer: Uint8Array, size: number): number {
    if (!this.isReadable) return -EBADF;
    const count = this.inode.read(buffer, size, this.offset);
    this.offset += count;
    if (size > 0) notifyRead(this.inode, this.entry, count);
    return count;
  }

  override write(bytes: Uint8Array): number {
    if (!this.isWritable) return -EBADF;
    if (bytes.length === 0) return 0;
    if ((this.flags & O_APPEND) !== 0) this.offset = this.inode.size;
    const before = this.inode.size;
    this.inode.write(bytes, this.offset);
    this.offset += bytes.length;
    notifyWrite(this.inode, this.entry, this.inode.size > before);
    return bytes.length;
  }

  override get hasOffsets(): boolean {
    return true;
  }

  override readAt(buffer: Uint8Array, size: number, offset: number): number {
    if (!this.isReadable) return -EBADF;
    const count = this.inode.read(buffer, size, offset);
    if (size > 0) notifyRead(this.inode, this.entry, count);
    return count;
  }

  override writeAt(bytes: Uint8Array, offset: number): number {
    if (!this.isWritable) return -EBADF;
    const before = this.inode.size;
    this.inode.write(bytes, (this.flags & O_APPEND) !== 0 ? before : offset);
    notifyWrite(this.inode, this.entry, this.inode.size > before);
    return bytes.length;
  }

  override bytesLeft(): number {
    return this.inode.size - this.offset;
  }

  override stat(): Stat {
    const { inode } = this;
    return {
      kind: FD_FILE,
      links: inode.links,
      ino: inode.ino,
      bytes: inode.size,
      blocks: inode.blocks,
      offset: this.offset,
    };
  }

  override describe(): Record<string, unknown> {
    return { size: this.inode.size, offset: this.offset };
  }
}

/** Sets the size of a file, and says so. */
export function truncate(inode: RegularInode, size: number, entry: Entry | undefined): number {
  if (size < 0) return -EINVAL;
  inode.truncate(size);
  inode.mtime = inode.kernel.realtime();
  inode.notify(NOTE_ATTRIB);
  fsnotifyWithParent(inode, IN_MODIFY, entry);
  return 0;
}

export class DirectoryFile extends TreeFile {
  readonly name = "directory";

  override get kind(): number {
    return FD_DIRECTORY;
  }

  override read(): number {
    return -EISDIR;
  }

  override write(): number {
    return -EBADF;
  }

  override bytesLeft(): number {
    return this.stat().bytes - this.offset;
  }

  override stat(): Stat {
    const { links, ino } = this.inode;
    return { kind: FD_DIRECTORY, links, ino, bytes: 4096, blocks: 8, offset: this.offset };
  }
}

/** A descriptor that stands for a path, and nothing can be done with (O_PATH). */
export class PathFile extends TreeFile {
  readonly name = "path";

  override release(): void {
    this.inode.opened--;
    this.inode.releaseIfUnused();
  }
}
