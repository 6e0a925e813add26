// Knotes that are disabled, by hand or by EV_DISPATCH, and enabled again: KQ-082 to 090. The knotes are
// READ and USER ones.

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
  KQ_NOTE_TRIGGER,
  OSError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { change, idents, mixed, newQueue, now, trigger, user } from "./support.ts";
import { throws } from "../support/expect.ts";

test(
  "KQ-082: EV_DISPATCH reports once and disables, EV_ENABLE starts anew",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    change(queue, kevent(r, READ, ADD | DISPATCH));
    os.write(w, "a");
    assert.equal(now(queue), [[r, READ, DISPATCH, 0, 1, 0]]);
    os.write(w, "b");
    assert.equal(now(queue), []);
    assert.equal(now(queue, [kevent(r, READ, ENABLE)]), [[r, READ, DISPATCH, 0, 2, 0]]);
    os.read(r, 2);
    assert.equal(now(queue, [kevent(r, READ, ENABLE)]), []);
    os.write(w, "c");
    assert.equal(now(queue), [[r, READ, DISPATCH, 0, 1, 0]]);
    os.write(w, "d");
    assert.equal(now(queue, [kevent(r, READ, ADD)]), []);
    change(queue, kevent(r, READ, DELETE));
  }),
);

test(
  "KQ-083: EV_DISABLE keeps the knote, and EV_ENABLE reports a state that lasts",
  scoped((s) => {
    for (const flags of [0, CLEAR, ONESHOT, DISPATCH]) {
      const queue = newQueue(s);
      const [r, w] = s.pipe();
      change(queue, kevent(r, READ, ADD | flags), kevent(r, READ, DISABLE));
      os.write(w, "ab");
      assert.equal(now(queue), []);
      assert.equal(now(queue, [kevent(r, READ, ENABLE)]), [[r, READ, flags, 0, 2, 0]]);
      if (flags === ONESHOT) continue;
      change(queue, kevent(r, READ, DISABLE));
      os.read(r, 2);
      assert.equal(now(queue, [kevent(r, READ, ENABLE)]), []);
    }
  }),
);

test(
  "a disabled knote of a closed pipe does not end a wait",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    change(queue, kevent(r, READ, ADD | DISABLE));
    s.close(w);
    assert.equal(now(queue), []);
    assert.equal(queue.control(null, 1, 0.02), []);
    assert.equal(now(queue, [kevent(r, READ, ENABLE)]), [[r, READ, 0x8000, 0, 0, 0]]);
  }),
);

test(
  "KQ-084: EV_DISABLE takes back events that were not reported yet",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    change(queue, kevent(r, READ, ADD), user(1, ADD), user(2, ADD), trigger(2), trigger(1));
    os.write(w, "x");
    assert.equal(idents(queue, 1), [2]);
    change(queue, kevent(r, READ, DISABLE), user(1, DISABLE), user(2, DISABLE));
    assert.equal(now(queue), []);
    change(queue, kevent(r, READ, ENABLE), user(1, ENABLE));
    assert.equal(idents(queue), [r, 1]);
  }),
);

test(
  "KQ-086: a knote may be made disabled",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    assert.equal(now(queue, [kevent(r, READ, ADD | DISABLE), user(1, ADD | DISABLE)]), []);
    change(queue, trigger(1));
    assert.equal(now(queue), []);
    change(queue, kevent(r, READ, ENABLE), user(1, ENABLE));
    assert.equal(idents(queue), mixed([1], [r]));
  }),
);

test(
  "KQ-088: EV_ADD with EV_DELETE deletes an existing knote, and makes a missing one",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    change(queue, kevent(r, READ, ADD | DELETE));
    assert.equal(idents(queue), [r]);
    change(queue, kevent(r, READ, ADD | DELETE));
    assert.equal(idents(queue), []);
    throws(() => change(queue, kevent(r, READ, DELETE)), FileNotFoundError);
  }),
);

test(
  "KQ-089: EV_ENABLE with EV_DISABLE is EINVAL",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD), trigger(1));
    throws(() => change(queue, user(1, ENABLE | DISABLE)), OSError, "EINVAL");
    throws(() => change(queue, user(1, ENABLE | DISABLE | DELETE)), OSError, "EINVAL");
    assert.equal(idents(queue), [1]);
  }),
);

test(
  "KQ-090: adding a disabled knote again does not enable it",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    change(queue, kevent(r, READ, ADD | DISABLE), user(1, ADD | DISABLE));
    change(queue, kevent(r, READ, ADD), user(1, ADD, KQ_NOTE_TRIGGER));
    assert.equal(now(queue), []);
    change(queue, kevent(r, READ, ADD | ENABLE), user(1, ADD | ENABLE));
    assert.equal(idents(queue), mixed([1], [r]));
  }),
);

test.run();
