// The calls that another thread may make, and which of their arguments are memory.

import type { CallName } from "../../call.ts";
import { CALL_NAMES, callOf, type Stretch, stretchesOf } from "../../calls.ts";
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

/**
 * The calls of OsHost and their arguments: n is a number, b an array of bytes, i an array of 32-bit words.
 * Arrays are copied to the owner of the kernel and back.
 */
export const OS_ARGUMENTS: Record<keyof OsHost, string> = {
  close: "n",
  pipe2: "in",
  read: "nbn",
  write: "nb",
  dup: "n",
  get_blocking: "n",
  set_blocking: "nn",
  get_inheritable: "n",
  set_inheritable: "nn",
  mkfifo: "bn",
  eventfd: "nn",
  kill: "nn",
  pidfd_open: "nn",
  socketpair: "innn",
  socket: "nnn",
  bind: "nnbn",
  connect: "nnbn",
  listen: "nn",
  accept: "nbi",
  getsockname: "nbi",
  getpeername: "nbi",
  shutdown: "nn",
  send: "nbn",
  recv: "nbnn",
  getsockopt: "nnni",
  setsockopt: "nnnb",
};

export const OS_CALLS = Object.keys(OS_ARGUMENTS) as ReadonlyArray<keyof OsHost>;

// Numbers of calls: calls of Host from 0 on, calls of OsHost from 100 on, and these.

export const FIRST_OS_CALL = 100;
export const CALL_CAPABILITIES = 200;
export const CALL_NOW = 201;
export const CALL_REALTIME = 202;
/** Lets time pass for the calling thread. */
export const CALL_SLEEP = 203;
