// poll(2) that goes on while the program runs: `watch` of the host.

import { EINVAL, POLL_RECORD_FD, POLL_RECORD_SIZE } from "../../../asm/abi.ts";
import type { Host } from "../../host.ts";
import { ECANCELED, EFAULT } from "../kernel/constants.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { isWithin } from "../kernel/memory.ts";
import { perKernel } from "../kernel/per-kernel.ts";
import { Turns } from "../time/turns.ts";
import { pollFiles, pollNow } from "../wait/poll.ts";

const turnsOf = perKernel(
  (kernel) =>
    new Turns(kernel.clock, () => {
      kernel.serve?.();
      const hasPassed = kernel.clock.pass(Infinity);
      const failure = kernel.takeFailure();
      // As between the tasks of a real clock: no call can report that an action threw.
      if (failure !== undefined) throw failure;
      return hasPassed;
    }),
);

/** Makes poll(2) skip records. */
function skip(records: DataView, isSkipped: (fd: number) => boolean): void {
  for (let at = 0; at < records.byteLength; at += POLL_RECORD_SIZE) {
    if (isSkipped(records.getInt32(at + POLL_RECORD_FD, true))) {
      records.setInt32(at + POLL_RECORD_FD, -1, true);
    }
  }
}

/** The records of a watch that only time ends. */
const EMPTY = new ArrayBuffer(0);

/**
 * The call for one core. The watch uses the descriptors of the process that makes the call.
 *
 * @param isSkipped numbers that are no descriptors of the kernel
 */
export function watchOf(
  kernel: Kernel,
  isSkipped: (fd: number) => boolean = () => false,
): NonNullable<Host["watch"]> {
  return (memory, records, count, timeoutMs, ended) => {
    if (count < 0 || Number.isNaN(timeoutMs)) return -EINVAL;
    if (!isWithin(memory, records, count * POLL_RECORD_SIZE)) return -EFAULT;
    // The caller may use its memory for other things while the watch goes on.
    const from = records >>> 0;
    const buffer = count === 0 ? EMPTY : memory.buffer.slice(from, from + count * POLL_RECORD_SIZE);
    skip(new DataView(buffer), isSkipped);
    const batch = { memory: { buffer }, address: 0, count };
    const deadline = timeoutMs < 0 ? Infinity : kernel.clock.now() + timeoutMs;
    const release = turnsOf(kernel).hold();
    let isOver = false;
    const end = (): void => {
      isOver = true;
      release();
    };
    const finish = (): void => {
      if (isOver) return;
      end();
      ended();
    };
    if (pollNow(kernel, batch) !== 0) {
      queueMicrotask(finish);
      return end;
    }
    const interrupt = kernel.start(pollFiles(kernel, batch, deadline), finish);
    return () => {
      if (isOver) return;
      end();
      interrupt(-ECANCELED);
    };
  };
}
