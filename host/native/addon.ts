// The native addon: its file, its exports, and the error if it is missing.

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { CallName } from "../call.ts";
import type { HostCalls } from "../host.ts";
import type { AioHost, OsHost } from "../os.ts";

/** A call of the waist as the addon has it: on the buffer of the memory. */
type OnBuffer<Call extends (...given: never[]) => number> =
  Parameters<Call> extends [WebAssembly.Memory, ...infer Rest]
    ? (memory: ArrayBuffer, ...rest: Rest) => number
    : Call;

/** Frequent calls, which take their arguments from the call block and leave their result there. */
type BlockCall = "poll" | "epoll_ctl" | "epoll_wait" | "fd_data";
/** Calls whose names omnipoll/os has for other arguments. */
type SharedName = "read" | "write" | "eventfd" | "pidfd_open";
/** Calls that the addon lacks. */
type Missing = "capabilities" | "kqueue" | "kevent";

type AddonCalls = {
  [Name in Exclude<CallName, BlockCall | SharedName | Missing>]: OnBuffer<HostCalls[Name]>;
};

/** Exports of the addon (host/native/addon.c). */
export interface Addon extends OsHost, AioHost, Omit<AddonCalls, "close"> {
  /** The call block (CALL_* of asm/abi.ts) of this thread. */
  readonly call: ArrayBuffer;
  /** Arguments in the block: records, count; timeout. */
  poll(memory: ArrayBuffer): void;
  /** Arguments in the block: epfd, op, fd, mask. */
  epoll_ctl(): void;
  /** Arguments in the block: epfd, ready, capacity; timeout. */
  epoll_wait(memory: ArrayBuffer): void;
  /** Arguments in the block: records, count. */
  fd_data(memory: ArrayBuffer): void;

  /** `read` of the waist. */
  source_read(memory: ArrayBuffer, fd: number, address: number, length: number): number;
  /** `write` of the waist. */
  source_write(memory: ArrayBuffer, fd: number, address: number, length: number): number;
  /**
   * Calls `ended` once from the event loop, when poll(2) of the records would return. Returns a number for
   * `unwatch`, which is free once `ended` is called; or a negative errno, -ENOSYS in a runtime without libuv.
   */
  watch(
    memory: ArrayBuffer,
    records: number,
    count: number,
    timeoutMs: number,
    ended: () => void,
  ): number;
  /** 1 if epoll_wait waits for fractions of a millisecond: the kernel has epoll_pwait2 and no filter forbids it. */
  has_epoll_pwait2(): number;
  /** Ends a watch before it calls back. -EBADF for a number that no watch has. */
  unwatch(number: number): number;
  /** Puts the handlers of `signal_open` on top again, where other code has replaced them. */
  signal_rechain(): number;
}

/** The file to load. `OMNIPOLL_ADDON` names another build of it, e.g. one with sanitizers. */
export function addonPath(): string {
  return (
    process.env["OMNIPOLL_ADDON"] ??
    fileURLToPath(new URL("../../../host/native/build/Release/omnipoll.node", import.meta.url))
  );
}

/**
 * Loads the addon.
 *
 * @throws {Error} in one line, if it was not built or cannot be loaded
 */
export function loadAddon(): Addon {
  const path = addonPath();
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === "MODULE_NOT_FOUND"
        ? "it is not built: building it needs a C compiler (Debian: apt-get install gcc libc6-dev), then npm install"
        : message.split("\n")[0];
    throw new Error(`omnipoll: the native addon cannot be loaded: ${reason} (${path})`, {
      cause: error,
    });
  }
}
