// Timers of the simulated kernel: timerfd, and the filter TIMER of the kqueue on top of it.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { coreModule } from "../../bindings/node/host.ts";
import { BlockingIOError, OSError } from "../../bindings/node/select.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import { throws } from "../support/expect.ts";

const simOf = (): Sim => new Sim(coreModule());

/** Takes the count of a timer. */
function countOf(sim: Sim, fd: number): number {
  return Number(Buffer.from(sim.os.read(fd, 8)).readBigUInt64LE());
}

/** The mask that poll(2) returns for a descriptor at once. */
function stateOf(sim: Sim, fd: number): number {
  const poll = sim.select.poll();
  poll.register(fd, 0x7fff);
  return poll.poll(0)[0]?.[1] ?? 0;
}

test("timerfd: 0, IN once it has gone off, and 0 when it was read", () => {
  const sim = simOf();
  const fd = sim.timerfd({ blocking: false });
  assert.is(stateOf(sim, fd), 0);
  throws(() => sim.os.read(fd, 8), BlockingIOError, "EAGAIN");
  sim.timerfd_settime(fd, { initial: 0.02 });
  assert.is(stateOf(sim, fd), 0);
  sim.advance(0.03);
  assert.is(stateOf(sim, fd), 1);
  throws(() => sim.os.read(fd, 4), OSError, "EINVAL");
  assert.is(countOf(sim, fd), 1);
  assert.is(stateOf(sim, fd), 0);
  throws(() => sim.os.write(fd, new Uint8Array(8)), OSError, "EINVAL");
});

test("timerfd: a period counts the missed expiries", () => {
  const sim = simOf();
  const fd = sim.timerfd({ initial: 0.01, interval: 0.01, blocking: false });
  sim.advance(0.055);
  assert.is(countOf(sim, fd), 5);
  throws(() => sim.os.read(fd, 8), BlockingIOError, "EAGAIN");
  assert.equal(
    sim.timerfd_gettime(fd).map((s) => Math.round(s * 1000)),
    [5, 10],
  );
  sim.advance(0.005);
  assert.is(countOf(sim, fd), 1);
});

test("timerfd: setting and disarming a timer reset its count", () => {
  const sim = simOf();
  const fd = sim.timerfd({ initial: 0.005, blocking: false });
  sim.advance(0.01);
  assert.is(stateOf(sim, fd), 1);
  sim.timerfd_settime(fd, { initial: 1 });
  assert.is(stateOf(sim, fd), 0);
  assert.equal(sim.timerfd_settime(fd, { initial: 0.005 }), [1, 0]);
  sim.advance(0.01);
  sim.timerfd_settime(fd);
  throws(() => sim.os.read(fd, 8), BlockingIOError, "EAGAIN");
  assert.equal(sim.timerfd_gettime(fd), [0, 0]);
});

test("timerfd: a time that has passed is now, and a read blocks until one has", () => {
  const sim = simOf();
  sim.advance(2);
  const fd = sim.timerfd({ initial: 1, absolute: true });
  assert.is(countOf(sim, fd), 1);
  sim.timerfd_settime(fd, { initial: 5, absolute: true });
  assert.is(countOf(sim, fd), 1);
  assert.is(sim.now(), 5);
  throws(() => sim.timerfd_settime(99), OSError, "EBADF");
  const [r] = sim.os.pipe();
  throws(() => sim.timerfd_gettime(r), OSError, "EINVAL");
});

test("EPO-122: an edge-triggered epoll reports the first time only, until the timer is read", () => {
  const sim = simOf();
  const { select } = sim;
  const fd = sim.timerfd({ initial: 0.01, interval: 0.01 });
  const ep = select.epoll();
  ep.register(fd, select.EPOLLIN | select.EPOLLET);
  assert.equal(ep.poll(1), [[fd, 1]]);
  assert.is(sim.now(), 0.01);
  assert.equal(ep.poll(0.05), []);
  assert.is(countOf(sim, fd), 6);
  assert.equal(ep.poll(1), [[fd, 1]]);
  assert.ok(Math.abs(sim.now() - 0.07) < 1e-9);
});

test("a timer that is closed does not go off", () => {
  const sim = simOf();
  const fd = sim.timerfd({ initial: 1 });
  sim.os.close(fd);
  assert.is(sim.kernel.clock.isDue(Infinity), false);
});

test("kqueue: thousands of periods of a fraction are neither lost nor early", () => {
  const sim = simOf();
  const { select } = sim;
  const queue = select.kqueue();
  const { KQ_FILTER_TIMER, KQ_EV_ADD, KQ_NOTE_USECONDS } = select;
  queue.control([select.kevent(1, KQ_FILTER_TIMER, KQ_EV_ADD, KQ_NOTE_USECONDS, 3600)], 0);
  let count = 0;
  for (let i = 1; i <= 5000; i++) {
    for (const { data } of queue.control(null, 4, null)) count += Number(data);
    assert.is(count, i);
    assert.ok(Math.abs(sim.now() - i * 0.0036) < 1e-6, `${sim.now()} at ${i}`);
  }
});

test.run();
