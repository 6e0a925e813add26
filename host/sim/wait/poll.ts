// poll(2) as Linux's fs/select.c has it, on records in the memory of a core.

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

/** A blocked poll in the queues of one of its files: wakes it for what was asked of that one. */
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

/** Looks at every record once, writes `ready` of each, and returns how many are not 0. */
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

/** Enters a sleeper where it will be told of each record's file. */
function enter(kernel: Kernel, view: DataView, count: number, sleeper: Sleeper): WaitEntry[] {
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

/** Records of a poll, in a memory that may grow while the call sleeps. */
export interface Records {
  readonly memory: WebAssembly.Memory;
  readonly address: number;
  readonly count: number;
}

function viewOf({ memory, address, count }: Records): DataView {
  return new DataView(memory.buffer, address, count * POLL_RECORD_SIZE);
}

/** poll(2) with a timeout of 0. */
export function lookAt(kernel: Kernel, records: Records): number {
  if (records.count > kernel.descriptors.limit) return -EINVAL;
  return scan(kernel, viewOf(records), records.count);
}

/** poll(2) after a first look found nothing. `deadline` is in ms of the clock. */
export function* pollFiles(kernel: Kernel, records: Records, deadline: number): Sleeping {
  const { count } = records;
  let found = 0;
  while (found === 0) {
    const sleeper = new Sleeper(0, () => waitsFor(viewOf(records), count));
    const entries = enter(kernel, viewOf(records), count, sleeper);
    const end = yield { sleeper, deadline };
    for (const entry of entries) entry.leave();
    if (typeof end === "number") return end;
    found = scan(kernel, viewOf(records), count);
    if (found === 0 && end === "time") return 0;
  }
  return found;
}
