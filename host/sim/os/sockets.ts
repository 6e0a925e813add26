// Sockets of omnipoll/os on a simulated kernel.

import { EAGAIN, EBADF, EINVAL, EOPNOTSUPP, EPIPE, EVENT_IN, EVENT_OUT } from "../../../asm/abi.ts";
import { NAME_SIZE, type OsHost } from "../../os.ts";
import {
  EAFNOSUPPORT,
  EFAULT,
  EINPROGRESS,
  ENOTSOCK,
  EPROTONOSUPPORT,
  ESOCKTNOSUPPORT,
  O_CLOEXEC,
  O_NONBLOCK,
} from "../kernel/constants.ts";
import type { Kernel } from "../kernel/kernel.ts";
import {
  type Accepted,
  AF_INET,
  AF_INET6,
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  Socket,
  type SocketName,
} from "../net/socket.ts";
import { TcpSocket } from "../net/tcp.ts";
import { UdpSocket } from "../net/udp.ts";
import { UnixStream } from "../net/unix.ts";
import { UnixDatagram } from "../net/unix-datagram.ts";
import { KEY_VACANCY } from "../kernel/wait-queue.ts";

type SocketCalls = Pick<
  OsHost,
  | "socketpair"
  | "socket"
  | "bind"
  | "connect"
  | "listen"
  | "accept"
  | "getsockname"
  | "getpeername"
  | "shutdown"
  | "send"
  | "recv"
  | "getsockopt"
  | "setsockopt"
>;

const SIGPIPE = 13;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const TYPE_FLAGS = O_NONBLOCK | O_CLOEXEC;
/** The largest type: SOCK_PACKET. */
const LAST_TYPE = 10;

/** socket(2) without its descriptor: the new socket or a negative errno. */
function create(
  kernel: Kernel,
  family: number,
  typeAndFlags: number,
  proto: number,
): Socket | number {
  const type = typeAndFlags & ~TYPE_FLAGS;
  const flags = typeAndFlags & O_NONBLOCK;
  if (family < 0 || family > 45) return -EAFNOSUPPORT;
  if (type < 0 || type > LAST_TYPE) return -EINVAL;
  if (family === AF_UNIX) {
    if (proto !== 0 && proto !== AF_UNIX) return -EPROTONOSUPPORT;
    if (type === SOCK_DGRAM) return new UnixDatagram(kernel, flags);
    const isStream = type === SOCK_STREAM || type === SOCK_SEQPACKET;
    return isStream ? new UnixStream(kernel, type, flags) : -ESOCKTNOSUPPORT;
  }
  if (family !== AF_INET && family !== AF_INET6) return -EAFNOSUPPORT;
  if (type === SOCK_STREAM) {
    return proto === 0 || proto === IPPROTO_TCP
      ? new TcpSocket(kernel, family, flags)
      : -EPROTONOSUPPORT;
  }
  if (type !== SOCK_DGRAM) return -ESOCKTNOSUPPORT;
  return proto === 0 || proto === IPPROTO_UDP
    ? new UdpSocket(kernel, family, flags)
    : -EPROTONOSUPPORT;
}

/** The socket of a descriptor, or -EBADF or -ENOTSOCK. */
function socketOf(kernel: Kernel, fd: number): Socket | number {
  const file = kernel.descriptors.usable(fd);
  if (file === undefined) return -EBADF;
  return file instanceof Socket ? file : -ENOTSOCK;
}

/** Writes a socket name in the form that `accept` of OsHost documents. */
function writeName(name: SocketName, text: Uint8Array, parts: Int32Array): number {
  if (text.length < NAME_SIZE || parts.length < 3) return -EFAULT;
  text.set(name.text);
  parts[0] = name.family;
  parts[1] = name.port;
  parts[2] = name.text.length;
  return 0;
}

/** The calls that make sockets and connect them. */
function connectionCalls(kernel: Kernel) {
  const { trace } = kernel;
  return {
    socketpair(fds: Int32Array, family: number, type: number, proto: number): number {
      const pair = [create(kernel, family, type, proto), create(kernel, family, type, proto)];
      const [a, b] = pair;
      if (typeof a === "number") return a;
      if (a instanceof UnixStream && b instanceof UnixStream) UnixStream.join(a, b);
      else if (a instanceof UnixDatagram && b instanceof UnixDatagram) [a.peer, b.peer] = [b, a];
      else return -EOPNOTSUPP;
      const result = kernel.openPair([a, b], fds);
      trace.add("socketpair", [family, type, proto], result < 0 ? result : fds[0]);
      return result;
    },
    socket(family: number, type: number, proto: number): number {
      const made = create(kernel, family, type, proto);
      const fd = typeof made === "number" ? made : kernel.open(made);
      trace.add("socket", [family, type, proto], fd);
      return fd;
    },
    bind(fd: number, family: number, text: Uint8Array, port: number): number {
      const socket = socketOf(kernel, fd);
      if (typeof socket === "number") return socket;
      if (socket.family !== family) return family === AF_UNIX ? -EINVAL : -EAFNOSUPPORT;
      const result = socket.bind({ family, text, port });
      trace.add("bind", [fd, text, port], result);
      return result;
    },
    connect(fd: number, family: number, text: Uint8Array, port: number): number {
      const socket = socketOf(kernel, fd);
      if (typeof socket === "number") return socket;
      if (socket.family !== family) return family === AF_UNIX ? -EINVAL : -EAFNOSUPPORT;
      const result = connect(kernel, fd, socket, { family, text, port });
      trace.add("connect", [fd, text, port], result);
      return result;
    },
    listen(fd: number, backlog: number): number {
      const socket = socketOf(kernel, fd);
      if (typeof socket === "number") return socket;
      const result = socket.listen(Math.min(backlog >>> 0, 4096));
      trace.add("listen", [fd, backlog], result);
      return result;
    },
    accept(fd: number, text: Uint8Array, parts: Int32Array): number {
      const socket = socketOf(kernel, fd);
      if (typeof socket === "number") return socket;
      let accepted: Accepted | undefined;
      const attempt = (): number => {
        const next = socket.accept();
        if (typeof next === "number") return next;
        accepted = next;
        return 0;
      };
      const limit = socket.receiveTimeout;
      let result = kernel.retry(fd, socket, EVENT_IN, "accept", attempt, socket.isBlocking, limit);
      if (accepted !== undefined) {
        result = writeName(accepted.peer, text, parts);
        if (result === 0) result = kernel.open(accepted.socket);
      }
      trace.add("accept", [fd], result);
      return result;
    },
  };
}

/** connect(2). A blocking socket waits until the connection is made or refused. */
function connect(kernel: Kernel, fd: number, socket: Socket, name: SocketName): number {
  const blocks = socket.isBlocking;
  if (socket instanceof UnixStream) {
    // unix_wait_for_peer: the call waits for room in the backlog of the listener.
    const listener = UnixStream.listenerOf(kernel, name) ?? socket;
    const limit = socket.sendTimeout;
    const attempt = (): number => socket.connect(name);
    return kernel.retry(fd, listener, KEY_VACANCY, "connect", attempt, blocks, limit);
  }
  const result = socket.connect(name);
  if (result !== -EINPROGRESS || !blocks) return result;
  const end = kernel.retry(
    fd,
    socket,
    EVENT_OUT,
    "connect",
    () => socket.connected(),
    true,
    socket.sendTimeout,
  );
  return end === -EAGAIN ? -EINPROGRESS : end;
}

/** The calls that transfer bytes and query sockets. */
function transferCalls(kernel: Kernel) {
  const { trace, faults } = kernel;
  return {
    getsockname(fd: number, text: Uint8Array, parts: Int32Array): number {
      const socket = socketOf(kernel, fd);
      return typeof socket === "number" ? socket : writeName(socket.ownName(), text, parts);
    },
    getpeername(fd: number, text: Uint8Array, parts: Int32Array): number {
      const socket = socketOf(kernel, fd);
      if (typeof socket === "number") return socket;
      const name = socket.peerName();
      return typeof name === "number" ? name : writeName(name, text, parts);
    },
    shutdown(fd: number, how: number): number {
      const socket = socketOf(kernel, fd);
      if (typeof socket === "number") return socket;
      const result = socket.shutdown(how);
      trace.add("shutdown", [fd, how], result);
      return result;
    },
    send(fd: number, bytes: Uint8Array, flags: number): number {
      const socket = socketOf(kernel, fd);
      if (typeof socket === "number") return socket;
      const isStream = socket.type === SOCK_STREAM;
      const wanted = isStream ? bytes.subarray(0, faults.writeSize(bytes.length)) : bytes;
      const result = sendAll(kernel, fd, socket, wanted, flags);
      trace.add("send", [fd, bytes.length, flags], result);
      if (result === -EPIPE && isStream && (flags & MSG_NOSIGNAL) === 0) kernel.raise(SIGPIPE);
      return result;
    },
    recv(fd: number, buffer: Uint8Array, size: number, flags: number): number {
      const socket = socketOf(kernel, fd);
      if (typeof socket === "number") return socket;
      if (size > buffer.length) return -EFAULT;
      const wanted = socket.type === SOCK_STREAM ? faults.readSize(size) : size;
      const blocks = socket.isBlocking && (flags & MSG_DONTWAIT) === 0;
      const attempt = (): number => socket.receive(buffer, wanted, flags);
      const limit = socket.receiveTimeout;
      const result = kernel.retry(fd, socket, EVENT_IN, "recv", attempt, blocks, limit);
      trace.add("recv", [fd, size, flags], result);
      return result;
    },
    getsockopt(fd: number, level: number, option: number, value: Int32Array): number {
      const socket = socketOf(kernel, fd);
      if (typeof socket === "number") return socket;
      if (value.length === 0) return -EFAULT;
      const result = socket.getOption(level, option);
      if (result < 0 && option !== 0) return result;
      value[0] = result;
      return 0;
    },
    setsockopt(fd: number, level: number, option: number, bytes: Uint8Array): number {
      const socket = socketOf(kernel, fd);
      if (typeof socket === "number") return socket;
      const value = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return socket.setOption(level, option, value);
    },
  };
}

/** send(2). On a blocking stream it goes on until all bytes are written. */
function sendAll(
  kernel: Kernel,
  fd: number,
  socket: Socket,
  bytes: Uint8Array,
  flags: number,
): number {
  const blocks = socket.isBlocking && (flags & MSG_DONTWAIT) === 0;
  const attempt = (done: number): number => socket.send(bytes.subarray(done), flags);
  return kernel.writeAll(fd, socket, "send", bytes.length, attempt, blocks, socket.sendTimeout);
}

/** The socket calls of omnipoll/os. */
export function socketCalls(kernel: Kernel): SocketCalls {
  return { ...connectionCalls(kernel), ...transferCalls(kernel) };
}
