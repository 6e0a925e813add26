// Layouts and numbers of wasi_snapshot_preview1 for descriptors, as witx and wasi-libc's wasip1.h have them.

export {
  FDSTAT_FLAGS,
  FDSTAT_RIGHTS,
  FDSTAT_SIZE,
  FDSTAT_TYPE,
  FILESTAT_BYTES,
  FILESTAT_DEV,
  FILESTAT_INO,
  FILESTAT_NLINK,
  FILESTAT_SIZE,
  FILESTAT_TYPE,
  TYPE_BLOCK_DEVICE,
  TYPE_CHARACTER_DEVICE,
  TYPE_DATAGRAM,
  TYPE_DIRECTORY,
  TYPE_REGULAR_FILE,
  TYPE_STREAM,
  TYPE_UNKNOWN,
} from "../../asm/standalone/preview1.ts";

/** fdflags: reads and writes do not wait. */
export const FDFLAG_NONBLOCK = 4;

// Rights of an fdstat, 64 bits.

export const RIGHT_READ = 1n << 1n;
export const RIGHT_SEEK = 1n << 2n;
export const RIGHT_SET_FLAGS = 1n << 3n;
export const RIGHT_TELL = 1n << 5n;
export const RIGHT_WRITE = 1n << 6n;
export const RIGHT_PATH_OPEN = 1n << 13n;
export const RIGHT_PATH_STAT = 1n << 18n;
export const RIGHT_STAT = 1n << 21n;
export const RIGHT_POLL = 1n << 27n;
export const RIGHT_SHUTDOWN = 1n << 28n;
export const RIGHT_ACCEPT = 1n << 29n;

// prestat: tag u8, 0 for a directory; length u32 of its name.

export const PRESTAT_SIZE = 8;
export const PRESTAT_LENGTH = 4;

/** iovec and ciovec: address u32, length u32. */
export const VECTOR_SIZE = 8;

export const RECV_PEEK = 1;
export const RECV_WAITALL = 2;
/** roflags: the message was longer than the buffers. */
export const RECV_TRUNCATED = 1;
export const SHUT_READ = 1;
export const SHUT_WRITE = 2;
