// Linux: every call is the kernel's own, through the addon.

import { CALL_ARGUMENTS, CALL_RESULT, CALL_TIMEOUT, CAPABILITY_EPOLL } from "../asm/abi.ts";
import { loadAddon } from "./addon.ts";
import { describeErrno } from "./errno.ts";
import type { Host } from "./host.ts";

// Words of the call block.
const FIRST = CALL_ARGUMENTS / 4;
const SECOND = FIRST + 1;
const THIRD = FIRST + 2;
const FOURTH = FIRST + 3;
const RESULT = CALL_RESULT / 4;
const TIMEOUT = CALL_TIMEOUT / 8;

/** The host of this process on Linux. @throws {Error} if the addon cannot be loaded */
export function createLinuxHost(): Host {
  const addon = loadAddon();
  const words = new Int32Array(addon.call);
  const times = new Float64Array(addon.call);

  let known: WebAssembly.Memory | undefined;
  let buffer = new ArrayBuffer();
  let bytes = new Uint8Array(buffer);

  /** Current buffer of a memory. Asking the memory is slow; growing it leaves `bytes` empty. */
  function bufferOf(memory: WebAssembly.Memory): ArrayBuffer {
    if (memory !== known || bytes.length === 0) {
      buffer = memory.buffer as ArrayBuffer;
      bytes = new Uint8Array(buffer);
      known = memory;
    }
    return buffer;
  }

  return {
    name: "linux",
    describe: describeErrno,
    capabilities: () => CAPABILITY_EPOLL,
    now: addon.now,
    poll: (memory, records, count, timeoutMs) => {
      words[FIRST] = records;
      words[SECOND] = count;
      times[TIMEOUT] = timeoutMs;
      addon.poll(bufferOf(memory));
      return words[RESULT] as number;
    },
    close: addon.close,
    epoll_create1: addon.epoll_create1,
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
  };
}
