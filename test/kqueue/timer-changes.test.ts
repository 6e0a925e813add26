// EVFILT_TIMER: changes of a timer. KQ-196 to 200.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_EV_DELETE as DELETE,
  KQ_EV_DISABLE as DISABLE,
  KQ_EV_DISPATCH as DISPATCH,
  KQ_EV_ENABLE as ENABLE,
  KQ_EV_ERROR as ERROR,
  KQ_EV_ONESHOT as ONESHOT,
  KQ_FILTER_TIMER as TIMER,
  KQ_NOTE_ABSTIME as ABSTIME,
  KQ_NOTE_MSECONDS as MSECONDS,
  KQ_NOTE_SECONDS as SECONDS,
  KQ_NOTE_USECONDS as USECONDS,
} from "../../bindings/node/select.ts";
import { scoped, sleep } from "../support/descriptors.ts";
import { nextExpiry, nextPeriod, setTimer } from "./expiry.ts";
import { change, idents, newQueue, now, timer } from "./support.ts";
import { throws } from "../support/expect.ts";
import { BEYOND_DEADLINE, clockMs } from "../support/world.ts";

const EINVAL = 22;
/** Longer than any test. */
const NEVER = 3_600_000;

test(
  "KQ-196: adding again restarts the timer, and drops an expiry that was not reported",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, timer(1, ADD, 0, 5), timer(2, ADD | ONESHOT, 0, 5));
    sleep(30);
    // Expired, and noticed by the queue: reported is only the first.
    assert.equal(idents(queue, 1), [1]);
    const second = setTimer(queue, 40, timer(1, ADD, 0, NEVER), timer(2, ADD | ONESHOT, 0, 40));
    assert.equal(nextExpiry(queue, 40, second), [2, TIMER, CLEAR | ONESHOT, 0, 1, 0]);
    // Expired, and not noticed yet.
    change(queue, timer(1, ADD, 0, 1));
    sleep(10);
    const start = setTimer(queue, 30, timer(1, ADD, 0, 30));
    assert.equal(nextPeriod(queue, 30, start), [1, TIMER, CLEAR, 0, 1, 0]);
  }),
);

test(
  "KQ-197: adding again with the same value restarts the timer, too",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, timer(1, ADD | ONESHOT, 0, 60));
    sleep(35);
    const start = clockMs();
    change(queue, timer(1, ADD | ONESHOT, 0, 60));
    assert.equal(nextExpiry(queue), [1, TIMER, CLEAR | ONESHOT, 0, 1, 0]);
    assert.ok(clockMs() - start >= 60);
  }),
);

test(
  "KQ-198: another period counts from now on; EV_ONESHOT comes too late",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, timer(1, ADD, 0, NEVER));
    const start = clockMs();
    change(queue, timer(1, ADD | ONESHOT, 0, 20));
    assert.equal(idents(queue, 4, BEYOND_DEADLINE), [1]);
    assert.equal(idents(queue, 4, BEYOND_DEADLINE), [1]);
    assert.ok(clockMs() - start >= 40);
    change(queue, timer(1, ADD, MSECONDS, NEVER));
    assert.equal(queue.control(null, 1, 0.03), []);
    // A one-shot timer stays one.
    setTimer(queue, 5, timer(2, ADD | ONESHOT, 0, NEVER), timer(2, ADD, 0, 5));
    assert.equal(nextExpiry(queue), [2, TIMER, ONESHOT | CLEAR, 0, 1, 0]);
    throws(() => change(queue, timer(2, DELETE, 0, 0)), FileNotFoundError);
  }),
);

test(
  "KQ-199: adding again may make it absolute, and relative again",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, timer(1, ADD, 0, NEVER), timer(1, ADD, ABSTIME, 1));
    assert.equal(now(queue), [[1, TIMER, CLEAR, 0, 1, 0]]);
    assert.equal(now(queue), []);
    setTimer(queue, 20, timer(1, ADD, 0, 20));
    assert.equal(nextPeriod(queue), [1, TIMER, CLEAR, 0, 1, 0]);
  }),
);

test(
  "adding again with invalid fflags reports an error and stops the timer",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, timer(1, ADD, 0, 1));
    sleep(5);
    change(queue, timer(1, ADD, SECONDS | USECONDS, 1));
    assert.equal(now(queue), [[1, TIMER, CLEAR | ERROR, 0, EINVAL, 0]]);
    assert.equal(queue.control(null, 1, 0.01), []);
    change(queue, timer(1, DELETE, 0, 0));
  }),
);

test(
  "KQ-200: a disabled timer goes on",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, timer(1, ADD | ONESHOT, 0, 20), timer(1, DISABLE, 0, 0));
    change(queue, timer(2, ADD | DISABLE, 0, 10));
    assert.equal(queue.control(null, 1, 0.05), []);
    change(queue, timer(1, ENABLE, 0, 0), timer(2, ENABLE, 0, 0));
    const found = now(queue);
    assert.equal(found[0], [1, TIMER, ONESHOT | CLEAR, 0, 1, 0]);
    assert.equal(found[1]?.slice(0, 4), [2, TIMER, CLEAR, 0]);
    assert.ok(Number(found[1]?.[4]) >= 5);
  }),
);

test(
  "EV_ENABLE does not restart a timer, and EV_DISABLE takes back an expiry",
  scoped((s) => {
    const queue = newQueue(s);
    const start = clockMs();
    change(queue, timer(1, ADD | ONESHOT, 0, 50));
    sleep(30);
    change(queue, timer(1, ENABLE, SECONDS, 100));
    assert.equal(nextExpiry(queue, 50, start), [1, TIMER, ONESHOT | CLEAR, 0, 1, 0]);
    change(queue, timer(2, ADD, 0, 1), timer(3, ADD, 0, 1));
    sleep(10);
    assert.is(idents(queue, 1).length, 1);
    change(queue, timer(2, DISABLE, 0, 0), timer(3, DISABLE, 0, 0));
    assert.equal(now(queue), []);
  }),
);

test(
  "EV_DISPATCH of a timer: one report, and the expiries since then with EV_ENABLE",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, timer(1, ADD | DISPATCH, 0, 10));
    assert.equal(nextPeriod(queue), [1, TIMER, DISPATCH | CLEAR, 0, 1, 0]);
    assert.equal(queue.control(null, 1, 0.05), []);
    const [event] = now(queue, [timer(1, ENABLE, 0, 0)]);
    assert.equal(event?.slice(0, 4), [1, TIMER, DISPATCH | CLEAR, 0]);
    assert.ok(Number(event?.[4]) >= 4);
    assert.equal(queue.control(null, 1, 0.03), []);
  }),
);

test(
  "nothing is reported of a timer that is deleted when it has expired",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, timer(1, ADD, 0, 1), timer(2, ADD, 0, 1));
    sleep(10);
    change(queue, timer(1, DELETE, 0, 0));
    assert.equal(idents(queue), [2]);
    sleep(5);
    assert.is(idents(queue, 1).length, 1);
    change(queue, timer(2, DELETE, 0, 0));
    assert.equal(queue.control(null, 4, 0.01), []);
  }),
);

test.run();
