// The constants of omnipoll/os, with Linux's values (of x86 and ARM) whatever system this is.
// One literal each, so that TypeScript knows the value.

// Families of socket().
/** Sockets of this machine, with paths for addresses. */
export const AF_UNIX = 1;
/** IPv4. */
export const AF_INET = 2;
/** IPv6. */
export const AF_INET6 = 10;

// Types of socket().
/** A stream of bytes. */
export const SOCK_STREAM = 1;
/** Datagrams. */
export const SOCK_DGRAM = 2;
/** Records, on a connection that keeps their order and bounds. */
export const SOCK_SEQPACKET = 5;
/** Added to a type: non-blocking. */
export const SOCK_NONBLOCK = 0x800;
/** Added to a type: close-on-exec, which everything made here is anyway. */
export const SOCK_CLOEXEC = 0x80000;

// Halves for shutdown().
/** No more reading. */
export const SHUT_RD = 0;
/** No more writing: the peer reads the end. */
export const SHUT_WR = 1;
/** Neither. */
export const SHUT_RDWR = 2;

// Flags of send() and recv().
/** Urgent data. */
export const MSG_OOB = 0x1;
/** Look at the data and leave it there. */
export const MSG_PEEK = 0x2;
/** Do not block, this once. */
export const MSG_DONTWAIT = 0x40;

// Levels and options of getsockopt() and setsockopt().
/** Level of the SO_* options. */
export const SOL_SOCKET = 1;
/** Reuse a local address that a closed connection still holds. */
export const SO_REUSEADDR = 2;
/** SOCK_*, without flags. */
export const SO_TYPE = 3;
/** Pending errno, which reading clears. */
export const SO_ERROR = 4;
/** Size of the send buffer in bytes; Linux doubles what is set. */
export const SO_SNDBUF = 7;
/** Size of the receive buffer in bytes; Linux doubles what is set. */
export const SO_RCVBUF = 8;
/** Leave urgent data in the stream. */
export const SO_OOBINLINE = 10;
/** What closing does with unsent data: two ints, whether to wait and how many seconds. */
export const SO_LINGER = 13;
/** Several sockets on one address. */
export const SO_REUSEPORT = 15;
/** Bytes that must have come for the socket to be readable. */
export const SO_RCVLOWAT = 18;
/** AF_*; read only. */
export const SO_DOMAIN = 39;
/** Level of the TCP_* options, and protocol number of TCP. */
export const IPPROTO_TCP = 6;
/** Send small segments at once. */
export const TCP_NODELAY = 1;

// Flags of pipe2().
/** Non-blocking. */
export const O_NONBLOCK = 0x800;
/** Close-on-exec, which everything made here is anyway. */
export const O_CLOEXEC = 0x80000;

// Flags of eventfd().
/** A read takes 1, not everything. */
export const EFD_SEMAPHORE = 0x1;
/** Non-blocking. */
export const EFD_NONBLOCK = 0x800;
/** Close-on-exec, which everything made here is anyway. */
export const EFD_CLOEXEC = 0x80000;
