// pidfd (pidfd_poll in Linux's fs/pidfs.c): readable once its process has ended.

import { EINVAL, ESRCH, EVENT_HUP, EVENT_IN, EVENT_RDNORM } from "../../../asm/abi.ts";
import { O_EXCL, O_NONBLOCK, O_RDWR } from "../kernel/constants.ts";
import { File } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Process } from "./process.ts";
import { processesOf } from "./processes.ts";
import type { WaitQueue } from "../kernel/wait-queue.ts";

export class PidFile extends File {
  readonly name = "pidfd";
  readonly process: Process;
  readonly #queues: readonly WaitQueue[];

  /** @param flags O_NONBLOCK or 0 */
  constructor(kernel: Kernel, process: Process, flags: number) {
    super(kernel, flags | O_RDWR);
    this.process = process;
    this.#queues = [process.queue];
  }

  poll(): number {
    const { state } = this.process;
    if (state === "zombie") return EVENT_IN | EVENT_RDNORM;
    return state === "reaped" ? EVENT_IN | EVENT_RDNORM | EVENT_HUP : 0;
  }

  queues(): readonly WaitQueue[] {
    return this.#queues;
  }

  override describe(): Record<string, unknown> {
    return { pid: this.process.pid, state: this.process.state };
  }
}

/** PIDFD_NONBLOCK and PIDFD_THREAD. */
const FLAGS = O_NONBLOCK | O_EXCL;

/** pidfd_open(2): a descriptor or a negative errno. */
export function openPidfd(kernel: Kernel, pid: number, flags: number): number {
  if ((flags & ~FLAGS) !== 0 || pid <= 0) return -EINVAL;
  const process = processesOf(kernel).find(pid);
  if (process === undefined) return -ESRCH;
  return kernel.open(new PidFile(kernel, process, flags & O_NONBLOCK));
}
