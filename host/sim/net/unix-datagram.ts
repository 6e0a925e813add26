// Unix domain datagram sockets (Linux's net/unix/af_unix.c).

import { EAGAIN, EINVAL, EOPNOTSUPP, EPERM, EPIPE, FD_DATAGRAM } from "../../../asm/abi.ts";
import { ECONNREFUSED, EMSGSIZE, ENOTCONN, EPROTOTYPE } from "../kernel/constants.ts";
import type { Kernel } from "../kernel/kernel.ts";
import {
  MSG_OOB,
  MSG_PEEK,
  READABLE,
  SHUT_RECEIVE,
  SHUT_SEND,
  SOCK_DGRAM,
  type SocketName,
  WRITABLE,
} from "./socket.ts";
import { type Buffer, UnixSocket } from "./unix.ts";
import { nameOf, namesOf, NO_NAME } from "./unix-names.ts";

/** Datagrams that a socket queues from senders that are not its own peer (net.unix.max_dgram_qlen). */
const QUEUE_LIMIT = 10;

/** A Unix socket of type SOCK_DGRAM. */
export class UnixDatagram extends UnixSocket {
  readonly name = "unix datagram socket";
  peer: UnixDatagram | undefined;
  #isReleased = false;
  /** Senders that wait for room in the queue of this socket (peer_wait). */
  readonly #waitingSenders = new Set<UnixDatagram>();

  constructor(kernel: Kernel, flags: number) {
    super(kernel, SOCK_DGRAM, flags);
  }

  override get kind(): number {
    return FD_DATAGRAM;
  }

  /** unix_dgram_peer_wake_me: whether the queue of the peer, a server for several senders, is full. */
  get #isPeerFull(): boolean {
    const { peer } = this;
    if (peer === undefined || peer.peer === this || peer.#isReleased) return false;
    return peer.received.length > QUEUE_LIMIT;
  }

  /** unix_dgram_poll. */
  poll(): number {
    let mask = this.pollShut();
    if (this.received.length > 0) mask |= READABLE;
    if (!this.isWritableNow) return mask;
    if (this.#isPeerFull) this.peer!.#waitingSenders.add(this);
    else mask |= WRITABLE;
    return mask;
  }

  /** unix_dgram_connect. */
  connect(name: SocketName): number {
    const found = namesOf(this.kernel).find(name.text);
    if (typeof found === "number") return found;
    if (!(found instanceof UnixDatagram)) return -EPROTOTYPE;
    // A connected socket accepts datagrams from its own peer alone (unix_may_send).
    if (found.peer !== undefined && found.peer !== this) return -EPERM;
    this.peer = found;
    return 0;
  }

  /** unix_shutdown, which leaves the peer of a datagram socket alone. */
  shutdown(how: number): number {
    if (how < 0 || how > 2) return -EINVAL;
    this.shut |= how + 1;
    this.changed();
    return 0;
  }

  /** unix_dgram_sendmsg. */
  send(bytes: Uint8Array, flags: number): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (bytes.length > this.sendBuffer - 32) return -EMSGSIZE;
    if (this.error !== 0) return this.takeError();
    if ((this.shut & SHUT_SEND) !== 0) return -EPIPE;
    if (this.allocated >= this.sendBuffer) return -EAGAIN;
    const { peer } = this;
    const refused = peer === undefined ? -ENOTCONN : this.#refusal(peer);
    if (peer === undefined || refused !== 0) {
      // Linux allocated the message before, and freeing it calls unix_write_space.
      if (this.isWritableNow) this.queue.wake(WRITABLE);
      return refused;
    }
    this.deliver(peer, bytes);
    return bytes.length;
  }

  /** 0 if the peer accepts a message, else the negative errno of send(2). */
  #refusal(peer: UnixDatagram): number {
    if (peer.#isReleased) {
      this.peer = undefined;
      // Breaking the connection discards the datagrams that came over it (unix_dgram_disconnected).
      while (this.received.length > 0) this.free();
      return -ECONNREFUSED;
    }
    if ((peer.shut & SHUT_RECEIVE) !== 0) return -EPIPE;
    if (!this.#isPeerFull) return 0;
    peer.#waitingSenders.add(this);
    return -EAGAIN;
  }

  /** __unix_dgram_recvmsg: one datagram, whose part beyond `size` bytes is lost. */
  receive(buffer: Uint8Array, size: number, flags: number): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (this.error !== 0) return this.takeError();
    if (this.received.length === 0) return this.endOfDatagrams(flags);
    const { bytes } = this.received[0] as Buffer;
    const count = Math.min(size, bytes.length);
    buffer.set(bytes.subarray(0, count));
    if ((flags & MSG_PEEK) === 0) {
      this.free();
      this.#wakeSenders();
    }
    return count;
  }

  /** unix_dgram_peer_wake_relay: wakes every sender that waits for room. */
  #wakeSenders(): void {
    for (const sender of this.#waitingSenders) {
      this.#waitingSenders.delete(sender);
      sender.queue.wake(WRITABLE);
    }
  }

  override peerName(): SocketName | number {
    return this.peer === undefined ? -ENOTCONN : nameOf(this.peer.bound ?? NO_NAME);
  }

  override get payload(): number {
    return this.received.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  protected override readableBytes(): number {
    return this.received[0]?.bytes.length ?? 0;
  }

  override dataState(): number {
    return this.error;
  }

  override release(): void {
    this.#isReleased = true;
    super.release();
    this.#wakeSenders();
  }
}
