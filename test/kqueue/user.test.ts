// EVFILT_USER: KQ-204 to 216.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  kevent,
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_EV_DELETE as DELETE,
  KQ_EV_DISABLE as DISABLE,
  KQ_EV_DISPATCH as DISPATCH,
  KQ_EV_ENABLE as ENABLE,
  KQ_EV_ERROR as ERROR,
  KQ_EV_ONESHOT as ONESHOT,
  KQ_EV_RECEIPT as RECEIPT,
  KQ_FILTER_READ as READ,
  KQ_FILTER_USER as USER,
  KQ_NOTE_FFAND as FFAND,
  KQ_NOTE_FFCOPY as FFCOPY,
  KQ_NOTE_FFNOP as FFNOP,
  KQ_NOTE_FFOR as FFOR,
  KQ_NOTE_TRIGGER as TRIGGER,
  type Whole,
} from "../../bindings/node/select.ts";
import { scoped } from "../support/descriptors.ts";
import { change, fieldsOf, idents, newQueue, now, trigger, user } from "./support.ts";
import { assertTook, inThread, throws } from "../support/expect.ts";
import { BEYOND_DEADLINE, needPosts } from "../support/world.ts";

test(
  "KQ-204: a trigger reports the bits that are kept and the last data",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD, 0x42, 5, 9));
    assert.equal(now(queue), []);
    change(queue, user(1, 0, TRIGGER, 6, 9));
    assert.equal(now(queue), [[1, USER, 0, 0x42, 6, 9]]);
    change(queue, user(1, 0, 0, -7, 8));
    assert.equal(now(queue), [[1, USER, 0, 0x42, -7, 8]]);
    throws(() => change(queue, trigger(2)), FileNotFoundError, "ENOENT");
  }),
);

test(
  "KQ-205: without EV_CLEAR it is reported until it is cleared or deleted",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD), user(2, ADD), trigger(1), trigger(2));
    for (let i = 0; i < 3; i++) assert.equal(idents(queue), [1, 2]);
    change(queue, user(1, CLEAR));
    assert.equal(idents(queue), [2]);
    change(queue, user(2, DELETE));
    assert.equal(idents(queue), []);
    change(queue, trigger(1));
    assert.equal(idents(queue), [1]);
  }),
);

test(
  "KQ-206: with EV_CLEAR it is reported once, however often it was triggered",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD | CLEAR));
    for (let i = 0; i < 3; i++) change(queue, trigger(1));
    assert.equal(now(queue), [[1, USER, CLEAR, 0, 0, 0]]);
    assert.equal(now(queue), []);
    change(queue, trigger(1));
    assert.equal(idents(queue), [1]);
  }),
);

test(
  "KQ-207: a trigger in the change that makes the knote does not count",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD, TRIGGER | 5));
    assert.equal(now(queue), []);
    change(queue, user(1, ADD, TRIGGER));
    assert.equal(now(queue), [[1, USER, 0, TRIGGER | 5, 0, 0]]);
  }),
);

test(
  "KQ-208: bits are kept, combined or replaced, 24 of them",
  scoped((s) => {
    const queue = newQueue(s);
    const after = (...operations: number[]): number => {
      change(queue, user(1, ADD | CLEAR, operations[0] as number));
      for (const operation of operations.slice(1)) change(queue, user(1, 0, operation));
      const [event] = now(queue, [trigger(1)]);
      change(queue, user(1, DELETE));
      return event?.[3] as number;
    };
    assert.is(after(0x42, FFNOP | 0xff), 0x42);
    assert.is(after(0x0f, FFAND | 0x0c), 0x0c);
    assert.is(after(0x05, FFOR | 0x02), 0x07);
    assert.is(after(0xaa, FFCOPY | 0xbb), 0xbb);
    assert.is(after(0xffffff, FFAND | 0), 0);
    assert.is(after(0, FFCOPY | 0xffffff), 0xffffff);
    assert.is(after(1, FFOR | 0x3e000000 | 2), 3);
    assert.is(after(1, FFOR | 2, FFAND | 0x12, FFOR | 0x800000, FFNOP | 7), 0x800002);
  }),
);

test(
  "KQ-209: the change that makes the knote stores its fflags as they are",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD, FFCOPY | 1), user(2, ADD, FFOR | 0x3fffffff));
    change(queue, trigger(1), trigger(2));
    assert.equal(now(queue), [
      [1, USER, 0, FFCOPY + 1, 0, 0],
      [2, USER, 0, FFOR + 0x3fffffff, 0, 0],
    ]);
  }),
);

test(
  "KQ-210: a change with EV_CLEAR takes the trigger back",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD, 7), trigger(1));
    assert.equal(idents(queue), [1]);
    change(queue, user(1, CLEAR));
    assert.equal(now(queue), []);
    change(queue, trigger(1, CLEAR));
    assert.equal(now(queue), []);
    change(queue, trigger(1), user(1, ADD | CLEAR), trigger(1));
    assert.equal(now(queue), [[1, USER, 0, 7, 0, 0]]);
    assert.equal(idents(queue), [1]);
  }),
);

test(
  "KQ-211: triggered while it is disabled, it is reported when it is enabled",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD | DISABLE, 3), trigger(1));
    assert.equal(now(queue), []);
    assert.equal(now(queue, [user(1, ENABLE)]), [[1, USER, 0, 3, 0, 0]]);
    change(queue, user(2, ADD | CLEAR), trigger(2), user(2, DISABLE), user(1, DISABLE));
    assert.equal(now(queue), []);
    assert.equal(now(queue, [user(2, ENABLE)]), [[2, USER, CLEAR, 0, 0, 0]]);
    assert.equal(now(queue), []);
  }),
);

test(
  "KQ-212: EV_DISPATCH reports once until it is enabled, which may come with the trigger",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD | DISPATCH | CLEAR), trigger(1), trigger(1));
    assert.equal(idents(queue), [1]);
    change(queue, trigger(1));
    assert.equal(idents(queue), []);
    change(queue, user(1, ENABLE));
    assert.equal(idents(queue), [1]);
    for (let i = 0; i < 3; i++) {
      assert.equal(now(queue), []);
      assert.equal(now(queue, [trigger(1, ENABLE)]), [[1, USER, DISPATCH | CLEAR, 0, 0, 0]]);
    }
    // Without EV_CLEAR the trigger lasts.
    change(queue, user(2, ADD | DISPATCH), trigger(2));
    assert.equal(idents(queue), [2]);
    assert.equal(idents(queue), []);
    assert.equal(now(queue, [user(2, ENABLE)]), [[2, USER, DISPATCH, 0, 0, 0]]);
  }),
);

test(
  "KQ-213: EV_ONESHOT ends the knote; the event is the knote as it is, without bits and data",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD | ONESHOT, 7, 5, 9), user(1, 0, TRIGGER, 6, 8));
    assert.equal(now(queue), [[1, USER, ONESHOT, 0, 0, 8]]);
    throws(() => change(queue, trigger(1)), FileNotFoundError);
    change(queue, user(1, ADD));
    assert.equal(now(queue), []);
  }),
);

test(
  "KQ-214: a trigger of another thread ends a wait",
  scoped(async (s) => {
    needPosts();
    const queue = newQueue(s);
    change(queue, user(1, ADD | CLEAR, 0x100), user(2, ADD));
    const { done, passed } = await inThread(
      60,
      `const queue = select.kqueue.fromfd(data);
       queue.control([select.kevent(1, select.KQ_FILTER_USER, 0,
         select.KQ_NOTE_TRIGGER | select.KQ_NOTE_FFOR | 5, 2n ** 62n, 7)], 0);
       queue.close();`,
      queue.fileno(),
    );
    const result = queue.control(null, 4, BEYOND_DEADLINE);
    assert.equal(result.map(fieldsOf), [[1, USER, CLEAR, 0x105, 2n ** 62n, 7]]);
    assertTook(passed(), 60, 2500);
    await done;
    assert.equal(now(queue), []);
    assert.equal(queue.closed, false);
  }),
);

test(
  "another thread may change user events in every way, and nothing else",
  scoped(async (s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD), user(2, ADD), trigger(2), user(3, ADD | DISABLE), trigger(3));
    const { done } = await inThread(
      0,
      `const { kqueue, kevent, KQ_FILTER_USER: USER, KQ_FILTER_READ: READ } = select;
       const queue = kqueue.fromfd(data);
       queue.control([1, 4, 9].map((flags) => kevent(3 + flags, USER, flags)), 0);
       queue.control([kevent(2, USER, 2), kevent(3, USER, 4), kevent(99, USER, 2)], 0);
       queue.control([kevent(4, USER, 0, ${TRIGGER}), kevent(1, USER, 0, ${TRIGGER})], 0);
       const refused = [];
       for (const call of [
         () => queue.control([kevent(0, READ)], 0),
         () => queue.control([kevent(1, USER), kevent(0, READ)], 0),
         () => queue.control(null, 1, 0),
         () => queue.control([kevent(1, USER, 0, ${TRIGGER})], 1, 0),
       ]) {
         try { call(); } catch (error) { refused.push(error.code); }
       }
       return refused;`,
      queue.fileno(),
    );
    assert.equal(await done, new Array(4).fill("EOPNOTSUPP"));
    assert.equal(idents(queue).map(Number), [3, 4, 1]);
    throws(() => change(queue, user(2, DELETE)), FileNotFoundError);
    change(queue, user(12, ENABLE));
  }),
);

test(
  "thousands of triggers of four threads at once all arrive",
  scoped(async (s) => {
    needPosts();
    const COUNT = 2000;
    const queue = newQueue(s);
    change(queue, ...Array.from({ length: 4 * COUNT }, (_, i) => user(i, ADD | CLEAR)));
    const workers = await Promise.all(
      [0, 1, 2, 3].map((part) =>
        inThread(
          0,
          `const queue = select.kqueue.fromfd(data.fd);
           let refused = 0;
           for (let i = 0; i < ${COUNT}; i++) {
             const ident = data.part * ${COUNT} + i;
             for (;;) {
               try {
                 queue.control([select.kevent(ident, ${USER}, 0, ${TRIGGER}, i)], 0);
                 break;
               } catch (error) {
                 if (error.code !== "EAGAIN") throw error;
                 refused++;
                 Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
               }
             }
           }
           return refused;`,
          { fd: queue.fileno(), part },
        ),
      ),
    );
    const found = new Map<Whole, Whole>();
    while (found.size < 4 * COUNT) {
      const events = queue.control(null, 64, BEYOND_DEADLINE);
      assert.ok(events.length > 0, `${found.size} of ${4 * COUNT}`);
      for (const { ident, data } of events) {
        assert.not.ok(found.has(ident));
        found.set(ident, data);
      }
    }
    for (const [ident, data] of found) assert.is(data, Number(ident) % COUNT);
    await Promise.all(workers.map(({ done }) => done));
    assert.equal(idents(queue), []);
  }),
);

test(
  "a thread that triggers in a queue without user events, or in no queue, gets EBADF",
  scoped(async (s) => {
    const queue = newQueue(s);
    const [r] = s.pipe();
    change(queue, kevent(r, READ));
    for (const fd of [queue.fileno(), r, 9999]) {
      const { done } = await inThread(
        0,
        `const queue = select.kqueue.fromfd(data);
         try { queue.control([select.kevent(1, ${USER}, 0, ${TRIGGER})], 0); }
         catch (error) { return error.code; }`,
        fd,
      );
      assert.is(await done, "EBADF");
    }
  }),
);

test(
  "KQ-215: EV_RECEIPT of the knote does not answer later changes, but its events have it",
  scoped((s) => {
    const queue = newQueue(s);
    assert.equal(now(queue, [user(1, ADD | RECEIPT | CLEAR)]), [[1, USER, ERROR, 0, 0, 0]]);
    assert.equal(now(queue, [trigger(1)]), [[1, USER, RECEIPT | CLEAR, 0, 0, 0]]);
    assert.equal(now(queue, [trigger(1, RECEIPT)]), [[1, USER, ERROR, 0, 0, 0]]);
    assert.equal(now(queue), [[1, USER, RECEIPT | CLEAR, 0, 0, 0]]);
  }),
);

test(
  "KQ-216: any number is an ident, and each is a knote of its own",
  scoped((s) => {
    const queue = newQueue(s);
    const other = newQueue(s);
    const all: Whole[] = [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2n ** 63n, 2n ** 64n - 1n];
    for (const ident of all) change(queue, user(ident, ADD | CLEAR));
    for (const ident of all) assert.equal(now(queue, [trigger(ident)])[0]?.[0], ident);
    throws(() => change(other, trigger(1)), FileNotFoundError, "ENOENT");
  }),
);

test.run();
