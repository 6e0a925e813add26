// The base class of all simulated sockets (Linux's net/core/sock.c): options, the pending error, the
// halves that are shut down, and the event bits that follow from these.

import {
  DATA_BACKLOG,
  DATA_READABLE,
  DATA_SENDABLE,
  DATA_UNREAD,
  EAGAIN,
  EINVAL,
  EOPNOTSUPP,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_OUT,
  EVENT_PRI,
  EVENT_RDBAND,
  EVENT_RDHUP,
  EVENT_RDNORM,
  EVENT_WRBAND,
  EVENT_WRNORM,
} from "../../../asm/abi.ts";
import { ENOPROTOOPT, ENOTCONN, O_NONBLOCK, O_RDWR } from "../kernel/constants.ts";
import { File, type Stat } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { KEY_ALL, KEY_ROOM, WaitQueue } from "../kernel/wait-queue.ts";

/** Address families, of Linux. */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Types of sockets. */
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;

/** Flags of send(2) and recv(2). */
export const MSG_OOB = 0x1;
export const MSG_PEEK = 0x2;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

/** The level of the options of all sockets, and the options. */
export const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_TYPE = 3;
const SO_ERROR = 4;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_KEEPALIVE = 9;
const SO_OOBINLINE = 10;
const SO_LINGER = 13;
const SO_REUSEPORT = 15;
const SO_RCVLOWAT = 18;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const SO_ACCEPTCONN = 30;
const SO_PROTOCOL = 38;
const SO_DOMAIN = 39;

/** Options that getsockopt(2) returns as they were set; the protocols read some of them. */
const SWITCHES = new Set([SO_REUSEADDR, SO_KEEPALIVE, SO_OOBINLINE, SO_REUSEPORT]);

/** Halves of a connection that are shut down (RCV_SHUTDOWN, SEND_SHUTDOWN). */
export const SHUT_RECEIVE = 1;
export const SHUT_SEND = 2;
export const SHUT_BOTH = SHUT_RECEIVE | SHUT_SEND;

/** Event bits of a socket that can be read: data, a connection to accept, or an end of file. */
export const READABLE = EVENT_IN | EVENT_RDNORM;
/** Key of the wake-up when data or, at a listener, a connection arrives (sock_def_readable). */
export const ARRIVAL = EVENT_IN | EVENT_PRI | EVENT_RDNORM | EVENT_RDBAND;
/** Event bits of a socket that can be written to, and the key of sk_write_space. */
export const WRITABLE = EVENT_OUT | EVENT_WRNORM | EVENT_WRBAND;

/** net.core.wmem_max and rmem_max, which are also the default sizes of the buffers. */
const BUFFER_MAX = 212_992;
const SEND_BUFFER_MIN = 4608;
const RECEIVE_BUFFER_MIN = 2304;

/** An address in the form that crosses to omnipoll/os. */
export interface SocketName {
  readonly family: number;
  readonly text: Uint8Array;
  readonly port: number;
}

/** The result of accept(2): a connected socket, and the address of its peer. */
export interface Accepted {
  readonly socket: Socket;
  readonly peer: SocketName;
}

/** A socket of any family (struct sock). */
export abstract class Socket extends File {
  readonly family: number;
  readonly type: number;
  readonly ino: number;
  readonly queue = new WaitQueue();
  /** SHUT_RECEIVE and SHUT_SEND bits (sk_shutdown). */
  shut = 0;
  /** The pending errno (sk_err), 0 for none: the next call that reports the errno clears it. */
  error = 0;
  sendBuffer = BUFFER_MAX;
  receiveBuffer = BUFFER_MAX;
  /** SO_RCVLOWAT: bytes that make a stream readable. */
  lowat = 1;
  /** Whether close(2) resets the connection: SO_LINGER with a time of 0 s. */
  resetsOnClose = false;
  /** SO_RCVTIMEO and SO_SNDTIMEO in ms; Infinity for none. */
  receiveTimeout = Infinity;
  sendTimeout = Infinity;
  readonly #switches = new Map<number, number>();
  readonly #queues = [this.queue] as const;

  constructor(kernel: Kernel, family: number, type: number, flags = 0) {
    super(kernel, (flags & O_NONBLOCK) | O_RDWR);
    this.family = family;
    this.type = type;
    this.ino = kernel.nextIno();
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  get isListening(): boolean {
    return false;
  }

  /** Whether send(2) has a connection to send over; always true of a protocol without connections. */
  get isConnected(): boolean {
    return true;
  }

  /** SO_OOBINLINE. */
  get isInline(): boolean {
    return (this.#switches.get(SO_OOBINLINE) ?? 0) !== 0;
  }

  get reusesAddress(): boolean {
    return (this.#switches.get(SO_REUSEADDR) ?? 0) !== 0;
  }

  get reusesPort(): boolean {
    return (this.#switches.get(SO_REUSEPORT) ?? 0) !== 0;
  }

  /** The event bits that follow from the pending error and the shut-down halves alone. */
  protected pollShut(): number {
    let mask = this.error === 0 ? 0 : EVENT_ERR;
    if (this.shut === SHUT_BOTH) mask |= EVENT_HUP;
    if ((this.shut & SHUT_RECEIVE) !== 0) mask |= READABLE | EVENT_RDHUP;
    return mask;
  }

  /** sk_state_change: wakes every waiter, whatever events it waits for. */
  changed(): void {
    this.queue.wake(KEY_ALL);
  }

  /**
   * sowwakeup: sent bytes left the send buffer, but not enough for the socket to become writable. Linux
   * wakes no waiter then; FreeBSD evaluates the knotes of WRITE, which may have a low-water mark of
   * their own, and of EMPTY.
   */
  protected drained(): void {
    if (this.kernel.personality === "bsd") this.queue.wake(KEY_ROOM);
  }

  /** sock_error: clears the pending error and returns it, 0 or a negative errno. */
  takeError(): number {
    const { error } = this;
    this.error = 0;
    return error === 0 ? 0 : -error;
  }

  /**
   * Result of a read when no datagram is queued: 0 (end of file) after SHUT_RD if the read would block,
   * else -EAGAIN.
   */
  protected endOfDatagrams(flags: number): number {
    const waits = this.isBlocking && (flags & MSG_DONTWAIT) === 0;
    return waits && (this.shut & SHUT_RECEIVE) !== 0 ? 0 : -EAGAIN;
  }

  abstract bind(name: SocketName): number;

  /**
   * Starts to connect. 0, -EINPROGRESS if the handshake goes on, -EAGAIN if the caller must try again,
   * or an error.
   */
  abstract connect(name: SocketName): number;

  /** The result of a blocked connect(2) after a wake-up: 0, an error, or -EAGAIN to go on sleeping. */
  connected(): number {
    return 0;
  }

  listen(_backlog: number): number {
    return -EOPNOTSUPP;
  }

  accept(): Accepted | number {
    return -EOPNOTSUPP;
  }

  abstract shutdown(how: number): number;
  abstract send(bytes: Uint8Array, flags: number): number;
  abstract receive(buffer: Uint8Array, size: number, flags: number): number;

  /** getsockname. */
  abstract ownName(): SocketName;

  /** getpeername. */
  peerName(): SocketName | number {
    return -ENOTCONN;
  }

  override read(buffer: Uint8Array, size: number): number {
    return size === 0 && this.type !== SOCK_DGRAM ? 0 : this.receive(buffer, size, 0);
  }

  override write(bytes: Uint8Array): number {
    return this.send(bytes, 0);
  }

  override stat(): Stat {
    return { ...super.stat(), ino: this.ino };
  }

  /** FIONREAD. */
  protected readableBytes(): number {
    return 0;
  }

  /** Bytes that reads give in all: of every message, and behind an urgent mark, too. */
  get payload(): number {
    return this.readableBytes();
  }

  /** SIOCOUTQ: bytes or memory of the send buffer in use. */
  get queuedBytes(): number {
    return 0;
  }

  /** Length of the accept queue. */
  get acceptQueueLength(): number {
    return 0;
  }

  override data(what: number): number {
    if (what === DATA_READABLE) return this.isListening ? -EINVAL : this.readableBytes();
    if (what === DATA_SENDABLE) return Math.max(0, this.sendBuffer - this.queuedBytes);
    if (what === DATA_BACKLOG)
      return this.isListening ? Math.max(1, this.acceptQueueLength) : -EINVAL;
    if (what === DATA_UNREAD) return -EOPNOTSUPP;
    return -EINVAL;
  }

  /** sock_getsockopt: the value, or a negative errno. */
  getOption(level: number, option: number): number {
    // Options of other levels (IPPROTO_TCP …) have no effect and return the number that was set.
    if (level !== SOL_SOCKET) return this.#switches.get(level * 0x10000 + option) ?? 0;
    switch (option) {
      case SO_TYPE:
        return this.type;
      case SO_ERROR:
        return -this.takeError();
      case SO_SNDBUF:
        return this.sendBuffer;
      case SO_RCVBUF:
        return this.receiveBuffer;
      case SO_LINGER:
        return this.resetsOnClose ? 1 : 0;
      case SO_RCVLOWAT:
        return this.lowat;
      case SO_ACCEPTCONN:
        return this.isListening ? 1 : 0;
      case SO_PROTOCOL:
        return 0;
      case SO_DOMAIN:
        return this.family;
      default:
        return SWITCHES.has(option) ? (this.#switches.get(option) ?? 0) : -ENOPROTOOPT;
    }
  }

  /** sock_setsockopt: 0 or a negative errno. `value` is the buffer of the caller. */
  setOption(level: number, option: number, value: DataView): number {
    if (value.byteLength < 4) return -EINVAL;
    const number = value.getInt32(0, true);
    if (level !== SOL_SOCKET) {
      this.#switches.set(level * 0x10000 + option, number);
      return 0;
    }
    switch (option) {
      case SO_SNDBUF:
        this.sendBuffer = Math.max(2 * Math.min(number, BUFFER_MAX), SEND_BUFFER_MIN);
        // A larger buffer may be writable now (sk_write_space).
        if ((this.poll() & EVENT_OUT) !== 0) this.queue.wake(WRITABLE);
        return 0;
      case SO_RCVBUF:
        this.receiveBuffer = Math.max(2 * Math.min(number, BUFFER_MAX), RECEIVE_BUFFER_MIN);
        return 0;
      case SO_LINGER:
        if (value.byteLength < 8) return -EINVAL;
        this.resetsOnClose = number !== 0 && value.getInt32(4, true) === 0;
        return 0;
      case SO_RCVLOWAT:
        this.lowat = number === 0 ? 1 : number < 0 ? 0x7fffffff : number;
        return 0;
      case SO_RCVTIMEO:
        this.receiveTimeout = timeoutOf(value);
        return 0;
      case SO_SNDTIMEO:
        this.sendTimeout = timeoutOf(value);
        return 0;
      default:
        if (!SWITCHES.has(option)) return -ENOPROTOOPT;
        this.#switches.set(option, number === 0 ? 0 : 1);
        return 0;
    }
  }
}

/** A struct timeval of 64-bit fields in ms; Infinity for 0, which means no limit. */
function timeoutOf(value: DataView): number {
  if (value.byteLength < 16) return Infinity;
  const ms = Number(value.getBigInt64(0, true)) * 1000 + Number(value.getBigInt64(8, true)) / 1000;
  return ms === 0 ? Infinity : ms;
}
