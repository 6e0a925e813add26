// The waist of a simulated WASI. Every wait is poll_oneoff; the kind of a descriptor is that of
// fd_filestat_get, and how much it holds are the bytes of an event.

import {
  DATA_FD,
  DATA_FILE,
  DATA_OPEN,
  DATA_PIPE_ROOM,
  DATA_READABLE,
  DATA_SENDABLE,
  DATA_WHAT,
  DATA_WITH_STATE,
  EINVAL,
  ENOSYS,
  FD_DATAGRAM,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_FILE,
  FD_LISTENER,
  FD_PIPE,
  FD_STREAM,
  FD_TERMINAL,
  POLL_RECORD_SIZE,
  STAT_KIND,
} from "../../../asm/abi.ts";
import type { Host } from "../../host.ts";
import {
  type OneoffCalls,
  OneoffPoller,
  SOCKET_DGRAM,
  SOCKET_STREAM,
} from "../../../wasi/poller.ts";
import { EFAULT } from "../kernel/constants.ts";
import {
  isCounter,
  type PlatformCalls,
  withCounters,
  writeAnswer,
} from "../../../wasi/counters.ts";
import { dataCalls } from "./data.ts";
import { byteCalls } from "./sources.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { viewAt } from "../kernel/memory.ts";
import { oneoff, pollOneoff } from "../wait/oneoff.ts";
import type { Sleeping } from "../kernel/sleep.ts";
import { watchOf } from "./watch.ts";

/**
 * FD_* of a file by the type that fd_filestat_get reports. Listeners are streams to WASI. It has no type for pipes:
 * what has none is taken for one, although it may also be an eventfd or an epoll.
 */
const KINDS: Record<number, number> = {
  [FD_FILE]: FD_FILE,
  [FD_DIRECTORY]: FD_DIRECTORY,
  [FD_DEVICE]: FD_DEVICE,
  [FD_TERMINAL]: FD_DEVICE,
  [FD_STREAM]: FD_STREAM,
  [FD_LISTENER]: FD_STREAM,
  [FD_DATAGRAM]: FD_DATAGRAM,
};

/** DATA_* that fd_data answers without a poll_oneoff. */
const ANSWERED = new Set([DATA_OPEN, DATA_FILE]);

/** The fs_filetype of sockets, by FD_*; of others, 0. */
function typeOf(kind = FD_PIPE): number {
  if (KINDS[kind] === FD_DATAGRAM) return SOCKET_DGRAM;
  return KINDS[kind] === FD_STREAM ? SOCKET_STREAM : 0;
}

type WasiCalls = Pick<
  Host,
  "poll" | "read" | "write" | "close" | "fd_stat" | "fd_data" | "eventfd" | "watch"
>;

/** @param close of the kernel's descriptors */
export function wasiCalls(kernel: Kernel, close: Host["close"]): WasiCalls {
  const { read, write } = byteCalls(kernel);
  const { fd_stat, fd_data } = dataCalls(kernel);
  const poller: OneoffPoller = new OneoffPoller(
    (...given) => pollOneoff(kernel, poller.memory, ...given),
    () => kernel.clock.now(),
    (fd) => typeOf(kernel.descriptors.usable(fd)?.kind),
  );

  /** Answers a data record from the event of a poll_oneoff with a timeout of 0. */
  const answer: PlatformCalls["answer"] = (memory, address) => {
    const view = new DataView(memory.buffer);
    const what = view.getUint32(address + DATA_WHAT, true);
    const question = what & ~DATA_WITH_STATE;
    if (ANSWERED.has(question)) return void fd_data(memory, address, 1);
    const fd = view.getInt32(address + DATA_FD, true);
    const isWrite = question === DATA_SENDABLE || question === DATA_PIPE_ROOM;
    const isKnown = isWrite || question === DATA_READABLE;
    const { bytes, error } = isKnown ? poller.ask(fd, isWrite) : { bytes: -ENOSYS, error: 0 };
    writeAnswer(view, address, {
      value: BigInt(Math.max(bytes, 0)),
      error: Math.min(bytes, 0),
      state: (what & DATA_WITH_STATE) === 0 ? 0 : error,
    });
  };

  /** poll(2) as a sequence of poll_oneoff calls, which wasi/poller.ts yields. */
  function* waiting(calls: OneoffCalls): Sleeping {
    let step = calls.next();
    while (!step.done) step = calls.next(yield* oneoff(kernel, poller.memory, ...step.value));
    return step.value;
  }

  const statOf: Host["fd_stat"] = (memory, fd, address) => {
    const result = fd_stat(memory, fd, address);
    if (result < 0) return result;
    const view = new DataView(memory.buffer, address >>> 0);
    const kind = view.getUint32(STAT_KIND, true);
    view.setUint32(STAT_KIND, KINDS[kind] ?? FD_PIPE, true);
    return result;
  };

  // An action of the simulation may change a counter that a blocked poll waits for.
  poller.counters.onChange = () => void kernel.interruptions++;

  const counted = withCounters(poller.counters, {
    read,
    write,
    close,
    fd_stat: statOf,
    answer,
  });
  return {
    ...counted,
    // Nobody tells of a counter: its owner looks at it from time to time.
    watch: watchOf(kernel, isCounter),
    poll(memory, records, count, timeoutMs) {
      if (count < 0) return -EINVAL;
      if (viewAt(memory, records, count * POLL_RECORD_SIZE) === undefined) return -EFAULT;
      const recordsOf = (): DataView =>
        new DataView(memory.buffer, records >>> 0, count * POLL_RECORD_SIZE);
      return kernel.run(waiting(poller.calls(recordsOf, count, timeoutMs)));
    },
  };
}
