// Open regular files and directories, and O_PATH descriptors.

import {
  DATA_READABLE,
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

/** Reports an open(2) to the watches and knotes of an inode (fsnotify_open, NOTE_OPEN). */
export function notifyOpen(inode: Inode, entry: Entry | undefined): void {
  inode.notify(NOTE_OPEN);
  fsnotifyWithParent(inode, IN_OPEN, entry);
}

/** Reports the release of an open file (fsnotify_close, NOTE_CLOSE). */
export function notifyClose(inode: Inode, entry: Entry | undefined, wasWritable: boolean): void {
  inode.notify(wasWritable ? NOTE_CLOSE_WRITE : NOTE_CLOSE);
  fsnotifyWithParent(inode, wasWritable ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE, entry);
}

/** Reports a read (fsnotify_access, NOTE_READ). FreeBSD also reports a read at the end, which has no bytes. */
export function notifyRead(inode: Inode, entry: Entry | undefined, count = 1): void {
  inode.notify(NOTE_READ);
  if (count > 0) fsnotifyWithParent(inode, IN_ACCESS, entry);
}

/** Reports a write (fsnotify_modify, NOTE_WRITE), and whether the file became longer. */
export function notifyWrite(inode: Inode, entry: Entry | undefined, hasGrown = false): void {
  inode.mtime = inode.kernel.realtime();
  inode.notify(NOTE_WRITE | (hasGrown ? NOTE_EXTEND : 0));
  fsnotifyWithParent(inode, IN_MODIFY, entry);
}

/** An open file of the tree: always ready, and refused by epoll. */
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

  /**
   * FIONREAD: the rest of a regular file, of FreeBSD's directories, too (do_vfs_ioctl, vn_ioctl). It is an int: below
   * 0 beyond the end of the file, and the low 32 bits of a larger number.
   */
  override data(what: number): number | bigint {
    const left = this.bytesLeft();
    const isKnown = this.kind === FD_FILE || this.kernel.personality === "bsd";
    if (what !== DATA_READABLE || left === undefined || !isKnown) return super.data(what);
    return BigInt.asIntN(32, BigInt(left));
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

/** truncate(2): sets the size of a file and reports the change. */
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

/** The open file of an O_PATH descriptor, which only stands for a path: reads and writes are refused. */
export class PathFile extends TreeFile {
  readonly name = "path";

  override release(): void {
    this.inode.opened--;
    this.inode.releaseIfUnused();
  }
}
