// The registrations of an epoll, a line each in /proc/self/fdinfo (ep_show_fdinfo in fs/eventpoll.c).

import { readFileSync, readlinkSync } from "node:fs";
import {
  EBADF,
  EINVAL,
  ENOSYS,
  EVENT_ET,
  EVENT_EXCLUSIVE,
  EVENT_ONESHOT,
  EVENT_WAKEUP,
} from "../../asm/abi.ts";
import type { KernelQueue, KernelRegistration } from "../inspect.ts";

/** The bits of a mask that are not events (EP_PRIVATE_BITS). A fired one-shot has no others. */
const PRIVATE = EVENT_WAKEUP | EVENT_ONESHOT | EVENT_ET | EVENT_EXCLUSIVE;

/** E.g. "tfd:        5 events:       19 data: 5  pos:0 ino:1 sdev:1". */
const LINE = /^tfd: *(\d+) events: *([0-9a-f]+) /gm;

function registrationOf([, fd = "", events = ""]: RegExpMatchArray): KernelRegistration {
  const flags = Number.parseInt(events, 16);
  return { ident: Number(fd), flags, disabled: (flags & ~PRIVATE) === 0 };
}

/**
 * Reads the registrations of an epoll, in the order of the kernel's tree. The kernel does not show its
 * ready list. -EBADF for a descriptor that is not open, -EINVAL for another file, -ENOSYS without /proc.
 */
export function inspectEpoll(epfd: number): KernelQueue | number {
  try {
    if (readlinkSync(`/proc/self/fd/${epfd}`) !== "anon_inode:[eventpoll]") return -EINVAL;
    const text = readFileSync(`/proc/self/fdinfo/${epfd}`, "latin1");
    return { registrations: Array.from(text.matchAll(LINE), registrationOf) };
  } catch {
    return isMounted() ? -EBADF : -ENOSYS;
  }
}

function isMounted(): boolean {
  try {
    return readlinkSync("/proc/self") !== "";
  } catch {
    return false;
  }
}
