// Python's exceptions as JavaScript classes. Calls throw the classes that CPython raises, in the same
// cases; the messages are our own, and name the argument and the value.

/** The name and text of a positive errno, from the table of a host. */
export type Describe = (errno: number) => readonly [code: string, message: string];

/** Python's OSError: a system call failed. `error` of the select module is this class. */
export class OSError extends Error {
  /** Positive errno of the platform; `undefined` if no system call was made. */
  readonly errno: number | undefined;
  /** The name of the errno, e.g. "EBADF". Compare the name, since the numbers differ by platform. */
  readonly code: string | undefined;
  /** The name of the call that failed, e.g. "epoll_ctl". */
  readonly syscall: string | undefined;

  constructor(message: string, errno?: number, code?: string, syscall?: string) {
    super(message);
    this.errno = errno;
    this.code = code;
    this.syscall = syscall;
  }

  static {
    // Stack traces show the name. It stands on the prototype, so that a subclass has its own.
    Object.defineProperty(this.prototype, "name", { value: "OSError", configurable: true });
  }
}

/** Makes a subclass of OSError called `name` (PEP 3151). */
function subclass<Base extends typeof OSError>(name: string, base: Base): Base {
  const made = { [name]: class extends (base as typeof OSError) {} }[name] as unknown as Base;
  Object.defineProperty(made.prototype, "name", { value: name, configurable: true });
  return made;
}

/** A non-blocking operation would block (EAGAIN, EALREADY, EINPROGRESS). */
export const BlockingIOError = subclass("BlockingIOError", OSError);
export type BlockingIOError = OSError;
/** An operation on a child process failed (ECHILD). */
export const ChildProcessError = subclass("ChildProcessError", OSError);
export type ChildProcessError = OSError;
/** Base of the errors of connections. */
export const ConnectionError = subclass("ConnectionError", OSError);
export type ConnectionError = OSError;
/** A write to a pipe or connection without a reader (EPIPE, ESHUTDOWN). */
export const BrokenPipeError = subclass("BrokenPipeError", ConnectionError);
export type BrokenPipeError = OSError;
/** The peer gave up before the connection was accepted (ECONNABORTED). */
export const ConnectionAbortedError = subclass("ConnectionAbortedError", ConnectionError);
export type ConnectionAbortedError = OSError;
/** No socket listens at the address (ECONNREFUSED). */
export const ConnectionRefusedError = subclass("ConnectionRefusedError", ConnectionError);
export type ConnectionRefusedError = OSError;
/** The peer reset the connection (ECONNRESET). */
export const ConnectionResetError = subclass("ConnectionResetError", ConnectionError);
export type ConnectionResetError = OSError;
/** The file, or the registration, exists already (EEXIST). */
export const FileExistsError = subclass("FileExistsError", OSError);
export type FileExistsError = OSError;
/** The file, or the registration, does not exist (ENOENT). */
export const FileNotFoundError = subclass("FileNotFoundError", OSError);
export type FileNotFoundError = OSError;
/** A signal interrupted the call (EINTR). */
export const InterruptedError = subclass("InterruptedError", OSError);
export type InterruptedError = OSError;
/** A file operation on a directory (EISDIR). */
export const IsADirectoryError = subclass("IsADirectoryError", OSError);
export type IsADirectoryError = OSError;
/** A directory operation on another file (ENOTDIR). */
export const NotADirectoryError = subclass("NotADirectoryError", OSError);
export type NotADirectoryError = OSError;
/** The operation is not permitted (EACCES, EPERM). */
export const PermissionError = subclass("PermissionError", OSError);
export type PermissionError = OSError;
/** The process does not exist (ESRCH). */
export const ProcessLookupError = subclass("ProcessLookupError", OSError);
export type ProcessLookupError = OSError;
/** The system gave up waiting, e.g. for a connection (ETIMEDOUT). */
export const TimeoutError = subclass("TimeoutError", OSError);
export type TimeoutError = OSError;

/** The class of an errno; others are plain OSErrors. The table is that of CPython's exceptions.c. */
const CLASSES: Record<string, typeof OSError> = {
  EAGAIN: BlockingIOError,
  EALREADY: BlockingIOError,
  EINPROGRESS: BlockingIOError,
  ECHILD: ChildProcessError,
  EPIPE: BrokenPipeError,
  ESHUTDOWN: BrokenPipeError,
  ECONNABORTED: ConnectionAbortedError,
  ECONNREFUSED: ConnectionRefusedError,
  ECONNRESET: ConnectionResetError,
  EEXIST: FileExistsError,
  ENOENT: FileNotFoundError,
  EINTR: InterruptedError,
  EISDIR: IsADirectoryError,
  ENOTDIR: NotADirectoryError,
  EACCES: PermissionError,
  EPERM: PermissionError,
  ESRCH: ProcessLookupError,
  ETIMEDOUT: TimeoutError,
};

/**
 * Makes the error of a failed system call, in the class of its errno (PEP 3151).
 *
 * @param errno positive, in Linux's numbering
 * @param detail the arguments of the call, e.g. "fd 7", for the message
 */
export function osError(
  describe: Describe,
  errno: number,
  syscall: string,
  detail?: string,
): OSError {
  const [code, text] = describe(errno);
  const where = detail === undefined ? syscall : `${syscall}, ${detail}`;
  const Class = CLASSES[code] ?? OSError;
  return new Class(`[Errno ${errno}] ${code}: ${text} (${where})`, errno, code, syscall);
}

/** Python's KeyError: the descriptor is not registered. */
export class KeyError extends Error {
  /** The key that was looked up: a descriptor. */
  readonly key: unknown;

  constructor(key: unknown, message = `not registered: ${String(key)}`) {
    super(message);
    this.key = key;
  }

  static {
    Object.defineProperty(this.prototype, "name", { value: "KeyError", configurable: true });
  }
}

/** Python's ValueError: a value of the right type, but out of its range. */
export class ValueError extends RangeError {
  static {
    Object.defineProperty(this.prototype, "name", { value: "ValueError", configurable: true });
  }
}

/** Python's OverflowError: a number that does not fit the type of the system. */
export class OverflowError extends RangeError {
  static {
    Object.defineProperty(this.prototype, "name", { value: "OverflowError", configurable: true });
  }
}

/** Formats a value for a message: short, with its type recognisable. */
export function show(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name}`.trimEnd();
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `an object of ${(value.constructor as { name?: string } | undefined)?.name || "no class"}`;
}
