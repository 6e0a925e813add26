// The calls of one platform behind omnipoll/os.

/** Results of name resolution are at or below this number: EAI_NONAME, -2, is returned as -2002. */
export const RESOLVER_ERROR = -2000;
/** Room for any address in text, in bytes: AF_UNIX has 108 at most, IPv6 with its scope 63. */
export const NAME_SIZE = 128;

// A path keeps its bytes: the decoder skips no byte order mark and replaces no invalid byte.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; undefined if the bytes are not valid. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Decodes a path. A byte that is not valid UTF-8 becomes a lone surrogate, as in Python (PEP 383). */
export function decodePath(path: Uint8Array): string {
  // A copy, because browsers refuse to decode memory that is shared with another thread.
  const bytes = new Uint8Array(path);
  const whole = textOf(bytes);
  if (whole !== undefined) return whole;
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((n) => textOf(bytes.subarray(at, at + n)) !== undefined);
    text +=
      length === undefined
        ? String.fromCharCode(0xdc00 | (bytes[at] ?? 0))
        : textOf(bytes.subarray(at, at + length));
    at += length ?? 1;
  }
  return text;
}

/**
 * The calls behind omnipoll/os.
 *
 * Numbers, flags and levels are Linux's. Every call returns a count, a descriptor or 0, or a
 * negative errno in Linux's numbering, and no call throws. New descriptors are close-on-exec, whatever
 * the flags, and block unless the flags say otherwise. The host repeats a call that a signal
 * interrupts (PEP 475), except `close`. -EINVAL stands for wrong types, -EFAULT for a short array.
 *
 * An address crosses as text in UTF-8: a host and a port, or for AF_UNIX a path with port 0. The
 * text of a host may be a name to look up, "" for the wildcard, or end with a scope as in
 * "fe80::1%eth0". A path that begins with a null byte is in Linux's abstract namespace.
 */
export interface OsHost {
  /** close(2). */
  close(fd: number): number;

  /** pipe2(2): writes the reading and the writing descriptor into `fds`. */
  pipe2(fds: Int32Array, flags: number): number;

  /** read(2) of at most `size` bytes into the start of `buffer`. */
  read(fd: number, buffer: Uint8Array, size: number): number;

  /** write(2) of all of `bytes`; returns the number of bytes written. */
  write(fd: number, bytes: Uint8Array): number;

  /** dup(2). */
  dup(fd: number): number;

  /** 1 if O_NONBLOCK is not set, else 0. */
  get_blocking(fd: number): number;

  /** Clears O_NONBLOCK, or sets it if `on` is 0. */
  set_blocking(fd: number, on: number): number;

  /** 1 if the descriptor survives exec, else 0. */
  get_inheritable(fd: number): number;

  /** Makes the descriptor survive exec, or not if `on` is 0. */
  set_inheritable(fd: number, on: number): number;

  /** mkfifo(3); the umask applies to `mode`. */
  mkfifo(path: Uint8Array, mode: number): number;

  /** eventfd(2). Reads and writes take 8 bytes in the byte order of this machine. */
  eventfd(initval: number, flags: number): number;

  /** kill(2). */
  kill(pid: number, signal: number): number;

  /** pidfd_open(2). */
  pidfd_open(pid: number, flags: number): number;

  /** socketpair(2): writes the two descriptors into `fds`. */
  socketpair(fds: Int32Array, family: number, type: number, proto: number): number;

  /** socket(2). */
  socket(family: number, type: number, proto: number): number;

  /** bind(2). An error of the resolver is RESOLVER_ERROR plus EAI_*. */
  bind(fd: number, family: number, text: Uint8Array, port: number): number;

  /** connect(2), with an address as `bind`. */
  connect(fd: number, family: number, text: Uint8Array, port: number): number;

  /** listen(2). */
  listen(fd: number, backlog: number): number;

  /**
   * accept(2): returns the descriptor, which blocks, and writes the address of the peer.
   *
   * @param text receives the host or path; NAME_SIZE bytes
   * @param parts receives family, port, and length of the text; three elements
   */
  accept(fd: number, text: Uint8Array, parts: Int32Array): number;

  /** getsockname(2); `text` and `parts` are as in `accept`. */
  getsockname(fd: number, text: Uint8Array, parts: Int32Array): number;

  /** getpeername(2); `text` and `parts` are as in `accept`. */
  getpeername(fd: number, text: Uint8Array, parts: Int32Array): number;

  /** shutdown(2). */
  shutdown(fd: number, how: number): number;

  /** send(2) of all of `bytes`; returns the number of bytes sent. */
  send(fd: number, bytes: Uint8Array, flags: number): number;

  /**
   * recv(2) of at most `size` bytes into the start of `buffer`. With MSG_TRUNC the result may be
   * more than `size`, and more than the number of bytes that the kernel wrote.
   */
  recv(fd: number, buffer: Uint8Array, size: number, flags: number): number;

  /** getsockopt(2) of an option that is an `int`, written into `value`. */
  getsockopt(fd: number, level: number, option: number, value: Int32Array): number;

  /** setsockopt(2); `bytes` are the C value, an `int` or a structure. */
  setsockopt(fd: number, level: number, option: number, bytes: Uint8Array): number;
}

/**
 * Asynchronous reads and writes. A kevent of FILTER_AIO reports the end: its flags are EV_EOF, and
 * `data` is the number of bytes, or under EV_ERROR the errno.
 */
export interface AioHost {
  /**
   * Reads from `fd` at `offset` into `buffer`; a pipe or socket ignores the offset. The bytes of the
   * buffer change when the kevent is taken. Returns the number of the request, which is the ident of
   * the kevent. The descriptor may be closed meanwhile. -EBADF if `fd` is not open for reading, or
   * `queue` is not a queue of this thread that accepts posts; -EAGAIN if too many requests are in
   * progress.
   *
   * @param offset 0 or more
   * @param udata of the kevent, modulo 2^64
   */
  aio_read(
    fd: number,
    buffer: Uint8Array,
    offset: number | bigint,
    queue: number,
    udata: number | bigint,
  ): number;

  /** Writes a copy of `bytes`; otherwise like `aio_read`. */
  aio_write(
    fd: number,
    bytes: Uint8Array,
    offset: number | bigint,
    queue: number,
    udata: number | bigint,
  ): number;
}
