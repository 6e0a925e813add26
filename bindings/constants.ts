// The constants of all five APIs, the same on every platform: POLL* and EPOLL* have Linux's values,
// KQ_* have FreeBSD's, and hosts translate. Each is one literal, so that TypeScript knows the value.
// The comment above a constant is the text that an editor shows.

// poll and devpoll: event masks, poll(2)
/** A read does not block: data, the end of the data, or a connection to accept. */
export const POLLIN = 0x0001;
/** An exceptional condition: urgent TCP data, or news of a pseudoterminal in packet mode. */
export const POLLPRI = 0x0002;
/** A write does not block. A socket that is connecting reports this once the attempt is over. */
export const POLLOUT = 0x0004;
/** An error is pending, or the reader of a pipe is gone. A wait reports this unasked. */
export const POLLERR = 0x0008;
/**
 * The peer hung up: both halves of a connection are over, or the last writer of a pipe is gone. A
 * wait reports this unasked.
 */
export const POLLHUP = 0x0010;
/** The descriptor is not open. A wait reports this unasked. */
export const POLLNVAL = 0x0020;
/** Normal data can be read; most descriptors report this together with POLLIN. */
export const POLLRDNORM = 0x0040;
/** Priority band data can be read. Linux reports this for no usual descriptor. */
export const POLLRDBAND = 0x0080;
/** Normal data can be written; most descriptors report this together with POLLOUT. */
export const POLLWRNORM = 0x0100;
/**
 * Priority band data can be written; Unix and datagram sockets report this together with POLLOUT.
 */
export const POLLWRBAND = 0x0200;
/** Linux ignores this bit. */
export const POLLMSG = 0x0400;
/** Mask for `devpoll` that removes the descriptor. CPython lacks the constant. */
export const POLLREMOVE = 0x1000;
/** The peer shut down its writing half, or closed the connection (Linux 2.6.17). */
export const POLLRDHUP = 0x2000;

// epoll: event masks, epoll_ctl(2)
/** A read does not block: data, the end of the data, or a connection to accept. */
export const EPOLLIN = 0x0001;
/** An exceptional condition: urgent TCP data, or news of a pseudoterminal in packet mode. */
export const EPOLLPRI = 0x0002;
/** A write does not block. A socket that is connecting reports this once the attempt is over. */
export const EPOLLOUT = 0x0004;
/** An error is pending, or the reader of a pipe is gone. A wait reports this unasked. */
export const EPOLLERR = 0x0008;
/**
 * The peer hung up: both halves of a connection are over, or the last writer of a pipe is gone. A
 * wait reports this unasked.
 */
export const EPOLLHUP = 0x0010;
/** Normal data can be read; most descriptors report this together with EPOLLIN. */
export const EPOLLRDNORM = 0x0040;
/** Priority band data can be read. Linux reports this for no usual descriptor. */
export const EPOLLRDBAND = 0x0080;
/** Normal data can be written; most descriptors report this together with EPOLLOUT. */
export const EPOLLWRNORM = 0x0100;
/**
 * Priority band data can be written; Unix and datagram sockets report this together with EPOLLOUT.
 */
export const EPOLLWRBAND = 0x0200;
/** Linux ignores this bit. */
export const EPOLLMSG = 0x0400;
/** The peer shut down its writing half, or closed the connection (Linux 2.6.17). */
export const EPOLLRDHUP = 0x2000;
/**
 * Wakes one or a few of several epolls that wait for one file, instead of all of them. Only
 * `register` takes this flag, and `modify` of such a registration fails with EINVAL (Linux 4.5).
 */
export const EPOLLEXCLUSIVE = 0x10000000;
/**
 * Keeps the system from suspending while the event is handled; the kernel ignores this flag
 * without CAP_BLOCK_SUSPEND. CPython lacks the constant.
 */
export const EPOLLWAKEUP = 0x20000000;
/**
 * One-shot: the kernel disables the registration after one event, until `modify` sets a mask
 * again.
 */
export const EPOLLONESHOT = 0x40000000;
/** Edge triggered: a wait reports new activity once, instead of the state as long as it lasts. */
export const EPOLLET = 0x80000000;
/** Flag of `epoll()`: close on exec. Every epoll made here is close-on-exec without it. */
export const EPOLL_CLOEXEC = 0x80000;

// kqueue: filters, kevent(2)
/**
 * A descriptor can be read. `ident` is the descriptor; `data` returns the number of bytes (of a
 * listening socket the number of connections). At the end of the data KQ_EV_EOF is set, and
 * `fflags` is the errno of a socket.
 */
export const KQ_FILTER_READ = -1;
/**
 * A descriptor can be written. `ident` is the descriptor; `data` returns the bytes of room.
 * KQ_EV_EOF is set once the reader is gone.
 */
export const KQ_FILTER_WRITE = -2;
/**
 * An asynchronous request is done. `aio_read` and `aio_write` of omnipoll/os make the knote;
 * `ident` is the number that they returned, `data` the number of bytes, or the errno under
 * KQ_EV_ERROR.
 */
export const KQ_FILTER_AIO = -3;
/**
 * A file changes. `ident` is an open descriptor of the file; `fflags` selects and returns
 * KQ_NOTE_DELETE, WRITE, EXTEND, ATTRIB, LINK, RENAME and REVOKE.
 */
export const KQ_FILTER_VNODE = -4;
/**
 * A process ends, forks or runs another program. `ident` is the process number; `fflags` selects
 * and returns KQ_NOTE_EXIT, FORK, EXEC and TRACK. `data` of KQ_NOTE_EXIT is the status as
 * waitpid(2) returns it; the process is not reaped.
 */
export const KQ_FILTER_PROC = -5;
/**
 * A signal is delivered to this process. `ident` is the number of the signal; `data` returns the
 * number of deliveries since the last report. Handlers go on being called.
 */
export const KQ_FILTER_SIGNAL = -6;
/**
 * A timer. `ident` is any number; `data` is the period in milliseconds, or in the unit that
 * `fflags` names, and returns the number of expirations since the last report. Periodic unless
 * KQ_EV_ONESHOT or KQ_NOTE_ABSTIME is set.
 */
export const KQ_FILTER_TIMER = -7;
/**
 * The link of a network interface changes. `ident` is the index of the interface; `fflags` selects
 * and returns KQ_NOTE_LINKUP, LINKDOWN and LINKINV. The number is that of FreeBSD before 10, which
 * later versions gave up.
 */
export const KQ_FILTER_NETDEV = -8;
/**
 * An event that the program triggers itself with KQ_NOTE_TRIGGER. `ident` is any number. CPython
 * lacks the constant.
 */
export const KQ_FILTER_USER = -11;

// kqueue: flags of a change and of an event, kevent(2)
/**
 * Adds the knote to the queue, or modifies the one with this `ident` and `filter`. A new knote is
 * enabled.
 */
export const KQ_EV_ADD = 0x0001;
/** Removes the knote. ENOENT if the queue has none with this `ident` and `filter`. */
export const KQ_EV_DELETE = 0x0002;
/** Lets `control` report the knote again after KQ_EV_DISABLE or KQ_EV_DISPATCH. */
export const KQ_EV_ENABLE = 0x0004;
/** Keeps `control` from reporting the knote, which stays in the queue. */
export const KQ_EV_DISABLE = 0x0008;
/** The queue removes the knote after its first event. */
export const KQ_EV_ONESHOT = 0x0010;
/**
 * Edge triggered: the state of the knote is reset after a report, so that only new activity is
 * reported.
 */
export const KQ_EV_CLEAR = 0x0020;
/**
 * The change is answered by an event with KQ_EV_ERROR, whose `data` is 0 or an errno; `control`
 * does not wait then. CPython lacks the constant.
 */
export const KQ_EV_RECEIPT = 0x0040;
/** The queue disables the knote after a report. CPython lacks the constant. */
export const KQ_EV_DISPATCH = 0x0080;
/** Mask of the flags that the system reserves for itself. */
export const KQ_EV_SYSFLAGS = 0xf000;
/** A flag whose meaning the filter defines; the filters here define none. */
export const KQ_EV_FLAG1 = 0x2000;
/**
 * Set in an event by the system: a change failed, and `data` is the errno (0 for KQ_EV_RECEIPT).
 */
export const KQ_EV_ERROR = 0x4000;
/** Set in an event by the system: the end of a stream, or the end of a process. */
export const KQ_EV_EOF = 0x8000;

// kqueue: notes (`fflags`) of KQ_FILTER_READ and KQ_FILTER_WRITE
/**
 * READ, WRITE: `data` of the change is the low-water mark, the number of bytes from which the
 * knote is ready.
 */
export const KQ_NOTE_LOWAT = 0x0001;

// kqueue: notes of KQ_FILTER_VNODE
/** VNODE: the last name of the file was removed. */
export const KQ_NOTE_DELETE = 0x0001;
/** VNODE: the file was written or truncated; entries of the directory came or went. */
export const KQ_NOTE_WRITE = 0x0002;
/** VNODE: the file grew; in a directory, a rename added or removed an entry. */
export const KQ_NOTE_EXTEND = 0x0004;
/** VNODE: attributes of the file changed: mode, owner, times. */
export const KQ_NOTE_ATTRIB = 0x0008;
/** VNODE: the number of links of the file changed; a directory gained or lost a subdirectory. */
export const KQ_NOTE_LINK = 0x0010;
/** VNODE: the file was renamed. */
export const KQ_NOTE_RENAME = 0x0020;
/** VNODE: the file system was unmounted, or access was revoked. */
export const KQ_NOTE_REVOKE = 0x0040;

// kqueue: notes of KQ_FILTER_PROC
/** PROC: the process ended; `data` is the status as waitpid(2) returns it. */
export const KQ_NOTE_EXIT = 0x80000000;
/**
 * PROC: the process forked. On Linux this needs CAP_NET_ADMIN; else the change fails with
 * EOPNOTSUPP.
 */
export const KQ_NOTE_FORK = 0x40000000;
/**
 * PROC: the process runs another program. On Linux this needs CAP_NET_ADMIN; else the change fails
 * with EOPNOTSUPP.
 */
export const KQ_NOTE_EXEC = 0x20000000;
/** PROC: mask of the notes about the process itself. */
export const KQ_NOTE_PCTRLMASK = 0xf0000000;
/** PROC: mask of the bits that carry a process number. */
export const KQ_NOTE_PDATAMASK = 0x000fffff;
/**
 * PROC: the queue adds a knote for each child that the process forks. On Linux this needs
 * CAP_NET_ADMIN; else the change fails with EOPNOTSUPP.
 */
export const KQ_NOTE_TRACK = 0x0001;
/** PROC, in an event: no knote could be added for a child. */
export const KQ_NOTE_TRACKERR = 0x0002;
/**
 * PROC, in an event: the knote was added by KQ_NOTE_TRACK for a child; `data` is the number of the
 * parent process.
 */
export const KQ_NOTE_CHILD = 0x0004;

// kqueue: notes of KQ_FILTER_NETDEV
/** NETDEV: the link of the interface is up. */
export const KQ_NOTE_LINKUP = 0x0001;
/** NETDEV: the link of the interface is down. */
export const KQ_NOTE_LINKDOWN = 0x0002;
/** NETDEV: the state of the link is not valid; here, the interface is gone. */
export const KQ_NOTE_LINKINV = 0x0004;

// kqueue: notes of KQ_FILTER_TIMER, which CPython lacks
/** TIMER: `data` is in seconds. */
export const KQ_NOTE_SECONDS = 0x0001;
/** TIMER: `data` is in milliseconds, as without a unit. */
export const KQ_NOTE_MSECONDS = 0x0002;
/** TIMER: `data` is in microseconds. */
export const KQ_NOTE_USECONDS = 0x0004;
/** TIMER: `data` is in nanoseconds. */
export const KQ_NOTE_NSECONDS = 0x0008;
/**
 * TIMER: `data` is a point in time since 1970, in the unit of the timer, and the timer expires
 * once.
 */
export const KQ_NOTE_ABSTIME = 0x0010;

// kqueue: notes of KQ_FILTER_USER, which CPython lacks
/** USER: a change leaves the `fflags` of the knote as they are. */
export const KQ_NOTE_FFNOP = 0x00000000;
/** USER: a change combines its low 24 bits with the `fflags` of the knote by "and". */
export const KQ_NOTE_FFAND = 0x40000000;
/** USER: a change combines its low 24 bits with the `fflags` of the knote by "or". */
export const KQ_NOTE_FFOR = 0x80000000;
/** USER: a change replaces the `fflags` of the knote by its low 24 bits. */
export const KQ_NOTE_FFCOPY = 0xc0000000;
/** USER: mask of the operations KQ_NOTE_FFNOP, FFAND, FFOR and FFCOPY. */
export const KQ_NOTE_FFCTRLMASK = 0xc0000000;
/** USER: mask of the bits of `fflags` that belong to the program. */
export const KQ_NOTE_FFLAGSMASK = 0x00ffffff;
/** USER: a change with this note triggers the event. */
export const KQ_NOTE_TRIGGER = 0x01000000;

// Pipes, pipe(7)
/**
 * A write of at most this many bytes to a pipe is atomic, and POLLOUT means that it does not
 * block. The value is Linux's.
 */
export const PIPE_BUF = 4096;
