// path_open and the preopens: how a guest reaches /dev/omnipoll.

import {
  WASI_EXIST,
  WASI_FAULT,
  WASI_INVAL,
  WASI_NAMETOOLONG,
  WASI_NOENT,
  WASI_NOTDIR,
  WASI_NOTSUP,
  wasiErrno,
} from "../errno.ts";
import { DIRECTORY, DirectoryFile, type Names } from "./directory.ts";
import type { GuestMemory } from "./memory.ts";
import {
  FDFLAG_NONBLOCK,
  FILESTAT_NLINK,
  FILESTAT_SIZE,
  FILESTAT_TYPE,
  PRESTAT_LENGTH,
  PRESTAT_SIZE,
  TYPE_STREAM,
} from "./preview1.ts";
import type { Runtime } from "./runtime.ts";
import type { Table } from "./table.ts";

const CREATE = 1;
const ONLY_DIRECTORY = 2;
const EXCLUSIVE = 4;
/** The first number that may be a preopen: those of the three streams are not. */
const FIRST_PREOPEN = 3;
const LONGEST = 4096;
/** The same path below a preopen "/" of the runtime. */
const BELOW_ROOT = /^\/*dev\/omnipoll(?:\/+|$)/;
const DESCRIPTOR = /^fd\/(\d{1,10})$/;
const encoder = new TextEncoder();

/** The calls with paths; what is not below /dev/omnipoll is the runtime's. */
export function pathCalls(table: Table, memory: GuestMemory, names: Names, runtime: Runtime) {
  /** The number of the directory; the guest learns it by asking for preopens. */
  let preopen = -1;

  /**
   * wasi-libc asks for preopens from 3 on until the first BADF: the directory takes that number. A descriptor
   * that is no directory must not end the search; it gets a name that nobody opens.
   */
  function nameOf(fd: number): Uint8Array | undefined {
    const file = table.get(fd);
    if (file instanceof DirectoryFile) return encoder.encode(DIRECTORY);
    if (file !== undefined) {
      return fd >= FIRST_PREOPEN && preopen < 0
        ? encoder.encode(`${DIRECTORY}/fd/${fd}`)
        : undefined;
    }
    if (preopen >= 0 || fd < FIRST_PREOPEN || table.isForeign(fd)) return undefined;
    preopen = fd;
    table.put(fd, new DirectoryFile());
    return encoder.encode(DIRECTORY);
  }

  /** The path below the directory, a number of WASI, or undefined if the runtime is to be asked. */
  function below(fd: number, at: number, length: number): string | number | undefined {
    const file = table.get(fd);
    if (!memory.holds(at, length >>> 0)) return file === undefined ? undefined : WASI_FAULT;
    if (length >>> 0 > LONGEST) return file === undefined ? undefined : WASI_NAMETOOLONG;
    // A name is compared by its bytes, whether they are UTF-8 or not.
    const bytes = new Uint8Array(memory.view().buffer, at >>> 0, length >>> 0);
    const path = String.fromCharCode(...bytes);
    if (file instanceof DirectoryFile) return path.replace(/^(?:\.?\/+)*/, "").replace(/\/+$/, "");
    if (file !== undefined) return WASI_NOTDIR;
    const prefix = BELOW_ROOT.exec(path);
    return prefix === null ? undefined : path.slice(prefix[0].length).replace(/\/+$/, "");
  }

  /** The descriptor of the guest that `fd/N` names. */
  function descriptorIn(path: string): number | undefined {
    const [, digits] = DESCRIPTOR.exec(path) ?? [];
    const number = Number(digits);
    return digits !== undefined && table.get(number) !== undefined ? number : undefined;
  }

  const numberAt = (at: number): number => memory.view().getUint32(at >>> 0, true);

  function put(at: number, value: number): number {
    memory.view().setUint32(at >>> 0, value, true);
    return 0;
  }

  return {
    fd_prestat_get(fd: number, to: number): number {
      const name = nameOf(fd);
      if (name === undefined) return runtime.call("fd_prestat_get", fd, to);
      if (!memory.holds(to, PRESTAT_SIZE)) return WASI_FAULT;
      put(to, 0);
      return put((to >>> 0) + PRESTAT_LENGTH, name.length);
    },

    fd_prestat_dir_name(fd: number, to: number, length: number): number {
      const name = nameOf(fd);
      if (name === undefined) return runtime.call("fd_prestat_dir_name", fd, to, length);
      if (length >>> 0 < name.length) return WASI_NAMETOOLONG;
      if (!memory.holds(to, name.length)) return WASI_FAULT;
      new Uint8Array(memory.view().buffer).set(name, to >>> 0);
      return 0;
    },

    path_open(
      fd: number,
      lookup: number,
      at: number,
      length: number,
      oflags: number,
      rights: bigint,
      inheriting: bigint,
      fdflags: number,
      to: number,
    ): number {
      const path = below(fd, at, length);
      if (typeof path === "number") return path;
      if (path === undefined) {
        const open = (flags: number): number =>
          runtime.call("path_open", fd, lookup, at, length, flags, rights, inheriting, fdflags, to);
        let result = open(oflags);
        // The runtime does not know the numbers of the table. It keeps one that is in use here, and opens the
        // path, which exists now, under the next one.
        while (result === 0 && memory.holds(to, 4) && table.get(numberAt(to)) !== undefined) {
          result = open(oflags & ~EXCLUSIVE);
        }
        if (result === 0 && memory.holds(to, 4)) table.uncover(numberAt(to));
        return result;
      }
      if (!memory.holds(to, 4)) return WASI_FAULT;
      if (path === "" || path === ".") return put(to, table.add(new DirectoryFile(), true));
      const given = descriptorIn(path);
      if (given === undefined && !names.has(path)) return WASI_NOENT;
      if (oflags & ONLY_DIRECTORY) return WASI_NOTDIR;
      if ((oflags & (CREATE | EXCLUSIVE)) === (CREATE | EXCLUSIVE)) return WASI_EXIST;
      if (fdflags & ~0x1f) return WASI_INVAL;
      if (fdflags & ~FDFLAG_NONBLOCK) return WASI_NOTSUP;
      const refused = table.room(given === undefined ? names.costOf(path) : 1);
      if (refused < 0) return wasiErrno(-refused);
      const host = given === undefined ? names.open(path) : table.duplicate(given);
      if (host < 0) return wasiErrno(-host);
      const number = table.addHost(host, (fdflags & FDFLAG_NONBLOCK) === 0);
      return number < 0 ? wasiErrno(-number) : put(to, number);
    },

    path_filestat_get(fd: number, flags: number, at: number, length: number, to: number): number {
      const path = below(fd, at, length);
      if (typeof path === "number") return path;
      if (path === undefined) {
        return runtime.call("path_filestat_get", fd, flags, at, length, to);
      }
      if (!memory.holds(to, FILESTAT_SIZE)) return WASI_FAULT;
      const isDirectory = path === "" || path === ".";
      if (!isDirectory && !names.has(path) && descriptorIn(path) === undefined) return WASI_NOENT;
      const view = memory.view();
      new Uint8Array(view.buffer, to >>> 0, FILESTAT_SIZE).fill(0);
      const type = isDirectory ? new DirectoryFile().filetype : TYPE_STREAM;
      view.setUint8((to >>> 0) + FILESTAT_TYPE, type);
      view.setUint32((to >>> 0) + FILESTAT_NLINK, 1, true);
      return 0;
    },

    path_symlink(from: number, length: number, fd: number, at: number, atLength: number): number {
      if (table.get(fd) !== undefined) return WASI_NOTSUP;
      return runtime.call("path_symlink", from, length, fd, at, atLength);
    },
  };
}
