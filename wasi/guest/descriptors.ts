// The calls on descriptors that never wait: what they are, their flags, their ends.

import {
  WASI_BADF,
  WASI_FAULT,
  WASI_INVAL,
  WASI_NOTDIR,
  WASI_NOTSOCK,
  WASI_NOTSUP,
  WASI_ROFS,
  WASI_SPIPE,
  wasiErrno,
} from "../errno.ts";
import { DirectoryFile } from "./directory.ts";
import type { GuestMemory } from "./memory.ts";
import type { OpenFile } from "./open-file.ts";
import {
  FDFLAG_NONBLOCK,
  FDSTAT_FLAGS,
  FDSTAT_RIGHTS,
  FDSTAT_SIZE,
  FDSTAT_TYPE,
  FILESTAT_BYTES,
  FILESTAT_DEV,
  FILESTAT_INO,
  FILESTAT_NLINK,
  FILESTAT_SIZE,
  FILESTAT_TYPE,
  RIGHT_ACCEPT,
  RIGHT_PATH_OPEN,
  RIGHT_PATH_STAT,
  RIGHT_POLL,
  RIGHT_READ,
  RIGHT_SEEK,
  RIGHT_SET_FLAGS,
  RIGHT_SHUTDOWN,
  RIGHT_STAT,
  RIGHT_TELL,
  RIGHT_WRITE,
  SHUT_READ,
  SHUT_WRITE,
  TYPE_CHARACTER_DEVICE,
  TYPE_DIRECTORY,
  TYPE_REGULAR_FILE,
} from "./preview1.ts";
import type { Runtime } from "./runtime.ts";
import type { Table } from "./table.ts";

/**
 * The device of descriptors that are no files: "omnipoll". The number of their inode is the guest's descriptor, so
 * that a program can tell it below a layer that renumbers (wasi-vfs).
 */
const DEVICE = 0x6f6d_6e69_706f_6c6cn;

function rightsOf(file: OpenFile): bigint {
  if (file instanceof DirectoryFile) return RIGHT_PATH_OPEN | RIGHT_PATH_STAT | RIGHT_STAT;
  let rights = RIGHT_SET_FLAGS | RIGHT_STAT | RIGHT_POLL;
  if (file.read !== undefined) rights |= RIGHT_READ;
  if (file.write !== undefined) rights |= RIGHT_WRITE;
  if (file.isSocket === true) rights |= RIGHT_SHUTDOWN | RIGHT_ACCEPT;
  // wasi-libc takes a character device without these for a terminal (isatty).
  const isDevice = file.filetype === TYPE_CHARACTER_DEVICE && file.isTerminal !== true;
  return isDevice && file.source === undefined ? rights | RIGHT_SEEK | RIGHT_TELL : rights;
}

/** The calls on the descriptors of a table; numbers that it lacks are the runtime's. */
export function descriptorCalls(table: Table, memory: GuestMemory, runtime: Runtime) {
  return {
    fd_close(fd: number): number {
      return table.close(fd) ? 0 : runtime.call("fd_close", fd);
    },

    fd_fdstat_get(fd: number, to: number): number {
      const entry = table.entry(fd);
      if (entry === undefined) return runtime.call("fd_fdstat_get", fd, to);
      if (!memory.holds(to, FDSTAT_SIZE)) return WASI_FAULT;
      const { file } = entry;
      const at = to >>> 0;
      const view = memory.view();
      new Uint8Array(view.buffer, at, FDSTAT_SIZE).fill(0);
      view.setUint8(at + FDSTAT_TYPE, file.filetype ?? 0);
      view.setUint16(at + FDSTAT_FLAGS, entry.isBlocking ? 0 : FDFLAG_NONBLOCK, true);
      view.setBigUint64(at + FDSTAT_RIGHTS, rightsOf(file), true);
      return 0;
    },

    fd_fdstat_set_flags(fd: number, flags: number): number {
      const entry = table.entry(fd);
      if (entry === undefined) return runtime.call("fd_fdstat_set_flags", fd, flags);
      if (flags & ~0x1f) return WASI_INVAL;
      // APPEND and the kinds of SYNC are of regular files.
      if (flags & ~FDFLAG_NONBLOCK) return WASI_NOTSUP;
      entry.isBlocking = (flags & FDFLAG_NONBLOCK) === 0;
      return 0;
    },

    fd_filestat_get(fd: number, to: number): number {
      const file = table.get(fd);
      if (file === undefined) return runtime.call("fd_filestat_get", fd, to);
      if (!memory.holds(to, FILESTAT_SIZE)) return WASI_FAULT;
      const isFile = file.filetype === TYPE_REGULAR_FILE || file.filetype === TYPE_DIRECTORY;
      const own = { dev: DEVICE, ino: BigInt(fd >>> 0), nlink: 1, bytes: 0n };
      const stat = isFile ? (file.stat?.() ?? own) : own;
      if (typeof stat === "number") return wasiErrno(-stat);
      const at = to >>> 0;
      const view = memory.view();
      new Uint8Array(view.buffer, at, FILESTAT_SIZE).fill(0);
      view.setBigUint64(at + FILESTAT_DEV, stat.dev, true);
      view.setBigUint64(at + FILESTAT_INO, stat.ino, true);
      view.setUint8(at + FILESTAT_TYPE, file.filetype ?? 0);
      view.setUint32(at + FILESTAT_NLINK, stat.nlink, true);
      view.setBigInt64(at + FILESTAT_BYTES, stat.bytes, true);
      return 0;
    },

    /** dup2(2) and close(2) of the first number; both are open before. */
    fd_renumber(from: number, to: number): number {
      const isOurs = table.get(from) !== undefined;
      const isToOurs = table.get(to) !== undefined;
      if (!isOurs && !isToOurs) return runtime.call("fd_renumber", from, to);
      if (!isOurs) {
        // The runtime would have to give its descriptor a number that it does not know.
        return table.isForeign(from) ? WASI_NOTSUP : WASI_BADF;
      }
      if (!isToOurs) {
        const closed = runtime.call("fd_close", to);
        if (closed !== 0) return closed;
      }
      table.renumber(from >>> 0, to >>> 0);
      return 0;
    },

    sock_shutdown(fd: number, how: number): number {
      const file = table.get(fd);
      if (file === undefined) return runtime.call("sock_shutdown", fd, how);
      if (file.isSocket !== true || file.shutdown === undefined) return WASI_NOTSOCK;
      if (how === 0 || how & ~(SHUT_READ | SHUT_WRITE)) return WASI_INVAL;
      const result = file.shutdown(how - 1);
      return result < 0 ? wasiErrno(-result) : 0;
    },
  };
}

/**
 * What the other calls answer for a descriptor of the table: those of positions and files do not fit streams, and
 * nothing can be made or changed in its directory.
 */
const REFUSED: Record<string, number> = {
  fd_advise: WASI_SPIPE,
  fd_allocate: WASI_SPIPE,
  fd_datasync: WASI_INVAL,
  fd_sync: WASI_INVAL,
  fd_fdstat_set_rights: WASI_NOTSUP,
  fd_filestat_set_size: WASI_INVAL,
  fd_filestat_set_times: WASI_NOTSUP,
  fd_pread: WASI_SPIPE,
  fd_pwrite: WASI_SPIPE,
  fd_readdir: WASI_NOTSUP,
  fd_seek: WASI_SPIPE,
  fd_tell: WASI_SPIPE,
  path_create_directory: WASI_ROFS,
  path_filestat_set_times: WASI_ROFS,
  path_link: WASI_ROFS,
  path_readlink: WASI_INVAL,
  path_remove_directory: WASI_ROFS,
  path_rename: WASI_ROFS,
  path_unlink_file: WASI_ROFS,
};

/** The calls that a descriptor of the table refuses, by name. */
export function refusedCalls(
  table: Table,
  runtime: Runtime,
): Record<string, (...given: number[]) => number> {
  const made = Object.entries(REFUSED).map(([name, error]) => {
    const call = (fd: number, ...given: number[]): number => {
      const file = table.get(fd);
      if (file === undefined) return runtime.call(name, fd, ...given);
      if (!name.startsWith("path_") && name !== "fd_readdir") return error;
      return file instanceof DirectoryFile ? error : WASI_NOTDIR;
    };
    return [name, call];
  });
  return Object.fromEntries(made) as Record<string, (...given: number[]) => number>;
}
