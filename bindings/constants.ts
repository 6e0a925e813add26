// The constants of all five APIs, on every platform: POLL* and EPOLL* have Linux's values, KQ_*
// FreeBSD's, whatever system this is; hosts translate. One literal each, so that TypeScript knows
// the value.

// poll
/** Data can be read without blocking, or a connection accepted. */
export const POLLIN = 0x0001;
/** Urgent data can be read. */
export const POLLPRI = 0x0002;
/** Data can be written without blocking. */
export const POLLOUT = 0x0004;
/** An error is pending. Reported without being asked for. */
export const POLLERR = 0x0008;
/** The peer hung up. Reported without being asked for. */
export const POLLHUP = 0x0010;
/** The descriptor is not open. Reported without being asked for. */
export const POLLNVAL = 0x0020;
/** Normal data can be read. */
export const POLLRDNORM = 0x0040;
/** Priority band data can be read. */
export const POLLRDBAND = 0x0080;
/** Normal data can be written. */
export const POLLWRNORM = 0x0100;
/** Priority band data can be written. */
export const POLLWRBAND = 0x0200;
/** Unused by Linux. */
export const POLLMSG = 0x0400;
/** devpoll: forget the descriptor. Not in CPython. */
export const POLLREMOVE = 0x1000;
/** The peer shut down its writing half. */
export const POLLRDHUP = 0x2000;

// epoll
/** Data can be read without blocking, or a connection accepted. */
export const EPOLLIN = 0x0001;
/** Urgent data can be read. */
export const EPOLLPRI = 0x0002;
/** Data can be written without blocking. */
export const EPOLLOUT = 0x0004;
/** An error is pending. Reported without being asked for. */
export const EPOLLERR = 0x0008;
/** The peer hung up. Reported without being asked for. */
export const EPOLLHUP = 0x0010;
/** Normal data can be read. */
export const EPOLLRDNORM = 0x0040;
/** Priority band data can be read. */
export const EPOLLRDBAND = 0x0080;
/** Normal data can be written. */
export const EPOLLWRNORM = 0x0100;
/** Priority band data can be written. */
export const EPOLLWRBAND = 0x0200;
/** Ignored. */
export const EPOLLMSG = 0x0400;
/** The peer shut down its writing half. */
export const EPOLLRDHUP = 0x2000;
/** Wake one of several epolls that watch one file. */
export const EPOLLEXCLUSIVE = 0x10000000;
/** Keep the system awake while the event is handled. */
export const EPOLLWAKEUP = 0x20000000;
/** Report once, then stay silent until modified. */
export const EPOLLONESHOT = 0x40000000;
/** Edge triggered: report changes, not states. */
export const EPOLLET = 0x80000000;
/** Flag of `epoll()`: close on exec, which is the case anyway. */
export const EPOLL_CLOEXEC = 0x80000;

// kqueue: filters
export const KQ_FILTER_READ = -1;
export const KQ_FILTER_WRITE = -2;
export const KQ_FILTER_AIO = -3;
export const KQ_FILTER_VNODE = -4;
export const KQ_FILTER_PROC = -5;
export const KQ_FILTER_SIGNAL = -6;
export const KQ_FILTER_TIMER = -7;
/** Network interfaces; the number of FreeBSD before 10, which later ones gave up. */
export const KQ_FILTER_NETDEV = -8;
/** User events. Not in CPython. */
export const KQ_FILTER_USER = -11;

// kqueue: flags
export const KQ_EV_ADD = 0x0001;
export const KQ_EV_DELETE = 0x0002;
export const KQ_EV_ENABLE = 0x0004;
export const KQ_EV_DISABLE = 0x0008;
export const KQ_EV_ONESHOT = 0x0010;
export const KQ_EV_CLEAR = 0x0020;
/** Answer every change with an entry. Not in CPython. */
export const KQ_EV_RECEIPT = 0x0040;
/** Disable after a report. Not in CPython. */
export const KQ_EV_DISPATCH = 0x0080;
export const KQ_EV_SYSFLAGS = 0xf000;
export const KQ_EV_FLAG1 = 0x2000;
export const KQ_EV_ERROR = 0x4000;
export const KQ_EV_EOF = 0x8000;

// kqueue: notes of READ and WRITE, VNODE, PROC, NETDEV
export const KQ_NOTE_LOWAT = 0x0001;
export const KQ_NOTE_DELETE = 0x0001;
export const KQ_NOTE_WRITE = 0x0002;
export const KQ_NOTE_EXTEND = 0x0004;
export const KQ_NOTE_ATTRIB = 0x0008;
export const KQ_NOTE_LINK = 0x0010;
export const KQ_NOTE_RENAME = 0x0020;
export const KQ_NOTE_REVOKE = 0x0040;
export const KQ_NOTE_EXIT = 0x80000000;
export const KQ_NOTE_FORK = 0x40000000;
export const KQ_NOTE_EXEC = 0x20000000;
export const KQ_NOTE_PCTRLMASK = 0xf0000000;
export const KQ_NOTE_PDATAMASK = 0x000fffff;
export const KQ_NOTE_TRACK = 0x0001;
export const KQ_NOTE_TRACKERR = 0x0002;
export const KQ_NOTE_CHILD = 0x0004;
export const KQ_NOTE_LINKUP = 0x0001;
export const KQ_NOTE_LINKDOWN = 0x0002;
export const KQ_NOTE_LINKINV = 0x0004;

// kqueue: notes of TIMER and USER, which CPython does not have
export const KQ_NOTE_SECONDS = 0x0001;
export const KQ_NOTE_MSECONDS = 0x0002;
export const KQ_NOTE_USECONDS = 0x0004;
export const KQ_NOTE_NSECONDS = 0x0008;
export const KQ_NOTE_ABSTIME = 0x0010;
export const KQ_NOTE_FFNOP = 0x00000000;
export const KQ_NOTE_FFAND = 0x40000000;
export const KQ_NOTE_FFOR = 0x80000000;
export const KQ_NOTE_FFCOPY = 0xc0000000;
export const KQ_NOTE_FFCTRLMASK = 0xc0000000;
export const KQ_NOTE_FFLAGSMASK = 0x00ffffff;
export const KQ_NOTE_TRIGGER = 0x01000000;

/** Bytes that are written to a pipe whole or not at all. Linux's. */
export const PIPE_BUF = 4096;
