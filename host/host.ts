// The waist: what one platform provides to the core.

/**
 * What one platform provides: the readiness calls of its kernel, on the core's memory.
 *
 * Every address is a byte offset into `memory`, as WebAssembly passes it: a signed number that
 * means the same modulo 2^32. Every call returns a count, a descriptor or 0, or a negative errno
 * in Linux's numbering, and none throws: an exception would unwind through WebAssembly frames
 * and leave the core half-way. A platform without a call returns -ENOSYS from it.
 *
 * Times are milliseconds, fractions allowed and rounded up, < 0 for ever. Event masks are EVENT_*
 * of asm/abi.ts, which also has the layouts of the records. A wait that a signal interrupts
 * returns -EINTR: the core knows how long to go on.
 */
export interface Host {
  /** Name for error messages, `omnipoll doctor` and `OMNIPOLL_HOST`, e.g. "linux". */
  readonly name: string;

  /** Symbolic name and text of a positive errno: 9 is ["EBADF", "Bad file descriptor"]. */
  describe(errno: number): readonly [code: string, message: string];

  /** CAPABILITY_* bits. Constant: the core asks once. */
  capabilities(): number;

  /** Milliseconds on a clock that never goes back. */
  now(): number;

  /**
   * poll(2) over `count` poll records at `records`: writes `ready` of each and returns how many
   * are not 0. Negative descriptors are skipped.
   */
  poll(memory: WebAssembly.Memory, records: number, count: number, timeoutMs: number): number;

  /** close(2). */
  close(fd: number): number;

  /** epoll_create1(2). */
  epoll_create1(flags: number): number;

  /** epoll_ctl(2); `op` is EPOLL_CTL_*, `mask` is taken modulo 2^32. */
  epoll_ctl(epfd: number, op: number, fd: number, mask: number): number;

  /**
   * epoll_wait(2): writes at most `capacity` ready records at `ready` and returns how many. The
   * descriptor in a record is the number given to `epoll_ctl`.
   */
  epoll_wait(
    memory: WebAssembly.Memory,
    epfd: number,
    ready: number,
    capacity: number,
    timeoutMs: number,
  ): number;
}

/** Import object of the core: the calls of `host`, bound to the memory of the instance. */
export function importsOf(host: Host, memoryOf: () => WebAssembly.Memory): WebAssembly.Imports {
  return {
    host: {
      capabilities: () => host.capabilities(),
      now: () => host.now(),
      poll: (records: number, count: number, timeoutMs: number) =>
        host.poll(memoryOf(), records, count, timeoutMs),
      close: (fd: number) => host.close(fd),
      epoll_create1: (flags: number) => host.epoll_create1(flags),
      epoll_ctl: (epfd: number, op: number, fd: number, mask: number) =>
        host.epoll_ctl(epfd, op, fd, mask),
      epoll_wait: (epfd: number, ready: number, capacity: number, timeoutMs: number) =>
        host.epoll_wait(memoryOf(), epfd, ready, capacity, timeoutMs),
    },
  };
}
