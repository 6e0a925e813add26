// The constants of omnipoll/os, with Linux's values (of x86 and ARM) on every platform. Each is one
// literal, so that TypeScript knows the value.

// Families of socket().
/** Family of sockets within this machine, whose addresses are paths. */
export const AF_UNIX = 1;
/** Family of IPv4. */
export const AF_INET = 2;
/** Family of IPv6. */
export const AF_INET6 = 10;

// Types of socket().
/** Type of a socket: a stream of bytes. */
export const SOCK_STREAM = 1;
/** Type of a socket: datagrams. */
export const SOCK_DGRAM = 2;
/** Type of a socket: records, on a connection that keeps their order and bounds. */
export const SOCK_SEQPACKET = 5;
/** Flag of a type: the socket does not block. */
export const SOCK_NONBLOCK = 0x800;
/** Flag of a type: close-on-exec. Every socket made here is close-on-exec without it. */
export const SOCK_CLOEXEC = 0x80000;

// Halves for shutdown().
/** Shuts down the reading half. */
export const SHUT_RD = 0;
/** Shuts down the writing half: the peer reads the end of the stream. */
export const SHUT_WR = 1;
/** Shuts down both halves. */
export const SHUT_RDWR = 2;

// Flags of send() and recv().
/** Sends or receives urgent data. */
export const MSG_OOB = 0x1;
/** Receives data and leaves it in the socket. */
export const MSG_PEEK = 0x2;
/** This call does not block. */
export const MSG_DONTWAIT = 0x40;

// Levels and options of getsockopt() and setsockopt().
/** Level of the SO_* options. */
export const SOL_SOCKET = 1;
/** Option: `bind` may reuse an address that a closed connection still holds. */
export const SO_REUSEADDR = 2;
/** Option: the type of the socket, SOCK_* without flags; read only. */
export const SO_TYPE = 3;
/** Option: the pending errno, which reading the option clears; read only. */
export const SO_ERROR = 4;
/** Option: the size of the send buffer in bytes. Linux doubles the value that is set. */
export const SO_SNDBUF = 7;
/** Option: the size of the receive buffer in bytes. Linux doubles the value that is set. */
export const SO_RCVBUF = 8;
/** Option: urgent data stays in the stream. */
export const SO_OOBINLINE = 10;
/** Option: `close` waits for unsent data. The value is two ints: whether to wait, and seconds. */
export const SO_LINGER = 13;
/** Option: several sockets may have one address. */
export const SO_REUSEPORT = 15;
/** Option: the number of bytes from which the socket is readable. */
export const SO_RCVLOWAT = 18;
/** Option: the family of the socket, AF_*; read only. */
export const SO_DOMAIN = 39;
/** Level of the TCP_* options, and protocol number of TCP. */
export const IPPROTO_TCP = 6;
/** Option: TCP sends small segments at once. */
export const TCP_NODELAY = 1;

// Flags of pipe2().
/** The pipe does not block. */
export const O_NONBLOCK = 0x800;
/** Close-on-exec. Every pipe made here is close-on-exec without it. */
export const O_CLOEXEC = 0x80000;

// Flags of eventfd().
/** A read takes 1 instead of the whole value. */
export const EFD_SEMAPHORE = 0x1;
/** The eventfd does not block. */
export const EFD_NONBLOCK = 0x800;
/** Close-on-exec. Every eventfd made here is close-on-exec without it. */
export const EFD_CLOEXEC = 0x80000;
