// omnipoll/os without native code: what node:fs does with descriptors. Every other call is -ENOSYS.

import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, constants, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EAGAIN, EBADF, EINVAL, ENOSYS } from "../../asm/abi.ts";
import { errnoOf } from "../../host/errno.ts";
import type { OsHost } from "../../host/os.ts";
import { TYPE_READ } from "../preview1.ts";
import type { Descriptors } from "./descriptors.ts";
import { quietly } from "./quiet.ts";

/** The most bytes of one read(2) or write(2) (MAX_RW_COUNT). */
const MOST = 0x7ffff000;
/** O_NONBLOCK and O_CLOEXEC of Linux, which omnipoll/os has on every system; Node sets the latter itself. */
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = O_NONBLOCK;
const SOCK_CLOEXEC = O_CLOEXEC;
const ENOTSOCK = 88;

/** The calls that Node has nothing for. */
const ABSENT =
  "dup get_inheritable set_inheritable mkfifo eventfd kill pidfd_open socket bind connect listen accept \
getsockname getpeername shutdown getsockopt setsockopt".split(" ");

/** The calls by what serves them: `omnipoll doctor` lists them. */
export const SERVED = {
  "node:fs": ["read", "write", "close", "pipe", "pipe2"],
  "Node's handles": ["socketpair", "send", "recv", "get_blocking", "set_blocking"],
  ENOSYS: ABSENT,
} as const;

/** The negative errno of an error of Node. */
function failed(error: unknown): number {
  const { code = "EIO" } = error as NodeJS.ErrnoException;
  // A number that no descriptor can have is refused before the system sees it.
  return code === "ERR_OUT_OF_RANGE" ? -EBADF : -(errnoOf(code) ?? 5);
}

function attempt(call: () => number): number {
  try {
    return call();
  } catch (error) {
    return failed(error);
  }
}

/**
 * Makes a FIFO, opens both of its ends, and takes its name away again. Neither open blocks: a descriptor for both
 * directions is there meanwhile, which Linux and the BSDs allow of a FIFO.
 */
function openPipe(flags: number): [number, number] {
  const path = join(tmpdir(), `omnipoll-${randomUUID()}`);
  execFileSync("mkfifo", ["-m", "600", path], { stdio: "ignore" });
  const own = flags & O_NONBLOCK ? constants.O_NONBLOCK : 0;
  const opened: number[] = [];
  const open = (mode: number): number => {
    const fd = openSync(path, mode | own);
    opened.push(fd);
    return fd;
  };
  try {
    const both = open(constants.O_RDWR);
    const ends: [number, number] = [open(constants.O_RDONLY), open(constants.O_WRONLY)];
    closeSync(both);
    return ends;
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  } finally {
    unlinkSync(path);
  }
}

const absent = Object.fromEntries(ABSENT.map((name) => [name, () => -ENOSYS])) as unknown as OsHost;

/** What the calls take besides the descriptors. */
export interface Means {
  /** Blocks until a descriptor can be read, or written to; below 0 if that cannot be told. */
  wait(fd: number, isWrite: boolean): number;
  /** Two connected sockets; undefined if this thread cannot have them. */
  pair(): readonly [number, number] | undefined;
  /** Closes a socket of `pair`; false for another descriptor. */
  closeSocket(fd: number): boolean;
  /** Keeps an error that says more than an errno. Returns -ENOSYS. */
  refuse(error: Error): number;
}

/** The calls behind omnipoll/os. */
export function createNodeOs(
  descriptors: Descriptors,
  { wait, pair, closeSocket, refuse }: Means,
): OsHost {
  /** Repeats a call that would block, if the open file is non-blocking because of this package alone. */
  function blocking(fd: number, isWrite: boolean, call: () => number): number {
    while (true) {
      const result = attempt(call);
      if (result !== -EAGAIN || !descriptors.isBlocking(fd)) return result;
      const waited = wait(fd, isWrite);
      if (waited < 0) return waited;
    }
  }

  function read(fd: number, buffer: Uint8Array, size: number): number {
    return blocking(fd, false, () => readSync(fd, buffer, 0, Math.min(size, MOST), null));
  }

  function write(fd: number, bytes: Uint8Array): number {
    let done = 0;
    while (true) {
      const rest = bytes.subarray(done, done + MOST);
      const result = blocking(fd, true, () => writeSync(fd, rest));
      if (result < 0) return done > 0 ? done : result;
      done += result;
      // A write to a file that blocks goes on until all is written (pipe_write).
      if (done >= bytes.length || !descriptors.isBlocking(fd)) return done;
    }
  }

  /** The first look makes the open file non-blocking; who is to block then waits here. */
  function setBlocking(fd: number, isBlocking: boolean): number {
    const descriptor = descriptors.get(fd);
    if (descriptor === undefined) return -EBADF;
    descriptor.look(TYPE_READ);
    descriptor.isBlocking = isBlocking;
    return 0;
  }

  /** A transfer without flags. */
  function onSocket(fd: number, flags: number, call: () => number): number {
    const descriptor = descriptors.get(fd);
    if (descriptor === undefined) return -EBADF;
    if (!descriptor.stat.isSocket()) return -ENOTSOCK;
    return flags === 0 ? call() : -ENOSYS;
  }

  return {
    ...absent,
    close(fd) {
      descriptors.forget(fd);
      if (closeSocket(fd)) return 0;
      // A worker warns of a descriptor that another thread opened.
      return attempt(() => (quietly(() => closeSync(fd)), 0));
    },
    pipe2(fds, flags) {
      if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) !== 0) return -EINVAL;
      try {
        fds.set(openPipe(flags));
        return 0;
      } catch (error) {
        const { code, syscall } = error as NodeJS.ErrnoException;
        if (code === "ENOENT" && syscall === "spawnSync mkfifo") {
          return refuse(new Error("omnipoll: pipe() without the native addon takes mkfifo(1)"));
        }
        return code === "ERR_ACCESS_DENIED" ? refuse(error as Error) : failed(error);
      }
    },
    socketpair(fds, family, type, proto) {
      const kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (family !== AF_UNIX || kind !== SOCK_STREAM || proto !== 0) return -ENOSYS;
      return attempt(() => {
        const made = pair();
        if (made === undefined) return -EAGAIN;
        fds.set(made);
        // Node's sockets do not block.
        for (const fd of made) setBlocking(fd, (type & SOCK_NONBLOCK) === 0);
        return 0;
      });
    },
    get_blocking(fd) {
      const descriptor = descriptors.get(fd);
      return descriptor === undefined ? -EBADF : Number(descriptor.isBlocking);
    },
    set_blocking: (fd, on) => setBlocking(fd, on !== 0),
    recv: (fd, buffer, size, flags) => onSocket(fd, flags, () => read(fd, buffer, size)),
    send: (fd, bytes, flags) => onSocket(fd, flags, () => write(fd, bytes)),
    read,
    write,
  };
}
