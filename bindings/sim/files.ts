// Files of a simulated kernel: what omnipoll/os has no calls for.

import { EBADF, EINVAL, FD_DATAGRAM, FD_LISTENER, FD_PIPE, FD_STREAM } from "../../asm/abi.ts";
import {
  EISDIR,
  ENOTDIR,
  ENOTTY,
  ESPIPE,
  O_APPEND,
  O_CREAT,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
} from "../../host/sim/kernel/constants.ts";
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
import { checkedCall, MS } from "./arguments.ts";

/** How a file is opened: a letter as in Node and C, or O_* flags of Linux. */
export type OpenFlags = "r" | "r+" | "w" | "w+" | "wx" | "a" | "a+" | "ax" | number;

const FLAGS: Record<string, number> = {
  r: O_RDONLY,
  "r+": O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  "w+": O_RDWR | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_EXCL,
  a: O_WRONLY | O_CREAT | O_APPEND,
  "a+": O_RDWR | O_CREAT | O_APPEND,
  ax: O_WRONLY | O_CREAT | O_APPEND | O_EXCL,
};

/** What a file is. */
export interface SimStat {
  readonly ino: number;
  /** Type and permissions (S_IF*). */
  readonly mode: number;
  readonly nlink: number;
  /** Bytes. */
  readonly size: number;
  /** Blocks of 512 bytes. */
  readonly blocks: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/** Types of what has no name. */
const TYPES: Record<number, number> = {
  [FD_PIPE]: S_IFIFO,
  [FD_STREAM]: S_IFSOCK,
  [FD_LISTENER]: S_IFSOCK,
  [FD_DATAGRAM]: S_IFSOCK,
};

function bytesOf(data: Uint8Array | string): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}

/** The file tree, terminals and pipes of one kernel. Errors are OSErrors, as of omnipoll/os. */
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
    const file = this.#kernel.descriptors.get(fd);
    if (file === undefined) this.#checked(-EBADF, call, `fd ${fd}`);
    return file as File;
  }

  #inode(path: string, call: string, follows = true): Inode {
    const inode = this.#tree.inode(path, follows);
    if (typeof inode === "number") this.#checked(inode, call, show(path));
    return inode as Inode;
  }

  #traced(call: string, args: readonly unknown[], result: number): number {
    this.#kernel.trace.add(call, args, result);
    return this.#checked(result, call, args.map(show).join(", "));
  }

  /**
   * Opens a file; blocks at a FIFO that nobody has open at its other end.
   *
   * @param mode permissions of a file that is made, less the umask
   */
  open(path: string, flags: OpenFlags = "r", mode = 0o666): number {
    const bits = typeof flags === "number" ? flags : FLAGS[flags];
    if (bits === undefined) throw new ValueError(`flags must be like "r+", got ${show(flags)}`);
    return this.#traced("open", [path, bits], openPath(this.#kernel, path, bits, mode));
  }

  mkdir(path: string, mode = 0o777): void {
    this.#traced("mkdir", [path], this.#tree.mkdir(path, mode));
  }

  rmdir(path: string): void {
    this.#traced("rmdir", [path], this.#tree.rmdir(path));
  }

  rename(from: string, to: string): void {
    this.#traced("rename", [from, to], this.#tree.rename(from, to));
  }

  /** Gives a file one more name. */
  link(path: string, other: string): void {
    this.#traced("link", [path, other], this.#tree.link(path, other));
  }

  symlink(target: string, path: string): void {
    this.#traced("symlink", [target, path], this.#tree.symlink(target, path));
  }

  unlink(path: string): void {
    this.#traced("unlink", [path], this.#tree.unlink(path));
  }

  /** Sets the size of a file, by path or descriptor, in bytes. */
  truncate(file: string | number, size = 0): void {
    if (typeof file === "number") {
      const open = this.#file(file, "ftruncate");
      const isFile = open instanceof RegularFile && open.isWritable;
      const result = isFile ? truncate(open.inode, size, open.entry) : -EINVAL;
      this.#traced("ftruncate", [file, size], result);
      return;
    }
    const found = this.#tree.find(file);
    if (typeof found === "number") this.#checked(found, "truncate", show(file));
    const { inode, entry } = found as Exclude<typeof found, number>;
    const wrong = inode?.isDirectory ? -EISDIR : -EINVAL;
    const missing = inode === undefined ? -2 : wrong;
    const result = inode instanceof RegularInode ? truncate(inode, size, entry) : missing;
    this.#traced("truncate", [file, size], result);
  }

  chmod(file: string | number, mode: number): void {
    const [inode, entry] = this.#named(file, "chmod");
    this.#traced("chmod", [file, mode], this.#tree.chmod(inode, mode, entry));
  }

  /** Sets the time of the last change, in seconds since 1970. */
  utimes(file: string | number, mtime: number): void {
    const [inode, entry] = this.#named(file, "utimes");
    this.#traced("utimes", [file, mtime], this.#tree.utimes(inode, mtime * MS, entry));
  }

  #named(file: string | number, call: string): [Inode, Parameters<Tree["chmod"]>[2]] {
    if (typeof file === "number") {
      const { inode, entry } = this.#file(file, call);
      if (inode === undefined) this.#checked(-EINVAL, call, `fd ${file}`);
      return [inode as Inode, entry];
    }
    const found = this.#tree.find(file);
    const error = typeof found === "number" ? found : found.inode === undefined ? -2 : 0;
    this.#checked(error, call, show(file));
    const { inode, entry } = found as Exclude<typeof found, number>;
    return [inode as Inode, entry];
  }

  /** What a file is, by path or descriptor. */
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

  exists(path: string): boolean {
    return typeof this.#tree.inode(path) !== "number";
  }

  readlink(path: string): string {
    const inode = this.#inode(path, "readlink", false);
    if (!(inode instanceof LinkInode)) this.#checked(-EINVAL, "readlink", show(path));
    return (inode as LinkInode).target;
  }

  /** Names in a directory. */
  readdir(path: string): string[] {
    const inode = this.#inode(path, "readdir");
    if (!(inode instanceof DirectoryInode)) this.#checked(-ENOTDIR, "readdir", show(path));
    // Opening, reading and closing it are seen by those who watch.
    const fd = this.open(path);
    notifyRead(inode, (inode as DirectoryInode).entry);
    this.#kernel.descriptors.remove(fd);
    return [...(inode as DirectoryInode).entries.keys()].sort();
  }

  /** Moves the offset of a descriptor. @returns the new offset, in bytes */
  lseek(fd: number, offset: number, whence: "set" | "cur" | "end" = "set"): number {
    const file = this.#file(fd, "lseek");
    if (!(file instanceof RegularFile || file instanceof DirectoryFile)) {
      return this.#checked(-ESPIPE, "lseek", `fd ${fd}`);
    }
    const base = whence === "set" ? 0 : whence === "cur" ? file.offset : file.stat().bytes;
    const result = base + offset;
    if (result >= 0) {
      file.offset = result;
      file.inode.notify(0); // knotes look once more
    }
    return this.#traced("lseek", [fd, offset, whence], result < 0 ? -EINVAL : result);
  }

  /** Writes at an offset, which the descriptor's own is not moved by. */
  pwrite(fd: number, data: Uint8Array | string, offset: number): number {
    const file = this.#file(fd, "pwrite");
    if (!(file instanceof RegularFile)) return this.#checked(-ESPIPE, "pwrite", `fd ${fd}`);
    return this.#traced("pwrite", [fd, offset], file.writeAt(bytesOf(data), offset));
  }

  /** Makes a file have these bytes. */
  writeFile(path: string, data: Uint8Array | string, flags: OpenFlags = "w"): void {
    const fd = this.open(path, flags);
    const bytes = bytesOf(data);
    if (bytes.length > 0) this.#checked(this.#file(fd, "write").write(bytes), "write", show(path));
    this.#kernel.descriptors.remove(fd);
  }

  /** The bytes of a file. */
  readFile(path: string): Uint8Array {
    const fd = this.open(path);
    const file = this.#file(fd, "read");
    const size = Math.max(0, file.bytesLeft() ?? 0);
    const bytes = new Uint8Array(size);
    const result = file.read(bytes, size);
    this.#kernel.descriptors.remove(fd);
    this.#checked(result, "read", show(path));
    return bytes;
  }

  /** A terminal: the descriptor of its master, and that of its slave. */
  openpty(): [master: number, slave: number] {
    const kernel = this.#kernel;
    const [master, slave] = createPty(kernel, O_RDWR);
    const first = this.#checked(kernel.open(master), "openpty", "");
    const second = kernel.open(slave);
    if (second < 0) kernel.descriptors.remove(first);
    return [first, this.#traced("openpty", [], second)];
  }

  /** Opens the slave of a master again. */
  openSlave(master: number): number {
    const file = this.#file(master, "open");
    if (!(file instanceof PtyMaster)) return this.#checked(-ENOTTY, "open", `fd ${master}`);
    const slave = new PtySlave(this.#kernel, file.pty, O_RDWR);
    return this.#traced("open", [`slave of ${master}`], this.#kernel.open(slave));
  }

  /** Sets how a terminal treats what is typed (tcsetattr), by either end. */
  setMode(fd: number, mode: TerminalMode): void {
    const file = this.#file(fd, "tcsetattr");
    const isTerminal = file instanceof PtyMaster || file instanceof PtySlave;
    this.#traced("tcsetattr", [fd, mode], isTerminal ? 0 : -ENOTTY);
    if (isTerminal) file.pty.setMode(mode);
  }

  /** Reads of a master begin with a control byte from now on (TIOCPKT). */
  setPacketMode(fd: number, on = true): void {
    const file = this.#file(fd, "ioctl");
    const isMaster = file instanceof PtyMaster;
    this.#traced("ioctl", [fd, "TIOCPKT", on], isMaster ? 0 : -ENOTTY);
    if (isMaster) file.pty.isPacket = on;
  }

  /** Types on the terminal the program runs on. */
  type(text: string): void {
    consoleOf(this.#kernel).write(bytesOf(text));
  }

  /** What the program has printed there since this was last asked. */
  printed(): string {
    const master = consoleOf(this.#kernel);
    const buffer = new Uint8Array(65_536);
    const count = master.read(buffer, buffer.length);
    return new TextDecoder().decode(buffer.subarray(0, Math.max(0, count)));
  }

  /** Bytes a pipe holds (F_GETPIPE_SZ). */
  getPipeSize(fd: number): number {
    const file = this.#file(fd, "fcntl");
    return this.#checked(file instanceof PipeEnd ? file.pipe.bytes : -EBADF, "fcntl", `fd ${fd}`);
  }

  /** Makes a pipe hold so many bytes, rounded up to a power of two of pages (F_SETPIPE_SZ). */
  setPipeSize(fd: number, bytes: number): number {
    const file = this.#file(fd, "fcntl");
    const result = file instanceof PipeEnd ? file.pipe.resize(bytes) : -EBADF;
    return this.#traced("fcntl", [fd, "F_SETPIPE_SZ", bytes], result);
  }
}
