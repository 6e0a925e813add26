// EVFILT_TIMER: KQ-187 to 203. Changes of a timer are in timer-changes.test.ts, many timers in timers.test.ts.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  kevent,
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_EV_DELETE as DELETE,
  KQ_EV_ERROR as ERROR,
  KQ_EV_ONESHOT as ONESHOT,
  KQ_FILTER_READ as READ,
  KQ_FILTER_TIMER as TIMER,
  KQ_NOTE_ABSTIME as ABSTIME,
  KQ_NOTE_MSECONDS as MSECONDS,
  KQ_NOTE_NSECONDS as NSECONDS,
  KQ_NOTE_SECONDS as SECONDS,
  KQ_NOTE_USECONDS as USECONDS,
  OSError,
  type Whole,
} from "../../bindings/node/select.ts";
import { scoped, sleep } from "../support/descriptors.ts";
import { nextExpiry, setTimer } from "./expiry.ts";
import { change, idents, newQueue, now, timer } from "./support.ts";
import { assertTook, throws } from "../support/expect.ts";
import * as os from "../../bindings/node/os.ts";
import { BEYOND_DEADLINE, clockMs, dateMs, DEADLINE, DEADLINE_MS, tick } from "../support/world.ts";

const EINVAL = 22;
/** Longer than any test. */
const NEVER = 3_600_000;

for (const [name, fflags, data] of [
  ["ms without a unit", 0, 40],
  ["KQ_NOTE_MSECONDS", MSECONDS, 40],
  ["KQ_NOTE_USECONDS", USECONDS, 40_000],
  ["KQ_NOTE_NSECONDS", NSECONDS, 40_000_000],
] as const) {
  test(
    `a one-shot timer in ${name}`,
    scoped((s) => {
      const queue = newQueue(s);
      const start = setTimer(queue, 40, timer(1, ADD | ONESHOT, fflags, data));
      assert.equal(nextExpiry(queue, 40, start), [1, TIMER, ONESHOT | CLEAR, 0, 1, 0]);
      throws(() => change(queue, timer(1, DELETE, 0, 0)), FileNotFoundError);
      assert.equal(queue.control(null, 1, 0.06), []);
    }),
  );
}

test(
  "seconds, and units far beyond any clock",
  scoped((s) => {
    const queue = newQueue(s);
    const start = clockMs();
    change(queue, timer(1, ADD | ONESHOT, SECONDS, 1));
    assert.equal(nextExpiry(queue, 1000, start), [1, TIMER, ONESHOT | CLEAR, 0, 1, 0]);
    for (const unit of [SECONDS, MSECONDS, USECONDS, NSECONDS, SECONDS | ABSTIME]) {
      change(queue, timer(unit, ADD, unit, 2n ** 63n - 1n));
    }
    assert.equal(queue.control(null, 1, 0.01), []);
    change(queue, timer(99, ADD | ONESHOT, 0, 10));
    assert.equal(idents(queue, 4, 1), [99]);
  }),
);

test(
  "KQ-188: two units, or an unknown note, are EINVAL",
  scoped((s) => {
    const queue = newQueue(s);
    for (const fflags of [
      SECONDS | MSECONDS,
      SECONDS | NSECONDS,
      USECONDS | NSECONDS | ABSTIME,
      0xf,
      0x20,
      0x80000000,
    ]) {
      throws(() => change(queue, timer(1, ADD, fflags, 10)), OSError, "EINVAL");
    }
    throws(() => change(queue, timer(1, DELETE, 0, 0)), FileNotFoundError);
  }),
);

test(
  "KQ-190: a period of 0 is one of 1; a one-shot of 0 expires at once",
  scoped((s) => {
    const queue = newQueue(s);
    const start = clockMs();
    change(queue, timer(1, ADD, 0, 0));
    sleep(30);
    const [event] = now(queue);
    const most = clockMs() - start;
    assert.equal(event?.slice(0, 4), [1, TIMER, CLEAR, 0]);
    const times = Number(event?.[4]);
    assert.ok(times >= 29 && times <= most, `${times} times in ${most} ms`);
    change(queue, timer(1, DELETE, 0, 0), timer(2, ADD | ONESHOT, 0, 0));
    assert.equal(now(queue), [[2, TIMER, ONESHOT | CLEAR, 0, 1, 0]]);
  }),
);

test(
  "KQ-191: a negative time is EINVAL",
  scoped((s) => {
    const queue = newQueue(s);
    for (const data of [-1, -(2n ** 63n)]) {
      for (const fflags of [0, SECONDS, NSECONDS | ABSTIME]) {
        throws(() => change(queue, timer(1, ADD, fflags, data)), OSError, "EINVAL");
        assert.equal(now(queue, [timer(1, ADD | ONESHOT, fflags, data)]), [
          [1, TIMER, ERROR, 0, EINVAL, 0],
        ]);
      }
    }
  }),
);

test(
  "a periodic timer goes on, and data counts the periods since the last report",
  scoped((s) => {
    const queue = newQueue(s);
    // The first period begins between the two.
    const start = clockMs();
    change(queue, timer(7, ADD, 0, 20));
    const set = clockMs();
    let total = 0;
    for (let i = 0; i < 3; i++) {
      const [, , flags, , data] = nextExpiry(queue) as number[];
      assert.is(flags, CLEAR);
      total += data as number;
      assert.ok(clockMs() - start >= total * 20, `${total} times too early`);
    }
    sleep(110);
    const before = Math.floor((clockMs() - set) / 20);
    const late = now(queue);
    const after = Math.floor((clockMs() - start) / 20);
    assert.equal(late[0]?.slice(0, 4), [7, TIMER, CLEAR, 0]);
    total += Number(late[0]?.[4]);
    assert.ok(total >= before && total <= after, `${before} <= ${total} <= ${after}`);
    assert.ok(Number(late[0]?.[4]) >= 4);
    // Nothing, unless it has gone off once more in the meantime.
    for (const [, , , , data] of now(queue)) total += Number(data);
    assert.ok(total <= Math.floor((clockMs() - start) / 20), `${total} times too early`);
  }),
);

test(
  "periods are kept, however late they are reported",
  scoped((s) => {
    const queue = newQueue(s);
    const start = clockMs();
    change(queue, timer(1, ADD, USECONDS, 2500));
    const set = clockMs();
    let total = 0;
    let least = 0;
    for (let i = 0; i < 15; i++) {
      sleep(i % 4);
      least = (clockMs() - set) / 2.5;
      const [event] = queue.control(null, 1, BEYOND_DEADLINE);
      total += Number(event?.data);
    }
    const most = (clockMs() - start) / 2.5;
    assert.ok(total <= most && total >= least - 2, `${total} of ${least} to ${most}`);
  }),
);

test(
  "KQ-194: an absolute time in the past expires at once",
  scoped((s) => {
    const queue = newQueue(s);
    for (const [fflags, data] of [
      [MSECONDS, dateMs() - 1000],
      [SECONDS, 1],
      [0, 0],
      [NSECONDS, 5],
    ] as const) {
      change(queue, timer(1, ADD | ONESHOT, fflags | ABSTIME, data));
      assert.equal(now(queue), [[1, TIMER, ONESHOT, 0, 1, 0]]);
    }
  }),
);

test(
  "an absolute time to come expires then, in all units",
  scoped((s) => {
    const queue = newQueue(s);
    for (const [unit, perMs] of [
      [MSECONDS, 1n],
      [USECONDS, 1000n],
      [NSECONDS, 1_000_000n],
    ] as const) {
      let at = 0;
      let early: unknown[] = [];
      do {
        at = dateMs() + 60;
        change(queue, timer(1, ADD | ONESHOT, unit | ABSTIME, BigInt(at) * perMs));
        early = now(queue);
      } while (dateMs() >= at);
      assert.equal(early, []);
      assert.equal(idents(queue, 4, BEYOND_DEADLINE), [1]);
      assertTook(dateMs() - at, 0, 1000);
    }
  }),
);

test(
  "KQ-195: an absolute timer keeps its knote, is not cleared, and expires once",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, timer(1, ADD, SECONDS | ABSTIME, 1), timer(2, ADD | CLEAR, ABSTIME, 1));
    assert.equal(now(queue), [
      [1, TIMER, 0, 0, 1, 0],
      [2, TIMER, CLEAR, 0, 1, 0],
    ]);
    for (let i = 0; i < 3; i++) assert.equal(now(queue), [[1, TIMER, 0, 0, 1, 0]]);
    change(queue, timer(1, DELETE, 0, 0), timer(2, DELETE, 0, 0));
    assert.equal(now(queue), []);
  }),
);

test(
  "KQ-201: queues have timers of their own",
  scoped((s) => {
    const first = newQueue(s);
    const second = newQueue(s);
    const start = clockMs();
    change(first, timer(1, ADD | ONESHOT, 0, 10));
    change(second, timer(1, ADD, 0, NEVER));
    assert.equal(nextExpiry(first, 10, start), [1, TIMER, ONESHOT | CLEAR, 0, 1, 0]);
    assert.equal(now(second), []);
    change(second, timer(1, DELETE, 0, 0));
  }),
);

test(
  "KQ-203: any number is an ident; timers expire in the order of their times",
  scoped((s) => {
    const queue = newQueue(s);
    const idents64: Whole[] = [0, 1, 2, 2 ** 31, 2n ** 63n, 2n ** 64n - 1n];
    change(queue, ...idents64.map((ident, i) => timer(ident, ADD | ONESHOT, 0, 30 - 5 * i)));
    sleep(40);
    assert.equal(idents(queue), idents64.toReversed());
  }),
);

test(
  "100 000 timers are set and cancelled, and only the one that is left expires",
  scoped((s) => {
    const queue = newQueue(s);
    const COUNT = 100_000;
    const order = Array.from({ length: COUNT }, (_, i) => (i * 48_271) % COUNT);
    queue.control(
      order.map((i) => timer(i, ADD, USECONDS, 30_000 + i)),
      0,
    );
    change(queue, timer(COUNT, ADD | ONESHOT, 0, 300));
    queue.control(
      order.toReversed().map((i) => timer(i, DELETE, 0, 0)),
      0,
    );
    throws(() => change(queue, timer(order[5] as number, DELETE, 0, 0)), FileNotFoundError);
    assert.equal(nextExpiry(queue), [COUNT, TIMER, ONESHOT | CLEAR, 0, 1, 0]);
  }),
);

test(
  "a timer expires beside a descriptor that stays ready",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    change(queue, kevent(r, READ), timer(1, ADD | ONESHOT, 0, 5));
    const met = new Set<number>();
    for (const start = clockMs(); met.size < 2 && clockMs() - start < DEADLINE_MS; tick(1)) {
      for (const { filter } of queue.control(null, 4, DEADLINE)) met.add(filter);
    }
    assert.equal([...met], [READ, TIMER]);
  }),
);

test.run();
