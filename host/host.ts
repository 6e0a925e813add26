// The waist: what one platform provides to the core.

import type { KernelQueue } from "./inspect.ts";

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

  /**
   * Calls `closing` before omnipoll/os of the same kernel and thread closes a descriptor, so that
   * who keeps books of descriptors can strike it off. Of hosts that have such an omnipoll/os.
   */
  onClose?(closing: (fd: number) => void): void;

  /**
   * Why the last call failed, if there is more to say than its errno: what is thrown then instead
   * of an OSError. Of hosts that run JavaScript during a call. Asked once.
   */
  takeFailure?(): Error | undefined;

  /**
   * Reads the registrations of the epoll or kqueue with a descriptor, and changes nothing; a negative
   * errno if the descriptor is not one. Only on hosts whose kernel shows them.
   */
  inspect?(fd: number): KernelQueue | number;

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

  /** kqueue(2) of FreeBSD, close-on-exec. */
  kqueue(): number;

  /**
   * kevent(2) of FreeBSD: applies the `nchanges` kevent records at `changes`, then waits and writes
   * at most `capacity` kevent records at `events`; returns how many.
   *
   * All changes are read before an event is written. One that fails, or has EV_RECEIPT, becomes an
   * event with EV_ERROR, whose `data` is an errno in Linux's numbering or 0, as long as there is
   * room, and if there is one nothing is waited for. Without room the call returns the negative
   * errno of that change, those before it being applied. With a capacity of 0 nothing is waited
   * for. -EINTR only if no event was found: the changes have been applied then.
   */
  kevent(
    memory: WebAssembly.Memory,
    kq: number,
    changes: number,
    nchanges: number,
    events: number,
    capacity: number,
    timeoutMs: number,
  ): number;

  // Sources: what kqueue's filters need on a kernel without kqueue. Every descriptor is
  // close-on-exec and non-blocking, and is closed with `close` unless something else is said.

  /** Milliseconds since 1970 on the clock people set. */
  realtime(): number;

  /** read(2) of at most `length` bytes to `address`. */
  read(memory: WebAssembly.Memory, fd: number, address: number, length: number): number;

  /** write(2) of `length` bytes from `address`. */
  write(memory: WebAssembly.Memory, fd: number, address: number, length: number): number;

  /** dup3(2): makes `to` name what `from` names, close-on-exec. */
  dup3(from: number, to: number): number;

  /** Writes a stat record of `fd` at `address`. -EBADF if it is not open or O_PATH. */
  fd_stat(memory: WebAssembly.Memory, fd: number, address: number): number;

  /**
   * Answers `count` data records at `records`, one after the other; each has its own error. A
   * socket's error in `state` is inferred where asking for it would take it away; of a reset it is
   * ECONNRESET, whatever came before.
   */
  fd_data(memory: WebAssembly.Memory, records: number, count: number): number;

  /** eventfd(2) with counter 0. */
  eventfd(): number;

  /** timerfd_create(2) on the clock of `now`. */
  timerfd_create(): number;

  /** Arms a timer for `deadlineMs` of `now`; at once if that has passed; 0 disarms it. */
  timerfd_settime(fd: number, deadlineMs: number): number;

  /** pidfd_open(2): readable once the process has ended. -ESRCH if there is none. */
  pidfd_open(pid: number): number;

  /**
   * Status of the ended process behind a pidfd, as waitpid(2) writes it, without reaping it and
   * also if it is no child of ours. -EAGAIN while it runs; -ESRCH if the kernel does not tell;
   * -EBADF if it is no pidfd.
   */
  proc_status(pidfd: number, pid: number): number;

  /**
   * A descriptor that reads every fork, exec and exit of the system as netlink messages of the
   * process connector (cn_proc.h). -EPERM without the privilege and in a pid or user namespace of
   * its own, -EOPNOTSUPP without the connector.
   */
  proc_listen(): number;

  /** A descriptor that reads changes of network interfaces as RTM_*LINK messages (rtnetlink). */
  link_listen(): number;

  /**
   * IFF_* flags of the interface with an index, IFF_LOWER_UP included. -ENODEV if there is none.
   */
  link_flags(index: number): number;

  /**
   * Reads one datagram of netlink messages, cut to `length` bytes; those that are not the kernel's
   * are left out. -EAGAIN if there is none, -ENOBUFS once after some were lost.
   */
  netlink_read(memory: WebAssembly.Memory, fd: number, address: number, length: number): number;

  /**
   * A descriptor like an eventfd, which counts each delivery of a signal to this process. The
   * handler that was there goes on being called, and one that is installed later is kept as well.
   * Closed with `signal_close`. -EINVAL for a number that is no signal.
   */
  signal_open(signal: number): number;

  /** Closes what `signal_open` returned; with the last one the earlier handler is put back. */
  signal_close(fd: number): number;

  /** inotify_init1(2). */
  inotify_init(): number;

  /**
   * inotify_add_watch(2) on the file a descriptor is open on, whatever its name is now; or, if
   * `parent` is 1, on the directory above the directory it is open on. `mask` is IN_*.
   */
  inotify_add_watch(inotify: number, fd: number, parent: number, mask: number): number;

  /** inotify_rm_watch(2). */
  inotify_rm_watch(inotify: number, watch: number): number;

  /**
   * Lets other threads post kevents to the queue whose descriptor is `queue`. Returns a descriptor
   * that is readable while some wait. -EEXIST if they may already.
   */
  post_open(queue: number): number;

  /** Ends what `post_open` began and closes its descriptor; posts that wait are dropped. */
  post_close(queue: number): number;

  /**
   * Posts the kevent record at `address` to a queue of this process. -EBADF if it is none, -EAGAIN
   * while 65536 wait.
   */
  post(memory: WebAssembly.Memory, queue: number, address: number): number;

  /**
   * Takes at most `capacity` posted kevent records to `address`; returns how many. What an
   * asynchronous read that is reported here has read is in its memory then.
   */
  post_take(memory: WebAssembly.Memory, queue: number, address: number, capacity: number): number;
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

      kqueue: () => host.kqueue(),
      kevent: (
        kq: number,
        changes: number,
        nchanges: number,
        events: number,
        capacity: number,
        timeoutMs: number,
      ) => host.kevent(memoryOf(), kq, changes, nchanges, events, capacity, timeoutMs),

      realtime: () => host.realtime(),
      read: (fd: number, address: number, length: number) =>
        host.read(memoryOf(), fd, address, length),
      write: (fd: number, address: number, length: number) =>
        host.write(memoryOf(), fd, address, length),
      dup3: (from: number, to: number) => host.dup3(from, to),
      fd_stat: (fd: number, address: number) => host.fd_stat(memoryOf(), fd, address),
      fd_data: (records: number, count: number) => host.fd_data(memoryOf(), records, count),
      eventfd: () => host.eventfd(),
      timerfd_create: () => host.timerfd_create(),
      timerfd_settime: (fd: number, deadlineMs: number) => host.timerfd_settime(fd, deadlineMs),
      pidfd_open: (pid: number) => host.pidfd_open(pid),
      proc_status: (pidfd: number, pid: number) => host.proc_status(pidfd, pid),
      proc_listen: () => host.proc_listen(),
      link_listen: () => host.link_listen(),
      link_flags: (index: number) => host.link_flags(index),
      netlink_read: (fd: number, address: number, length: number) =>
        host.netlink_read(memoryOf(), fd, address, length),
      signal_open: (signal: number) => host.signal_open(signal),
      signal_close: (fd: number) => host.signal_close(fd),
      inotify_init: () => host.inotify_init(),
      inotify_add_watch: (inotify: number, fd: number, parent: number, mask: number) =>
        host.inotify_add_watch(inotify, fd, parent, mask),
      inotify_rm_watch: (inotify: number, watch: number) => host.inotify_rm_watch(inotify, watch),
      post_open: (queue: number) => host.post_open(queue),
      post_close: (queue: number) => host.post_close(queue),
      post: (queue: number, address: number) => host.post(memoryOf(), queue, address),
      post_take: (queue: number, address: number, capacity: number) =>
        host.post_take(memoryOf(), queue, address, capacity),
    },
  };
}
