// The host of a simulated kernel: the calls of the waist, on the memory of a core.

import {
  CAPABILITY_EPOLL,
  CAPABILITY_KQUEUE,
  CAPABILITY_SOURCES,
  EBADF,
  EINVAL,
  POLL_RECORD_SIZE,
  READY_RECORD_SIZE,
} from "../../../asm/abi.ts";
import { absentHost } from "../../calls.ts";
import { describeErrno } from "../../errno.ts";
import type { Host } from "../../host.ts";
import { BOOT_MS } from "../time/clock.ts";
import { EFAULT } from "../kernel/constants.ts";
import { controlEpoll, EpollFile } from "../wait/epoll.ts";
import { commonCalls, postCalls, sourceCalls } from "./sources.ts";
import { inspectFile } from "./inspect.ts";
import { kqueueCalls } from "./kqueue.ts";
import { wasiCalls } from "./wasi.ts";
import { watchOf } from "./watch.ts";
import type { Kernel, Personality } from "../kernel/kernel.ts";
import { boot } from "../fs/boot.ts";
import { isWithin } from "../kernel/memory.ts";
import { pollNow, pollFiles } from "../wait/poll.ts";

/** The deadline, in ms of the clock, of a timeout as it crosses the waist; Infinity for a negative one. */
function deadlineOf(kernel: Kernel, timeoutMs: number): number {
  return timeoutMs < 0 ? Infinity : kernel.clock.now() + timeoutMs;
}

type CloseListener = (fd: number) => void;

/** The host of one core and of the omnipoll/os beside it. */
export interface SimHost extends Host {
  readonly kernel: Kernel;
  /** Identifies the core: only the owner of a queue may take the records that are posted to the queue. */
  readonly owner: object;
  takeFailure(): Error | undefined;
  /** Tells the core that a descriptor is about to be closed. */
  announceClose(fd: number): void;
}

const CAPABILITIES: Record<Personality, number> = {
  linux: CAPABILITY_EPOLL | CAPABILITY_SOURCES,
  bsd: CAPABILITY_KQUEUE,
  posix: 0,
  wasi: 0,
};

type PollCalls = Pick<Host, "capabilities" | "now" | "realtime" | "poll" | "close">;

function pollCalls(kernel: Kernel): PollCalls {
  return {
    capabilities: () => CAPABILITIES[kernel.personality],
    now: () => kernel.clock.now() + BOOT_MS,
    realtime: () => kernel.realtime(),
    poll(memory, records, count, timeoutMs) {
      if (count < 0) return -EINVAL;
      if (!isWithin(memory, records, count * POLL_RECORD_SIZE)) return -EFAULT;
      const fault = kernel.faults.interruption();
      if (fault < 0) return fault;
      const batch = { memory, address: records >>> 0, count };
      let found = pollNow(kernel, batch);
      const deadline = deadlineOf(kernel, timeoutMs);
      if (found === 0 && kernel.mayWait(deadline)) {
        found = kernel.run(pollFiles(kernel, batch, deadline));
      }
      kernel.trace.add("poll", [count, timeoutMs], found);
      return found;
    },
    close(fd) {
      const result = kernel.descriptors.remove(fd);
      kernel.trace.add("close", [fd], result);
      return result;
    },
  };
}

type EpollCalls = Pick<Host, "epoll_create1" | "epoll_ctl" | "epoll_wait">;

function epollCalls(kernel: Kernel): EpollCalls {
  return {
    epoll_create1(flags) {
      const fd = (flags & ~0x80000) === 0 ? kernel.open(new EpollFile(kernel)) : -EINVAL;
      kernel.trace.add("epoll_create1", [flags], fd);
      return fd;
    },
    epoll_ctl(epfd, op, fd, mask) {
      const result = controlEpoll(kernel, epfd, op, fd, mask);
      kernel.trace.add("epoll_ctl", [epfd, op, fd, mask >>> 0], result);
      return result;
    },
    epoll_wait(memory, epfd, ready, capacity, timeoutMs) {
      const file = kernel.descriptors.usable(epfd);
      if (!(file instanceof EpollFile)) return file === undefined ? -EBADF : -EINVAL;
      if (capacity <= 0) return -EINVAL;
      if (!isWithin(memory, ready, capacity * READY_RECORD_SIZE)) return -EFAULT;
      const fault = kernel.faults.interruption();
      if (fault < 0) return fault;
      let at = ready >>> 0;
      let words: Int32Array | undefined;
      const found = (fd: number, mask: number): void => {
        words ??= new Int32Array(memory.buffer);
        words[at >>> 2] = fd;
        words[(at >>> 2) + 1] = mask;
        at += READY_RECORD_SIZE;
      };
      let count = file.collect(capacity, found);
      const deadline = deadlineOf(kernel, timeoutMs);
      if (count === 0 && kernel.mayWait(deadline)) {
        count = kernel.run(file.wait(epfd, capacity, deadline, found));
      }
      kernel.trace.add("epoll_wait", [epfd, capacity, timeoutMs], count);
      return count;
    },
  };
}

/** The calls on descriptors that a kernel has besides its waits; of WASI, which has poll_oneoff alone, those, too. */
function waitless(kernel: Kernel, owner: object): Partial<Host> {
  if (kernel.personality === "linux") return sourceCalls(kernel, owner);
  if (kernel.personality !== "wasi") return commonCalls(kernel);
  return wasiCalls(kernel, pollCalls(kernel).close);
}

/** The host of a kernel for one core; any number of them may share a kernel. */
export function createSimHost(kernel: Kernel): SimHost {
  const listeners: CloseListener[] = [];
  const owner = {};
  boot(kernel);
  return {
    kernel,
    owner,
    name: `sim:${kernel.personality}`,
    describe: describeErrno,
    takeFailure: () => kernel.takeFailure(),
    interrupt: () => void kernel.interruptions++,
    inspect: (fd) => inspectFile(kernel, fd),
    watch: watchOf(kernel),
    onClose: (closing) => void listeners.push(closing),
    announceClose: (fd) => {
      for (const closing of listeners) closing(fd);
    },
    ...absentHost(),
    ...pollCalls(kernel),
    ...(kernel.personality === "linux" ? epollCalls(kernel) : {}),
    ...waitless(kernel, owner),
    ...(kernel.personality === "bsd" ? kqueueCalls(kernel) : {}),
    ...(kernel.personality === "posix" ? postCalls(kernel, owner) : {}),
  };
}
