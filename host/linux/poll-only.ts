// A POSIX system: poll(2), the kinds of descriptors and the bytes in them, posts of other threads, and
// nothing else. This host is the one of this platform without the rest, so that the core's
// translations over poll(2) alone can be tried. Its counters are the platform's (`eventfd`); another
// system would have pipes instead.

import { absentCalls } from "../calls.ts";
import type { Host } from "../host.ts";
import { createLinuxHost } from "./host.ts";

/** The host of this process with poll(2) alone. @throws {Error} if the addon cannot be loaded */
export function createPosixHost(): Host {
  return {
    ...createLinuxHost(),
    ...absentCalls("epoll", "kqueue", "sources"),
    name: "posix",
    capabilities: () => 0,
  };
}
