// The sources of a simulated Linux, from which the core makes the filters of a translated kqueue:
// timerfd, pidfd, inotify, netlink, signal counters, posts.

import { EAGAIN, EBADF, EINVAL, EVENT_IN, EVENT_OUT, KEVENT_SIZE } from "../../../asm/abi.ts";
import type { Host } from "../../host.ts";
import { BOOT_MS } from "../time/clock.ts";
import { connectorOf } from "../net/connector.ts";
import { EFAULT, O_NONBLOCK } from "../kernel/constants.ts";
import { EventFile } from "../fs/eventfd.ts";
import { dataCalls } from "./data.ts";
import { watchCalls } from "./watches.ts";
import { interfacesOf } from "../net/interfaces.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { bytesAt } from "../kernel/memory.ts";
import { NetlinkFile } from "../net/netlink.ts";
import { collectTransfers } from "../fs/aio.ts";
import { openPidfd } from "../process/pidfd.ts";
import { PidFile } from "../process/pidfd.ts";
import { postsOf } from "../fs/posts.ts";
import { signalCountersOf } from "./signal-counters.ts";
import { TimerFile } from "../fs/timerfd.ts";

type ByteCalls = Pick<Host, "read" | "write" | "dup3" | "eventfd" | "netlink_read">;

/** The calls on the bytes of descriptors, and eventfd. */
export function byteCalls(kernel: Kernel): ByteCalls {
  return {
    read(memory, fd, address, length) {
      const bytes = bytesAt(memory, address, length);
      if (bytes === undefined) return -EFAULT;
      const file = kernel.descriptors.usable(fd);
      if (file === undefined) return -EBADF;
      const result = file.read(bytes, length);
      if (result !== -EAGAIN || !file.isBlocking) return result;
      return kernel.retry(fd, file, EVENT_IN, "read", () => file.read(bytes, length));
    },
    write(memory, fd, address, length) {
      const bytes = bytesAt(memory, address, length);
      if (bytes === undefined) return -EFAULT;
      const file = kernel.descriptors.usable(fd);
      if (file === undefined) return -EBADF;
      const result = file.write(bytes);
      if (result !== -EAGAIN || !file.isBlocking) return result;
      return kernel.retry(fd, file, EVENT_OUT, "write", () => file.write(bytes));
    },
    dup3(from, to) {
      if (from === to) return -EINVAL;
      const result = kernel.descriptors.replace(from, to);
      kernel.trace.add("dup3", [from, to], result);
      return result;
    },
    eventfd: () => kernel.open(new EventFile(kernel, 0, O_NONBLOCK, false)),
    netlink_read(memory, fd, address, length) {
      const bytes = bytesAt(memory, address, length);
      if (bytes === undefined) return -EFAULT;
      const file = kernel.descriptors.usable(fd);
      if (file === undefined) return -EBADF;
      return file instanceof NetlinkFile ? file.read(bytes, length) : -EINVAL;
    },
  };
}

type TimerCalls = Pick<Host, "timerfd_create" | "timerfd_settime">;

/** The time of the kernel's clock for a time of `Host.now`; rounding never makes it earlier. */
function clockTimeOf(deadlineMs: number): number {
  const ms = deadlineMs - BOOT_MS;
  return ms + BOOT_MS < deadlineMs ? ms + deadlineMs * Number.EPSILON : ms;
}

function timerCalls(kernel: Kernel): TimerCalls {
  return {
    timerfd_create() {
      const fd = kernel.open(new TimerFile(kernel, O_NONBLOCK));
      kernel.trace.add("timerfd_create", [], fd);
      return fd;
    },
    timerfd_settime(fd, deadlineMs) {
      const file = kernel.descriptors.usable(fd);
      if (file === undefined) return -EBADF;
      if (!(file instanceof TimerFile) || Number.isNaN(deadlineMs)) return -EINVAL;
      if (deadlineMs === 0 || deadlineMs === Infinity) file.disarm();
      else file.arm(clockTimeOf(deadlineMs));
      kernel.trace.add("timerfd_settime", [fd, deadlineMs], 0);
      return 0;
    },
  };
}

type ProcessCalls = Pick<Host, "pidfd_open" | "proc_status" | "proc_listen">;

function processCalls(kernel: Kernel): ProcessCalls {
  return {
    pidfd_open: (pid) => openPidfd(kernel, pid, O_NONBLOCK),
    proc_status(pidfd) {
      const file = kernel.descriptors.usable(pidfd);
      if (!(file instanceof PidFile)) return -EBADF;
      return file.process.isAlive ? -EAGAIN : file.process.status;
    },
    proc_listen: () => connectorOf(kernel).listen(),
  };
}

type OtherCalls = Pick<Host, "link_listen" | "link_flags" | "signal_open" | "signal_close">;

function otherCalls(kernel: Kernel): OtherCalls {
  return {
    link_listen: () => interfacesOf(kernel).listen(),
    link_flags: (index) => interfacesOf(kernel).flagsOf(index),
    signal_open: (signal) => signalCountersOf(kernel).open(signal),
    signal_close: (fd) => signalCountersOf(kernel).close(fd),
  };
}

type PostCalls = Pick<Host, "post_open" | "post_close" | "post" | "post_take">;

/**
 * @param owner identifies the core: only the owner of a queue may take the records that are posted to
 * the queue
 */
export function postCalls(kernel: Kernel, owner: object): PostCalls {
  const posts = postsOf(kernel);
  return {
    post_open: (queue) => posts.open(owner, queue),
    post_close: (queue) => posts.close(owner, queue),
    post(memory, queue, address) {
      const record = bytesAt(memory, address, KEVENT_SIZE);
      return record === undefined ? -EFAULT : posts.post(queue, record);
    },
    post_take(memory, queue, address, capacity) {
      const bytes = bytesAt(memory, address, capacity * KEVENT_SIZE);
      if (bytes === undefined) return -EFAULT;
      const count = posts.ofOwner(owner, queue)?.take(bytes) ?? -EBADF;
      // After taking the records: a completed read copies its bytes now, so that the program finds them
      // with the event.
      collectTransfers(kernel, owner);
      return count;
    },
  };
}

/** The calls that every personality has: read, write, dup3, eventfd, fd_stat, fd_data. */
export type CommonCalls = ByteCalls & ReturnType<typeof dataCalls>;

/** The common calls of a kernel. */
export function commonCalls(kernel: Kernel): CommonCalls {
  return { ...byteCalls(kernel), ...dataCalls(kernel) };
}

/** The source calls for one core. */
export type SourceCalls = CommonCalls &
  TimerCalls &
  ProcessCalls &
  OtherCalls &
  PostCalls &
  ReturnType<typeof watchCalls>;

/** @param owner identifies the core, for the state that belongs to one core */
export function sourceCalls(kernel: Kernel, owner: object): SourceCalls {
  return {
    ...commonCalls(kernel),
    ...watchCalls(kernel),
    ...timerCalls(kernel),
    ...processCalls(kernel),
    ...otherCalls(kernel),
    ...postCalls(kernel, owner),
  };
}
