// The calls of Python's socket objects, on plain descriptors.

import { checkCount, intOf } from "../arguments.ts";
import { osError, show, ValueError } from "../errors.ts";
import {
  type Address,
  addressError,
  checkAddress,
  decodeAddress,
  encodeAddress,
  makeName,
  showAddress,
} from "./addresses.ts";
import { bytesOf, isBytes, sizeOf } from "./arguments.ts";
import { checked, type DescribedOsHost, type Receive } from "./calls.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_OOB,
  MSG_PEEK,
  SO_DOMAIN,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";

const ENAMETOOLONG = 36;
const EAFNOSUPPORT = 97;
/** The default of CPython, which takes SOMAXCONN if that is less. */
const DEFAULT_BACKLOG = 128;
const MSG_WAITALL = 0x100;
const MSG_NOSIGNAL = 0x4000;
/**
 * Flags with which recv(2) writes as many bytes as it returns. MSG_TRUNC is not among them, and a
 * flag that is not known might be like it.
 */
const WRITES_WHAT_IT_COUNTS = MSG_OOB | MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;

/** Makes the calls of the socket module on `host`. */
export function createSocketCalls<Bytes extends Uint8Array>(
  host: DescribedOsHost,
  receive: Receive<Bytes>,
) {
  function familyOf(fd: number, syscall: string): number {
    const family = new Int32Array(1);
    checked(host, host.getsockopt(fd, SOL_SOCKET, SO_DOMAIN, family), syscall, `fd ${fd}`);
    return family[0] ?? 0;
  }

  /** Serves bind and connect. */
  function useAddress(syscall: "bind" | "connect", fd: number, address: Address | Uint8Array) {
    const descriptor = intOf(fd, "fd");
    checkAddress(`${syscall}()`, address);
    const family = familyOf(descriptor, syscall);
    if (family !== AF_UNIX && family !== AF_INET && family !== AF_INET6) {
      throw osError(host.describe, EAFNOSUPPORT, syscall, `fd ${descriptor}, family ${family}`);
    }
    const { text, port } = encodeAddress(`${syscall}()`, family, address);
    const result = host[syscall](descriptor, family, text, port);
    if (result >= 0) return;
    const shown = showAddress(address);
    const tooLong = family === AF_UNIX && result === -ENAMETOOLONG;
    const detail = tooLong ? `AF_UNIX path too long: ${shown}` : `fd ${descriptor}, ${shown}`;
    throw addressError(host, result, syscall, detail);
  }

  /** Serves getsockname and getpeername. */
  function showEnd(syscall: "getsockname" | "getpeername", fd: number): Address {
    const descriptor = intOf(fd, "fd");
    const name = makeName();
    checked(host, host[syscall](descriptor, name.text, name.parts), syscall, `fd ${descriptor}`);
    return decodeAddress(name);
  }

  return {
    /**
     * Makes two connected sockets.
     *
     * @param family AF_UNIX, the default
     * @param type SOCK_*, with SOCK_NONBLOCK added for sockets that do not block; the default is
     * SOCK_STREAM
     * @throws {OSError} EOPNOTSUPP, EPROTONOSUPPORT and others of socketpair(2)
     * @see https://docs.python.org/3/library/socket.html#socket.socketpair
     */
    socketpair(
      family: number = AF_UNIX,
      type: number = SOCK_STREAM,
      proto: number = 0,
    ): [fd: number, fd: number] {
      checkCount("socketpair()", arguments.length, 0, 3);
      const fds = new Int32Array(2);
      const numbers = [
        intOf(family, "family"),
        intOf(type, "type"),
        intOf(proto, "proto"),
      ] as const;
      checked(host, host.socketpair(fds, ...numbers), "socketpair", numbers.join(", "));
      return [fds[0] ?? -1, fds[1] ?? -1];
    },

    /**
     * Makes a socket.
     *
     * @param family AF_UNIX, AF_INET (the default) or AF_INET6
     * @param type SOCK_*, with SOCK_NONBLOCK added for a socket that does not block; the default is
     * SOCK_STREAM
     * @throws {OSError} EAFNOSUPPORT, EPROTONOSUPPORT and others of socket(2)
     * @see https://docs.python.org/3/library/socket.html#socket.socket
     */
    socket(family: number = AF_INET, type: number = SOCK_STREAM, proto: number = 0): number {
      checkCount("socket()", arguments.length, 0, 3);
      const numbers = [
        intOf(family, "family"),
        intOf(type, "type"),
        intOf(proto, "proto"),
      ] as const;
      return checked(host, host.socket(...numbers), "socket", numbers.join(", "));
    },

    /**
     * Gives a socket its address. Looking up a host name blocks the calling thread.
     *
     * @param address `[host, port]`, or a path for AF_UNIX
     * @throws {TypeError} if the family of the socket has addresses of another form
     * @throws {OSError} EADDRINUSE, EADDRNOTAVAIL and others of bind(2); for an unknown host name,
     * an error with a code such as "EAI_NONAME"
     * @see https://docs.python.org/3/library/socket.html#socket.socket.bind
     */
    bind(fd: number, address: Address | Uint8Array): void {
      checkCount("bind()", arguments.length, 2, 2);
      useAddress("bind", fd, address);
    },

    /**
     * Connects a socket. A socket that blocks blocks the calling thread until the attempt is over.
     *
     * @param address `[host, port]`, or a path for AF_UNIX
     * @throws {TypeError} if the family of the socket has addresses of another form
     * @throws {BlockingIOError} EINPROGRESS if the socket does not block: the attempt is over when
     * the socket is writable, and the option SO_ERROR is 0 or the errno
     * @throws {ConnectionRefusedError} ECONNREFUSED if no socket listens there
     * @throws {OSError} as `bind` does
     * @see https://docs.python.org/3/library/socket.html#socket.socket.connect
     */
    connect(fd: number, address: Address | Uint8Array): void {
      checkCount("connect()", arguments.length, 2, 2);
      useAddress("connect", fd, address);
    },

    /**
     * Lets a socket accept connections from now on.
     *
     * @param backlog the most connections that wait to be accepted; the default is 128
     * @throws {OSError} EADDRINUSE, EOPNOTSUPP and others of listen(2)
     * @see https://docs.python.org/3/library/socket.html#socket.socket.listen
     */
    listen(fd: number, backlog: number = DEFAULT_BACKLOG): void {
      checkCount("listen()", arguments.length, 1, 2);
      const descriptor = intOf(fd, "fd");
      const length = Math.max(0, intOf(backlog, "backlog"));
      checked(host, host.listen(descriptor, length), "listen", `fd ${descriptor}`);
    },

    /**
     * Accepts a connection. Blocks the calling thread if the listening socket blocks.
     *
     * @returns the descriptor of the connection, which blocks, and the address of the peer
     * @throws {BlockingIOError} EAGAIN if no connection waits and the socket does not block
     * @throws {OSError} EINVAL if the socket does not listen, and others of accept(2)
     * @see https://docs.python.org/3/library/socket.html#socket.socket.accept
     */
    accept(fd: number): [fd: number, address: Address] {
      checkCount("accept()", arguments.length, 1, 1);
      const descriptor = intOf(fd, "fd");
      const name = makeName();
      const result = host.accept(descriptor, name.text, name.parts);
      return [checked(host, result, "accept", `fd ${descriptor}`), decodeAddress(name)];
    },

    /**
     * Returns the address of a socket.
     *
     * @throws {OSError} ENOTSOCK if the descriptor is not a socket
     * @see https://docs.python.org/3/library/socket.html#socket.socket.getsockname
     */
    getsockname(fd: number): Address {
      checkCount("getsockname()", arguments.length, 1, 1);
      return showEnd("getsockname", fd);
    },

    /**
     * Returns the address of the peer of a socket.
     *
     * @throws {OSError} ENOTCONN if the socket is not connected
     * @see https://docs.python.org/3/library/socket.html#socket.socket.getpeername
     */
    getpeername(fd: number): Address {
      checkCount("getpeername()", arguments.length, 1, 1);
      return showEnd("getpeername", fd);
    },

    /**
     * Shuts down one half of a connection, or both, for every descriptor of the socket.
     *
     * @param how SHUT_RD, SHUT_WR or SHUT_RDWR
     * @throws {OSError} ENOTCONN if the socket is not connected
     * @see https://docs.python.org/3/library/socket.html#socket.socket.shutdown
     */
    shutdown(fd: number, how: number): void {
      checkCount("shutdown()", arguments.length, 2, 2);
      const descriptor = intOf(fd, "fd");
      checked(host, host.shutdown(descriptor, intOf(how, "how")), "shutdown", `fd ${descriptor}`);
    },

    /**
     * Sends bytes, or a string in UTF-8. Blocks the calling thread if the socket blocks.
     *
     * @param flags bitwise or of MSG_OOB and MSG_DONTWAIT; the default is 0
     * @returns the number of bytes sent, which may be less than there are
     * @throws {BrokenPipeError} EPIPE if the connection is shut down
     * @throws {BlockingIOError} EAGAIN if there is no room and the call does not block
     * @throws {OSError} others of send(2)
     * @see https://docs.python.org/3/library/socket.html#socket.socket.send
     */
    send(fd: number, data: Uint8Array | string, flags: number = 0): number {
      checkCount("send()", arguments.length, 2, 3);
      const descriptor = intOf(fd, "fd");
      const bytes = bytesOf(data, "data");
      const bits = intOf(flags, "flags");
      return checked(host, host.send(descriptor, bytes, bits), "send", `fd ${descriptor}`);
    },

    /**
     * Receives at most `n` bytes. Blocks the calling thread if the socket blocks.
     *
     * With Linux's MSG_TRUNC the result never has more than `n` bytes either, however long the
     * datagram is. On TCP, where the flag discards, each discarded byte is a 0 in the result.
     *
     * @param n the most bytes to receive, 0 to 2^63 - 1
     * @param flags bitwise or of MSG_OOB, MSG_PEEK and MSG_DONTWAIT; the default is 0
     * @returns the bytes; empty at the end of the stream
     * @throws {ValueError} if `n` is negative
     * @throws {BlockingIOError} EAGAIN if there is nothing to read and the call does not block
     * @throws {ConnectionResetError} ECONNRESET if the peer reset the connection
     * @throws {OSError} others of recv(2)
     * @see https://docs.python.org/3/library/socket.html#socket.socket.recv
     */
    recv(fd: number, n: number, flags: number = 0): Bytes {
      checkCount("recv()", arguments.length, 2, 3);
      const descriptor = intOf(fd, "fd");
      const size = sizeOf(n, "n");
      const bits = intOf(flags, "flags");
      if (size < 0) throw new ValueError(`n must not be negative, got ${show(n)}`);
      const isPartial = (bits & ~WRITES_WHAT_IT_COUNTS) !== 0;
      return receive(size, "recv", descriptor, isPartial, (buffer) =>
        host.recv(descriptor, buffer, size, bits),
      );
    },

    /**
     * Returns the value of an option that is a C `int`.
     *
     * @param level SOL_SOCKET, IPPROTO_TCP and other levels
     * @param option SO_*, TCP_NODELAY and other options
     * @throws {OSError} ENOPROTOOPT and others of getsockopt(2)
     * @see https://docs.python.org/3/library/socket.html#socket.socket.getsockopt
     */
    getsockopt(fd: number, level: number, option: number): number {
      checkCount("getsockopt()", arguments.length, 3, 3);
      const descriptor = intOf(fd, "fd");
      const value = new Int32Array(1);
      const result = host.getsockopt(
        descriptor,
        intOf(level, "level"),
        intOf(option, "option"),
        value,
      );
      checked(host, result, "getsockopt", `fd ${descriptor}, level ${level}, option ${option}`);
      return value[0] ?? 0;
    },

    /**
     * Sets an option.
     *
     * @param level SOL_SOCKET, IPPROTO_TCP and other levels
     * @param option SO_*, TCP_NODELAY and other options
     * @param value a C `int`, or the bytes of a structure: SO_LINGER takes
     * `new Uint8Array(Int32Array.of(1, 0).buffer)`
     * @throws {OSError} ENOPROTOOPT, EINVAL and others of setsockopt(2)
     * @see https://docs.python.org/3/library/socket.html#socket.socket.setsockopt
     */
    setsockopt(
      fd: number,
      level: number,
      option: number,
      value: number | boolean | Uint8Array,
    ): void {
      checkCount("setsockopt()", arguments.length, 4, 4);
      const descriptor = intOf(fd, "fd");
      const numbers = [intOf(level, "level"), intOf(option, "option")] as const;
      const bytes = isBytes(value)
        ? value
        : new Uint8Array(Int32Array.of(intOf(value, "value")).buffer);
      const result = host.setsockopt(descriptor, ...numbers, bytes);
      checked(
        host,
        result,
        "setsockopt",
        `fd ${descriptor}, level ${level}, option ${option}, value ${show(value)}`,
      );
    },
  };
}
