// The waist as one table: every call that crosses it, once. The import object of the core, the host
// that lacks calls, the copies that threads make of a caller's memory, the hosts of tests, the trace,
// asm/host.ts and the list in ARCHITECTURE.md are made from it.
//
// To add a call: an entry here, a documented method of HostCalls in host.ts, `npm run docs` (which
// writes asm/host.ts and ARCHITECTURE.md), the implementation of each host that has the call, and its
// caller in asm/.

import { ENOSYS } from "../asm/abi.ts";
import {
  type Argument,
  bits,
  type Call,
  type CallName,
  descriptor,
  type Group,
  number,
  reads,
  RECORD_SIZES,
  size,
  timeout,
  updates,
  writes,
} from "./call.ts";
import type { HostCalls } from "./host.ts";

/** The waist, in the order of interface Host. */
export const CALLS: { readonly [Name in CallName]: Call<Name> } = {
  capabilities: {
    group: "always",
    takes: [],
    type: "u32",
    gives: "capabilities",
    absent: 0,
    summary: "CAPABILITY_* bits of this host. Constant.",
    bind: (host) => () => host.capabilities(),
  },
  now: {
    group: "always",
    takes: [],
    type: "f64",
    gives: "time",
    absent: 0,
    summary: "Milliseconds on a clock that never goes back; only differences mean anything.",
    bind: (host) => () => host.now(),
  },
  realtime: {
    group: "always",
    takes: [],
    type: "f64",
    gives: "time",
    summary: "Milliseconds since 1970 on the clock that people set.",
    bind: (host) => () => host.realtime(),
  },
  poll: {
    group: "always",
    takes: [updates("records", "poll record", "count"), size("count"), timeout],
    gives: "count",
    summary: "poll(2): waits, writes the ready masks, returns how many are not 0.",
    bind: (host, memory) => (records, count, timeoutMs) =>
      host.poll(memory(), records, count, timeoutMs),
  },
  close: {
    group: "always",
    takes: [descriptor("fd")],
    gives: "number",
    summary: "close(2) of a descriptor that this core was given by the host.",
    bind: (host) => (fd) => host.close(fd),
  },

  epoll_create1: {
    group: "epoll",
    takes: [number("flags", "epoll flags")],
    gives: "fd",
    summary: "epoll_create1(2): a new epoll.",
    bind: (host) => (flags) => host.epoll_create1(flags),
  },
  epoll_ctl: {
    group: "epoll",
    takes: [
      descriptor("epfd"),
      number("op", "epoll operation"),
      descriptor("fd"),
      bits("mask", "epoll mask"),
    ],
    gives: "number",
    summary: "epoll_ctl(2): adds, modifies or deletes (EPOLL_CTL_*) the registration of `fd`.",
    bind: (host) => (epfd, op, fd, mask) => host.epoll_ctl(epfd, op, fd, mask),
  },
  epoll_wait: {
    group: "epoll",
    takes: [
      descriptor("epfd"),
      writes("ready", "ready record", "capacity"),
      size("capacity"),
      timeout,
    ],
    gives: "count",
    summary: "epoll_wait(2): waits, writes at most `capacity` ready records, returns how many.",
    bind: (host, memory) => (epfd, ready, capacity, timeoutMs) =>
      host.epoll_wait(memory(), epfd, ready, capacity, timeoutMs),
  },

  kqueue: {
    group: "kqueue",
    takes: [],
    gives: "fd",
    summary: "kqueue(2): a new kqueue.",
    bind: (host) => () => host.kqueue(),
  },
  kevent: {
    group: "kqueue",
    takes: [
      descriptor("kq"),
      reads("changes", "kevent record", "nchanges"),
      size("nchanges"),
      writes("events", "kevent record", "capacity"),
      size("capacity"),
      timeout,
    ],
    gives: "count",
    summary: "kevent(2): applies changes, waits, writes at most `capacity` kevent records.",
    bind: (host, memory) => (kq, changes, nchanges, events, capacity, timeoutMs) =>
      host.kevent(memory(), kq, changes, nchanges, events, capacity, timeoutMs),
  },

  read: {
    group: "descriptors",
    takes: [descriptor("fd"), writes("address", "byte", "length"), size("length")],
    gives: "count",
    summary: "read(2).",
    bind: (host, memory) => (fd, address, length) => host.read(memory(), fd, address, length),
  },
  write: {
    group: "descriptors",
    takes: [descriptor("fd"), reads("address", "byte", "length"), size("length")],
    gives: "count",
    summary: "write(2).",
    bind: (host, memory) => (fd, address, length) => host.write(memory(), fd, address, length),
  },
  dup3: {
    group: "descriptors",
    takes: [descriptor("oldfd"), descriptor("newfd")],
    gives: "fd",
    summary: "dup3(2): makes `newfd` name the file of `oldfd`, close-on-exec.",
    bind: (host) => (oldfd, newfd) => host.dup3(oldfd, newfd),
  },
  fd_stat: {
    group: "descriptors",
    takes: [descriptor("fd"), writes("address", "stat record")],
    gives: "number",
    summary: "Writes a stat record of a descriptor.",
    bind: (host, memory) => (fd, address) => host.fd_stat(memory(), fd, address),
  },
  fd_data: {
    group: "descriptors",
    takes: [updates("records", "data record", "count"), size("count")],
    gives: "number",
    summary: "Answers `count` data records.",
    bind: (host, memory) => (records, count) => host.fd_data(memory(), records, count),
  },
  eventfd: {
    group: "descriptors",
    takes: [],
    gives: "fd",
    summary: "eventfd(2) with counter 0, non-blocking.",
    bind: (host) => () => host.eventfd(),
  },

  post_open: {
    group: "posts",
    takes: [descriptor("queue")],
    gives: "fd",
    summary: "Lets other threads post kevents to a queue; readable while some wait.",
    bind: (host) => (queue) => host.post_open(queue),
  },
  post_close: {
    group: "posts",
    takes: [descriptor("queue")],
    gives: "number",
    summary: "Ends what `post_open` began and closes its descriptor.",
    bind: (host) => (queue) => host.post_close(queue),
  },
  post: {
    group: "posts",
    takes: [descriptor("queue"), reads("address", "kevent record")],
    gives: "number",
    summary: "Posts a kevent record to a queue of this process.",
    bind: (host, memory) => (queue, address) => host.post(memory(), queue, address),
  },
  post_take: {
    group: "posts",
    takes: [descriptor("queue"), writes("address", "kevent record", "capacity"), size("capacity")],
    gives: "count",
    summary: "Takes at most `capacity` posted kevent records; returns how many.",
    bind: (host, memory) => (queue, address, capacity) =>
      host.post_take(memory(), queue, address, capacity),
  },

  timerfd_create: {
    group: "sources",
    takes: [],
    gives: "fd",
    summary: "timerfd_create(2) on the clock of `now`.",
    bind: (host) => () => host.timerfd_create(),
  },
  timerfd_settime: {
    group: "sources",
    takes: [descriptor("fd"), { name: "deadlineMs", type: "f64", meaning: "deadline" }],
    gives: "number",
    summary: "Arms a timer for a time of `now`; 0 disarms it.",
    bind: (host) => (fd, deadlineMs) => host.timerfd_settime(fd, deadlineMs),
  },
  pidfd_open: {
    group: "sources",
    takes: [number("pid", "pid")],
    gives: "fd",
    summary: "pidfd_open(2).",
    bind: (host) => (pid) => host.pidfd_open(pid),
  },
  proc_status: {
    group: "sources",
    takes: [descriptor("pidfd"), number("pid", "pid")],
    gives: "wait status",
    summary: "Wait status of an ended process, which is not reaped.",
    bind: (host) => (pidfd, pid) => host.proc_status(pidfd, pid),
  },
  proc_listen: {
    group: "sources",
    takes: [],
    gives: "fd",
    summary: "A descriptor of the process connector.",
    bind: (host) => () => host.proc_listen(),
  },
  link_listen: {
    group: "sources",
    takes: [],
    gives: "fd",
    summary: "A descriptor of rtnetlink's link messages.",
    bind: (host) => () => host.link_listen(),
  },
  link_flags: {
    group: "sources",
    takes: [number("index")],
    gives: "interface flags",
    summary: "IFF_* flags of an interface.",
    bind: (host) => (index) => host.link_flags(index),
  },
  netlink_read: {
    group: "sources",
    takes: [descriptor("fd"), writes("address", "byte", "length"), size("length")],
    gives: "count",
    summary: "Reads one datagram of netlink messages from the kernel.",
    bind: (host, memory) => (fd, address, length) =>
      host.netlink_read(memory(), fd, address, length),
  },
  signal_open: {
    group: "sources",
    takes: [number("signal", "signal")],
    gives: "fd",
    summary: "A descriptor that counts the deliveries of a signal.",
    bind: (host) => (signal) => host.signal_open(signal),
  },
  signal_close: {
    group: "sources",
    takes: [descriptor("fd")],
    gives: "number",
    summary: "Closes what `signal_open` returned.",
    bind: (host) => (fd) => host.signal_close(fd),
  },
  inotify_init: {
    group: "sources",
    takes: [],
    gives: "fd",
    summary: "inotify_init1(2), non-blocking.",
    bind: (host) => () => host.inotify_init(),
  },
  inotify_add_watch: {
    group: "sources",
    takes: [
      descriptor("inotify"),
      descriptor("fd"),
      number("parent", "switch"),
      bits("mask", "inotify mask"),
    ],
    gives: "number",
    summary: "Watches the file behind `fd`, or the directory above it.",
    bind: (host) => (inotify, fd, parent, mask) =>
      host.inotify_add_watch(inotify, fd, parent, mask),
  },
  inotify_rm_watch: {
    group: "sources",
    takes: [descriptor("inotify"), number("watch")],
    gives: "number",
    summary: "inotify_rm_watch(2).",
    bind: (host) => (inotify, watch) => host.inotify_rm_watch(inotify, watch),
  },
};

/** Names of all calls, in the order of the table. */
export const CALL_NAMES = Object.keys(CALLS) as CallName[];

/** An entry whatever its call. */
export type AnyCall = Omit<Call<CallName>, "takes" | "bind"> & {
  readonly takes: readonly Argument[];
};

/** The entry of a call. */
export function callOf(name: CallName): AnyCall {
  return CALLS[name];
}

/** Import object of the core: the calls of `host`, bound to the memory of the instance. */
export function importsOf(
  host: HostCalls,
  memoryOf: () => WebAssembly.Memory,
): WebAssembly.Imports {
  const bound = CALL_NAMES.map((name) => [name, CALLS[name].bind(host, memoryOf)] as const);
  return { host: Object.fromEntries(bound) };
}

/** The calls of `groups` as a host has them that lacks them. */
export function absentCalls(...groups: readonly Group[]): Partial<HostCalls> {
  const names = CALL_NAMES.filter((name) => groups.includes(CALLS[name].group));
  return Object.fromEntries(
    names.map((name) => {
      const answer = callOf(name).absent ?? -ENOSYS;
      return [name, () => answer];
    }),
  );
}

/** A host that lacks every call: the base of a host that a program writes. */
export function absentHost(): HostCalls {
  return absentCalls("always", "epoll", "kqueue", "descriptors", "posts", "sources") as HostCalls;
}

/** A stretch of a caller's memory: the argument with its address, and how long the stretch is. */
export interface Stretch {
  readonly address: number;
  readonly length: (numbers: readonly number[]) => number;
}

/** The stretches of memory that a call reads or writes. */
export function stretchesOf(name: CallName): readonly Stretch[] {
  const { takes } = callOf(name);
  return takes.flatMap((argument, at) => {
    if (argument.type !== "usize") return [];
    const bytes = RECORD_SIZES[argument.record];
    const counter = takes.findIndex((other) => other.name === argument.count);
    const length = (numbers: readonly number[]): number =>
      counter < 0 ? bytes : (numbers[counter] as number) * bytes;
    return [{ address: at, length }];
  });
}
