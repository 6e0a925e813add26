// IPv4 and IPv6 addresses on a machine with a loopback interface alone, and the tables of bound ports.

import { EINVAL } from "../../../asm/abi.ts";
import { RESOLVER_ERROR } from "../../os.ts";
import { EADDRINUSE, EADDRNOTAVAIL } from "../kernel/constants.ts";
import { perKernel } from "../kernel/per-kernel.ts";
import { AF_INET, AF_INET6, type Socket, type SocketName } from "./socket.ts";

const EAI_NONAME = -2;

/** 16 bytes; an IPv4 address is mapped (::ffff:a.b.c.d). */
export type Ip = readonly number[];

/** An address and a port. */
export interface Endpoint {
  readonly ip: Ip;
  readonly port: number;
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const ANY6: Ip = new Array<number>(16).fill(0);
const LOOPBACK6: Ip = [...ANY6.slice(1), 1];
const ANY4: Ip = [...MAPPED, 0, 0, 0, 0];
const LOOPBACK4: Ip = [...MAPPED, 127, 0, 0, 1];

/** Whether an address is an IPv4 address in its mapped form. */
export function isMapped(ip: Ip): boolean {
  return MAPPED.every((byte, i) => ip[i] === byte);
}

/** Whether `ip` is a wildcard: 0.0.0.0 matches every IPv4 address, :: every address of both families. */
export function isAny(ip: Ip): boolean {
  return ip.slice(isMapped(ip) ? 12 : 0).every((byte) => byte === 0);
}

/** Whether `ip` is an address of the loopback interface. */
function isOwn(ip: Ip): boolean {
  return isMapped(ip) ? ip[12] === 127 : ip.every((byte, i) => byte === LOOPBACK6[i]);
}

function parse4(text: string): Ip | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  return parts?.every((part) => part < 256) ? [...MAPPED, ...parts] : undefined;
}

/** The 16-bit groups of one side of "::". */
function groupsOf(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  for (const part of text.split(":")) {
    const ip4 = parse4(part);
    if (ip4 !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = ip4.slice(12);
      groups.push(a * 256 + b, c * 256 + d);
    } else if (/^[\da-f]{1,4}$/i.test(part)) {
      groups.push(parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

function parse6(text: string): Ip | undefined {
  const [head = "", tail, rest] = text.replace(/%.*$/, "").split("::");
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  if (before === undefined || after === undefined || rest !== undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after];
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

/** The endpoint that `name` means for a socket of `family`, or a negative error of the resolver. */
export function endpointOf(family: number, name: SocketName): Endpoint | number {
  // A copy, because browsers refuse to decode memory that is shared with another thread.
  const text = new TextDecoder().decode(new Uint8Array(name.text));
  const { port } = name;
  if (text === "") return { ip: family === AF_INET ? ANY4 : ANY6, port };
  if (text.toLowerCase() === "localhost") {
    return { ip: family === AF_INET ? LOOPBACK4 : LOOPBACK6, port };
  }
  const ip = family === AF_INET ? parse4(text) : parse6(text);
  if (ip === undefined) return RESOLVER_ERROR + EAI_NONAME;
  return { ip, port };
}

function joined(groups: number[]): string {
  return groups.map((group) => group.toString(16)).join(":");
}

/** inet_ntop: the longest run of zero groups is written as "::". */
function text6(ip: Ip): string {
  if (isMapped(ip)) return `::ffff:${ip.slice(12).join(".")}`;
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((ip[i] as number) * 256 + (ip[i + 1] as number));
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (groups[i + run] === 0) run++;
    if (run > length) [start, length] = [i, run];
  }
  if (start < 0) return joined(groups);
  return `${joined(groups.slice(0, start))}::${joined(groups.slice(start + length))}`;
}

/** The endpoint as getsockname(2) of a socket of `family` returns it. */
export function showEndpoint(family: number, { ip, port }: Endpoint): SocketName {
  const shown = family === AF_INET ? ip.slice(12).join(".") : text6(ip);
  return { family, text: new TextEncoder().encode(shown), port };
}

/**
 * The endpoint that a connection to `to` reaches: the wildcard means loopback; undefined if
 * unreachable.
 */
export function destinationOf(to: Endpoint): Endpoint | undefined {
  if (isAny(to.ip)) return { ip: isMapped(to.ip) ? LOOPBACK4 : LOOPBACK6, port: to.port };
  return isOwn(to.ip) ? to : undefined;
}

/** A socket of a protocol with ports. */
export interface Bindable extends Socket {
  endpoint: Endpoint | undefined;
}

const FIRST_EPHEMERAL = 32_768;
const LAST_EPHEMERAL = 60_999;

function overlap(a: Ip, b: Ip): boolean {
  if (isAny(a)) return !isMapped(a) || isMapped(b);
  if (isAny(b)) return !isMapped(b) || isMapped(a);
  return a.every((byte, i) => byte === b[i]);
}

/** The bound sockets of one protocol by port (inet_bind_hashbucket). */
export class Ports {
  readonly #bound = new Map<number, Set<Bindable>>();
  #next = FIRST_EPHEMERAL;

  /** bind(2): 0 or a negative errno. Port 0 asks for an unused ephemeral port. */
  bind(socket: Bindable, wanted: Endpoint): number {
    if (!isAny(wanted.ip) && !isOwn(wanted.ip)) return -EADDRNOTAVAIL;
    if (wanted.port !== 0) {
      if (this.#isTaken(socket, wanted)) return -EADDRINUSE;
      this.#insert(socket, wanted);
      return 0;
    }
    for (let tries = FIRST_EPHEMERAL; tries <= LAST_EPHEMERAL; tries++) {
      const endpoint = { ip: wanted.ip, port: this.#next };
      this.#next = this.#next === LAST_EPHEMERAL ? FIRST_EPHEMERAL : this.#next + 1;
      if (this.#bound.has(endpoint.port)) continue;
      this.#insert(socket, endpoint);
      return 0;
    }
    return -EADDRINUSE;
  }

  #insert(socket: Bindable, endpoint: Endpoint): void {
    socket.endpoint = endpoint;
    const others = this.#bound.get(endpoint.port);
    if (others === undefined) this.#bound.set(endpoint.port, new Set([socket]));
    else others.add(socket);
  }

  #isTaken(socket: Bindable, { ip, port }: Endpoint): boolean {
    for (const other of this.#bound.get(port) ?? []) {
      if (other === socket || !overlap(ip, (other.endpoint as Endpoint).ip)) continue;
      if (socket.reusesPort && other.reusesPort) continue;
      if (socket.reusesAddress && other.reusesAddress && !other.isListening) continue;
      return true;
    }
    return false;
  }

  /** Whether another socket listens on the endpoint of `socket` without SO_REUSEPORT on both. */
  isListenedOn(socket: Bindable): boolean {
    const { ip, port } = socket.endpoint as Endpoint;
    for (const other of this.#bound.get(port) ?? []) {
      if (other === socket || !other.isListening) continue;
      if (!overlap(ip, (other.endpoint as Endpoint).ip)) continue;
      if (!socket.reusesPort || !other.reusesPort) return true;
    }
    return false;
  }

  /** The socket that serves `to`: a socket bound to that address wins over one bound to a wildcard. */
  find(to: Endpoint, serves: (socket: Bindable) => boolean): Bindable | undefined {
    let found: Bindable | undefined;
    for (const socket of this.#bound.get(to.port) ?? []) {
      const { ip } = socket.endpoint as Endpoint;
      if (!serves(socket) || !overlap(ip, to.ip)) continue;
      if (found === undefined || !isAny(ip)) found = socket;
    }
    return found;
  }

  /** Releases the port of a socket (inet_put_port). */
  release(socket: Bindable): void {
    if (socket.endpoint === undefined) return;
    const others = this.#bound.get(socket.endpoint.port);
    others?.delete(socket);
    if (others?.size === 0) this.#bound.delete(socket.endpoint.port);
    socket.endpoint = undefined;
  }
}

/** The ports of a kernel: TCP's, and UDP's, which are independent. */
export const tcpPortsOf = perKernel(() => new Ports());
export const udpPortsOf = perKernel(() => new Ports());

/** bind(2) of both protocols: resolves `name` and binds the socket. 0 or a negative errno. */
export function bindTo(ports: Ports, socket: Bindable, name: SocketName): number {
  const endpoint = endpointOf(socket.family, name);
  if (typeof endpoint === "number") return endpoint;
  if (socket.endpoint !== undefined) return -EINVAL;
  return ports.bind(socket, endpoint);
}

/** The endpoint that getsockname(2) returns for an unbound socket: the wildcard and port 0. */
export function unbound(family: number): Endpoint {
  return { ip: family === AF_INET6 ? ANY6 : ANY4, port: 0 };
}
