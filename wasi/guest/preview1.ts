// Layouts and numbers of wasi_snapshot_preview1 for descriptors, as witx and wasi-libc's wasip1.h have them.

export const TYPE_UNKNOWN = 0;
export const TYPE_BLOCK_DEVICE = 1;
export const TYPE_CHARACTER_DEVICE = 2;
export const TYPE_DIRECTORY = 3;
export const TYPE_REGULAR_FILE = 4;
export const TYPE_DATAGRAM = 5;
export const TYPE_STREAM = 6;

/** fdflags: reads and writes do not wait. */
export const FDFLAG_NONBLOCK = 4;

// fdstat.
//
//   0               2         8                   16
//   | filetype u8 | flags u16 | rights base u64 | rights inheriting u64 |

export const FDSTAT_SIZE = 24;
export const FDSTAT_TYPE = 0;
export const FDSTAT_FLAGS = 2;
export const FDSTAT_RIGHTS = 8;

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

// filestat.
//
//   0         8         16              24          32         40       48       56
//   | dev u64 | ino u64 | filetype u8 | nlink u64 | size u64 | atim u64 | mtim u64 | ctim u64 |

export const FILESTAT_SIZE = 64;
export const FILESTAT_DEV = 0;
export const FILESTAT_INO = 8;
export const FILESTAT_TYPE = 16;
export const FILESTAT_NLINK = 24;
export const FILESTAT_BYTES = 32;

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
