// Epolls on a host that has poll(2) and nothing else: the calls of the core, and edges that no call
// announces.

import { test } from "../support/uvu.ts";
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
} from "../../bindings/node/select.ts";
import { EPOLL_CTL_ADD, FD_STREAM, STAT_INO, STAT_KIND, STAT_SIZE } from "../../asm/abi.ts";
import { coreWith } from "../support/hosts.ts";
import { outcomeOf, World } from "../sim/world.ts";

const posix = (): World => new World("posix");

test("a level costs one poll(2), also of a wait that waits", () => {
  const on = posix();
  const { os, sim } = on;
  const quiet = Array.from({ length: 100 }, () => [on.eventfd(), IN] as const);
  const [r, w] = on.pipe();
  const e = on.epoll([...quiet, [r, IN]]);
  os.write(w, "x");
  assert.equal(
    on.callsOf(() => e.poll()),
    { kevent: 0, poll: 1 },
  );
  os.read(r, 1);
  assert.equal(
    on.callsOf(() => e.poll(1)),
    { kevent: 0, poll: 1 },
  );
  sim.at(sim.now() + 3600, () => os.write(w, "y"));
  assert.equal(
    on.callsOf(() => e.poll()),
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

test("an edge is more than there was, or data that the program read and that came again", () => {
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
  os.write(b, "z"); // no more than at the last report, but after a read
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

test("data that others read and write again between two polls is late, but not lost", () => {
  const on = posix();
  const { sim } = on;
  const [a, b] = on.socketpair();
  const e = on.epoll([[a, IN | ET]]);
  const others = sim.os; // of another core, which does not inform this one
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

test("a registration whose edge was reported is polled now and then, not without end", () => {
  const on = posix();
  const { os, sim } = on;
  const [a, b] = on.socketpair();
  const e = on.epoll([[a, IN | ET]]);
  os.write(b, "x");
  assert.equal(e.poll(), [[a, IN]]);
  const { poll } = on.callsOf(() => {
    const { ms } = on.timed(() => e.poll(0.09));
    assert.ok(ms >= 90, `${ms} ms`);
  });
  assert.ok(poll <= 25, `${poll} calls in 90 ms`);
  // The core notices new data without delay where poll(2) can wait for it, and soon elsewhere.
  sim.at(sim.now() + 0.005, () => os.write(b, "y"));
  const { result, ms } = on.timed(() => e.poll(1));
  assert.equal(result, [[a, IN]]);
  assert.ok(ms >= 5 && ms <= 20, `${ms} ms`);
});

test("an edge of an event that was not reported yet ends a wait at once", () => {
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

test("a one-shot that was reported is left out of poll(2)", () => {
  const on = posix();
  const { os } = on;
  const [r, w] = on.pipe();
  const e = on.epoll([[r, IN | ONESHOT]]);
  os.write(w, "x");
  assert.equal(e.poll(), [[r, IN]]);
  os.close(w);
  const calls = on.callsOf(() => {
    assert.equal(e.poll(1), []);
  });
  assert.equal(calls, { kevent: 0, poll: 1 });
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
      on.callsOf(() => assert.equal(on.timed(wait).result, [])),
      { kevent: 0, poll: 1 },
    );
  }
});

test("a registration without an edge is reported once more after 100 ms of waits, whatever the time between", () => {
  const on = posix();
  const { os, sim } = on;
  const [a, b] = on.socketpair();
  const e = on.epoll([[a, IN | ET]]);
  os.write(b, "x");
  assert.equal(e.poll(), [[a, IN]]);
  for (let i = 0; i < 9; i++) {
    sim.advance(3600);
    assert.equal(e.poll(0), [], `look ${i}`);
  }
  const { result, ms } = on.timed(() => e.poll(1));
  assert.equal(result, [[a, IN]]);
  assert.ok(ms <= 20, `${ms} ms`);
  assert.is(on.timed(() => e.poll(0.15)).ms, 150);
  assert.ok(on.timed(() => e.poll(1)).ms <= 60);
});

test("data that others read and write is not lost either while there are edges all the time", () => {
  const on = posix();
  const { os, sim } = on;
  const [a, b] = on.socketpair();
  const [r, w] = on.pipe();
  const e = on.epoll([
    [a, IN | ET],
    [r, IN | ET],
  ]);
  const others = sim.os;
  others.write(b, "xy");
  assert.equal(e.poll(), [[a, IN]]);
  others.read(a, 9);
  others.write(b, "xy");
  const begun = sim.now();
  const another = sim.module().os;
  sim.every(0.005, () => another.write(w, "x"));
  let found: number[] = [];
  while (!found.includes(a)) {
    found = e.poll().map(([fd]) => fd);
    if (found.includes(r)) os.read(r, 9);
    assert.ok(sim.now() - begun <= 1.1, `nothing for ${sim.now() - begun} s`);
  }
  assert.ok(sim.now() - begun >= 0.5);
});

test("no wait takes memory: a registration reserves the memory of later waits", () => {
  const COUNT = 60_000;
  const core = coreWith({
    capabilities: () => 0,
    eventfd: () => COUNT,
    close: () => 0,
    poll: () => 0,
    fd_stat: (memory, fd, address) => {
      const view = new DataView(memory.buffer, address, STAT_SIZE);
      for (let i = 0; i < STAT_SIZE; i++) view.setUint8(i, 0);
      view.setUint32(STAT_KIND, FD_STREAM, true);
      view.setUint32(STAT_INO, fd + 1, true);
      return 0;
    },
  });
  const { calls } = core;
  const size = (): number => calls.memory.buffer.byteLength;
  const handle = calls.pollCreate();
  for (let fd = 0; fd < COUNT; fd++) calls.pollRegister(handle, fd, IN);
  const withoutEpoll = size();
  const epfd = calls.epollCreate(0);
  assert.ok(size() > withoutEpoll, "the records of the poll object need room twice");
  assert.is(calls.pollRegister(handle, calls.epollFileno(epfd), IN), 0);
  assert.is(calls.epollControl(epfd, EPOLL_CTL_ADD, 7, IN), 0);
  core.reserveReady(1);
  const before = size();
  assert.is(calls.pollWait(handle, 0), 0);
  assert.is(calls.epollWait(epfd, 1, 0), 0);
  const entries = calls.selectBegin(1, 0, 0);
  new Int32Array(calls.memory.buffer)[entries / 4] = calls.epollFileno(epfd);
  assert.is(calls.selectWait(0), 0);
  assert.is(size(), before);
});

test("an event that no registration wants ends no wait", () => {
  const on = posix();
  const { os, select, sim } = on;
  const whole = (wait: () => unknown[]): void => {
    const { poll } = on.callsOf(() => {
      assert.equal(on.timed(wait), { result: [], ms: 1000 });
    });
    assert.ok(poll <= 2, `${poll} calls`);
  };
  const [r, w] = on.pipe();
  const inner = on.epoll([[r, IN]]);
  const outer = on.epoll([[inner, OUT]]);
  const p = select.poll();
  p.register(inner, OUT);
  os.write(w, "x");
  whole(() => outer.poll(1));
  whole(() => p.poll(1000));
  const [gone] = on.pipe();
  const e = on.epoll([[gone, IN]]);
  sim.os.close(gone); // without announceClose
  whole(() => e.poll(1));
  sim.at(sim.now() + 0.5, () => os.write(w, "x"));
  whole(() => outer.poll(1));
  assert.equal(inner.poll(0), [[r, IN]]);
});

test("sources that poll(2) cannot report are refused, and leave nothing behind", () => {
  const on = posix();
  const { os, select, sim } = on;
  const queue = select.kqueue();
  const folder = sim.files.open("/tmp", "r");
  const { KQ_EV_ADD, KQ_FILTER_READ } = select;
  const before = os.dup(folder);
  os.close(before);
  for (const [ident, filter] of [
    [folder, select.KQ_FILTER_VNODE],
    [sim.processes.program.pid, select.KQ_FILTER_PROC],
    [28, select.KQ_FILTER_SIGNAL],
    [1, select.KQ_FILTER_NETDEV],
  ] as const) {
    const change = select.kevent(ident, filter, KQ_EV_ADD, 0x1);
    assert.is(
      outcomeOf(() => queue.control([change], 0)),
      "EOPNOTSUPP",
    );
    const remove = select.kevent(ident, filter, select.KQ_EV_DELETE);
    assert.is(
      outcomeOf(() => queue.control([remove], 0)),
      "ENOENT",
    );
  }
  const [r, w] = on.pipe();
  assert.is(r, before, "no descriptor is left open");
  os.write(w, "x");
  assert.is(queue.control([select.kevent(r, KQ_FILTER_READ, KQ_EV_ADD)], 4, 0).length, 1);
});

test.run();
