// wasi:io/error, and how a call of a component fails.

import { describeErrno } from "../../host/errno.ts";

const EPIPE = 32;

/** The cases of wasi:filesystem/types.error-code that reads and writes may have, by Linux's name. */
const CODES: Readonly<Record<string, string>> = {
  EACCES: "access",
  EBADF: "bad-descriptor",
  EFBIG: "file-too-large",
  EINVAL: "invalid",
  EISDIR: "is-directory",
  EMSGSIZE: "message-size",
  ENODEV: "no-device",
  ENOMEM: "insufficient-memory",
  ENOSPC: "insufficient-space",
  EDQUOT: "quota",
  ENXIO: "no-such-device",
  EOPNOTSUPP: "unsupported",
  EPERM: "not-permitted",
  EPIPE: "pipe",
  EROFS: "read-only",
};

/** The resource `error`: why the last operation of a stream failed. */
export class IoError {
  readonly #errno: number;

  /** @param errno a positive errno of Linux */
  constructor(errno: number) {
    this.#errno = errno;
  }

  toDebugString(): string {
    const [code, message] = describeErrno(this.#errno);
    return `${code}: ${message}`;
  }

  /** The case of wasi:filesystem/types.error-code: "io" if there is no other. */
  get filesystemCode(): string {
    const [code] = describeErrno(this.#errno);
    return CODES[code] ?? "io";
  }
}

/** The variant `stream-error`. */
export type StreamError =
  | { readonly tag: "closed" }
  | { readonly tag: "last-operation-failed"; readonly val: IoError };

/**
 * Thrown by a call of a component whose result is a `stream-error`: jco gives `payload` to the component. Any other
 * Error is a trap.
 */
export class StreamFailure extends Error {
  override readonly name = "StreamFailure";
  readonly payload: StreamError;

  constructor(payload: StreamError) {
    super(payload.tag === "closed" ? "the stream is closed" : payload.val.toDebugString());
    this.payload = payload;
  }
}

/** The error of a stream for an errno. A pipe or a socket without a reader is closed. */
export function streamError(errno: number): StreamError {
  if (errno === EPIPE) return { tag: "closed" };
  return { tag: "last-operation-failed", val: new IoError(errno) };
}
