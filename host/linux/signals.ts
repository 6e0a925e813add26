// Signals on Linux: keeps the addon's handlers in place although Node installs handlers, too.

import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";
import type { Addon } from "../native/addon.ts";

const { SIGCHLD } = constants.signals;

let isKept = false;

/**
 * From now on, a handler that Node installs or removes with a listener of a signal does not replace
 * the addon's, in any thread of the process.
 */
export function keepOnTop(addon: Addon): void {
  if (isKept || !isMainThread) return;
  isKept = true;
  // Node's own listener of these two events is older, so libuv has changed the handler by then.
  const rechain = (event: string | symbol) => {
    if (typeof event === "string" && event.startsWith("SIG")) addon.signal_rechain();
  };
  process.on("newListener", rechain);
  process.on("removeListener", rechain);
}

/** Descriptors of this thread that watch SIGCHLD. */
const childWatchers = new Set<number>();

/** A listener like the default action of SIGCHLD, which ignores the signal. */
function ignore(): void {}

/**
 * signal_open of the host. libuv installs a handler for SIGCHLD with the first child of an event
 * loop and removes that handler with the last child, unless a handler was there before. So a listener
 * keeps one there.
 */
export function openSignal(addon: Addon, signal: number): number {
  const isHeld = signal === SIGCHLD && isMainThread && childWatchers.size === 0;
  if (isHeld) process.on("SIGCHLD", ignore);
  const fd = addon.signal_open(signal);
  if (signal === SIGCHLD && fd >= 0) childWatchers.add(fd);
  else if (isHeld) process.off("SIGCHLD", ignore);
  return fd;
}

/** signal_close of the host. */
export function closeSignal(addon: Addon, fd: number): number {
  const result = addon.signal_close(fd);
  if (childWatchers.delete(fd) && isMainThread && childWatchers.size === 0) {
    process.off("SIGCHLD", ignore);
  }
  return result;
}
