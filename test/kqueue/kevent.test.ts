// Kevent objects: construction, conversion of the attributes, comparison, text. KQ-002 to 018.

import { inspect } from "node:util";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  Kevent,
  kevent,
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_FILTER_READ,
  KQ_FILTER_USER,
  KQ_FILTER_WRITE,
  OSError,
  OverflowError,
  ValueError,
} from "../../bindings/node/select.ts";
import { closedNumber } from "../support/probes.ts";
import { scoped } from "../support/descriptors.ts";
import { change, fieldsOf, newQueue, now, trigger, user } from "./support.ts";
import { throws } from "../support/expect.ts";

const anyKevent = kevent as unknown as (...given: unknown[]) => Kevent;

test("KQ-002: the arguments are ident, filter, flags, fflags, data, udata", () => {
  const event = kevent(1, 2, 3, 4, 5, 6);
  assert.instance(event, Kevent);
  assert.equal(fieldsOf(event), [1, 2, 3, 4, 5, 6]);
  assert.is(event.ident, 1);
  assert.is(event.filter, 2);
  assert.is(event.flags, 3);
  assert.is(event.fflags, 4);
  assert.is(event.data, 5);
  assert.is(event.udata, 6);
});

test("omitted arguments mean READ, ADD and zeros", () => {
  assert.equal(fieldsOf(kevent(7)), [7, KQ_FILTER_READ, KQ_EV_ADD, 0, 0, 0]);
  assert.equal(fieldsOf(anyKevent(7, undefined, undefined, 1)), [
    7,
    KQ_FILTER_READ,
    KQ_EV_ADD,
    1,
    0,
    0,
  ]);
});

test("KQ-003: arguments have names, and ident is needed", () => {
  const named = kevent({ ident: 1, filter: KQ_FILTER_WRITE, flags: 2, fflags: 3, data: 4 });
  assert.equal(fieldsOf(named), [1, KQ_FILTER_WRITE, 2, 3, 4, 0]);
  assert.equal(fieldsOf(kevent(9, { udata: 6, data: 5 })), [9, KQ_FILTER_READ, KQ_EV_ADD, 0, 5, 6]);
  assert.equal(fieldsOf(anyKevent(9, KQ_FILTER_WRITE, { fflags: 8 })), [
    9,
    KQ_FILTER_WRITE,
    KQ_EV_ADD,
    8,
    0,
    0,
  ]);
  for (const given of [[], [{}], [{ filter: 1 }], [1, { ident: 2 }], [1, { flag: 2 }]]) {
    throws(() => anyKevent(...given), TypeError);
  }
  throws(() => anyKevent(1, 2, 3, 4, 5, 6, 7), TypeError);
  throws(() => anyKevent(1, 2, { filter: 3 }), TypeError);
});

test("KQ-006: ident is unsigned, of 64 bits", () => {
  const { MAX_SAFE_INTEGER } = Number;
  for (const ident of [0, 1, 2 ** 31, 2 ** 32, MAX_SAFE_INTEGER, 2n ** 63n, 2n ** 64n - 1n]) {
    assert.is(kevent(ident).ident, ident);
  }
  assert.is(kevent(5n).ident, 5);
  assert.is(kevent(2n ** 53n - 1n).ident, MAX_SAFE_INTEGER);
  assert.is(kevent(2n ** 53n).ident, 2n ** 53n);
  assert.is(kevent(2 ** 63).ident, 2n ** 63n);
  assert.is(kevent(-0).ident, 0);
  assert.ok(Object.is(kevent(-0).ident, 0));
  for (const ident of [-1, -1n, 2n ** 64n, 2 ** 64, 1e300]) {
    throws(() => kevent(ident), OverflowError);
  }
  for (const ident of ["1", null, undefined, 1.5, NaN, [], {}, Symbol("x")]) {
    throws(() => anyKevent(ident), TypeError);
  }
});

test("ident may be anything that has a descriptor", () => {
  assert.is(kevent({ fileno: () => 7 }).ident, 7);
  assert.is(kevent({ fd: 8 }).ident, 8);
  throws(() => kevent({ fileno: () => -1 }), ValueError);
  throws(() => anyKevent({ fileno: () => "7" }), TypeError);
  const event = kevent(1);
  event.ident = { fileno: () => 9 } as unknown as number;
  assert.is(event.ident, 9);
  const boom = new Error("boom");
  const file = {
    fileno(): number {
      throw boom;
    },
  };
  assert.is(
    throws(() => kevent(file), Error),
    boom,
  );
});

test("filter is signed, of 16 bits", () => {
  assert.is(kevent(1, -32768).filter, -32768);
  assert.is(kevent(1, 32767).filter, 32767);
  for (const filter of [32768, -32769, 2 ** 40]) {
    throws(() => kevent(1, filter), OverflowError);
  }
  for (const filter of ["1", 1.5, null, {}.toString]) {
    throws(() => anyKevent(1, filter), TypeError);
  }
});

test("KQ-008: flags are the low 16 bits of the argument", () => {
  assert.is(kevent(1, -1, 0xffff).flags, 0xffff);
  assert.is(kevent(1, -1, 0x10001).flags, 1);
  assert.is(kevent(1, -1, -1).flags, 0xffff);
  assert.is(kevent(1, -1, 2 ** 40 + 3).flags, 3);
  throws(() => anyKevent(1, -1, "1"), TypeError);
});

test("KQ-009: fflags are the low 32 bits of the argument", () => {
  assert.is(kevent(1, -1, 1, 0xffffffff).fflags, 0xffffffff);
  assert.is(kevent(1, -1, 1, 2 ** 32).fflags, 0);
  assert.is(kevent(1, -1, 1, 2 ** 32 + 5).fflags, 5);
  assert.is(kevent(1, -1, 1, -1).fflags, 0xffffffff);
  assert.is(kevent(1, -1, 1, 1 << 31).fflags, 0x80000000);
  throws(() => anyKevent(1, -1, 1, 0.5), TypeError);
});

test("data is signed, of 64 bits, and always exact", () => {
  for (const data of [0, -1, 2 ** 53 - 1, -(2 ** 53) + 1, 2n ** 63n - 1n, -(2n ** 63n)]) {
    assert.is(kevent(1, -1, 1, 0, data).data, data);
  }
  assert.is(kevent(1, -1, 1, 0, -(2n ** 53n)).data, -(2n ** 53n));
  for (const data of [2n ** 63n, -(2n ** 63n) - 1n, 2 ** 63]) {
    throws(() => kevent(1, -1, 1, 0, data), OverflowError);
  }
});

test("KQ-011: udata is the low 64 bits of the argument", () => {
  assert.is(kevent(1, -1, 1, 0, 0, -1).udata, 2n ** 64n - 1n);
  assert.is(kevent(1, -1, 1, 0, 0, 2n ** 64n).udata, 0);
  assert.is(kevent(1, -1, 1, 0, 0, 2n ** 64n + 7n).udata, 7);
  assert.is(kevent(1, -1, 1, 0, 0, 0xdeadbeefcafen).udata, 0xdeadbeefcafe);
  throws(() => anyKevent(1, -1, 1, 0, 0, "x"), TypeError);
});

test("attributes convert when they are assigned, and keep their value if that fails", () => {
  const event = kevent(1, -1, 1, 2, 3, 4);
  event.flags = 0x12345;
  event.fflags = 2 ** 32 + 9;
  event.udata = -2;
  assert.equal(fieldsOf(event), [1, -1, 0x2345, 9, 3, 2n ** 64n - 2n]);
  throws(() => (event.ident = -1), OverflowError);
  throws(() => (event.filter = 40_000), OverflowError);
  throws(() => (event.data = 2n ** 63n), OverflowError);
  throws(() => (event.flags = "1" as unknown as number), TypeError);
  assert.equal(fieldsOf(event), [1, -1, 0x2345, 9, 3, 2n ** 64n - 2n]);
});

test("KQ-013: kevents are equal if all six attributes are", () => {
  const event = kevent(1, 2, 3, 4, 5, 6);
  assert.ok(event.equals(event));
  assert.ok(event.equals(kevent(1, 2, 3, 4, 5, 6)));
  assert.is(event.compare(kevent(1n, 2, 3, 4, 5n, 6n)), 0);
  for (let i = 0; i < 6; i++) {
    const others = [1, 2, 3, 4, 5, 6];
    others[i] = 7;
    const other = anyKevent(...others);
    assert.not.ok(event.equals(other), `attribute ${i}`);
    assert.is(event.compare(other), -1, `attribute ${i}`);
    assert.is(other.compare(event), 1, `attribute ${i}`);
  }
});

test("earlier attributes outweigh later ones, and udata compares as a signed number", () => {
  assert.is(kevent(1, 9).compare(kevent(2, 1)), -1);
  assert.is(kevent(1, -2).compare(kevent(1, -1)), -1);
  assert.is(kevent(1, -1, 1, 0, -1).compare(kevent(1, -1, 1, 0, 1)), -1);
  assert.is(kevent(1, -1, 1, 0, 0, -1).compare(kevent(1, -1, 1, 0, 0, 1)), -1);
  assert.is(kevent(2n ** 63n).compare(kevent(1)), 1);
});

test("KQ-015: a kevent is not equal to a value of another kind, and has no order with one", () => {
  const event = kevent(1);
  for (const other of [null, undefined, 1, "ev", {}, fieldsOf(event), Kevent.prototype]) {
    assert.is(event.equals(other), false);
    throws(() => event.compare(other as Kevent), TypeError);
  }
  const loose = event as unknown as number;
  throws(() => loose < 1, TypeError);
  throws(() => loose >= 1, TypeError);
});

test(
  "KQ-018: unknown filters are the kernel's to refuse",
  scoped((s) => {
    const queue = newQueue(s);
    const event = kevent(1, 2);
    assert.is(event.filter, 2);
    throws(() => change(queue, event), OSError, "EINVAL");
  }),
);

test("the text of a kevent is Python's", () => {
  const text = "<select.kevent ident=4 filter=-1 flags=0x1 fflags=0x0 data=0x0 udata=0x0>";
  assert.is(`${kevent(4)}`, text);
  assert.is(inspect(kevent(4)), text);
  assert.is(
    String(kevent(2n ** 64n - 1n, -11, 0xffff, 0xffffffff, -1, 255)),
    "<select.kevent ident=18446744073709551615 filter=-11 flags=0xffff fflags=0xffffffff data=0xffffffffffffffff udata=0xff>",
  );
});

test("nothing but kevent() makes one", () => {
  const AnyClass = Kevent as unknown as new (...given: unknown[]) => unknown;
  throws(() => new AnyClass(1), TypeError);
  throws(() => new AnyClass(Symbol("kevent()"), 1, 1, 1, 1, 1, 1), TypeError);
  assert.ok(kevent(1) instanceof (kevent as unknown as new () => object));
});

test(
  "64 bits come back from a queue as they went in",
  scoped((s) => {
    const queue = newQueue(s);
    const values = [
      [2n ** 64n - 1n, 2n ** 63n - 1n, 2n ** 64n - 1n],
      [2n ** 63n, -(2n ** 63n), 2n ** 63n],
      [2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 53 - 1],
      [2n ** 53n, -(2n ** 53n), 2n ** 53n],
      [2 ** 32, -(2 ** 32), 2 ** 32 - 1],
      [2 ** 32 - 1, -1, 2 ** 31],
      [0, -(2 ** 32) - 1, 0],
      [5, 2 ** 32, 1],
    ] as const;
    for (const [ident, data, udata] of values) {
      change(queue, user(ident, KQ_EV_ADD | KQ_EV_CLEAR, 0xabcdef));
      change(queue, kevent(ident, KQ_FILTER_USER, 0, trigger(0).fflags, data, udata));
      assert.equal(now(queue), [[ident, KQ_FILTER_USER, KQ_EV_CLEAR, 0xabcdef, data, udata]]);
    }
  }),
);

test(
  "a kevent given to a queue is not written to",
  scoped((s) => {
    const queue = newQueue(s);
    const failing = kevent(closedNumber(), KQ_FILTER_READ, KQ_EV_ADD, 1, 2, 3);
    const before = fieldsOf(failing);
    assert.is(now(queue, [failing]).length, 1);
    assert.equal(fieldsOf(failing), before);
  }),
);

test.run();
