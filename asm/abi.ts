// What the core, the hosts and the bindings agree on. Read by asc (asm/), by tsc
// (bindings/, host/, test/) and, through host/native/abi.h, by the C compiler.
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
/** The peer shut down its writing half. */
export const EVENT_RDHUP = 0x2000;
/** Wake one of several epolls that watch the same file (EPOLLEXCLUSIVE). */
export const EVENT_EXCLUSIVE = 0x10000000;
/** Keep the system awake while the event is handled (EPOLLWAKEUP). */
export const EVENT_WAKEUP = 0x20000000;
/** Report once, then stay silent until modified (EPOLLONESHOT). */
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

// Call block: how a host in JavaScript hands the arguments of a frequent call to its addon, and
// gets the result. Reading an argument from here costs a tenth of a Node-API call.
//
//   0             8                  24           28
//   | timeout f64 | arguments 4 × u32 | result i32 |

export const CALL_SIZE = 32;
export const CALL_TIMEOUT = 0;
export const CALL_ARGUMENTS = 8;
export const CALL_RESULT = 24;

// Capabilities of a host, read once per core.

/** epoll_create1, epoll_ctl and epoll_wait are the kernel's. */
export const CAPABILITY_EPOLL = 0x1;

// What a host returns when it fails: the negative of these, whatever the platform's own
// numbers are. Only those the core itself looks at or returns.

export const ENOENT = 2;
export const EINTR = 4;
export const EBADF = 9;
export const ENOMEM = 12;
export const EINVAL = 22;
export const ENFILE = 23;
export const ENOSYS = 38;

// What a core call returns when the core itself refuses it.

/** The descriptor is not registered. Python: KeyError or FileNotFoundError. */
export const ERROR_NOT_REGISTERED = -1001;
/** The handle names no object of that kind: closed, of another kind, or made up. */
export const ERROR_BAD_HANDLE = -1002;
