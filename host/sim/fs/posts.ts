// Kevents that threads of the program, and asynchronous reads and writes, post to a queue. As in
// host/native/linux/post.c, queues are known by the number of their descriptor.

import { EAGAIN, EBADF, EEXIST, KEVENT_SIZE } from "../../../asm/abi.ts";
import { O_NONBLOCK } from "../kernel/constants.ts";
import { EventFile } from "./eventfd.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { perKernel } from "../kernel/per-kernel.ts";

/** What a mailbox holds at most, for a queue that nobody reads. */
const MOST_RECORDS = 65536;

/** Posts to one queue. */
export class Mailbox {
  /** The host of the core that has the queue. */
  readonly owner: object;
  /** Readable while there are records. */
  readonly bell: EventFile;
  readonly fd: number;
  /** Records from `#next` on wait to be taken. */
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

  /** Adds a record, which must not be changed any more. */
  add(record: Uint8Array): void {
    this.#records.push(record);
    if (this.size === 1) this.bell.add(1n);
  }

  /** Moves as many records as there is room for into `bytes`. */
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

  /** post_open of the waist, for the core of a host. */
  open(owner: object, queue: number): number {
    const kernel = this.#kernel;
    if (kernel.descriptors.get(queue) === undefined) return -EBADF;
    if (this.#mailboxes.has(queue)) return -EEXIST;
    const bell = new EventFile(kernel, 0, O_NONBLOCK, false);
    const fd = kernel.open(bell);
    if (fd >= 0) this.#mailboxes.set(queue, new Mailbox(owner, bell, fd));
    return fd;
  }

  /** The mailbox of a queue that the core of this host has. */
  ofOwner(owner: object, queue: number): Mailbox | undefined {
    const mailbox = this.#mailboxes.get(queue);
    return mailbox?.owner === owner ? mailbox : undefined;
  }

  close(owner: object, queue: number): number {
    const mailbox = this.ofOwner(owner, queue);
    if (mailbox === undefined) return -EBADF;
    this.#mailboxes.delete(queue);
    this.#kernel.descriptors.remove(mailbox.fd);
    return 0;
  }

  /** Posts a kevent record, from whatever thread. */
  post(queue: number, record: Uint8Array): number {
    const mailbox = this.#mailboxes.get(queue);
    if (mailbox === undefined) return -EBADF;
    if (mailbox.size >= MOST_RECORDS) return -EAGAIN;
    mailbox.add(record.slice());
    return 0;
  }

  /** Whether a mailbox is still the one of its queue. */
  has(queue: number, mailbox: Mailbox): boolean {
    return this.#mailboxes.get(queue) === mailbox;
  }
}

/** The mailboxes of a kernel. */
export const postsOf = perKernel((kernel) => new Posts(kernel));
