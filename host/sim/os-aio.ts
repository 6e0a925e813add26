// Asynchronous reads and writes of omnipoll/os on a simulated kernel.

import { ENOSYS } from "../../asm/abi.ts";
import type { AioHost } from "../os.ts";
import type { Kernel } from "./kernel.ts";

const none = (): number => -ENOSYS;

/** The asynchronous calls of omnipoll/os. */
export function aioCalls(_kernel: Kernel): AioHost {
  return { aio_read: none, aio_write: none };
}
