// aio_read and aio_write of omnipoll/os on a simulated kernel: kernel threads read and write while the
// program goes on.

import {
  EAGAIN,
  EBADF,
  EV_EOF,
  EV_ERROR,
  EVENT_IN,
  EVENT_OUT,
  FILTER_AIO,
  KEVENT_DATA,
  KEVENT_FILTER,
  KEVENT_FLAGS,
  KEVENT_IDENT,
  KEVENT_SIZE,
  KEVENT_UDATA,
} from "../../../asm/abi.ts";
import type { AioHost } from "../../os.ts";
import { drop, type File, hold } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Sleeper, type Sleeping } from "../kernel/sleep.ts";
import { copyOf } from "../kernel/memory.ts";
import { perKernel } from "../kernel/per-kernel.ts";
import { postsOf } from "./posts.ts";
import { WaitEntry } from "../kernel/wait-queue.ts";

/** How many requests may be in progress, or complete with their bytes not yet copied. */
const MAX_REQUESTS = 4096;
const LAST_ID = 2 ** 31 - 1;

/** The result of an asynchronous read or write, as the kevent of EVFILT_AIO reports it. */
export interface Completion {
  /** Number of the request, which is the ident of the kevent. */
  readonly id: number;
  /** EV_EOF, and EV_ERROR if the request failed. */
  readonly flags: number;
  /** Number of bytes, or a positive errno. */
  readonly data: number;
  readonly udata: bigint;
}

/** A kqueue of the simulated kernel takes completions itself. A kqueue of the core has a mailbox. */
export interface CompletionQueue extends File {
  /** Reports a request that ended. The bytes of a read are in the buffer already. */
  complete(completion: Completion): void;
}

function takesCompletions(file: File | undefined): file is CompletionQueue {
  return file !== undefined && "complete" in file;
}

/** Where the completion of a request goes. */
interface Destination {
  /** Reports the completion to the queue, if that is still open. */
  readonly report: (completion: Completion) => void;
  /** Whether the bytes of a read are copied only when the core takes its kevent. */
  readonly copiesLate: boolean;
}

/** One read or write in progress. */
interface Transfer {
  readonly id: number;
  readonly owner: object;
  readonly fd: number;
  readonly file: File;
  /** The program's buffer, which a read is copied to in the end; undefined for a write. */
  readonly buffer: Uint8Array | undefined;
  /** The kernel's buffer, which the kernel thread reads into or writes from. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly udata: bigint;
  readonly destination: Destination;
  done: number;
}

/** One attempt that does not block: at an offset if the file has offsets, else in order. */
function attempt({ file, bytes, buffer, offset, done }: Transfer): number {
  const rest = done === 0 ? bytes : bytes.subarray(done);
  if (file.hasOffsets) {
    return buffer === undefined
      ? file.writeAt(rest, offset + done)
      : file.readAt(rest, rest.length, offset + done);
  }
  return buffer === undefined ? file.write(rest) : file.read(rest, rest.length);
}

/** A kernel thread. A read ends with its first bytes, a write with its last. */
function* transferring(transfer: Transfer): Sleeping {
  const { fd, file, bytes, buffer } = transfer;
  const queues = file.queues();
  const isWrite = buffer === undefined;
  while (true) {
    const result = attempt(transfer);
    if (result >= 0) {
      transfer.done += result;
      if (!isWrite || result === 0 || transfer.done === bytes.length) return 0;
      continue;
    }
    if (result !== -EAGAIN) return transfer.done > 0 ? 0 : result;
    const call = isWrite ? "aio_write" : "aio_read";
    const sleeper = new Sleeper(
      isWrite ? EVENT_OUT : EVENT_IN,
      () => `${call} on the file of descriptor ${fd}, a ${file.name}`,
    );
    const entries = queues.map(() => new WaitEntry(sleeper));
    for (const [i, queue] of queues.entries()) queue.append(entries[i] as WaitEntry);
    yield { sleeper, deadline: Infinity };
    for (const entry of entries) entry.leave();
  }
}

/** All requests of a kernel. */
class Transfers {
  readonly #kernel: Kernel;
  /** Reads that have ended, whose bytes are copied when the core takes the kevents. */
  #finished: Transfer[] = [];
  #count = 0;
  #lastId = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** The destination that the descriptor of a queue stands for, or -EBADF. */
  #destinationOf(owner: object, queue: number): Destination | number {
    const file = this.#kernel.descriptors.usable(queue);
    if (takesCompletions(file)) {
      return { report: (completion) => file.complete(completion), copiesLate: false };
    }
    const posts = postsOf(this.#kernel);
    const mailbox = posts.ofOwner(owner, queue);
    if (mailbox === undefined) return -EBADF;
    const report = (completion: Completion): void => {
      if (posts.has(queue, mailbox)) mailbox.add(recordOf(completion));
    };
    return { report, copiesLate: true };
  }

  /**
   * Begins a read or a write.
   *
   * @param buffer the program's buffer of a read; undefined for a write
   * @param bytes the bytes of a write; the kernel's buffer of a read
   * @returns the number of the request or a negative errno
   */
  begin(
    owner: object,
    fd: number,
    buffer: Uint8Array | undefined,
    bytes: Uint8Array,
    offset: number,
    queue: number,
    udata: bigint,
  ): number {
    const destination = this.#destinationOf(owner, queue);
    if (typeof destination === "number") return destination;
    const file = this.#kernel.descriptors.usable(fd);
    if (file === undefined) return -EBADF;
    if (buffer === undefined ? !file.isWritable : !file.isReadable) return -EBADF;
    if (this.#count >= MAX_REQUESTS) return -EAGAIN;
    this.#count++;
    this.#lastId = this.#lastId === LAST_ID ? 1 : this.#lastId + 1;
    const id = this.#lastId;
    hold(file);
    this.#start({ id, owner, fd, file, buffer, bytes, offset, udata, destination, done: 0 });
    return id;
  }

  /** Starts a kernel thread, which runs as soon as time passes: when the program waits. */
  #start(transfer: Transfer): void {
    const { clock } = this.#kernel;
    clock.schedule(clock.now(), () => {
      this.#kernel.start(transferring(transfer), (result) => this.#end(transfer, result));
    });
  }

  #end(transfer: Transfer, result: number): void {
    const { id, udata, done, destination } = transfer;
    drop(transfer.file);
    if (destination.copiesLate) this.#finished.push(transfer);
    else this.#copyOut(transfer);
    const flags = result < 0 ? EV_EOF | EV_ERROR : EV_EOF;
    destination.report({ id, flags, data: result < 0 ? -result : done, udata });
  }

  #copyOut({ buffer, bytes, done }: Transfer): void {
    this.#count--;
    // The program may have detached the buffer meanwhile.
    if (buffer !== undefined && buffer.length >= done) buffer.set(bytes.subarray(0, done));
  }

  /** Copies the bytes of all reads that have ended into the buffers of a core's program. */
  collect(owner: object): void {
    if (this.#finished.length === 0) return;
    const finished = this.#finished;
    this.#finished = finished.filter((transfer) => transfer.owner !== owner);
    for (const transfer of finished) if (transfer.owner === owner) this.#copyOut(transfer);
  }
}

const transfersOf = perKernel((kernel) => new Transfers(kernel));

/** Copies the bytes of all reads that have ended for the core with this owner: its buffers change now. */
export function collectTransfers(kernel: Kernel, owner: object): void {
  transfersOf(kernel).collect(owner);
}

function recordOf({ id, flags, data, udata }: Completion): Uint8Array {
  const record = new Uint8Array(KEVENT_SIZE);
  const view = new DataView(record.buffer);
  view.setUint32(KEVENT_IDENT, id, true);
  view.setInt16(KEVENT_FILTER, FILTER_AIO, true);
  view.setUint16(KEVENT_FLAGS, flags, true);
  view.setUint32(KEVENT_DATA, data, true);
  view.setBigUint64(KEVENT_UDATA, udata, true);
  return record;
}

/**
 * The asynchronous calls of omnipoll/os.
 *
 * @param owner stands for the core whose queues the requests name
 */
export function aioCalls(kernel: Kernel, owner: object): AioHost {
  const transfers = transfersOf(kernel);
  return {
    aio_read(fd, buffer, offset, queue, udata) {
      transfers.collect(owner);
      const at = Number(offset);
      const room = new Uint8Array(buffer.length);
      const id = transfers.begin(owner, fd, buffer, room, at, queue, BigInt(udata));
      kernel.trace.add("aio_read", [fd, buffer.length, at, queue], id);
      return id;
    },
    aio_write(fd, bytes, offset, queue, udata) {
      transfers.collect(owner);
      const at = Number(offset);
      const id = transfers.begin(owner, fd, undefined, copyOf(bytes), at, queue, BigInt(udata));
      kernel.trace.add("aio_write", [fd, bytes.length, at, queue], id);
      return id;
    },
  };
}
