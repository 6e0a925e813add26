// inotify (Linux's fs/notify/inotify): a queue of records, each of which tells of a change of a file.

import {
  DATA_READABLE,
  EAGAIN,
  EBADF,
  EEXIST,
  EINVAL,
  EVENT_IN,
  EVENT_RDNORM,
} from "../../../asm/abi.ts";
import { ENOTDIR, O_NONBLOCK } from "../kernel/constants.ts";
import { File } from "../kernel/file.ts";
import { DirectoryInode, IN_ISDIR, type Inode, type InodeWatch } from "../kernel/inode.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { KEY_ALL, WaitQueue } from "../kernel/wait-queue.ts";

const IN_Q_OVERFLOW = 0x4000;
const IN_IGNORED = 0x8000;
const IN_ONLYDIR = 0x01000000;
const IN_MASK_CREATE = 0x10000000;
const IN_MASK_ADD = 0x20000000;
const IN_ONESHOT = 0x80000000;
const IN_ALL_EVENTS = 0xfff;

/** fs.inotify.max_queued_events. */
const QUEUE_LIMIT = 16_384;
/** Size of struct inotify_event without the name: wd, mask, cookie, len. */
const HEADER = 16;

interface Event {
  readonly watch: number;
  readonly mask: number;
  readonly cookie: number;
  readonly name: string;
  /** The name with its padding, which aligns the next record. */
  readonly bytes: Uint8Array;
}

/** One watch (inotify_inode_mark). */
class Watch implements InodeWatch {
  /** The watch descriptor (wd). */
  readonly number: number;
  readonly inode: Inode;
  mask: number;
  readonly #owner: InotifyFile;

  constructor(owner: InotifyFile, number: number, inode: Inode, mask: number) {
    this.#owner = owner;
    this.number = number;
    this.inode = inode;
    this.mask = mask;
  }

  event(mask: number, name = "", cookie = 0): void {
    if ((mask & this.mask & IN_ALL_EVENTS) === 0) return;
    this.#owner.enqueue(this.number, mask, cookie, name);
    if ((this.mask & IN_ONESHOT) !== 0) this.#owner.end(this);
  }

  end(): void {
    this.#owner.end(this);
  }
}

export class InotifyFile extends File {
  readonly name = "inotify";
  readonly #watches = new Map<number, Watch>();
  readonly #byInode = new Map<Inode, Watch>();
  #next = 1;
  readonly #events: Event[] = [];
  readonly #queues = [new WaitQueue()] as const;

  constructor(kernel: Kernel, flags: number) {
    super(kernel, flags & O_NONBLOCK);
  }

  poll(): number {
    return this.#events.length > 0 ? EVENT_IN | EVENT_RDNORM : 0;
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  /** inotify_add_watch(2): the watch descriptor, or a negative errno. */
  add(inode: Inode, mask: number): number {
    if ((mask & IN_ALL_EVENTS) === 0) return -EINVAL;
    if ((mask & IN_ONLYDIR) !== 0 && !(inode instanceof DirectoryInode)) return -ENOTDIR;
    const known = this.#byInode.get(inode);
    if (known !== undefined) {
      if ((mask & IN_MASK_CREATE) !== 0) return -EEXIST;
      known.mask = (mask & IN_MASK_ADD) !== 0 ? known.mask | mask : mask;
      return known.number;
    }
    const watch = new Watch(this, this.#next++, inode, mask);
    this.#watches.set(watch.number, watch);
    this.#byInode.set(inode, watch);
    inode.watches.add(watch);
    return watch.number;
  }

  /** inotify_rm_watch(2). */
  remove(number: number): number {
    const watch = this.#watches.get(number);
    if (watch === undefined) return -EINVAL;
    this.end(watch);
    return 0;
  }

  /** Ends a watch: removed, IN_ONESHOT, or its inode is gone. IN_IGNORED is the last event. */
  end(watch: Watch): void {
    if (!this.#watches.delete(watch.number)) return;
    this.#byInode.delete(watch.inode);
    watch.inode.watches.delete(watch);
    this.enqueue(watch.number, IN_IGNORED, 0, "");
  }

  enqueue(watch: number, mask: number, cookie: number, name: string): void {
    const last = this.#events.at(-1);
    const isSame =
      last !== undefined &&
      last.watch === watch &&
      last.mask === mask &&
      last.cookie === cookie &&
      last.name === name;
    if (isSame) return; // merged with the event before it (inotify_merge)
    if (this.#events.length >= QUEUE_LIMIT) {
      if (last?.mask === IN_Q_OVERFLOW) return;
      this.#events.push(eventOf(-1, IN_Q_OVERFLOW, 0, ""));
    } else {
      this.#events.push(eventOf(watch, mask, cookie, name));
    }
    this.#queues[0].wake(KEY_ALL); // fsnotify_insert_event wakes without a key
  }

  override read(buffer: Uint8Array, size: number): number {
    if (this.#events.length === 0) return -EAGAIN;
    let at = 0;
    for (let event = this.#events[0]; event !== undefined; event = this.#events[0]) {
      const length = HEADER + event.bytes.length;
      if (at + length > size) break;
      const view = new DataView(buffer.buffer, buffer.byteOffset + at, HEADER);
      view.setInt32(0, event.watch, true);
      view.setUint32(4, event.mask, true);
      view.setUint32(8, event.cookie, true);
      view.setUint32(12, event.bytes.length, true);
      buffer.set(event.bytes, at + HEADER);
      at += length;
      this.#events.shift();
    }
    return at > 0 ? at : -EINVAL;
  }

  override write(): number {
    return -EBADF;
  }

  override data(what: number): number {
    if (what !== DATA_READABLE) return -EINVAL;
    return this.#events.reduce((sum, event) => sum + HEADER + event.bytes.length, 0);
  }

  override describe(): Record<string, unknown> {
    return {
      watches: this.#watches.size,
      events: this.#events.map(({ watch, mask, name }) => ({
        watch,
        mask,
        name,
        directory: (mask & IN_ISDIR) !== 0,
      })),
    };
  }

  override release(): void {
    for (const watch of this.#watches.values()) watch.inode.watches.delete(watch);
  }
}

function eventOf(watch: number, mask: number, cookie: number, name: string): Event {
  const text = new TextEncoder().encode(name);
  const length = name === "" ? 0 : Math.ceil((text.length + 1) / HEADER) * HEADER;
  const bytes = new Uint8Array(length);
  bytes.set(text);
  return { watch, mask: mask >>> 0, cookie, name, bytes };
}
