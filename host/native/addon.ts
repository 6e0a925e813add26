// The native addon: where it is, what it exports, and what to say when it is missing.

import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { AioHost, OsHost } from "../os.ts";

/**
 * What host/native/addon.c exports. The calls without parameters take them from the call block
 * and leave their result there; records are in the memory that is given to them.
 */
export interface Addon extends OsHost, AioHost {
  /** The call block (CALL_* of asm/abi.ts) of this thread. */
  readonly call: ArrayBuffer;
  now(): number;
  close(fd: number): number;
  epoll_create1(flags: number): number;
  /** Of records, count; timeout. */
  poll(memory: ArrayBuffer): void;
  /** Of epfd, op, fd, mask. */
  epoll_ctl(): void;
  /** Of epfd, ready, capacity; timeout. */
  epoll_wait(memory: ArrayBuffer): void;
  /** Of records, count. */
  fd_data(memory: ArrayBuffer): void;

  // Sources: see interface Host. Those whose names omnipoll/os has for other arguments begin with
  // "source_".
  realtime(): number;
  dup3(from: number, to: number): number;
  source_read(memory: ArrayBuffer, fd: number, address: number, length: number): number;
  source_write(memory: ArrayBuffer, fd: number, address: number, length: number): number;
  timerfd_create(): number;
  timerfd_settime(fd: number, deadlineMs: number): number;
  fd_stat(memory: ArrayBuffer, fd: number, address: number): number;
  inotify_init(): number;
  inotify_add_watch(inotify: number, fd: number, parent: number, mask: number): number;
  inotify_rm_watch(inotify: number, watch: number): number;
  proc_status(pidfd: number, pid: number): number;
  proc_listen(): number;
  link_listen(): number;
  link_flags(index: number): number;
  netlink_read(memory: ArrayBuffer, fd: number, address: number, length: number): number;
  signal_open(signal: number): number;
  signal_close(fd: number): number;
  /** Puts the handlers of `signal_open` on top again, where others have replaced them. */
  signal_rechain(): number;
  post_open(queue: number): number;
  post_close(queue: number): number;
  post(memory: ArrayBuffer, queue: number, address: number): number;
  post_take(memory: ArrayBuffer, queue: number, address: number, capacity: number): number;
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
