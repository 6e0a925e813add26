// omnipoll/os on Node, bound to the host of this thread. An editor shows these comments at an import,
// and those of os/files.ts, os/sockets.ts and os/aio.ts at a call.

import { CAPABILITY_EPOLL, CAPABILITY_KQUEUE, ENOSYS } from "../../asm/abi.ts";
import { loadAddon } from "../../host/native/addon.ts";
import { describeErrno } from "../../host/errno.ts";
import { chooseHost } from "../../host/index.ts";
import type { Host } from "../../host/host.ts";
import type { WasiHost } from "../../wasi/host.ts";
import { announceClose, withObservers } from "../../host/observers.ts";
import type { AioHost, OsHost } from "../../host/os.ts";
import type { SimHost } from "../../host/sim/waist/host.ts";
import { createSimOs } from "../../host/sim/os/os.ts";
import { withRealClock } from "../../host/sim/waist/real-clock.ts";
import { createAioCalls } from "../os/aio.ts";
import type { DescribedOsHost } from "../os/calls.ts";
import { createOsModule, type OsModule } from "../os/os.ts";

/** omnipoll/os on Node, which returns bytes as Buffers. */
type Os = OsModule<Buffer>;
type Aio = ReturnType<typeof createAioCalls>;

/** The calls of this machine; `close` announces the descriptor to the cores first. */
function announcing(calls: OsHost & AioHost): DescribedOsHost & AioHost {
  return {
    ...calls,
    describe: describeErrno,
    close(fd: number): number {
      announceClose(fd);
      return calls.close(fd);
    },
  };
}

const chosen = chooseHost();

/** The calls of the host without native code, which has no asynchronous ones. */
function fallbackHost({ os, takeFailure }: WasiHost): DescribedOsHost & AioHost {
  const served = announcing({ ...os, aio_read: () => -ENOSYS, aio_write: () => -ENOSYS });
  return takeFailure === undefined ? served : { ...served, takeFailure };
}

function simulatedHost(host: SimHost): DescribedOsHost & AioHost {
  return withRealClock(host.kernel, createSimOs(host));
}

function callsOf(host: Host): DescribedOsHost & AioHost {
  if ("kernel" in host) return simulatedHost(host as SimHost);
  return "os" in host ? fallbackHost(host as WasiHost) : announcing(loadAddon());
}

const calls = callsOf(chosen);
/** On a kernel with epoll or kqueue no core observes transfers. */
const host =
  chosen.capabilities() & (CAPABILITY_EPOLL | CAPABILITY_KQUEUE)
    ? calls
    : withObservers(calls, chosen);
const os = createOsModule(host) as Os;
const aio = createAioCalls(host);

/** Reads into a buffer while the program continues. A kqueue reports the end. Python lacks this call. */
export const aio_read: Aio["aio_read"] = aio.aio_read;
/** Writes while the program continues. A kqueue reports the end. Python lacks this call. */
export const aio_write: Aio["aio_write"] = aio.aio_write;
/** Makes a pipe. Returns the descriptor to read from, and the one to write to. */
export const pipe: Os["pipe"] = os.pipe;
/** Makes a pipe with flags: 0 or O_NONBLOCK. */
export const pipe2: Os["pipe2"] = os.pipe2;
/** Reads at most `n` bytes; an empty Buffer at the end. Blocks the thread if the descriptor blocks. */
export const read: Os["read"] = os.read;
/** Writes bytes, or a string in UTF-8. Returns the number of bytes written, which may be less. */
export const write: Os["write"] = os.write;
/** Closes a descriptor. */
export const close: Os["close"] = os.close;
/** Makes a second descriptor of the same open file. */
export const dup: Os["dup"] = os.dup;
/** Returns whether calls on the descriptor block. */
export const get_blocking: Os["get_blocking"] = os.get_blocking;
/** Makes calls on the descriptor block, or not. */
export const set_blocking: Os["set_blocking"] = os.set_blocking;
/** Returns whether programs that this process starts inherit the descriptor. */
export const get_inheritable: Os["get_inheritable"] = os.get_inheritable;
/** Lets programs that this process starts inherit the descriptor, or not. */
export const set_inheritable: Os["set_inheritable"] = os.set_inheritable;
/** Makes a FIFO in the file system; `mode` is 0o666 by default, less the umask. */
export const mkfifo: Os["mkfifo"] = os.mkfifo;
/** Makes an eventfd, a counter to wait for; flags are EFD_NONBLOCK and EFD_SEMAPHORE. */
export const eventfd: Os["eventfd"] = os.eventfd;
/** Takes the value of an eventfd: a bigint beyond 2^53 - 1, where a number is not exact. */
export const eventfd_read: Os["eventfd_read"] = os.eventfd_read;
/** Adds to the value of an eventfd. */
export const eventfd_write: Os["eventfd_write"] = os.eventfd_write;
/** Sends a signal, by number, to a process; 0 tests whether the process exists. */
export const kill: Os["kill"] = os.kill;
/** Makes a descriptor of a process, which is readable once the process has ended. */
export const pidfd_open: Os["pidfd_open"] = os.pidfd_open;
/** Makes two connected sockets; the defaults are AF_UNIX and SOCK_STREAM. */
export const socketpair: Os["socketpair"] = os.socketpair;
/** Makes a socket, which does not block if SOCK_NONBLOCK is added to its type. */
export const socket: Os["socket"] = os.socket;
/** Gives a socket its address. Looking up a host name blocks the thread. */
export const bind: Os["bind"] = os.bind;
/** Connects a socket. One that does not block throws EINPROGRESS, and SO_ERROR has the outcome. */
export const connect: Os["connect"] = os.connect;
/** Lets a socket accept connections from now on. */
export const listen: Os["listen"] = os.listen;
/** Accepts a connection. Returns its descriptor, which blocks, and the address of the peer. */
export const accept: Os["accept"] = os.accept;
/** Returns the address of a socket. */
export const getsockname: Os["getsockname"] = os.getsockname;
/** Returns the address of the peer of a socket. */
export const getpeername: Os["getpeername"] = os.getpeername;
/** Shuts down one half of a connection, or both: SHUT_*. */
export const shutdown: Os["shutdown"] = os.shutdown;
/** Sends bytes, or a string in UTF-8. Returns the number of bytes sent. Flags are MSG_*. */
export const send: Os["send"] = os.send;
/** Receives at most `n` bytes; an empty Buffer at the end. Flags are MSG_*. */
export const recv: Os["recv"] = os.recv;
/** Returns the value of a socket option that is a C `int`. */
export const getsockopt: Os["getsockopt"] = os.getsockopt;
/** Sets a socket option, to a C `int` or to the bytes of a structure. */
export const setsockopt: Os["setsockopt"] = os.setsockopt;

export type { Address } from "../os/addresses.ts";
export * from "../os/constants.ts";
