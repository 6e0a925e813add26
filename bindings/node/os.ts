// omnipoll/os on Node, bound to the host of this thread. What the calls throw and take is
// documented at their making, in os-files.ts and os-sockets.ts.

import { CAPABILITY_EPOLL, CAPABILITY_KQUEUE } from "../../asm/abi.ts";
import { loadAddon } from "../../host/native/addon.ts";
import { describeErrno } from "../../host/errno.ts";
import { chooseHost } from "../../host/index.ts";
import { announceClose, withObservers } from "../../host/observers.ts";
import type { AioHost } from "../../host/os.ts";
import type { SimHost } from "../../host/sim/waist/host.ts";
import { createSimOs } from "../../host/sim/os/os.ts";
import { withRealClock } from "../../host/sim/waist/real-clock.ts";
import { createAioCalls } from "../os/aio.ts";
import type { DescribedOsHost } from "../os/calls.ts";
import { createOsModule, type OsModule } from "../os/os.ts";

/** OsModule on Node, which returns bytes as Buffers. */
interface NodeOsModule extends Omit<OsModule, "read" | "recv"> {
  read(...given: Parameters<OsModule["read"]>): Buffer;
  recv(...given: Parameters<OsModule["recv"]>): Buffer;
}

/** The calls of the addon; `close` announces the descriptor to the cores first. */
function nativeHost(): DescribedOsHost & AioHost {
  const addon = loadAddon();
  return {
    ...addon,
    describe: describeErrno,
    close(fd: number): number {
      announceClose(fd);
      return addon.close(fd);
    },
  };
}

const chosen = chooseHost();

function simulatedHost(host: SimHost): DescribedOsHost & AioHost {
  return withRealClock(host.kernel, createSimOs(host));
}

const calls = "kernel" in chosen ? simulatedHost(chosen as SimHost) : nativeHost();
/** On a kernel with epoll or kqueue no core observes transfers. */
const host =
  chosen.capabilities() & (CAPABILITY_EPOLL | CAPABILITY_KQUEUE)
    ? calls
    : withObservers(calls, chosen);
const os = createOsModule(host) as NodeOsModule;
const aio = createAioCalls(host);

/** Reads while the program goes on; the end is a kevent of a queue. Not in Python. */
export const aio_read = aio.aio_read;
/** Writes while the program goes on; the end is a kevent of a queue. Not in Python. */
export const aio_write = aio.aio_write;

/** A pipe, as its two descriptors: to read from, to write to. */
export const pipe = os.pipe;
/** A pipe made with flags: O_NONBLOCK. */
export const pipe2 = os.pipe2;
/** Reads at most `n` bytes; none at the end. Blocks the thread, if the descriptor does. */
export const read = os.read;
/** Writes bytes, or a string in UTF-8; returns how many bytes were taken, maybe fewer. */
export const write = os.write;
/** Closes a descriptor. */
export const close = os.close;
/** A second descriptor of the same open file. */
export const dup = os.dup;
/** Whether calls on the descriptor block. */
export const get_blocking = os.get_blocking;
/** Makes calls on the descriptor block, or not. */
export const set_blocking = os.set_blocking;
/** Whether a program started by this process inherits the descriptor. */
export const get_inheritable = os.get_inheritable;
/** Lets programs started by this process inherit the descriptor, or not. */
export const set_inheritable = os.set_inheritable;
/** Makes a FIFO in the file system; `mode` is 0o666, less the umask. */
export const mkfifo = os.mkfifo;
/** A counter that can be waited on; flags are EFD_NONBLOCK and EFD_SEMAPHORE. */
export const eventfd = os.eventfd;
/** Takes the value of an eventfd: a bigint beyond 2^53 - 1, where a number is not exact. */
export const eventfd_read = os.eventfd_read;
/** Adds to the value of an eventfd. */
export const eventfd_write = os.eventfd_write;
/** Sends a signal, by number, to a process; 0 only asks whether it could be sent. */
export const kill = os.kill;
/** A descriptor of a process, readable once it has ended. */
export const pidfd_open = os.pidfd_open;
/** Two connected sockets, AF_UNIX and SOCK_STREAM unless told otherwise. */
export const socketpair = os.socketpair;
/** A socket; one that does not block if SOCK_NONBLOCK is added to its type. */
export const socket = os.socket;
/** Gives a socket its address; looking up a name blocks the thread. */
export const bind = os.bind;
/** Connects a socket. One that does not block throws EINPROGRESS, and SO_ERROR says the end. */
export const connect = os.connect;
/** Accepts connections from now on. */
export const listen = os.listen;
/** Takes a connection: its descriptor, which blocks, and the address of the peer. */
export const accept = os.accept;
/** Address of a socket. */
export const getsockname = os.getsockname;
/** Address of what a socket is connected to. */
export const getpeername = os.getpeername;
/** Ends one half of a connection, or both: SHUT_*. */
export const shutdown = os.shutdown;
/** Sends bytes, or a string in UTF-8; returns how many bytes were taken. Flags are MSG_*. */
export const send = os.send;
/** Receives at most `n` bytes; none at the end. Flags are MSG_*. */
export const recv = os.recv;
/** Value of a socket option that is a C `int`. */
export const getsockopt = os.getsockopt;
/** Sets a socket option, to a C `int` or the bytes of a structure. */
export const setsockopt = os.setsockopt;

export type { Address } from "../os/addresses.ts";
export * from "../os/constants.ts";
