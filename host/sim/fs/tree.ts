// The file tree of a simulated kernel (Linux's fs/namei.c): path lookup, and changes of names. Watches and
// knotes get the events of a change in the order of Linux's fsnotify and FreeBSD's VFS.

import {
  EEXIST,
  EINVAL,
  ENOENT,
  EPERM,
  NOTE_ATTRIB,
  NOTE_DELETE,
  NOTE_EXTEND,
  NOTE_LINK,
  NOTE_RENAME,
  NOTE_WRITE,
} from "../../../asm/abi.ts";
import { EBUSY, EISDIR, ELOOP, ENAMETOOLONG, ENOTDIR, ENOTEMPTY } from "../kernel/constants.ts";
import {
  DirectoryInode,
  type Entry,
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_ISDIR,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  type Inode,
  LinkInode,
  S_IFDIR,
  S_IFIFO,
} from "../kernel/inode.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { perKernel } from "../kernel/per-kernel.ts";
import { FifoInode } from "./pipe.ts";

const NAME_MAX = 255;
const PATH_MAX = 4096;
/** MAXSYMLINKS. */
const MAX_SYMLINKS = 40;

/** The result of a path lookup. */
export interface Lookup {
  readonly parent: DirectoryInode;
  /** The last component of the path; "" for the root. */
  readonly name: string;
  /** The directory entry with that name, if it exists. */
  readonly entry: Entry | undefined;
  readonly inode: Inode | undefined;
}

/** Reports a rename to knotes (vop_rename_post). `replaced` is the inode that had the new name before. */
function notifyRename(
  before: DirectoryInode,
  after: DirectoryInode,
  moved: Inode,
  replaced: Inode | undefined,
): void {
  const replaces = replaced?.isDirectory === true ? NOTE_LINK : 0;
  if (before === after) {
    before.notify(NOTE_WRITE | replaces);
  } else {
    const across = NOTE_WRITE | NOTE_EXTEND;
    const links = moved.isDirectory ? NOTE_LINK : 0;
    before.notify(across | links);
    after.notify(across | (links & ~replaces));
  }
  moved.notify(NOTE_RENAME);
  replaced?.notify(NOTE_DELETE);
}

export class Tree {
  readonly kernel: Kernel;
  readonly root: DirectoryInode;
  umask = 0o022;
  #cookie = 0;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.root = new DirectoryInode(kernel, S_IFDIR | 0o755);
    this.root.links = 2;
  }

  /** Looks up a path. The last component need not exist; a negative errno if its directory does not. */
  find(path: string, follows = true, depth = 0): Lookup | number {
    if (path === "") return -ENOENT;
    if (path.length >= PATH_MAX) return -ENAMETOOLONG;
    if (depth > MAX_SYMLINKS) return -ELOOP;
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    let directory = this.root;
    let found: Lookup = { parent: directory, name: "", entry: undefined, inode: directory };
    for (const [i, name] of parts.entries()) {
      const isLast = i === parts.length - 1;
      if (name.length > NAME_MAX) return -ENAMETOOLONG;
      const entry = name === ".." ? directory.parent.entry : directory.entries.get(name);
      let inode: Inode | undefined = name === ".." ? directory.parent : entry?.inode;
      found = { parent: directory, name, entry, inode };
      if (inode instanceof LinkInode && (!isLast || follows)) {
        const base = inode.target.startsWith("/") ? "" : this.pathOf(directory);
        const target = this.find(`${base}/${inode.target}`, true, depth + 1);
        if (typeof target === "number") return target;
        found = target;
        inode = target.inode;
      }
      if (isLast) break;
      if (inode === undefined) return -ENOENT;
      if (!(inode instanceof DirectoryInode)) return -ENOTDIR;
      directory = inode;
    }
    if (path.endsWith("/") && found.inode !== undefined && !found.inode.isDirectory) {
      return -ENOTDIR;
    }
    return found;
  }

  /** The inode of a path, or a negative errno. */
  inode(path: string, follows = true): Inode | number {
    const found = this.find(path, follows);
    return typeof found === "number" ? found : (found.inode ?? -ENOENT);
  }

  pathOf(directory: DirectoryInode): string {
    const { entry } = directory;
    return entry === undefined ? "" : `${this.pathOf(entry.parent)}/${entry.name}`;
  }

  #addEntry(parent: DirectoryInode, name: string, inode: Inode): Entry {
    const entry: Entry = { name, parent, inode };
    parent.entries.set(name, entry);
    inode.links++;
    if (inode instanceof DirectoryInode) {
      inode.entry = entry;
      inode.links++; // its "."
      parent.links++; // its ".."
    }
    parent.mtime = this.kernel.realtime();
    return entry;
  }

  /** Removes a name. The caller calls `releaseIfUnused` once the change has been reported. */
  #removeEntry({ parent, name, inode }: Entry): void {
    parent.entries.delete(name);
    inode.links--;
    if (inode instanceof DirectoryInode) {
      inode.links--;
      parent.links--;
    }
    parent.mtime = this.kernel.realtime();
  }

  /** Adds a new inode under a name that is free, and reports the change. */
  create(found: Lookup, inode: Inode): Entry | number {
    if (found.inode !== undefined) return -EEXIST;
    if (found.parent.links === 0) return -ENOENT;
    const entry = this.#addEntry(found.parent, found.name, inode);
    const isDirectory = inode.isDirectory;
    found.parent.notify(isDirectory ? NOTE_WRITE | NOTE_LINK : NOTE_WRITE);
    found.parent.fsnotify(IN_CREATE | (isDirectory ? IN_ISDIR : 0), found.name);
    return entry;
  }

  /** Makes an inode at a path: 0, or a negative errno. */
  #make(path: string, make: () => Inode): number {
    const found = this.find(path, false);
    if (typeof found === "number") return found;
    if (found.inode !== undefined) return -EEXIST;
    const made = this.create(found, make());
    return typeof made === "number" ? made : 0;
  }

  mkdir(path: string, mode: number): number {
    return this.#make(path, () => new DirectoryInode(this.kernel, S_IFDIR | this.#masked(mode)));
  }

  mkfifo(path: string, mode: number): number {
    return this.#make(path, () => new FifoInode(this.kernel, S_IFIFO | this.#masked(mode)));
  }

  #masked(mode: number): number {
    return mode & 0o7777 & ~this.umask;
  }

  symlink(target: string, path: string): number {
    return this.#make(path, () => new LinkInode(this.kernel, target));
  }

  link(path: string, other: string): number {
    const inode = this.inode(path, false);
    if (typeof inode === "number") return inode;
    if (inode.isDirectory) return -EPERM;
    const found = this.find(other, false);
    if (typeof found === "number") return found;
    if (found.inode !== undefined) return -EEXIST;
    this.#addEntry(found.parent, found.name, inode);
    inode.notify(NOTE_LINK);
    found.parent.notify(NOTE_WRITE);
    inode.fsnotify(IN_ATTRIB);
    found.parent.fsnotify(IN_CREATE, found.name);
    return 0;
  }

  unlink(path: string): number {
    const found = this.find(path, false);
    if (typeof found === "number") return found;
    const { entry, parent, name } = found;
    if (entry === undefined) return found.inode === undefined ? -ENOENT : -EISDIR;
    const { inode } = entry;
    if (inode.isDirectory) return -EISDIR;
    this.#removeEntry(entry);
    parent.notify(NOTE_WRITE);
    inode.notify(NOTE_DELETE); // FreeBSD also reports it when other names are left
    inode.fsnotify(IN_ATTRIB);
    parent.fsnotify(IN_DELETE, name);
    inode.releaseIfUnused();
    return 0;
  }

  rmdir(path: string): number {
    if (/(^|\/)\.\/*$/.test(path)) return -EINVAL;
    const found = this.find(path, false);
    if (typeof found === "number") return found;
    const { entry, inode, parent, name } = found;
    if (inode === undefined) return -ENOENT;
    if (!(inode instanceof DirectoryInode)) return -ENOTDIR;
    if (entry === undefined) return -EBUSY;
    if (inode.entries.size > 0) return -ENOTEMPTY;
    this.#removeEntry(entry);
    parent.notify(NOTE_WRITE | NOTE_LINK);
    inode.notify(NOTE_DELETE);
    parent.fsnotify(IN_DELETE | IN_ISDIR, name);
    inode.releaseIfUnused();
    return 0;
  }

  rename(from: string, to: string): number {
    const source = this.find(from, false);
    if (typeof source === "number") return source;
    const target = this.find(to, false);
    if (typeof target === "number") return target;
    const { entry } = source;
    if (entry === undefined) return source.inode === undefined ? -ENOENT : -EBUSY;
    const { inode } = entry;
    if (target.inode === inode) return 0;
    const error = this.#checkReplace(inode, target);
    if (error !== 0) return error;

    const before = source.parent;
    const after = target.parent;
    const isDirectory = inode instanceof DirectoryInode;
    if (target.entry !== undefined) this.#removeEntry(target.entry);
    // The link count of a moved directory stays the same; its ".." now counts for another parent.
    before.entries.delete(source.name);
    after.entries.set(target.name, entry);
    entry.name = target.name;
    entry.parent = after;
    if (isDirectory) {
      before.links--;
      after.links++;
    }
    const cookie = ++this.#cookie;
    const flag = isDirectory ? IN_ISDIR : 0;
    notifyRename(before, after, inode, target.inode);
    before.fsnotify(IN_MOVED_FROM | flag, source.name, cookie);
    after.fsnotify(IN_MOVED_TO | flag, target.name, cookie);
    if (target.inode !== undefined) {
      target.inode.fsnotify(IN_ATTRIB);
    }
    inode.fsnotify(IN_MOVE_SELF | flag);
    target.inode?.releaseIfUnused();
    return 0;
  }

  /** Whether `inode` may replace the inode of `target` in a rename: 0 or a negative errno. */
  #checkReplace(inode: Inode, target: Lookup): number {
    const other = target.inode;
    if (inode instanceof DirectoryInode) {
      // A directory cannot move into itself or a directory below itself.
      for (let above = target.parent; ; above = above.parent) {
        if (above === inode) return -EINVAL;
        if (above.entry === undefined) break;
      }
      if (other === undefined) return 0;
      if (!(other instanceof DirectoryInode)) return -ENOTDIR;
      return other.entries.size > 0 ? -ENOTEMPTY : 0;
    }
    return other?.isDirectory ? -EISDIR : 0;
  }

  chmod(inode: Inode, mode: number, entry?: Entry): number {
    inode.mode = (inode.mode & ~0o7777) | (mode & 0o7777);
    inode.notify(NOTE_ATTRIB);
    fsnotifyWithParent(inode, IN_ATTRIB, entry);
    return 0;
  }

  utimes(inode: Inode, mtime: number, entry?: Entry): number {
    inode.mtime = mtime;
    inode.notify(NOTE_ATTRIB);
    fsnotifyWithParent(inode, IN_ATTRIB, entry);
    return 0;
  }
}

/** fsnotify_parent: passes an event to the watches of the directory of `entry`, then to those of the inode. */
export function fsnotifyWithParent(inode: Inode, mask: number, entry: Entry | undefined): void {
  const flag = inode.isDirectory ? IN_ISDIR : 0;
  entry?.parent.fsnotify(mask | flag, entry.name);
  inode.fsnotify(mask | flag);
}

/** The tree of a kernel. */
export const treeOf = perKernel((kernel) => new Tree(kernel));
