// eventfd for C guests (wasi/include/sys/eventfd.h): a descriptor of the host.

import { EINVAL } from "../../asm/abi.ts";
import type { GuestContext } from "./context.ts";

const EFD_SEMAPHORE = 1;
const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

/** The call of wasi/include/sys/eventfd.h; reads and writes are the guest's fd_read and fd_write. */
export function eventfdCalls({ files, os }: GuestContext) {
  return {
    eventfd(initval: number, flags: number): number {
      if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK)) return -EINVAL;
      const refused = files.room(1);
      if (refused < 0) return refused;
      const isBlocking = (flags & EFD_NONBLOCK) === 0;
      // The guest's reads wait by themselves, so that they can be suspended.
      const fd = os.eventfd(initval >>> 0, (flags & EFD_SEMAPHORE) | EFD_NONBLOCK);
      return files.addHost(fd, isBlocking);
    },
  };
}
