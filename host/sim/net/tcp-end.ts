// What goes over a TCP connection of the loopback interface (Linux's net/ipv4/tcp.c), where segments
// arrive at once. What is sent goes to the peer's receive buffer as far as that has room, and waits
// in the send buffer else.

import {
  EAGAIN,
  EINVAL,
  EPIPE,
  EVENT_HUP,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_WRNORM,
} from "../../../asm/abi.ts";
import { ByteQueue } from "../kernel/byte-queue.ts";
import { ECONNRESET, ENOTCONN } from "../kernel/constants.ts";
import {
  ARRIVAL,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  READABLE,
  SHUT_BOTH,
  SHUT_RECEIVE,
  SHUT_SEND,
  Socket,
  WRITABLE,
} from "./socket.ts";
import { Received } from "./tcp-received.ts";

/** sk_state, as far as it makes a difference. */
export type State = "closed" | "listening" | "connecting" | "connected";

/** One end of a connection that is there, is to be, or was. */
export abstract class TcpEnd extends Socket {
  state: State = "closed";
  peer: TcpEnd | undefined;
  /** Bytes to be sent, and received bytes. */
  readonly outgoing = new ByteQueue();
  readonly incoming = new Received();
  /** The peer's FIN has arrived. */
  hasFin = false;
  /** A FIN comes after what is to be sent, or has been sent. */
  saysFin = false;
  isReleased = false;
  /** Somebody found no room to send (SOCK_NOSPACE): told when there is. */
  #wantsRoom = false;

  override get isConnected(): boolean {
    return this.state === "connected";
  }

  /** A reset arrives (tcp_reset). */
  abstract reset(): void;

  /** Says FIN once everything before it has arrived. */
  abstract sayFin(): void;

  /** sk_stream_is_writeable: two thirds of the buffer are not in use. */
  get #isRoomy(): boolean {
    return this.sendBuffer - this.outgoing.size >= this.outgoing.size / 2;
  }

  poll(): number {
    if (this.state === "listening") return this.waiting > 0 ? READABLE : 0;
    let mask = this.pollShut();
    if (this.state === "closed") mask |= EVENT_HUP;
    if (this.state === "connecting") return mask;
    if (this.#isReadable) mask |= READABLE;
    if ((this.shut & SHUT_SEND) !== 0 || this.#isRoomy) mask |= EVENT_OUT | EVENT_WRNORM;
    else this.#wantsRoom = true;
    if (this.incoming.isAnnounced) mask |= EVENT_PRI;
    return mask;
  }

  /** tcp_stream_is_readable: enough bytes, among which an urgent one that is next is none. */
  get #isReadable(): boolean {
    return this.incoming.size >= this.lowat + this.incoming.skipped(this.isInline);
  }

  send(bytes: Uint8Array, flags: number): number {
    if (this.state === "connecting") return -EAGAIN;
    // A reset that is an answer to what was sent after the peer's end is no news to who sends more.
    const isOwn = this.error === EPIPE || (this.error === ECONNRESET && this.hasFin);
    if (this.error !== 0 && !isOwn) return this.takeError();
    if (this.state !== "connected" || (this.shut & SHUT_SEND) !== 0) {
      this.error = 0;
      return -EPIPE;
    }
    const peer = this.peer as TcpEnd;
    if (peer.isReleased) {
      // Nobody is there any more: the answer is a reset.
      this.reset();
      return bytes.length;
    }
    if (peer.shut === SHUT_BOTH && !peer.hasFin && bytes.length > 0) {
      // Data for an end that has said it sends nothing and reads nothing: it is reset.
      peer.reset();
      this.reset();
      return bytes.length;
    }
    const room = this.sendBuffer - this.outgoing.size;
    if (room <= 0 && bytes.length > 0) {
      this.#wantsRoom = true;
      return -EAGAIN;
    }
    const taken = bytes.subarray(0, room);
    if (taken.length < bytes.length) this.#wantsRoom = true;
    const isUrgent = (flags & MSG_OOB) !== 0 && taken.length === bytes.length && bytes.length > 0;
    this.outgoing.put(taken);
    const before = peer.incoming.size + this.outgoing.size;
    const moved = this.#push(peer);
    if (isUrgent) peer.#announce(before - 1, bytes.at(-1) as number);
    if (moved > 0) peer.queue.wake(ARRIVAL);
    return taken.length;
  }

  /** Moves what the peer has room for; returns how much. */
  #push(peer: TcpEnd): number {
    // Half of the buffer is for the kernel's own bookkeeping (tcp_adv_win_scale).
    const room = Math.max(0, peer.receiveBuffer / 2 - peer.incoming.size);
    const count = Math.min(room, this.outgoing.size);
    if (count > 0) this.outgoing.moveTo(peer.incoming, count);
    return count;
  }

  #announce(ahead: number, byte: number): void {
    this.incoming.announce(ahead, byte);
    this.queue.wake(ARRIVAL);
  }

  receive(buffer: Uint8Array, size: number, flags: number): number {
    if (this.state === "listening") return -ENOTCONN;
    const peeks = (flags & MSG_PEEK) !== 0;
    if ((flags & MSG_OOB) !== 0) {
      return this.isInline ? -EINVAL : this.incoming.takeUrgent(buffer, size, peeks);
    }
    const skip = this.incoming.skipped(this.isInline);
    const available = Math.min(size, this.incoming.untilMark - skip);
    if (available <= 0) {
      if (skip > 0 && !peeks && this.incoming.size > 0 && size > 0) this.#pass(0, skip);
      return this.incoming.untilMark > skip ? 0 : this.#nothing();
    }
    // MSG_TRUNC counts bytes and does not copy them (tcp_recvmsg_locked).
    const discards = (flags & MSG_TRUNC) !== 0;
    const count = discards ? available : this.incoming.copy(buffer, available, skip);
    if (!peeks) this.#pass(count, skip);
    return count;
  }

  /** What a read returns when no bytes are there. */
  #nothing(): number {
    if (this.hasFin) return 0;
    if (this.error !== 0) return this.takeError();
    if ((this.shut & SHUT_RECEIVE) !== 0) return 0;
    if (this.state === "closed") return -ENOTCONN;
    return -EAGAIN;
  }

  /** Takes read bytes away, and gives the peer the room. */
  #pass(count: number, skip: number): void {
    this.incoming.pass(count, skip);
    const { peer } = this;
    if (peer === undefined || peer.outgoing.size === 0) return;
    if (peer.#push(this) === 0) return;
    this.queue.wake(ARRIVAL);
    if (peer.#wantsRoom && peer.#isRoomy) {
      peer.#wantsRoom = false;
      peer.queue.wake(WRITABLE);
    } else {
      peer.drained();
    }
    if (peer.outgoing.size === 0 && peer.saysFin) peer.sayFin();
  }

  protected override readableBytes(): number {
    return this.incoming.readable(this.isInline);
  }

  override get queuedBytes(): number {
    return this.outgoing.size;
  }

  override buffered(): readonly Uint8Array[] {
    return this.incoming.pieces();
  }
}
