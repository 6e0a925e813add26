// Processes and named files of omnipoll/os on a simulated kernel.

import { ENOSYS } from "../../../asm/abi.ts";
import type { OsHost } from "../../os.ts";
import { ECANCELED } from "../kernel/constants.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { openPidfd } from "../process/pidfd.ts";
import { decodePath } from "../fs/path-text.ts";
import { processesOf } from "../process/processes.ts";
import { treeOf } from "../fs/tree.ts";

type ProcessCalls = Pick<OsHost, "mkfifo" | "kill" | "pidfd_open">;

/** The calls of omnipoll/os on processes and named files. */
export function processCalls(kernel: Kernel): ProcessCalls {
  return {
    mkfifo(path, mode) {
      const text = decodePath(path);
      const result = treeOf(kernel).mkfifo(text, mode);
      kernel.trace.add("mkfifo", [text, mode], result);
      return result;
    },
    kill(pid, signal) {
      const result = processesOf(kernel).kill(pid, signal);
      kernel.trace.add("kill", [pid, signal], result);
      // What a handler threw, or the end of the program, is thrown by this call.
      return kernel.hasFailed ? -ECANCELED : result;
    },
    pidfd_open(pid, flags) {
      // FreeBSD has nothing of the kind for a process that is there already.
      const isThere = kernel.personality !== "bsd";
      const fd = isThere ? openPidfd(kernel, pid, flags) : -ENOSYS;
      kernel.trace.add("pidfd_open", [pid, flags], fd);
      return fd;
    },
  };
}
