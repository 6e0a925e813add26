// Calls of a guest on its descriptors and paths.

import * as os from "../../../bindings/node/os.ts";
import { createGuest } from "../../../wasi/guest/guest.ts";
import {
  FDSTAT_SIZE,
  FILESTAT_SIZE,
  PRESTAT_SIZE,
  VECTOR_SIZE,
} from "../../../wasi/guest/preview1.ts";
import type { Arena, Range } from "./arena.ts";
import {
  type Call,
  drawDirectory,
  drawFd,
  drawLimits,
  type Functions,
  type Group,
  HIGHEST_ERROR,
  isInside,
  NOTHING,
  onSuccess,
  type World,
} from "./group.ts";

/** The descriptors of the runtime below: a directory, and something else. */
const [THEIR_DIRECTORY, THEIR_FILE] = [40, 41];
const [BADF, FAULT] = [8, 21];

/** A call with more buffers is refused (IOV_MAX). */
const MOST_VECTORS = 1024;

const PATHS = [
  ".",
  "",
  "/",
  "..",
  "pair/x/a",
  "pair/x/b",
  "pair/y/a",
  "pair/y/c",
  "eventfd/e",
  "./eventfd//",
  "fd/3",
  "fd/9",
  "fd/99999999999",
  "dev/omnipoll/pair/z/a",
  "/dev/omnipoll/eventfd/f",
  "\u{fffd}é/\0",
].map((path) => new TextEncoder().encode(path));

const has = (fd: number): boolean => fd === THEIR_DIRECTORY || fd === THEIR_FILE;

/** A runtime below the guest, which has a descriptor for files and one directory, and checks its addresses. */
export function runtimeBelow({ arena }: World): Functions {
  let opened = 42;
  const view = (): DataView => new DataView(arena().memory.buffer);
  return {
    fd_fdstat_get(fd: number, to: number) {
      if (!has(fd)) return BADF;
      if ((to >>> 0) + FDSTAT_SIZE > view().byteLength) return FAULT;
      for (let i = 0; i < FDSTAT_SIZE; i++) view().setUint8((to >>> 0) + i, 0x2a);
      return 0;
    },
    path_open(fd: number, ...given: readonly number[]) {
      const to = (given[7] as number) >>> 0;
      if (fd !== THEIR_DIRECTORY) return BADF;
      if (to + 4 > view().byteLength) return FAULT;
      view().setUint32(to, opened++ % 600, true);
      return 0;
    },
    fd_close: (fd: number) => (has(fd) ? 0 : BADF),
    fd_read: (fd: number) => (has(fd) ? FAULT : BADF),
  };
}

/** Writes an array of buffers, valid as a rule. */
function writeVectors({ draw, arena }: World, at: number, count: number): void {
  const memory = arena();
  for (let i = 0; i < Math.min(count >>> 0, 40); i++) {
    const vector = (at >>> 0) + i * VECTOR_SIZE;
    if (!isInside(memory, vector, VECTOR_SIZE)) return;
    const length = draw.once(draw.isTame ? 300 : 30)
      ? draw.word()
      : draw.pick(0, 1, 3, 8, 40, 1000);
    memory.view.setInt32(vector, draw.address(length >>> 0, memory), true);
    memory.view.setInt32(vector + 4, length, true);
  }
}

/** The buffers of an array, as far as it lies in the memory. */
function vectorsAt({ view, size }: Arena, at: number, count: number): Range[] {
  const vectors: Range[] = [];
  for (let i = 0; i < Math.min(count >>> 0, MOST_VECTORS); i++) {
    const vector = (at >>> 0) + i * VECTOR_SIZE;
    if (vector + VECTOR_SIZE > size) break;
    vectors.push([view.getUint32(vector, true), view.getUint32(vector + 4, true)]);
  }
  return vectors;
}

/** The bytes of buffers that a read of `bytes` bytes fills. */
function filledBy(vectors: readonly Range[], bytes: number): Range[] {
  const ranges: Range[] = [];
  let left = bytes;
  for (const [at, length] of vectors) {
    ranges.push([at, Math.min(length, left)]);
    left -= Math.min(length, left);
  }
  return ranges;
}

type Make = () => Omit<Call, "name">;

/** How the arguments of each call are drawn. */
function makesOf(world: World): Record<string, Make> {
  const { draw } = world;
  const fd = (): number => drawFd(world);
  /** A socket, as a rule: see makeTargets. */
  const socket = (): number => (draw.once(3) ? fd() : 9 + draw.below(8));
  const address = (length: number): number => draw.address(length, world.arena());
  const wide = (): bigint => BigInt.asIntN(64, BigInt(draw.word()) << BigInt(draw.pick(0, 31)));
  const flags = (): number => draw.flags(0, 1, 2, 4);

  /** A call without results. */
  const plain = (...more: ReadonlyArray<() => number | bigint>): Make => {
    return () => ({ given: [fd(), ...more.map((make) => make())], wrote: NOTHING });
  };
  const word = (): number => draw.word();
  /** A call that fills a record. */
  const record = (size: number): Make => {
    return () => {
      const to = address(size);
      return { given: [fd(), to], wrote: onSuccess([to, size]) };
    };
  };
  function vectors(): [at: number, count: number] {
    const count = draw.once(4) ? draw.count(VECTOR_SIZE, world.arena().size) : draw.below(5);
    const at = address(Math.min(count >>> 0, 100) * VECTOR_SIZE);
    writeVectors(world, at, count);
    return [at, count];
  }
  /** The ranges of a read whose result is at `to`. */
  function filled(at: number, count: number, to: number, ...more: readonly Range[]) {
    const buffers = vectorsAt(world.arena(), at, count);
    return (result: number): readonly Range[] => {
      const arena = world.arena();
      if (result !== 0) return [];
      const bytes = new DataView(arena.memory.buffer).getUint32(to >>> 0, true);
      return [...filledBy(buffers, bytes), [to, 4], ...more];
    };
  }
  function path(): [at: number, length: number] {
    const text = draw.pick(...PATHS);
    const at = address(text.length);
    if (!isInside(world.arena(), at, text.length)) return [at, draw.pick(text.length, draw.word())];
    for (const [i, byte] of text.entries()) world.arena().view.setUint8((at >>> 0) + i, byte);
    return [at, draw.once(20) ? draw.word() : text.length];
  }
  const pathOf = (): [fd: number, ...path: number[]] => [drawDirectory(world), ...path()];

  return {
    fd_read() {
      const [at, count] = vectors();
      const to = address(4);
      return { given: [fd(), at, count, to], wrote: filled(at, count, to) };
    },
    fd_write() {
      const to = address(4);
      return { given: [fd(), ...vectors(), to], wrote: onSuccess([to, 4]) };
    },
    sock_recv() {
      const [at, count] = vectors();
      const [to, flagsTo] = [address(4), address(2)];
      const given = [socket(), at, count, flags(), to, flagsTo];
      return { given, wrote: filled(at, count, to, [flagsTo, 2]) };
    },
    sock_send() {
      const to = address(4);
      return { given: [socket(), ...vectors(), flags(), to], wrote: onSuccess([to, 4]) };
    },
    sock_accept() {
      const to = address(4);
      return { given: [socket(), flags(), to], wrote: onSuccess([to, 4]) };
    },
    // Seldom: a socket that is shut down has nothing more to tell.
    sock_shutdown: () => ({ given: [draw.once(4) ? socket() : fd(), flags()], wrote: NOTHING }),
    fd_close: plain(),
    fd_renumber: plain(fd),
    fd_fdstat_get: record(FDSTAT_SIZE),
    fd_fdstat_set_flags: plain(flags),
    fd_filestat_get: record(FILESTAT_SIZE),
    fd_prestat_get() {
      const to = address(PRESTAT_SIZE);
      return { given: [drawDirectory(world), to], wrote: onSuccess([to, PRESTAT_SIZE]) };
    },
    fd_prestat_dir_name() {
      const length = draw.pick(0, 1, 13, 20, draw.word());
      const to = address(length >>> 0);
      return { given: [drawDirectory(world), to, length], wrote: onSuccess([to, length >>> 0]) };
    },
    path_open() {
      const to = address(4);
      const [dir, at, length] = pathOf();
      const given = [dir, flags(), at, length, flags(), wide(), wide(), flags(), to] as number[];
      return { given, wrote: onSuccess([to, 4]) };
    },
    path_filestat_get() {
      const to = address(FILESTAT_SIZE);
      const [dir, at, length] = pathOf() as [number, number, number];
      return { given: [dir, flags(), at, length, to], wrote: onSuccess([to, FILESTAT_SIZE]) };
    },
    path_symlink: () => ({ given: [...path(), ...pathOf()], wrote: NOTHING }),
    fd_advise: plain(wide, wide, word),
    fd_allocate: plain(wide, wide),
    fd_datasync: plain(),
    fd_sync: plain(),
    fd_fdstat_set_rights: plain(wide, wide),
    fd_filestat_set_size: plain(wide),
    fd_filestat_set_times: plain(wide, wide, word),
    fd_pread: plain(word, word, wide, word),
    fd_pwrite: plain(word, word, wide, word),
    fd_readdir: plain(word, word, wide, word),
    fd_seek: plain(wide, word, word),
    fd_tell: plain(word),
    path_create_directory: () => ({ given: pathOf(), wrote: NOTHING }),
    path_filestat_set_times: plain(word, word, word, wide, wide, word),
    path_link: plain(word, word, word, fd, word, word),
    path_readlink: plain(word, word, word, word, word),
    path_remove_directory: () => ({ given: pathOf(), wrote: NOTHING }),
    path_rename: plain(word, word, fd, word, word),
    path_unlink_file: () => ({ given: pathOf(), wrote: NOTHING }),
  };
}

/** Calls that change nothing and are refused are drawn less often. */
const SELDOM =
  /^fd_(?:advise|allocate|datasync|sync|fdstat_set_rights|filestat_set|pread|pwrite|readdir|seek|tell)|^path_(?!open|filestat_get)/;

/** Draws calls of the functions that a guest imports besides poll_oneoff. */
export function preview1Calls(world: World, functions: Functions): () => Call {
  const { draw } = world;
  const makes = makesOf(world);
  const names = Object.keys(functions).filter((name) => name !== "poll_oneoff");
  const unlisted = names.filter((name) => makes[name] === undefined);
  if (unlisted.length > 0) {
    throw new Error(`test/fuzz/wasi/preview1.ts has no arguments for ${unlisted.join(", ")}`);
  }
  const often = names.filter((name) => !SELDOM.test(name));
  return () => {
    const name = draw.once(10) ? draw.pick(...names) : draw.pick(...often);
    return { name, ...(makes[name] as Make)() };
  };
}

export const PREVIEW1: Group = {
  name: "descriptors",
  results: [0, HIGHEST_ERROR],
  open(world) {
    const { bounded, memory, draw, targets } = world;
    const guest = createGuest({
      select: bounded.select,
      os,
      memory,
      fds: targets,
      numbers: draw.pick("lowest", "in turn"),
      ...drawLimits(world),
      ...(draw.once(2) && { under: runtimeBelow(world) }),
    });
    return { guest, functions: guest.imports, next: preview1Calls(world, guest.imports) };
  },
};
