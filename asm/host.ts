// The import table of the core: every function a host gives it, one per method of
// interface Host (host/host.ts), which documents them. asc names the import module after
// this file and the import after the function, so no decorator is needed, and every tool
// can parse the file. A host without a call returns -ENOSYS from it: the table never varies.

/** CAPABILITY_* bits of this host. Constant. */
export declare function capabilities(): u32;

/** Milliseconds on a clock that never goes back; only differences mean anything. */
export declare function now(): f64;

/**
 * Waits until one of `count` poll records at `records` is ready, writing their ready masks.
 * `timeoutMs` < 0 waits for ever. Returns how many are ready, or a negative errno.
 */
export declare function poll(records: usize, count: i32, timeoutMs: f64): i32;

/** Closes a descriptor this core was given by the host. */
export declare function close(fd: i32): i32;

/** New epoll; returns its descriptor. */
export declare function epoll_create1(flags: i32): i32;

/** Adds, modifies or deletes (`op` is EPOLL_CTL_*) the registration of `fd`. */
export declare function epoll_ctl(epfd: i32, op: i32, fd: i32, mask: u32): i32;

/** Waits, then writes at most `capacity` ready records at `ready`; returns how many. */
export declare function epoll_wait(epfd: i32, ready: usize, capacity: i32, timeoutMs: f64): i32;
