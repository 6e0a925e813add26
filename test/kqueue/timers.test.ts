// Many timers of one queue, on a clock that the test sets. EMU-08.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { CAPABILITY_EPOLL, CAPABILITY_SOURCES } from "../../asm/abi.ts";
import { createKqueue } from "../../bindings/kqueue.ts";
import {
  KQ_EV_ADD as ADD,
  KQ_EV_DELETE as DELETE,
  KQ_EV_ONESHOT as ONESHOT,
  type Whole,
} from "../../bindings/node/select.ts";
import { coreWith, randomOf } from "../support/hosts.ts";
import { change, timer } from "./support.ts";

const byIdent = (a: [number, Whole], b: [number, Whole]): number => a[0] - b[0];

/** A queue on a clock of its own, which a wait that finds nothing puts on to the next time. */
function virtualQueue() {
  const TIMERFD = 101;
  let time = 1000;
  let armed = 0;
  const calls = { settime: 0, wait: 0 };
  const core = coreWith({
    capabilities: () => CAPABILITY_EPOLL | CAPABILITY_SOURCES,
    now: () => time,
    realtime: () => time,
    close: () => 0,
    epoll_create1: () => 100,
    epoll_ctl: () => 0,
    eventfd: () => 102,
    read: () => 8,
    write: () => 8,
    timerfd_create: () => TIMERFD,
    timerfd_settime: (_fd, deadline) => {
      calls.settime++;
      armed = deadline;
      return 0;
    },
    epoll_wait: (memory, _epfd, ready, _capacity, timeoutMs) => {
      calls.wait++;
      const end = timeoutMs < 0 ? Infinity : time + timeoutMs;
      const isReady = armed > 0 && armed <= end;
      time = Math.max(time, isReady ? armed : end);
      if (isReady) new Uint32Array(memory.buffer, ready, 2).set([TIMERFD, 1]);
      return isReady ? 1 : 0;
    },
  });
  const queue = createKqueue(core)();
  return { queue, calls, at: () => time, pass: (ms: number) => (time += ms) };
}

test("EMU-08: thousands of timers, set, moved and deleted, keep to a model of them", () => {
  const random = randomOf(8);
  const { queue, calls, at, pass } = virtualQueue();
  /** When each expires next, and how often after that: 0 for never again. */
  const model = new Map<number, { next: number; period: number; count: number }>();
  // Odd idents are one-shot for ever, since that is not changed by adding again.
  const add = (ident: number): void => {
    const data = random(5000) + 1;
    const isOnce = ident % 2 === 1;
    model.set(ident, { next: at() + data, period: isOnce ? 0 : data, count: 0 });
    change(queue, timer(ident, isOnce ? ADD | ONESHOT : ADD, 0, data));
  };
  let reported = 0;
  for (let step = 0; step < 20_000; step++) {
    const ident = random(1500);
    const action = random(20);
    if (action < 8) add(ident);
    else if (action < 10 && model.delete(ident)) change(queue, timer(ident, DELETE, 0, 0));
    else if (action === 10) pass(random(3000));
    if (action < 19) continue;
    const events = queue.control(null, 2000, random(2) / 5);
    reported += events.length;
    for (const one of model.values()) {
      if (one.next > at()) continue;
      const more = one.period === 0 ? 0 : Math.floor((at() - one.next) / one.period);
      one.count += 1 + more;
      one.next = one.period === 0 ? Infinity : one.next + (1 + more) * one.period;
    }
    const expected = [...model].filter(([, { count }]) => count > 0);
    const counts = expected.map(([id, { count }]): [number, Whole] => [id, count]);
    const found = events.map(({ ident: id, data }): [number, Whole] => [Number(id), data]);
    assert.equal(found.sort(byIdent), counts.sort(byIdent), `step ${step}`);
    for (const [id, one] of expected) {
      one.count = 0;
      if (id % 2 === 1) model.delete(id);
    }
  }
  assert.ok(reported > 5000, `${reported} events`);
  assert.ok(calls.settime < 20_000, `${calls.settime} times the kernel's timer was set`);
});

test("expired timers are reported in the order of their times", () => {
  const { queue, calls, pass } = virtualQueue();
  const COUNT = 5000;
  const times = Array.from({ length: COUNT }, (_, i) => ((i * 1237) % COUNT) + 1);
  change(queue, ...times.map((time, i) => timer(i, ADD | ONESHOT, 0, time)));
  calls.settime = 0;
  pass(COUNT);
  const found = queue.control(null, COUNT, 0).map(({ ident }) => times[Number(ident)]);
  assert.equal(
    found,
    Array.from({ length: COUNT }, (_, i) => i + 1),
  );
  assert.is(calls.settime, 1);
});

test("10 000 periodic timers expire with one call to the kernel, like one", () => {
  for (const count of [1, 10_000]) {
    const { queue, calls, pass } = virtualQueue();
    for (let i = 0; i < count; i++) change(queue, timer(i, ADD, 0, 100 + (i % 7)));
    calls.settime = calls.wait = 0;
    for (let round = 0; round < 10; round++) {
      pass(110);
      assert.is(queue.control(null, 10_000, 0).length, count);
    }
    assert.equal(calls, { settime: 10, wait: 10 });
    change(queue, ...Array.from({ length: count }, (_, i) => timer(i, DELETE, 0, 0)));
    assert.equal(queue.control(null, 1, 1), []);
  }
});

test.run();
