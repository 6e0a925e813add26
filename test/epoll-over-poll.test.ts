// Epolls on a host that has poll(2) and nothing else: what is asked, and edges that nobody tells of.

import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  EPOLLERR as ERR,
  EPOLLET as ET,
  EPOLLHUP as HUP,
  EPOLLIN as IN,
  EPOLLONESHOT as ONESHOT,
  EPOLLOUT as OUT,
  EPOLLPRI as PRI,
  EPOLLRDHUP as RDHUP,
} from "../bindings/node.ts";
import { World } from "./sim-world.ts";

const posix = (): World => new World("posix");

test("a level costs one poll(2), also of a wait that waits", () => {
  const on = posix();
  const { os, sim } = on;
  const quiet = Array.from({ length: 100 }, () => [on.eventfd(), IN] as const);
  const [r, w] = on.pipe();
  const e = on.epoll([...quiet, [r, IN]]);
  os.write(w, "x");
  assert.equal(
    on.asked(() => e.poll()),
    { kevent: 0, poll: 1 },
  );
  os.read(r, 1);
  assert.equal(
    on.asked(() => e.poll(1)),
    { kevent: 0, poll: 1 },
  );
  sim.at(sim.now() + 3600, () => os.write(w, "y"));
  assert.equal(
    on.asked(() => e.poll()),
    { kevent: 0, poll: 1 },
  );
});

test("every bit of a mask is the kernel's, with ERR and HUP", () => {
  const on = posix();
  const { os } = on;
  const [r, w] = on.pipe();
  const [a, b] = on.tcp();
  const e = on.epoll([
    [w, 0],
    [a, IN | PRI | RDHUP],
  ]);
  assert.equal(e.poll(0), []);
  os.close(r);
  os.send(b, "!", os.MSG_OOB);
  on.arrive();
  assert.equal(e.poll(), [
    [w, ERR],
    [a, PRI],
  ]);
  os.shutdown(b, os.SHUT_WR);
  on.arrive();
  assert.equal(e.poll(), [
    [w, ERR],
    [a, IN | PRI | RDHUP],
  ]);
});

test("an edge is news: more than there was, or what was taken by the program and came again", () => {
  const on = posix();
  const { os } = on;
  const [a, b] = on.socketpair();
  const e = on.epoll([[a, IN | ET]]);
  const edge = (): void => {
    assert.equal(e.poll(0), [[a, IN]]);
    assert.equal(e.poll(0), []);
  };
  os.write(b, "xy");
  edge();
  os.write(b, "z"); // more
  edge();
  os.read(a, 2);
  assert.equal(e.poll(0), []); // less
  os.write(b, "z"); // no more than when it was told of, but after that was read
  edge();
  os.read(a, 9);
  os.write(b, "xy");
  edge();
  assert.throws(() => {
    os.read(a, 9);
    os.read(a, 9);
  }, /EAGAIN/);
  os.write(b, "x");
  edge();
});

test("what others read and write again between two looks is late, but not lost", () => {
  const on = posix();
  const { sim } = on;
  const [a, b] = on.socketpair();
  const e = on.epoll([[a, IN | ET]]);
  const others = sim.os; // of another core: nobody tells this one
  others.write(b, "xy");
  assert.equal(e.poll(), [[a, IN]]);
  for (let i = 0; i < 5; i++) {
    others.read(a, 9);
    others.write(b, "xy");
    const { result, ms } = on.timed(() => e.poll());
    assert.equal(result, [[a, IN]]);
    assert.ok(ms <= 100 * 2 ** i, `${ms} ms the ${i}th time`);
  }
});

test("an item whose edge was told is looked at now and then, not without end", () => {
  const on = posix();
  const { os, sim } = on;
  const [a, b] = on.socketpair();
  const e = on.epoll([[a, IN | ET]]);
  os.write(b, "x");
  assert.equal(e.poll(), [[a, IN]]);
  const { poll } = on.asked(() => {
    const { ms } = on.timed(() => e.poll(0.09));
    assert.ok(ms >= 90, `${ms} ms`);
  });
  assert.ok(poll <= 25, `${poll} calls in 90 ms`);
  // Something new is noticed without delay where poll(2) can be asked for it, and soon elsewhere.
  sim.at(sim.now() + 0.005, () => os.write(b, "y"));
  const { result, ms } = on.timed(() => e.poll(1));
  assert.equal(result, [[a, IN]]);
  assert.ok(ms >= 5 && ms <= 20, `${ms} ms`);
});

test("an edge of what is not told of yet ends a wait at once", () => {
  const on = posix();
  const { os, sim } = on;
  const [a, b] = on.socketpair();
  const e = on.epoll([[a, IN | OUT | ET]]);
  assert.equal(e.poll(0), [[a, OUT]]);
  sim.at(sim.now() + 0.0025, () => os.write(b, "y"));
  const { result, ms } = on.timed(() => e.poll(1));
  assert.equal(result, [[a, IN | OUT]]);
  assert.is(ms, 2.5);
});

test("a one-shot that was reported is not asked about", () => {
  const on = posix();
  const { os } = on;
  const [r, w] = on.pipe();
  const e = on.epoll([[r, IN | ONESHOT]]);
  os.write(w, "x");
  assert.equal(e.poll(), [[r, IN]]);
  os.close(w);
  const asked = on.asked(() => {
    assert.equal(e.poll(1), []);
  });
  assert.equal(asked, { kevent: 0, poll: 1 });
  e.modify(r, ONESHOT);
  assert.equal(e.poll(), [[r, HUP]]);
});

test("epolls in epolls, and in polls of all kinds, are one poll(2) of all that is in them", () => {
  const on = posix();
  const { os, select, sim } = on;
  const [r, w] = on.pipe();
  const inner = on.epoll([[r, IN]]);
  const middle = on.epoll([[inner, IN]]);
  const outer = on.epoll([[middle, IN | ET]]);
  const p = select.poll();
  const dp = select.devpoll();
  for (const object of [p, dp]) object.register(middle, IN);
  const fd = middle.fileno();
  const waits: Array<() => unknown> = [
    () => outer.poll(1),
    () => p.poll(1000),
    () => dp.poll(1000),
    () => select.select([middle], [], [], 1)[0],
  ];
  const found = [[[fd, IN]], [[fd, IN]], [[fd, IN]], [middle]];
  for (const [i, wait] of waits.entries()) {
    sim.at(sim.now() + 0.25, () => os.write(w, "x"));
    const { result, ms } = on.timed(wait);
    assert.equal(result, found[i]);
    assert.is(ms, 250);
    os.read(r, 1);
    assert.equal(outer.poll(0), []);
    assert.equal(
      on.asked(() => assert.equal(on.timed(wait).result, [])),
      { kevent: 0, poll: 1 },
    );
  }
});

test.run();
