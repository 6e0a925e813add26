// Layouts and numbers of wasi_snapshot_preview1, as witx and wasi-libc's wasip1.h have them. All numbers are
// little endian. Read by asc and, through wasi/preview1.ts, by tsc: as in asm/abi.ts, one integer of at most
// 32 bits per constant.

// Subscription: a call of poll_oneoff waits for these.
//
//   0              8        16                      24            32              40
//   | userdata u64 | tag u8 | clock id u32 / fd u32 | timeout u64 | precision u64 | flags u16 |

export const SUBSCRIPTION_SIZE = 48;
/** 64 bits that the event returns. */
export const SUBSCRIPTION_USERDATA = 0;
export const SUBSCRIPTION_TYPE = 8;
export const SUBSCRIPTION_FD = 16;
export const SUBSCRIPTION_CLOCK = 16;
/** Nanoseconds, 64 bits. */
export const SUBSCRIPTION_TIMEOUT = 24;
export const SUBSCRIPTION_FLAGS = 40;

export const TYPE_CLOCK = 0;
export const TYPE_READ = 1;
export const TYPE_WRITE = 2;
export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
/** The timeout is a time on the clock, not a duration. */
export const CLOCK_ABSOLUTE = 1;

// Event: a call of poll_oneoff returns these.
//
//   0              8           10        16           24
//   | userdata u64 | error u16 | type u8 | nbytes u64 | flags u16 |

export const EVENT_SIZE = 32;
export const EVENT_USERDATA = 0;
export const EVENT_ERROR = 8;
export const EVENT_TYPE = 10;
/** Number of bytes that can be read or written, 64 bits. */
export const EVENT_BYTES = 16;
export const EVENT_FLAGS = 24;
export const FLAG_HANGUP = 1;

// Types of files.

export const TYPE_UNKNOWN = 0;
export const TYPE_BLOCK_DEVICE = 1;
export const TYPE_CHARACTER_DEVICE = 2;
export const TYPE_DIRECTORY = 3;
export const TYPE_REGULAR_FILE = 4;
export const TYPE_DATAGRAM = 5;
export const TYPE_STREAM = 6;

// fdstat.
//
//   0               2           4   8                  16
//   | filetype u8 | flags u16 |   | rights base u64 | rights inheriting u64 |

export const FDSTAT_SIZE = 24;
export const FDSTAT_TYPE = 0;
export const FDSTAT_FLAGS = 2;
export const FDSTAT_RIGHTS = 8;

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
