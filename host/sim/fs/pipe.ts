// Pipes and FIFOs (Linux's fs/pipe.c): a ring of buffers of one page each, and two wait queues.

import {
  DATA_PIPE_ROOM,
  DATA_READABLE,
  EAGAIN,
  EBADF,
  EINVAL,
  EPERM,
  EPIPE,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_OUT,
  EVENT_RDNORM,
  EVENT_WRNORM,
  FD_PIPE,
} from "../../../asm/abi.ts";
import { EBUSY, O_RDONLY, O_WRONLY } from "../kernel/constants.ts";
import { File, type Stat } from "../kernel/file.ts";
import { type Entry, Inode } from "../kernel/inode.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { KEY_ALL, WaitQueue } from "../kernel/wait-queue.ts";

export const PAGE = 4096;
/** PIPE_DEF_BUFFERS. */
const SLOTS = 16;
/** fs.pipe-max-size, without CAP_SYS_RESOURCE. */
const PIPE_MAX = 1_048_576;

const READABLE = EVENT_IN | EVENT_RDNORM;
const WRITABLE = EVENT_OUT | EVENT_WRNORM;

/** A page in use (pipe_buffer). The bytes from `start` to `end` have not been read. */
interface Slot {
  readonly bytes: Uint8Array;
  start: number;
  end: number;
}

/** The pipe itself (pipe_inode_info), which all ends share. */
export class Pipe {
  readonly slots: Slot[] = [];
  capacity = SLOTS;
  readers = 0;
  writers = 0;
  /** How often the pipe was opened for writing (w_counter): a reader sees HUP only after a first writer. */
  writersEver = 0;
  /** How often the pipe was opened for reading (r_counter). */
  readersEver = 0;
  /** Calls of open(2) that wait for the other end of the FIFO to be opened. */
  readonly openers = new WaitQueue();
  readonly readQueue = new WaitQueue();
  readonly writeQueue = new WaitQueue();
  readonly ino: number;
  /** The page that was last read to its end, for the next write (tmp_page). */
  #spare: Uint8Array | undefined;

  constructor(kernel: Kernel) {
    this.ino = kernel.nextIno();
  }

  get size(): number {
    let size = 0;
    for (const { start, end } of this.slots) size += end - start;
    return size;
  }

  /** F_GETPIPE_SZ. */
  get bytes(): number {
    return this.capacity * PAGE;
  }

  /** F_SETPIPE_SZ: the new size in bytes, or a negative errno. */
  resize(bytes: number): number {
    if (bytes < 0 || bytes > 2 ** 31) return -EINVAL;
    const pages = 2 ** Math.ceil(Math.log2(Math.max(1, Math.ceil(bytes / PAGE))));
    if (pages * PAGE > PIPE_MAX) return -EPERM;
    if (pages < this.slots.length) return -EBUSY;
    const wasFull = this.isFull;
    this.capacity = pages;
    if (wasFull && !this.isFull) this.writeQueue.wake(WRITABLE);
    return this.bytes;
  }

  get isFull(): boolean {
    return this.slots.length >= this.capacity;
  }

  read(buffer: Uint8Array, size: number): number {
    const wasFull = this.isFull;
    let taken = 0;
    while (taken < size) {
      const slot = this.slots[0];
      if (slot === undefined) break;
      const count = Math.min(size - taken, slot.end - slot.start);
      buffer.set(slot.bytes.subarray(slot.start, slot.start + count), taken);
      slot.start += count;
      taken += count;
      if (slot.start === slot.end) this.#spare = this.slots.shift()?.bytes;
    }
    if (wasFull && !this.isFull) this.writeQueue.wake(WRITABLE);
    return taken;
  }

  /** Writes as many bytes as the free pages allow. */
  write(bytes: Uint8Array): number {
    let written = 0;
    const tail = bytes.length % PAGE;
    const last = this.slots.at(-1);
    // The bytes beyond whole pages are appended to the last page if all of them fit there (pipe_write).
    if (tail > 0 && last !== undefined && last.end + tail <= PAGE) {
      last.bytes.set(bytes.subarray(0, tail), last.end);
      last.end += tail;
      written = tail;
    }
    while (written < bytes.length && !this.isFull) {
      const count = Math.min(PAGE, bytes.length - written);
      const page = this.#spare ?? new Uint8Array(PAGE);
      this.#spare = undefined;
      page.set(bytes.subarray(written, written + count));
      this.slots.push({ bytes: page, start: 0, end: count });
      written += count;
    }
    if (written > 0) this.readQueue.wake(READABLE);
    return written;
  }
}

/** A FIFO, which has a pipe while it is open. */
export class FifoInode extends Inode {
  pipe: Pipe | undefined;
}

/** One end of a pipe, or both ends of a FIFO opened with O_RDWR. */
export class PipeEnd extends File {
  readonly name: string;
  readonly pipe: Pipe;
  readonly #queues: readonly WaitQueue[];
  /** w_counter when this reader opened the FIFO; -1 if the FIFO had a writer then. */
  readonly #writersBefore: number;

  constructor(
    kernel: Kernel,
    pipe: Pipe,
    flags: number,
    name = "pipe",
    inode?: Inode,
    entry?: Entry,
  ) {
    super(kernel, flags, inode, entry);
    this.pipe = pipe;
    this.name = name;
    this.#writersBefore = pipe.writers > 0 ? -1 : pipe.writersEver;
    const queues: WaitQueue[] = [];
    if (this.isReadable) {
      pipe.readers++;
      pipe.readersEver++;
      queues.push(pipe.readQueue);
    }
    if (this.isWritable) {
      pipe.writers++;
      pipe.writersEver++;
      queues.push(pipe.writeQueue);
    }
    this.#queues = queues;
  }

  override get kind(): number {
    return FD_PIPE;
  }

  poll(): number {
    const { pipe } = this;
    let mask = 0;
    if (this.isReadable) {
      if (pipe.slots.length > 0) mask |= READABLE;
      if (pipe.writers === 0 && pipe.writersEver !== this.#writersBefore) mask |= EVENT_HUP;
    }
    if (this.isWritable) {
      if (!pipe.isFull) mask |= WRITABLE;
      if (pipe.readers === 0) mask |= EVENT_ERR;
    }
    return mask;
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  override read(buffer: Uint8Array, size: number): number {
    if (!this.isReadable) return -EBADF;
    if (size === 0) return 0;
    if (this.pipe.slots.length === 0) return this.pipe.writers === 0 ? 0 : -EAGAIN;
    return this.pipe.read(buffer, size);
  }

  override write(bytes: Uint8Array): number {
    if (!this.isWritable) return -EBADF;
    if (bytes.length === 0) return 0;
    if (this.pipe.readers === 0) return -EPIPE;
    const written = this.pipe.write(bytes);
    if (written > 0) return written;
    // pipe_write wakes readers of a full pipe "nonsensically", as its comment says: edges depend on that.
    this.pipe.readQueue.wake(READABLE);
    return -EAGAIN;
  }

  override data(what: number): number {
    if (what === DATA_READABLE) return this.pipe.size;
    if (what === DATA_PIPE_ROOM) return this.pipe.capacity * PAGE - this.pipe.size;
    return -EINVAL;
  }

  override stat(): Stat {
    return { ...super.stat(), ino: this.inode?.ino ?? this.pipe.ino };
  }

  override buffered(): readonly Uint8Array[] {
    return this.pipe.slots.map(({ bytes, start, end }) => bytes.subarray(start, end));
  }

  override describe(): Record<string, unknown> {
    const { pipe } = this;
    return {
      bytes: pipe.size,
      slots: pipe.slots.length,
      capacity: pipe.capacity,
      readers: pipe.readers,
      writers: pipe.writers,
    };
  }

  override release(): void {
    const { pipe } = this;
    if (this.isReadable) {
      pipe.readers--;
      if (pipe.readers === 0) pipe.writeQueue.wake(KEY_ALL);
    }
    if (this.isWritable) {
      pipe.writers--;
      if (pipe.writers === 0) pipe.readQueue.wake(KEY_ALL);
    }
  }
}

/** Both ends of a new pipe. */
export function createPipe(kernel: Kernel, flags: number): [reader: PipeEnd, writer: PipeEnd] {
  const pipe = new Pipe(kernel);
  const reader = new PipeEnd(kernel, pipe, flags | O_RDONLY);
  const writer = new PipeEnd(kernel, pipe, flags | O_WRONLY);
  return [reader, writer];
}
