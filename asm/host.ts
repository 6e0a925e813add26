// The import table of the core: every function a host gives it, one per method of
// interface Host (host/host.ts), which documents them. asc names the import module after
// this file and the import after the function, so no decorator is needed, and every tool
// can parse the file. A host without a call returns -ENOSYS from it: the table never varies.

/** CAPABILITY_* bits of this host. Constant. */
export declare function capabilities(): u32;

/** Milliseconds on a clock that never goes back; only differences mean anything. */
export declare function now(): f64;

/**
 * Waits until one of `count` poll records at `records` is ready, writing their ready masks.
 * `timeoutMs` < 0 waits for ever. Returns how many are ready, or a negative errno.
 */
export declare function poll(records: usize, count: i32, timeoutMs: f64): i32;

/** Closes a descriptor this core was given by the host. */
export declare function close(fd: i32): i32;

/** New epoll; returns its descriptor. */
export declare function epoll_create1(flags: i32): i32;

/** Adds, modifies or deletes (`op` is EPOLL_CTL_*) the registration of `fd`. */
export declare function epoll_ctl(epfd: i32, op: i32, fd: i32, mask: u32): i32;

/** Waits, then writes at most `capacity` ready records at `ready`; returns how many. */
export declare function epoll_wait(epfd: i32, ready: usize, capacity: i32, timeoutMs: f64): i32;

/** New kqueue; returns its descriptor. */
export declare function kqueue(): i32;

/**
 * Applies `nchanges` kevent records at `changes`, then waits and writes at most `capacity` of them
 * at `events`; returns how many.
 */
export declare function kevent(
  kq: i32,
  changes: usize,
  nchanges: i32,
  events: usize,
  capacity: i32,
  timeoutMs: f64,
): i32;

// Sources: what kqueue's filters need on a kernel without kqueue.

/** Milliseconds since 1970 on the clock people set. */
export declare function realtime(): f64;

/** read(2). */
export declare function read(fd: i32, address: usize, length: i32): i32;

/** write(2). */
export declare function write(fd: i32, address: usize, length: i32): i32;

/** dup3(2): makes `to` name what `from` names, close-on-exec. */
export declare function dup3(from: i32, to: i32): i32;

/** Writes a stat record at `address`. */
export declare function fd_stat(fd: i32, address: usize): i32;

/** Answers `count` data records. */
export declare function fd_data(records: usize, count: i32): i32;

/** eventfd(2), counter 0, non-blocking. */
export declare function eventfd(): i32;

/** timerfd_create(2) on the clock of `now`. */
export declare function timerfd_create(): i32;

/** Arms for a time of `now`; 0 disarms. */
export declare function timerfd_settime(fd: i32, deadlineMs: f64): i32;

/** pidfd_open(2). */
export declare function pidfd_open(pid: i32): i32;

/** Wait status of an ended process, which is not reaped. */
export declare function proc_status(pidfd: i32, pid: i32): i32;

/** Descriptor of the process connector. */
export declare function proc_listen(): i32;

/** Descriptor of rtnetlink's link messages. */
export declare function link_listen(): i32;

/** IFF_* flags of an interface. */
export declare function link_flags(index: i32): i32;

/** One datagram of netlink messages of the kernel. */
export declare function netlink_read(fd: i32, address: usize, length: i32): i32;

/** Descriptor that counts deliveries of a signal. */
export declare function signal_open(signal: i32): i32;

/** Closes it. */
export declare function signal_close(fd: i32): i32;

/** inotify_init1(2), non-blocking. */
export declare function inotify_init(): i32;

/** Watches the file behind `fd`, or the directory above it. */
export declare function inotify_add_watch(inotify: i32, fd: i32, parent: i32, mask: u32): i32;

/** inotify_rm_watch(2). */
export declare function inotify_rm_watch(inotify: i32, watch: i32): i32;

/** Lets other threads post kevents to a queue; a descriptor that is readable while some wait. */
export declare function post_open(queue: i32): i32;

/** Ends that. */
export declare function post_close(queue: i32): i32;

/** Posts a kevent record to a queue of another thread. */
export declare function post(queue: i32, address: usize): i32;

/** Takes posted kevent records; returns how many. */
export declare function post_take(queue: i32, address: usize, capacity: i32): i32;
