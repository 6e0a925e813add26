// Suspended calls whose waits end at one time: the other tasks of their thread have turns between them.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EVENT_IN } from "../../asm/abi.ts";
import { host } from "../../bindings/node/select.ts";
import { slotOf } from "../../wasi/slots.ts";
import { Waiter, type Waits } from "../../wasi/wait.ts";
import { FakeSource } from "./fake-source.ts";

const CALLS = 20;
/** Longer than guests may run in one turn of the event loop. */
const LONG_MS = 2;

/** A call that waits for a source, and computes for a while. */
function* computing(source: FakeSource, ended: () => void): Waits {
  yield { slots: [slotOf(source, EVENT_IN)], ms: -1 };
  const end = performance.now() + LONG_MS;
  while (performance.now() < end);
  ended();
  return 0;
}

test("tasks run between calls that end at one time, and the calls end in order", async () => {
  const waiter = new Waiter(host);
  const source = new FakeSource();
  const ended: number[] = [];
  const calls = Array.from({ length: CALLS }, (_, i) =>
    waiter.suspending(computing(source, () => void ended.push(i))),
  );
  const before: number[] = [];
  const task = new Promise<void>((resolve) =>
    setTimeout(() => {
      before.push(ended.length);
      resolve();
    }, 0),
  );
  source.set(EVENT_IN);
  await Promise.all([...calls, task]);
  assert.equal(
    ended,
    calls.map((_, i) => i),
  );
  assert.ok((before[0] as number) < CALLS, `${before[0]} calls had ended before the task`);
  assert.is(source.watchers.size, 0);
});

test.run();
