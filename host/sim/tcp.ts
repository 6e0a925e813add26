// TCP over the loopback interface (Linux's net/ipv4/tcp.c), where segments arrive at once. What is
// sent goes to the peer's receive buffer as far as that has room, and waits in the send buffer
// else.

import {
  DATA_STATE_SHUT_WRITE,
  DATA_STATE_UNCONNECTED,
  EAGAIN,
  EINVAL,
  EPIPE,
  EVENT_HUP,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_WRNORM,
  FD_LISTENER,
  FD_STREAM,
} from "../../asm/abi.ts";
import { ByteQueue } from "./byte-queue.ts";
import type { Scheduled } from "./clock.ts";
import {
  EADDRINUSE,
  EALREADY,
  ECONNREFUSED,
  ECONNRESET,
  EINPROGRESS,
  EISCONN,
  ENETUNREACH,
  ENOTCONN,
  ETIMEDOUT,
} from "./constants.ts";
import {
  type Bindable,
  bindTo,
  destinationOf,
  type Endpoint,
  endpointOf,
  showEndpoint,
  tcpPortsOf,
  unbound,
} from "./internet.ts";
import type { Kernel } from "./kernel.ts";
import {
  type Accepted,
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
import { Received } from "./tcp-received.ts";

type State = "closed" | "listening" | "connecting" | "connected";

/** tcp_wmem and tcp_rmem as they are for a fresh socket, and after loopback's tuning. */
const FRESH_SEND_BUFFER = 16_384;
const TUNED_SEND_BUFFER = 2_626_560;
const RECEIVE_BUFFER = 131_072;
/** When a SYN that was dropped is sent again, in ms; twice as late each time after that. */
const FIRST_RETRY_MS = 1000;
/** How often (tcp_syn_retries). */
const RETRIES = 6;

export class TcpSocket extends Socket implements Bindable {
  readonly name = "tcp socket";
  endpoint: Endpoint | undefined;
  state: State = "closed";
  /** It has been connected, or refused: no fresh socket. */
  wasUsed = false;
  peer: TcpSocket | undefined;
  #remote: Endpoint | undefined;
  /** A connect that did not block is under way, or its end was not asked for yet. */
  #isPromised = false;
  #retry: Scheduled | undefined;
  readonly #pending: TcpSocket[] = [];
  #backlog = 0;
  /** Bytes to be sent, and received bytes. */
  readonly #outgoing = new ByteQueue();
  readonly #incoming = new Received();
  /** Somebody found no room to send (SOCK_NOSPACE): told when there is. */
  #wantsRoom = false;
  #isReleased = false;

  constructor(kernel: Kernel, family: number, flags: number) {
    super(kernel, family, SOCK_STREAM, flags);
    this.sendBuffer = FRESH_SEND_BUFFER;
    this.receiveBuffer = RECEIVE_BUFFER;
  }

  override get kind(): number {
    return this.isListening ? FD_LISTENER : FD_STREAM;
  }

  override get isConnected(): boolean {
    return this.state === "connected";
  }

  override get isListening(): boolean {
    return this.state === "listening";
  }

  override get waiting(): number {
    return this.#pending.length;
  }

  /** sk_stream_is_writeable: two thirds of the buffer are not in use. */
  get #isRoomy(): boolean {
    return this.sendBuffer - this.#outgoing.size >= this.#outgoing.size / 2;
  }

  poll(): number {
    if (this.state === "listening") {
      return this.#pending.length > 0 ? READABLE : 0;
    }
    let mask = this.pollShut();
    if (this.state === "closed") mask |= EVENT_HUP;
    if (this.state === "connecting") return mask;
    if (this.#isReadable) mask |= READABLE;
    if ((this.shut & SHUT_SEND) !== 0 || this.#isRoomy) mask |= EVENT_OUT | EVENT_WRNORM;
    else this.#wantsRoom = true;
    if (this.#incoming.isAnnounced) mask |= EVENT_PRI;
    return mask;
  }

  /** tcp_stream_is_readable: enough bytes, among which an urgent one that is next is none. */
  get #isReadable(): boolean {
    return this.#incoming.size >= this.lowat + this.#incoming.skipped(this.isInline);
  }

  bind(name: SocketName): number {
    if (this.state !== "closed") return -EINVAL;
    return bindTo(tcpPortsOf(this.kernel), this, name);
  }

  override listen(backlog: number): number {
    if (this.state !== "closed" && this.state !== "listening") return -EINVAL;
    const ports = tcpPortsOf(this.kernel);
    if (this.endpoint === undefined) ports.bind(this, unbound(this.family));
    if (this.state === "closed" && ports.isListenedOn(this)) return -EADDRINUSE;
    this.state = "listening";
    this.#backlog = backlog;
    return 0;
  }

  connect(name: SocketName): number {
    if (this.state === "connecting") return -EALREADY;
    if (this.state === "connected") {
      if (!this.#isPromised) return -EISCONN;
      this.#isPromised = false;
      return 0;
    }
    if (this.state === "listening") return -EISCONN;
    if (this.#isPromised && this.error !== 0) {
      this.#isPromised = false;
      return this.takeError();
    }
    const wanted = endpointOf(this.family, name);
    if (typeof wanted === "number") return wanted;
    const to = destinationOf(wanted);
    if (to === undefined) return -ENETUNREACH;
    if (this.endpoint === undefined) {
      const bound = tcpPortsOf(this.kernel).bind(this, { ip: to.ip, port: 0 });
      if (bound < 0) return bound;
    }
    this.shut = 0;
    this.error = 0;
    this.wasUsed = true;
    this.#remote = to;
    this.state = "connecting";
    this.#isPromised = true;
    this.#synchronize(to, 0);
    return -EINPROGRESS;
  }

  override connected(): number {
    if (this.state === "connecting") return -EAGAIN;
    this.#isPromised = false;
    return this.state === "connected" ? 0 : this.takeError() || -ECONNREFUSED;
  }

  /** Sends a SYN: it is answered, refused, or dropped and sent again later. */
  #synchronize(to: Endpoint, tries: number): void {
    this.#retry = undefined;
    const listener = tcpPortsOf(this.kernel).find(to, (socket) => socket.isListening);
    if (listener === undefined) {
      this.#end(ECONNREFUSED);
      return;
    }
    if (!(listener as TcpSocket).#admit(this)) {
      const at = this.kernel.clock.now() + FIRST_RETRY_MS * 2 ** tries;
      if (tries === RETRIES) this.#end(ETIMEDOUT);
      else this.#retry = this.kernel.at(at, "tcp", () => this.#synchronize(to, tries + 1));
      return;
    }
    this.#establish();
    this.changed();
    this.queue.wake(EVENT_OUT | EVENT_WRNORM);
  }

  #establish(): void {
    this.state = "connected";
    this.wasUsed = true;
    if (this.sendBuffer === FRESH_SEND_BUFFER) this.sendBuffer = TUNED_SEND_BUFFER;
  }

  /** A listener's answer to a SYN. False if it has no room. */
  #admit(client: TcpSocket): boolean {
    if (this.#pending.length > this.#backlog) return false;
    const accepted = new TcpSocket(this.kernel, this.family, 0);
    accepted.endpoint = client.#remote;
    accepted.#remote = client.endpoint;
    accepted.sendBuffer = this.sendBuffer;
    accepted.receiveBuffer = this.receiveBuffer;
    accepted.#establish();
    accepted.lowat = this.lowat;
    accepted.peer = client;
    client.peer = accepted;
    this.#pending.push(accepted);
    this.queue.wake(ARRIVAL);
    return true;
  }

  override accept(): Accepted | number {
    if (this.state !== "listening") return -EINVAL;
    const socket = this.#pending.shift();
    if (socket === undefined) return -EAGAIN;
    return { socket, peer: showEndpoint(socket.family, socket.#remote as Endpoint) };
  }

  /** The connection is over: refused, reset, or given up. */
  #end(errno: number): void {
    this.error = errno;
    this.state = "closed";
    this.shut = SHUT_BOTH;
    this.#outgoing.drop(this.#outgoing.size);
    this.changed();
  }

  /** A reset arrives (tcp_reset). */
  #reset(): void {
    if (this.state !== "connected") return;
    // After the peer's FIN, Linux says that it is the program that goes on sending.
    const isEnded = (this.shut & SHUT_RECEIVE) !== 0 && this.#hasFin;
    this.#end(isEnded && this.kernel.personality !== "bsd" ? EPIPE : ECONNRESET);
  }

  /** The peer's FIN has arrived. */
  #hasFin = false;

  #finish(): void {
    if (this.state !== "connected") return;
    this.#hasFin = true;
    this.shut |= SHUT_RECEIVE;
    this.#settle();
    this.changed();
  }

  /** Both FINs have been exchanged: nothing is left of the connection. */
  #settle(): void {
    if (this.#hasFin && (this.shut & SHUT_SEND) !== 0 && this.#outgoing.size === 0) {
      this.state = "closed";
      this.shut = SHUT_BOTH;
    }
  }

  shutdown(how: number): number {
    if (how < 0 || how > 2) return -EINVAL;
    const halves = how + 1;
    if (this.state === "listening") {
      if ((halves & SHUT_RECEIVE) !== 0) this.#stopListening();
      this.changed(); // in any case, Linux does
      return 0;
    }
    if (this.state === "connecting") {
      this.#cancel();
      this.state = "closed";
      this.changed();
      return 0;
    }
    const isFirst = (halves & SHUT_SEND) !== 0 && (this.shut & SHUT_SEND) === 0;
    const wasOpen = this.state === "connected";
    this.shut |= halves;
    if (wasOpen && isFirst) this.#sayFin();
    this.changed();
    return wasOpen ? 0 : -ENOTCONN;
  }

  /** Says FIN once everything before it has arrived. */
  #sayFin(): void {
    if (this.#outgoing.size > 0) return;
    this.#settle();
    const { peer } = this;
    if (peer !== undefined) {
      peer.#finish();
      // Its acknowledgement: the end that closes second has nothing left after it.
      if (peer.state === "closed" && this.#hasFin) this.#settle();
    }
  }

  #cancel(): void {
    if (this.#retry !== undefined) this.kernel.clock.cancel(this.#retry);
    this.#retry = undefined;
  }

  #stopListening(): void {
    this.state = "closed";
    for (const { peer } of this.#pending.splice(0)) if (peer !== undefined) peer.#reset();
  }

  send(bytes: Uint8Array, flags: number): number {
    if (this.state === "connecting") return -EAGAIN;
    // A reset that is an answer to what was sent after the peer's end is no news to who sends more.
    const isOwn = this.error === EPIPE || (this.error === ECONNRESET && this.#hasFin);
    if (this.error !== 0 && !isOwn) return this.takeError();
    if (this.state !== "connected" || (this.shut & SHUT_SEND) !== 0) {
      this.error = 0;
      return -EPIPE;
    }
    const peer = this.peer as TcpSocket;
    if (peer.#isReleased) {
      // Nobody is there any more: the answer is a reset.
      this.#reset();
      return bytes.length;
    }
    if (peer.shut === SHUT_BOTH && !peer.#hasFin && bytes.length > 0) {
      // Data for an end that has said it sends nothing and reads nothing: it is reset.
      peer.#reset();
      this.#reset();
      return bytes.length;
    }
    const room = this.sendBuffer - this.#outgoing.size;
    if (room <= 0 && bytes.length > 0) {
      this.#wantsRoom = true;
      return -EAGAIN;
    }
    const taken = bytes.subarray(0, room);
    if (taken.length < bytes.length) this.#wantsRoom = true;
    const isUrgent = (flags & MSG_OOB) !== 0 && taken.length === bytes.length && bytes.length > 0;
    this.#outgoing.put(taken);
    const before = peer.#incoming.size + this.#outgoing.size;
    const moved = this.#push(peer);
    if (isUrgent) peer.#announce(before - 1, bytes.at(-1) as number);
    if (moved > 0) peer.queue.wake(ARRIVAL);
    return taken.length;
  }

  /** Moves what the peer has room for; returns how much. */
  #push(peer: TcpSocket): number {
    // Half of the buffer is for the kernel's own bookkeeping (tcp_adv_win_scale).
    const room = Math.max(0, peer.receiveBuffer / 2 - peer.#incoming.size);
    const count = Math.min(room, this.#outgoing.size);
    if (count > 0) this.#outgoing.moveTo(peer.#incoming, count);
    return count;
  }

  #announce(ahead: number, byte: number): void {
    this.#incoming.announce(ahead, byte);
    this.queue.wake(ARRIVAL);
  }

  receive(buffer: Uint8Array, size: number, flags: number): number {
    if (this.state === "listening") return -ENOTCONN;
    const peeks = (flags & MSG_PEEK) !== 0;
    if ((flags & MSG_OOB) !== 0) {
      return this.isInline ? -EINVAL : this.#incoming.takeUrgent(buffer, size, peeks);
    }
    const skip = this.#incoming.skipped(this.isInline);
    const available = Math.min(size, this.#incoming.untilMark - skip);
    if (available <= 0) {
      if (skip > 0 && !peeks && this.#incoming.size > 0 && size > 0) this.#pass(0, skip);
      return this.#nothing();
    }
    const count = this.#incoming.copy(buffer, available, skip);
    if (!peeks) this.#pass(count, skip);
    return count;
  }

  /** What a read returns when no bytes are there. */
  #nothing(): number {
    if (this.#hasFin) return 0;
    if (this.error !== 0) return this.takeError();
    if ((this.shut & SHUT_RECEIVE) !== 0) return 0;
    if (this.state === "closed") return -ENOTCONN;
    return -EAGAIN;
  }

  /** Takes read bytes away, and gives the peer the room. */
  #pass(count: number, skip: number): void {
    this.#incoming.pass(count, skip);
    const { peer } = this;
    if (peer === undefined || peer.#outgoing.size === 0) return;
    if (peer.#push(this) === 0) return;
    this.queue.wake(ARRIVAL);
    if (peer.#wantsRoom && peer.#isRoomy) {
      peer.#wantsRoom = false;
      peer.queue.wake(WRITABLE);
    } else {
      peer.drained();
    }
    if (peer.#outgoing.size === 0 && (peer.shut & SHUT_SEND) !== 0) peer.#sayFin();
  }

  ownName(): SocketName {
    return showEndpoint(this.family, this.endpoint ?? unbound(this.family));
  }

  override peerName(): SocketName | number {
    if (this.state !== "connected" || this.#remote === undefined) return -ENOTCONN;
    return showEndpoint(this.family, this.#remote);
  }

  protected override readableBytes(): number {
    return this.#incoming.readable(this.isInline);
  }

  override get queuedBytes(): number {
    return this.#outgoing.size;
  }

  override dataState(): number {
    if (this.state === "closed" && !this.wasUsed) return DATA_STATE_UNCONNECTED;
    const shut = this.state === "closed" || (this.shut & SHUT_SEND) !== 0;
    // Of a reset the waist says ECONNRESET, whatever came before it.
    const errno = this.error === EPIPE ? ECONNRESET : this.error;
    return errno | (shut ? DATA_STATE_SHUT_WRITE : 0);
  }

  override buffered(): readonly Uint8Array[] {
    return this.#incoming.pieces();
  }

  override describe(): Record<string, unknown> {
    return {
      state: this.state,
      received: this.#incoming.size,
      toSend: this.#outgoing.size,
      pending: this.#pending.length,
      urgent: this.#incoming.hasUrgent,
      error: this.error,
      shut: this.shut,
    };
  }

  override release(): void {
    this.#isReleased = true;
    this.#cancel();
    if (this.state === "listening") this.#stopListening();
    tcpPortsOf(this.kernel).leave(this);
    const { peer } = this;
    if (this.state !== "connected" || peer === undefined) return;
    if (this.resetsOnClose || this.#incoming.size > 0) {
      peer.#reset();
    } else if ((this.shut & SHUT_SEND) === 0) {
      this.shut |= SHUT_SEND;
      this.#sayFin();
    }
  }
}
