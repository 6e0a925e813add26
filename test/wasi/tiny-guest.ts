// The descriptors of a guest of the tests, and the functions that it imports.

import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";
import { OSError } from "../../bindings/errors.ts";
import { inNanoseconds } from "../../wasi/clocks.ts";
import { wasiErrno } from "../../wasi/errno.ts";
import type { GuestFile, GuestFiles, Holder } from "../../wasi/guest/files.ts";
import { GuestMemory } from "../../wasi/guest/memory.ts";
import { omnipollCalls } from "../../wasi/guest/omnipoll.ts";
import { createPollOneoff } from "../../wasi/oneoff.ts";
import { slotOf } from "../../wasi/slots.ts";
import type { Source } from "../../wasi/source.ts";
import { Waiter } from "../../wasi/wait.ts";

/** What a number of the guest stands for: a descriptor of the host, a file of it, or a source. */
type Given = number | { readonly fd: number; readonly poll: false } | Source;

const [BADF, INVAL, NOENT] = [8, 28, 44];
const EAGAIN = 11;
const NONBLOCK = 4;
const PREOPEN = 3;
const FOLDER = new TextEncoder().encode("/dev/omnipoll");

type Open = GuestFile & {
  read?(buffer: Uint8Array): number;
  write?(bytes: Uint8Array): number;
  close(): void;
};

/** A negative errno of Linux for an OSError. */
function attempt(body: () => number): number {
  try {
    return body();
  } catch (error) {
    if (error instanceof OSError && error.errno !== undefined) return -error.errno;
    throw error;
  }
}

class GivenFile implements GuestFile {
  readonly isPollable: boolean;
  readonly holders = new Set<Holder>();
  readonly poll: number;
  readonly source: Source | undefined;

  constructor(given: Given) {
    const isSource = typeof given === "object" && "ready" in given;
    this.source = isSource ? given : undefined;
    this.isPollable = typeof given === "number" || isSource;
    this.poll = typeof given === "number" ? given : isSource ? -1 : given.fd;
  }

  read(buffer: Uint8Array): number {
    if (this.source !== undefined) return this.source.read(buffer);
    return attempt(() => {
      const bytes = os.read(this.poll, buffer.length);
      buffer.set(bytes);
      return bytes.length;
    });
  }

  write(bytes: Uint8Array): number {
    if (this.source !== undefined) return this.source.write(bytes);
    return attempt(() => os.write(this.poll, bytes));
  }

  close(): void {
    if (this.poll >= 0 && this.isPollable) os.close(this.poll);
    this.source?.close();
  }
}

/** A guest whose descriptors are those that a test gives it, and those that it makes. */
export function tinyGuest(memoryOf: () => WebAssembly.Memory) {
  const table = new Map<number, { readonly file: Open; isBlocking: boolean }>();
  const pairs = new Map<string, [number, number]>();
  const memory = new GuestMemory(memoryOf);

  const files: GuestFiles = {
    get: (fd) => table.get(fd)?.file,
    isForeign: () => false,
    add(file, isBlocking) {
      let fd = 512;
      while (table.has(fd)) fd++;
      table.set(fd, { file: file as Open, isBlocking });
      return fd;
    },
    addHost: (fd, isBlocking) => files.add(new GivenFile(fd), isBlocking),
  };
  const clocks = [
    inNanoseconds(() => select.host.realtime()),
    inNanoseconds(() => select.host.now()),
  ] as const;
  const waiter = new Waiter(select.host);
  const { blocking, waiting } = omnipollCalls({ select, os, files, memory, waiter, clocks });

  function drop(fd: number): void {
    const { file } = table.get(fd) as { file: Open };
    for (const holder of file.holders) holder.numberClosed?.(fd, file);
    table.delete(fd);
    for (const other of table.values()) if (other.file === file) return;
    for (const holder of file.holders) holder.ended?.(file);
    file.close();
  }

  function vectors(at: number, count: number): Uint8Array[] {
    const view = memory.view();
    return Array.from({ length: count }, (_, i) => {
      const [from, length] = [0, 4].map((offset) => view.getUint32(at + 8 * i + offset, true));
      return new Uint8Array(view.buffer, from, length);
    });
  }

  function bytesAt(at: number, length: number): Uint8Array {
    return new Uint8Array(memory.view().buffer, at, length);
  }

  const put = (at: number, value: number): number => {
    memory.view().setUint32(at, value, true);
    return 0;
  };
  const answer = (result: number, at: number): number =>
    result < 0 ? wasiErrno(-result) : put(at, result);

  const imports = {
    poll_oneoff: createPollOneoff({
      select,
      memory: memoryOf,
      fds: (fd) => {
        const file = table.get(fd)?.file;
        const slot = file?.slot?.(1);
        return (slot?.poll ?? 0) < 0 ? slot?.source : (file?.source ?? file?.poll);
      },
    }),
    fd_prestat_get: (fd: number, to: number) =>
      fd === PREOPEN ? put(to, 0) + put(to + 4, FOLDER.length) : BADF,
    fd_prestat_dir_name(_fd: number, to: number, length: number) {
      bytesAt(to, length).set(FOLDER.subarray(0, length));
      return 0;
    },
    path_open(_dir: number, _follow: number, from: number, length: number, ...rest: number[]) {
      const path = new TextDecoder().decode(bytesAt(from, length).slice());
      const [, name, end] = /^pair\/(.*)\/([ab])$/.exec(path) ?? [];
      if (name === undefined) return NOENT;
      const pair = pairs.get(name) ?? os.socketpair();
      pairs.set(name, pair);
      return put(rest.at(-1) as number, files.addHost(pair[end === "a" ? 0 : 1], true));
    },
    fd_fdstat_get(fd: number, to: number) {
      const found = table.get(fd);
      if (found === undefined && fd !== PREOPEN) return BADF;
      bytesAt(to, 24).fill(0xff);
      memory.view().setUint8(to, fd === PREOPEN ? 3 : 6);
      memory.view().setUint16(to + 2, found?.isBlocking === false ? NONBLOCK : 0, true);
      return 0;
    },
    fd_fdstat_set_flags(fd: number, flags: number) {
      const found = table.get(fd);
      if (found === undefined) return BADF;
      found.isBlocking = (flags & NONBLOCK) === 0;
      if (found.file instanceof GivenFile) os.set_blocking(found.file.poll, found.isBlocking);
      return 0;
    },
    fd_close(fd: number) {
      if (!table.has(fd)) return BADF;
      drop(fd);
      return 0;
    },
    fd_renumber(from: number, to: number) {
      const found = table.get(from);
      if (found === undefined || !table.has(to)) return BADF;
      drop(to);
      for (const holder of found.file.holders) holder.numberClosed?.(from, found.file);
      table.set(to, found);
      table.delete(from);
      return 0;
    },
    fd_read(fd: number, at: number, count: number, to: number) {
      const found = table.get(fd);
      if (found?.file.read === undefined) return found === undefined ? BADF : INVAL;
      const [buffer = new Uint8Array()] = vectors(at, count);
      const { file } = found;
      let result = file.read?.(buffer) ?? 0;
      while (result === -EAGAIN && found.isBlocking) {
        waiter.poll({ slots: [slotOf(file.source ?? file.poll, 1)], ms: -1 });
        result = file.read?.(buffer) ?? 0;
      }
      return answer(result, to);
    },
    fd_write(fd: number, at: number, count: number, to: number) {
      const found = table.get(fd);
      if (found?.file.write === undefined) return found === undefined ? BADF : INVAL;
      let sum = 0;
      for (const bytes of vectors(at, count)) {
        if (bytes.length === 0) continue;
        const result = found.file.write(bytes);
        if (result < 0) return answer(result, to);
        sum += result;
      }
      return put(to, sum);
    },
    fd_seek: () => 70,
    sock_accept(fd: number, flags: number, to: number) {
      const found = table.get(fd);
      if (found === undefined) return BADF;
      const isBlocking = (flags & NONBLOCK) === 0;
      return answer(
        attempt(() => files.addHost(os.accept(found.file.poll)[0], isBlocking)),
        to,
      );
    },
  };
  return {
    imports,
    calls: blocking,
    waiting,
    waiter,
    set: (fd: number, given: Given) =>
      table.set(fd, { file: new GivenFile(given), isBlocking: true }),
    close: drop,
    /** Closes all that is open. */
    dispose(): void {
      for (const fd of table.keys()) drop(fd);
    },
  };
}
