// Reports of devpoll objects: masks, order, closed descriptors, waits. DEV-22 to 41, EMU-19.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  type Devpoll,
  devpoll,
  epoll,
  EPOLLIN,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLREMOVE,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { fill, type Scope, scoped } from "../support/descriptors.ts";
import { closedNumber } from "../support/probes.ts";
import { assertTook, signalled, timed } from "../support/expect.ts";
import { closeSync } from "../support/files.ts";
import { eventually, ignoreAgain, listenTo } from "../support/world.ts";

/** A devpoll object that is closed when the test ends. */
function newDevpoll(s: Scope): Devpoll {
  const made = devpoll();
  s.onEnd(() => made.close());
  return made;
}

test(
  "DEV-22: the result is pairs of a descriptor and its ready bits, errors and hang-ups included",
  scoped((s) => {
    const dp = newDevpoll(s);
    const [r, w] = s.pipe();
    const [r2, w2] = s.pipe();
    dp.register(r, POLLIN);
    dp.register(w2, POLLOUT);
    assert.equal(dp.poll(0), [[w2, POLLOUT]]);
    os.write(w, "x");
    s.close(w);
    s.close(r2);
    assert.equal(
      dp.poll(0),
      [
        [r, POLLIN | POLLHUP],
        [w2, POLLOUT | POLLERR],
      ].sort(([a], [b]) => (a as number) - (b as number)),
    );
  }),
);

test(
  "DEV-23: a pipe goes one way, so its reading end is not writable",
  scoped((s) => {
    const dp = newDevpoll(s);
    const [r, w] = s.pipe();
    dp.register(r);
    const { result, ms } = timed(() => dp.poll(20));
    assert.equal(result, []);
    assert.ok(ms >= 20, `${ms} ms`);
    dp.register(w);
    assert.equal(dp.poll(-1), [[w, POLLOUT]]);
    assert.equal(dp.poll(1 << 30), [[w, POLLOUT]]);
  }),
);

test("DEV-25: a closed descriptor can be unregistered, and is not reported any more", () => {
  const dp = devpoll();
  const pipes = [0, 1, 2].map(() => os.pipe());
  for (const [r, w] of pipes) {
    dp.register(r, POLLIN);
    dp.register(w, POLLOUT);
  }
  for (const [r, w] of pipes) {
    assert.ok(dp.poll(0).some(([fd]) => fd === w));
    os.write(w, "x");
    assert.ok(dp.poll(0).some(([fd]) => fd === r));
    os.close(r);
    os.close(w);
    dp.unregister(r);
    dp.unregister(w);
    assert.not.ok(dp.poll(0).some(([fd]) => fd === r || fd === w));
  }
  assert.equal(dp.poll(0), []);
  dp.close();
});

test(
  "DEV-26: results ascend, and begin where those that did not fit were left out",
  scoped((s) => {
    const dp = newDevpoll(s);
    const fds = Array.from({ length: 5 }, () => s.eventfd(1)).sort((a, b) => a - b);
    for (const i of [3, 0, 4, 2, 1]) dp.register(fds[i] as number, POLLIN);
    assert.equal(
      dp.poll(0),
      fds.map((fd) => [fd, POLLIN]),
    );
    const out = new Int32Array(4);
    const found: number[][] = [];
    for (let i = 0; i < 5; i++) {
      assert.is(dp.pollInto(out, 0), 2);
      found.push([fds.indexOf(out[0] as number), fds.indexOf(out[2] as number)]);
      assert.equal([out[1], out[3]], [POLLIN, POLLIN]);
    }
    assert.equal(found, [
      [0, 1],
      [2, 3],
      [4, 0],
      [1, 2],
      [3, 4],
    ]);
    assert.equal(
      dp.poll(0).map(([fd]) => fds.indexOf(fd)),
      [0, 1, 2, 3, 4],
    );
  }),
);

test(
  "hundreds of results ascend, too",
  scoped((s) => {
    const dp = newDevpoll(s);
    const fds = Array.from({ length: 500 }, () => s.eventfd(1));
    for (let i = 0; i < 500; i++) dp.register(fds[(i * 191) % 500] as number, POLLIN);
    const sorted = fds.toSorted((a, b) => a - b);
    assert.equal(
      dp.poll(0).map(([fd]) => fd),
      sorted,
    );
    const seen = new Set<number>();
    const out = new Int32Array(6);
    for (let i = 0; i < 167; i++) {
      const count = dp.pollInto(out, 0);
      for (let j = 0; j < count; j++) seen.add(out[2 * j] as number);
    }
    assert.is(seen.size, 500);
  }),
);

test(
  "DEV-29, EMU-19: a descriptor that was closed is POLLNVAL until it is unregistered",
  scoped((s) => {
    const dp = newDevpoll(s);
    for (const close of [os.close, closeSync]) {
      const [r, w] = os.pipe();
      os.close(w);
      dp.register(r, 0);
      close(r);
      for (let i = 0; i < 3; i++) assert.equal(dp.poll(0), [[r, POLLNVAL]]);
      dp.unregister(r);
      assert.equal(dp.poll(0), []);
    }
  }),
);

test(
  "DEV-30: a descriptor that was never open is POLLNVAL, too",
  scoped((s) => {
    const dp = newDevpoll(s);
    const fd = closedNumber();
    dp.register(fd, POLLIN);
    assert.equal(dp.poll(-1), [[fd, POLLNVAL]]);
  }),
);

test(
  "DEV-31: a number that is used again is the new file",
  scoped((s) => {
    const dp = newDevpoll(s);
    const [r, w] = os.pipe();
    dp.register(r, POLLIN);
    assert.equal(dp.poll(0), []);
    os.close(r);
    const next = os.eventfd(1);
    assert.is(next, r);
    assert.equal(dp.poll(0), [[next, POLLIN]]);
    os.close(next);
    os.close(w);
  }),
);

test(
  "DEV-32: a descriptor above any table is POLLNVAL, too",
  scoped((s) => {
    const dp = newDevpoll(s);
    dp.register(2 ** 31 - 1, POLLIN);
    assert.equal(dp.poll(0), [[2 ** 31 - 1, POLLNVAL]]);
  }),
);

test(
  "DEV-35: signals do not shorten a wait",
  scoped(async (s) => {
    const dp = newDevpoll(s);
    let handled = 0;
    const count = (): number => handled++;
    listenTo("SIGUSR1", count);
    const sender = signalled("USR1", 30, 5);
    const ended = new Promise((resolve) => sender.once("exit", resolve));
    const { result, ms } = timed(() => dp.poll(300));
    assert.equal(result, []);
    assertTook(ms, 300, 2000);
    await ended;
    assert.ok(await eventually(() => handled >= 2), `${handled} signals`);
    ignoreAgain("SIGUSR1", count);
  }),
);

test(
  "DEV-37: one in another, or in a poll of another kind, is never ready",
  scoped((s) => {
    const inner = newDevpoll(s);
    const outer = newDevpoll(s);
    inner.register(s.eventfd(1), POLLIN);
    outer.register(inner, POLLIN);
    assert.equal(outer.poll(0), []);
    const ep = epoll();
    ep.register(inner, EPOLLIN);
    assert.equal(ep.poll(0), []);
    ep.close();
  }),
);

test(
  "DEV-38: errors and hang-ups are reported with mask 0",
  scoped((s) => {
    const dp = newDevpoll(s);
    const [r, w] = s.pipe();
    dp.register(r, 0);
    os.write(w, "x");
    assert.equal(dp.poll(0), []);
    s.close(w);
    assert.equal(dp.poll(0), [[r, POLLHUP]]);
  }),
);

test(
  "DEV-39: a state that lasts is reported by every call",
  scoped((s) => {
    const dp = newDevpoll(s);
    const [r, w] = s.pipe();
    dp.register(r, POLLIN);
    dp.register(w, POLLOUT);
    os.write(w, "x");
    for (let i = 0; i < 3; i++) assert.is(dp.poll(0).length, 2);
    os.read(r, 1);
    assert.equal(dp.poll(0), [[w, POLLOUT]]);
    fill(w);
    assert.equal(dp.poll(0), [[r, POLLIN]]);
  }),
);

test(
  "DEV-40: bits that are no mask of Linux's are not reported, and change nothing",
  scoped((s) => {
    const dp = newDevpoll(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    dp.register(r, POLLIN | 0x8000 | 0x4000 | 0x0800);
    for (let i = 0; i < 3; i++) assert.equal(dp.poll(0), [[r, POLLIN]]);
    dp.register(r, POLLREMOVE);
    assert.equal(dp.poll(0), []);
  }),
);

test(
  "DEV-41: the same bits again change nothing",
  scoped((s) => {
    const dp = newDevpoll(s);
    const [r, w] = s.pipe();
    os.write(w, "x");
    for (let i = 0; i < 3; i++) dp.register(r, POLLIN);
    assert.equal(dp.poll(0), [[r, POLLIN]]);
    dp.unregister(r);
    assert.equal(dp.poll(0), []);
  }),
);

test.run();
