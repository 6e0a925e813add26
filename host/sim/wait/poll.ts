// poll(2) as in Linux's fs/select.c, on poll records in the memory of a core.

import {
  EINVAL,
  EVENT_NVAL,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
} from "../../../asm/abi.ts";
import { ALWAYS } from "../kernel/constants.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Sleeper, type Sleeping } from "../kernel/sleep.ts";
import { WaitEntry, type Waiter } from "../kernel/wait-queue.ts";

/**
 * The entry of a blocked poll(2) in the wait queues of one file, with the key of that record
 * (pollwake).
 */
export class PollWaiter implements Waiter {
  readonly sleeper: Sleeper;
  readonly #mask: number;

  constructor(sleeper: Sleeper, mask: number) {
    this.sleeper = sleeper;
    this.#mask = mask;
  }

  wake(key: number): boolean {
    return (key === 0 || (key & this.#mask) !== 0) && this.sleeper.wake(0);
  }
}

/** do_poll, one round: writes `ready` of every record, and returns the number of records with events. */
function scan(kernel: Kernel, view: DataView, count: number): number {
  let found = 0;
  for (let i = 0; i < count; i++) {
    const at = i * POLL_RECORD_SIZE;
    const fd = view.getInt32(at + POLL_RECORD_FD, true);
    let ready = 0;
    if (fd >= 0) {
      const file = kernel.descriptors.usable(fd);
      const want = view.getUint16(at + POLL_RECORD_WANT, true) | ALWAYS;
      ready = file === undefined ? EVENT_NVAL : file.poll() & want;
    }
    view.setUint16(at + POLL_RECORD_READY, ready, true);
    if (ready !== 0) found++;
  }
  return found;
}

/** poll_wait for every record: enters the sleeper into the wait queues of each file. */
function enterQueues(kernel: Kernel, view: DataView, count: number, sleeper: Sleeper): WaitEntry[] {
  const entries: WaitEntry[] = [];
  for (let i = 0; i < count; i++) {
    const at = i * POLL_RECORD_SIZE;
    const file = kernel.descriptors.usable(view.getInt32(at + POLL_RECORD_FD, true));
    if (file === undefined) continue;
    const mask = view.getUint16(at + POLL_RECORD_WANT, true) | ALWAYS;
    const waiter = new PollWaiter(sleeper, mask);
    for (const queue of file.queues()) {
      const entry = new WaitEntry(waiter);
      queue.add(entry);
      entries.push(entry);
    }
  }
  return entries;
}

function waitsFor(view: DataView, count: number): string {
  const fds: number[] = [];
  for (let i = 0; i < count; i++) {
    const fd = view.getInt32(i * POLL_RECORD_SIZE + POLL_RECORD_FD, true);
    if (fd >= 0) fds.push(fd);
  }
  return `poll on ${fds.length === 0 ? "nothing" : `descriptors ${fds.slice(0, 10).join(", ")}`}`;
}

/**
 * The records of a poll(2). The memory may grow while the call sleeps, so a view of it is made anew
 * each time.
 */
export interface Records {
  readonly memory: Pick<WebAssembly.Memory, "buffer">;
  readonly address: number;
  readonly count: number;
}

function viewOf({ memory, address, count }: Records): DataView {
  return new DataView(memory.buffer, address, count * POLL_RECORD_SIZE);
}

/** poll(2) with a timeout of 0. */
export function pollNow(kernel: Kernel, records: Records): number {
  if (records.count > kernel.descriptors.limit) return -EINVAL;
  return scan(kernel, viewOf(records), records.count);
}

/** poll(2) after a first round without events. `deadline` is in ms of the clock. */
export function* pollFiles(kernel: Kernel, records: Records, deadline: number): Sleeping {
  const { count } = records;
  let found = 0;
  while (found === 0) {
    const sleeper = new Sleeper(0, () => waitsFor(viewOf(records), count));
    const entries = enterQueues(kernel, viewOf(records), count, sleeper);
    const end = yield { sleeper, deadline };
    for (const entry of entries) entry.leave();
    if (typeof end === "number") return end;
    found = scan(kernel, viewOf(records), count);
    if (found === 0 && end === "time") return 0;
  }
  return found;
}
