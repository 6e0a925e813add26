// The functions of a guest that adapters put over those of a runtime: waits, and the bytes of the descriptors
// that the guest was given. Every other number is the runtime's own.

import {
  EVENT_IN,
  EVENT_OUT,
  FD_DATAGRAM,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_FILE,
  FD_TERMINAL,
  STAT_KIND,
  STAT_SIZE,
} from "../../asm/abi.ts";
import type { Host } from "../../host/host.ts";
import type { Clock } from "../clocks.ts";
import { WASI_BADF, WASI_FAULT, WASI_NOTSUP, wasiErrno } from "../errno.ts";
import { failureOf } from "../guest/failure.ts";
import { GuestMemory } from "../guest/memory.ts";
import { createPollOneoff } from "../oneoff.ts";
import { isSource, type OneoffHost, slotOf, type Target } from "../slots.ts";
import type { Source } from "../source.ts";
import { Waiter } from "../wait.ts";

const EAGAIN = 11;
const [STDIN, STDOUT, STDERR] = [0, 1, 2];
/** Bytes of one ciovec or iovec: an address and a length. */
const VECTOR_SIZE = 8;
/** fdstat: fs_filetype u8 @0, fs_flags u16 @2, fs_rights_base u64 @8, fs_rights_inheriting u64 @16. */
const FDSTAT_SIZE = 24;
const FDSTAT_RIGHTS = 8;
const ALL_RIGHTS = 2n ** 29n - 1n;
/** fd_seek and fd_tell: isatty() of wasi-libc takes a device that has them for no terminal. */
const SEEK_RIGHTS = (1n << 2n) | (1n << 5n);
const REGULAR_FILE = 4;
/** Where `isOpenBelow` lets the runtime write, and puts back the guest's bytes. */
const SCRATCH = 16;

/** WASI functions by name, as a runtime has them. */
export type Calls = Record<string, (...given: never[]) => unknown>;

/** What an adapter needs to know of a guest. */
export interface AdapterOptions {
  /** The module omnipoll, or any object with a host, whose descriptors the guest waits for. */
  readonly select: { readonly host: OneoffHost & Pick<Host, "fd_stat"> };
  /** The module omnipoll/os of the same host. */
  readonly os: {
    read(fd: number, n: number): Uint8Array;
    write(fd: number, data: Uint8Array): number;
  };
  /** The guest's memory, or a function that returns it: it may exist only after instantiation. */
  readonly memory: WebAssembly.Memory | (() => WebAssembly.Memory);
  /** Targets of the descriptors 0, 1 and 2. Default: those of the runtime. */
  readonly stdin?: Target;
  readonly stdout?: Target;
  readonly stderr?: Target;
  /** Targets of further descriptors, by the number that the guest knows. */
  readonly fds?: ReadonlyMap<number, Target>;
  /** The runtime's own clocks, if they are not the host's. Default: those of the adapter. */
  readonly clocks?: Partial<Record<0 | 1, Clock>>;
  /** How poll_oneoff reports a descriptor that is not open. Default: "event". */
  readonly badf?: "event" | "call";
}

/** A descriptor of the runtime, which poll_oneoff cannot ask: files are always ready. */
const RUNTIMES_OWN: Source = {
  filetype: REGULAR_FILE,
  ready: () => EVENT_IN | EVENT_OUT,
  readable: () => -1,
  writable: () => -1,
  read: () => -EAGAIN,
  write: () => -EAGAIN,
  watch: () => () => {},
  shutdown: () => 0,
  close: () => {},
};

/** The result of a call, or the negative errno of the OSError that it throws. */
function attempt(body: () => number): number {
  try {
    return body();
  } catch (error) {
    return failureOf(error);
  }
}

/** fs_filetype of a kind of descriptor of the host. */
function filetypeOf(kind: number): number {
  if (kind === FD_FILE) return REGULAR_FILE;
  if (kind === FD_DIRECTORY) return 3;
  if (kind === FD_DEVICE || kind === FD_TERMINAL) return 2;
  return kind === FD_DATAGRAM ? 5 : 6;
}

/** The descriptors that a guest was given, by their numbers. */
export function targetsOf({ stdin, stdout, stderr, fds }: AdapterOptions): Map<number, Target> {
  const table = new Map<number, Target>(fds ?? []);
  for (const [fd, target] of [
    [STDIN, stdin],
    [STDOUT, stdout],
    [STDERR, stderr],
  ] as const) {
    if (target !== undefined) table.set(fd, target);
  }
  return table;
}

/**
 * The functions of one guest over those of its runtime.
 *
 * @param under the runtime's own functions, which answer for numbers that the guest was not given
 * @param table the descriptors that the guest was given; `fd_close` takes them away
 */
export function guestCalls(
  options: AdapterOptions,
  under: Calls,
  table: Map<number, Target> = targetsOf(options),
): Calls {
  const { select, os } = options;
  const memory = new GuestMemory(options.memory);
  const waiter = new Waiter(select.host);
  const records = new WebAssembly.Memory({ initial: 1 });
  /** The result of a function of the runtime; NOTSUP, never undefined, if there is none. */
  function below(name: string, given: readonly unknown[]): number {
    const call = under[name] as ((...given: readonly unknown[]) => unknown) | undefined;
    const result = call?.(...given) ?? (call === undefined ? WASI_NOTSUP : 0);
    return result as number;
  }

  /** Whether the runtime has a descriptor open: its fdstat goes to bytes that are put back. */
  function isOpenBelow(fd: number): boolean {
    if (!memory.has(SCRATCH, 1, FDSTAT_SIZE)) return false;
    const kept = new Uint8Array(memory.view().buffer, SCRATCH, FDSTAT_SIZE).slice();
    const result = below("fd_fdstat_get", [fd, SCRATCH]);
    new Uint8Array(memory.view().buffer, SCRATCH, FDSTAT_SIZE).set(kept);
    return result === 0;
  }

  /** Makes a call of a target until it has a result: a guest's reads and writes block. */
  function untilDone(target: Target, want: number, call: () => number): number {
    for (;;) {
      const result = call();
      if (result !== -EAGAIN || !isSource(target)) return result;
      const waited = waiter.poll({ slots: [slotOf(target, want)], ms: -1 });
      if (waited < 0) return waited;
    }
  }

  function readInto(target: Target, bytes: Uint8Array): number {
    if (isSource(target)) return target.read(bytes);
    return attempt(() => {
      const got = os.read(typeof target === "number" ? target : target.fd, bytes.length);
      bytes.set(got);
      return got.length;
    });
  }

  function writeFrom(target: Target, bytes: Uint8Array): number {
    if (isSource(target)) return target.write(bytes);
    return attempt(() => os.write(typeof target === "number" ? target : target.fd, bytes));
  }

  /** fd_read or fd_write: `move` moves the bytes of one vector. */
  function transfer(
    target: Target,
    want: number,
    vectors: readonly [at: number, count: number, done: number],
    move: (target: Target, bytes: Uint8Array) => number,
  ): number {
    const [at, count, done] = vectors.map((value) => value >>> 0) as [number, number, number];
    if (!memory.has(at, count, VECTOR_SIZE) || !memory.has(done, 1, 4)) return WASI_FAULT;
    let moved = 0;
    for (let i = 0; i < count; i++) {
      const view = memory.view();
      const from = view.getUint32(at + i * VECTOR_SIZE, true);
      const length = view.getUint32(at + i * VECTOR_SIZE + 4, true);
      if (length === 0) continue;
      if (!memory.has(from, length, 1)) return moved > 0 ? finish(done, moved) : WASI_FAULT;
      // What has been moved is never lost: only the first vector waits, and only its error is an answer.
      const call = (): number => move(target, new Uint8Array(memory.view().buffer, from, length));
      const result = moved > 0 ? call() : untilDone(target, want, call);
      if (result < 0) return moved > 0 ? finish(done, moved) : wasiErrno(-result);
      moved += result;
      if (result < length) break;
    }
    return finish(done, moved);
  }

  function finish(done: number, moved: number): number {
    memory.view().setUint32(done, moved, true);
    return 0;
  }

  function filetype(target: Target): number {
    if (isSource(target)) return target.filetype;
    const fd = typeof target === "number" ? target : target.fd;
    if (select.host.fd_stat(records, fd, 0) < 0) return -1;
    return filetypeOf(new DataView(records.buffer, 0, STAT_SIZE).getUint32(STAT_KIND, true));
  }

  const calls = {
    poll_oneoff: createPollOneoff({
      ...options,
      fds: (fd) => table.get(fd) ?? (isOpenBelow(fd) ? RUNTIMES_OWN : undefined),
    }),

    fd_read(fd: number, at: number, count: number, done: number): number {
      const target = table.get(fd);
      if (target === undefined) return below("fd_read", [fd, at, count, done]);
      return transfer(target, EVENT_IN, [at, count, done], readInto);
    },

    fd_write(fd: number, at: number, count: number, done: number): number {
      const target = table.get(fd);
      if (target === undefined) return below("fd_write", [fd, at, count, done]);
      return transfer(target, EVENT_OUT, [at, count, done], writeFrom);
    },

    fd_fdstat_get(fd: number, to: number): number {
      const target = table.get(fd);
      if (target === undefined) return below("fd_fdstat_get", [fd, to]);
      if (!memory.has(to, 1, FDSTAT_SIZE)) return WASI_FAULT;
      const type = filetype(target);
      if (type < 0) return WASI_BADF;
      const at = to >>> 0;
      const view = memory.view();
      new Uint8Array(view.buffer, at, FDSTAT_SIZE).fill(0);
      view.setUint8(at, type);
      const rights = type === REGULAR_FILE ? ALL_RIGHTS : ALL_RIGHTS & ~SEEK_RIGHTS;
      view.setBigUint64(at + FDSTAT_RIGHTS, rights, true);
      return 0;
    },

    /** Takes the number from the guest; the target belongs to the program that gave it. */
    fd_close(fd: number): number {
      return table.delete(fd) ? 0 : below("fd_close", [fd]);
    },
  };
  return { ...under, ...calls };
}
