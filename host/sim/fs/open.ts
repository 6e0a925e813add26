// open(2) on the file tree of a simulated kernel.

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
/** The flags of open(2) that an open file description keeps (f_flags). */
const FILE_FLAGS = O_ACCMODE | O_APPEND | O_NONBLOCK;

/** An open end of a FIFO. Its release is reported to the watches of the inode, unlike that of a pipe. */
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

/** fifo_open: a descriptor, or a negative errno. */
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
  const file = new FifoFile(kernel, inode, entry, flags & FILE_FLAGS);
  const { pipe } = file;
  wakePartner(kernel, file);
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

/**
 * wake_up_partner: calls that wait to open the other end go on. Linux keeps these on rd_wait, so that the first
 * reader and the first writer wake every waiter of the read end: no poll reports the open, but an epoll puts its
 * registration on the ready list. FreeBSD's fifo_open evaluates no knote.
 */
function wakePartner(kernel: Kernel, file: FifoFile): void {
  const { pipe } = file;
  pipe.openers.wake(KEY_ALL);
  const isFirst =
    (file.isReadable && pipe.readers === 1) || (file.isWritable && pipe.writers === 1);
  if (isFirst && kernel.personality !== "bsd") pipe.readQueue.wake(KEY_ALL);
}

/** wait_for_partner: sleeps until the other end has been opened, even if it is closed again already. */
function* awaitOpeners(pipe: Pipe, path: string, isReader: boolean): Sleeping {
  const opened = (): number => (isReader ? pipe.writersEver : pipe.readersEver);
  const before = opened();
  while (opened() === before) {
    const sleeper = new Sleeper(0, () => `open of the FIFO ${path}`);
    const entry = new WaitEntry(sleeper);
    pipe.openers.append(entry);
    const end = yield { sleeper, deadline: Infinity };
    entry.leave();
    if (typeof end === "number") return end;
  }
  return 0;
}

/** Opens an inode of a kind that opens without waiting: the open file, or a negative errno. */
function fileOf(
  kernel: Kernel,
  inode: Inode,
  entry: Entry | undefined,
  flags: number,
): File | number {
  const fileFlags = flags & FILE_FLAGS;
  if (inode instanceof DirectoryInode) {
    if ((flags & (O_ACCMODE | O_CREAT | O_TRUNC)) !== 0) return -EISDIR;
    return new DirectoryFile(kernel, inode, entry, fileFlags);
  }
  if (inode instanceof RegularInode) return new RegularFile(kernel, inode, entry, fileFlags);
  if (inode instanceof DeviceInode) return inode.driver(kernel, fileFlags);
  return inode instanceof SocketInode ? -ENXIO : -EINVAL;
}

/** open(2): a descriptor or a negative errno. */
export function openPath(kernel: Kernel, path: string, flags: number, mode: number): number {
  const tree = treeOf(kernel);
  const mustBeNew = (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL);
  const found = tree.find(path, (flags & O_NOFOLLOW) === 0 && !mustBeNew);
  if (typeof found === "number") return found;
  let { entry, inode } = found;
  const existed = inode !== undefined;
  if (inode === undefined) {
    if ((flags & O_CREAT) === 0) return -ENOENT;
    if (path.endsWith("/")) return -EISDIR;
    const made = tree.create(found, new RegularInode(kernel, S_IFREG | (mode & ~tree.umask)));
    if (typeof made === "number") return made;
    entry = made;
    inode = made.inode;
  } else if (mustBeNew) {
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
  if (existed && (flags & O_TRUNC) !== 0 && inode instanceof RegularInode)
    truncate(inode, 0, entry);
  return fd;
}
