// Which calls another thread may make, and which of their arguments are memory.

import {
  DATA_SIZE,
  KEVENT_SIZE,
  POLL_RECORD_SIZE,
  READY_RECORD_SIZE,
  STAT_SIZE,
} from "../../../asm/abi.ts";
import type { Host } from "../../host.ts";
import type { OsHost } from "../../os.ts";

/** A stretch of a core's memory: the argument with its address, and how long it is. */
interface Stretch {
  readonly address: number;
  readonly length: (numbers: readonly number[]) => number;
}

type Calls = Exclude<
  keyof Host,
  "name" | "describe" | "onClose" | "takeFailure" | "inspect" | "capabilities" | "now" | "realtime"
>;

const counted = (address: number, count: number, size: number): Stretch => ({
  address,
  length: (numbers) => (numbers[count] as number) * size,
});

/** Calls of Host. Arguments are counted without the memory. */
export const HOST_CALLS: Record<Calls, readonly Stretch[]> = {
  poll: [counted(0, 1, POLL_RECORD_SIZE)],
  close: [],
  epoll_create1: [],
  epoll_ctl: [],
  epoll_wait: [counted(1, 2, READY_RECORD_SIZE)],
  kqueue: [],
  kevent: [counted(1, 2, KEVENT_SIZE), counted(3, 4, KEVENT_SIZE)],
  read: [counted(1, 2, 1)],
  write: [counted(1, 2, 1)],
  dup3: [],
  fd_stat: [{ address: 1, length: () => STAT_SIZE }],
  fd_data: [counted(0, 1, DATA_SIZE)],
  eventfd: [],
  timerfd_create: [],
  timerfd_settime: [],
  pidfd_open: [],
  proc_status: [],
  proc_listen: [],
  link_listen: [],
  link_flags: [],
  netlink_read: [counted(1, 2, 1)],
  signal_open: [],
  signal_close: [],
  inotify_init: [],
  inotify_add_watch: [],
  inotify_rm_watch: [],
  post_open: [],
  post_close: [],
  post: [{ address: 1, length: () => KEVENT_SIZE }],
  post_take: [counted(1, 2, KEVENT_SIZE)],
};

/** Calls of OsHost; their typed arrays cross as they are. */
export const OS_CALLS: ReadonlyArray<keyof OsHost> = [
  "close",
  "pipe2",
  "read",
  "write",
  "dup",
  "get_blocking",
  "set_blocking",
  "get_inheritable",
  "set_inheritable",
  "mkfifo",
  "eventfd",
  "kill",
  "pidfd_open",
  "socketpair",
  "socket",
  "bind",
  "connect",
  "listen",
  "accept",
  "getsockname",
  "getpeername",
  "shutdown",
  "send",
  "recv",
  "getsockopt",
  "setsockopt",
];

export const HOST_NAMES = Object.keys(HOST_CALLS) as Calls[];

// Numbers of calls: those of Host, those of OsHost from 100 on, and a few more.

export const FIRST_OS_CALL = 100;
export const CALL_CAPABILITIES = 200;
export const CALL_NOW = 201;
export const CALL_REALTIME = 202;
/** Lets time pass for the calling thread. */
export const CALL_SLEEP = 203;
