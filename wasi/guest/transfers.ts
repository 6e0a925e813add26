// fd_read, fd_write, sock_recv, sock_send and sock_accept: the calls that may wait. Each is a sequence of waits,
// which block the thread or suspend the guest. All addresses are checked before anything is transferred.

import { EAGAIN, EBADF, EINTR, EVENT_IN, EVENT_OUT, RESCAN_MS } from "../../asm/abi.ts";
import {
  WASI_BADF,
  WASI_FAULT,
  WASI_INVAL,
  WASI_NOTSOCK,
  WASI_NOTSUP,
  wasiErrno,
} from "../errno.ts";
import { type Slot, slotOf } from "../slots.ts";
import type { Waits } from "../wait.ts";
import type { GuestMemory } from "./memory.ts";
import type { OpenFile } from "./open-file.ts";
import {
  FDFLAG_NONBLOCK,
  RECV_PEEK,
  RECV_TRUNCATED,
  RECV_WAITALL,
  TYPE_DATAGRAM,
} from "./preview1.ts";
import type { Entry, Table } from "./table.ts";
import { MOST_BYTES, Vectors } from "./vectors.ts";

const EMSGSIZE = 90;

/** What a wait for a file waits for. */
export function slotOfFile(file: OpenFile, want: number): Slot {
  if (file.slot !== undefined) return file.slot(want);
  return slotOf(
    file.source ?? (file.isPollable ? file.poll : { fd: file.poll, poll: false }),
    want,
  );
}

/** Attempts a call until it does not say -EAGAIN; once, if the descriptor does not block. */
function* repeat(entry: Entry, want: number, attempt: () => number): Waits {
  for (let isReady = false; ;) {
    const result = attempt();
    if (result !== -EAGAIN || !entry.isBlocking) return result;
    // A descriptor may be ready and take nothing: an eventfd that has room, but not for the whole number
    // (eventfd_poll). No event tells of more room, so that the next attempt is made after a while.
    const woken: number = yield isReady
      ? { slots: [], ms: RESCAN_MS }
      : { slots: [slotOfFile(entry.file, want)], ms: -1 };
    if (woken < 0 && woken !== -EINTR) return woken;
    isReady = woken > 0;
    // The descriptor of the host may have been closed, and its number given to another file.
    if (entry.isClosed) return -EBADF;
  }
}

/** Reads until there is something, or with `isAll` until the buffers are full. */
function* fill(
  entry: Entry,
  vectors: Vectors,
  isAll: boolean,
  read: (buffer: Uint8Array) => number,
): Waits {
  const buffer = vectors.buffer();
  let done = 0;
  do {
    const rest = buffer.subarray(done);
    const result = yield* repeat(entry, EVENT_IN, () => {
      const length = read(rest);
      const isEnd = length === -EAGAIN && entry.isBlocking && entry.file.hasEnded?.() === true;
      return isEnd ? 0 : length;
    });
    if (result < 0 && done === 0) return result;
    if (result <= 0) break;
    done += result;
    if (!isAll) break;
  } while (done < buffer.length);
  vectors.scatter(buffer.subarray(0, done));
  return done;
}

/** Writes all bytes, or as many as there is room for if the descriptor does not block. */
function* drain(entry: Entry, vectors: Vectors): Waits {
  const { file } = entry;
  // A datagram is one write, which the host takes whole or refuses.
  if (file.filetype === TYPE_DATAGRAM && vectors.total > MOST_BYTES) return -EMSGSIZE;
  let rest = vectors.gather(0);
  let done = 0;
  do {
    if (rest.length === 0) rest = vectors.gather(done);
    const bytes = rest;
    const result = yield* repeat(entry, EVENT_OUT, () => file.write?.(bytes) ?? 0);
    if (result < 0) return done > 0 ? done : result;
    done += result;
    rest = rest.subarray(result);
    if (!entry.isBlocking && rest.length > 0) break;
  } while (done < vectors.total);
  return done;
}

/** The calls on the descriptors of a table; numbers that it lacks are BADF. */
export function transferCalls(table: Table, memory: GuestMemory) {
  /** Checks the buffers and where the results go; 0 or an error number. */
  function load(vectors: Vectors, at: number, count: number, ...results: number[]): number {
    for (const result of results) if (!memory.holds(result, 4)) return WASI_FAULT;
    return vectors.load(at, count);
  }

  function put(at: number, value: number): number {
    memory.view().setUint32(at >>> 0, value, true);
    return 0;
  }

  function* fd_read(fd: number, at: number, count: number, to: number): Waits {
    const entry = table.entry(fd);
    if (entry === undefined) return WASI_BADF;
    const { file } = entry;
    if (file.read === undefined) return WASI_INVAL;
    const vectors = new Vectors(memory);
    const refused = load(vectors, at, count, to);
    if (refused !== 0) return refused;
    if (vectors.total === 0) return put(to, 0);
    const result = yield* fill(entry, vectors, false, (buffer) => file.read?.(buffer) ?? 0);
    return result < 0 ? wasiErrno(-result) : put(to, result);
  }

  function* fd_write(fd: number, at: number, count: number, to: number): Waits {
    const entry = table.entry(fd);
    if (entry === undefined) return WASI_BADF;
    if (entry.file.write === undefined) return WASI_INVAL;
    const vectors = new Vectors(memory);
    const refused = load(vectors, at, count, to);
    if (refused !== 0) return refused;
    if (vectors.total === 0 && entry.file.filetype !== TYPE_DATAGRAM) return put(to, 0);
    const result = yield* drain(entry, vectors);
    return result < 0 ? wasiErrno(-result) : put(to, result);
  }

  function* sock_recv(
    fd: number,
    at: number,
    count: number,
    flags: number,
    to: number,
    flagsTo: number,
  ): Waits {
    const entry = table.entry(fd);
    if (entry === undefined) return WASI_BADF;
    const { file } = entry;
    if (file.isSocket !== true || file.receive === undefined) return WASI_NOTSOCK;
    if (flags & ~(RECV_PEEK | RECV_WAITALL)) return WASI_INVAL;
    const isPeek = (flags & RECV_PEEK) !== 0;
    // What is peeked at comes again, so that there is never more of it.
    if (isPeek && flags & RECV_WAITALL) return WASI_NOTSUP;
    const vectors = new Vectors(memory);
    const refused = load(vectors, at, count, to);
    if (refused !== 0) return refused;
    if (!memory.holds(flagsTo, 2)) return WASI_FAULT;
    const isDatagram = file.filetype === TYPE_DATAGRAM;
    let length = 0;
    let isTruncated = false;
    if (vectors.total > 0 || isDatagram) {
      const isAll = (flags & RECV_WAITALL) !== 0 && !isDatagram;
      length = yield* fill(entry, vectors, isAll, (buffer) => {
        const result = file.receive?.(buffer, isPeek) ?? 0;
        isTruncated = result > buffer.length;
        return Math.min(result, buffer.length);
      });
    }
    if (length < 0) return wasiErrno(-length);
    memory.view().setUint16(flagsTo >>> 0, isTruncated ? RECV_TRUNCATED : 0, true);
    return put(to, length);
  }

  function* sock_send(fd: number, at: number, count: number, flags: number, to: number): Waits {
    const entry = table.entry(fd);
    if (entry === undefined) return WASI_BADF;
    if (entry.file.isSocket !== true) return WASI_NOTSOCK;
    // witx defines no flag.
    if (flags !== 0) return WASI_INVAL;
    return yield* fd_write(fd, at, count, to);
  }

  function* sock_accept(fd: number, flags: number, to: number): Waits {
    const entry = table.entry(fd);
    if (entry === undefined) return WASI_BADF;
    const { file } = entry;
    if (file.isSocket !== true) return WASI_NOTSOCK;
    if (file.accept === undefined) return WASI_NOTSUP;
    if (flags & ~FDFLAG_NONBLOCK) return WASI_INVAL;
    if (!memory.holds(to, 4)) return WASI_FAULT;
    // accept4(2) allocates the number first: a connection that cannot have one stays in the queue.
    const refused = table.room(1);
    if (refused < 0) return wasiErrno(-refused);
    const host = yield* repeat(entry, EVENT_IN, () => file.accept?.() ?? 0);
    if (host < 0) return wasiErrno(-host);
    const number = table.addHost(host, (flags & FDFLAG_NONBLOCK) === 0);
    return number < 0 ? wasiErrno(-number) : put(to, number);
  }

  return { fd_read, fd_write, sock_recv, sock_send, sock_accept };
}
