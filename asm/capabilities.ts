// The capabilities of the core's host. The core queries them once, because they never change.

import { CAPABILITY_EPOLL, CAPABILITY_KQUEUE } from "./abi";
import * as host from "./host";

let asked = false;
let word: u32 = 0;

/** CAPABILITY_* bits of the host. */
export function capabilities(): u32 {
  if (!asked) {
    asked = true;
    word = host.capabilities();
  }
  return word;
}

/** Whether the kernel has epoll; else asm/epoll/ emulates it. */
export function hasEpoll(): bool {
  return (capabilities() & CAPABILITY_EPOLL) !== 0;
}

/** Whether the kernel has kqueue; else asm/kqueue/ translates it to epoll. */
export function hasKqueue(): bool {
  return (capabilities() & CAPABILITY_KQUEUE) !== 0;
}
