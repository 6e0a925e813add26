// core.wasi.wasm on a host of JavaScript: the functions of wasi_snapshot_preview1 that the standalone core
// imports, over the calls of the host. A descriptor of the runtime is the host's, under the same number.

import {
  ACCESS_READ,
  ACCESS_WRITE,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_FILE,
  STAT_BYTES,
  STAT_DEV,
  STAT_FLAGS,
  STAT_INO,
  STAT_KIND,
  STAT_NLINK,
  STAT_OFFSET,
} from "../asm/abi.ts";
import { absentCalls } from "../host/calls.ts";
import type { Host } from "../host/host.ts";
import { clocksOf } from "./clocks.ts";
import { WASI_FAULT, WASI_INVAL, WASI_SPIPE, wasiErrno } from "./errno.ts";
import { filetypeOf } from "./filetype.ts";
import { RIGHT_READ, RIGHT_SEEK, RIGHT_TELL, RIGHT_WRITE } from "./guest/preview1.ts";
import { createPollOneoff, type GuestPollOneoff } from "./oneoff.ts";
import {
  FDSTAT_RIGHTS,
  FDSTAT_SIZE,
  FDSTAT_TYPE,
  FILESTAT_BYTES,
  FILESTAT_DEV,
  FILESTAT_INO,
  FILESTAT_NLINK,
  FILESTAT_SIZE,
  FILESTAT_TYPE,
} from "./preview1.ts";

const HAS_POSITION = new Set([FD_FILE, FD_DIRECTORY, FD_DEVICE]);

/** The imports of core.wasi.wasm. Each function returns 0 or an error number of WASI. */
export interface StandaloneImports {
  readonly wasi_snapshot_preview1: {
    readonly poll_oneoff: GuestPollOneoff;
    clock_time_get(clock: number, precision: bigint, time: number): number;
    fd_filestat_get(fd: number, filestat: number): number;
    fd_fdstat_get(fd: number, fdstat: number): number;
    fd_tell(fd: number, offset: number): number;
    fd_close(fd: number): number;
  };
}

/** The calls of a host that the imports make. */
export type StandaloneHost = Pick<
  Host,
  "poll" | "fd_data" | "fd_stat" | "close" | "now" | "realtime" | "takeFailure" | "interrupt"
>;

/**
 * The imports of core.wasi.wasm over the calls of a host.
 *
 * @param memoryOf the memory of the core, which exists once the core is instantiated
 */
export function standaloneImports(
  host: StandaloneHost,
  memoryOf: () => WebAssembly.Memory,
): StandaloneImports {
  const clocks = clocksOf(host, {});
  const records = new WebAssembly.Memory({ initial: 1 });

  /** The bytes at an address of the core's memory; undefined if one lies outside. */
  function viewAt(address: number, length: number): DataView | undefined {
    const { buffer } = memoryOf();
    const from = address >>> 0;
    return from + length > buffer.byteLength ? undefined : new DataView(buffer, from, length);
  }

  /** The stat record of a descriptor, or an error number of WASI. */
  function statOf(fd: number): DataView | number {
    const result = host.fd_stat(records, fd, 0);
    return result < 0 ? wasiErrno(-result) : new DataView(records.buffer);
  }

  /** A call that writes `length` bytes about a descriptor, all of them 0 before `write`. */
  function describing(
    length: number,
    write: (to: DataView, stat: DataView, kind: number) => number,
  ) {
    return (fd: number, address: number): number => {
      const to = viewAt(address, length);
      if (to === undefined) return WASI_FAULT;
      const stat = statOf(fd);
      if (typeof stat === "number") return stat;
      new Uint8Array(to.buffer, to.byteOffset, length).fill(0);
      return write(to, stat, stat.getUint32(STAT_KIND, true));
    };
  }

  return {
    wasi_snapshot_preview1: {
      poll_oneoff: createPollOneoff({ select: { host }, memory: memoryOf, fds: (fd) => fd }),
      clock_time_get(id, _precision, time) {
        const to = viewAt(time, 8);
        if (to === undefined) return WASI_FAULT;
        const clock = clocks[id];
        if (clock === undefined) return WASI_INVAL;
        to.setBigUint64(0, clock(), true);
        return 0;
      },
      fd_filestat_get: describing(FILESTAT_SIZE, (to, stat, kind) => {
        to.setBigUint64(FILESTAT_DEV, stat.getBigUint64(STAT_DEV, true), true);
        to.setBigUint64(FILESTAT_INO, stat.getBigUint64(STAT_INO, true), true);
        to.setUint8(FILESTAT_TYPE, filetypeOf(kind));
        to.setUint32(FILESTAT_NLINK, stat.getUint32(STAT_NLINK, true), true);
        to.setBigInt64(FILESTAT_BYTES, stat.getBigInt64(STAT_BYTES, true), true);
        return 0;
      }),
      fd_fdstat_get: describing(FDSTAT_SIZE, (to, stat, kind) => {
        const access = stat.getUint32(STAT_FLAGS, true);
        let rights = access & ACCESS_READ ? RIGHT_READ : 0n;
        if (access & ACCESS_WRITE) rights |= RIGHT_WRITE;
        // A terminal is a character device without a position (isatty of wasi-libc).
        if (HAS_POSITION.has(kind)) rights |= RIGHT_SEEK | RIGHT_TELL;
        to.setUint8(FDSTAT_TYPE, filetypeOf(kind));
        to.setBigUint64(FDSTAT_RIGHTS, rights, true);
        return 0;
      }),
      fd_tell: describing(8, (to, stat, kind) => {
        if (kind !== FD_FILE && kind !== FD_DIRECTORY) return WASI_SPIPE;
        to.setBigInt64(0, stat.getBigInt64(STAT_OFFSET, true), true);
        return 0;
      }),
      fd_close(fd) {
        const result = host.close(fd);
        return result < 0 ? wasiErrno(-result) : 0;
      },
    },
  };
}

/**
 * A host whose core is core.wasi.wasm, over the descriptors of `base`: poll(2) by poll_oneoff, and no call of the
 * platform besides. To try the standalone core.
 */
export function createStandaloneHost(base: Host): Host {
  return {
    ...base,
    ...absentCalls("epoll", "kqueue", "posts", "sources"),
    name: "standalone",
    capabilities: () => 0,
    core: {
      file: "core.wasi.wasm",
      importsOf: (host, memoryOf) => ({ ...standaloneImports(host, memoryOf) }),
      begin(exports) {
        // Its poll_oneoff counts the bytes of an event.
        (exports["trustBytes"] as (on: number) => void)(1);
      },
    },
  };
}
