// The import table of the core, written from host/calls.ts by host/calls-docs.ts: do not edit. The
// methods of HostCalls (host/host.ts) say what each call does.
//
// asc names the import module after this file and the import after the function, so no decorator is
// needed, and every tool can parse the file. A host without a call returns -ENOSYS from it: the
// table never varies.

/** CAPABILITY_* bits of this host. Constant. */
export declare function capabilities(): u32;

/** Milliseconds on a clock that never goes back; only differences mean anything. */
export declare function now(): f64;

/** Milliseconds since 1970 on the clock that people set. */
export declare function realtime(): f64;

/** poll(2): waits, writes the ready masks, returns how many are not 0. */
export declare function poll(records: usize, count: i32, timeoutMs: f64): i32;

/** close(2) of a descriptor that this core was given by the host. */
export declare function close(fd: i32): i32;

/** epoll_create1(2): a new epoll. */
export declare function epoll_create1(flags: i32): i32;

/** epoll_ctl(2): adds, modifies or deletes (EPOLL_CTL_*) the registration of `fd`. */
export declare function epoll_ctl(epfd: i32, op: i32, fd: i32, mask: u32): i32;

/** epoll_wait(2): waits, writes at most `capacity` ready records, returns how many. */
export declare function epoll_wait(epfd: i32, ready: usize, capacity: i32, timeoutMs: f64): i32;

/** kqueue(2): a new kqueue. */
export declare function kqueue(): i32;

/** kevent(2): applies changes, waits, writes at most `capacity` kevent records. */
export declare function kevent(
  kq: i32,
  changes: usize,
  nchanges: i32,
  events: usize,
  capacity: i32,
  timeoutMs: f64,
): i32;

/** read(2). */
export declare function read(fd: i32, address: usize, length: i32): i32;

/** write(2). */
export declare function write(fd: i32, address: usize, length: i32): i32;

/** dup3(2): makes `newfd` name the file of `oldfd`, close-on-exec. */
export declare function dup3(oldfd: i32, newfd: i32): i32;

/** Writes a stat record of a descriptor. */
export declare function fd_stat(fd: i32, address: usize): i32;

/** Answers `count` data records. */
export declare function fd_data(records: usize, count: i32): i32;

/** eventfd(2) with counter 0, non-blocking. */
export declare function eventfd(): i32;

/** Lets other threads post kevents to a queue; readable while some wait. */
export declare function post_open(queue: i32): i32;

/** Ends what `post_open` began and closes its descriptor. */
export declare function post_close(queue: i32): i32;

/** Posts a kevent record to a queue of this process. */
export declare function post(queue: i32, address: usize): i32;

/** Takes at most `capacity` posted kevent records; returns how many. */
export declare function post_take(queue: i32, address: usize, capacity: i32): i32;

/** timerfd_create(2) on the clock of `now`. */
export declare function timerfd_create(): i32;

/** Arms a timer for a time of `now`; 0 disarms it. */
export declare function timerfd_settime(fd: i32, deadlineMs: f64): i32;

/** pidfd_open(2). */
export declare function pidfd_open(pid: i32): i32;

/** Wait status of an ended process, which is not reaped. */
export declare function proc_status(pidfd: i32, pid: i32): i32;

/** A descriptor of the process connector. */
export declare function proc_listen(): i32;

/** A descriptor of rtnetlink's link messages. */
export declare function link_listen(): i32;

/** IFF_* flags of an interface. */
export declare function link_flags(index: i32): i32;

/** Reads one datagram of netlink messages from the kernel. */
export declare function netlink_read(fd: i32, address: usize, length: i32): i32;

/** A descriptor that counts the deliveries of a signal. */
export declare function signal_open(signal: i32): i32;

/** Closes what `signal_open` returned. */
export declare function signal_close(fd: i32): i32;

/** inotify_init1(2), non-blocking. */
export declare function inotify_init(): i32;

/** Watches the file behind `fd`, or the directory above it. */
export declare function inotify_add_watch(inotify: i32, fd: i32, parent: i32, mask: u32): i32;

/** inotify_rm_watch(2). */
export declare function inotify_rm_watch(inotify: i32, watch: i32): i32;
