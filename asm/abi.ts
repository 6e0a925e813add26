// Constants and layouts that the core, the hosts and the bindings share. Read by asc (asm/), by tsc
// (bindings/, host/, test/) and, through the abi.h that build.mjs writes, by the C compiler.
// So: no imports, no types, no enums; one integer of at most 32 bits per constant.

/** Version of this file. The core exports it; the loader refuses a core with another one. */
export const ABI_VERSION = 1;

// Event mask. The bit values are Linux's, which poll(2) and epoll(7) share there; a host
// on another system translates to and from them, so nothing above a host does.

/** Data can be read, or a connection accepted, without blocking. */
export const EVENT_IN = 0x0001;
/** Urgent data can be read. */
export const EVENT_PRI = 0x0002;
/** Data can be written without blocking. */
export const EVENT_OUT = 0x0004;
/** An error is pending. Always reported, never requested. */
export const EVENT_ERR = 0x0008;
/** The peer hung up. Always reported, never requested. */
export const EVENT_HUP = 0x0010;
/** The descriptor is not open. Reported by poll only. */
export const EVENT_NVAL = 0x0020;
/** Normal data can be read. */
export const EVENT_RDNORM = 0x0040;
/** Priority band data can be read. */
export const EVENT_RDBAND = 0x0080;
/** Normal data can be written. */
export const EVENT_WRNORM = 0x0100;
/** Priority band data can be written. */
export const EVENT_WRBAND = 0x0200;
/** A SIGPOLL message is available; unused by Linux. */
export const EVENT_MSG = 0x0400;
/** Mask of a devpoll change that forgets the descriptor (POLLREMOVE). */
export const POLL_REMOVE = 0x1000;
/** The peer shut down its writing half. */
export const EVENT_RDHUP = 0x2000;
/** Wake one of several epolls that watch the same file (EPOLLEXCLUSIVE). */
export const EVENT_EXCLUSIVE = 0x10000000;
/** Keep the system awake while the event is handled (EPOLLWAKEUP). */
export const EVENT_WAKEUP = 0x20000000;
/** Report once, then nothing until the registration is modified (EPOLLONESHOT). */
export const EVENT_ONESHOT = 0x40000000;
/** Edge triggered. In hex because `1 << 31` is negative in JavaScript. */
export const EVENT_ET = 0x80000000;

// Operations of epoll_ctl.

export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;

/** The only flag of epoll_create1. Linux's number on every architecture Node runs on. */
export const EPOLL_CLOEXEC = 0x80000;

// Poll record, one per registration. The same as `struct pollfd` on every Unix, so poll(2)
// works on the core's memory in place (host/native/poll.c asserts the three offsets). A
// negative descriptor is a gap: poll(2) skips it.
//
//   0        4          6           8
//   | fd i32 | want u16 | ready u16 |

export const POLL_RECORD_SIZE = 8;
export const POLL_RECORD_FD = 0;
export const POLL_RECORD_WANT = 4;
export const POLL_RECORD_READY = 6;

// Ready record: one event, as every wait returns it to the bindings, and as a host returns
// the events of an epoll.
//
//   0        4          8
//   | fd i32 | mask u32 |

export const READY_RECORD_SIZE = 8;
export const READY_RECORD_FD = 0;
export const READY_RECORD_MASK = 4;

// Kevent record: FreeBSD's `struct kevent` without its reserved words, with its numbers.
//
//   0           8            10          12           16         24          32
//   | ident u64 | filter i16 | flags u16 | fflags u32 | data i64 | udata u64 |

export const KEVENT_SIZE = 32;
export const KEVENT_IDENT = 0;
export const KEVENT_FILTER = 8;
export const KEVENT_FLAGS = 10;
export const KEVENT_FFLAGS = 12;
export const KEVENT_DATA = 16;
export const KEVENT_UDATA = 24;

export const FILTER_READ = -1;
export const FILTER_WRITE = -2;
export const FILTER_AIO = -3;
export const FILTER_VNODE = -4;
export const FILTER_PROC = -5;
export const FILTER_SIGNAL = -6;
export const FILTER_TIMER = -7;
export const FILTER_NETDEV = -8;
export const FILTER_USER = -11;

export const EV_ADD = 0x0001;
export const EV_DELETE = 0x0002;
export const EV_ENABLE = 0x0004;
export const EV_DISABLE = 0x0008;
export const EV_ONESHOT = 0x0010;
export const EV_CLEAR = 0x0020;
export const EV_RECEIPT = 0x0040;
export const EV_DISPATCH = 0x0080;
export const EV_FORCEONESHOT = 0x0100;
export const EV_KEEPUDATA = 0x0200;
export const EV_SYSFLAGS = 0xf000;
export const EV_ERROR = 0x4000;
export const EV_EOF = 0x8000;

export const NOTE_LOWAT = 0x0001;
export const NOTE_FILE_POLL = 0x0002;
export const NOTE_DELETE = 0x0001;
export const NOTE_WRITE = 0x0002;
export const NOTE_EXTEND = 0x0004;
export const NOTE_ATTRIB = 0x0008;
export const NOTE_LINK = 0x0010;
export const NOTE_RENAME = 0x0020;
export const NOTE_REVOKE = 0x0040;
export const NOTE_OPEN = 0x0080;
export const NOTE_CLOSE = 0x0100;
export const NOTE_CLOSE_WRITE = 0x0200;
export const NOTE_READ = 0x0400;
export const NOTE_EXIT = 0x80000000;
export const NOTE_FORK = 0x40000000;
export const NOTE_EXEC = 0x20000000;
export const NOTE_TRACK = 0x0001;
export const NOTE_TRACKERR = 0x0002;
export const NOTE_CHILD = 0x0004;
export const NOTE_LINKUP = 0x0001;
export const NOTE_LINKDOWN = 0x0002;
export const NOTE_LINKINV = 0x0004;
export const NOTE_SECONDS = 0x0001;
export const NOTE_MSECONDS = 0x0002;
export const NOTE_USECONDS = 0x0004;
export const NOTE_NSECONDS = 0x0008;
export const NOTE_ABSTIME = 0x0010;
export const NOTE_FFAND = 0x40000000;
export const NOTE_FFOR = 0x80000000;
export const NOTE_FFCOPY = 0xc0000000;
export const NOTE_FFCTRLMASK = 0xc0000000;
export const NOTE_FFLAGSMASK = 0x00ffffff;
export const NOTE_TRIGGER = 0x01000000;

// Stat record: the properties of a descriptor, as `fd_stat` writes them.
//
//   0          4           8         16        24          32           40          48           56
//   | kind u32 | nlink u32 | ino u64 | dev u64 | bytes i64 | blocks i64 | flags u32 | offset i64 |

export const STAT_SIZE = 56;
export const STAT_KIND = 0;
export const STAT_NLINK = 4;
export const STAT_INO = 8;
export const STAT_DEV = 16;
export const STAT_BYTES = 24;
/** Blocks of 512 bytes that are allocated: less than the bytes if there are holes. */
export const STAT_BLOCKS = 32;
/** ACCESS_* bits. */
export const STAT_FLAGS = 40;
/** Position of the open file description; of a file or a directory, else 0. */
export const STAT_OFFSET = 48;

/** The descriptor may be read from. */
export const ACCESS_READ = 0x1;
/** The descriptor may be written to. */
export const ACCESS_WRITE = 0x2;
/** The descriptor is a FIFO: a pipe with a name, by which its other end may be opened again. */
export const ACCESS_NAMED = 0x4;

// Kinds of descriptors, as far as the filters differ.

export const FD_FILE = 1;
export const FD_DIRECTORY = 2;
/** A character or block device that is no terminal. */
export const FD_DEVICE = 3;
export const FD_TERMINAL = 4;
/** A pipe or a FIFO. */
export const FD_PIPE = 5;
/** A stream or SEQPACKET socket, connected or not, that does not listen. */
export const FD_STREAM = 6;
export const FD_LISTENER = 7;
/** A datagram socket. */
export const FD_DATAGRAM = 8;
export const FD_EVENTFD = 9;
export const FD_EPOLL = 10;
/** Anything else: timerfd, signalfd, inotify, pidfd, netlink and raw sockets … */
export const FD_OTHER = 11;

// Data record: one question about a descriptor, and the answer. `fd_data` takes an array.
//
//   0        4          8           16          20          24
//   | fd i32 | what u32 | value i64 | error i32 | state u32 |

export const DATA_SIZE = 24;
export const DATA_FD = 0;
export const DATA_WHAT = 4;
export const DATA_VALUE = 8;
/** 0, or the negative errno of the question: -EBADF if the descriptor is not open. */
export const DATA_ERROR = 16;
/** DATA_STATE_* bits, and in the low 16 bits the pending socket error; if asked for. */
export const DATA_STATE = 20;

/** Whether the descriptor is open: the value is 0. */
export const DATA_OPEN = 0;
/** Bytes that can be read: FIONREAD. Of a regular file, DATA_FILE as an int, so that it may be negative. */
export const DATA_READABLE = 1;
/** Bytes of send buffer that are free: SO_SNDBUF less SIOCOUTQ, not below 0. */
export const DATA_SENDABLE = 2;
/** Bytes a pipe has room for: F_GETPIPE_SZ less FIONREAD. */
export const DATA_PIPE_ROOM = 3;
/** Connections waiting to be accepted, as far as the kernel shows them; at least 1 is assumed. */
export const DATA_BACKLOG = 4;
/** Size of a file less the offset of the open file description; may be negative. */
export const DATA_FILE = 5;
/** Counter of an eventfd: 64 bits, to be read without a sign. */
export const DATA_COUNTER = 6;
/**
 * Bytes that reads give in all, also those behind an urgent mark, where FIONREAD stops. Of a TCP
 * socket; -EOPNOTSUPP of any other descriptor: its bytes have no mark.
 */
export const DATA_UNREAD = 7;
/** Added to one of the above: `state` is wanted, too. Of sockets. */
export const DATA_WITH_STATE = 0x100;

/** A stream socket that is not connected and has no error: neither end can have closed it. */
export const DATA_STATE_UNCONNECTED = 0x10000;
/** This end shut its writing half down. */
export const DATA_STATE_SHUT_WRITE = 0x20000;
export const DATA_STATE_ERRNO = 0xffff;

// Call block: how a host in JavaScript hands the arguments of a frequent call to its addon, and
// gets the result. Reading an argument from here costs a tenth of a Node-API call.
//
//   0             8                  24           28
//   | timeout f64 | arguments 4 × u32 | result i32 |

export const CALL_SIZE = 32;
export const CALL_TIMEOUT = 0;
export const CALL_ARGUMENTS = 8;
export const CALL_RESULT = 24;

/** Rescan interval, in ms: the time between two tests of a condition that no kernel call reports. */
export const RESCAN_MS = 10;

// Capabilities of a host, read once per core.

/** The kernel has epoll: epoll_create1, epoll_ctl and epoll_wait. */
export const CAPABILITY_EPOLL = 0x1;
/** The source calls (timers, signals, processes, file changes, links) are there. */
export const CAPABILITY_SOURCES = 0x2;
/** kqueue and kevent are the kernel's. */
export const CAPABILITY_KQUEUE = 0x4;

// Errors of a host: it returns the negative of these, whatever the platform's own
// numbers are. Only those that the core compares with or returns.

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EEXIST = 17;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENFILE = 23;
export const EPIPE = 32;
export const ENOSYS = 38;
export const ELOOP = 40;
export const EOPNOTSUPP = 95;

// Kinds of sources, in the order in which a harvest reads them. Each is a bit of a u32.

/** The second epoll set: entries of descriptors whose other filter is in the main set. */
export const SOURCE_SECOND = 0;
/** The kernel's timer. */
export const SOURCE_TIMER = 1;
/** The inotify instance of files. */
export const SOURCE_INOTIFY = 2;
/** The inotify instance of the directories that contain watched directories. */
export const SOURCE_PARENTS = 3;
/** The process connector. */
export const SOURCE_CONNECTOR = 4;
/** rtnetlink's link messages. */
export const SOURCE_RTNETLINK = 5;
/** Posts of other threads. */
export const SOURCE_POSTS = 6;
/** The eventfd that makes the queue's own descriptor readable. */
export const SOURCE_WAKE = 7;
/** A descriptor of one knote. */
export const SOURCE_KNOTE = 8;

// Registration record: one registration of an object, as `inspect()` reads it from the core. Of a poll,
// devpoll or epoll object only `ident`, `flags` (the event mask), `state` and `id` mean something.
//
//   0           8           16         24          32          36           40            44           48          52
//   | ident u64 | udata u64 | data i64 | sdata i64 | flags u32 | fflags u32 | sfflags u32 | filter i32 | state u32 | id u32 |

export const REGISTRATION_SIZE = 56;
/** The descriptor, or the ident of a knote. */
export const REGISTRATION_IDENT = 0;
export const REGISTRATION_UDATA = 8;
/** Data, and FFLAGS below: the event that the knote would report (kn_data, kn_fflags). */
export const REGISTRATION_DATA = 16;
/** Data, and SFFLAGS below: the change that made the knote (kn_sdata, kn_sfflags). */
export const REGISTRATION_SDATA = 24;
export const REGISTRATION_FLAGS = 32;
export const REGISTRATION_FFLAGS = 36;
export const REGISTRATION_SFFLAGS = 40;
export const REGISTRATION_FILTER = 44;
/** REGISTRATION_DISABLED and REGISTRATION_ACTIVE. */
export const REGISTRATION_STATE = 48;
/** A number that no other registration of the object has while this one lasts. */
export const REGISTRATION_ID = 52;

// The lists that an inspecting call walks over.

/** All registrations. */
export const INSPECT_ALL = 0;
/** The ready list of an epoll, or the active list of a kqueue. */
export const INSPECT_READY = 1;
/** The descriptors of the core's own that a kqueue waits on: SOURCE_* as `filter`, `ident` the descriptor. */
export const INSPECT_SOURCES = 2;

/** State: the registration reports nothing until it is changed. */
export const REGISTRATION_DISABLED = 1;
/** State: the event of the knote has happened and was not reported since (KN_ACTIVE). */
export const REGISTRATION_ACTIVE = 2;

// Results of the program's own transfers that the core learns of, besides a number of bytes.

/** The transfer would have blocked, or did not take everything. */
export const TRANSFER_BLOCKED = -1;
/** The socket was shut down. */
export const TRANSFER_SHUTDOWN = -2;

// Results of a core call that the core itself refuses.

/** The descriptor is not registered. Python: KeyError or FileNotFoundError. */
export const ERROR_NOT_REGISTERED = -1001;
/** The handle names no object of that kind: closed, of another kind, or made up. */
export const ERROR_BAD_HANDLE = -1002;
