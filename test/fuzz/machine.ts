// Runs the steps of a recorded scenario with omnipoll, as recordings/machine.py runs them with CPython and
// explains them. All descriptors are non-blocking, so that no step can block.

import { join } from "node:path";
import {
  BlockingIOError,
  epoll,
  type Epoll,
  OSError,
  poll,
  type Poll,
  select,
} from "../../bindings/node/select.ts";
import { osError } from "../../bindings/errors.ts";
import * as os from "../../bindings/node/os.ts";
import { describeErrno } from "../../host/errno.ts";
import { fill, sleep } from "../support/descriptors.ts";
import {
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
  shortPath,
  tmpdir,
} from "../support/files.ts";
import {
  ACCESS,
  errorText,
  EVERY_BIT,
  FAMILIES,
  HOW,
  maskOf,
  masksOf,
  MESSAGE,
  namesOf,
  OPTIONS,
  TYPES,
} from "./words.ts";

const LOOPBACK = "127.0.0.1";
/** Loopback TCP arrives at once as a rule, and always within this time. */
const ARRIVAL_MS = 4;
/** The ACK of a FIN wakes edge-triggered waiters, and may be delayed by 40 ms. */
const FIN_ANSWERED_MS = 60;

/** Result of a call, or its OSError as text. Other errors are faults of the scenario. */
function outcomeOf(call: () => string): string {
  try {
    return call();
  } catch (error) {
    if (error instanceof OSError) return errorText(error);
    throw error;
  }
}

/** Opens a file; a failure is an OSError, as in Python, and not an error of Node's. */
function opened(path: string, flags: number): number {
  try {
    return openSync(path, flags | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof OSError) throw error;
    throw osError(describeErrno, -((error as NodeJS.ErrnoException).errno as number), "open");
  }
}

/** Opens the free numbers below the highest open one, so that numbers are given out in order. */
function plugHoles(): number[] {
  const highest = Math.max(...readdirSync("/proc/self/fd").map(Number));
  const plugs: number[] = [];
  do plugs.push(os.dup(0));
  while ((plugs.at(-1) as number) <= highest);
  os.close(plugs.pop() as number);
  return plugs;
}

type Words = readonly string[];

/** One run of one scenario. */
export class Machine {
  readonly #folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  /** The folder in the names of Unix sockets. */
  readonly #short = shortPath(this.#folder);
  /** Numbers of descriptors by name, also of closed ones. */
  readonly #numbers = new Map<string, number>();
  /** Names of descriptors by number. */
  readonly #names = new Map<number, string>();
  /** Names of open descriptors, in order of creation. */
  #open: string[] = [];
  readonly #objects = new Map<string, Epoll | Poll>();
  /** Addresses of bound sockets by name. */
  readonly #addresses = new Map<string, os.Address>();
  /** Names of TCP and UDP sockets, whose data takes a moment to arrive. */
  readonly #inet = new Set<string>();
  readonly #plugs = plugHoles();
  readonly #sendsAtOnce: boolean;

  /**
   * @param sendsAtOnce without Nagle's algorithm, which holds small segments back for longer than a
   *   step waits for the bytes that it sends
   */
  constructor(sendsAtOnce = false) {
    this.#sendsAtOnce = sendsAtOnce;
  }

  /** The outcome of a step. */
  run(step: string): string {
    const [word, ...words] = step.split(" ") as [string, ...string[]];
    let outcome: unknown;
    try {
      outcome = (this.#steps[word] as (...words: string[]) => unknown)(...words);
    } catch (error) {
      outcome = errorText(error);
    }
    if (words.some((name) => this.#inet.has(name))) {
      sleep(word === "shutdown" ? FIN_ANSWERED_MS : ARRIVAL_MS);
    }
    return outcome === undefined ? "ok" : String(outcome);
  }

  finish(): void {
    for (const object of this.#objects.values()) if ("close" in object) object.close();
    for (const name of this.#open) os.close(this.fd(name));
    for (const fd of this.#plugs) os.close(fd);
    this.#short.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** Inspects every object that is open. */
  inspect(): void {
    for (const object of this.#objects.values()) {
      if (!("closed" in object) || !object.closed) outcomeOf(() => String(object.inspect().api));
    }
  }

  /** Takes over a descriptor. */
  own(name: string, fd: number): void {
    os.set_blocking(fd, false);
    this.#numbers.set(name, fd);
    this.#names.set(fd, name);
    this.#open.push(name);
  }

  /** Number of a descriptor, also of one that is closed. */
  fd(name: string): number {
    return this.#numbers.get(name) as number;
  }

  #file(name: string): number | Epoll {
    return (this.#objects.get(name) as Epoll | undefined) ?? this.fd(name);
  }

  #isPipe(name: string): boolean {
    return fstatSync(this.fd(name)).isFIFO();
  }

  #epoll(name: string): Epoll {
    return this.#objects.get(name) as Epoll;
  }

  path(name: string): string {
    return name.startsWith("/") ? name : join(this.#folder, name);
  }

  #forget(name: string): void {
    this.#open = this.#open.filter((other) => other !== name);
  }

  /** Notes that `name` is a socket of the family of `other`. */
  #inheritInet(name: string, other: string): void {
    if (this.#inet.has(other)) this.#inet.add(name);
  }

  #poll(on: string, timeout = "0", ...maxevents: Words): string {
    const object = this.#objects.get(on) as Epoll;
    const events = object.poll(Number(timeout), ...(maxevents.map(Number) as [number?]));
    return events.map(([fd, mask]) => `${this.#names.get(fd)}:${namesOf(mask)}`).join(" ") || "-";
  }

  #select(lists: Words, timeout: string): string {
    const [r, w, x] = lists.map((names) =>
      names === "-" ? [] : names.split(",").map((name) => this.#file(name)),
    ) as [Array<number | Epoll>, Array<number | Epoll>, Array<number | Epoll>];
    return select(r, w, x, Number(timeout))
      .map(
        (ready) =>
          ready
            .map((item) => this.#names.get(typeof item === "number" ? item : item.fileno()))
            .join(",") || "-",
      )
      .join(" ");
  }

  /** The readiness of a descriptor in each API. */
  #state(name: string): string {
    const file = this.#file(name);
    const polling = poll();
    polling.register(file, EVERY_BIT);
    const polled = masksOf(polling.poll(0));
    const selected = outcomeOf(() =>
      select([file], [file], [file], 0)
        .map((ready) => ready.length)
        .join(""),
    );
    const epolled = outcomeOf(() => {
      const made = epoll();
      try {
        made.register(file, EVERY_BIT);
        return masksOf(made.poll(0));
      } finally {
        made.close();
      }
    });
    return `${polled} / ${selected} / ${epolled}`;
  }

  /** Writes until nothing more is taken. The capacity of a socket is no part of the outcome. */
  #fill(name: string, chunk = "65536"): string | number {
    const total = fill(this.fd(name), Number(chunk));
    return this.#isPipe(name) ? total : "full";
  }

  #drain(name: string): string | number {
    let total = 0;
    try {
      for (;;) {
        const { length } = os.read(this.fd(name), 65536);
        if (length === 0) break;
        total += length;
      }
    } catch (error) {
      if (!(error instanceof BlockingIOError)) throw error;
    }
    return this.#isPipe(name) ? total : "empty";
  }

  readonly #steps: Record<string, (...words: any[]) => unknown> = {
    // Descriptors
    pipe: (r, w) => this.#ownBoth([r, w], os.pipe()),
    socketpair: (a, b, kind = "stream") =>
      this.#ownBoth([a, b], os.socketpair(os.AF_UNIX, TYPES[kind] as number)),
    socket: (name, family, kind) => {
      this.own(name, os.socket(FAMILIES[family] as number, TYPES[kind] as number));
      if (family === "inet") this.#inet.add(name);
    },
    tcp: (a, b) => {
      const listener = os.socket(os.AF_INET, os.SOCK_STREAM);
      os.bind(listener, [LOOPBACK, 0]);
      os.listen(listener, 1);
      const client = os.socket(os.AF_INET, os.SOCK_STREAM);
      os.connect(client, os.getsockname(listener));
      const [server] = os.accept(listener);
      os.close(listener);
      if (this.#sendsAtOnce) {
        for (const fd of [client, server]) os.setsockopt(fd, os.IPPROTO_TCP, os.TCP_NODELAY, 1);
      }
      this.#ownBoth([a, b], [client, server]);
      this.#inet.add(a).add(b);
    },
    udp: (a, b) => {
      const sockets = [0, 1].map(() => os.socket(os.AF_INET, os.SOCK_DGRAM)) as [number, number];
      for (const fd of sockets) os.bind(fd, [LOOPBACK, 0]);
      os.connect(sockets[0], os.getsockname(sockets[1]));
      os.connect(sockets[1], os.getsockname(sockets[0]));
      this.#ownBoth([a, b], sockets);
      this.#inet.add(a).add(b);
    },
    bind: (name, family) => {
      os.bind(this.fd(name), family === "inet" ? [LOOPBACK, 0] : join(this.#short.path, name));
      this.#addresses.set(name, os.getsockname(this.fd(name)));
    },
    listen: (name, backlog) => os.listen(this.fd(name), Number(backlog)),
    connect: (name, to) => os.connect(this.fd(name), this.#addresses.get(to) as os.Address),
    accept: (name, listener) => {
      this.own(name, os.accept(this.fd(listener))[0]);
      this.#inheritInet(name, listener);
    },
    dup: (name, of) => {
      this.own(name, os.dup(this.fd(of)));
      this.#inheritInet(name, of);
    },
    reopen: (name, of) => {
      const wanted = this.fd(name);
      const spare = [os.dup(this.fd(of))];
      while (spare.at(-1) !== wanted) spare.push(os.dup(this.fd(of)));
      for (const fd of spare.slice(0, -1)) os.close(fd);
      this.own(name, wanted);
    },
    eventfd: (name, value, semaphore) =>
      this.own(name, os.eventfd(Number(value), semaphore ? os.EFD_SEMAPHORE : 0)),
    mkfifo: (path) => os.mkfifo(this.path(path)),
    file: (path, size) => writeFileSync(this.path(path), "x".repeat(Number(size))),
    open: (name, path, how) => this.own(name, opened(this.path(path), ACCESS[how] as number)),
    close: (name) => {
      this.#forget(name);
      os.close(this.fd(name));
    },
    blocking: (name, on) => os.set_blocking(this.fd(name), on === "on"),

    // Data
    write: (name, size) => os.write(this.fd(name), "x".repeat(Number(size))),
    read: (name, size) => os.read(this.fd(name), Number(size)).length,
    fill: (name, chunk) => this.#fill(name, chunk),
    drain: (name) => this.#drain(name),
    send: (name, size, flags = "none") =>
      os.send(this.fd(name), "x".repeat(Number(size)), MESSAGE[flags]),
    recv: (name, size, flags = "none") =>
      os.recv(this.fd(name), Number(size), MESSAGE[flags]).length,
    shutdown: (name, how) => os.shutdown(this.fd(name), HOW[how] as number),
    so_error: (name) => {
      const errno = os.getsockopt(this.fd(name), os.SOL_SOCKET, os.SO_ERROR);
      return errno === 0 ? 0 : describeErrno(errno)[0];
    },
    option: (name, option, value) =>
      os.setsockopt(this.fd(name), os.SOL_SOCKET, OPTIONS[option] as number, Number(value)),
    eventfd_write: (name, value) => os.eventfd_write(this.fd(name), BigInt(value)),
    eventfd_read: (name) => os.eventfd_read(this.fd(name)),

    // The module under test
    epoll: (name) => {
      const made = epoll();
      this.#objects.set(name, made);
      this.#names.set(made.fileno(), name);
    },
    fromfd: (name, of) => {
      this.#forget(of);
      this.#objects.set(name, epoll.fromfd(this.fd(of)));
    },
    dupepoll: (name, of) => this.own(name, os.dup(this.#epoll(of).fileno())),
    polling: (name) => void this.#objects.set(name, poll()),
    closing: (name) => this.#epoll(name).close(),
    closed: (name) => this.#epoll(name).closed,
    register: (on, name, mask) => {
      const object = this.#epoll(on);
      if (mask === undefined) object.register(this.#file(name));
      else object.register(this.#file(name), maskOf(mask));
    },
    modify: (on, name, mask) => this.#epoll(on).modify(this.#file(name), maskOf(mask)),
    unregister: (on, name) => this.#epoll(on).unregister(this.#file(name)),
    poll: (on, timeout, ...maxevents) => this.#poll(on, timeout, ...maxevents),
    select: (r, w, x, timeout = "0") => this.#select([r, w, x], timeout),
    state: (name) => this.#state(name),
    poll_all: (onEpoll, onPoll) => {
      const files = this.#open.join(",") || "-";
      const selected = outcomeOf(() => this.#select([files, files, files], "0"));
      return `${this.#poll(onEpoll)} / ${this.#poll(onPoll)} / ${selected}`;
    },
  };

  /** Takes over two descriptors. */
  #ownBoth(names: readonly [string, string], fds: readonly [number, number]): void {
    this.own(names[0], fds[0]);
    this.own(names[1], fds[1]);
  }
}
