// Epolls on a host that has poll(2) and nothing else: edges that come from the program's own calls.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  EPOLLET as ET,
  EPOLLIN as IN,
  EPOLLOUT as OUT,
  EPOLLRDHUP as RDHUP,
} from "../../bindings/node/select.ts";
import { outcomeOf, World } from "../sim/world.ts";
import { assertOnce } from "./support.ts";

const posix = (): World => new World("posix");

test("room is an edge after a write that would have blocked, or was taken in part", () => {
  const on = posix();
  const { os } = on;
  for (const [reader, writer] of [on.pipe(), on.socketpair()] as const) {
    const e = on.epoll([[writer, OUT | ET]]);
    assert.equal(e.poll(0), [[writer, OUT]]);
    os.write(writer, "x");
    os.read(reader, 1);
    assert.equal(e.poll(0), [], "there was room");
    const bytes = new Uint8Array(2 ** 20);
    assert.ok(os.write(writer, bytes) < bytes.length);
    while (outcomeOf(() => os.read(reader, 2 ** 20)) !== "EAGAIN");
    assert.equal(e.poll(0), [[writer, OUT]], "a part was taken");
    on.fill(writer);
    assert.equal(e.poll(0), []);
    while (outcomeOf(() => os.read(reader, 2 ** 20)) !== "EAGAIN");
    assert.equal(e.poll(0), [[writer, OUT]], "it was full");
    assert.equal(e.poll(0), []);
  }
});

test("data that comes after everything was read is an edge; the end is an edge once", () => {
  const on = posix();
  const { os, sim } = on;
  for (const [reader, writer] of [on.socketpair(), on.pipe()] as const) {
    const e = on.epoll([[reader, IN | ET]]);
    os.write(writer, "xy");
    assert.equal(e.poll(0), [[reader, IN]]);
    os.write(writer, "z");
    assert.is(os.read(reader, 9).length, 3);
    assert.equal(e.poll(0), []);
    os.write(writer, "z");
    assert.equal(e.poll(0), [[reader, IN]]);
    assert.is(os.read(reader, 9).length, 1);
    os.close(writer);
    assert.is(e.poll(0).length, 1);
    for (let i = 0; i < 3; i++) {
      assert.is(os.read(reader, 9).length, 0);
      assert.equal(e.poll(0), []);
    }
  }
  const timer = sim.timerfd({ blocking: false });
  const e = on.epoll([[timer, IN | ET]]);
  sim.timerfd_settime(timer, { initial: 0.25, interval: 0.25 });
  for (let i = 0; i < 3; i++) {
    assert.equal(e.poll(1), [[timer, IN]]);
    os.read(timer, 8);
    sim.advance(0.25);
    assert.equal(e.poll(0), [[timer, IN]]);
    os.read(timer, 8);
  }
});

test("the peer's shutdown for sending is an edge also without RDHUP in the mask", () => {
  const on = posix();
  const { os } = on;
  for (const [a, b] of [on.socketpair(), on.tcp()] as const) {
    const e = on.epoll([[a, IN | ET]]);
    const writes = on.epoll([[a, OUT | ET]]);
    assert.equal(writes.poll(0), [[a, OUT]]);
    os.write(b, "x");
    on.arrive();
    assert.equal(e.poll(0), [[a, IN]]);
    os.shutdown(b, os.SHUT_WR);
    on.arrive();
    assert.equal([e.poll(0), writes.poll(0)], [[[a, IN]], [[a, OUT]]]);
    assert.equal([e.poll(0), writes.poll(0)], [[], []]);
    // This edge is no reason to poll the descriptor all the time.
    e.unregister(a);
    writes.modify(a, ET);
    const { poll } = on.callsOf(() => {
      assert.equal(
        on.timed(() => writes.poll(1)),
        { result: [], ms: 1000 },
      );
    });
    assert.is(poll, 2);
  }
});

test("one's own shutdown is an edge, although poll(2) reports the same bits as before", () => {
  const on = posix();
  const { os } = on;
  const [a, b] = on.socketpair();
  os.write(b, "x");
  os.shutdown(b, os.SHUT_WR);
  const e = on.epoll([[a, IN | RDHUP | ET]]);
  assertOnce(e, a, IN | RDHUP);
  os.shutdown(a, os.SHUT_RD);
  assertOnce(e, a, IN | RDHUP);
});

test("a connection more is an edge, also after one was accepted", () => {
  const on = posix();
  const { os } = on;
  const listener = on.listener();
  const address = os.getsockname(listener) as [string, number];
  const e = on.epoll([[listener, IN | ET]]);
  const connect = (): void => {
    on.client(address);
    on.arrive();
  };
  connect();
  connect();
  assert.equal(e.poll(0), [[listener, IN]]);
  os.accept(listener);
  assert.equal(e.poll(0), []);
  connect();
  assert.equal(e.poll(0), [[listener, IN]]);
  os.accept(listener);
  connect();
  assertOnce(e, listener, IN);
});

test("an event within an epoll is an edge of that epoll, also if it was readable", () => {
  const on = posix();
  const { os } = on;
  const [r, w] = on.pipe();
  const inner = on.epoll([[r, IN]]);
  const outer = on.epoll([[inner, IN | ET]]);
  for (let i = 0; i < 3; i++) {
    os.write(w, "x");
    assertOnce(outer, inner.fileno(), IN);
  }
  assert.equal(inner.poll(0), [[r, IN]]);
});

test("a counter that is read, and written back to its value, is an edge for the waits for that", () => {
  const on = posix();
  const { os } = on;
  const fd = on.eventfd(3);
  const reads = on.epoll([[fd, IN | ET]]);
  const writes = on.epoll([[fd, OUT | ET]]);
  assert.equal([reads.poll(0), writes.poll(0)], [[[fd, IN]], [[fd, OUT]]]);
  os.eventfd_read(fd);
  assert.equal([reads.poll(0), writes.poll(0)], [[], [[fd, OUT]]]);
  os.eventfd_write(fd, 3);
  assert.equal([reads.poll(0), writes.poll(0)], [[[fd, IN]], []]);
  os.eventfd_write(fd, 0);
  assert.equal([reads.poll(0), writes.poll(0)], [[[fd, IN]], []]);
});

for (const [name, flag] of [
  ["level", 0],
  ["edge", ET],
] as const) {
  test(`what did not fit comes next, ${name} triggered`, () => {
    const on = posix();
    const { os } = on;
    const pipes = Array.from({ length: 7 }, () => on.pipe());
    const readers = pipes.map(([r]) => r);
    const e = on.epoll(readers.map((r) => [r, IN | flag] as const));
    for (const [, w] of pipes) os.write(w, "x");
    const next = (): number[] => e.poll(0, 3).map(([fd]) => readers.indexOf(fd));
    assert.equal(next(), [0, 1, 2]);
    assert.equal(next(), [3, 4, 5]);
    assert.equal(next(), flag === 0 ? [6, 0, 1] : [6]);
    assert.equal(next(), flag === 0 ? [2, 3, 4] : []);
  });
}

test.run();
