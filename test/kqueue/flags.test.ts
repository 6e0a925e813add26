// The flags of a knote, and its life: KQ-066 to 098, but for enabling and disabling. The knotes
// are READ and USER ones; timers, files and the other filters have files of their own.

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
  KQ_EV_ONESHOT as ONESHOT,
  KQ_FILTER_READ as READ,
  KQ_FILTER_TIMER as TIMER,
  KQ_FILTER_USER as USER,
  KQ_FILTER_WRITE as WRITE,
  KQ_NOTE_LOWAT,
  KQ_NOTE_TRIGGER,
  OSError,
  type Whole,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { fill, scoped } from "../support/descriptors.ts";
import {
  change,
  type Fields,
  idents,
  mixed,
  newQueue,
  now,
  timer,
  trigger,
  user,
} from "./support.ts";
import { closedNumber } from "../support/probes.ts";
import { throws } from "../support/expect.ts";
import { answered } from "../support/world.ts";

/** EV_FORCEONESHOT and EV_KEEPUDATA of FreeBSD, which have no name here. */
const FORCEONESHOT = 0x100;
const KEEPUDATA = 0x200;
test(
  "KQ-066: READ and WRITE of one descriptor are two knotes",
  scoped((s) => {
    const queue = newQueue(s);
    const [a, b] = s.socketpair();
    change(queue, kevent(a, READ, ADD, 0, 0, 1), kevent(a, WRITE, ADD | CLEAR, 0, 0, 2));
    os.write(b, "abc");
    const both = now(queue);
    assert.equal(
      both.map(([ident, filter, flags, , , udata]) => [ident, filter, flags, udata]),
      answered(
        [
          [a, READ, 0, 1],
          [a, WRITE, CLEAR, 2],
        ],
        [
          [a, WRITE, CLEAR, 2],
          [a, READ, 0, 1],
        ],
      ),
    );
    assert.is(both.find(([, filter]) => filter === READ)?.[4], 3);
    assert.equal(now(queue), [[a, READ, 0, 0, 3, 1]]);
    change(queue, kevent(a, READ, DELETE));
    assert.equal(idents(queue), []);
    change(queue, kevent(a, READ, ADD | ONESHOT, 0, 0, 3));
    assert.equal(now(queue), [[a, READ, ONESHOT, 0, 3, 3]]);
    assert.equal(idents(queue), []);
    change(queue, kevent(a, WRITE, ADD));
    assert.equal(idents(queue), [a]);
    throws(() => change(queue, kevent(a, READ, DELETE)), FileNotFoundError);
  }),
);

test(
  "KQ-068: adding again replaces the knote",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.socketpair();
    os.write(w, "abc");
    change(queue, kevent(r, READ, ADD, 0, 0, 1));
    change(queue, kevent(r, READ, ADD, KQ_NOTE_LOWAT, 4, 2));
    assert.equal(now(queue), []);
    os.write(w, "d");
    assert.equal(now(queue), [[r, READ, 0, 0, 4, 2]]);
    change(queue, kevent(r, READ, ADD, KQ_NOTE_LOWAT, 9, 3));
    assert.equal(now(queue), []);
    change(queue, kevent(r, READ, ADD, 0, 9, 4));
    assert.equal(now(queue), [[r, READ, 0, 0, 4, 4]]);
    change(queue, kevent(r, READ, DELETE));
    throws(() => change(queue, kevent(r, READ, DELETE)), FileNotFoundError);
  }),
);

test(
  "KQ-069: every change overwrites udata, unless it has EV_KEEPUDATA",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    const udatas = (): Whole[] => now(queue).map((fields) => fields[5]);
    change(queue, kevent(r, READ, ADD, 0, 0, 7), user(1, ADD, 0, 0, 8), trigger(1));
    assert.equal(udatas().sort(), [0, 7]);
    change(queue, kevent(r, READ, ENABLE), user(1, ENABLE, 0, 0, 9));
    assert.equal(udatas().sort(), [0, 9]);
    change(queue, kevent(r, READ, ENABLE, 0, 0, 6), user(1, KEEPUDATA, 0, 0, 5));
    assert.equal(udatas().sort(), [6, 9]);
    change(queue, kevent(r, READ, KEEPUDATA | DISABLE), kevent(r, READ, KEEPUDATA | ENABLE));
    assert.equal(udatas().sort(), [6, 9]);
    throws(() => change(queue, user(1, ADD | KEEPUDATA)), OSError, "EINVAL");
    throws(() => change(queue, user(2, ADD | KEEPUDATA)), OSError, "EINVAL");
    throws(() => change(queue, user(2, KEEPUDATA)), FileNotFoundError);
  }),
);

test(
  "KQ-070: EV_CLEAR, EV_ONESHOT and EV_DISPATCH stay as they were when the knote was made",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    change(queue, kevent(r, READ, ADD));
    for (const flag of [CLEAR, ONESHOT, DISPATCH]) {
      change(queue, kevent(r, READ, ADD | flag));
      for (let i = 0; i < 3; i++) assert.equal(now(queue), [[r, READ, 0, 0, 1, 0]]);
    }
    const [r2, w2] = s.pipe();
    change(queue, kevent(r, READ, DELETE), kevent(r2, READ, ADD | CLEAR), kevent(r2, READ, ADD));
    os.write(w2, "x");
    assert.equal(now(queue), [[r2, READ, CLEAR, 0, 1, 0]]);
    assert.equal(now(queue), []);
    change(queue, user(1, ADD | DISPATCH), user(1, ADD), trigger(1));
    assert.equal(now(queue), [[1, USER, DISPATCH, 0, 0, 0]]);
    assert.equal(now(queue, [trigger(1)]), []);
  }),
);

test(
  "KQ-072: commands are not among the flags of an event",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    change(queue, kevent(r, READ, ADD | ENABLE), user(1, ADD | DISABLE), user(2, ADD | DELETE));
    change(queue, user(1, ENABLE, KQ_NOTE_TRIGGER), user(2, ADD | ENABLE, KQ_NOTE_TRIGGER));
    assert.equal(
      now(queue).map(([ident, , flags]) => [ident, flags]),
      mixed(
        [
          [1, 0],
          [2, 0],
        ],
        [[r, 0]],
      ),
    );
  }),
);

test(
  "KQ-074: data that is there before the knote is reported",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    os.write(w, "abc");
    for (const flags of [0, CLEAR, ONESHOT, DISPATCH]) {
      assert.equal(now(queue, [kevent(r, READ, ADD | flags)]), [[r, READ, flags, 0, 3, 0]]);
      if (flags !== ONESHOT) change(queue, kevent(r, READ, DELETE));
    }
  }),
);

test(
  "KQ-075: a state that lasts is reported by every call, with fresh data",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    change(queue, kevent(r, READ, ADD, 0, 0, 5));
    for (let bytes = 1; bytes < 5; bytes++) {
      os.write(w, "x");
      assert.equal(now(queue), [[r, READ, 0, 0, bytes, 5]]);
      assert.equal(now(queue), [[r, READ, 0, 0, bytes, 5]]);
    }
    os.read(r, 3);
    assert.equal(now(queue), [[r, READ, 0, 0, 1, 5]]);
  }),
);

test(
  "KQ-076: a state that is over before the wait is not reported",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    const [r2, w2] = s.pipe();
    for (const flags of [0, CLEAR, DISPATCH]) {
      change(queue, kevent(r, READ, ADD | flags), kevent(r2, READ, ADD | flags));
      os.write(w, "x");
      os.read(r, 1);
      assert.equal(now(queue), []);
      // The same for a knote that was active, but did not fit.
      os.write(w, "x");
      os.write(w2, "x");
      assert.equal(idents(queue, 1), [r]);
      os.read(r2, 1);
      os.read(r, 1);
      assert.equal(now(queue), []);
      os.write(w2, "xy");
      assert.equal(now(queue), [[r2, READ, flags, 0, 2, 0]]);
      os.read(r2, 2);
      change(queue, kevent(r, READ, DELETE), kevent(r2, READ, DELETE));
    }
  }),
);

test(
  "KQ-077: several occurrences before a wait are one event",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    change(queue, kevent(r, READ, ADD | CLEAR), user(1, ADD | CLEAR));
    for (const text of ["a", "bc", "def"]) {
      os.write(w, text);
      change(queue, trigger(1));
    }
    const expected = mixed<Fields>([[1, USER, CLEAR, 0, 0, 0]], [[r, READ, CLEAR, 0, 6, 0]]);
    assert.equal(now(queue), expected);
    assert.equal(now(queue), []);
  }),
);

test(
  "KQ-078, EMU-04: with EV_CLEAR only a change is reported, and its data is the whole amount",
  scoped((s) => {
    const queue = newQueue(s);
    const [a, b] = s.socketpair();
    change(queue, kevent(a, READ, ADD | CLEAR), kevent(a, WRITE, ADD | CLEAR));
    assert.equal(idents(queue), [a]);
    assert.equal(idents(queue), []);
    os.write(b, "abc");
    const reported = now(queue).filter(([, filter]) => filter === READ);
    assert.equal(reported, [[a, READ, CLEAR, 0, 3, 0]]);
    assert.equal(
      now(queue).filter(([, filter]) => filter === READ),
      [],
    );
    os.read(a, 1);
    assert.equal(
      now(queue).filter(([, filter]) => filter === READ),
      [],
    );
    os.write(b, "de");
    assert.equal(
      now(queue).filter(([, filter]) => filter === READ),
      [[a, READ, CLEAR, 0, 4, 0]],
    );
    // A full buffer that is emptied again is an edge for the writer.
    fill(a);
    now(queue);
    assert.equal(now(queue), []);
    while (os.read(b, 1 << 20).length === 1 << 20) {
      // all of it
    }
    const writable = now(queue);
    assert.equal(
      writable.map(([ident, filter]) => [ident, filter]),
      [[a, WRITE]],
    );
  }),
);

test(
  "KQ-081: an EV_ONESHOT knote whose event is gone again is tested by the core, as macOS does",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    change(queue, kevent(r, READ, ADD | ONESHOT));
    os.write(w, "x");
    os.read(r, 1);
    assert.equal(now(queue), answered<Fields[]>([], [[r, READ, ONESHOT, 0, 1, 0]]));
    os.write(w, "xy");
    assert.equal(now(queue), answered<Fields[]>([[r, READ, ONESHOT, 0, 2, 0]], []));
    throws(() => change(queue, kevent(r, READ, DELETE)), FileNotFoundError);
    // A filter that the core itself keeps follows FreeBSD: triggered, cleared by a change, reported.
    change(queue, user(1, ADD | ONESHOT), trigger(1), user(1, CLEAR));
    assert.equal(now(queue), [[1, USER, ONESHOT, 0, 0, 0]]);
    throws(() => change(queue, trigger(1)), FileNotFoundError);
  }),
);

test(
  "KQ-091: EV_FORCEONESHOT reports once, whatever the state, and ends the knote",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    change(queue, kevent(r, READ, ADD), user(1, ADD), timer(2, ADD, 0, 60_000));
    change(queue, kevent(r, READ, FORCEONESHOT, 0, 0, 9));
    assert.equal(now(queue), [[r, READ, ONESHOT, 0, 0, 9]]);
    throws(() => change(queue, kevent(r, READ, DELETE)), FileNotFoundError);
    change(queue, user(1, ADD | FORCEONESHOT), timer(2, ENABLE | FORCEONESHOT, 0, 0));
    assert.equal(now(queue), [
      [1, USER, ONESHOT, 0, 0, 0],
      [2, TIMER, CLEAR | ONESHOT, 0, 0, 0],
    ]);
    assert.equal(now(queue), []);
    throws(() => change(queue, user(1, ENABLE)), FileNotFoundError);
    // Disabled, it waits until it is enabled; a new knote is not forced.
    change(queue, kevent(w, WRITE, ADD | DISABLE), kevent(w, WRITE, FORCEONESHOT));
    change(queue, user(3, ADD | FORCEONESHOT));
    assert.equal(now(queue), []);
    fill(w);
    const forced = now(queue, [kevent(w, WRITE, ENABLE)]);
    assert.equal(
      forced.map(([ident, filter, flags]) => [ident, filter, flags]),
      [[w, WRITE, ONESHOT]],
    );
    throws(() => change(queue, kevent(w, WRITE, DELETE)), FileNotFoundError);
    change(queue, user(3, DELETE));
  }),
);

test(
  "KQ-098: a descriptor that is not open is EBADF, for every change",
  scoped((s) => {
    const queue = newQueue(s);
    for (const ident of [closedNumber(), 100_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2n ** 64n - 1n]) {
      for (const flags of [ADD, DELETE, ENABLE, DISABLE, 0]) {
        throws(() => change(queue, kevent(ident, READ, flags)), OSError, "EBADF");
        throws(() => change(queue, kevent(ident, WRITE, flags)), OSError, "EBADF");
      }
    }
  }),
);

test.run();
