// What names lead to: inodes, and who wants to know what happens to them.

import type { Kernel } from "./kernel.ts";
import type { File } from "./file.ts";

// Types of a file (S_IFMT of its mode).

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;

// What inotify says (IN_*).

export const IN_ACCESS = 0x1;
export const IN_MODIFY = 0x2;
export const IN_ATTRIB = 0x4;
export const IN_CLOSE_WRITE = 0x8;
export const IN_CLOSE_NOWRITE = 0x10;
export const IN_OPEN = 0x20;
export const IN_MOVED_FROM = 0x40;
export const IN_MOVED_TO = 0x80;
export const IN_CREATE = 0x100;
export const IN_DELETE = 0x200;
export const IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800;
export const IN_ISDIR = 0x40000000;

/** What happened to a file, as FreeBSD's kernel says it to knotes (NOTE_* of VNODE). */
export type NoteListener = (notes: number) => void;

/** Who watches an inode through inotify. */
export interface InodeWatch {
  /** @param name of the entry it is about, if the watched inode is a directory */
  tell(mask: number, name: string | undefined, cookie: number): void;
  /** The inode is gone. */
  end(): void;
}

/** A file, whatever its names are. It lives as long as it has names or is open. */
export class Inode {
  readonly kernel: Kernel;
  readonly ino: number;
  /** Type and permissions. */
  mode: number;
  /** How many names it has; of a directory, also its own "." and its children's "..". */
  links = 0;
  /** Open file descriptions. */
  opened = 0;
  mtime: number;
  readonly watches = new Set<InodeWatch>();
  /** Knotes of EVFILT_VNODE. */
  readonly notes = new Set<NoteListener>();
  #isGone = false;

  constructor(kernel: Kernel, mode: number) {
    this.kernel = kernel;
    this.ino = kernel.nextIno();
    this.mode = mode;
    this.mtime = kernel.realtime();
  }

  get type(): number {
    return this.mode & S_IFMT;
  }

  get isDirectory(): boolean {
    return this.type === S_IFDIR;
  }

  /** Tells those who watch this very inode. */
  tell(mask: number, name?: string, cookie = 0): void {
    for (const watch of this.watches) watch.tell(mask, name, cookie);
  }

  /** Tells knotes, the newest first (VFS_KNOTE). */
  note(notes: number): void {
    if (this.notes.size === 0) return;
    for (const listener of [...this.notes].toReversed()) listener(notes);
  }

  /** The last name, or the last descriptor, may be gone: then so is the inode. */
  settle(): void {
    if (this.links > 0 || this.opened > 0 || this.#isGone) return;
    this.#isGone = true;
    this.tell(IN_DELETE_SELF);
    for (const watch of this.watches) watch.end();
  }
}

const PAGE = 4096;
/** Blocks of 512 bytes that a page takes. */
const PAGE_BLOCKS = 8;

/** A regular file: pages that were written to, and holes between them. */
export class RegularInode extends Inode {
  size = 0;
  readonly #pages = new Map<number, Uint8Array>();

  get blocks(): number {
    return this.#pages.size * PAGE_BLOCKS;
  }

  read(buffer: Uint8Array, size: number, offset: number): number {
    const count = Math.max(0, Math.min(size, this.size - offset));
    for (let done = 0; done < count;) {
      const at = offset + done;
      const start = at % PAGE;
      const length = Math.min(PAGE - start, count - done);
      const page = this.#pages.get(Math.floor(at / PAGE));
      if (page === undefined) buffer.fill(0, done, done + length);
      else buffer.set(page.subarray(start, start + length), done);
      done += length;
    }
    return count;
  }

  write(bytes: Uint8Array, offset: number): void {
    for (let done = 0; done < bytes.length;) {
      const at = offset + done;
      const start = at % PAGE;
      const length = Math.min(PAGE - start, bytes.length - done);
      const number = Math.floor(at / PAGE);
      let page = this.#pages.get(number);
      if (page === undefined) this.#pages.set(number, (page = new Uint8Array(PAGE)));
      page.set(bytes.subarray(done, done + length), start);
      done += length;
    }
    this.size = Math.max(this.size, offset + bytes.length);
  }

  truncate(size: number): void {
    for (const [number, page] of this.#pages) {
      const start = number * PAGE;
      if (start >= size) this.#pages.delete(number);
      else if (start + PAGE > size) page.fill(0, size - start);
    }
    this.size = size;
  }
}

/** A name in a directory. */
export interface Entry {
  name: string;
  parent: DirectoryInode;
  readonly inode: Inode;
}

export class DirectoryInode extends Inode {
  readonly entries = new Map<string, Entry>();
  /** Where this directory is entered; undefined for the root. */
  entry: Entry | undefined;

  get parent(): DirectoryInode {
    return this.entry?.parent ?? this;
  }
}

export class LinkInode extends Inode {
  readonly target: string;

  constructor(kernel: Kernel, target: string) {
    super(kernel, S_IFLNK | 0o777);
    this.target = target;
  }
}

/** A device: a driver opens it. */
export class DeviceInode extends Inode {
  readonly driver: (kernel: Kernel, flags: number) => File | number;

  constructor(kernel: Kernel, mode: number, driver: DeviceInode["driver"]) {
    super(kernel, mode);
    this.driver = driver;
  }
}

/** The name of a Unix socket. */
export class SocketInode extends Inode {}
