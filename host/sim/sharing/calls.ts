// The calls that another thread may make, and which of their arguments are memory.

import { CALL_NAMES, callOf, type CallName, type Stretch, stretchesOf } from "../../calls.ts";
import type { OsHost } from "../../os.ts";

/** Calls of Host with 32-bit arguments and results. The other calls have CALL_* numbers below. */
export const HOST_NAMES: readonly CallName[] = CALL_NAMES.filter(
  (name) => callOf(name).type === undefined,
);

/** The stretches of a core's memory that each call takes. Argument numbers do not count the memory. */
export const STRETCHES: ReadonlyMap<CallName, readonly Stretch[]> = new Map(
  HOST_NAMES.map((name) => [name, stretchesOf(name)]),
);

/** The largest number of arguments of a call. */
export const MOST_NUMBERS = Math.max(...HOST_NAMES.map((name) => callOf(name).takes.length));

/** Calls of OsHost, whose typed arrays are copied to the other thread and back. */
export const OS_CALLS: ReadonlyArray<keyof OsHost> = [
  "close",
  "pipe2",
  "read",
  "write",
  "dup",
  "get_blocking",
  "set_blocking",
  "get_inheritable",
  "set_inheritable",
  "mkfifo",
  "eventfd",
  "kill",
  "pidfd_open",
  "socketpair",
  "socket",
  "bind",
  "connect",
  "listen",
  "accept",
  "getsockname",
  "getpeername",
  "shutdown",
  "send",
  "recv",
  "getsockopt",
  "setsockopt",
];

// Numbers of calls: calls of Host from 0 on, calls of OsHost from 100 on, and these.

export const FIRST_OS_CALL = 100;
export const CALL_CAPABILITIES = 200;
export const CALL_NOW = 201;
export const CALL_REALTIME = 202;
/** Lets time pass for the calling thread. */
export const CALL_SLEEP = 203;
