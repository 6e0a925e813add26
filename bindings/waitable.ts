// What can be waited on, and the descriptor of it.

import { OverflowError, show, ValueError } from "./errors.ts";

/**
 * A descriptor, an object with a `fileno()` method as Python accepts, or one with an `fd`. Node's
 * sockets, servers, streams and file handles are among them: their descriptor is read off the
 * handle beneath.
 */
export type Waitable =
  | number
  | { fileno(): number }
  | { readonly fd: number }
  | NodeStream
  | NodeServer;

/** Node's net.Socket, tty and fs streams, child process pipes, dgram sockets. */
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

/** The fields of Node's objects that tell where their descriptor is. */
interface NodeObject {
  readonly fd?: unknown;
  readonly encrypted?: unknown;
  readonly destroyed?: unknown;
  readonly closed?: unknown;
  readonly connecting?: unknown;
  readonly _handle?: Handle | null;
}

const INT_MAX = 0x7fffffff;

/** A descriptor number from 0 to 2^31 - 1, or the error CPython has for what is not one. */
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

/** `true` is descriptor 1, as in Python, which warns since 3.13. */
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

/** Handle of a dgram socket: `_handle` is deprecated there, the state behind it is not. */
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

/** Descriptor of one of Node's objects that keep it in a handle; undefined if it has none. */
function handleDescriptor(object: NodeObject, name: string): number | undefined {
  const datagram = datagramHandle(object);
  const isDatagram = datagram !== undefined;
  if (!isDatagram && !("_handle" in object)) return undefined;
  if (object.encrypted === true) {
    throw new TypeError(
      `${name}, ${show(object)}, is a TLS socket: what it has decrypted already cannot be seen from its descriptor; wait on the socket beneath`,
    );
  }
  const handle = isDatagram ? datagram : object._handle;
  if (object.destroyed === true) throw withoutDescriptor(object, name, "closed");
  if (handle === null || handle === undefined) {
    // A datagram socket has a handle from the start.
    throw withoutDescriptor(object, name, isDatagram ? "closed" : "not open");
  }
  if (!isInteger(handle.fd)) return undefined;
  if (Number(handle.fd) < 0) throw withoutDescriptor(object, name, "not open yet");
  // A terminal is opened once more for the handle, but process.stdin.fd is 0 there too.
  return checked(isInteger(object.fd) ? object.fd : handle.fd, name);
}

/**
 * Descriptor of `file`.
 *
 * @param name of the argument, for the message; with an index, if it is an entry of a list
 * @throws {TypeError} if it is no descriptor and has none: an open one is needed, and for TLS the
 * plain socket beneath
 * @throws {ValueError} if it is negative
 * @throws {OverflowError} if it does not fit a C int
 * @see PyObject_AsFileDescriptor
 */
export function filenoOf(file: unknown, name = "fd", index?: number): number {
  // What most are, without making a name that is not needed.
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
