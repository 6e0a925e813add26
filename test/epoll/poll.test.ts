// The arguments and the result of an epoll's poll(). EPO-052 to 072.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  type Epoll,
  epoll,
  EPOLLIN as IN,
  OSError,
  OverflowError,
  ValueError,
} from "../../bindings/node/select.ts";
import { EPOLL_CTL_ADD } from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { ownCore } from "../support/hosts.ts";
import { assertTook, inThread, throws, timed } from "../support/expect.ts";
import { NO_NUMBERS } from "./support.ts";

test(
  "EPO-052: no timeout, null and -1 ms and below wait for ever, in seconds",
  scoped(async (s) => {
    for (const wait of [
      (e: Epoll) => e.poll(),
      (e: Epoll) => e.poll(null),
      (e: Epoll) => e.poll(-0.001),
      (e: Epoll) => e.poll(-1),
    ]) {
      const [r, w] = s.pipe();
      const e = s.epoll([r, IN]);
      const writer = await inThread(60, "os.write(data, 'x')", w);
      assert.equal(wait(e), [[r, IN]]);
      assertTook(writer.passed(), 60, 5000);
      await writer.done;
    }
  }),
);

test("EPO-053: a timeout between -1 ms and 0 does not wait", () => {
  using e = epoll();
  for (const timeout of [-0.0005, -1e-9, -1e-100, -0]) {
    const { result, ms } = timed(() => e.poll(timeout));
    assert.equal(result, []);
    assertTook(ms, 0, 100);
  }
});

test("EPO-054: the smallest positive timeout waits a millisecond", () => {
  using e = epoll();
  for (const timeout of [1e-100, 1e-9, 0.0001]) {
    const { result, ms } = timed(() => e.poll(timeout));
    assert.equal(result, []);
    assertTook(ms, 1, 200);
  }
});

test("EPO-055: 1.5 ms is rounded up to 2", () => {
  using e = epoll();
  const { ms } = timed(() => e.poll(0.0015));
  assertTook(ms, 2, 200);
});

test("EPO-056: a timeout that is no number is a TypeError", () => {
  using e = epoll();
  for (const timeout of NO_NUMBERS) throws(() => e.poll(timeout), TypeError);
});

test("EPO-057: NaN is a ValueError, infinity an OverflowError", () => {
  using e = epoll();
  throws(() => e.poll(NaN), ValueError);
  for (const timeout of [Infinity, -Infinity, 1e300]) throws(() => e.poll(timeout), OverflowError);
});

test(
  "EPO-058: a timeout is at most 2147483.647 s",
  scoped((s) => {
    const [r, w] = s.pipe();
    os.write(w, "x");
    const e = s.epoll([r, IN]);
    assert.equal(e.poll(2147483.647), [[r, IN]]);
    for (const timeout of [2147483.648, 2147484, 2 ** 31, -(2 ** 31)]) {
      throws(() => e.poll(timeout), OverflowError);
    }
  }),
);

test(
  "EPO-060: without maxevents 1023 events are returned at most",
  scoped((s) => {
    const e = s.epoll();
    const counter = s.eventfd(1);
    for (let i = 0; i < 1030; i++) e.register(s.dup(counter), IN);
    assert.is(e.poll(0).length, 1023);
    assert.is(e.poll(0, -1).length, 1023);
    assert.is(e.poll(0, 1030).length, 1030);
    assert.is(e.poll(0, 2000).length, 1030);
  }),
);

test("EPO-061: maxevents of 0 or below -1 is a ValueError", () => {
  using e = epoll();
  for (const maxevents of [0, -2]) {
    assert.match(throws(() => e.poll(0, maxevents), ValueError).message, String(maxevents));
  }
});

test("EPO-063: maxevents beyond a C int is an OverflowError", () => {
  using e = epoll();
  for (const maxevents of [2 ** 31, -(2 ** 31) - 1]) {
    throws(() => e.poll(0, maxevents), OverflowError);
  }
});

test("EPO-064: maxevents beyond the kernel's maximum is EINVAL", () => {
  using e = epoll();
  assert.equal(e.poll(0, 178956970), []);
  throws(() => e.poll(0, 178956971), OSError, "EINVAL");
});

test("EPO-065: the timeout is checked before maxevents", () => {
  const e = epoll();
  throws(() => e.poll("x" as unknown as number, 0), TypeError);
  throws(() => e.poll(0, 0), ValueError);
  e.close();
  throws(() => e.poll("x" as unknown as number, 0), ValueError);
});

test("EPO-065: a maxevents that is no int is refused before the timeout and a closed object", () => {
  const e = epoll();
  const poll = (...given: unknown[]) => (e.poll as (...args: unknown[]) => unknown)(...given);
  for (const timeout of ["x", NaN, 1e300]) {
    assert.match(throws(() => poll(timeout, "x"), TypeError).message, "maxevents");
    assert.match(throws(() => poll(timeout, 2 ** 31), OverflowError).message, "maxevents");
  }
  e.close();
  assert.match(throws(() => poll(0, "x"), TypeError).message, "maxevents");
  assert.match(throws(() => poll(0, 2 ** 31), OverflowError).message, "maxevents");
  assert.match(throws(() => poll(0, 0), ValueError).message, "closed");
  throws(() => poll(0, 1, 2), TypeError);
});

test("EPO-066: the kernel refuses to wait for no events, a closed epoll first", () => {
  const { calls } = ownCore();
  const e = calls.epollCreate(0);
  assert.is(calls.epollWait(e, 0, 0), -22);
  assert.is(calls.epollWait(calls.epollAdopt(900), 0, 0), -9);
  calls.epollClose(e);
});

test(
  "EPO-067: any negative timeout of the core is for ever",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    const core = ownCore();
    const e = core.calls.epollCreate(0);
    assert.is(core.calls.epollControl(e, EPOLL_CTL_ADD, r, IN), 0);
    core.reserveReady(1);
    const writer = await inThread(60, "os.write(data, 'x')", w);
    assert.is(core.calls.epollWait(e, 1, -2), 1);
    assertTook(writer.passed(), 60, 5000);
    const ready = core.words().subarray(core.readyStart / 4);
    assert.equal([...ready.subarray(0, 2)], [r, IN]);
    await writer.done;
    core.calls.epollClose(e);
  }),
);

test(
  "EPO-069: events are pairs of the number that was registered and a mask",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll();
    e.register({ fileno: () => r }, IN);
    os.write(w, "x");
    assert.equal(e.poll(0), [[r, IN]]);
  }),
);

test("EPO-071: the core waits fractions of a millisecond, never early, never for ever", () => {
  const core = ownCore();
  const e = core.calls.epollCreate(0);
  core.reserveReady(1);
  for (const timeoutMs of [0.001, 0.25, 0.9999999, 1.5]) {
    const { result, ms } = timed(() => core.calls.epollWait(e, 1, timeoutMs));
    assert.is(result, 0);
    assertTook(ms, timeoutMs, 200);
  }
  core.calls.epollClose(e);
});

test.run();
