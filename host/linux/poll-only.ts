// A POSIX system: poll(2), what descriptors are and how much they hold, posts of other threads, and
// nothing else. It is the host of this platform with the rest taken away, so that what the core makes
// of poll alone can be tried. What is a counter here (`eventfd`) would be a pipe elsewhere.

import { ENOSYS } from "../../asm/abi.ts";
import type { Host } from "../host.ts";
import { createLinuxHost } from "./host.ts";

const none = (): number => -ENOSYS;

/** The host of this process with poll(2) alone. @throws {Error} if the addon cannot be loaded */
export function createPosixHost(): Host {
  return {
    ...createLinuxHost(),
    name: "posix",
    capabilities: () => 0,
    epoll_create1: none,
    epoll_ctl: none,
    epoll_wait: none,
    kqueue: none,
    kevent: none,
    timerfd_create: none,
    timerfd_settime: none,
    pidfd_open: none,
    proc_status: none,
    proc_listen: none,
    link_listen: none,
    link_flags: none,
    netlink_read: none,
    signal_open: none,
    signal_close: none,
    inotify_init: none,
    inotify_add_watch: none,
    inotify_rm_watch: none,
  };
}
