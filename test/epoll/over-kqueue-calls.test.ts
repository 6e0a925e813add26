// Epolls over kqueue: their calls of the kernel, nesting, and descriptors that were closed.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { STAT_INO } from "../../asm/abi.ts";
import {
  EPOLLET as ET,
  EPOLLHUP as HUP,
  EPOLLIN as IN,
  EPOLLONESHOT as ONESHOT,
  EPOLLOUT as OUT,
  EPOLLPRI as PRI,
  FileExistsError,
  FileNotFoundError,
} from "../../bindings/node/select.ts";
import { World } from "../sim/world.ts";
import { throws } from "../support/expect.ts";

const NVAL = 0x20;

const bsd = (): World => new World("bsd");

test("an epoll with nothing to report is not readable", () => {
  const on = bsd();
  const { os } = on;
  const [a, b] = on.socketpair();
  const e = on.epoll([[a, IN]]); // writable, which is not in the mask
  const outer = on.epoll([[e, IN]]);
  const { select } = on;
  const p = select.poll();
  p.register(e, IN);
  const dp = select.devpoll();
  dp.register(e, IN);
  assert.equal(p.poll(0), []);
  for (const wait of [
    () => p.poll(20),
    () => select.select([e], [], [], 0.02).flat(),
    () => dp.poll(20),
    () => outer.poll(0.02),
  ]) {
    const { result, ms } = on.timed((): unknown => wait());
    assert.equal(result, []);
    assert.ok(ms >= 20, `${ms} ms`);
  }
  os.write(b, "x");
  assert.equal(p.poll(), [[e.fileno(), IN]]);
  assert.equal(dp.poll(), [[e.fileno(), IN]]);
  assert.equal(select.select([e], [], []), [[e], [], []]);
  assert.equal(outer.poll(), [[e.fileno(), IN]]);
  os.read(a, 1);
  assert.equal(p.poll(0), []);
  assert.equal(outer.poll(0), []);
  dp.close();
});

test("events that an epoll has not returned yet keep its descriptor readable, and each is one edge", () => {
  const on = bsd();
  const { os } = on;
  const [a, b] = on.socketpair();
  const [c, d] = on.socketpair();
  const inner = on.epoll([
    [a, IN | ET],
    [c, IN | ET],
  ]);
  const level = on.epoll([[inner, IN]]);
  const edge = on.epoll([[inner, IN | ET]]);
  const fd = inner.fileno();
  os.write(b, "x");
  for (let i = 0; i < 3; i++) assert.equal(level.poll(0), [[fd, IN]]);
  assert.equal(edge.poll(0), [[fd, IN]]);
  assert.equal(edge.poll(0), []);
  os.write(d, "x");
  assert.equal(edge.poll(0), [[fd, IN]]);
  assert.equal(edge.poll(0), []);
  assert.equal(inner.poll(0, 1).length, 1);
  assert.equal(level.poll(0), [[fd, IN]]);
  assert.equal(inner.poll(0).length, 1);
  assert.equal(level.poll(0), []);
  assert.equal(edge.poll(0), []);
});

test("a level in an inner epoll is one edge of the outer one", () => {
  const on = bsd();
  const { os } = on;
  const [r, w] = on.pipe();
  const [a, b] = on.socketpair();
  const inner = on.epoll([
    [r, IN],
    [a, IN | ET],
  ]);
  const edge = on.epoll([[inner, IN | ET]]);
  os.write(w, "x");
  const once = (): void => {
    assert.equal(edge.poll(0), [[inner.fileno(), IN]]);
    for (let i = 0; i < 3; i++) assert.equal(edge.poll(0), []);
  };
  once();
  os.read(r, 1);
  assert.equal(edge.poll(0), []);
  os.write(b, "x");
  once();
});

test("a wait among thousands calls kevent(2) once for events and poll(2) once for states", () => {
  const on = bsd();
  const { os } = on;
  const quiet = Array.from({ length: 1000 }, () => [on.eventfd(), IN] as const);
  const [a, b] = on.socketpair();
  const e = on.epoll([...quiet, [a, IN]]);
  os.write(b, "x");
  const ready = (): void => assert.equal(e.poll(), [[a, IN]]);
  e.poll(0);
  assert.equal(on.callsOf(ready), { kevent: 1, poll: 1 });
  assert.equal(on.callsOf(ready), { kevent: 1, poll: 1 });
  os.read(a, 1);
  const nothing = (): void => assert.equal(e.poll(0), []);
  assert.equal(on.callsOf(nothing), { kevent: 1, poll: 0 });
  os.write(a, "y");
  os.read(b, 1); // room to write is no event for a registration of IN
  assert.equal(on.callsOf(nothing), { kevent: 1, poll: 0 });
});

test("a one-shot that was reported does not wake a wait", () => {
  const on = bsd();
  const { os } = on;
  const [a, b] = on.socketpair();
  const e = on.epoll([[a, IN | ONESHOT]]);
  os.write(b, "x");
  assert.equal(e.poll(0), [[a, IN]]);
  on.sim.at(on.sim.now() + 1, () => os.write(b, "y"));
  const calls = on.callsOf(() => {
    assert.equal(e.poll(2), []);
  });
  // The second one finds that the time is over.
  assert.equal(calls, { kevent: 2, poll: 0 });
});

test("a one-shot that was not ready after all is still armed", () => {
  const on = bsd();
  const { os } = on;
  const [r, w] = on.pipe();
  const e = on.epoll([[r, IN | ONESHOT]]);
  for (let i = 0; i < 3; i++) {
    os.write(w, "x");
    os.read(r, 1);
    assert.equal(e.poll(0), []);
  }
  os.write(w, "x");
  assert.equal(e.poll(0), [[r, IN]]);
});

test("a one-shot in the ready list that was ready no longer when its turn came is still armed", () => {
  const on = bsd();
  const { os } = on;
  for (const open of [on.pipe.bind(on), on.socketpair.bind(on)]) {
    const pairs = [open(), open()];
    const e = on.epoll(pairs.map(([r]) => [r, IN | ONESHOT]));
    for (const [, w] of pairs) os.write(w, "x");
    const [[first]] = e.poll(0, 1) as [[number, number]];
    const [r, w] = pairs.find(([reader]) => reader !== first) as [number, number];
    os.read(r, 1);
    // Nor does the core call kevent(2) again and again.
    const { kevent } = on.callsOf(() => assert.equal(e.poll(1), []));
    assert.ok(kevent <= 5, `${kevent} calls`);
    os.write(w, "x");
    assert.equal(e.poll(0), [[r, IN]]);
  }
});

test("events without a bit of the mask do not hide an event behind them", () => {
  const on = bsd();
  const { os } = on;
  const pairs = Array.from({ length: 5 }, () => on.socketpair());
  const [r, w] = on.pipe();
  const e = on.epoll([...pairs.map(([a]) => [a, PRI] as const), [r, IN]]);
  for (const [, b] of pairs) os.shutdown(b, os.SHUT_WR); // RDHUP, which is outside the mask
  os.write(w, "x");
  assert.equal(e.poll(0, 1), [[r, IN]]);
});

test("a closed descriptor is gone, and its number free, also without announceClose", () => {
  const on = bsd();
  const { os } = on;
  const [r, w] = on.pipe();
  const [r2, w2] = os.pipe();
  const e = on.epoll([
    [r, IN],
    [r2, NVAL],
  ]);
  os.write(w, "x");
  os.close(w2);
  assert.equal(
    e.poll(0),
    [
      [r, IN],
      [r2, HUP],
    ].sort(),
  );
  on.select.host.close(r2); // without announceClose, with a hang-up in the ready list
  assert.equal(e.poll(0), [[r, IN]]);
  os.close(r);
  assert.equal(e.poll(0), []);
  const [again] = on.pipe();
  assert.ok(again === r || again === r2);
  e.register(again, IN);
  assert.equal(e.poll(0), []);
});

test("a number that was closed without announceClose is free for the next file that has it", () => {
  // Sockets and counters of FreeBSD have no inode: one looks like the other.
  const on = new World("bsd", (host) => ({
    fd_stat(memory, fd, address) {
      const result = host.fd_stat(memory, fd, address);
      new DataView(memory.buffer).setBigUint64((address >>> 0) + STAT_INO, 0n, true);
      return result;
    },
  }));
  const { os } = on;
  const fd = on.eventfd();
  for (const mask of [IN, IN | ET, IN | ONESHOT, 0]) {
    const e = on.epoll([[fd, mask]]);
    const reopened = (value = 0): void => {
      on.select.host.close(fd);
      assert.is(on.eventfd(value), fd);
    };
    throws(() => e.register(fd, mask), FileExistsError, "EEXIST");
    reopened(1);
    e.register(fd, IN);
    throws(() => e.register(fd, IN), FileExistsError, "EEXIST");
    assert.equal(e.poll(0), [[fd, IN]]);
    reopened();
    throws(() => e.unregister(fd), FileNotFoundError, "ENOENT");
    for (const other of [mask, OUT | ET]) {
      e.register(fd, mask);
      reopened();
      throws(() => e.modify(fd, other), FileNotFoundError, "ENOENT");
    }
    os.eventfd_write(fd, 1);
    assert.equal(e.poll(0), []);
  }
});

test("a descriptor that is closed while poll(2) is asked takes no event of another one", () => {
  let close: (() => void) | undefined;
  const on = new World("bsd", (host) => ({
    poll: (memory, records, count, timeoutMs) => {
      const callback = count === 2 ? close : undefined;
      if (callback) close = undefined;
      callback?.();
      return host.poll(memory, records, count, timeoutMs);
    },
  }));
  const { os } = on;
  const [first, toFirst] = on.pipe();
  const [second, toSecond] = on.pipe();
  const e = on.epoll([
    [first, IN | ET],
    [second, IN | ET],
  ]);
  os.write(toFirst, "x");
  os.write(toSecond, "x");
  close = () => os.close(first);
  assert.equal(e.poll(0), [[second, IN]]);
  assert.is(close, undefined);
});

test.run();
