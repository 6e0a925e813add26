// tcp:HOST:PORT and listen:[HOST:]PORT: a server that accepts, and connections from clients.

import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { POLLIN, POLLOUT } from "../../constants.ts";
import { OSError } from "../../errors.ts";
import {
  accept,
  type Address,
  AF_INET,
  AF_INET6,
  bind,
  close,
  connect,
  getpeername,
  getsockname,
  getsockopt,
  listen,
  setsockopt,
  SO_ERROR,
  SO_REUSEADDR,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  socket,
  SOL_SOCKET,
} from "../../node/os.ts";
import { isAbsence, reasonOf, UsageError } from "../failure.ts";
import type { Report, Source } from "./source.ts";
import type { Waiter } from "../waiters.ts";

/** Time from a refusal to the next attempt, in ms. */
const RETRY_MS = 100;
/** The longest attempt without an answer, in ms. The kernel sends its third SYN within this time. */
const ATTEMPT_MS = 3500;
/** The most connections that wait to be accepted. */
const BACKLOG = 128;

/** Makes a socket for an address, which does not block. */
function socketFor(address: string): number {
  return socket(isIPv6(address) ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
}

/** Formats "127.0.0.1:80" or "[::1]:80". A peer over IPv4 of an IPv6 socket is shown as IPv4. */
function show(address: Address): string {
  if (typeof address === "string") return address;
  const [end, port] = address;
  const host = end.replace(/^::ffff:(?=\d+\.)/, "");
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Waits until a server accepts, and tries the addresses of the server in turn. */
class TcpSource implements Source {
  readonly text: string;
  readonly #addresses: readonly string[];
  readonly #port: number;
  #waiter: Waiter | undefined;
  #attempts = 0;
  due = Number.POSITIVE_INFINITY;
  fd: number | undefined;

  constructor(text: string, addresses: readonly string[], port: number) {
    this.text = text;
    this.#addresses = addresses;
    this.#port = port;
  }

  open(waiter: Waiter): void {
    this.#waiter = waiter;
    this.#attempt();
  }

  #attempt(): void {
    const address = this.#addresses[this.#attempts++ % this.#addresses.length] as string;
    try {
      this.fd = socketFor(address);
      // The wait also reports an attempt that is over at once.
      this.#waiter?.add(this.fd, POLLOUT, false);
      this.due = performance.now() + ATTEMPT_MS;
      connect(this.fd, [address, this.#port]);
    } catch (error) {
      if ((error as OSError).code !== "EINPROGRESS") this.#fail(error);
    }
  }

  /** Schedules the next attempt: at once for the next address, later after the last one. */
  #fail(error?: unknown): void {
    if (isAbsence(error ?? {})) throw new UsageError(`${this.text}: ${reasonOf(error)}`);
    const code = error instanceof OSError ? error.code : undefined;
    if (code === "EMFILE" || code === "ENFILE") throw error;
    this.close();
    const isLast = this.#attempts % this.#addresses.length === 0;
    this.due = performance.now() + (isLast ? RETRY_MS : 0);
  }

  /** Whether the socket is connected, and not to itself. */
  #isConnected(fd: number): boolean {
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR) !== 0) return false;
    try {
      // TCP may connect a socket to itself if the port is in the range of outgoing connections.
      return show(getpeername(fd)) !== show(getsockname(fd));
    } catch {
      return false; // ENOTCONN
    }
  }

  ready(): Report | undefined {
    const fd = this.fd as number;
    if (this.#isConnected(fd)) {
      const peer = show(getpeername(fd));
      return { happened: "connected", done: true, details: { peer } };
    }
    this.#fail();
    return undefined;
  }

  expire(): undefined {
    if (this.fd === undefined) this.#attempt();
    else this.#fail();
    return undefined;
  }

  close(): void {
    this.due = Number.POSITIVE_INFINITY;
    if (this.fd === undefined) return;
    this.#waiter?.remove(this.fd);
    close(this.fd);
    this.fd = undefined;
  }
}

/** Reports each connection, and closes the connection. */
class ListenSource implements Source {
  readonly text: string;
  readonly due = Number.POSITIVE_INFINITY;
  readonly #addresses: readonly string[];
  readonly #port: number;
  #waiter: Waiter | undefined;
  fd: number | undefined;

  /** @param addresses the source listens on the first one that this machine has */
  constructor(text: string, addresses: readonly string[], port: number) {
    this.text = text;
    this.#addresses = addresses;
    this.#port = port;
  }

  open(waiter: Waiter): void {
    let refusal: unknown;
    for (const address of this.#addresses) {
      try {
        this.fd = this.#listen(address);
        this.#waiter = waiter;
        waiter.add(this.fd, POLLIN, false);
        return;
      } catch (error) {
        refusal = error;
        // A system without IPv6 has no "::".
        const { code } = error as OSError;
        if (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL") break;
      }
    }
    throw new UsageError(`${this.text}: ${reasonOf(refusal)}`);
  }

  #listen(address: string): number {
    const fd = socketFor(address);
    try {
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
      bind(fd, [address, this.#port]);
      listen(fd, BACKLOG);
      return fd;
    } catch (error) {
      close(fd);
      throw error;
    }
  }

  ready(): Report | undefined {
    try {
      const [connection, address] = accept(this.fd as number);
      close(connection);
      const peer = show(address);
      return { happened: `connection from ${peer}`, done: false, details: { peer } };
    } catch (error) {
      // The peer has closed the connection between the wait and this call.
      const { code } = error as OSError;
      if (code === "EAGAIN" || code === "ECONNABORTED") return undefined;
      throw error;
    }
  }

  expire(): undefined {
    return undefined;
  }

  close(): void {
    if (this.fd === undefined) return;
    this.#waiter?.remove(this.fd);
    close(this.fd);
    this.fd = undefined;
  }
}

/** Splits `[HOST:]PORT`; IPv6 addresses are in brackets. */
function endOf(text: string, rest: string): { host: string; port: number } {
  const [, bracketed, plain, port = rest] = /^(?:\[([^\]]*)\]:|([^:]*):)?([^:]*)$/.exec(rest) ?? [];
  if (!/^\d+$/.test(port)) {
    const hint = rest.includes("::") ? " (IPv6 addresses go in brackets)" : "";
    throw new UsageError(`${text}: not a port: ${JSON.stringify(port)}${hint}`);
  }
  if (Number(port) < 1 || Number(port) > 65_535) {
    throw new UsageError(`${text}: port out of range (1 to 65535): ${port}`);
  }
  if (bracketed !== undefined && !isIPv6(bracketed)) {
    throw new UsageError(`${text}: not an IPv6 address: ${JSON.stringify(bracketed)}`);
  }
  return { host: bracketed ?? plain ?? "", port: Number(port) };
}

/** Looks up the addresses of a host, in the order of the system. */
async function addressesOf(text: string, host: string): Promise<string[]> {
  try {
    const found = await lookup(host, { all: true, verbatim: true });
    return found.map(({ address }) => address);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${text}: no address of host ${JSON.stringify(host)} (${code})`);
  }
}

export async function tcpSource(text: string, rest: string): Promise<Source> {
  const { host, port } = endOf(text, rest);
  if (host === "") throw new UsageError(`${text}: the host is missing: tcp:HOST:PORT`);
  return new TcpSource(text, await addressesOf(text, host), port);
}

export async function listenSource(text: string, rest: string): Promise<Source> {
  const { host, port } = endOf(text, rest);
  const addresses = host === "" ? ["::", "0.0.0.0"] : await addressesOf(text, host);
  return new ListenSource(text, addresses, port);
}
