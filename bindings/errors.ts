// The exceptions of Python, as JavaScript classes. Which call raises which, and when, is
// CPython's; the messages are ours: they name the argument and the value.

/** How a failed call is described: the table of one host. */
export type Describe = (errno: number) => readonly [code: string, message: string];

/** Python's OSError: a system call failed. `error` of the select module is the same class. */
export class OSError extends Error {
  /** Positive errno of the platform; `undefined` if no system call was made. */
  readonly errno: number | undefined;
  /** Its symbolic name, e.g. "EBADF": compare this one, errno values differ by platform. */
  readonly code: string | undefined;
  /** The call that failed, e.g. "epoll_ctl". */
  readonly syscall: string | undefined;

  constructor(message: string, errno?: number, code?: string, syscall?: string) {
    super(message);
    this.errno = errno;
    this.code = code;
    this.syscall = syscall;
  }

  static {
    // Shown by stack traces; on the prototype, so that a subclass has its own.
    Object.defineProperty(this.prototype, "name", { value: "OSError", configurable: true });
  }
}

/** Subclass of OSError called `name`, after PEP 3151. */
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
/** Writing where nobody reads any more (EPIPE, ESHUTDOWN). */
export const BrokenPipeError = subclass("BrokenPipeError", ConnectionError);
export type BrokenPipeError = OSError;
/** The peer gave up while connecting (ECONNABORTED). */
export const ConnectionAbortedError = subclass("ConnectionAbortedError", ConnectionError);
export type ConnectionAbortedError = OSError;
/** Nobody listens there (ECONNREFUSED). */
export const ConnectionRefusedError = subclass("ConnectionRefusedError", ConnectionError);
export type ConnectionRefusedError = OSError;
/** The peer reset the connection (ECONNRESET). */
export const ConnectionResetError = subclass("ConnectionResetError", ConnectionError);
export type ConnectionResetError = OSError;
/** Something of that name exists already (EEXIST). */
export const FileExistsError = subclass("FileExistsError", OSError);
export type FileExistsError = OSError;
/** Nothing of that name exists (ENOENT). */
export const FileNotFoundError = subclass("FileNotFoundError", OSError);
export type FileNotFoundError = OSError;
/** A signal interrupted the call (EINTR). */
export const InterruptedError = subclass("InterruptedError", OSError);
export type InterruptedError = OSError;
/** A file operation on a directory (EISDIR). */
export const IsADirectoryError = subclass("IsADirectoryError", OSError);
export type IsADirectoryError = OSError;
/** A directory operation on something else (ENOTDIR). */
export const NotADirectoryError = subclass("NotADirectoryError", OSError);
export type NotADirectoryError = OSError;
/** Not permitted (EACCES, EPERM). */
export const PermissionError = subclass("PermissionError", OSError);
export type PermissionError = OSError;
/** No such process (ESRCH). */
export const ProcessLookupError = subclass("ProcessLookupError", OSError);
export type ProcessLookupError = OSError;
/** The system gave up waiting (ETIMEDOUT). */
export const TimeoutError = subclass("TimeoutError", OSError);
export type TimeoutError = OSError;

/** Class of an errno; those not listed are plain OSError. The table is CPython's exceptions.c. */
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
 * The error of a failed system call, of the class PEP 3151 gives its errno.
 *
 * @param errno positive, in Linux's numbering
 * @param detail what was asked for, e.g. "fd 7"; added to the message
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
  /** What was looked up. */
  readonly key: unknown;

  constructor(key: unknown, message = `not registered: ${String(key)}`) {
    super(message);
    this.key = key;
  }

  static {
    Object.defineProperty(this.prototype, "name", { value: "KeyError", configurable: true });
  }
}

/** Python's ValueError: the right type, an impossible value. */
export class ValueError extends RangeError {
  static {
    Object.defineProperty(this.prototype, "name", { value: "ValueError", configurable: true });
  }
}

/** Python's OverflowError: a number beyond what the system's type can hold. */
export class OverflowError extends RangeError {
  static {
    Object.defineProperty(this.prototype, "name", { value: "OverflowError", configurable: true });
  }
}

/** A value for a message: short, and of recognisable type. */
export function show(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name}`.trimEnd();
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return `an object of ${(value.constructor as { name?: string } | undefined)?.name || "no class"}`;
}
