// Descriptors for a test: its scope closes them when the test ends.

import { join } from "node:path";
import {
  BlockingIOError,
  epoll,
  type Epoll,
  OSError,
  poll,
  POLLIN,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { blockUntil, DEADLINE_MS } from "./world.ts";
import { mkdtempSync, openSync, rmSync, tmpdir } from "./files.ts";

export { sleep } from "./world.ts";

/** Returns once poll reports an event of `fd`: an action of the peer may take a moment to arrive. */
export function settle(fd: number, eventmask: number): void {
  const p = poll();
  p.register(fd, eventmask);
  p.poll(DEADLINE_MS);
}

/**
 * Returns once `count` bytes that were sent can be received from a socket. Bytes that are written to a pipe
 * are there at once.
 */
export function settleBytes(fd: number, count: number): void {
  blockUntil(() => {
    try {
      return os.recv(fd, count, os.MSG_PEEK).length >= count;
    } catch (error) {
      if (error instanceof BlockingIOError) return false;
      if (error instanceof OSError && error.code === "ENOTSOCK") return true;
      throw error;
    }
  });
}

/** The descriptors that one test has open. Pipes and sockets are non-blocking. */
export class Scope {
  readonly #fds = new Set<number>();
  readonly #cleanups: Array<() => void> = [];

  /** Takes over a descriptor. */
  own(fd: number): number {
    this.#fds.add(fd);
    return fd;
  }

  #ownPair(fds: readonly [number, number]): [number, number] {
    for (const fd of fds) os.set_blocking(this.own(fd), false);
    return [...fds];
  }

  pipe(): [r: number, w: number] {
    return this.#ownPair(os.pipe());
  }

  socketpair(type = os.SOCK_STREAM): [a: number, b: number] {
    return this.#ownPair(os.socketpair(os.AF_UNIX, type));
  }

  /** A fresh TCP socket. */
  socket(): number {
    const fd = this.own(os.socket(os.AF_INET, os.SOCK_STREAM));
    os.set_blocking(fd, false);
    return fd;
  }

  /** A listening TCP socket on a free port of the loopback interface. */
  listener(backlog = 8): number {
    const fd = this.socket();
    os.bind(fd, ["127.0.0.1", 0]);
    os.listen(fd, backlog);
    return fd;
  }

  /** A TCP connection that is being made to `listener`. */
  client(listener: number): number {
    const fd = this.socket();
    try {
      os.connect(fd, os.getsockname(listener));
    } catch (error) {
      if (!(error instanceof OSError) || error.code !== "EINPROGRESS") throw error;
    }
    return fd;
  }

  /** Both ends of a TCP connection. */
  tcp(): [a: number, b: number] {
    return this.#tcp(this.listener());
  }

  /**
   * Both ends of a TCP connection whose buffers have a fixed size: `a` can hold far more than `b`. Other
   * buffers adapt to the load (tcp_rcv_space_adjust), and that of the reader can grow until it holds all
   * that `a` had to send.
   */
  fixedTcp(): [a: number, b: number] {
    const listener = this.listener();
    os.setsockopt(listener, os.SOL_SOCKET, os.SO_RCVBUF, 65_536);
    const pair = this.#tcp(listener);
    os.setsockopt(pair[0], os.SOL_SOCKET, os.SO_SNDBUF, 262_144);
    return pair;
  }

  #tcp(listener: number): [a: number, b: number] {
    const client = this.client(listener);
    settle(listener, POLLIN);
    const [server] = os.accept(listener);
    os.set_blocking(this.own(server), false);
    this.close(listener);
    return [client, server];
  }

  eventfd(value = 0, flags = 0): number {
    const fd = this.own(os.eventfd(value, flags));
    os.set_blocking(fd, false);
    return fd;
  }

  open(path: string, flags: number | string = "r"): number {
    return this.own(openSync(path, flags));
  }

  dup(fd: number): number {
    return this.own(os.dup(fd));
  }

  /** An epoll with the given registrations. */
  epoll(...registrations: ReadonlyArray<readonly [fd: number | Epoll, mask: number]>): Epoll {
    const made = epoll();
    this.onEnd(() => made.close());
    for (const [fd, mask] of registrations) made.register(fd, mask);
    return made;
  }

  /** A folder that is removed with its content. */
  folder(): string {
    const path = mkdtempSync(join(tmpdir(), "omnipoll-"));
    this.onEnd(() => rmSync(path, { recursive: true }));
    return path;
  }

  /** Path of a FIFO that is not open. */
  fifo(): string {
    const path = join(this.folder(), "fifo");
    os.mkfifo(path);
    return path;
  }

  /** Closes a descriptor before the end. */
  close(fd: number): void {
    this.#fds.delete(fd);
    os.close(fd);
  }

  /** Leaves a descriptor to someone else to close. */
  disown(fd: number): void {
    this.#fds.delete(fd);
  }

  onEnd(cleanup: () => void): void {
    this.#cleanups.push(cleanup);
  }

  end(): void {
    for (const cleanup of this.#cleanups.toReversed()) cleanup();
    for (const fd of this.#fds) os.close(fd);
  }
}

/** The body of a test that opens descriptors. */
export function scoped(body: (scope: Scope) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const scope = new Scope();
    try {
      await body(scope);
    } finally {
      scope.end();
    }
  };
}

/** Mask of the only event, 0 without an event. */
export function maskFrom(events: ReadonlyArray<readonly [fd: number, mask: number]>): number {
  if (events.length > 1) throw new Error(`one event expected, got ${JSON.stringify(events)}`);
  return events[0]?.[1] ?? 0;
}

/** Writes until nothing more is taken; returns how many bytes were. */
export function fill(fd: number, chunk = 65536): number {
  let total = 0;
  for (let size = chunk; size >= 1;) {
    try {
      total += os.write(fd, "x".repeat(size));
    } catch (error) {
      if (!(error instanceof BlockingIOError)) throw error;
      size = Math.floor(size / 2);
    }
  }
  return total;
}
