// The waist: the calls of one platform, which the core makes. host/calls.ts has the same calls as a
// table, and the compiler compares the two.

import type { KernelQueue } from "./inspect.ts";

/**
 * The calls of one platform, on the core's memory.
 *
 * An address is a byte offset into `memory` as WebAssembly passes it: a signed number, which means
 * the same modulo 2^32. A host checks every address and length against the current size of the
 * memory, and returns -EFAULT if a byte lies outside. The memory may grow in any call of the core,
 * so a host keeps no view of it between two calls.
 *
 * A call returns a count, a descriptor or 0, or a negative errno in Linux's numbering. No call
 * throws: an exception would unwind through WebAssembly frames and leave the core half-way. A host
 * that lacks a call returns -ENOSYS from it.
 *
 * Times are milliseconds, with fractions, which a host rounds up; a timeout below 0 is for ever.
 * Event masks are EVENT_* of asm/abi.ts, which also has the layouts of the records. A wait that a
 * signal interrupts returns -EINTR, and the core waits for the rest of the time.
 *
 * A host may hand out numbers that are no descriptors of its platform, an eventfd where the platform
 * has none. Every call of that host that takes a descriptor then knows those numbers.
 */
export interface HostCalls {
  // Every host has these.

  /** CAPABILITY_* bits. Constant: the core asks once. */
  capabilities(): number;

  /** Milliseconds on a clock that never goes back. Only differences mean anything. */
  now(): number;

  /** Milliseconds since 1970 on the clock that people set. */
  realtime(): number;

  /**
   * poll(2) over `count` poll records at `records`: writes the ready mask of each and returns how
   * many are not 0. Negative descriptors are skipped.
   */
  poll(memory: WebAssembly.Memory, records: number, count: number, timeoutMs: number): number;

  /** close(2). */
  close(fd: number): number;

  // epoll: hosts with CAPABILITY_EPOLL.

  /** epoll_create1(2). */
  epoll_create1(flags: number): number;

  /** epoll_ctl(2); `op` is EPOLL_CTL_*, `mask` is taken modulo 2^32. */
  epoll_ctl(epfd: number, op: number, fd: number, mask: number): number;

  /**
   * epoll_wait(2): writes at most `capacity` ready records at `ready` and returns how many. The
   * descriptor in a record is the number that `epoll_ctl` was given.
   */
  epoll_wait(
    memory: WebAssembly.Memory,
    epfd: number,
    ready: number,
    capacity: number,
    timeoutMs: number,
  ): number;

  // kqueue: hosts with CAPABILITY_KQUEUE.

  /** kqueue(2) of FreeBSD, close-on-exec. */
  kqueue(): number;

  /**
   * kevent(2) of FreeBSD: applies the `nchanges` kevent records at `changes`, then waits and writes
   * at most `capacity` kevent records at `events`; returns how many.
   *
   * All changes are read before an event is written: the two may overlap. A change that fails, or
   * has EV_RECEIPT, becomes an event with EV_ERROR, whose `data` is an errno in Linux's numbering or
   * 0, as long as there is room; after such an event the call does not wait. Without room the call
   * returns the negative errno of that change, and the changes before it have been applied. With a
   * capacity of 0 the call does not wait. -EINTR only if no event was found; the changes have been
   * applied then.
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

  // Descriptors: calls that the translations of epoll and kqueue need on every host. In this group and the
  // next two, a descriptor that a call returns is close-on-exec and non-blocking, and `close` closes
  // it unless something else is said.

  /** read(2) of at most `length` bytes to `address`. */
  read(memory: WebAssembly.Memory, fd: number, address: number, length: number): number;

  /** write(2) of `length` bytes from `address`. */
  write(memory: WebAssembly.Memory, fd: number, address: number, length: number): number;

  /** dup3(2): makes `newfd` name the file of `oldfd`, close-on-exec. */
  dup3(oldfd: number, newfd: number): number;

  /** Writes a stat record of `fd` at `address`. -EBADF if `fd` is not open or was opened O_PATH. */
  fd_stat(memory: WebAssembly.Memory, fd: number, address: number): number;

  /**
   * Answers `count` data records at `records`, one after the other; each record has an error of its
   * own. The error of a socket in `state` is inferred where a question for it would take the error
   * away; after a reset it is ECONNRESET, whatever came before.
   */
  fd_data(memory: WebAssembly.Memory, records: number, count: number): number;

  /** eventfd(2) with counter 0. */
  eventfd(): number;

  // Posts: kevents that other threads, and asynchronous reads and writes, add to a queue.

  /**
   * Lets other threads post kevents to the queue whose descriptor is `queue`. Returns a descriptor
   * that is readable while posts wait. -EEXIST if other threads can post to that queue already.
   */
  post_open(queue: number): number;

  /** Ends what `post_open` began and closes its descriptor; posts that wait are dropped. */
  post_close(queue: number): number;

  /**
   * Posts the kevent record at `address` to a queue of this process. -EBADF if `queue` is no queue
   * with posts, -EAGAIN while 65536 posts wait.
   */
  post(memory: WebAssembly.Memory, queue: number, address: number): number;

  /**
   * Takes at most `capacity` posted kevent records to `address`; returns how many. The bytes of an
   * asynchronous read whose kevent is taken are in the buffer of that read afterwards.
   */
  post_take(memory: WebAssembly.Memory, queue: number, address: number, capacity: number): number;

  // Sources: calls that the filters of a translated kqueue need; hosts with CAPABILITY_SOURCES.

  /** timerfd_create(2) on the clock of `now`. */
  timerfd_create(): number;

  /** Arms a timer for `deadlineMs` of `now`, at once if that time has passed; 0 disarms it. */
  timerfd_settime(fd: number, deadlineMs: number): number;

  /** pidfd_open(2): readable once the process has ended. -ESRCH if there is no such process. */
  pidfd_open(pid: number): number;

  /**
   * Status of the ended process behind a pidfd, as waitpid(2) writes it, also of a process that is
   * no child of this one; does not reap the process. -EAGAIN while the process runs; -ESRCH if the
   * kernel does not tell; -EBADF if `pidfd` is no pidfd.
   */
  proc_status(pidfd: number, pid: number): number;

  /**
   * A descriptor that reads every fork, exec and exit of the system as netlink messages of the
   * process connector (cn_proc.h). -EPERM without the privilege, and in a pid or user namespace of
   * its own; -EOPNOTSUPP without the connector.
   */
  proc_listen(): number;

  /** A descriptor that reads changes of network interfaces as RTM_*LINK messages (rtnetlink). */
  link_listen(): number;

  /** IFF_* flags, with IFF_LOWER_UP, of an interface. -ENODEV if no interface has this index. */
  link_flags(index: number): number;

  /**
   * Reads one datagram of netlink messages, cut to `length` bytes, and skips those that another
   * process sent. -EAGAIN if no datagram waits, -ENOBUFS once after the kernel lost some.
   */
  netlink_read(memory: WebAssembly.Memory, fd: number, address: number, length: number): number;

  /**
   * A descriptor like an eventfd, which counts each delivery of a signal to this process. The
   * handler that was installed goes on being called, and so does one that is installed later.
   * `signal_close` closes the descriptor. -EINVAL for a number that is no signal.
   */
  signal_open(signal: number): number;

  /** Closes what `signal_open` returned; the last such close puts the earlier handler back. */
  signal_close(fd: number): number;

  /** inotify_init1(2). */
  inotify_init(): number;

  /**
   * inotify_add_watch(2) on the file that a descriptor is open on, whatever its name is now; or, if
   * `parent` is 1, on the directory above the directory that it is open on. `mask` is IN_*.
   */
  inotify_add_watch(inotify: number, fd: number, parent: number, mask: number): number;

  /** inotify_rm_watch(2). */
  inotify_rm_watch(inotify: number, watch: number): number;
}

/** A core from another file than core.wasm, whose imports are not the calls of the waist. */
export interface OtherCore {
  /** Name of the file in `build/`. */
  readonly file: "core.wasi.wasm";

  /** Imports of the core, over the calls of `host`. */
  importsOf(host: Host, memory: () => WebAssembly.Memory): WebAssembly.Imports;

  /** Called with the exports before any other call of the core. */
  begin(exports: WebAssembly.Exports): void;
}

/** The calls of one platform that the core needs, and the members that JavaScript needs beside them. */
export interface Host extends HostCalls {
  /** Name for error messages, `omnipoll doctor` and `OMNIPOLL_HOST`, for example "linux". */
  readonly name: string;

  /** Why this host serves in the place of the platform's own; undefined if it was asked for, or is that one. */
  readonly reason?: string | undefined;

  /** Symbolic name and text of a positive errno: 9 is ["EBADF", "Bad file descriptor"]. */
  describe(errno: number): readonly [code: string, message: string];

  /**
   * Calls `closing` before omnipoll/os of the same kernel and thread closes a descriptor, so that a
   * core can forget its registrations of that descriptor. Only hosts with such an omnipoll/os have
   * this method.
   */
  onClose?(closing: (fd: number) => void): void;

  /**
   * Takes the reason of the last failed call, if there is more to say than its errno: an error to
   * throw instead of an OSError. Only hosts that run JavaScript during a call have this method.
   */
  takeFailure?(): Error | undefined;

  /**
   * Ends the calls that block the program with -EINTR, as a signal without a handler would. Only hosts that run
   * JavaScript during a call have this method: a guest's wait for an object of JavaScript ends so.
   */
  interrupt?(): void;

  /**
   * poll(2) that does not block the thread: calls `ended` once, from the event loop, as soon as a record has an
   * event or `timeoutMs` have passed, never earlier than that. It reads the records before it returns, writes none,
   * and may call `ended` although nothing is ready. Until then the program does not end.
   *
   * Returns a function that ends the watch without a call of `ended`, or a negative errno. Hosts without an
   * event loop lack this method.
   */
  watch?(
    memory: WebAssembly.Memory,
    records: number,
    count: number,
    timeoutMs: number,
    ended: () => void,
  ): (() => void) | number;

  /** The core of this host, if it is not core.wasm. */
  readonly core?: OtherCore;

  /**
   * Reads the registrations of the epoll or kqueue with a descriptor, and changes nothing; a negative
   * errno if the descriptor is not one. Only on hosts whose kernel shows them.
   */
  inspect?(fd: number): KernelQueue | number;
}
