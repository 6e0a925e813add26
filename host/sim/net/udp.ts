// UDP over the loopback interface (Linux's net/ipv4/udp.c).

import { EAGAIN, EINVAL, EOPNOTSUPP, EPIPE, EVENT_ERR, FD_DATAGRAM } from "../../../asm/abi.ts";
import {
  ECONNREFUSED,
  EDESTADDRREQ,
  EMSGSIZE,
  ENETUNREACH,
  ENOTCONN,
} from "../kernel/constants.ts";
import {
  type Bindable,
  bindTo,
  destinationOf,
  type Endpoint,
  endpointOf,
  showEndpoint,
  udpPortsOf,
  unbound,
} from "./internet.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { copyOf } from "../kernel/memory.ts";
import {
  ARRIVAL,
  MSG_OOB,
  MSG_PEEK,
  READABLE,
  SHUT_SEND,
  SOCK_DGRAM,
  Socket,
  type SocketName,
  WRITABLE,
} from "./socket.ts";
import { trueSize } from "./unix.ts";

/** Bytes of the longest datagram over IPv4. */
const MAX_DATAGRAM = 65_507;

function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.ip.every((byte, i) => byte === b.ip[i]);
}

/** A UDP socket (struct udp_sock). */
export class UdpSocket extends Socket implements Bindable {
  readonly name = "udp socket";
  endpoint: Endpoint | undefined;
  #remote: Endpoint | undefined;
  readonly #received: Uint8Array[] = [];
  /** Memory that the receive queue takes (sk_rmem_alloc). */
  #memory = 0;

  constructor(kernel: Kernel, family: number, flags: number) {
    super(kernel, family, SOCK_DGRAM, flags);
  }

  override get kind(): number {
    return FD_DATAGRAM;
  }

  /** udp_poll: always writable. */
  poll(): number {
    return this.pollShut() | (this.#received.length > 0 ? READABLE : 0) | WRITABLE;
  }

  bind(name: SocketName): number {
    return bindTo(udpPortsOf(this.kernel), this, name);
  }

  /** __ip4_datagram_connect: sets the remote endpoint. */
  connect(name: SocketName): number {
    const wanted = endpointOf(this.family, name);
    if (typeof wanted === "number") return wanted;
    const to = destinationOf(wanted);
    if (to === undefined) return -ENETUNREACH;
    if (this.endpoint === undefined) {
      const bound = udpPortsOf(this.kernel).bind(this, { ip: to.ip, port: 0 });
      if (bound < 0) return bound;
    }
    this.#remote = to;
    return 0;
  }

  shutdown(how: number): number {
    if (how < 0 || how > 2) return -EINVAL;
    // inet_shutdown of an unconnected socket shuts it down all the same, and fails.
    this.shut |= how + 1;
    this.changed();
    return this.#remote === undefined ? -ENOTCONN : 0;
  }

  /** udp_sendmsg: delivers the datagram at once. */
  send(bytes: Uint8Array, flags: number): number {
    if (bytes.length > MAX_DATAGRAM) return -EMSGSIZE;
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
    const to = this.#remote;
    if (to === undefined) return -EDESTADDRREQ;
    if (this.error !== 0) return this.takeError();
    if ((this.shut & SHUT_SEND) !== 0) return -EPIPE;
    const from = this.endpoint as Endpoint;
    const receiver = udpPortsOf(this.kernel).find(to, (socket) =>
      (socket as UdpSocket).#accepts(from),
    );
    // The datagram leaves the send buffer as soon as the loopback interface has delivered it (sock_wfree).
    this.queue.wake(WRITABLE);
    if (receiver === undefined) {
      // ICMP's "port unreachable" comes back (__udp4_lib_err).
      this.error = ECONNREFUSED;
      this.queue.wake(EVENT_ERR);
    } else {
      (receiver as UdpSocket).#enqueue(bytes);
    }
    return bytes.length;
  }

  /** A connected socket accepts datagrams from its remote endpoint alone. */
  #accepts(from: Endpoint): boolean {
    return this.#remote === undefined || isSame(this.#remote, from);
  }

  /** __udp_enqueue_schedule_skb. */
  #enqueue(bytes: Uint8Array): void {
    const size = trueSize(bytes.length);
    // The receive queue is full: UDP drops the datagram.
    if (this.#memory + size > this.receiveBuffer) return;
    this.#memory += size;
    this.#received.push(copyOf(bytes));
    this.queue.wake(ARRIVAL);
  }

  /** udp_recvmsg: one datagram, whose part beyond `size` bytes is lost. */
  receive(buffer: Uint8Array, size: number, flags: number): number {
    if ((flags & MSG_OOB) !== 0) return -EAGAIN;
    if (this.error !== 0) return this.takeError();
    const first = this.#received[0];
    if (first === undefined) return this.endOfDatagrams(flags);
    const count = Math.min(size, first.length);
    buffer.set(first.subarray(0, count));
    if ((flags & MSG_PEEK) === 0) {
      this.#received.shift();
      this.#memory -= trueSize(first.length);
    }
    return count;
  }

  ownName(): SocketName {
    return showEndpoint(this.family, this.endpoint ?? unbound(this.family));
  }

  override peerName(): SocketName | number {
    return this.#remote === undefined ? -ENOTCONN : showEndpoint(this.family, this.#remote);
  }

  override get payload(): number {
    return this.#received.reduce((sum, { length }) => sum + length, 0);
  }

  protected override readableBytes(): number {
    return this.#received[0]?.length ?? 0;
  }

  override dataState(): number {
    return this.error;
  }

  override buffered(): readonly Uint8Array[] {
    return this.#received;
  }

  override describe(): Record<string, unknown> {
    return { received: this.#received.map(({ length }) => length), error: this.error };
  }

  override release(): void {
    udpPortsOf(this.kernel).release(this);
  }
}
