// Shared by the tests of the filters: events as plain arrays, and how much a wait costs.

import * as assert from "uvu/assert";
import {
  KQ_EV_ADD,
  KQ_EV_DELETE,
  type Kevent,
  kevent,
  type Kqueue,
  type Whole,
} from "../../bindings/node/select.ts";
import { blockUntil, clockMs, DEADLINE } from "../support/world.ts";

/** An event without its udata. */
export type Seen = [ident: Whole, filter: number, flags: number, fflags: number, data: Whole];

export { newQueue } from "./support.ts";

/** Makes a knote, or changes it. */
export function add(
  queue: Kqueue,
  ident: Whole,
  filter: number,
  flags = 0,
  fflags = 0,
  data: Whole = 0,
): void {
  queue.control([kevent(ident, filter, KQ_EV_ADD | flags, fflags, data)], 0);
}

/** Changes a knote that exists. */
export function command(queue: Kqueue, ident: Whole, filter: number, flags: number): void {
  queue.control([kevent(ident, filter, flags)], 0);
}

/** Deletes a knote. */
export function remove(queue: Kqueue, ident: Whole, filter: number): void {
  command(queue, ident, filter, KQ_EV_DELETE);
}

export function seen({ ident, filter, flags, fflags, data }: Kevent): Seen {
  return [ident, filter, flags, fflags, data];
}

/** The events that are ready within `timeout` seconds. */
export function take(queue: Kqueue, timeout = 0, max = 64): Seen[] {
  return queue.control(null, max, timeout).map(seen);
}

/** The next `count` events. Fewer are returned once no event has come for a minute. */
export function takeAll(queue: Kqueue, count: number): Seen[] {
  const events: Seen[] = [];
  while (events.length < count) {
    const more = take(queue, DEADLINE);
    if (more.length === 0) break;
    events.push(...more);
  }
  return events;
}

/** Asserts that these events of level-triggered knotes come within a minute. */
export function assertComes(queue: Kqueue, ...expected: readonly Seen[]): void {
  let found: Seen[] = [];
  blockUntil(() => {
    found = take(queue, 1);
    return JSON.stringify(found) === JSON.stringify(expected);
  });
  assert.equal(found, expected);
}

/** The `data` of each event that is ready within `timeout` seconds. */
export function dataOf(queue: Kqueue, timeout = 0): Whole[] {
  return queue.control(null, 64, timeout).map(({ data }) => data);
}

/** Waits that are measured, so that one of them is without other work of this process, such as a collection. */
const ATTEMPTS = 8;

/** Asserts that no event comes within `ms`, and that the wait does not keep the thread busy. */
export function assertNoEvents(queue: Kqueue, ms = 40): void {
  let busy = Infinity;
  for (let attempt = 0; attempt < ATTEMPTS && busy >= ms / 2; attempt++) {
    const before = process.cpuUsage();
    const begun = clockMs();
    assert.equal(take(queue, ms / 1000), []);
    const passed = clockMs() - begun;
    const { user, system } = process.cpuUsage(before);
    assert.ok(passed >= ms, `returned after ${passed} ms of ${ms}`);
    busy = (user + system) / 1000;
  }
  assert.ok(busy < ms / 2, `${busy} ms of processor time in ${ms} ms`);
}
