// The calls on files of a simulated kernel that omnipoll/os does not have.

import { EBADF, EINVAL, FD_DATAGRAM, FD_LISTENER, FD_PIPE, FD_STREAM } from "../../asm/abi.ts";
import { EISDIR, ENOTDIR, ENOTTY, ESPIPE, O_RDWR } from "../../host/sim/kernel/constants.ts";
import type { File } from "../../host/sim/kernel/file.ts";
import { DirectoryFile, RegularFile, notifyRead, truncate } from "../../host/sim/fs/files.ts";
import {
  DirectoryInode,
  type Inode,
  LinkInode,
  RegularInode,
  S_IFCHR,
  S_IFIFO,
  S_IFSOCK,
} from "../../host/sim/kernel/inode.ts";
import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { consoleOf } from "../../host/sim/fs/boot.ts";
import { openPath } from "../../host/sim/fs/open.ts";
import { PipeEnd } from "../../host/sim/fs/pipe.ts";
import { createPty, PtyMaster, PtySlave, type TerminalMode } from "../../host/sim/fs/pty.ts";
import { type Tree, treeOf } from "../../host/sim/fs/tree.ts";
import { show, ValueError } from "../errors.ts";
import { intOf } from "../arguments.ts";
import { bytesOf, sizeOf, unsignedIntOf } from "../os/arguments.ts";
import { booleanOf, checkedCall, MS, secondsOf, treePathOf } from "./arguments.ts";
import { checkMode, openBits, type OpenFlags } from "./file-arguments.ts";

/** Attributes of a file (struct stat). */
export interface SimStat {
  /** Inode number. */
  readonly ino: number;
  /** Type and permissions (S_IF*). */
  readonly mode: number;
  /** Names of the file. */
  readonly nlink: number;
  /** Bytes. */
  readonly size: number;
  /** Allocated blocks of 512 bytes. */
  readonly blocks: number;
  /** Time of the last change of the contents, in seconds since 1970. */
  readonly mtime: number;
}

/** S_IF* of files without an inode, by FD_*; S_IFCHR for the others. */
const TYPES: Record<number, number> = {
  [FD_PIPE]: S_IFIFO,
  [FD_STREAM]: S_IFSOCK,
  [FD_LISTENER]: S_IFSOCK,
  [FD_DATAGRAM]: S_IFSOCK,
};

/**
 * The file tree, the terminals and the sizes of pipes of one kernel. Paths are absolute strings; the
 * tree begins with /dev, /etc, /home, /proc and /tmp.
 *
 * Failures are OSErrors with Linux's errno: FileNotFoundError for a missing path, EBADF for a
 * descriptor that is not open. Wrong types are TypeErrors, impossible values ValueErrors that name the
 * argument.
 */
export class SimFiles {
  readonly #kernel: Kernel;
  readonly #tree: Tree;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#tree = treeOf(kernel);
  }

  #checked(result: number, call: string, detail: string): number {
    return checkedCall(this.#kernel, result, call, detail);
  }

  #file(fd: number, call: string): File {
    const file = this.#kernel.descriptors.get(intOf(fd, "fd"));
    if (file === undefined) this.#checked(-EBADF, call, `fd ${fd}`);
    return file as File;
  }

  #inode(path: string, call: string, follows = true): Inode {
    const inode = this.#tree.inode(treePathOf(path, "path"), follows);
    if (typeof inode === "number") this.#checked(inode, call, show(path));
    return inode as Inode;
  }

  #traced(call: string, args: readonly unknown[], result: number): number {
    this.#kernel.trace.add(call, args, result);
    return this.#checked(result, call, args.map(show).join(", "));
  }

  /**
   * open(2). Opening a FIFO blocks until its other end is open, unless O_NONBLOCK is among the flags.
   *
   * @param flags "r" (default), "r+", "w", "w+", "wx", "a", "a+", "ax", or O_* bits
   * @param mode permissions of a new file, less the umask. Default: 0o666
   * @returns the descriptor
   * @see https://man7.org/linux/man-pages/man2/open.2.html
   */
  open(path: string, flags: OpenFlags = "r", mode = 0o666): number {
    treePathOf(path, "path");
    const bits = openBits(flags);
    const permissions = unsignedIntOf(mode, "mode");
    return this.#traced("open", [path, bits], openPath(this.#kernel, path, bits, permissions));
  }

  /** mkdir(2). @param mode permissions, less the umask. Default: 0o777 */
  mkdir(path: string, mode = 0o777): void {
    const permissions = unsignedIntOf(mode, "mode");
    const result = this.#tree.mkdir(treePathOf(path, "path"), permissions);
    this.#traced("mkdir", [path], result);
  }

  /** rmdir(2): removes an empty directory. */
  rmdir(path: string): void {
    this.#traced("rmdir", [path], this.#tree.rmdir(treePathOf(path, "path")));
  }

  /** rename(2): renames a file, replacing an existing one. */
  rename(from: string, to: string): void {
    const result = this.#tree.rename(treePathOf(from, "from"), treePathOf(to, "to"));
    this.#traced("rename", [from, to], result);
  }

  /** link(2): gives the file `path` a further name, `other`. */
  link(path: string, other: string): void {
    const result = this.#tree.link(treePathOf(path, "path"), treePathOf(other, "other"));
    this.#traced("link", [path, other], result);
  }

  /** symlink(2): makes `path` a symbolic link to `target`, which need not exist. */
  symlink(target: string, path: string): void {
    const result = this.#tree.symlink(treePathOf(target, "target"), treePathOf(path, "path"));
    this.#traced("symlink", [target, path], result);
  }

  /** unlink(2): removes a name. The file goes with its last name and descriptor. */
  unlink(path: string): void {
    this.#traced("unlink", [path], this.#tree.unlink(treePathOf(path, "path")));
  }

  /**
   * truncate(2), ftruncate(2): sets the size of a file.
   *
   * @param file path, or a descriptor that may be written to
   * @param size in bytes. Default: 0
   * @throws {OSError} EINVAL for a negative size or no regular file, EISDIR for a directory
   */
  truncate(file: string | number, size = 0): void {
    const bytes = sizeOf(size, "size");
    if (typeof file === "number") {
      const open = this.#file(file, "ftruncate");
      const isFile = open instanceof RegularFile && open.isWritable;
      const result = isFile ? truncate(open.inode, bytes, open.entry) : -EINVAL;
      this.#traced("ftruncate", [file, bytes], result);
      return;
    }
    const found = this.#tree.find(treePathOf(file, "file"));
    if (typeof found === "number") this.#checked(found, "truncate", show(file));
    const { inode, entry } = found as Exclude<typeof found, number>;
    const wrong = inode?.isDirectory ? -EISDIR : -EINVAL;
    const missing = inode === undefined ? -2 : wrong;
    const result = inode instanceof RegularInode ? truncate(inode, bytes, entry) : missing;
    this.#traced("truncate", [file, bytes], result);
  }

  /**
   * chmod(2), fchmod(2): sets the permissions of a file by path or descriptor. @param mode permission
   * bits, 0o644
   */
  chmod(file: string | number, mode: number): void {
    const permissions = unsignedIntOf(mode, "mode");
    const [inode, entry] = this.#named(file, "chmod");
    this.#traced("chmod", [file, mode], this.#tree.chmod(inode, permissions, entry));
  }

  /**
   * Sets the time of the last change of a file by path or descriptor. @param mtime seconds since 1970,
   * at least 0
   */
  utimes(file: string | number, mtime: number): void {
    const ms = secondsOf(mtime, "mtime", 0) * MS;
    const [inode, entry] = this.#named(file, "utimes");
    this.#traced("utimes", [file, mtime], this.#tree.utimes(inode, ms, entry));
  }

  #named(file: string | number, call: string): [Inode, Parameters<Tree["chmod"]>[2]] {
    if (typeof file === "number") {
      const { inode, entry } = this.#file(file, call);
      if (inode === undefined) this.#checked(-EINVAL, call, `fd ${file}`);
      return [inode as Inode, entry];
    }
    const found = this.#tree.find(treePathOf(file, "file"));
    const error = typeof found === "number" ? found : found.inode === undefined ? -2 : 0;
    this.#checked(error, call, show(file));
    const { inode, entry } = found as Exclude<typeof found, number>;
    return [inode as Inode, entry];
  }

  /** stat(2), fstat(2): the attributes of a file by path or descriptor. Follows symbolic links. */
  stat(file: string | number): SimStat {
    if (typeof file === "number") {
      const open = this.#file(file, "fstat");
      if (open.inode === undefined) {
        const { ino, bytes } = open.stat();
        const mode = TYPES[open.kind] ?? S_IFCHR;
        return { ino, mode, nlink: 1, size: bytes, blocks: 0, mtime: 0 };
      }
    }
    const [inode] = this.#named(file, "stat");
    const { ino, mode, links, mtime } = inode;
    const isRegular = inode instanceof RegularInode;
    const size = isRegular ? inode.size : inode.isDirectory ? 4096 : 0;
    return {
      ino,
      mode,
      nlink: links,
      size,
      blocks: isRegular ? inode.blocks : 0,
      mtime: mtime / MS,
    };
  }

  /** Whether a file with this path exists. Follows symbolic links. */
  exists(path: string): boolean {
    return typeof this.#tree.inode(treePathOf(path, "path")) !== "number";
  }

  /**
   * readlink(2): the target of a symbolic link. @throws {OSError} EINVAL if the file is no symbolic
   * link
   */
  readlink(path: string): string {
    const inode = this.#inode(path, "readlink", false);
    if (!(inode instanceof LinkInode)) this.#checked(-EINVAL, "readlink", show(path));
    return (inode as LinkInode).target;
  }

  /** The names in a directory without "." and "..", sorted. */
  readdir(path: string): string[] {
    const inode = this.#inode(path, "readdir");
    if (!(inode instanceof DirectoryInode)) this.#checked(-ENOTDIR, "readdir", show(path));
    // inotify watches of the directory see an open, a read and a close.
    const fd = this.open(path);
    notifyRead(inode, (inode as DirectoryInode).entry);
    this.#kernel.descriptors.remove(fd);
    return [...(inode as DirectoryInode).entries.keys()].sort();
  }

  /**
   * lseek(2): moves the offset of an open file.
   *
   * @param offset in bytes, relative to the start of the file ("set", the default), the offset ("cur")
   *   or the end ("end")
   * @returns the new offset in bytes
   * @throws {OSError} EINVAL if that would be negative, ESPIPE for a file without an offset
   */
  lseek(fd: number, offset: number, whence: "set" | "cur" | "end" = "set"): number {
    const distance = sizeOf(offset, "offset");
    if (whence !== "set" && whence !== "cur" && whence !== "end") {
      throw new ValueError(`whence must be "set", "cur" or "end", got ${show(whence)}`);
    }
    const file = this.#file(fd, "lseek");
    if (!(file instanceof RegularFile || file instanceof DirectoryFile)) {
      return this.#checked(-ESPIPE, "lseek", `fd ${fd}`);
    }
    const base = whence === "set" ? 0 : whence === "cur" ? file.offset : file.stat().bytes;
    const result = base + distance;
    if (result >= 0) {
      file.offset = result;
      file.inode.notify(0); // VFS_KNOTE: a new offset may change the condition of READ
    }
    return this.#traced("lseek", [fd, distance, whence], result < 0 ? -EINVAL : result);
  }

  /**
   * pwrite(2): writes at an offset, without moving the offset of the open file.
   *
   * @param data bytes, or a string in UTF-8
   * @param offset in bytes from the start of the file
   * @returns the number of bytes written
   * @throws {OSError} EINVAL for a negative offset, ESPIPE for a file without an offset
   */
  pwrite(fd: number, data: Uint8Array | string, offset: number): number {
    const at = sizeOf(offset, "offset");
    const bytes = bytesOf(data, "data");
    // ksys_pwrite64 looks at the offset before it looks at the descriptor.
    if (at < 0) return this.#traced("pwrite", [intOf(fd, "fd"), at], -EINVAL);
    const file = this.#file(fd, "pwrite");
    if (!(file instanceof RegularFile)) return this.#checked(-ESPIPE, "pwrite", `fd ${fd}`);
    return this.#traced("pwrite", [fd, at], file.writeAt(bytes, at));
  }

  /** Opens a file for one call of `use`, and closes the file, also if the call throws. */
  #opened<Result>(path: string, flags: OpenFlags, use: (file: File) => Result): Result {
    const fd = this.open(path, flags);
    try {
      return use(this.#file(fd, "open"));
    } finally {
      this.#kernel.descriptors.remove(fd);
    }
  }

  /**
   * Opens a file, writes `data` (a string in UTF-8) with one write(2), and closes the file. A regular
   * file takes all bytes, a FIFO as many as there is room for. @param flags of `open`. Default: "w"
   */
  writeFile(path: string, data: Uint8Array | string, flags: OpenFlags = "w"): void {
    const bytes = bytesOf(data, "data");
    this.#opened(path, flags, (file) => {
      if (bytes.length > 0) this.#checked(file.write(bytes), "write", show(path));
    });
  }

  /** Opens a file, reads all of its bytes, and closes the file. */
  readFile(path: string): Uint8Array {
    return this.#opened(path, "r", (file) => {
      const bytes = new Uint8Array(Math.max(0, file.bytesLeft() ?? 0));
      this.#checked(file.read(bytes, bytes.length), "read", show(path));
      return bytes;
    });
  }

  /** openpty(3): a pseudo-terminal. Returns the descriptors of master and slave. */
  openpty(): [master: number, slave: number] {
    const kernel = this.#kernel;
    const [master, slave] = createPty(kernel, O_RDWR);
    const first = this.#checked(kernel.open(master), "openpty", "");
    const second = kernel.open(slave);
    if (second < 0) kernel.descriptors.remove(first);
    return [first, this.#traced("openpty", [], second)];
  }

  /** Opens the slave of a pseudo-terminal once more. @throws {OSError} ENOTTY if `master` is no master */
  openSlave(master: number): number {
    const file = this.#file(master, "open");
    if (!(file instanceof PtyMaster)) return this.#checked(-ENOTTY, "open", `fd ${master}`);
    const slave = new PtySlave(this.#kernel, file.pty, O_RDWR);
    return this.#traced("open", [`slave of ${master}`], this.#kernel.open(slave));
  }

  /**
   * tcsetattr(3): sets modes of a terminal. Modes that are left out stay as they are.
   *
   * @param fd of the master or a slave
   * @param mode booleans `canonical`, `echo`, `newlines`; `vmin` bytes from 0 to 255
   * @throws {OSError} ENOTTY if `fd` is no terminal
   */
  setMode(fd: number, mode: TerminalMode): void {
    checkMode(mode);
    const file = this.#file(fd, "tcsetattr");
    const isTerminal = file instanceof PtyMaster || file instanceof PtySlave;
    this.#traced("tcsetattr", [fd, mode], isTerminal ? 0 : -ENOTTY);
    if (isTerminal) file.pty.setMode(mode);
  }

  /**
   * TIOCPKT: whether reads of a master begin with a control byte. @throws {OSError} ENOTTY if `fd` is
   * no master
   */
  setPacketMode(fd: number, on = true): void {
    booleanOf(on, "on");
    const file = this.#file(fd, "ioctl");
    const isMaster = file instanceof PtyMaster;
    this.#traced("ioctl", [fd, "TIOCPKT", on], isMaster ? 0 : -ENOTTY);
    if (isMaster) file.pty.isPacket = on;
  }

  /** Types text on the terminal of the program, which are its descriptors 0, 1 and 2. */
  type(text: string): void {
    consoleOf(this.#kernel).write(bytesOf(text, "text"));
  }

  /** The output of the program on its terminal since the last call. */
  printed(): string {
    const master = consoleOf(this.#kernel);
    const buffer = new Uint8Array(65_536);
    const count = master.read(buffer, buffer.length);
    return new TextDecoder().decode(buffer.subarray(0, Math.max(0, count)));
  }

  /** F_GETPIPE_SZ: the capacity of a pipe in bytes. @throws {OSError} EBADF if `fd` is no pipe */
  getPipeSize(fd: number): number {
    const file = this.#file(fd, "fcntl");
    return this.#checked(file instanceof PipeEnd ? file.pipe.bytes : -EBADF, "fcntl", `fd ${fd}`);
  }

  /**
   * F_SETPIPE_SZ: sets the capacity of a pipe.
   *
   * @param bytes at most 1 MiB; rounded up to a page (4096 bytes) times a power of two
   * @returns the new capacity in bytes
   * @throws {OSError} EBADF if `fd` is no pipe, EBUSY if the pipe holds more, EPERM above 1 MiB, EINVAL
   *   for a negative size
   */
  setPipeSize(fd: number, bytes: number): number {
    const size = intOf(bytes, "bytes");
    const file = this.#file(fd, "fcntl");
    const result = file instanceof PipeEnd ? file.pipe.resize(size) : -EBADF;
    return this.#traced("fcntl", [fd, "F_SETPIPE_SZ", size], result);
  }
}
