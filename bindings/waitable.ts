// The values that a wait accepts, and their descriptors.

import { OverflowError, show, ValueError } from "./errors.ts";

/**
 * A descriptor, an object with a `fileno()` method, as in Python, or an object with an `fd`. Node's
 * sockets, servers, streams and file handles are among them; the descriptor is read from the handle
 * of the object.
 */
export type Waitable =
  | number
  | { fileno(): number }
  | { readonly fd: number }
  | NodeStream
  | NodeServer;

/** Node's net.Socket, tty and fs streams, pipes of child processes, dgram sockets. */
interface NodeStream {
  on(event: "close", listener: () => void): unknown;
  destroy(): unknown;
}

/** Node's net.Server and http.Server. */
interface NodeServer {
  on(event: "close", listener: () => void): unknown;
  address(): unknown;
}

interface Handle {
  readonly fd?: unknown;
}

/** The fields of Node's objects that lead to their descriptor. */
interface NodeObject {
  readonly fd?: unknown;
  readonly encrypted?: unknown;
  readonly destroyed?: unknown;
  readonly closed?: unknown;
  readonly connecting?: unknown;
  readonly _handle?: Handle | null;
}

const INT_MAX = 0x7fffffff;

/** Returns a descriptor from 0 to 2^31 - 1. Throws CPython's error for other numbers. */
function checked(value: number | boolean, name: string): number {
  const fd = Number(value);
  if (fd > INT_MAX || fd < -INT_MAX - 1) {
    throw new OverflowError(`${name} must be a descriptor, which fits a C int, got ${fd}`);
  }
  if (fd < 0) throw new ValueError(`${name} must be a descriptor, not negative, got ${fd}`);
  if (typeof value === "boolean") warnOfBoolean();
  return fd;
}

let warned = false;

/** Warns once that `true` is descriptor 1, as Python does since 3.13. */
function warnOfBoolean(): void {
  if (warned) return;
  warned = true;
  const text = "bool is used as a file descriptor";
  const { process } = globalThis as {
    process?: { emitWarning?(text: string, type: string): void };
  };
  if (process?.emitWarning) process.emitWarning(text, "RuntimeWarning");
  else console.warn(`RuntimeWarning: ${text}`);
}

function isInteger(value: unknown): value is number | boolean {
  return Number.isInteger(value) || typeof value === "boolean";
}

/** Returns the handle of a dgram socket from its state, because `_handle` is deprecated there. */
function datagramHandle(object: object): Handle | null | undefined {
  for (const symbol of Object.getOwnPropertySymbols(object)) {
    if (symbol.description === "state symbol") {
      return (object as Record<symbol, { handle?: Handle | null }>)[symbol]?.handle;
    }
  }
  return undefined;
}

function withoutDescriptor(object: object, name: string, state: string): TypeError {
  return new TypeError(`${name}, ${show(object)}, has no descriptor: it is ${state}`);
}

/** Returns the descriptor of a Node object that has a handle; undefined without one. */
function handleDescriptor(object: NodeObject, name: string): number | undefined {
  const datagram = datagramHandle(object);
  const isDatagram = datagram !== undefined;
  if (!isDatagram && !("_handle" in object)) return undefined;
  if (object.encrypted === true) {
    throw new TypeError(
      `${name}, ${show(object)}, is a TLS socket: its descriptor does not show data that is decrypted already; wait for the plain socket`,
    );
  }
  const handle = isDatagram ? datagram : object._handle;
  if (object.destroyed === true) throw withoutDescriptor(object, name, "closed");
  if (handle === null || handle === undefined) {
    // A datagram socket without a handle is closed: its handle is made with the socket.
    throw withoutDescriptor(object, name, isDatagram ? "closed" : "not open");
  }
  if (!isInteger(handle.fd)) return undefined;
  if (Number(handle.fd) < 0) throw withoutDescriptor(object, name, "not open yet");
  // Node opens a terminal once more for the handle; process.stdin.fd is 0 all the same.
  return checked(isInteger(object.fd) ? object.fd : handle.fd, name);
}

/**
 * Returns the descriptor of `file`.
 *
 * @param name the name of the argument, for the message
 * @param index the place of `file` in the argument, if that is a list
 * @throws {TypeError} if `file` has no descriptor, is not open, or is a TLS socket
 * @throws {ValueError} if the descriptor is negative
 * @throws {OverflowError} if the descriptor does not fit a C int
 * @see PyObject_AsFileDescriptor in CPython's Objects/fileobject.c
 */
export function filenoOf(file: unknown, name = "fd", index?: number): number {
  // Most values are plain descriptors, and need no name for a message.
  if (typeof file === "number" && Number.isInteger(file) && file >= 0 && file <= INT_MAX) {
    return file;
  }
  return descriptorOf(file, index === undefined ? name : `${name}[${index}]`);
}

function descriptorOf(file: unknown, name: string): number {
  if (isInteger(file)) return checked(file, name);
  if ((typeof file === "object" && file !== null) || typeof file === "function") {
    const { fileno } = file as { fileno?: unknown };
    if (typeof fileno === "function") {
      const fd: unknown = fileno.call(file);
      if (!isInteger(fd))
        throw new TypeError(`fileno() of ${name} returned ${show(fd)}, not an integer`);
      return checked(fd, `fileno() of ${name}`);
    }
    const fromHandle = handleDescriptor(file, name);
    if (fromHandle !== undefined) return fromHandle;
    const { fd, closed } = file as NodeObject;
    if (isInteger(fd)) {
      if (fd === -1 && show(file).endsWith("FileHandle")) {
        throw withoutDescriptor(file, name, "closed");
      }
      return checked(fd, `fd of ${name}`);
    }
    if ("fd" in file && (fd === null || fd === undefined)) {
      throw withoutDescriptor(file, name, closed === true ? "closed" : "not open yet");
    }
  }
  throw new TypeError(
    `${name} must be a descriptor, or have a fileno() method or an fd, got ${show(file)}`,
  );
}
