// Inodes: the objects that names in the file tree refer to, with their inotify watches and knotes.

import type { Kernel } from "./kernel.ts";
import type { File } from "./file.ts";

// File types: the S_IFMT bits of the mode.

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;

// Events of inotify (IN_*).

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

/** The function of a knote on an inode. It gets the NOTE_* that describe a change. */
export type InodeListener = (notes: number) => void;

/** An inotify watch of an inode (fsnotify_mark). */
export interface InodeWatch {
  /** @param name the directory entry that the event is about, if the watched inode is a directory */
  event(mask: number, name: string | undefined, cookie: number): void;
  /** The inode is gone, and the watch with it. */
  end(): void;
}

/** A file, independent of its names. An inode lives as long as it has names or is open. */
export class Inode {
  readonly kernel: Kernel;
  readonly ino: number;
  /** Type and permissions. */
  mode: number;
  /** Number of names (i_nlink). A directory also counts its own "." and the ".." of each subdirectory. */
  links = 0;
  /** Number of open file descriptions. */
  opened = 0;
  mtime: number;
  readonly watches = new Set<InodeWatch>();
  /** Knotes of EVFILT_VNODE, and of READ and WRITE on files (v_pollinfo). */
  readonly knotes = new Set<InodeListener>();
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

  /** Passes an event to the inotify watches of this inode, but not to those of its directory (fsnotify). */
  fsnotify(mask: number, name?: string, cookie = 0): void {
    for (const watch of this.watches) watch.event(mask, name, cookie);
  }

  /** Passes a change to the knotes, the newest knote first (VFS_KNOTE). */
  notify(notes: number): void {
    if (this.knotes.size === 0) return;
    for (const knote of [...this.knotes].toReversed()) knote(notes);
  }

  /** Ends the inode if it has lost its last name and its last open file (iput). */
  releaseIfUnused(): void {
    if (this.links > 0 || this.opened > 0 || this.#isGone) return;
    this.#isGone = true;
    this.fsnotify(IN_DELETE_SELF);
    for (const watch of this.watches) watch.end();
  }
}

const PAGE = 4096;
/** Number of blocks of 512 bytes in a page (st_blocks). */
const PAGE_BLOCKS = 8;

/** A regular file: the pages that were written, with holes between them. */
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

/** A directory entry (struct dentry): a name and its inode. */
export interface Entry {
  name: string;
  parent: DirectoryInode;
  readonly inode: Inode;
}

export class DirectoryInode extends Inode {
  readonly entries = new Map<string, Entry>();
  /** The entry of this directory in its parent; undefined for the root. */
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

/** A device: its driver makes the open file. */
export class DeviceInode extends Inode {
  readonly driver: (kernel: Kernel, flags: number) => File | number;

  constructor(kernel: Kernel, mode: number, driver: DeviceInode["driver"]) {
    super(kernel, mode);
    this.driver = driver;
  }
}

/** A Unix socket that is bound to a path. */
export class SocketInode extends Inode {}
