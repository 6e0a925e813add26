// Signals on Linux: keeps the addon's handlers in place although Node changes handlers, too.

import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";
import type { Addon } from "../native/addon.ts";

const { SIGCHLD } = constants.signals;

let isKept = false;

/**
 * From now on, handlers that Node installs or removes with the listeners of a signal do not replace
 * those of the addon: not even those of other threads, which have no such listeners.
 */
export function keepOnTop(addon: Addon): void {
  if (isKept || !isMainThread) return;
  isKept = true;
  // Node's own listener of these two events is older, so libuv has done its part by then.
  const rechain = (event: string | symbol) => {
    if (typeof event === "string" && event.startsWith("SIG")) addon.signal_rechain();
  };
  process.on("newListener", rechain);
  process.on("removeListener", rechain);
}

/** Descriptors of this thread that watch SIGCHLD. */
const childWatchers = new Set<number>();

/** A listener that does what the default action of SIGCHLD does. */
function ignore(): void {}

/**
 * signal_open of the host. libuv installs a handler for SIGCHLD with the first child of an event
 * loop and removes it with the last, unless it has one already; so it gets one that stays.
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
