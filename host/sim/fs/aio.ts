// Asynchronous reads and writes of omnipoll/os on a simulated kernel: kernel threads do them while
// the program goes on.

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

/** Requests that may be under way, or done and not collected. */
const MOST_REQUESTS = 4096;
const LAST_ID = 2 ** 31 - 1;

/** How an asynchronous read or write ended. */
export interface Completion {
  /** Number of the request: ident of the kevent. */
  readonly id: number;
  /** EV_EOF, and EV_ERROR if it failed. */
  readonly flags: number;
  /** Bytes, or a positive errno. */
  readonly data: number;
  readonly udata: bigint;
}

/** A queue of the kernel's own that takes completions itself; any other has a mailbox. */
export interface CompletionQueue extends File {
  /** An asynchronous read or write ended; its bytes are in the buffer already. */
  complete(completion: Completion): void;
}

function takesCompletions(file: File | undefined): file is CompletionQueue {
  return file !== undefined && "complete" in file;
}

/** Who is told of an end. */
interface Reporter {
  /** Tells the queue, if that is still there. */
  readonly report: (completion: Completion) => void;
  /** Whether the bytes of a read are handed over only when its kevent is taken. */
  readonly isLate: boolean;
}

/** One read or write under way. */
interface Transfer {
  readonly id: number;
  readonly owner: object;
  readonly fd: number;
  readonly file: File;
  /** Where a read is to go in the end; of a write undefined. */
  readonly buffer: Uint8Array | undefined;
  /** What is read into or written from. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly udata: bigint;
  readonly reporter: Reporter;
  done: number;
}

/** One attempt, at an offset or with what comes next. */
function attempt({ file, bytes, buffer, offset, done }: Transfer): number {
  const rest = done === 0 ? bytes : bytes.subarray(done);
  if (file.hasOffsets) {
    return buffer === undefined
      ? file.writeAt(rest, offset + done)
      : file.readAt(rest, rest.length, offset + done);
  }
  return buffer === undefined ? file.write(rest) : file.read(rest, rest.length);
}

/** A kernel thread: a read ends with the first bytes, a write with the last. */
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
      () => `${call} on what was descriptor ${fd}, a ${file.name}`,
    );
    const entries = queues.map(() => new WaitEntry(sleeper));
    for (const [i, queue] of queues.entries()) queue.append(entries[i] as WaitEntry);
    yield { sleeper, deadline: Infinity };
    for (const entry of entries) entry.leave();
  }
}

/** The reads and writes of a kernel. */
class Transfers {
  readonly #kernel: Kernel;
  /** Ended reads whose bytes are to be handed over when the kevent is taken. */
  #finished: Transfer[] = [];
  #count = 0;
  #lastId = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Who is to be told of an end, or -EBADF. */
  #reporterOf(owner: object, queue: number): Reporter | number {
    const file = this.#kernel.descriptors.usable(queue);
    if (takesCompletions(file)) {
      return { report: (completion) => file.complete(completion), isLate: false };
    }
    const posts = postsOf(this.#kernel);
    const mailbox = posts.ofOwner(owner, queue);
    if (mailbox === undefined) return -EBADF;
    const report = (completion: Completion): void => {
      if (posts.has(queue, mailbox)) mailbox.add(recordOf(completion));
    };
    return { report, isLate: true };
  }

  /**
   * Begins a transfer.
   *
   * @param buffer of a read
   * @param bytes of a write
   * @returns its number or a negative errno
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
    const reporter = this.#reporterOf(owner, queue);
    if (typeof reporter === "number") return reporter;
    const file = this.#kernel.descriptors.usable(fd);
    if (file === undefined) return -EBADF;
    if (buffer === undefined ? !file.isWritable : !file.isReadable) return -EBADF;
    if (this.#count >= MOST_REQUESTS) return -EAGAIN;
    this.#count++;
    this.#lastId = this.#lastId === LAST_ID ? 1 : this.#lastId + 1;
    const id = this.#lastId;
    hold(file);
    this.#start({ id, owner, fd, file, buffer, bytes, offset, udata, reporter, done: 0 });
    return id;
  }

  /** Has a kernel thread do it, which begins when the program waits. */
  #start(transfer: Transfer): void {
    const { clock } = this.#kernel;
    clock.schedule(clock.now(), () => {
      this.#kernel.start(transferring(transfer), (result) => this.#end(transfer, result));
    });
  }

  #end(transfer: Transfer, result: number): void {
    const { id, udata, done, reporter } = transfer;
    drop(transfer.file);
    if (reporter.isLate) this.#finished.push(transfer);
    else this.#handOver(transfer);
    const flags = result < 0 ? EV_EOF | EV_ERROR : EV_EOF;
    reporter.report({ id, flags, data: result < 0 ? -result : done, udata });
  }

  #handOver({ buffer, bytes, done }: Transfer): void {
    this.#count--;
    // A buffer may have been detached meanwhile.
    if (buffer !== undefined && buffer.length >= done) buffer.set(bytes.subarray(0, done));
  }

  /** Hands over what was read on behalf of a core. */
  collect(owner: object): void {
    if (this.#finished.length === 0) return;
    const finished = this.#finished;
    this.#finished = finished.filter((transfer) => transfer.owner !== owner);
    for (const transfer of finished) if (transfer.owner === owner) this.#handOver(transfer);
  }
}

const transfersOf = perKernel((kernel) => new Transfers(kernel));

/** Hands over what was read for a core: its buffers change now. */
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
 * @param owner stands for the core whose queues they are for
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
