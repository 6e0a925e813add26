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
 * sock->state (SS_UNCONNECTED …), by which inet_stream_connect decides what a further connect(2) returns:
 * "connecting" until a call has returned the outcome, "disconnecting" if shutdown(2) came before that.
 */
type SocketState = "unconnected" | "connecting" | "connected" | "disconnecting";

/**
 * Sizes of the send buffer before (tcp_wmem) and after the handshake over loopback
 * (tcp_init_buffer_space).
 */
const FRESH_SEND_BUFFER = 16_384;
const TUNED_SEND_BUFFER = 2_626_560;
/** tcp_rmem. */
const RECEIVE_BUFFER = 131_072;
/** Milliseconds from a dropped SYN to the first retransmission; doubles each time (TCP_TIMEOUT_INIT). */
const FIRST_RETRY_MS = 1000;
/** Retransmissions of a SYN before ETIMEDOUT (tcp_syn_retries). */
const SYN_RETRIES = 6;

/** A TCP socket, listening or not (struct tcp_sock). */
export class TcpSocket extends TcpEnd implements Bindable {
  readonly name = "tcp socket";
  endpoint: Endpoint | undefined;
  /** The socket has been connected or refused: it is not fresh. */
  wasUsed = false;
  declare peer: TcpSocket | undefined;
  #remote: Endpoint | undefined;
  #socketState: SocketState = "unconnected";
  #retry: Scheduled | undefined;
  readonly #acceptQueue: TcpSocket[] = [];
  #backlog = 0;
  /**
   * The endpoint of bind(2). When the connection ends, the socket keeps a port that bind(2) named
   * (SOCK_BINDPORT_LOCK) and releases an ephemeral one.
   */
  #requested: Endpoint | undefined;
  /** The endpoint before its port was released, which getsockname(2) still returns. */
  #lastEndpoint: Endpoint | undefined;

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

  override get acceptQueueLength(): number {
    return this.#acceptQueue.length;
  }

  /** inet_bind. */
  bind(name: SocketName): number {
    if (this.state !== "closed") return -EINVAL;
    const result = bindTo(tcpPortsOf(this.kernel), this, name);
    if (result < 0) return result;
    this.#requested = endpointOf(this.family, name) as Endpoint;
    return 0;
  }

  /**
   * inet_autobind: binds an unbound socket to an ephemeral port, on the address that bind(2) named or
   * on `ip`.
   */
  #autobind(ip: Ip): number {
    if (this.endpoint !== undefined) return 0;
    const { ip: wanted = ip } = this.#requested ?? {};
    return tcpPortsOf(this.kernel).bind(this, { ip: isAny(wanted) ? ip : wanted, port: 0 });
  }

  override listen(backlog: number): number {
    if (
      this.state !== "listening" &&
      (this.state !== "closed" || this.#socketState !== "unconnected")
    ) {
      return -EINVAL;
    }
    const bound = this.#autobind(unbound(this.family).ip);
    if (bound < 0) return bound;
    if (this.state === "closed" && tcpPortsOf(this.kernel).isListenedOn(this)) return -EADDRINUSE;
    this.state = "listening";
    this.#backlog = backlog;
    return 0;
  }

  /** __inet_stream_connect, for a non-blocking call; `connected` is the rest of a blocking one. */
  connect(name: SocketName): number {
    const wanted = endpointOf(this.family, name);
    if (typeof wanted === "number") return wanted;
    if (this.#socketState === "connecting") {
      return this.state === "connecting" ? -EALREADY : this.#connectResult();
    }
    if (this.#socketState === "disconnecting") return -EINVAL;
    if (this.#socketState === "connected" || this.state !== "closed") return -EISCONN;
    const to = destinationOf(wanted);
    if (to === undefined) return -ENETUNREACH;
    const bound = this.#autobind(to.ip);
    if (bound < 0) return bound;
    this.error = 0;
    this.receivedFin = false;
    this.queuedFin = false;
    this.wasUsed = true;
    this.#remote = to;
    this.state = "connecting";
    this.#socketState = "connecting";
    this.#sendSyn(to, 0);
    return -EINPROGRESS;
  }

  override connected(): number {
    return this.state === "connecting" ? -EAGAIN : this.#connectResult();
  }

  /** Result of connect(2) once the handshake has ended. */
  #connectResult(): number {
    if (this.state !== "closed") {
      this.#socketState = "connected";
      return 0;
    }
    const errno = this.takeError() || -ECONNABORTED;
    this.#disconnect();
    return errno;
  }

  /** tcp_disconnect: makes the socket one that connect(2) accepts again. */
  #disconnect(): void {
    this.#cancelRetry();
    this.#socketState = "unconnected";
    this.shut = 0;
    this.incoming.consume(this.incoming.size, 0);
    this.#close();
    this.queue.wake(EVENT_ERR);
  }

  /** tcp_done: the state is closed, and an ephemeral port is released. */
  #close(): void {
    this.state = "closed";
    if (this.endpoint === undefined || (this.#requested?.port ?? 0) !== 0) return;
    this.#lastEndpoint = this.endpoint;
    tcpPortsOf(this.kernel).release(this);
  }

  /**
   * Sends a SYN: a listener accepts it, the kernel refuses it, or it is dropped and retransmitted
   * later.
   */
  #sendSyn(to: Endpoint, tries: number): void {
    this.#retry = undefined;
    const listener = tcpPortsOf(this.kernel).find(to, (socket) => socket.isListening);
    if (listener === undefined) {
      this.#fail(ECONNREFUSED);
      return;
    }
    if (!(listener as TcpSocket).#receiveSyn(this)) {
      const at = this.kernel.clock.now() + FIRST_RETRY_MS * 2 ** tries;
      if (tries === SYN_RETRIES) this.#fail(ETIMEDOUT);
      else this.#retry = this.kernel.at(at, "tcp", () => this.#sendSyn(to, tries + 1));
      return;
    }
    this.#establish();
    this.changed();
    this.queue.wake(EVENT_OUT | EVENT_WRNORM);
  }

  /** TCP_ESTABLISHED: the handshake is complete. */
  #establish(): void {
    this.state = "connected";
    this.wasUsed = true;
    if (this.sendBuffer === FRESH_SEND_BUFFER) this.sendBuffer = TUNED_SEND_BUFFER;
  }

  /** tcp_conn_request: a SYN reaches a listener. False if its accept queue is full (sk_acceptq_is_full). */
  #receiveSyn(client: TcpSocket): boolean {
    if (this.#acceptQueue.length > this.#backlog) return false;
    const accepted = new TcpSocket(this.kernel, this.family, 0);
    accepted.endpoint = client.#remote;
    accepted.#remote = client.endpoint;
    accepted.sendBuffer = this.sendBuffer;
    accepted.receiveBuffer = this.receiveBuffer;
    accepted.#establish();
    accepted.#socketState = "connected";
    accepted.lowat = this.lowat;
    accepted.peer = client;
    client.peer = accepted;
    this.#acceptQueue.push(accepted);
    this.queue.wake(ARRIVAL);
    return true;
  }

  override accept(): Accepted | number {
    if (this.state !== "listening") return -EINVAL;
    const socket = this.#acceptQueue.shift();
    if (socket === undefined) return -EAGAIN;
    return { socket, peer: showEndpoint(socket.family, socket.#remote as Endpoint) };
  }

  /** The connection fails: it was refused or reset, or its SYN timed out (tcp_reset, tcp_write_err). */
  #fail(errno: number): void {
    this.error = errno;
    this.shut = SHUT_BOTH;
    this.outgoing.drop(this.outgoing.size);
    this.#close();
    this.changed();
  }

  reset(): void {
    if (this.state !== "connected") return;
    // In TCP_CLOSE_WAIT Linux reports a reset as EPIPE, since the program went on sending; FreeBSD has
    // no such case.
    const isEnded = (this.shut & SHUT_RECEIVE) !== 0 && this.receivedFin;
    this.#fail(isEnded && this.kernel.personality !== "bsd" ? EPIPE : ECONNRESET);
  }

  /** tcp_fin: the peer's FIN arrives. */
  #receiveFin(): void {
    if (this.state !== "connected") return;
    this.receivedFin = true;
    this.shut |= SHUT_RECEIVE;
    this.#closeIfFinished();
    this.changed();
  }

  /** Closes the connection once both FINs have arrived (TCP_TIME_WAIT, or TCP_CLOSE after TCP_LAST_ACK). */
  #closeIfFinished(): void {
    if (this.receivedFin && this.queuedFin && this.outgoing.size === 0) {
      this.shut = SHUT_BOTH;
      this.#close();
    }
  }

  /** inet_shutdown. */
  shutdown(how: number): number {
    if (how < 0 || how > 2) return -EINVAL;
    const halves = how + 1;
    if (this.#socketState === "connecting")
      this.#socketState = this.isConnected ? "connected" : "disconnecting";
    if (this.state === "listening" || this.state === "connecting") {
      if (this.state === "connecting") this.error = ECONNRESET;
      if (this.state === "connecting" || (halves & SHUT_RECEIVE) !== 0) {
        this.#stopListening();
        this.#disconnect();
      }
      this.changed();
      return 0;
    }
    // A socket that was shut down before it was connected has sent no FIN, so `queuedFin` decides and
    // not `shut`.
    const isFirst = (halves & SHUT_SEND) !== 0 && !this.queuedFin;
    const wasOpen = this.state === "connected";
    this.shut |= halves;
    if (wasOpen && isFirst) this.sendFin();
    this.changed();
    return wasOpen ? 0 : -ENOTCONN;
  }

  sendFin(): void {
    this.queuedFin = true;
    if (this.outgoing.size > 0) return;
    this.#closeIfFinished();
    const { peer } = this;
    if (peer !== undefined) {
      peer.#receiveFin();
      // The peer acknowledges our FIN: the end that closes second goes from LAST_ACK to CLOSE.
      if (peer.state === "closed" && this.receivedFin) this.#closeIfFinished();
    }
  }

  /** Stops the retransmission of the SYN (inet_csk_clear_xmit_timer). */
  #cancelRetry(): void {
    if (this.#retry !== undefined) this.kernel.clock.cancel(this.#retry);
    this.#retry = undefined;
  }

  /** inet_csk_listen_stop: resets the connections of the accept queue. */
  #stopListening(): void {
    for (const { peer } of this.#acceptQueue.splice(0)) if (peer !== undefined) peer.reset();
  }

  ownName(): SocketName {
    return showEndpoint(this.family, this.endpoint ?? this.#lastEndpoint ?? unbound(this.family));
  }

  override peerName(): SocketName | number {
    if (this.state !== "connected" || this.#remote === undefined) return -ENOTCONN;
    return showEndpoint(this.family, this.#remote);
  }

  override dataState(): number {
    if (this.state === "closed" && !this.wasUsed) return DATA_STATE_UNCONNECTED;
    const shut = this.state === "closed" || (this.shut & SHUT_SEND) !== 0;
    // The waist reports every reset as ECONNRESET: EPIPE is how Linux reports one in CLOSE_WAIT.
    const errno = this.error === EPIPE ? ECONNRESET : this.error;
    return errno | (shut ? DATA_STATE_SHUT_WRITE : 0);
  }

  override describe(): Record<string, unknown> {
    return {
      state: this.state,
      received: this.incoming.size,
      toSend: this.outgoing.size,
      pending: this.#acceptQueue.length,
      urgent: this.incoming.hasUrgent,
      error: this.error,
      shut: this.shut,
    };
  }

  override release(): void {
    this.isReleased = true;
    this.#cancelRetry();
    if (this.state === "listening") this.#stopListening();
    tcpPortsOf(this.kernel).release(this);
    const { peer } = this;
    if (this.state !== "connected" || peer === undefined) return;
    if (this.resetsOnClose || this.incoming.size > 0) {
      peer.reset();
    } else if (!this.queuedFin) {
      this.shut |= SHUT_SEND;
      this.sendFin();
    }
  }
}
