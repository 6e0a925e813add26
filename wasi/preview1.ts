// Layouts and numbers of wasi_snapshot_preview1, as witx and wasi-libc's wasip1.h have them. All numbers
// are little endian.

// Subscription: a call of poll_oneoff waits for these.
//
//   0              8        16                      24          32            40
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

/** The fields of an event besides the user data and the type. */
export interface Answer {
  readonly error: number;
  readonly bytes: number;
  readonly flags: number;
}

/** Writes an event of 32 bytes, all of them. */
export function writeEvent(
  view: DataView,
  at: number,
  userdata: bigint,
  type: number,
  { error, bytes, flags }: Answer,
): void {
  view.setBigUint64(at + EVENT_USERDATA, userdata, true);
  // The error, the type, and the unused bytes behind them.
  view.setUint32(at + EVENT_ERROR, error | (type << 16), true);
  view.setUint32(at + EVENT_ERROR + 4, 0, true);
  view.setUint32(at + EVENT_BYTES, bytes % 2 ** 32, true);
  view.setUint32(at + EVENT_BYTES + 4, Math.floor(bytes / 2 ** 32), true);
  view.setUint32(at + EVENT_FLAGS, flags, true);
  view.setUint32(at + EVENT_FLAGS + 4, 0, true);
}
