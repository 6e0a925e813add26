// The simulated kernel that has poll_oneoff and no other wait: the call itself, and the APIs that the
// core builds on it.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { DeadlockError } from "../../host/sim/time/deadlock.ts";
import { pollOneoff } from "../../host/sim/wait/oneoff.ts";
import {
  CLOCK_ABSOLUTE,
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  EVENT_BYTES,
  EVENT_ERROR,
  EVENT_FLAGS,
  EVENT_SIZE,
  EVENT_TYPE,
  EVENT_USERDATA,
  SUBSCRIPTION_CLOCK,
  SUBSCRIPTION_FD,
  SUBSCRIPTION_FLAGS,
  SUBSCRIPTION_SIZE,
  SUBSCRIPTION_TIMEOUT,
  SUBSCRIPTION_TYPE,
  SUBSCRIPTION_USERDATA,
  TYPE_CLOCK,
  TYPE_READ,
  TYPE_WRITE,
  WASI_BADF,
  WASI_FAULT,
  WASI_INTR,
  WASI_INVAL,
  WASI_IO,
} from "../../wasi/poller.ts";
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
const NS = 1e6;

interface Asked {
  readonly type: number;
  readonly fd?: number;
  readonly clock?: number;
  readonly ms?: number;
  readonly flags?: number;
}

/** [number of the subscription, error, type, bytes, flags] of each event; or WASI's error. */
function call({ sim }: World, asked: readonly Asked[]): number[][] | number {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const view = new DataView(memory.buffer);
  const [from, to, found] = [8, 8 + asked.length * SUBSCRIPTION_SIZE, 60_000];
  new Uint8Array(memory.buffer).fill(0xaa, to);
  for (const [i, { type, fd = 0, clock = CLOCK_MONOTONIC, ms = 0, flags = 0 }] of asked.entries()) {
    const at = from + i * SUBSCRIPTION_SIZE;
    view.setBigUint64(at + SUBSCRIPTION_USERDATA, 2n ** 63n + BigInt(i), true);
    view.setUint8(at + SUBSCRIPTION_TYPE, type);
    if (type === TYPE_CLOCK) {
      view.setUint32(at + SUBSCRIPTION_CLOCK, clock, true);
      view.setBigUint64(at + SUBSCRIPTION_TIMEOUT, BigInt(ms * NS), true);
      view.setUint16(at + SUBSCRIPTION_FLAGS, flags, true);
    } else {
      view.setUint32(at + SUBSCRIPTION_FD, fd, true);
    }
  }
  const error = pollOneoff(sim.kernel, memory, from, to, asked.length, found);
  if (error !== 0) return error;
  const count = view.getUint32(found, true);
  assert.is(view.getUint32(to + count * EVENT_SIZE, true), 0xaaaaaaaa, "written beyond the events");
  return Array.from({ length: count }, (_, i) => {
    const at = to + i * EVENT_SIZE;
    return [
      Number(view.getBigUint64(at + EVENT_USERDATA, true) - 2n ** 63n),
      view.getUint16(at + EVENT_ERROR, true),
      view.getUint8(at + EVENT_TYPE),
      Number(view.getBigUint64(at + EVENT_BYTES, true)),
      view.getUint16(at + EVENT_FLAGS, true),
    ];
  });
}

const reading = (fd: number): Asked => ({ type: TYPE_READ, fd });
const writing = (fd: number): Asked => ({ type: TYPE_WRITE, fd });
const after = (ms: number, clock = CLOCK_MONOTONIC): Asked => ({ type: TYPE_CLOCK, ms, clock });

test("poll_oneoff: ready descriptors, their number of bytes, and whether the peer is gone", () => {
  const on = wasi();
  const { os } = on;
  const [r, w] = on.pipe();
  const [a, b] = on.tcp();
  const file = on.sim.files.open("/etc/hostname");
  os.write(w, "1234567890");
  os.write(b, "xyz");
  on.arrive();
  const all = [reading(r), reading(a), writing(a), reading(b), reading(file), after(0)];
  const room = os.getsockopt(a, os.SOL_SOCKET, os.SO_SNDBUF);
  assert.equal(call(on, all), [
    [0, 0, TYPE_READ, 10, 0],
    [1, 0, TYPE_READ, 3, 0],
    [2, 0, TYPE_WRITE, room, 0],
    [4, 0, TYPE_READ, 4, 0],
    [5, 0, TYPE_CLOCK, 0, 0],
  ]);
  os.close(w);
  assert.equal(call(on, [reading(r)]), [[0, 0, TYPE_READ, 10, 1]]);
  os.read(r, 99);
  assert.equal(call(on, [reading(r)]), [[0, 0, TYPE_READ, 0, 1]]);
});

test("poll_oneoff: a descriptor that is not open or has failed is the error of its event", () => {
  const on = wasi();
  const { os } = on;
  const [r, w] = on.pipe();
  os.close(r);
  assert.equal(call(on, [reading(900), writing(w), after(1000)]), [
    [0, WASI_BADF, TYPE_READ, 0, 0],
    [1, WASI_IO, TYPE_WRITE, 0, 0],
  ]);
  assert.is(on.sim.now(), 0);
});

test("poll_oneoff: clocks, of which the first ends the call", () => {
  const on = wasi();
  const { sim } = on;
  const now = (): number => sim.kernel.clock.now();
  assert.equal(call(on, [after(300), after(100)]), [[1, 0, TYPE_CLOCK, 0, 0]]);
  assert.is(now(), 100);
  assert.equal(call(on, [after(0.25, CLOCK_REALTIME), after(5)]), [[0, 0, TYPE_CLOCK, 0, 0]]);
  assert.is(now(), 100.25);
  const monotonic = { ...after(1000 + 200), flags: CLOCK_ABSOLUTE };
  const past = { ...after(1000), flags: CLOCK_ABSOLUTE };
  const date = { ...after(1e12 + 150, CLOCK_REALTIME), flags: CLOCK_ABSOLUTE };
  assert.equal(call(on, [monotonic, date]), [[1, 0, TYPE_CLOCK, 0, 0]]);
  assert.is(now(), 150);
  assert.equal(call(on, [monotonic]), [[0, 0, TYPE_CLOCK, 0, 0]]);
  assert.is(now(), 200);
  assert.equal(call(on, [past]), [[0, 0, TYPE_CLOCK, 0, 0]]);
  assert.is(now(), 200);
});

test("poll_oneoff: impossible subscriptions, addresses outside the memory, and interruptions are errors", () => {
  const on = wasi();
  const [r] = on.pipe();
  assert.is(call(on, []), WASI_INVAL);
  assert.is(call(on, [after(1, 2)]), WASI_INVAL);
  assert.is(call(on, [{ type: 3 }]), WASI_INVAL);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { kernel } = on.sim;
  for (const [from, to, found] of [
    [65536 - 40, 0, 0],
    [0, 65536 - 24, 0],
    [0, 64, 65534],
  ] as const) {
    assert.is(pollOneoff(kernel, memory, from, to, 1, found), WASI_FAULT);
  }
  kernel.faults.options = { EINTR: 1 };
  assert.is(call(on, [reading(r), after(1)]), WASI_INTR);
});

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
    [r, IN | HUP],
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
