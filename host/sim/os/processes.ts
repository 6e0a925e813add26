// Processes and named files of omnipoll/os on a simulated kernel.

import { ENOSYS } from "../../../asm/abi.ts";
import { decodePath, type OsHost } from "../../os.ts";
import { ECANCELED } from "../kernel/constants.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { openPidfd } from "../process/pidfd.ts";
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
      // This call throws the error of a handler, or the error that stands for the end of the program.
      return kernel.hasFailed ? -ECANCELED : result;
    },
    pidfd_open(pid, flags) {
      // FreeBSD has process descriptors only for new children (pdfork).
      const hasPidfd = kernel.personality !== "bsd";
      const fd = hasPidfd ? openPidfd(kernel, pid, flags) : -ENOSYS;
      kernel.trace.add("pidfd_open", [pid, flags], fd);
      return fd;
    },
  };
}
