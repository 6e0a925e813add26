// Shared by the tests of the filters: events as plain arrays, and how much a wait costs.

import * as assert from "uvu/assert";
import {
  KQ_EV_ADD,
  KQ_EV_DELETE,
  type Kevent,
  kevent,
  type Kqueue,
  kqueue,
  type Whole,
} from "../../bindings/node/select.ts";
import type { Scope } from "../support/descriptors.ts";
import { blockUntil, clockMs } from "../support/world.ts";

/** An event without its udata. */
export type Seen = [ident: Whole, filter: number, flags: number, fflags: number, data: Whole];

/** A queue that is closed with its scope. */
export function queueIn(scope: Scope): Kqueue {
  const made = kqueue();
  scope.onEnd(() => made.close());
  return made;
}

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

/** Changes a knote there is, with a command. */
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

/** Asserts that these events, of knotes that are level-triggered, come within a minute. */
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

/** How often a wait is measured: other work of this process, as collecting garbage, is over by then. */
const ATTEMPTS = 8;

/** Asserts that nothing comes within `ms`, and that waiting for it does not keep the thread busy. */
export function assertSilent(queue: Kqueue, ms = 40): void {
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
