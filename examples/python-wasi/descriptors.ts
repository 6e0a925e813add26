// Descriptors of the host beside those of a sandbox: 0, 1 and 2 of this process, and those that the guest opens by
// paths below /dev/omnipoll:
//
//   pair/NAME/a, pair/NAME/b   the ends of a stream socket pair
//   fd/N                       a duplicate of the descriptor N that the host hands in, or of one opened here
//
// Their numbers begin at 512 and are not used again: wasi-vfs, which is linked into CPython's build, goes on
// translating to the number of a descriptor that the guest has closed.

import { fstatSync, openSync } from "node:fs";
import * as select from "omnipoll";
import * as os from "omnipoll/os";
import { createPollOneoff } from "omnipoll/wasi";
import { EVENT_IN, EVENT_OUT } from "../../asm/abi.ts";
import { WASI_BADF, WASI_INVAL, WASI_IO, WASI_NOTSUP, wasiErrno } from "../../wasi/errno.ts";

/** Functions of wasi_snapshot_preview1 by name. */
export type Imports = Record<string, (...args: never[]) => number>;
type Call = (...args: Array<number | bigint>) => number;

export interface DescriptorsOptions {
  /** The sandbox's own functions. */
  readonly under: Imports;
  readonly memory: () => WebAssembly.Memory;
  /** Descriptors of the host that the guest opens as fd/N. */
  readonly handedIn: ReadonlyMap<number, number>;
  /** The clock of the sandbox for both ids of clocks, if it is not the host's. */
  readonly clock?: () => bigint;
}

const FOLDER = "/dev/omnipoll";
const FIRST_FD = 512;
/** The device of all descriptors here: "omnipoll". The number of the inode is that of the descriptor. */
const DEVICE = 0x6f6d_6e69_706f_6c6cn;

const TYPE_CHARACTER_DEVICE = 2;
const TYPE_DIRECTORY = 3;
const TYPE_REGULAR_FILE = 4;
const TYPE_STREAM = 6;
const FLAG_NONBLOCK = 4;
const ALL_RIGHTS = 2n ** 64n - 1n;
/** Reading, writing, their polling, and no seek: what tells a terminal or a socket from a file. */
const RIGHTS = (1n << 1n) | (1n << 6n) | (1n << 27n) | (1n << 21n) | (1n << 3n) | (1n << 28n);
const NOENT = 44;
const SPIPE = 70;
const RECV_PEEK = 1;
const RECV_WAITALL = 2;

interface Entry {
  readonly fd: number;
  readonly type: number;
  /** The guest's fdflags. */
  flags: number;
}

/** The type of a descriptor of the host. */
function typeOf(fd: number): number {
  const stat = fstatSync(fd);
  if (stat.isCharacterDevice()) return TYPE_CHARACTER_DEVICE;
  return stat.isFile() ? TYPE_REGULAR_FILE : TYPE_STREAM;
}

/** Makes calls of the host; 0, or WASI's number of the error. */
function attempt(act: () => void): number {
  try {
    act();
    return 0;
  } catch (error) {
    const { errno } = error as { errno?: number };
    // The guest's address may be wrong.
    return errno === undefined ? WASI_IO : wasiErrno(errno);
  }
}

function isAgain(error: unknown): boolean {
  return (error as { code?: string }).code === "EAGAIN";
}

function read(fd: number, buffer: Uint8Array): number {
  const bytes = os.read(fd, buffer.length);
  buffer.set(bytes);
  return bytes.length;
}

function peek(fd: number, buffer: Uint8Array): number {
  const bytes = os.recv(fd, buffer.length, os.MSG_PEEK);
  buffer.set(bytes);
  return bytes.length;
}

/** The functions that a guest imports instead of the sandbox's. */
export function createDescriptors(options: DescriptorsOptions): Imports {
  const { under, memory, handedIn, clock } = options;
  const entries = new Map<number, Entry>();
  for (const fd of [0, 1, 2]) entries.set(fd, { fd, type: typeOf(fd), flags: 0 });
  /** Ends of pairs that are not opened yet, by NAME/a and NAME/b. */
  const ends = new Map<string, number>();
  /** The sandbox's open numbers. A file of the sandbox is always ready, and has no number of the host. */
  const files = new Set<number>();
  const always = { fd: openSync("/dev/null", "r"), poll: false } as const;
  let next = FIRST_FD;
  /** The number of the folder: the first after the preopened folders of the sandbox. */
  let folder = -1;

  const view = (): DataView => new DataView(memory().buffer);
  const below = (name: string): Call => (under[name] ?? (() => WASI_NOTSUP)) as Call;

  /** The buffers of an array of iovecs that have room. */
  function buffersOf(address: number, count: number): Uint8Array[] {
    const all = view();
    return Array.from({ length: count }, (_, i) => {
      const at = all.getUint32(address + 8 * i, true);
      return new Uint8Array(
        all.buffer as ArrayBuffer,
        at,
        all.getUint32(address + 8 * i + 4, true),
      );
    }).filter(({ length }) => length > 0);
  }

  /** Transfers bytes of the first buffer that has any; waits for the descriptor if the guest's blocks. */
  function transfer(
    { fd, flags }: Entry,
    event: number,
    buffers: readonly Uint8Array[],
    one: (fd: number, buffer: Uint8Array) => number,
  ): number {
    let sum = 0;
    for (const buffer of buffers) {
      let count: number | undefined;
      while (count === undefined) {
        try {
          count = one(fd, buffer);
        } catch (error) {
          if (sum > 0) return sum;
          if (!isAgain(error) || flags & FLAG_NONBLOCK) throw error;
          const poll = select.poll();
          poll.register(fd, event);
          poll.poll();
        }
      }
      sum += count;
      if (count < buffer.length) break;
    }
    return sum;
  }

  function open(path: string): number {
    const end = /^pair\/([^/]+)\/([ab])$/.exec(path);
    if (end) {
      const key = `${end[1]}/${end[2]}`;
      if (!ends.has(key)) {
        const [a, b] = os.socketpair();
        ends.set(`${end[1]}/a`, a).set(`${end[1]}/b`, b);
      }
      const fd = ends.get(key) as number;
      ends.delete(key);
      return fd;
    }
    const number = /^fd\/(\d{1,9})$/.exec(path)?.[1];
    const known = number === undefined ? undefined : Number(number);
    if (known === undefined) return -NOENT;
    const fd = handedIn.get(known) ?? entries.get(known)?.fd;
    return fd === undefined ? -NOENT : os.dup(fd);
  }

  const own: Record<string, Call> = {
    fd_prestat_get(fd, to) {
      const result = fd === folder ? WASI_BADF : below("fd_prestat_get")(fd, to);
      if (result === 0) files.add(fd as number);
      if (result !== WASI_BADF) return result;
      if (folder < 0) folder = fd as number;
      if (fd !== folder) return WASI_BADF;
      view().setUint8(to as number, 0);
      view().setUint32((to as number) + 4, FOLDER.length, true);
      return 0;
    },
    fd_prestat_dir_name(fd, to, length) {
      if (fd !== folder) return below("fd_prestat_dir_name")(fd, to, length);
      const name = new TextEncoder().encode(FOLDER).subarray(0, length as number);
      new Uint8Array(memory().buffer, to as number).set(name);
      return 0;
    },
    path_open(fd, look, path, length, oflags, rights, inheriting, fdflags, to) {
      const given = [fd, look, path, length, oflags, rights, inheriting, fdflags, to] as const;
      if (fd !== folder) {
        const result = below("path_open")(...given);
        if (result !== 0) return result;
        const number = view().getUint32(to as number, true);
        // The sandbox has no folder of ours: its number stays taken there, and the file has another one.
        if (number === folder) return below("path_open")(...given);
        files.add(number);
        return 0;
      }
      const bytes = new Uint8Array(memory().buffer, path as number, length as number);
      return attempt(() => {
        const host = open(new TextDecoder().decode(bytes.slice()));
        if (host < 0) throw Object.assign(new Error("no such path"), { errno: 2 });
        os.set_blocking(host, false);
        const flags = (fdflags as number) & FLAG_NONBLOCK;
        entries.set(next, { fd: host, type: TYPE_STREAM, flags });
        view().setUint32(to as number, next++, true);
      });
    },
    fd_close(fd) {
      const entry = entries.get(fd as number);
      entries.delete(fd as number);
      if (entry !== undefined) return attempt(() => os.close(entry.fd));
      files.delete(fd as number);
      return below("fd_close")(fd);
    },
    fd_fdstat_get(fd, to) {
      const entry = entries.get(fd as number);
      if (entry === undefined && fd !== folder) return below("fd_fdstat_get")(fd, to);
      const at = to as number;
      view().setUint8(at, entry?.type ?? TYPE_DIRECTORY);
      view().setUint16(at + 2, entry?.flags ?? 0, true);
      view().setBigUint64(at + 8, entry === undefined ? ALL_RIGHTS : RIGHTS, true);
      view().setBigUint64(at + 16, entry === undefined ? ALL_RIGHTS : 0n, true);
      return 0;
    },
    fd_filestat_get(fd, to) {
      const entry = entries.get(fd as number);
      if (entry === undefined && fd !== folder) return below("fd_filestat_get")(fd, to);
      new Uint8Array(memory().buffer, to as number, 64).fill(0);
      view().setBigUint64(to as number, DEVICE, true);
      view().setBigUint64((to as number) + 8, BigInt(fd), true);
      view().setUint8((to as number) + 16, entry?.type ?? TYPE_DIRECTORY);
      return 0;
    },
    poll_oneoff: createPollOneoff({
      select,
      memory,
      fds: (fd) => entries.get(fd)?.fd ?? (files.has(fd) ? always : undefined),
      ...(clock === undefined ? {} : { clocks: { 0: clock, 1: clock } }),
    }) as unknown as Call,
  };

  /** A function for descriptors here, and the sandbox's for the others. */
  function over(name: string, act: (entry: Entry, ...rest: number[]) => number): void {
    own[name] = (fd, ...rest) => {
      const entry = entries.get(fd as number);
      return entry === undefined ? below(name)(fd, ...rest) : act(entry, ...(rest as number[]));
    };
  }

  over("fd_read", (entry, iovs = 0, count = 0, to = 0) =>
    attempt(() => {
      const sum = transfer(entry, EVENT_IN, buffersOf(iovs, count), read);
      view().setUint32(to, sum, true);
    }),
  );
  over("fd_write", (entry, iovs = 0, count = 0, to = 0) =>
    attempt(() => {
      const sum = transfer(entry, EVENT_OUT, buffersOf(iovs, count), os.write);
      view().setUint32(to, sum, true);
    }),
  );
  over("fd_fdstat_set_flags", (entry, flags = 0) => {
    entry.flags = flags & FLAG_NONBLOCK;
    return 0;
  });
  over("fd_seek", () => SPIPE);
  over("fd_tell", () => SPIPE);
  over("sock_recv", (entry, iovs = 0, count = 0, flags = 0, to = 0, outFlags = 0) => {
    if (flags & RECV_WAITALL) return WASI_NOTSUP;
    return attempt(() => {
      const one = flags & RECV_PEEK ? peek : read;
      view().setUint32(to, transfer(entry, EVENT_IN, buffersOf(iovs, count), one), true);
      view().setUint16(outFlags, 0, true);
    });
  });
  over("sock_send", (entry, iovs = 0, count = 0, _flags = 0, to = 0) =>
    attempt(() => {
      const sum = transfer(entry, EVENT_OUT, buffersOf(iovs, count), os.write);
      view().setUint32(to, sum, true);
    }),
  );
  over("sock_shutdown", ({ fd }, how = 0) => {
    if (how < 1 || how > 3) return WASI_INVAL;
    return attempt(() => os.shutdown(fd, how - 1));
  });
  over("sock_accept", () => WASI_NOTSUP);
  return own as unknown as Imports;
}
