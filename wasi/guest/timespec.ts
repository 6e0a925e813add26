// struct timespec and struct itimerspec of wasi-libc on wasm32: time_t has 64 bits, long has 32.
//
//   0            8              12
//   | tv_sec i64 | tv_nsec i32 | (unused)
//
// itimerspec: the interval, then the value.

export const TIMESPEC_SIZE = 16;
export const TIMESPEC_SECONDS = 0;
export const TIMESPEC_NANOSECONDS = 8;

export const ITIMERSPEC_SIZE = 2 * TIMESPEC_SIZE;
export const ITIMERSPEC_INTERVAL = 0;
export const ITIMERSPEC_VALUE = TIMESPEC_SIZE;

export const NS_PER_SECOND = 1_000_000_000n;
export const NS_PER_MS = 1_000_000;

/** A duration in ns; undefined if it is negative, or has a second or more of nanoseconds. */
export function readTimespec(view: DataView, at: number): bigint | undefined {
  const seconds = view.getBigInt64(at + TIMESPEC_SECONDS, true);
  const nanoseconds = view.getInt32(at + TIMESPEC_NANOSECONDS, true);
  const isValid = seconds >= 0n && nanoseconds >= 0 && nanoseconds < Number(NS_PER_SECOND);
  return isValid ? seconds * NS_PER_SECOND + BigInt(nanoseconds) : undefined;
}

/** Writes a duration in ns, all 16 bytes. */
export function writeTimespec(view: DataView, at: number, ns: bigint): void {
  view.setBigInt64(at + TIMESPEC_SECONDS, ns / NS_PER_SECOND, true);
  view.setBigInt64(at + TIMESPEC_NANOSECONDS, ns % NS_PER_SECOND, true);
}
