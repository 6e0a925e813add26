// The APIs that the core builds on a simulated kernel that has poll_oneoff and no other wait. oneoff.test.ts has
// the call itself.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { DeadlockError } from "../../host/sim/time/deadlock.ts";
import {
  EPOLLET as ET,
  EPOLLIN as IN,
  EPOLLONESHOT as ONESHOT,
  EPOLLOUT as OUT,
  EPOLLRDHUP as RDHUP,
  OSError,
  POLLERR as ERR,
  POLLHUP as HUP,
  POLLNVAL as NVAL,
} from "../../bindings/node/select.ts";
import { joined } from "./joined.ts";
import { World } from "./world.ts";

const wasi = (): World => new World("wasi");

test("poll: the bits of the eventmask, hang-ups, errors, and descriptors that are not open", () => {
  const on = wasi();
  const { os, select } = on;
  const [r, w] = on.pipe();
  const [a, b] = on.tcp();
  const [r2, w2] = on.pipe();
  const p = select.poll();
  for (const [fd, mask] of [
    [r, IN],
    [w, IN | OUT],
    [a, IN | OUT | RDHUP],
    [r2, 0],
    [w2, 0],
    [900, IN],
  ] as const) {
    p.register(fd, mask);
  }
  const idle = [
    [w, OUT],
    [a, OUT],
    [900, NVAL],
  ];
  assert.equal(p.poll(), idle);
  p.unregister(900);
  os.write(w, "x");
  os.shutdown(b, os.SHUT_WR);
  on.arrive();
  assert.equal(p.poll(), [
    [r, IN],
    [w, OUT],
    [a, IN | OUT | RDHUP],
  ]);
  for (const fd of [w, a]) p.unregister(fd);
  os.read(r, 1);
  assert.equal(p.poll(0), []);
  os.close(w2);
  p.unregister(w2);
  assert.equal(p.poll(), [[r2, HUP]]);
  os.close(w);
  assert.equal(p.poll(), [
    [r, HUP],
    [r2, HUP],
  ]);
});

test("poll: with an eventmask of 0 the end of a descriptor is still reported", () => {
  const on = wasi();
  const { os, select, sim } = on;
  const [r, w] = on.pipe();
  const [r2, w2] = on.pipe();
  const p = select.poll();
  p.register(r, 0);
  p.register(r2, IN);
  sim.at(0.025, () => os.write(w, "nobody asked"));
  sim.at(0.1, () => os.close(w));
  const { result, ms } = on.timed(() => p.poll());
  assert.equal(result, [[r, HUP]]);
  assert.ok(ms >= 100 && ms <= 110, `${ms} ms`);
  p.unregister(r);
  p.register(w2, 0);
  sim.at(0.5, () => os.close(r2));
  assert.equal(p.poll(1000), [
    [r2, NVAL],
    [w2, ERR],
  ]);
  assert.ok(sim.now() >= 0.5 && sim.now() <= 0.51, `${sim.now()} s`);
});

test("times are exact, and a wait that can never end is refused", () => {
  const on = wasi();
  const { os, select, sim } = on;
  const [r, w] = on.pipe();
  const p = select.poll();
  p.register(r, IN);
  assert.equal(
    on.timed(() => p.poll(0)),
    { result: [], ms: 0 },
  );
  assert.is(on.timed(() => p.poll(3)).ms, 3);
  assert.is(on.timed(() => select.select([r], [], [], 0.00025)).ms, 0.25);
  assert.is(on.timed(() => select.select([], [], [], 1.5)).ms, 1500);
  sim.at(sim.now() + 86_400, () => os.write(w, "x"));
  assert.equal(
    on.timed(() => p.poll()),
    { result: [[r, IN]], ms: 86_400_000 },
  );
  os.read(r, 1);
  for (const wait of [() => p.poll(), () => select.select([], [], [])]) {
    assert.throws(
      wait,
      (error: unknown) => error instanceof DeadlockError && /poll_oneoff on/.test(error.message),
    );
  }
  sim.kernel.faults.options = { EINTR: 0.5 };
  for (let i = 0; i < 20; i++) assert.is(on.timed(() => p.poll(10)).ms, 10);
});

test("select", () => {
  const on = wasi();
  const { os, select, sim } = on;
  const [r, w] = on.pipe();
  const [a] = on.socketpair();
  assert.equal(select.select([r, a], [w, a], [r, a], 1), [[], [w, a], []]);
  sim.at(0.5, () => os.write(w, "x"));
  assert.equal(select.select([r, a], [], [r], 1), [[r], [], []]);
  assert.is(sim.now(), 0.5);
  assert.throws(
    () => select.select([900], [], [], 0),
    (error: unknown) => error instanceof OSError && error.code === "EBADF",
  );
});

test("epoll: levels, edges, one-shots, and epolls in epolls", () => {
  const on = wasi();
  const { os, sim } = on;
  const [r, w] = on.pipe();
  const [a, b] = on.tcp();
  const e = on.epoll([
    [r, IN],
    [a, IN | RDHUP | ET],
    [b, OUT | ONESHOT],
  ]);
  assert.equal(e.poll(1), [[b, OUT]]);
  const outer = on.epoll([[e, IN]]);
  sim.at(sim.now() + 0.5, () => os.write(w, "x"));
  const { result, ms } = on.timed(() => outer.poll(1));
  assert.equal([result, ms], [[[e.fileno(), IN]], 500]);
  assert.equal(e.poll(), [[r, IN]]);
  os.write(b, "x");
  on.arrive();
  assert.equal(e.poll(0), [
    [r, IN],
    [a, IN],
  ]);
  os.read(r, 1);
  assert.equal(e.poll(0), []);
  os.write(b, "y");
  on.arrive();
  assert.equal(e.poll(0), [[a, IN]]);
  os.read(a, 9);
  os.close(b);
  on.arrive();
  assert.equal(e.poll(0), [[a, IN | RDHUP]]);
  assert.equal(e.poll(0), []);
  for (const path of ["/etc/hostname", "/tmp"]) {
    assert.throws(() => e.register(sim.files.open(path), IN), /EPERM/);
  }
});

test("kqueue: READ and WRITE with their data, ends, TIMER and USER; other filters are refused", () => {
  const on = wasi();
  const { os, select, sim } = on;
  const { kevent, KQ_FILTER_READ: READ, KQ_FILTER_WRITE: WRITE } = select;
  const { KQ_EV_ADD: ADD, KQ_EV_CLEAR: CLEAR, KQ_EV_EOF: EOF } = select;
  const queue = select.kqueue();
  const [r, w] = on.pipe();
  const [a, b] = on.tcp();
  const take = (timeout = 0): unknown[] =>
    queue
      .control(null, 9, timeout)
      .map(({ ident, filter, flags, data }) => [Number(ident), filter, flags & EOF, Number(data)]);
  queue.control([kevent(r, READ, ADD), kevent(a, READ, ADD | CLEAR), kevent(w, WRITE, ADD)], 0);
  assert.equal(take(), [[w, WRITE, 0, 65536]]);
  queue.control([kevent(w, WRITE, select.KQ_EV_DELETE)], 0);
  sim.at(sim.now() + 0.5, () => os.write(w, "12345"));
  assert.equal(
    on.timed(() => take(1)),
    { result: [[r, READ, 0, 5]], ms: 500 },
  );
  os.read(r, 5);
  os.write(b, "xyz");
  on.arrive();
  assert.equal(take(), [[a, READ, 0, 3]]);
  assert.equal(take(), []);
  os.read(a, 9);
  os.close(b);
  on.arrive();
  assert.equal(take(), [[a, READ, EOF, 0]]);
  os.close(w);
  assert.equal(take(), [[r, READ, EOF, 0]]);
  for (const fd of [a, r]) os.close(fd);
  queue.control([kevent(1, select.KQ_FILTER_TIMER, ADD, 0, 250)], 0);
  assert.equal(
    on.timed(() => take()),
    { result: [], ms: 0 },
  );
  assert.equal(
    on.timed(() => take(1)),
    { result: [[1, select.KQ_FILTER_TIMER, 0, 1]], ms: 250 },
  );
  queue.control([kevent(1, select.KQ_FILTER_TIMER, select.KQ_EV_DELETE)], 0);
  queue.control([kevent(7, select.KQ_FILTER_USER, ADD | CLEAR)], 0);
  queue.control([kevent(7, select.KQ_FILTER_USER, 0, select.KQ_NOTE_TRIGGER)], 0);
  assert.equal(take(), [[7, select.KQ_FILTER_USER, 0, 0]]);
  for (const filter of [select.KQ_FILTER_VNODE, select.KQ_FILTER_PROC, select.KQ_FILTER_SIGNAL]) {
    assert.throws(() => queue.control([kevent(1, filter, ADD, 1)], 0), /ENOTSUP|EOPNOTSUPP/);
  }
});

test("threads of one kernel wait in it at once", async () => {
  const { sim, select, os } = wasi();
  const [r, w] = os.pipe();
  const [r2, w2] = os.pipe();
  const code = `
    const p = select.poll();
    p.register(data[0], 1);
    const ep = select.epoll();
    ep.register(data[0], 1);
    let count = 0;
    while (true) {
      if (count % 2 === 0) p.poll();
      else ep.poll();
      const bytes = os.read(data[0], 1);
      if (bytes.length === 0) return count;
      count++;
      sleep(0.25);
      os.write(data[1], bytes);
    }`;
  const ended = joined(sim, code, [r, w2]);
  const p = select.poll();
  p.register(r2, IN);
  for (let i = 0; i < 100; i++) {
    os.write(w, "x");
    assert.equal(p.poll(1000), [[r2, IN]]);
    assert.is(os.read(r2, 1).toString(), "x");
  }
  assert.is(sim.now(), 25);
  os.close(w);
  assert.is(await ended, 100);
});

test("devpoll; and no other wait was ever made", () => {
  const on = wasi();
  const { os, select, sim } = on;
  const [r, w] = on.pipe();
  const dp = select.devpoll();
  dp.register(r, IN);
  dp.register(w, OUT);
  assert.equal(dp.poll(0), [[w, OUT]]);
  dp.unregister(w);
  sim.at(0.5, () => os.write(w, "x"));
  assert.equal(
    on.timed(() => dp.poll(1000)),
    { result: [[r, IN]], ms: 500 },
  );
  const calls = new Set(sim.trace().map(({ what }) => what));
  assert.ok(calls.has("poll_oneoff"));
  for (const name of ["poll", "epoll_wait", "kevent"]) assert.not(calls.has(name), name);
});

test.run();
