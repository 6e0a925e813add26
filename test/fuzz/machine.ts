// Runs the steps of a recorded scenario with omnipoll: the twin of recordings/machine.py, where
// the steps are explained. All descriptors are non-blocking, so that no step can hang.

import { join } from "node:path";
import {
  BlockingIOError,
  epoll,
  type Epoll,
  type Event,
  OSError,
  poll,
  type Poll,
  select,
} from "../../bindings/node/select.ts";
import { osError } from "../../bindings/errors.ts";
import * as os from "../../bindings/node/os.ts";
import { describeErrno } from "../../host/errno.ts";
import { sleep } from "../support/descriptors.ts";
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

/** Names of the bits of a mask, in the order in which they are written down. */
const BITS: ReadonlyArray<readonly [name: string, bit: number]> = [
  ["IN", 1],
  ["PRI", 2],
  ["OUT", 4],
  ["ERR", 8],
  ["HUP", 16],
  ["NVAL", 32],
  ["RDNORM", 64],
  ["RDBAND", 128],
  ["WRNORM", 256],
  ["WRBAND", 512],
  ["MSG", 1024],
  ["RDHUP", 0x2000],
  ["EXCLUSIVE", 2 ** 28],
  ["WAKEUP", 2 ** 29],
  ["ONESHOT", 2 ** 30],
  ["ET", 2 ** 31],
];
const EVERY_BIT = 0x27ff;
const TYPES: Record<string, number> = {
  stream: os.SOCK_STREAM,
  dgram: os.SOCK_DGRAM,
  seqpacket: os.SOCK_SEQPACKET,
};
const FAMILIES: Record<string, number> = { inet: os.AF_INET, unix: os.AF_UNIX };
const HOW: Record<string, number> = { rd: os.SHUT_RD, wr: os.SHUT_WR, rdwr: os.SHUT_RDWR };
const MESSAGE: Record<string, number> = { none: 0, oob: os.MSG_OOB, peek: os.MSG_PEEK };
/** SO_RCVLOWAT and SO_OOBINLINE, for which omnipoll/os has no names. */
const OPTIONS: Record<string, number> = { rcvlowat: 18, oobinline: 10 };
const OPENING: Record<string, number> = {
  r: constants.O_RDONLY,
  w: constants.O_WRONLY,
  rw: constants.O_RDWR,
};
const LOOPBACK = "127.0.0.1";
/** Loopback TCP arrives at once as a rule, and always within this time. */
const ARRIVAL_MS = 4;
/** The answer to a FIN wakes edge-triggered waiters, and may be delayed by 40 ms. */
const FIN_ANSWERED_MS = 60;

function maskOf(text: string): number {
  if (text === "0") return 0;
  let mask = 0;
  for (const name of text.split("|")) mask += BITS.find(([known]) => known === name)?.[1] as number;
  return mask;
}

/** A mask in words: "IN|HUP". */
export function namesOf(mask: number): string {
  const names: string[] = [];
  let rest = mask;
  for (const [name, bit] of BITS) {
    if (Math.floor(mask / bit) % 2 === 0) continue;
    names.push(name);
    rest -= bit;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.join("|") || "0";
}

/** An exception in words: "FileExistsError EEXIST". */
export function errorText(error: unknown): string {
  const { name, code } = error as Error & { code?: unknown };
  return typeof code === "string" && error instanceof OSError ? `${name} ${code}` : name;
}

/** The error as text if it is the kernel's; anything else is a mistake of the call. */
function attempt(call: () => string): string {
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

const masksOf = (events: Event[]): string =>
  events.map(([, mask]) => namesOf(mask)).join(" ") || "-";

type Words = readonly string[];

/** One run of one scenario. */
export class Machine {
  readonly #folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  /** The same for names of sockets. */
  readonly #short = shortPath(this.#folder);
  readonly #numbers = new Map<string, number>();
  readonly #names = new Map<number, string>();
  /** Names of open descriptors, in order of creation. */
  #open: string[] = [];
  readonly #objects = new Map<string, Epoll | Poll>();
  readonly #addresses = new Map<string, os.Address>();
  /** Names of TCP and UDP sockets. */
  readonly #slow = new Set<string>();
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
    if (words.some((name) => this.#slow.has(name))) {
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
      if (!("closed" in object) || !object.closed) attempt(() => String(object.inspect().api));
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

  #slowLike(name: string, other: string): void {
    if (this.#slow.has(other)) this.#slow.add(name);
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

  #state(name: string): string {
    const file = this.#file(name);
    const polling = poll();
    polling.register(file, EVERY_BIT);
    const polled = masksOf(polling.poll(0));
    const selected = attempt(() =>
      select([file], [file], [file], 0)
        .map((ready) => ready.length)
        .join(""),
    );
    const epolled = attempt(() => {
      const asked = epoll();
      try {
        asked.register(file, EVERY_BIT);
        return masksOf(asked.poll(0));
      } finally {
        asked.close();
      }
    });
    return `${polled} / ${selected} / ${epolled}`;
  }

  /** Writes until nothing more is taken. How much a socket takes is not written down. */
  #fill(name: string, chunk = "65536"): string | number {
    let total = 0;
    for (let size = Number(chunk); size >= 1;) {
      try {
        total += os.write(this.fd(name), "x".repeat(size));
      } catch (error) {
        if (!(error instanceof BlockingIOError)) throw error;
        size = Math.floor(size / 2);
      }
    }
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
    pipe: (r, w) => this.#both([r, w], os.pipe()),
    socketpair: (a, b, kind = "stream") =>
      this.#both([a, b], os.socketpair(os.AF_UNIX, TYPES[kind] as number)),
    socket: (name, family, kind) => {
      this.own(name, os.socket(FAMILIES[family] as number, TYPES[kind] as number));
      if (family === "inet") this.#slow.add(name);
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
      this.#both([a, b], [client, server]);
      this.#slow.add(a).add(b);
    },
    udp: (a, b) => {
      const sockets = [0, 1].map(() => os.socket(os.AF_INET, os.SOCK_DGRAM)) as [number, number];
      for (const fd of sockets) os.bind(fd, [LOOPBACK, 0]);
      os.connect(sockets[0], os.getsockname(sockets[1]));
      os.connect(sockets[1], os.getsockname(sockets[0]));
      this.#both([a, b], sockets);
      this.#slow.add(a).add(b);
    },
    bind: (name, family) => {
      os.bind(this.fd(name), family === "inet" ? [LOOPBACK, 0] : join(this.#short.path, name));
      this.#addresses.set(name, os.getsockname(this.fd(name)));
    },
    listen: (name, backlog) => os.listen(this.fd(name), Number(backlog)),
    connect: (name, to) => os.connect(this.fd(name), this.#addresses.get(to) as os.Address),
    accept: (name, listener) => {
      this.own(name, os.accept(this.fd(listener))[0]);
      this.#slowLike(name, listener);
    },
    dup: (name, of) => {
      this.own(name, os.dup(this.fd(of)));
      this.#slowLike(name, of);
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
    open: (name, path, how) => this.own(name, opened(this.path(path), OPENING[how] as number)),
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
    look: (onEpoll, onPoll) => {
      const files = this.#open.join(",") || "-";
      const selected = attempt(() => this.#select([files, files, files], "0"));
      return `${this.#poll(onEpoll)} / ${this.#poll(onPoll)} / ${selected}`;
    },
  };

  #both(names: readonly [string, string], fds: readonly [number, number]): void {
    this.own(names[0], fds[0]);
    this.own(names[1], fds[1]);
  }
}
