// TCP sockets of the loopback interface (Linux's net/ipv4/tcp.c and af_inet.c): how connections begin
// and end.

import {
  DATA_STATE_SHUT_WRITE,
  DATA_STATE_UNCONNECTED,
  EAGAIN,
  EINVAL,
  EPIPE,
  EVENT_ERR,
  EVENT_OUT,
  EVENT_WRNORM,
  FD_LISTENER,
  FD_STREAM,
} from "../../../asm/abi.ts";
import type { Scheduled } from "../time/clock.ts";
import {
  EADDRINUSE,
  EALREADY,
  ECONNABORTED,
  ECONNREFUSED,
  ECONNRESET,
  EINPROGRESS,
  EISCONN,
  ENETUNREACH,
  ENOTCONN,
  ETIMEDOUT,
} from "../kernel/constants.ts";
import {
  type Bindable,
  bindTo,
  destinationOf,
  type Endpoint,
  endpointOf,
  type Ip,
  isAny,
  showEndpoint,
  tcpPortsOf,
  unbound,
} from "./internet.ts";
import type { Kernel } from "../kernel/kernel.ts";
import {
  type Accepted,
  ARRIVAL,
  SHUT_BOTH,
  SHUT_RECEIVE,
  SHUT_SEND,
  SOCK_STREAM,
  type SocketName,
} from "./socket.ts";
import { TcpEnd } from "./tcp-end.ts";

/**
 * What connect(2) knows of its calls (sock->state): whether one was made and not answered, was
 * answered well, or was not answered before shutdown(2) ended all that.
 */
type Call = "none" | "unanswered" | "connected" | "over";

/** tcp_wmem and tcp_rmem as they are for a fresh socket, and after loopback's tuning. */
const FRESH_SEND_BUFFER = 16_384;
const TUNED_SEND_BUFFER = 2_626_560;
const RECEIVE_BUFFER = 131_072;
/** When a SYN that was dropped is sent again, in ms; twice as late each time after that. */
const FIRST_RETRY_MS = 1000;
/** How often (tcp_syn_retries). */
const RETRIES = 6;

export class TcpSocket extends TcpEnd implements Bindable {
  readonly name = "tcp socket";
  endpoint: Endpoint | undefined;
  /** It has been connected, or refused: no fresh socket. */
  wasUsed = false;
  declare peer: TcpSocket | undefined;
  #remote: Endpoint | undefined;
  #call: Call = "none";
  #retry: Scheduled | undefined;
  readonly #pending: TcpSocket[] = [];
  #backlog = 0;
  /** What bind(2) has asked for: a port that was not is given back when the connection is over. */
  #asked: Endpoint | undefined;
  /** Where it was bound until then: still its name. */
  #former: Endpoint | undefined;

  constructor(kernel: Kernel, family: number, flags: number) {
    super(kernel, family, SOCK_STREAM, flags);
    this.sendBuffer = FRESH_SEND_BUFFER;
    this.receiveBuffer = RECEIVE_BUFFER;
  }

  override get kind(): number {
    return this.isListening ? FD_LISTENER : FD_STREAM;
  }

  override get isListening(): boolean {
    return this.state === "listening";
  }

  override get waiting(): number {
    return this.#pending.length;
  }

  bind(name: SocketName): number {
    if (this.state !== "closed") return -EINVAL;
    const result = bindTo(tcpPortsOf(this.kernel), this, name);
    if (result < 0) return result;
    this.#asked = endpointOf(this.family, name) as Endpoint;
    return 0;
  }

  /** Binds it to any port of the address it was bound to, or of `ip`. */
  #bindSomewhere(ip: Ip): number {
    if (this.endpoint !== undefined) return 0;
    const { ip: asked = ip } = this.#asked ?? {};
    return tcpPortsOf(this.kernel).bind(this, { ip: isAny(asked) ? ip : asked, port: 0 });
  }

  override listen(backlog: number): number {
    if (this.state !== "listening" && (this.state !== "closed" || this.#call !== "none")) {
      return -EINVAL;
    }
    const bound = this.#bindSomewhere(unbound(this.family).ip);
    if (bound < 0) return bound;
    if (this.state === "closed" && tcpPortsOf(this.kernel).isListenedOn(this)) return -EADDRINUSE;
    this.state = "listening";
    this.#backlog = backlog;
    return 0;
  }

  connect(name: SocketName): number {
    const wanted = endpointOf(this.family, name);
    if (typeof wanted === "number") return wanted;
    if (this.#call === "unanswered") {
      return this.state === "connecting" ? -EALREADY : this.#answer();
    }
    if (this.#call === "over") return -EINVAL;
    if (this.#call === "connected" || this.state !== "closed") return -EISCONN;
    const to = destinationOf(wanted);
    if (to === undefined) return -ENETUNREACH;
    const bound = this.#bindSomewhere(to.ip);
    if (bound < 0) return bound;
    this.error = 0;
    this.hasFin = false;
    this.saysFin = false;
    this.wasUsed = true;
    this.#remote = to;
    this.state = "connecting";
    this.#call = "unanswered";
    this.#synchronize(to, 0);
    return -EINPROGRESS;
  }

  override connected(): number {
    return this.state === "connecting" ? -EAGAIN : this.#answer();
  }

  /** What connect(2) returns once that is known. */
  #answer(): number {
    if (this.state !== "closed") {
      this.#call = "connected";
      return 0;
    }
    const errno = this.takeError() || -ECONNABORTED;
    this.#disconnect();
    return errno;
  }

  /** Makes it a socket that can be connected (tcp_disconnect). */
  #disconnect(): void {
    this.#cancel();
    this.#call = "none";
    this.shut = 0;
    this.incoming.pass(this.incoming.size, 0);
    this.#close();
    this.queue.wake(EVENT_ERR);
  }

  #close(): void {
    this.state = "closed";
    if (this.endpoint === undefined || (this.#asked?.port ?? 0) !== 0) return;
    this.#former = this.endpoint;
    tcpPortsOf(this.kernel).leave(this);
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
    accepted.#call = "connected";
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
    this.shut = SHUT_BOTH;
    this.outgoing.drop(this.outgoing.size);
    this.#close();
    this.changed();
  }

  reset(): void {
    if (this.state !== "connected") return;
    // After the peer's FIN, Linux says that it is the program that goes on sending.
    const isEnded = (this.shut & SHUT_RECEIVE) !== 0 && this.hasFin;
    this.#end(isEnded && this.kernel.personality !== "bsd" ? EPIPE : ECONNRESET);
  }

  /** The peer's FIN arrives. */
  #finish(): void {
    if (this.state !== "connected") return;
    this.hasFin = true;
    this.shut |= SHUT_RECEIVE;
    this.#settle();
    this.changed();
  }

  /** Both FINs have been exchanged: nothing is left of the connection. */
  #settle(): void {
    if (this.hasFin && this.saysFin && this.outgoing.size === 0) {
      this.shut = SHUT_BOTH;
      this.#close();
    }
  }

  shutdown(how: number): number {
    if (how < 0 || how > 2) return -EINVAL;
    const halves = how + 1;
    if (this.#call === "unanswered") this.#call = this.isConnected ? "connected" : "over";
    if (this.state === "listening" || this.state === "connecting") {
      if (this.state === "connecting") this.error = ECONNRESET;
      if (this.state === "connecting" || (halves & SHUT_RECEIVE) !== 0) {
        this.#stopListening();
        this.#disconnect();
      }
      this.changed();
      return 0;
    }
    // One that was shut before it was connected has not said so.
    const isFirst = (halves & SHUT_SEND) !== 0 && !this.saysFin;
    const wasOpen = this.state === "connected";
    this.shut |= halves;
    if (wasOpen && isFirst) this.sayFin();
    this.changed();
    return wasOpen ? 0 : -ENOTCONN;
  }

  sayFin(): void {
    this.saysFin = true;
    if (this.outgoing.size > 0) return;
    this.#settle();
    const { peer } = this;
    if (peer !== undefined) {
      peer.#finish();
      // Its acknowledgement: the end that closes second has nothing left after it.
      if (peer.state === "closed" && this.hasFin) this.#settle();
    }
  }

  #cancel(): void {
    if (this.#retry !== undefined) this.kernel.clock.cancel(this.#retry);
    this.#retry = undefined;
  }

  #stopListening(): void {
    for (const { peer } of this.#pending.splice(0)) if (peer !== undefined) peer.reset();
  }

  ownName(): SocketName {
    return showEndpoint(this.family, this.endpoint ?? this.#former ?? unbound(this.family));
  }

  override peerName(): SocketName | number {
    if (this.state !== "connected" || this.#remote === undefined) return -ENOTCONN;
    return showEndpoint(this.family, this.#remote);
  }

  override dataState(): number {
    if (this.state === "closed" && !this.wasUsed) return DATA_STATE_UNCONNECTED;
    const shut = this.state === "closed" || (this.shut & SHUT_SEND) !== 0;
    // Of a reset the waist says ECONNRESET, whatever came before it.
    const errno = this.error === EPIPE ? ECONNRESET : this.error;
    return errno | (shut ? DATA_STATE_SHUT_WRITE : 0);
  }

  override describe(): Record<string, unknown> {
    return {
      state: this.state,
      received: this.incoming.size,
      toSend: this.outgoing.size,
      pending: this.#pending.length,
      urgent: this.incoming.hasUrgent,
      error: this.error,
      shut: this.shut,
    };
  }

  override release(): void {
    this.isReleased = true;
    this.#cancel();
    if (this.state === "listening") this.#stopListening();
    tcpPortsOf(this.kernel).leave(this);
    const { peer } = this;
    if (this.state !== "connected" || peer === undefined) return;
    if (this.resetsOnClose || this.incoming.size > 0) {
      peer.reset();
    } else if (!this.saysFin) {
      this.shut |= SHUT_SEND;
      this.sayFin();
    }
  }
}
