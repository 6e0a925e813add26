// Linux: every call is the kernel's own, through the addon.

import { CAPABILITY_EPOLL } from "../asm/abi.ts";
import { loadAddon } from "./addon.ts";
import { describeErrno } from "./errno.ts";
import type { Host } from "./host.ts";

/** The host of this process on Linux. @throws {Error} if the addon cannot be loaded */
export function createLinuxHost(): Host {
  const addon = loadAddon();
  return {
    name: "linux",
    describe: describeErrno,
    capabilities: () => CAPABILITY_EPOLL,
    now: addon.now,
    poll: (memory, records, count, timeoutMs) =>
      addon.poll(memory.buffer as ArrayBuffer, records, count, timeoutMs),
    close: addon.close,
    epoll_create1: addon.epoll_create1,
    epoll_ctl: addon.epoll_ctl,
    epoll_wait: (memory, epfd, ready, capacity, timeoutMs) =>
      addon.epoll_wait(memory.buffer as ArrayBuffer, epfd, ready, capacity, timeoutMs),
  };
}
