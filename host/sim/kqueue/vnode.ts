// Knotes on files of the tree: EVFILT_VNODE, and READ and WRITE of regular files and directories
// (filt_vfs*). Every VFS_KNOTE on the file evaluates all of them.

import { EINVAL, ENODEV, FD_DEVICE, NOTE_FILE_POLL } from "../../../asm/abi.ts";
import type { File } from "../kernel/file.ts";
import type { Inode, InodeListener } from "../kernel/inode.ts";
import { type Kevent, Knote, type KnoteQueue } from "./knote.ts";

abstract class InodeKnote extends Knote {
  readonly file: File;
  readonly #listener: InodeListener = (notes) => this.noted(notes);

  constructor(queue: KnoteQueue, change: Kevent, file: File) {
    super(queue, change);
    this.file = file;
  }

  get watched(): string {
    return this.file.name;
  }

  override attach(): number {
    (this.file.inode as Inode).knotes.add(this.#listener);
    return 0;
  }

  override detach(): void {
    this.file.inode?.knotes.delete(this.#listener);
  }

  /** VFS_KNOTE: `notes` (NOTE_*) happened to the file. */
  noted(_notes: number): void {
    this.notify();
  }
}

/** filt_vfsread: `data` is the bytes from the offset to the end of the file, negative beyond the end. */
export class FileReadKnote extends InodeKnote {
  event(): boolean {
    this.data = this.file.bytesLeft() ?? 0;
    return this.data !== 0 || (this.sfflags & NOTE_FILE_POLL) !== 0;
  }
}

/** filt_vfswrite. */
export class FileWriteKnote extends InodeKnote {
  event(): boolean {
    return true;
  }
}

/** filt_vfsvnode: if the knote has one of the notes, all notes of that change are reported. */
class VnodeKnote extends InodeKnote {
  override noted(notes: number): void {
    if ((this.sfflags & notes) !== 0) this.fflags |= notes;
    this.notify();
  }

  event(): boolean {
    return this.fflags !== 0;
  }
}

/** A knote of VNODE on `file`, not attached yet, or a negative errno. */
export function makeVnodeKnote(queue: KnoteQueue, change: Kevent, file: File): Knote | number {
  if (file.inode !== undefined) return new VnodeKnote(queue, change, file);
  return file.kind === FD_DEVICE ? -ENODEV : -EINVAL;
}
