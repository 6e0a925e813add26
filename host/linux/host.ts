// Linux: every call is the kernel's own, through the addon.

import {
  CALL_ARGUMENTS,
  CALL_RESULT,
  CALL_TIMEOUT,
  CAPABILITY_EPOLL,
  CAPABILITY_SOURCES,
} from "../../asm/abi.ts";
import { type Addon, loadAddon } from "../native/addon.ts";
import { absentHost, CALL_NAMES, stretchesOf } from "../calls.ts";
import { describeErrno } from "../errno.ts";
import type { Host, HostCalls } from "../host.ts";
import { onClose } from "../observers.ts";
import { inspectEpoll } from "./inspect.ts";
import { closeSignal, keepOnTop, openSignal } from "./signals.ts";

// Words of the call block.
const FIRST = CALL_ARGUMENTS / 4;
const SECOND = FIRST + 1;
const THIRD = FIRST + 2;
const FOURTH = FIRST + 3;
const RESULT = CALL_RESULT / 4;
const TIMEOUT = CALL_TIMEOUT / 8;
/** Flag of eventfd(2), on x86 and ARM. */
const EFD_NONBLOCK = 0x800;

/** The host of this process on Linux. @throws {Error} if the addon cannot be loaded */
export function createLinuxHost(): Host {
  const addon = loadAddon();
  keepOnTop(addon);
  const words = new Int32Array(addon.call);
  const times = new Float64Array(addon.call);

  let known: WebAssembly.Memory | undefined;
  let buffer = new ArrayBuffer();
  let bytes = new Uint8Array(buffer);

  /** Current buffer of a memory. Asking the memory is slow; growth leaves `bytes` empty. */
  function bufferOf(memory: WebAssembly.Memory): ArrayBuffer {
    if (memory !== known || bytes.length === 0) {
      buffer = memory.buffer as ArrayBuffer;
      bytes = new Uint8Array(buffer);
      known = memory;
    }
    return buffer;
  }

  return {
    ...absentHost(),
    ...plainCalls(addon),
    ...memoryCalls(addon),
    name: "linux",
    describe: describeErrno,
    onClose,
    inspect: inspectEpoll,
    watch: watchOf(addon),
    capabilities: () => CAPABILITY_EPOLL | CAPABILITY_SOURCES,
    eventfd: () => addon.eventfd(0, EFD_NONBLOCK),
    pidfd_open: (pid) => addon.pidfd_open(pid, 0),
    signal_open: (signal) => openSignal(addon, signal),
    signal_close: (fd) => closeSignal(addon, fd),
    poll: (memory, records, count, timeoutMs) => {
      words[FIRST] = records;
      words[SECOND] = count;
      times[TIMEOUT] = timeoutMs;
      addon.poll(bufferOf(memory));
      return words[RESULT] as number;
    },
    epoll_ctl: (epfd, op, fd, mask) => {
      words[FIRST] = epfd;
      words[SECOND] = op;
      words[THIRD] = fd;
      words[FOURTH] = mask;
      addon.epoll_ctl();
      return words[RESULT] as number;
    },
    epoll_wait: (memory, epfd, ready, capacity, timeoutMs) => {
      words[FIRST] = epfd;
      words[SECOND] = ready;
      words[THIRD] = capacity;
      times[TIMEOUT] = timeoutMs;
      addon.epoll_wait(bufferOf(memory));
      return words[RESULT] as number;
    },
    fd_data: (memory, records, count) => {
      words[FIRST] = records;
      words[SECOND] = count;
      addon.fd_data(bufferOf(memory));
      return words[RESULT] as number;
    },
  };
}

/** `watch` of the host. */
function watchOf(addon: Addon): NonNullable<Host["watch"]> {
  return (memory, records, count, timeoutMs, ended) => {
    let isOver = false;
    const number = addon.watch(bytesOf(memory), records, count, timeoutMs, () => {
      isOver = true;
      ended();
    });
    if (number < 0) return number;
    return () => {
      // Another watch may have the number once this one is over.
      if (!isOver) addon.unwatch(number);
      isOver = true;
    };
  };
}

/** The calls that take no memory and are the addon's own. */
function plainCalls(addon: Addon): Partial<HostCalls> {
  const names = CALL_NAMES.filter((name) => name in addon && stretchesOf(name).length === 0);
  return Object.fromEntries(names.map((name) => [name, addon[name as keyof Addon]]));
}

function bytesOf(memory: WebAssembly.Memory): ArrayBuffer {
  return memory.buffer as ArrayBuffer;
}

/** The calls that take memory and are not frequent. */
function memoryCalls(addon: Addon) {
  return {
    read: (memory, fd, address, length) => addon.source_read(bytesOf(memory), fd, address, length),
    write: (memory, fd, address, length) =>
      addon.source_write(bytesOf(memory), fd, address, length),
    fd_stat: (memory, fd, address) => addon.fd_stat(bytesOf(memory), fd, address),
    netlink_read: (memory, fd, address, length) =>
      addon.netlink_read(bytesOf(memory), fd, address, length),
    post: (memory, queue, address) => addon.post(bytesOf(memory), queue, address),
    post_take: (memory, queue, address, capacity) =>
      addon.post_take(bytesOf(memory), queue, address, capacity),
  } satisfies Partial<HostCalls>;
}
