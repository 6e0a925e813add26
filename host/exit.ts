// The end of a process: names of signals, and the status that waitpid(2) writes.

import { constants } from "node:os";

/** The name of a signal: "SIGTERM"; "signal 77" if the number has no name. */
export function signalNameOf(signal: number): string {
  // Of two names for one number the first is the usual one: SIGIO is SIGPOLL, too.
  const known = Object.entries(constants.signals).find(([, number]) => number === signal);
  return known?.[0] ?? `signal ${signal}`;
}

/** The end of a process: an exit status, or the signal that killed the process. */
export type Exit = { readonly status: number } | { readonly signal: string };

/** Decodes the status of waitpid(2). */
export function exitOf(wstatus: number): Exit {
  const signal = wstatus & 0x7f;
  return signal === 0 ? { status: (wstatus >> 8) & 0xff } : { signal: signalNameOf(signal) };
}

/** The status of waitpid(2) in words: "status 3", "SIGKILL". */
export function exitWordsOf(wstatus: number): string {
  const exit = exitOf(wstatus);
  return "status" in exit ? `status ${exit.status}` : exit.signal;
}
