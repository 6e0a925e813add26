// The host of the standalone core: the calls of the waist over wasi_snapshot_preview1. compile.mjs puts this
// file in the place of asm/host.ts, whose calls are imports. asc does not find a function by `host.name` that
// another file exports under that name: the calls here are functions of this file.

import { linuxErrno } from "./errno";
import { closeName, isName, openName, readName, writeName } from "./names";
import { pollRecords } from "./poll";
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from "./preview1";
import { answerRecords, describe } from "./stat";
import { clock_time_get, fd_close } from "./wasi_snapshot_preview1";

export * from "./absent";

const NS: f64 = 1e6;
/** How exact a clock has to be, in ns: to a microsecond. */
const PRECISION: u64 = 1000;

const time: usize = memory.data(8, 8);

/** The runtime has neither epoll nor kqueue: the core translates both to poll(2). */
export function capabilities(): u32 {
  return 0;
}

/** Milliseconds on a clock; 0 if the runtime lacks the clock. */
function millisecondsOf(clock: i32): f64 {
  if (clock_time_get(clock, PRECISION, time) !== 0) return 0;
  return (load<u64>(time) as f64) / NS;
}

/** Milliseconds on a clock that never goes back, and may begin at 0. */
export function now(): f64 {
  return millisecondsOf(CLOCK_MONOTONIC);
}

/** Milliseconds since 1970 on the clock that people set. */
export function realtime(): f64 {
  return millisecondsOf(CLOCK_REALTIME);
}

/** close(2) of a name, or of a descriptor of the runtime that an object was made from (epoll.fromfd). */
export function close(fd: i32): i32 {
  return isName(fd) ? closeName(fd) : -linuxErrno(fd_close(fd));
}

/** poll(2), without urgent data. */
export function poll(records: usize, count: i32, timeoutMs: f64): i32 {
  return pollRecords(records, count, timeoutMs);
}

/** Writes a stat record of a descriptor. */
export function fd_stat(fd: i32, address: usize): i32 {
  return describe(fd, address);
}

/** Answers `count` data records. */
export function fd_data(records: usize, count: i32): i32 {
  return answerRecords(records, count);
}

/** eventfd(2) with counter 0: a name. */
export function eventfd(): i32 {
  return openName();
}

/** read(2) of a name. The core reads no descriptor of the runtime. */
export function read(fd: i32, address: usize, length: i32): i32 {
  return readName(fd, address, length);
}

/** write(2) of a name. The core writes to no descriptor of the runtime. */
export function write(fd: i32, address: usize, length: i32): i32 {
  return writeName(fd, address, length);
}
