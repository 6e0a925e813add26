// What one platform provides to omnipoll/os.

/** Where the results of name resolution begin: EAI_NONAME, -2, is returned as -2002. */
export const RESOLVER_ERROR = -2000;
/** Bytes that every address in text fits: a path of AF_UNIX has 108, IPv6 with its scope 63. */
export const NAME_SIZE = 128;

/**
 * The calls behind omnipoll/os.
 *
 * Numbers, flags and levels are Linux's. Every call returns a count, a descriptor or 0, or a
 * negative errno in Linux's numbering; none throws. What is made is close-on-exec, whatever the
 * flags, and blocking unless they say otherwise. A call that a signal interrupts is made again
 * (PEP 475), except `close`. Wrong types are -EINVAL, an array that is too short is -EFAULT.
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

  /** write(2) of all of `bytes`; returns how many were taken. */
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

  /** eventfd(2); it is read and written as 8 bytes in the order of this machine. */
  eventfd(initval: number, flags: number): number;

  /** kill(2). */
  kill(pid: number, signal: number): number;

  /** pidfd_open(2). */
  pidfd_open(pid: number, flags: number): number;

  /** socketpair(2): writes the two descriptors into `fds`. */
  socketpair(fds: Int32Array, family: number, type: number, proto: number): number;

  /** socket(2). */
  socket(family: number, type: number, proto: number): number;

  /** bind(2). A resolver's refusal is RESOLVER_ERROR plus EAI_*. */
  bind(fd: number, family: number, text: Uint8Array, port: number): number;

  /** connect(2); the address is as in `bind`. */
  connect(fd: number, family: number, text: Uint8Array, port: number): number;

  /** listen(2). */
  listen(fd: number, backlog: number): number;

  /**
   * accept(2): returns the descriptor, which blocks, and writes who connected.
   *
   * @param text of NAME_SIZE bytes: the host or path
   * @param parts of three elements: family, port, and length of the text
   */
  accept(fd: number, text: Uint8Array, parts: Int32Array): number;

  /** getsockname(2); `text` and `parts` are as in `accept`. */
  getsockname(fd: number, text: Uint8Array, parts: Int32Array): number;

  /** getpeername(2); `text` and `parts` are as in `accept`. */
  getpeername(fd: number, text: Uint8Array, parts: Int32Array): number;

  /** shutdown(2). */
  shutdown(fd: number, how: number): number;

  /** send(2) of all of `bytes`; returns how many were taken. */
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
 * Asynchronous reads and writes, which end as kevents of FILTER_AIO. Their flags are EV_EOF; `data`
 * is the number of bytes, or with EV_ERROR the errno.
 */
export interface AioHost {
  /**
   * Reads from `fd` at `offset`, or what comes next if it has no offsets, into `buffer`, whose
   * bytes change when the kevent is taken. Returns the number of the request, which is the ident of
   * the kevent. The descriptor may be closed meanwhile. -EBADF if `fd` is not open for this or
   * `queue` is none of this thread's that takes posts, -EAGAIN if too many are under way.
   *
   * @param offset of at least 0
   * @param udata of the kevent, modulo 2^64
   */
  aio_read(
    fd: number,
    buffer: Uint8Array,
    offset: number | bigint,
    queue: number,
    udata: number | bigint,
  ): number;

  /** Writes all of `bytes` as they are now, else like `aio_read`. */
  aio_write(
    fd: number,
    bytes: Uint8Array,
    offset: number | bigint,
    queue: number,
    udata: number | bigint,
  ): number;
}
