// Waits for the events of timers.

import * as assert from "uvu/assert";
import { type Kevent, type Kqueue } from "../../bindings/node/select.ts";
import { change, fieldsOf, now } from "./support.ts";
import { assertTook } from "../support/expect.ts";
import { BEYOND_DEADLINE, clockMs } from "../support/world.ts";

/** Waits for one event, which must come `least` ms after `start` and not much later; returns its attributes. */
export function nextExpiry(queue: Kqueue, least = 0, start = clockMs()): unknown[] {
  const result = queue.control(null, 4, BEYOND_DEADLINE);
  assertTook(clockMs() - start, least, least + 1000);
  assert.is(result.length, 1);
  return fieldsOf(result[0] as (typeof result)[0]);
}

/**
 * Waits for the event of a timer with a short period. On a busy machine several periods may pass: `data` is
 * returned as 1.
 */
export function nextPeriod(queue: Kqueue, least = 0, start = clockMs()): unknown[] {
  const fields = nextExpiry(queue, least, start);
  assert.ok((fields[4] as number) >= 1);
  return fields.with(4, 1);
}

/**
 * Makes changes that set a timer of `ms`, and asserts that no event is ready then; returns the time of the
 * changes. The changes are made again if this thread got no processor until the timer may have expired.
 */
export function setTimer(queue: Kqueue, ms: number, ...changes: readonly Kevent[]): number {
  for (;;) {
    const start = clockMs();
    change(queue, ...changes);
    const early = now(queue);
    if (clockMs() - start >= ms) continue;
    assert.equal(early, []);
    return start;
  }
}
