// Processes and named files of omnipoll/os on a simulated kernel.

import { ENOSYS } from "../../asm/abi.ts";
import type { OsHost } from "../os.ts";
import type { Kernel } from "./kernel.ts";

type ProcessCalls = Pick<OsHost, "mkfifo" | "kill" | "pidfd_open">;

const none = (): number => -ENOSYS;

/** The calls of omnipoll/os on processes and named files. */
export function processCalls(_kernel: Kernel): ProcessCalls {
  return { mkfifo: none, kill: none, pidfd_open: none };
}
