// The import table of the standalone core: the functions of wasi_snapshot_preview1 that it calls, and no
// others. asc names the import module after this file. Each returns 0 or an error number of WASI.

/** Waits for `count` subscriptions, and writes as many events at most, and at `found` how many. */
export declare function poll_oneoff(
  subscriptions: usize,
  events: usize,
  count: i32,
  found: usize,
): i32;

/** Writes the time of a clock, u64 in ns. */
export declare function clock_time_get(clock: i32, precision: u64, time: usize): i32;

/** Writes the filestat of a descriptor. */
export declare function fd_filestat_get(fd: i32, filestat: usize): i32;

/** Writes the fdstat of a descriptor. */
export declare function fd_fdstat_get(fd: i32, fdstat: usize): i32;

/** Writes the offset of a descriptor, u64. */
export declare function fd_tell(fd: i32, offset: usize): i32;

/** Closes a descriptor. */
export declare function fd_close(fd: i32): i32;
