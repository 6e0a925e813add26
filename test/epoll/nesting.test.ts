// Epolls in epolls. EPO-172 to 178.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  type Epoll,
  EPOLLET as ET,
  EPOLLIN as IN,
  EPOLLONESHOT as ONESHOT,
  EPOLLOUT as OUT,
  EPOLLRDNORM as RDNORM,
  OSError,
  poll,
  select,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { type Scope, scoped } from "../support/descriptors.ts";
import { throws } from "../support/expect.ts";

test(
  "EPO-172: an epoll is readable when it has something to report, never writable",
  scoped((s) => {
    const [r, w] = s.pipe();
    const inner = s.epoll([r, IN]);
    const outer = s.epoll([inner, IN | OUT | RDNORM]);
    const polling = poll();
    polling.register(inner, IN | OUT | RDNORM);
    assert.equal(outer.poll(0), []);
    assert.equal(polling.poll(0), []);
    assert.equal(select([inner], [inner], [inner], 0), [[], [], []]);
    os.write(w, "x");
    assert.equal(outer.poll(0), [[inner.fileno(), IN | RDNORM]]);
    assert.equal(polling.poll(0), [[inner.fileno(), IN | RDNORM]]);
    assert.equal(select([inner], [inner], [inner], 0), [[inner], [], []]);
  }),
);

test(
  "EPO-173: an inner level goes on being ready after an inner wait",
  scoped((s) => {
    const [r, w] = s.pipe();
    const inner = s.epoll([r, IN]);
    const outer = s.epoll([inner, IN]);
    os.write(w, "x");
    assert.equal(inner.poll(0), [[r, IN]]);
    assert.equal(outer.poll(0), [[inner.fileno(), IN]]);
    os.read(r, 1);
    assert.equal(outer.poll(0), []);
  }),
);

/** Asserts that an inner registration with `flag` makes the outer epoll ready until an inner wait reports it. */
function assertReadyUntilReported(s: Scope, flag: number): void {
  const [r, w] = s.pipe();
  const inner = s.epoll([r, IN | flag]);
  const outer = s.epoll([inner, IN]);
  os.write(w, "x");
  assert.equal(outer.poll(0), [[inner.fileno(), IN]]);
  assert.equal(inner.poll(0), [[r, IN]]);
  assert.equal(outer.poll(0), []);
}

test(
  "EPO-174: an inner edge that was reported is over",
  scoped((s) => assertReadyUntilReported(s, ET)),
);

test(
  "EPO-175: an inner one-shot that was reported is over",
  scoped((s) => assertReadyUntilReported(s, ONESHOT)),
);

test(
  "EPO-177: a closed inner epoll disappears from the outer one",
  scoped((s) => {
    const [r, w] = s.pipe();
    const inner = s.epoll([r, IN]);
    const outer = s.epoll([inner, IN]);
    os.write(w, "x");
    assert.equal(outer.poll(0), [[inner.fileno(), IN]]);
    inner.close();
    assert.equal(outer.poll(0), []);
  }),
);

test(
  "EPO-178: a circle of two or three epolls is ELOOP, as are more than five below each other",
  scoped((s) => {
    const [a, b, c] = [s.epoll(), s.epoll(), s.epoll()] as [Epoll, Epoll, Epoll];
    a.register(b, IN);
    throws(() => b.register(a, IN), OSError, "ELOOP");
    b.register(c, IN);
    throws(() => c.register(a, IN), OSError, "ELOOP");
    throws(() => c.register(b, IN), OSError, "ELOOP");

    const [r, w] = s.pipe();
    let top = s.epoll([r, IN]);
    for (let depth = 2; depth <= 5; depth++) top = s.epoll([top, IN]);
    const beyond = s.epoll();
    throws(() => beyond.register(top, IN), OSError, "ELOOP");
    os.write(w, "x");
    assert.is(top.poll(0).length, 1);
  }),
);

test.run();
