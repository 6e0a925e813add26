// Unix domain sockets (Linux's net/unix/af_unix.c): streams and sequenced packets.

import {
  DATA_STATE_SHUT_WRITE,
  DATA_STATE_UNCONNECTED,
  EAGAIN,
  EINVAL,
  EOPNOTSUPP,
  EPIPE,
  EVENT_HUP,
  FD_LISTENER,
  FD_STREAM,
} from "../../../asm/abi.ts";
import {
  ECONNREFUSED,
  ECONNRESET,
  EISCONN,
  EMSGSIZE,
  ENOTCONN,
  EPROTOTYPE,
} from "../kernel/constants.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { copyOf } from "../kernel/memory.ts";
import {
  type Accepted,
  AF_UNIX,
  ARRIVAL,
  MSG_OOB,
  MSG_PEEK,
  READABLE,
  SHUT_BOTH,
  SHUT_RECEIVE,
  SHUT_SEND,
  SOCK_STREAM,
  Socket,
  type SocketName,
  WRITABLE,
} from "./socket.ts";
import { namesOf, nameOf, NO_NAME } from "./unix-names.ts";
import { KEY_VACANCY } from "../kernel/wait-queue.ts";

const PAGE = 4096;
/** Bytes that fit into the head of a buffer of one page (SKB_MAX_HEAD). */
const HEAD_ROOM = PAGE - 320;
/** Bytes of the largest buffer of a stream: a head, and 32 KiB in pages (UNIX_SKB_FRAGS_SZ). */
const MAX_BUFFER = HEAD_ROOM + 32_768;

/**
 * Memory that a message of `size` bytes takes (skb->truesize). The send buffer limits memory, not
 * bytes.
 */
export function trueSize(size: number): number {
  const inPages = Math.min(size, Math.ceil(Math.max(0, size - HEAD_ROOM) / PAGE) * PAGE);
  let head = 512;
  while (head < size - inPages + 320) head *= 2;
  return 256 + head + inPages;
}

/** An unread message, or an unread part of a stream (sk_buff). */
export interface Buffer {
  readonly bytes: Uint8Array;
  /** Bytes of the part that were read already (UNIXCB.consumed). */
  start: number;
  /** Memory that the buffer takes. */
  readonly size: number;
  /** The socket whose send buffer the memory is charged to (skb->sk). */
  readonly sender: UnixSocket;
}

/** The base class of both kinds of Unix sockets: names, and the memory of unread messages. */
export abstract class UnixSocket extends Socket {
  /** The name of the socket; NO_NAME of an unbound one. */
  bound: Uint8Array = NO_NAME;
  readonly received: Buffer[] = [];
  /** Memory of the messages that this socket sent and the receiver has not read (sk_wmem_alloc). */
  allocated = 0;

  constructor(kernel: Kernel, type: number, flags: number) {
    super(kernel, AF_UNIX, type, flags);
  }

  /** unix_bind. */
  bind(name: SocketName): number {
    if (this.bound !== NO_NAME) return -EINVAL;
    const bound = namesOf(this.kernel).add(name.text, this);
    if (typeof bound === "number") return bound;
    this.bound = bound;
    return 0;
  }

  ownName(): SocketName {
    return nameOf(this.bound);
  }

  /** unix_writable: at most a quarter of the send buffer is in use. */
  get isWritableNow(): boolean {
    return this.allocated * 4 <= this.sendBuffer;
  }

  /** Appends a message to the receive queue of `to`. */
  protected deliver(to: UnixSocket, bytes: Uint8Array): void {
    const size = trueSize(bytes.length);
    this.allocated += size;
    to.received.push({ bytes: copyOf(bytes), start: 0, size, sender: this });
    to.queue.wake(ARRIVAL);
  }

  /**
   * Frees the first message of the receive queue, which may make its sender writable
   * (unix_write_space).
   */
  protected free(): void {
    const { sender, size } = this.received.shift() as Buffer;
    sender.allocated -= size;
    if (sender.isWritableNow) sender.queue.wake(WRITABLE);
    else sender.drained();
  }

  override get queuedBytes(): number {
    return this.allocated;
  }

  override buffered(): readonly Uint8Array[] {
    return this.received.map(({ bytes, start }) => bytes.subarray(start));
  }

  override describe(): Record<string, unknown> {
    return {
      received: this.received.map(({ bytes, start }) => bytes.length - start),
      memory: this.allocated,
      error: this.error,
      shut: this.shut,
    };
  }

  override release(): void {
    if (this.bound !== NO_NAME) namesOf(this.kernel).remove(this.bound, this);
    while (this.received.length > 0) this.free();
  }
}

/** A socket of SOCK_STREAM or SOCK_SEQPACKET. */
export class UnixStream extends UnixSocket {
  readonly name: string;
  peer: UnixStream | undefined;
  #acceptQueue: UnixStream[] | undefined;
  #backlog = 0;

  constructor(kernel: Kernel, type: number, flags: number) {
    super(kernel, type, flags);
    this.name = type === SOCK_STREAM ? "unix stream socket" : "unix seqpacket socket";
  }

  override get kind(): number {
    return this.isListening ? FD_LISTENER : FD_STREAM;
  }

  override get isConnected(): boolean {
    return this.peer !== undefined;
  }

  override get isListening(): boolean {
    return this.#acceptQueue !== undefined;
  }

  override get acceptQueueLength(): number {
    return this.#acceptQueue?.length ?? 0;
  }

  /** unix_poll. */
  poll(): number {
    if (this.#acceptQueue !== undefined) {
      return this.pollShut() | (this.#acceptQueue.length > 0 ? READABLE : 0);
    }
    let mask = this.pollShut();
    if (this.received.length > 0) mask |= READABLE;
    if (this.peer === undefined) mask |= EVENT_HUP;
    if (this.isWritableNow) mask |= WRITABLE;
    return mask;
  }

  /** Makes two sockets each other's peer. */
  static join(a: UnixStream, b: UnixStream): void {
    a.peer = b;
    b.peer = a;
  }

  override listen(backlog: number): number {
    if (this.bound === NO_NAME || this.peer !== undefined) return -EINVAL;
    this.#acceptQueue ??= [];
    this.#backlog = backlog;
    return 0;
  }

  /** unix_stream_connect; -EAGAIN while the accept queue is full. */
  connect(name: SocketName): number {
    const found = namesOf(this.kernel).find(name.text);
    if (typeof found === "number") return found;
    if (found.type !== this.type) return -EPROTOTYPE;
    const listener = found as UnixStream;
    const queue = listener.#acceptQueue;
    if (queue === undefined || (listener.shut & SHUT_RECEIVE) !== 0) return -ECONNREFUSED;
    if (queue.length > listener.#backlog) return -EAGAIN;
    if (this.peer !== undefined) return -EISCONN;
    if (this.isListening) return -EINVAL;
    const accepted = new UnixStream(this.kernel, this.type, 0);
    accepted.bound = listener.bound;
    UnixStream.join(this, accepted);
    queue.push(accepted);
    // unix_stream_connect wakes no waiter of the client; FreeBSD's soisconnected does.
    if (this.kernel.personality === "bsd") this.changed();
    listener.queue.wake(ARRIVAL);
    return 0;
  }

  /**
   * The socket that a blocked connect(2) to `name` waits on until its accept queue has room
   * (unix_wait_for_peer).
   */
  static listenerOf(kernel: Kernel, name: SocketName): UnixStream | undefined {
    const found = namesOf(kernel).find(name.text);
    return found instanceof UnixStream ? found : undefined;
  }

  override accept(): Accepted | number {
    if (this.#acceptQueue === undefined) return -EINVAL;
    const socket = this.#acceptQueue.shift();
    if (socket === undefined) {
      // Linux checks RCV_SHUTDOWN only when accept(2) is about to sleep (__skb_wait_for_more_packets).
      return this.isBlocking && (this.shut & SHUT_RECEIVE) !== 0 ? -EINVAL : -EAGAIN;
    }
    // The accept queue was full and no longer is: wakes the blocked connect(2) calls (peer_wait).
    if (this.#acceptQueue.length === this.#backlog) this.queue.wake(KEY_VACANCY);
    return { socket, peer: socket.peer?.ownName() ?? nameOf(NO_NAME) };
  }

  /** unix_shutdown: also shuts down the other halves of the peer. */
  shutdown(how: number): number {
    if (how < 0 || how > 2) return -EINVAL;
    const halves = how + 1;
    this.shut |= halves;
    this.changed();
    const { peer } = this;
    if (peer !== undefined) {
      if ((halves & SHUT_RECEIVE) !== 0) peer.shut |= SHUT_SEND;
      if ((halves & SHUT_SEND) !== 0) peer.shut |= SHUT_RECEIVE;
      peer.changed();
    }
    return 0;
  }

  /** unix_stream_sendmsg. */
  send(bytes: Uint8Array, flags: number): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    const { peer } = this;
    if (this.type !== SOCK_STREAM && this.error !== 0) return this.takeError();
    if (peer === undefined) return -ENOTCONN;
    if ((this.shut & SHUT_SEND) !== 0) return -EPIPE;
    if (this.type !== SOCK_STREAM) return this.#sendPacket(peer, bytes);
    let sent = 0;
    while (sent < bytes.length) {
      if (this.allocated >= this.sendBuffer) return sent > 0 ? sent : -EAGAIN;
      const largest = Math.min(MAX_BUFFER, Math.floor(this.sendBuffer / 2) - 64);
      const part = bytes.subarray(sent, sent + largest);
      this.deliver(peer, part);
      sent += part.length;
    }
    return sent;
  }

  /** unix_seqpacket_sendmsg. */
  #sendPacket(peer: UnixStream, bytes: Uint8Array): number {
    if (bytes.length > this.sendBuffer - 32) return -EMSGSIZE;
    if (this.allocated >= this.sendBuffer) return -EAGAIN;
    this.deliver(peer, bytes);
    return bytes.length;
  }

  /** unix_stream_read_generic; SOCK_SEQPACKET reads one packet (unix_seqpacket_recvmsg). */
  receive(buffer: Uint8Array, size: number, flags: number): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (this.#acceptQueue !== undefined) return this.type === SOCK_STREAM ? -EINVAL : -ENOTCONN;
    if (this.peer === undefined) return this.type === SOCK_STREAM ? -EINVAL : -ENOTCONN;
    const peeks = (flags & MSG_PEEK) !== 0;
    // SOCK_SEQPACKET reports a pending error before queued messages, SOCK_STREAM after the queued bytes.
    if (this.type !== SOCK_STREAM && this.error !== 0) return this.takeError();
    if (this.received.length === 0) {
      if (this.error !== 0) return this.takeError();
      return (this.shut & SHUT_RECEIVE) !== 0 ? 0 : -EAGAIN;
    }
    if (this.type !== SOCK_STREAM) {
      const { bytes } = this.received[0] as Buffer;
      const count = Math.min(size, bytes.length);
      buffer.set(bytes.subarray(0, count));
      if (!peeks) this.free();
      return count;
    }
    let taken = 0;
    let at = 0;
    while (taken < size && at < this.received.length) {
      const first = this.received[at] as Buffer;
      const count = Math.min(size - taken, first.bytes.length - first.start);
      buffer.set(first.bytes.subarray(first.start, first.start + count), taken);
      taken += count;
      if (peeks) at++;
      else if ((first.start += count) === first.bytes.length) this.free();
    }
    return taken;
  }

  override peerName(): SocketName | number {
    return this.peer === undefined ? -ENOTCONN : nameOf(this.peer.bound);
  }

  protected override readableBytes(): number {
    let size = 0;
    for (const { bytes, start } of this.received) size += bytes.length - start;
    return size;
  }

  override dataState(): number {
    if (this.isListening) return this.error;
    if (this.peer === undefined) return this.error | DATA_STATE_UNCONNECTED;
    return this.error | ((this.shut & SHUT_SEND) !== 0 ? DATA_STATE_SHUT_WRITE : 0);
  }

  override release(): void {
    const { peer } = this;
    // unix_release_sock does not count an empty packet at the head of the queue as unread data, because
    // urgent data that was read leaves such a packet.
    const [first, second] = this.received;
    const hadUnread = second !== undefined || (first !== undefined && first.bytes.length > 0);
    for (const embryo of this.#acceptQueue ?? []) embryo.#releaseEmbryo();
    this.#acceptQueue = undefined;
    if (peer !== undefined) {
      peer.shut = SHUT_BOTH;
      if (hadUnread) peer.error = ECONNRESET;
      peer.changed();
    }
    // Last: freeing unread messages makes the peer writable, and Linux wakes the peer for its end
    // before that.
    super.release();
  }

  /**
   * The listener is closed with this end in its accept queue: the client is reset (unix_release_sock,
   * embryo).
   */
  #releaseEmbryo(): void {
    const { peer } = this;
    if (peer !== undefined) {
      peer.shut = SHUT_BOTH;
      peer.error = ECONNRESET;
      peer.changed();
    }
    while (this.received.length > 0) this.free();
  }
}
