// The data path of a TCP connection over the loopback interface (Linux's net/ipv4/tcp.c), where
// segments arrive at once. Sent bytes go to the receive queue of the peer as far as the peer has room;
// the rest stays in the send buffer.

import {
  DATA_UNREAD,
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

/**
 * sk_state: TCP_CLOSE, TCP_LISTEN, TCP_SYN_SENT; "connected" is every state between the handshake and
 * the second FIN.
 */
export type State = "closed" | "listening" | "connecting" | "connected";

/** One end of a connection, before, during and after the connection. */
export abstract class TcpEnd extends Socket {
  state: State = "closed";
  peer: TcpEnd | undefined;
  /** The send buffer (sk_write_queue) and the receive queue (sk_receive_queue). */
  readonly outgoing = new ByteQueue();
  readonly incoming = new Received();
  /** The peer's FIN has arrived. */
  receivedFin = false;
  /** A FIN was sent, or is queued behind the bytes of the send buffer (tcp_send_fin). */
  queuedFin = false;
  isReleased = false;
  /** SOCK_NOSPACE: poll or a send found no room, so the socket wakes its waiters when room comes. */
  #noSpace = false;

  override get isConnected(): boolean {
    return this.state === "connected";
  }

  /** tcp_reset: a RST arrives. */
  abstract reset(): void;

  /** tcp_send_fin: sends a FIN now if the send buffer is empty, else behind its bytes. */
  abstract sendFin(): void;

  /** sk_stream_is_writeable: at most two thirds of the send buffer are in use. */
  get #isWriteable(): boolean {
    return this.sendBuffer - this.outgoing.size >= this.outgoing.size / 2;
  }

  /** tcp_poll. */
  poll(): number {
    if (this.state === "listening") return this.acceptQueueLength > 0 ? READABLE : 0;
    let mask = this.pollShut();
    if (this.state === "closed") mask |= EVENT_HUP;
    if (this.state === "connecting") return mask;
    if (this.#isReadable) mask |= READABLE;
    if ((this.shut & SHUT_SEND) !== 0 || this.#isWriteable) mask |= EVENT_OUT | EVENT_WRNORM;
    else this.#noSpace = true;
    if (this.incoming.isUrgentValid) mask |= EVENT_PRI;
    return mask;
  }

  /**
   * tcp_stream_is_readable: at least SO_RCVLOWAT bytes, not counting an urgent byte that a read would
   * skip.
   */
  get #isReadable(): boolean {
    return this.incoming.size >= this.lowat + this.incoming.skipped(this.isInline);
  }

  /** tcp_sendmsg_locked: the number of bytes that went to the send buffer, or a negative errno. */
  send(bytes: Uint8Array, flags: number): number {
    if (this.state === "connecting") return -EAGAIN;
    // If bytes that were sent after the peer's FIN caused the reset, a further send fails with EPIPE
    // instead of the pending error.
    const isOwn = this.error === EPIPE || (this.error === ECONNRESET && this.receivedFin);
    if (this.error !== 0 && !isOwn) return this.takeError();
    if (this.state !== "connected" || (this.shut & SHUT_SEND) !== 0) {
      this.error = 0;
      return -EPIPE;
    }
    const peer = this.peer as TcpEnd;
    if (peer.isReleased) {
      // The peer's socket is closed: the peer's kernel answers with a RST.
      this.reset();
      return bytes.length;
    }
    if (peer.shut === SHUT_BOTH && !peer.receivedFin && bytes.length > 0) {
      // The peer shut down both halves, so data resets the connection (tcp_rcv_state_process,
      // TCPABORTONDATA).
      peer.reset();
      this.reset();
      return bytes.length;
    }
    const room = this.sendBuffer - this.outgoing.size;
    if (room <= 0 && bytes.length > 0) {
      this.#noSpace = true;
      return -EAGAIN;
    }
    const taken = bytes.subarray(0, room);
    if (taken.length < bytes.length) this.#noSpace = true;
    const isUrgent = (flags & MSG_OOB) !== 0 && taken.length === bytes.length && bytes.length > 0;
    this.outgoing.put(taken);
    const before = peer.incoming.size + this.outgoing.size;
    const moved = this.#transmit(peer);
    if (isUrgent) peer.#announce(before - 1, bytes.at(-1) as number);
    if (moved > 0) peer.queue.wake(ARRIVAL);
    return taken.length;
  }

  /** tcp_write_xmit: moves the bytes that the peer has room for, and returns their number. */
  #transmit(peer: TcpEnd): number {
    // Half of the receive buffer is overhead of the kernel (tcp_adv_win_scale).
    const room = Math.max(0, peer.receiveBuffer / 2 - peer.incoming.size);
    const count = Math.min(room, this.outgoing.size);
    if (count > 0) this.outgoing.moveTo(peer.incoming, count);
    return count;
  }

  /** tcp_check_urg: a segment with an urgent pointer arrives. */
  #announce(ahead: number, byte: number): void {
    this.incoming.announce(ahead, byte, this.isInline);
    this.queue.wake(ARRIVAL);
  }

  /** tcp_recvmsg_locked: the number of bytes read, 0 at the end, or a negative errno. */
  receive(buffer: Uint8Array, size: number, flags: number): number {
    if (this.state === "listening") return -ENOTCONN;
    const peeks = (flags & MSG_PEEK) !== 0;
    if ((flags & MSG_OOB) !== 0) {
      if (this.isInline || !this.incoming.isUrgentValid) return -EINVAL;
      // tcp_recv_urg: a reset took the urgent byte with the connection.
      if (this.state === "closed" && !this.receivedFin) return -ENOTCONN;
      return this.incoming.takeUrgent(buffer, size, peeks);
    }
    const skip = this.incoming.skipped(this.isInline);
    const available = Math.min(size, this.incoming.untilMark - skip);
    if (available <= 0) {
      if (skip > 0 && !peeks && this.incoming.size > 0 && size > 0) this.#consume(0, skip);
      return this.incoming.untilMark > skip ? 0 : this.#emptyResult();
    }
    // MSG_TRUNC counts bytes and does not copy them (tcp_recvmsg_locked).
    const discards = (flags & MSG_TRUNC) !== 0;
    const count = discards ? available : this.incoming.copy(buffer, available, skip);
    if (!peeks) this.#consume(count, skip);
    return count;
  }

  /** Result of a read from an empty receive queue (tcp_recvmsg_locked). */
  #emptyResult(): number {
    if (this.receivedFin) return 0;
    if (this.error !== 0) return this.takeError();
    if ((this.shut & SHUT_RECEIVE) !== 0) return 0;
    if (this.state === "closed") return -ENOTCONN;
    return -EAGAIN;
  }

  /** Removes read bytes from the receive queue, and lets the peer send into the room (tcp_cleanup_rbuf). */
  #consume(count: number, skip: number): void {
    this.incoming.consume(count, skip);
    const { peer } = this;
    if (peer === undefined || peer.outgoing.size === 0) return;
    if (peer.#transmit(this) === 0) return;
    this.queue.wake(ARRIVAL);
    if (peer.#noSpace && peer.#isWriteable) {
      peer.#noSpace = false;
      peer.queue.wake(WRITABLE);
    } else {
      peer.drained();
    }
    if (peer.outgoing.size === 0 && peer.queuedFin) peer.sendFin();
  }

  protected override readableBytes(): number {
    return this.incoming.readable(this.isInline);
  }

  override get payload(): number {
    return this.incoming.unread(this.isInline);
  }

  override data(what: number): number {
    if (what === DATA_UNREAD) return this.isListening ? -EINVAL : this.payload;
    return super.data(what);
  }

  override get queuedBytes(): number {
    return this.outgoing.size;
  }

  override buffered(): readonly Uint8Array[] {
    return this.incoming.pieces();
  }
}
