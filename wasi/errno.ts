// Error numbers of WASI: its own, in the order of the names. Those that cross the waist are Linux's.

import { describeErrno } from "../host/errno.ts";

/** The names without their E, by number (errno in typenames.witx). */
const NAMES =
  "SUCCESS 2BIG ACCES ADDRINUSE ADDRNOTAVAIL AFNOSUPPORT AGAIN ALREADY BADF BADMSG BUSY CANCELED CHILD \
CONNABORTED CONNREFUSED CONNRESET DEADLK DESTADDRREQ DOM DQUOT EXIST FAULT FBIG HOSTUNREACH IDRM ILSEQ \
INPROGRESS INTR INVAL IO ISCONN ISDIR LOOP MFILE MLINK MSGSIZE MULTIHOP NAMETOOLONG NETDOWN NETRESET \
NETUNREACH NFILE NOBUFS NODEV NOENT NOEXEC NOLCK NOLINK NOMEM NOMSG NOPROTOOPT NOSPC NOSYS NOTCONN NOTDIR \
NOTEMPTY NOTRECOVERABLE NOTSOCK NOTSUP NOTTY NXIO OVERFLOW OWNERDEAD PERM PIPE PROTO PROTONOSUPPORT \
PROTOTYPE RANGE ROFS SPIPE SRCH STALE TIMEDOUT TXTBSY XDEV NOTCAPABLE".split(" ");

/** Linux's names of errors that WASI names otherwise. */
const ALIASES: Record<string, string> = { EOPNOTSUPP: "NOTSUP", ENOTSUP: "NOTSUP" };

export const WASI_AGAIN = 6;
export const WASI_BADF = 8;
export const WASI_CANCELED = 11;
export const WASI_DEADLK = 16;
export const WASI_EXIST = 20;
export const WASI_FAULT = 21;
export const WASI_INTR = 27;
export const WASI_INVAL = 28;
export const WASI_IO = 29;
export const WASI_NAMETOOLONG = 37;
export const WASI_NOENT = 44;
export const WASI_NOMEM = 48;
export const WASI_NOSYS = 52;
export const WASI_NOTDIR = 54;
export const WASI_NOTSOCK = 57;
export const WASI_NOTSUP = 58;
export const WASI_PERM = 63;
export const WASI_PIPE = 64;
export const WASI_ROFS = 69;
export const WASI_SPIPE = 70;
export const WASI_NOTCAPABLE = 76;

/** The highest number of Linux that the table looks at: EHWPOISON. */
const HIGHEST = 133;

const toWasi = new Map<number, number>();
const toLinux = new Map<number, number>();
for (let errno = HIGHEST; errno > 0; errno--) {
  const [code] = describeErrno(errno);
  const number = NAMES.indexOf(ALIASES[code] ?? code.slice(1));
  if (number <= 0) continue;
  toWasi.set(errno, number);
  toLinux.set(number, errno);
}

/** WASI's number of a positive errno of Linux; IO if WASI has no such error. */
export function wasiErrno(errno: number): number {
  return toWasi.get(errno) ?? WASI_IO;
}

/** Linux's errno of a number of WASI; EIO if Linux has no such error. */
export function linuxErrno(number: number): number {
  return toLinux.get(number) ?? 5;
}
