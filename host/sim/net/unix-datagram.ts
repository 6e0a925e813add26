// Unix domain sockets of datagrams (Linux's net/unix/af_unix.c).

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

/** Datagrams a socket takes from those that are not its own peer (max_dgram_qlen). */
const QUEUE_LIMIT = 10;

export class UnixDatagram extends UnixSocket {
  readonly name = "unix datagram socket";
  peer: UnixDatagram | undefined;
  #isReleased = false;
  /** Senders that wait for this socket to have room. */
  readonly #waiting = new Set<UnixDatagram>();

  constructor(kernel: Kernel, flags: number) {
    super(kernel, SOCK_DGRAM, flags);
  }

  override get kind(): number {
    return FD_DATAGRAM;
  }

  /** Whether the peer takes no more, as a server with a full queue. */
  get #isBlocked(): boolean {
    const { peer } = this;
    if (peer === undefined || peer.peer === this || peer.#isReleased) return false;
    return peer.received.length > QUEUE_LIMIT;
  }

  poll(): number {
    let mask = this.pollShut();
    if (this.received.length > 0) mask |= READABLE;
    if (!this.isWritableNow) return mask;
    if (this.#isBlocked) this.peer!.#waiting.add(this);
    else mask |= WRITABLE;
    return mask;
  }

  connect(name: SocketName): number {
    const found = namesOf(this.kernel).find(name.text);
    if (typeof found === "number") return found;
    if (!(found instanceof UnixDatagram)) return -EPROTOTYPE;
    // A socket that is connected takes datagrams from its peer only.
    if (found.peer !== undefined && found.peer !== this) return -EPERM;
    this.peer = found;
    return 0;
  }

  shutdown(how: number): number {
    if (how < 0 || how > 2) return -EINVAL;
    this.shut |= how + 1;
    this.changed();
    return 0;
  }

  send(bytes: Uint8Array, flags: number): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (bytes.length > this.sendBuffer - 32) return -EMSGSIZE;
    if (this.error !== 0) return this.takeError();
    if ((this.shut & SHUT_SEND) !== 0) return -EPIPE;
    if (this.allocated >= this.sendBuffer) return -EAGAIN;
    const { peer } = this;
    const refused = peer === undefined ? -ENOTCONN : this.#refusal(peer);
    if (peer === undefined || refused !== 0) {
      // The message took memory, and gives it back (unix_write_space).
      if (this.isWritableNow) this.queue.wake(WRITABLE);
      return refused;
    }
    this.deliver(peer, bytes);
    return bytes.length;
  }

  /** Why the peer does not take a message: a negative errno, or 0 if it does. */
  #refusal(peer: UnixDatagram): number {
    if (peer.#isReleased) {
      this.peer = undefined;
      // With the connection goes what had come over it (unix_dgram_disconnected).
      while (this.received.length > 0) this.free();
      return -ECONNREFUSED;
    }
    if ((peer.shut & SHUT_RECEIVE) !== 0) return -EPIPE;
    if (!this.#isBlocked) return 0;
    peer.#waiting.add(this);
    return -EAGAIN;
  }

  receive(buffer: Uint8Array, size: number, flags: number): number {
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    if (this.error !== 0) return this.takeError();
    if (this.received.length === 0) return this.endOfDatagrams(flags);
    const { bytes } = this.received[0] as Buffer;
    const count = Math.min(size, bytes.length);
    buffer.set(bytes.subarray(0, count));
    if ((flags & MSG_PEEK) === 0) {
      this.free();
      this.#makeRoom();
    }
    return count;
  }

  /** Tells one sender that waits (unix_dgram_peer_wake_relay). */
  #makeRoom(): void {
    for (const sender of this.#waiting) {
      this.#waiting.delete(sender);
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
    this.#makeRoom();
  }
}
