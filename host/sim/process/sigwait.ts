// Waiting for a signal without a descriptor.

import { EINTR } from "../../../asm/abi.ts";
import { Sleeper, type Sleeping } from "../kernel/sleep.ts";
import { nameOfSignal } from "./signal-numbers.ts";
import type { Signals } from "./signals.ts";
import { WaitEntry } from "../kernel/wait-queue.ts";

/** sigwait(3): waits until a signal of a set is pending, dequeues the signal and returns its number. */
export function* sigwait(signals: Signals, set: ReadonlySet<number>): Sleeping {
  while (true) {
    const info = signals.dequeue(set);
    if (info !== undefined) return info.signal;
    const sleeper = new Sleeper(0, () => `one of ${[...set].map(nameOfSignal).join(", ")}`);
    const entry = new WaitEntry(sleeper);
    signals.queue.append(entry);
    const end = yield { sleeper, deadline: Infinity };
    entry.leave();
    if (typeof end === "number" && end !== -EINTR) return end;
  }
}
