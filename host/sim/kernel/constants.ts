// Linux's numbers that only the simulated kernel needs. The others are in asm/abi.ts.

import { EVENT_ERR, EVENT_HUP } from "../../../asm/abi.ts";

export const EIO = 5;
export const ENXIO = 6;
export const ECHILD = 10;
export const EFAULT = 14;
export const EBUSY = 16;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EMFILE = 24;
export const ENOTTY = 25;
export const ESPIPE = 29;
export const EDEADLK = 35;
export const ENAMETOOLONG = 36;
export const ENOTEMPTY = 39;
export const ELOOP = 40;
export const EPROTO = 71;
export const EOVERFLOW = 75;
export const ENOTSOCK = 88;
export const EDESTADDRREQ = 89;
export const EMSGSIZE = 90;
export const EPROTOTYPE = 91;
export const ENOPROTOOPT = 92;
export const EPROTONOSUPPORT = 93;
export const ESOCKTNOSUPPORT = 94;
export const EAFNOSUPPORT = 97;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETUNREACH = 101;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const EISCONN = 106;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EALREADY = 114;
export const EINPROGRESS = 115;
export const ECANCELED = 125;

// Flags of open(2). An open file description keeps O_ACCMODE, O_APPEND and O_NONBLOCK.

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_ACCMODE = 3;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_DIRECTORY = 0o200000;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;

/** Event bits that a wait reports whether they were requested or not. */
export const ALWAYS = EVENT_ERR | EVENT_HUP;

/** Returned by a call that is still asleep while the program goes on. It is no errno. */
export const PENDING = -(2 ** 30);
