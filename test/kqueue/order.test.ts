// The events that a call returns, and their order: room, turns, fairness. KQ-093 to 096.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  type Kevent,
  kevent,
  type Kqueue,
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_EV_DELETE as DELETE,
  KQ_EV_DISPATCH as DISPATCH,
  KQ_EV_ENABLE as ENABLE,
  KQ_EV_ONESHOT as ONESHOT,
  KQ_FILTER_READ as READ,
  KQ_FILTER_USER as USER,
  KQ_FILTER_WRITE as WRITE,
  FileNotFoundError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped, sleep } from "../support/descriptors.ts";
import { change, fieldsOf, idents, newQueue, now, timer, trigger, user } from "./support.ts";
import { throws } from "../support/expect.ts";
import { answered } from "../support/world.ts";

test(
  "KQ-093: first active, first reported; a knote that stays active goes to the end",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, ...[1, 2, 3, 4].map((ident) => user(ident, ADD)));
    change(queue, ...[3, 1, 4, 2].map((ident) => trigger(ident)));
    assert.equal(idents(queue), [3, 1, 4, 2]);
    assert.equal(idents(queue, 1), [3]);
    assert.equal(idents(queue, 2), [1, 4]);
    assert.equal(idents(queue), [2, 3, 1, 4]);
    change(queue, user(3, CLEAR));
    assert.equal(idents(queue), [2, 1, 4]);
    change(queue, trigger(3));
    assert.equal(idents(queue), [2, 1, 4, 3]);
    const pipes = [0, 1, 2].map(() => s.pipe());
    const readers = newQueue(s);
    change(readers, ...pipes.map(([r]) => kevent(r)));
    const [first, second, third] = pipes as [[number, number], [number, number], [number, number]];
    for (const [, w] of [second, third, first]) os.write(w, "x");
    assert.equal(idents(readers), [second[0], third[0], first[0]]);
    assert.equal(idents(readers, 1), [second[0]]);
    assert.equal(idents(readers), [third[0], first[0], second[0]]);
  }),
);

test(
  "KQ-094: events that do not fit come with the next call",
  scoped((s) => {
    const queue = newQueue(s);
    const pipes = [0, 1, 2, 3, 4].map(() => s.pipe());
    for (const [r, w] of pipes) {
      change(queue, kevent(r, READ, ADD | CLEAR));
      os.write(w, "x");
    }
    const readers = pipes.map(([r]) => r);
    assert.equal(idents(queue, 2), readers.slice(0, 2));
    assert.equal(idents(queue, 2), readers.slice(2, 4));
    assert.equal(idents(queue, 2), readers.slice(4));
    assert.equal(idents(queue, 2), []);
  }),
);

test(
  "KQ-095: no knote is twice in one result",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    change(queue, kevent(r), kevent(r), kevent(w, WRITE), user(1, ADD), trigger(1), trigger(1));
    change(queue, timer(1, ADD, 0, 1));
    sleep(5);
    for (let i = 0; i < 3; i++) {
      const found = now(queue).map(([ident, filter]) => `${ident} ${filter}`);
      assert.is(new Set(found).size, found.length);
      assert.ok(found.length >= 3, found.join());
      sleep(2);
    }
  }),
);

test(
  "KQ-096: queues do not take each other's events",
  scoped((s) => {
    const queues = [newQueue(s), newQueue(s), newQueue(s)] as [Kqueue, Kqueue, Kqueue];
    const [r, w] = s.pipe();
    for (const queue of queues) change(queue, kevent(r, READ, ADD | CLEAR), user(1, ADD));
    os.write(w, "x");
    change(queues[1], trigger(1));
    assert.equal(idents(queues[0]), [r]);
    // The core harvests descriptors last.
    assert.equal(idents(queues[1]), answered([1, r], [r, 1]));
    assert.equal(idents(queues[2]), [r]);
    change(queues[0], kevent(r, READ, DELETE));
    os.write(w, "x");
    assert.equal(idents(queues[0]), []);
    assert.equal(idents(queues[2]), [r]);
  }),
);

/** Calls a queue until each of `count` knotes has been reported; how many calls it took. */
function callsUntilAll(queue: Kqueue, count: number, max: number, each = (): void => {}): number {
  const seen = new Set<string>();
  for (let calls = 1; calls <= 10 * count; calls++) {
    each();
    const events = queue.control(null, max, 0);
    assert.is(events.length, Math.min(max, count), `call ${calls}`);
    for (const { ident, filter } of events) seen.add(`${ident} ${filter}`);
    if (seen.size === count) return calls;
  }
  return Infinity;
}

test(
  "with room for 3 each of 50 readers, 5 timers and 5 user events has its turn",
  scoped((s) => {
    for (const flags of [0, CLEAR]) {
      const queue = newQueue(s);
      const pipes = Array.from({ length: 50 }, () => s.pipe());
      for (const [r, w] of pipes) {
        change(queue, kevent(r, READ, ADD));
        os.write(w, "x");
      }
      for (let i = 0; i < 5; i++) {
        change(queue, user(i, ADD | flags), trigger(i), timer(i, ADD, 0, 1));
      }
      sleep(5);
      const again = (): void => {
        if (flags === CLEAR) change(queue, ...[0, 1, 2, 3, 4].map((ident) => trigger(ident)));
      };
      for (let round = 0; round < 3; round++) {
        const calls = callsUntilAll(queue, 60, 3, again);
        assert.ok(calls <= 20, `${calls} calls`);
        sleep(3);
      }
    }
  }),
);

test(
  "with room for 3 each of 50 readers and 50 writers has its turn",
  scoped((s) => {
    const queue = newQueue(s);
    for (let i = 0; i < 50; i++) {
      const [a, b] = s.socketpair();
      change(queue, kevent(a, READ, ADD), kevent(a, WRITE, ADD));
      os.write(b, "x");
    }
    for (let round = 0; round < 3; round++) {
      const calls = callsUntilAll(queue, 100, 3);
      assert.ok(calls <= 34, `${calls} calls`);
    }
  }),
);

test(
  "EV_DISPATCH and EV_ONESHOT knotes of which not all fit are reported once each",
  scoped((s) => {
    for (const flags of [DISPATCH, ONESHOT, CLEAR]) {
      const queue = newQueue(s);
      const pipes = Array.from({ length: 20 }, () => s.pipe());
      for (const [r, w] of pipes) {
        change(queue, kevent(r, READ, ADD | flags));
        os.write(w, "x");
      }
      for (let i = 0; i < 4; i++) change(queue, user(i, ADD | flags), trigger(i));
      const found: string[] = [];
      for (let events = idents(queue, 5); events.length > 0; events = idents(queue, 5)) {
        found.push(...events.map(String));
      }
      const readers = pipes.map(([r]) => r);
      const expected = answered([0, 1, 2, 3, ...readers], [...readers, 0, 1, 2, 3]);
      assert.equal(found, expected.map(String));
      if (flags !== DISPATCH) continue;
      change(queue, ...pipes.map(([r]) => kevent(r, READ, ENABLE)));
      assert.is(idents(queue, 50).length, 20);
    }
  }),
);

test(
  "controlInto writes over the kevents it is given, and no more than were ready",
  scoped((s) => {
    const queue = newQueue(s);
    const list = [1, 2, 3].map((ident) => kevent(ident, 5, 6, 7, 8, 9));
    const [first, second, third] = list as [Kevent, Kevent, Kevent];
    const changes = [user(10, ADD | CLEAR), user(11, ADD | ONESHOT), trigger(10), trigger(11)];
    assert.is(queue.controlInto(changes, list, 1), 2);
    assert.is(list[0], first);
    assert.equal(fieldsOf(first), [10, USER, CLEAR, 0, 0, 0]);
    assert.equal(fieldsOf(second), [11, USER, ONESHOT, 0, 0, 0]);
    assert.equal(fieldsOf(third), [3, 5, 6, 7, 8, 9]);
    assert.is(queue.controlInto(null, list, 0), 0);
    assert.is(queue.controlInto([user(11, ADD)], []), 0);
    throws(() => queue.controlInto([user(12, DELETE)], []), FileNotFoundError);
    assert.is(queue.controlInto([user(12, DELETE)], list), 1);
    assert.equal(fieldsOf(first), [12, USER, 0x4000, 0, 2, 0]);
    const same = kevent(1);
    change(queue, user(1, ADD), user(2, ADD), trigger(1), trigger(2));
    assert.is(queue.controlInto([], [same, same], 0), 2);
    assert.is(same.ident, 2);
  }),
);

test(
  "max_events may be 2^31 - 1, and one call may make 20 000 changes",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD), trigger(1));
    assert.equal(idents(queue, 2 ** 31 - 1), [1]);
    change(queue, ...Array.from({ length: 20_000 }, (_, i) => user(i + 2, ADD)));
    change(queue, ...Array.from({ length: 20_000 }, (_, i) => trigger(i + 2)));
    const found = idents(queue, 30_000);
    assert.is(found.length, 20_001);
    assert.equal(
      found,
      Array.from({ length: 20_001 }, (_, i) => i + 1),
    );
    assert.is(now(queue, [user(20_001, DELETE)], 30_000).length, 20_000);
  }),
);

test.run();
