// Netlink sockets (Linux's net/netlink/af_netlink.c): datagrams that the kernel sends to the listeners
// of a group.

import {
  EAGAIN,
  EVENT_ERR,
  EVENT_IN,
  EVENT_OUT,
  EVENT_RDNORM,
  EVENT_WRBAND,
  EVENT_WRNORM,
} from "../../../asm/abi.ts";
import { EDESTADDRREQ, ENOBUFS, O_NONBLOCK, O_RDWR } from "../kernel/constants.ts";
import { File } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { KEY_ALL, WaitQueue } from "../kernel/wait-queue.ts";

const WRITABLE = EVENT_OUT | EVENT_WRNORM | EVENT_WRBAND;

/** Bytes of the header of a message: struct nlmsghdr. */
export const NETLINK_HEADER = 16;

/** Writes a message's header. */
export function writeHeader(view: DataView, length: number, type: number, sequence = 0): void {
  view.setUint32(0, length, true);
  view.setUint16(4, type, true);
  view.setUint32(8, sequence, true);
}

/** The listeners of one multicast group. */
export class NetlinkGroup {
  readonly #name: string;
  readonly #files = new Set<NetlinkFile>();
  /** Datagrams that the receive queue of one listener holds. */
  room = 16384;

  /** @param name the subject of the group, for error texts and views */
  constructor(name: string) {
    this.#name = name;
  }

  get hasListeners(): boolean {
    return this.#files.size > 0;
  }

  /** Opens a non-blocking descriptor that receives every datagram from now on. */
  listen(kernel: Kernel): number {
    const file = new NetlinkFile(kernel, this, this.#name);
    this.#files.add(file);
    return kernel.open(file);
  }

  /** netlink_broadcast. */
  broadcast(datagram: Uint8Array): void {
    for (const file of this.#files) file.receive(datagram);
  }

  remove(file: NetlinkFile): void {
    this.#files.delete(file);
  }
}

/** A netlink socket that listens to one group (struct netlink_sock). */
export class NetlinkFile extends File {
  readonly name: string;
  readonly #group: NetlinkGroup;
  readonly #queues = [new WaitQueue()] as const;
  readonly #datagrams: Uint8Array[] = [];
  /**
   * A datagram was lost (NETLINK_S_CONGESTED): the socket drops all further ones until its queue is
   * empty.
   */
  #isCongested = false;
  /** The next read fails with ENOBUFS (sk_err, netlink_overrun). */
  #hasOverrun = false;

  constructor(kernel: Kernel, group: NetlinkGroup, name: string) {
    super(kernel, O_RDWR | O_NONBLOCK);
    this.#group = group;
    this.name = `netlink socket of ${name}`;
  }

  /** Queues a datagram, or drops it and reports an overrun (netlink_overrun). */
  receive(datagram: Uint8Array): void {
    if (!this.#isCongested && this.#datagrams.length < this.#group.room) {
      this.#datagrams.push(datagram);
      this.#queues[0].wake(EVENT_IN | EVENT_RDNORM);
    } else if (!this.#isCongested) {
      this.#isCongested = true;
      this.#hasOverrun = true;
      this.#queues[0].wake(KEY_ALL);
    }
  }

  poll(): number {
    const readable = this.#datagrams.length > 0 ? EVENT_IN | EVENT_RDNORM : 0;
    return WRITABLE | readable | (this.#hasOverrun ? EVENT_ERR : 0);
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  /** Reads one datagram; the part beyond `size` bytes is lost. */
  override read(buffer: Uint8Array, size: number): number {
    if (this.#hasOverrun) {
      this.#hasOverrun = false;
      return -ENOBUFS;
    }
    const datagram = this.#datagrams.shift();
    if (datagram === undefined) return -EAGAIN;
    if (this.#datagrams.length === 0) this.#isCongested = false;
    const length = Math.min(size, datagram.length);
    buffer.set(datagram.subarray(0, length));
    return length;
  }

  override write(_bytes: Uint8Array): number {
    return -EDESTADDRREQ;
  }

  override describe(): Record<string, unknown> {
    return { datagrams: this.#datagrams.length, lost: this.#isCongested };
  }

  override release(): void {
    this.#group.remove(this);
  }
}
