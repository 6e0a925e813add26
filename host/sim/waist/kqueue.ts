// kqueue(2) and kevent(2) of the waist, for the personality "bsd".

import { EBADF, EINVAL, KEVENT_SIZE } from "../../../asm/abi.ts";
import type { Host } from "../../host.ts";
import { filterName } from "../../names.ts";
import { EFAULT } from "../kernel/constants.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type Kevent, readKevent, writeKevent } from "../kqueue/knote.ts";
import { KqueueFile, type Report } from "../kqueue/queue.ts";
import { isWithin } from "../kernel/memory.ts";

/** A timeout of 2^31 s or more means no timeout (kqueue_scan). */
const LONGEST_MS = 2 ** 31 * 1000;

const NONE: readonly never[] = [];

type KqueueCalls = Pick<Host, "kqueue" | "kevent">;

/** A change as the trace shows it: filter, ident, flags, fflags, data. */
function show({ ident, filter, flags, fflags, data }: Kevent): string {
  const bits = `0x${flags.toString(16)} 0x${fflags.toString(16)}`;
  return `${filterName(filter)} ${ident} ${bits} ${data}`;
}

function changesAt(memory: WebAssembly.Memory, address: number, count: number): readonly Kevent[] {
  if (count === 0) return NONE;
  const view = new DataView(memory.buffer, address >>> 0, count * KEVENT_SIZE);
  return Array.from({ length: count }, (_, i) => readKevent(view, i * KEVENT_SIZE));
}

/** kevent(2) on an open queue, after all checks of the arguments (kqueue_kevent). */
function control(
  queue: KqueueFile,
  kq: number,
  changes: readonly Kevent[],
  capacity: number,
  timeoutMs: number,
  report: Report,
): number {
  const { kernel } = queue;
  const applied = queue.apply(changes, capacity, report);
  if (applied !== undefined || capacity === 0) return applied ?? 0;
  const count = queue.scan(capacity, report);
  if (count > 0) return count;
  const fault = kernel.faults.interruption();
  if (fault < 0) return fault;
  const isEndless = timeoutMs < 0 || timeoutMs >= LONGEST_MS;
  const deadline = isEndless ? Infinity : kernel.clock.now() + timeoutMs;
  if (!kernel.mayWait(deadline)) return 0;
  return kernel.run(queue.wait(kq, capacity, deadline, report));
}

/** kqueue and kevent of a kernel that has them. */
export function kqueueCalls(kernel: Kernel): KqueueCalls {
  return {
    kqueue() {
      const fd = kernel.open(new KqueueFile(kernel));
      kernel.trace.add("kqueue", [], fd);
      return fd;
    },
    kevent(memory, kq, changes, nchanges, events, capacity, timeoutMs) {
      const file = kernel.descriptors.usable(kq);
      if (!(file instanceof KqueueFile)) return -EBADF;
      if (nchanges < 0 || capacity < 0) return -EINVAL;
      if (!isWithin(memory, changes, nchanges * KEVENT_SIZE)) return -EFAULT;
      if (!isWithin(memory, events, capacity * KEVENT_SIZE)) return -EFAULT;
      let at = events >>> 0;
      let view: DataView | undefined;
      const report: Report = (event) => {
        // The view is made at the first event: the memory may grow while the call sleeps.
        view ??= new DataView(memory.buffer);
        writeKevent(view, at, event);
        at += KEVENT_SIZE;
      };
      const list = changesAt(memory, changes, nchanges);
      const shown = kernel.trace.isOn && nchanges > 0 ? list.map(show) : NONE;
      const result = control(file, kq, list, capacity, timeoutMs, report);
      kernel.trace.add("kevent", [kq, shown, capacity, timeoutMs], result);
      return result;
    },
  };
}
