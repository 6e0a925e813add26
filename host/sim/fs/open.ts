// open(2) on the tree of a simulated kernel.

import { EEXIST, EINVAL, ENOENT } from "../../../asm/abi.ts";
import {
  EISDIR,
  ELOOP,
  ENOTDIR,
  ENXIO,
  O_ACCMODE,
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
} from "../kernel/constants.ts";
import type { File } from "../kernel/file.ts";
import {
  DirectoryFile,
  PathFile,
  RegularFile,
  notifyClose,
  notifyOpen,
  truncate,
} from "./files.ts";
import {
  DeviceInode,
  DirectoryInode,
  type Entry,
  type Inode,
  LinkInode,
  RegularInode,
  S_IFREG,
  SocketInode,
} from "../kernel/inode.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Sleeper, type Sleeping } from "../kernel/sleep.ts";
import { FifoInode, Pipe, PipeEnd } from "./pipe.ts";
import { treeOf } from "./tree.ts";
import { KEY_ALL, WaitEntry } from "../kernel/wait-queue.ts";

const O_NOFOLLOW = 0o400000;
/** What an open file description keeps of the flags it was opened with. */
const KEPT = O_ACCMODE | O_APPEND | O_NONBLOCK;

/** An end of a FIFO, whose closing the tree is told of. */
class FifoFile extends PipeEnd {
  readonly #fifo: FifoInode;

  constructor(kernel: Kernel, inode: FifoInode, entry: Entry | undefined, flags: number) {
    super(kernel, (inode.pipe ??= new Pipe(kernel)), flags, "fifo", inode, entry);
    this.#fifo = inode;
    inode.opened++;
  }

  override release(): void {
    super.release();
    const inode = this.#fifo;
    notifyClose(inode, this.entry, this.isWritable);
    inode.opened--;
    if (inode.opened === 0) inode.pipe = undefined;
    inode.releaseIfUnused();
  }
}

/** Opens a FIFO: the descriptor, or a negative errno. */
function openFifo(
  kernel: Kernel,
  inode: FifoInode,
  entry: Entry | undefined,
  flags: number,
  path: string,
): number {
  const access = flags & O_ACCMODE;
  const blocks = (flags & O_NONBLOCK) === 0;
  if (access === O_WRONLY && !blocks && (inode.pipe?.readers ?? 0) === 0) return -ENXIO;
  const file = new FifoFile(kernel, inode, entry, flags & KEPT);
  const { pipe } = file;
  // Who waits to open the other end goes on. Nobody else is told that an end was opened.
  pipe.openers.wake(KEY_ALL);
  if (blocks && access !== O_RDWR) {
    const isReader = access === O_RDONLY;
    if ((isReader ? pipe.writers : pipe.readers) === 0) {
      const waited = kernel.run(awaitOpeners(pipe, path, isReader));
      if (waited < 0) {
        file.release();
        return waited;
      }
    }
  }
  const fd = kernel.open(file);
  if (fd >= 0) notifyOpen(inode, entry);
  return fd;
}

/** Waits for the other end of a FIFO to have been opened. */
function* awaitOpeners(pipe: Pipe, path: string, isReader: boolean): Sleeping {
  const count = (): number => (isReader ? pipe.writersEver : pipe.readersEver);
  const had = count();
  while (count() === had) {
    const sleeper = new Sleeper(0, () => `open of the FIFO ${path}`);
    const entry = new WaitEntry(sleeper);
    pipe.openers.append(entry);
    const end = yield { sleeper, deadline: Infinity };
    entry.leave();
    if (typeof end === "number") return end;
  }
  return 0;
}

/** The open file of an inode that opens without waiting, or a negative errno. */
function fileOf(
  kernel: Kernel,
  inode: Inode,
  entry: Entry | undefined,
  flags: number,
): File | number {
  const kept = flags & KEPT;
  if (inode instanceof DirectoryInode) {
    if ((flags & (O_ACCMODE | O_CREAT | O_TRUNC)) !== 0) return -EISDIR;
    return new DirectoryFile(kernel, inode, entry, kept);
  }
  if (inode instanceof RegularInode) return new RegularFile(kernel, inode, entry, kept);
  if (inode instanceof DeviceInode) return inode.driver(kernel, kept);
  return inode instanceof SocketInode ? -ENXIO : -EINVAL;
}

/** open(2): a descriptor or a negative errno. */
export function openPath(kernel: Kernel, path: string, flags: number, mode: number): number {
  const tree = treeOf(kernel);
  const isNew = (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL);
  const found = tree.find(path, (flags & O_NOFOLLOW) === 0 && !isNew);
  if (typeof found === "number") return found;
  let { entry, inode } = found;
  const isThere = inode !== undefined;
  if (inode === undefined) {
    if ((flags & O_CREAT) === 0) return -ENOENT;
    if (path.endsWith("/")) return -EISDIR;
    const made = tree.create(found, new RegularInode(kernel, S_IFREG | (mode & ~tree.umask)));
    if (typeof made === "number") return made;
    entry = made;
    inode = made.inode;
  } else if (isNew) {
    return -EEXIST;
  }
  if ((flags & O_PATH) !== 0) return kernel.open(new PathFile(kernel, inode, entry, O_PATH));
  if (inode instanceof LinkInode) return -ELOOP;
  if ((flags & O_DIRECTORY) !== 0 && !inode.isDirectory) return -ENOTDIR;
  if (inode instanceof FifoInode) return openFifo(kernel, inode, entry, flags, path);
  const file = fileOf(kernel, inode, entry, flags);
  if (typeof file === "number") return file;
  const fd = kernel.open(file);
  if (fd < 0) return fd;
  notifyOpen(inode, entry);
  if (isThere && (flags & O_TRUNC) !== 0 && inode instanceof RegularInode)
    truncate(inode, 0, entry);
  return fd;
}
