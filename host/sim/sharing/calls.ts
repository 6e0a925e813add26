// Which calls another thread may make, and which of their arguments are memory.

import { CALL_NAMES, callOf, type CallName, type Stretch, stretchesOf } from "../../calls.ts";
import type { OsHost } from "../../os.ts";

/** Calls of a host that cross as numbers of 32 bits; the others have numbers of their own below. */
export const HOST_NAMES: readonly CallName[] = CALL_NAMES.filter(
  (name) => callOf(name).type === undefined,
);

/** Stretches of a core's memory that a call takes. Arguments are counted without the memory. */
export const STRETCHES: ReadonlyMap<CallName, readonly Stretch[]> = new Map(
  HOST_NAMES.map((name) => [name, stretchesOf(name)]),
);

/** Arguments of the call that has most. */
export const MOST_NUMBERS = Math.max(...HOST_NAMES.map((name) => callOf(name).takes.length));

/** Calls of OsHost; their typed arrays cross as they are. */
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

// Numbers of calls: those of Host, those of OsHost from 100 on, and a few more.

export const FIRST_OS_CALL = 100;
export const CALL_CAPABILITIES = 200;
export const CALL_NOW = 201;
export const CALL_REALTIME = 202;
/** Lets time pass for the calling thread. */
export const CALL_SLEEP = 203;
