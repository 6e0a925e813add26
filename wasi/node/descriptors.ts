// What Node tells of the descriptors of its process.

import { fstatSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { isatty } from "node:tty";
import { SOCKET_DGRAM } from "../poller.ts";
import { TYPE_READ } from "../preview1.ts";
import { Looker } from "./runtime.ts";

/** Access mode and O_NONBLOCK in the flags of open(2), on every Linux. */
const O_ACCMODE = 3;
const O_NONBLOCK = 0o4000;
/** A descriptor of a path alone, with which nothing can be done: EBADF to poll(2) (fdget). */
const O_PATH = 0o10000000;
/** The files without a name that poll(2) waits for, by the text of their links (anon_inode_getfile). */
const POLLABLE =
  /^anon_inode:\[(eventfd|eventpoll|timerfd|signalfd|pidfd|userfaultfd|io_uring)\]$|^anon_inode:inotify$/;

/** How poll(2) treats a file: it waits for it, or finds it ready at once. */
type Kind = "waits" | "is ready";

/** An open descriptor, as long as its number is the same file's. */
export class Descriptor {
  readonly fd: number;
  /** As of the last `get`. */
  stat: Stats;
  readonly kind: Kind;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  /**
   * Whether omnipoll/os blocks on the descriptor. A look makes every open file non-blocking, so that the calls of that
   * module wait themselves.
   */
  isBlocking: boolean;
  readonly isDatagram: boolean;
  readonly isTerminal: boolean;
  readonly isPath: boolean;
  /** A FIFO rather than a pipe of pipe(2). */
  readonly isNamed: boolean;
  readonly #looker: Looker | undefined;

  constructor(fd: number, stat: Stats, sentinel: number | undefined) {
    this.fd = fd;
    this.stat = stat;
    const flags = flagsOf(fd);
    this.isPath = flags !== undefined && (flags & O_PATH) !== 0;
    this.isBlocking = flags !== undefined && (flags & O_NONBLOCK) === 0;
    this.isTerminal = stat.isCharacterDevice() && isatty(fd);
    this.isNamed = stat.isFIFO() && !linkOf(fd).startsWith("pipe:");
    this.#looker = isStream(stat) && !this.isPath ? lookerOf(fd, sentinel) : undefined;
    this.kind = this.#waits() ? "waits" : "is ready";
    this.isDatagram = this.#looker?.type === SOCKET_DGRAM;
    const access = flags === undefined ? undefined : flags & O_ACCMODE;
    this.canRead = access === undefined ? (this.#looker?.canRead ?? true) : access !== 1;
    this.canWrite = access === undefined ? (this.#looker?.canWrite ?? true) : access !== 0;
  }

  #waits(): boolean {
    if (this.#looker === undefined) return isNameless(this.stat) && POLLABLE.test(linkOf(this.fd));
    if (!this.stat.isCharacterDevice() || this.isTerminal) return true;
    return this.#looker.look(TYPE_READ) !== "always ready";
  }

  /** Whether the number is still this file's. */
  isStill(stat: Stats): boolean {
    const { dev, ino, birthtimeMs } = this.stat;
    return stat.dev === dev && stat.ino === ino && stat.birthtimeMs === birthtimeMs;
  }

  /** What node:wasi says of one direction; undefined if it is not ready. */
  look(type: number): ReturnType<Looker["look"]> {
    return this.#looker === undefined ? READY : this.#looker.look(type);
  }

  /** The offset of the open file; 0 where the system does not tell. */
  position(): number {
    return Number(fdinfo(this.fd)?.match(/^pos:\s*(\d+)/m)?.[1] ?? 0);
  }

  /** The bytes of a regular file behind its offset, below 0 if that is behind the end; 0 of other files. */
  bytesLeft(): number {
    return this.stat.isFile() ? this.stat.size - this.position() : 0;
  }
}

const READY = { isHungUp: false, isBroken: false };

/** fstat(2); undefined if the descriptor is not open. */
function statOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}

/** Whether a file may make its caller wait: libuv aborts the process if it is given another (uv__io_poll). */
function isStream(stat: Stats): boolean {
  return stat.isFIFO() || stat.isSocket() || stat.isCharacterDevice();
}

/** Whether a file is of a kind without a name, such as an eventfd. */
function isNameless(stat: Stats): boolean {
  return !(stat.isFile() || stat.isDirectory() || stat.isBlockDevice() || stat.isSymbolicLink());
}

function lookerOf(fd: number, sentinel: number | undefined): Looker | undefined {
  try {
    return new Looker(fd, sentinel);
  } catch (error) {
    if (String((error as NodeJS.ErrnoException).code).startsWith("UVWASI_")) return undefined;
    throw error;
  }
}

function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

/** The text of /proc/self/fdinfo (proc_pid_fdinfo(5)); undefined on another system. */
function fdinfo(fd: number): string | undefined {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, "latin1");
  } catch {
    return undefined;
  }
}

function flagsOf(fd: number): number | undefined {
  const octal = fdinfo(fd)?.match(/^flags:\s*(\d+)/m)?.[1];
  return octal === undefined ? undefined : parseInt(octal, 8);
}

/** The descriptors of this process that one thread has looked at. */
export class Descriptors {
  readonly #known = new Map<number, Descriptor>();
  readonly #sentinelOf: () => number | undefined;
  /** What the next request to the watcher has to say about numbers: those that became another file's. */
  readonly changed = new Set<number>();

  /** @param sentinelOf a socket that can always be written to; undefined until the watcher runs */
  constructor(sentinelOf: () => number | undefined) {
    this.#sentinelOf = sentinelOf;
  }

  /** The descriptor with a number; undefined if it is not open. */
  get(fd: number): Descriptor | undefined {
    const known = this.#known.get(fd);
    const stat = statOf(fd);
    if (stat === undefined) {
      this.forget(fd);
      return undefined;
    }
    if (known?.isStill(stat) === true) {
      known.stat = stat;
      return known;
    }
    const found = new Descriptor(fd, stat, this.#sentinelOf());
    if (found.isPath) return undefined;
    this.#known.set(fd, found);
    this.changed.add(fd);
    return found;
  }

  /** Whether omnipoll/os is to block on a descriptor whose open file a look made non-blocking. */
  isBlocking(fd: number): boolean {
    return this.#known.get(fd)?.isBlocking === true;
  }

  /** Forgets a number before it is closed: the next file under it may look like this one. */
  forget(fd: number): void {
    this.#known.delete(fd);
  }
}
