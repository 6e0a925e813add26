// The calls of Python's socket objects, on plain descriptor numbers.

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
/** CPython's, where the system allows as many. */
const DEFAULT_BACKLOG = 128;
const MSG_WAITALL = 0x100;
const MSG_NOSIGNAL = 0x4000;
/**
 * Flags with which recv(2) writes as many bytes as it returns. MSG_TRUNC is not among them, and a
 * flag that is not known might be like it.
 */
const WRITES_WHAT_IT_COUNTS = MSG_OOB | MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL | MSG_NOSIGNAL;

/** The calls of the socket module on `host`. */
export function createSocketCalls(host: DescribedOsHost, receive: Receive) {
  function familyOf(fd: number, syscall: string): number {
    const family = new Int32Array(1);
    checked(host, host.getsockopt(fd, SOL_SOCKET, SO_DOMAIN, family), syscall, `fd ${fd}`);
    return family[0] ?? 0;
  }

  /** bind and connect. */
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

  /** getsockname and getpeername. */
  function showEnd(syscall: "getsockname" | "getpeername", fd: number): Address {
    const descriptor = intOf(fd, "fd");
    const name = makeName();
    checked(host, host[syscall](descriptor, name.text, name.parts), syscall, `fd ${descriptor}`);
    return decodeAddress(name);
  }

  return {
    /**
     * Two connected sockets.
     *
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
     * A socket.
     *
     * @param type SOCK_*, with SOCK_NONBLOCK added for one that does not block
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
     * Gives a socket its address. Looking up a name blocks the calling thread.
     *
     * @throws {TypeError} if the socket's family has addresses of another shape
     * @throws {OSError} also for a name that is not known, with a code such as "EAI_NONAME"
     */
    bind(fd: number, address: Address | Uint8Array): void {
      checkCount("bind()", arguments.length, 2, 2);
      useAddress("bind", fd, address);
    },

    /**
     * Connects a socket; blocks until that is done, if the socket does.
     *
     * @throws {TypeError} if the socket's family has addresses of another shape
     * @throws {OSError} BlockingIOError (EINPROGRESS) if the socket does not block: it is done when
     *   the socket is writable, and SO_ERROR says how; also as in `bind`
     */
    connect(fd: number, address: Address | Uint8Array): void {
      checkCount("connect()", arguments.length, 2, 2);
      useAddress("connect", fd, address);
    },

    /** Accepts connections from now on, and keeps at most `backlog` until they are taken. */
    listen(fd: number, backlog: number = DEFAULT_BACKLOG): void {
      checkCount("listen()", arguments.length, 1, 2);
      const descriptor = intOf(fd, "fd");
      const length = Math.max(0, intOf(backlog, "backlog"));
      checked(host, host.listen(descriptor, length), "listen", `fd ${descriptor}`);
    },

    /** Takes a connection: its descriptor, which blocks, and the address of the peer. */
    accept(fd: number): [fd: number, address: Address] {
      checkCount("accept()", arguments.length, 1, 1);
      const descriptor = intOf(fd, "fd");
      const name = makeName();
      const result = host.accept(descriptor, name.text, name.parts);
      return [checked(host, result, "accept", `fd ${descriptor}`), decodeAddress(name)];
    },

    /** Address of the socket. */
    getsockname(fd: number): Address {
      checkCount("getsockname()", arguments.length, 1, 1);
      return showEnd("getsockname", fd);
    },

    /** Address of what the socket is connected to. */
    getpeername(fd: number): Address {
      checkCount("getpeername()", arguments.length, 1, 1);
      return showEnd("getpeername", fd);
    },

    /** Ends one half of a connection, or both, for every descriptor of the socket: SHUT_*. */
    shutdown(fd: number, how: number): void {
      checkCount("shutdown()", arguments.length, 2, 2);
      const descriptor = intOf(fd, "fd");
      checked(host, host.shutdown(descriptor, intOf(how, "how")), "shutdown", `fd ${descriptor}`);
    },

    /**
     * Sends bytes, or a string in UTF-8, and returns how many bytes were taken.
     *
     * @param flags MSG_OOB, MSG_DONTWAIT
     */
    send(fd: number, data: Uint8Array | string, flags: number = 0): number {
      checkCount("send()", arguments.length, 2, 3);
      const descriptor = intOf(fd, "fd");
      const bytes = bytesOf(data, "data");
      const bits = intOf(flags, "flags");
      return checked(host, host.send(descriptor, bytes, bits), "send", `fd ${descriptor}`);
    },

    /**
     * Receives at most `n` bytes; none at the end.
     *
     * With Linux's MSG_TRUNC the result never has more than `n` bytes either, however long the
     * datagram is. On TCP, where the flag discards, each discarded byte is a 0 in the result.
     *
     * @param flags MSG_OOB, MSG_PEEK, MSG_DONTWAIT
     * @throws {ValueError} if `n` is negative
     */
    recv(fd: number, n: number, flags: number = 0): Uint8Array {
      checkCount("recv()", arguments.length, 2, 3);
      const descriptor = intOf(fd, "fd");
      const size = sizeOf(n, "n");
      const bits = intOf(flags, "flags");
      if (size < 0) throw new ValueError(`negative buffersize in recv: n is ${show(n)}`);
      const isPartial = (bits & ~WRITES_WHAT_IT_COUNTS) !== 0;
      return receive(size, "recv", descriptor, isPartial, (buffer) =>
        host.recv(descriptor, buffer, size, bits),
      );
    },

    /** Value of an option that is a C `int`. */
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
     * @param value a C `int`, or the bytes of a structure: SO_LINGER takes
     *   `new Uint8Array(Int32Array.of(1, 0).buffer)`
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
