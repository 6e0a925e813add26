// Kevents that other threads of the program and asynchronous reads and writes post to a kqueue of the
// core. As in host/native/linux/post.c, the number of its descriptor names the kqueue.

import { EAGAIN, EBADF, EEXIST, KEVENT_SIZE } from "../../../asm/abi.ts";
import { O_NONBLOCK } from "../kernel/constants.ts";
import { EventFile } from "./eventfd.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { perKernel } from "../kernel/per-kernel.ts";

/** How many records a mailbox holds at most: its queue may never be read. */
const MAX_RECORDS = 65536;

/** The records that were posted to one queue and not taken yet. */
export class Mailbox {
  /** Stands for the core that has the queue. */
  readonly owner: object;
  /** An eventfd that is readable while the mailbox has records. */
  readonly bell: EventFile;
  readonly fd: number;
  /** The records from `#next` on have not been taken. */
  #records: Uint8Array[] = [];
  #next = 0;

  constructor(owner: object, bell: EventFile, fd: number) {
    this.owner = owner;
    this.bell = bell;
    this.fd = fd;
  }

  get size(): number {
    return this.#records.length - this.#next;
  }

  /** Adds a record, which must not change afterwards. */
  add(record: Uint8Array): void {
    this.#records.push(record);
    if (this.size === 1) this.bell.add(1n);
  }

  /** Moves as many records into `bytes` as fit. Returns the number of records. */
  take(bytes: Uint8Array): number {
    const count = Math.min(this.size, Math.floor(bytes.length / KEVENT_SIZE));
    for (let i = 0; i < count; i++) {
      bytes.set(this.#records[this.#next++] as Uint8Array, i * KEVENT_SIZE);
    }
    if (count > 0 && this.size === 0) {
      this.#records = [];
      this.#next = 0;
      this.bell.clear();
    }
    return count;
  }
}

/** The mailboxes of a kernel. */
export class Posts {
  readonly #kernel: Kernel;
  readonly #mailboxes = new Map<number, Mailbox>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** post_open of the waist. */
  open(owner: object, queue: number): number {
    const kernel = this.#kernel;
    if (kernel.descriptors.get(queue) === undefined) return -EBADF;
    if (this.#mailboxes.has(queue)) return -EEXIST;
    const bell = new EventFile(kernel, 0, O_NONBLOCK, false);
    const fd = kernel.open(bell);
    if (fd >= 0) this.#mailboxes.set(queue, new Mailbox(owner, bell, fd));
    return fd;
  }

  /** The mailbox of a queue, if the queue belongs to the core that `owner` stands for. */
  ofOwner(owner: object, queue: number): Mailbox | undefined {
    const mailbox = this.#mailboxes.get(queue);
    return mailbox?.owner === owner ? mailbox : undefined;
  }

  /** post_close of the waist. */
  close(owner: object, queue: number): number {
    const mailbox = this.ofOwner(owner, queue);
    if (mailbox === undefined) return -EBADF;
    this.#mailboxes.delete(queue);
    this.#kernel.descriptors.remove(mailbox.fd);
    return 0;
  }

  /** post of the waist: adds a kevent record, on behalf of any thread. */
  post(queue: number, record: Uint8Array): number {
    const mailbox = this.#mailboxes.get(queue);
    if (mailbox === undefined) return -EBADF;
    if (mailbox.size >= MAX_RECORDS) return -EAGAIN;
    mailbox.add(record.slice());
    return 0;
  }

  /** Whether `mailbox` is still open as the mailbox of `queue`. */
  has(queue: number, mailbox: Mailbox): boolean {
    return this.#mailboxes.get(queue) === mailbox;
  }
}

/** The mailboxes of a kernel. */
export const postsOf = perKernel((kernel) => new Posts(kernel));
