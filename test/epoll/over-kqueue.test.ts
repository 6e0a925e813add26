// Epolls on a host that has kqueue and no epoll, FreeBSD's as it is simulated. EMU-11 to 17.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  EVENT_ERR,
  EVENT_HUP,
  EVENT_RDHUP,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
} from "../../asm/abi.ts";
import {
  EPOLLERR as ERR,
  EPOLLET as ET,
  EPOLLHUP as HUP,
  EPOLLIN as IN,
  EPOLLONESHOT as ONESHOT,
  EPOLLOUT as OUT,
  EPOLLPRI as PRI,
  EPOLLRDHUP as RDHUP,
  FileExistsError,
  FileNotFoundError,
  OSError,
  PermissionError,
} from "../../bindings/node/select.ts";
import { maskFrom } from "../support/descriptors.ts";
import { World } from "../sim/world.ts";
import { throws } from "../support/expect.ts";
import { assertOnce } from "./support.ts";

const ECONNREFUSED = 111;
const O_RDONLY = 0;
const O_WRONLY = 1;
const O_NONBLOCK = 0x800;

const bsd = (): World => new World("bsd");

/** Kernels whose poll(2) does not know some bits: a BSD's has no ERR, an old one's no RDHUP. */
function pollWithout(bits: number): World {
  return new World("bsd", (host) => ({
    poll(memory, records, count, timeoutMs) {
      let found = host.poll(memory, records, count, timeoutMs);
      const view = new DataView(memory.buffer, records >>> 0, count * POLL_RECORD_SIZE);
      for (let at = 0; at < view.byteLength; at += POLL_RECORD_SIZE) {
        const ready = view.getUint16(at + POLL_RECORD_READY, true);
        if (ready === 0) continue;
        view.setUint16(at + POLL_RECORD_READY, ready & ~bits, true);
        if ((ready & ~bits) === 0) found--;
      }
      return found;
    },
  }));
}

test("EMU-11: with mask 0 hang-ups and errors are reported, again and again", () => {
  const on = bsd();
  const { os } = on;
  const [r, w] = on.pipe();
  const [r2, w2] = on.pipe();
  const [a, b] = on.socketpair();
  const e = on.epoll([
    [r, 0],
    [w2, 0],
    [a, 0],
  ]);
  os.write(w, "x");
  os.write(b, "x");
  assert.equal(e.poll(0), []);
  os.close(w);
  assert.equal(e.poll(0), [[r, HUP]]);
  os.close(r2);
  os.close(b);
  for (let i = 0; i < 3; i++) {
    assert.equal(
      e.poll(1).sort(),
      [
        [r, HUP],
        [w2, ERR],
        [a, HUP],
      ].sort(),
    );
  }
  assert.equal(e.poll(1, 2).length, 2);
});

test("EMU-11: an edge-triggered mask of 0 has one edge of a hang-up", () => {
  const on = bsd();
  const { os } = on;
  const [r, w] = on.pipe();
  const e = on.epoll([[r, ET]]);
  os.write(w, "x");
  assert.equal(e.poll(0), []);
  os.close(w);
  assertOnce(e, r, HUP);
});

test("EMU-12: the end of one direction is RDHUP, of both HUP", () => {
  for (const on of [bsd(), pollWithout(EVENT_RDHUP | EVENT_HUP)]) {
    const { os } = on;
    for (const flags of [0, ET]) {
      const [a, b] = on.tcp();
      const e = on.epoll([[a, IN | RDHUP | flags]]);
      const narrow = on.epoll([[a, OUT | flags]]);
      assert.equal(narrow.poll(0), [[a, OUT]]);
      os.shutdown(b, os.SHUT_WR);
      on.arrive();
      assert.equal(e.poll(0), [[a, IN | RDHUP]]);
      assert.equal(maskFrom(narrow.poll(0)), OUT, "no RDHUP outside the mask");
      os.shutdown(a, os.SHUT_WR);
      assert.equal(e.poll(0), [[a, IN | RDHUP | HUP]]);
      assert.equal(narrow.poll(0), [[a, OUT | HUP]]);
    }
  }
});

test("EMU-12: one's own shutdown(WR) is neither, shutdown(RD) is RDHUP", () => {
  for (const on of [bsd(), pollWithout(EVENT_RDHUP | EVENT_HUP)]) {
    const { os } = on;
    const [a] = on.tcp();
    const [c] = on.tcp();
    const e = on.epoll([[a, IN | OUT | RDHUP]]);
    const other = on.epoll([[c, IN | OUT | RDHUP]]);
    os.shutdown(a, os.SHUT_WR);
    os.shutdown(c, os.SHUT_RD);
    assert.equal(e.poll(0), [[a, OUT]]);
    assert.equal(other.poll(0), [[c, IN | OUT | RDHUP]]);
  }
});

test("an error of a socket is ERR where poll(2) does not report it", () => {
  for (const on of [bsd(), pollWithout(EVENT_ERR)]) {
    const { os } = on;
    const listener = on.listener();
    const address = os.getsockname(listener) as [string, number];
    os.close(listener);
    const c = on.client(address);
    on.arrive();
    const e = on.epoll([[c, IN | OUT | RDHUP]]);
    for (let i = 0; i < 2; i++) {
      assert.equal(e.poll(0), [[c, IN | OUT | ERR | HUP | RDHUP]]);
    }
    assert.is(os.getsockopt(c, os.SOL_SOCKET, os.SO_ERROR), ECONNREFUSED);
    assert.equal(e.poll(0), [[c, IN | OUT | HUP | RDHUP]]);
  }
});

test("EMU-13: a refused change of epoll_ctl has no effect", () => {
  const on = bsd();
  const { os } = on;
  const [r, w] = on.pipe();
  const e = on.epoll([[r, IN]]);
  throws(() => e.register(r, OUT), FileExistsError, "EEXIST");
  throws(() => e.register(on.sim.files.open("/etc/passwd"), IN), PermissionError, "EPERM");
  throws(() => e.modify(w, IN), FileNotFoundError, "ENOENT");
  throws(() => e.unregister(w), FileNotFoundError, "ENOENT");
  throws(() => e.register(e, IN), OSError, "EINVAL");
  throws(() => e.register(900, IN), OSError, "EBADF");
  const outer = on.epoll([[e, IN]]);
  throws(() => e.register(outer, IN), OSError, "ELOOP");
  os.write(w, "x");
  assert.equal(e.poll(0), [[r, IN]]);
  e.unregister(r);
  throws(() => e.unregister(r), FileNotFoundError, "ENOENT");
  assert.equal(e.poll(0), []);
});

test("EMU-14: modifying re-arms an edge and a one-shot, and drops the bits outside the new mask", () => {
  const on = bsd();
  const { os } = on;
  const [a, b] = on.socketpair();
  os.write(b, "x");
  for (const how of [ET, ONESHOT, ET | ONESHOT]) {
    const e = on.epoll([[a, IN | how]]);
    for (let i = 0; i < 3; i++) {
      assertOnce(e, a, IN);
      e.modify(a, IN | how);
    }
    e.modify(a, OUT | how);
    assertOnce(e, a, OUT);
    e.modify(a, RDHUP | how);
    assert.equal(e.poll(0), []);
    e.modify(a, IN);
    for (let i = 0; i < 3; i++) assert.equal(e.poll(0), [[a, IN]]);
    e.modify(a, IN | OUT);
    for (let i = 0; i < 3; i++) assert.equal(e.poll(0), [[a, IN | OUT]]);
    e.modify(a, OUT | ET);
    assertOnce(e, a, OUT);
  }
});

test("EMU-14: a wider mask of a level reports states that the narrower mask left out", () => {
  const on = bsd();
  const { os } = on;
  const [a, b] = on.socketpair();
  on.fill(a);
  const e = on.epoll([[a, OUT]]);
  os.shutdown(b, os.SHUT_WR);
  assert.equal(e.poll(0), []);
  e.modify(a, OUT | RDHUP);
  for (let i = 0; i < 3; i++) assert.equal(e.poll(0), [[a, RDHUP]]);

  const [c, d] = on.tcp();
  const urgent = on.epoll([[c, IN]]);
  os.send(d, "!", os.MSG_OOB);
  on.arrive();
  assert.equal(urgent.poll(0), []);
  urgent.modify(c, IN | PRI);
  for (let i = 0; i < 3; i++) assert.equal(urgent.poll(0), [[c, PRI]]);
});

test("EMU-15: urgent data is reported while it is there, or once", () => {
  const on = bsd();
  const { os } = on;
  const [a, b] = on.tcp();
  const level = on.epoll([[b, PRI]]);
  const both = on.epoll([[b, IN | PRI]]);
  const edge = on.epoll([[b, PRI | ET]]);
  const once = on.epoll([[b, PRI | ONESHOT]]);
  const all = [level, both, edge, once];
  for (const e of all) assert.equal(e.poll(0), []);
  for (let round = 0; round < 2; round++) {
    os.send(a, "!", os.MSG_OOB);
    on.arrive();
    for (const e of all) assert.equal(e.poll(5), [[b, PRI]], `${round} ${all.indexOf(e)}`);
    assert.equal(level.poll(5), [[b, PRI]]);
    assert.equal(both.poll(5), [[b, PRI]]);
    for (const e of [edge, once]) {
      const { result, ms } = on.timed(() => e.poll(0.03));
      assert.equal(result, []);
      assert.ok(ms >= 30, `${ms} ms`);
    }
    os.send(a, "n");
    on.arrive();
    assert.equal(both.poll(5), [[b, IN | PRI]]);
    os.recv(b, 9);
    for (const e of all) assert.equal(e.poll(0.02), []);
    once.modify(b, PRI | ONESHOT);
  }
});

test("EMU-15: urgent data stays after the data before it has been read", () => {
  const on = bsd();
  const { os } = on;
  const [a, b] = on.tcp();
  const e = on.epoll([[b, IN | PRI]]);
  os.send(a, "n");
  os.send(a, "!", os.MSG_OOB);
  on.arrive();
  assert.equal(e.poll(), [[b, IN | PRI]]);
  assert.is(os.recv(b, 9).toString(), "n");
  for (let i = 0; i < 2; i++) assert.equal(e.poll(), [[b, PRI]]);
});

test("EMU-15: a wait notices urgent data at once, and soon where it was reported before", () => {
  const on = bsd();
  const { os, sim } = on;
  const [a, b] = on.tcp();
  const e = on.epoll([[b, PRI | ET]]);
  const urgent = (): unknown => os.send(a, "!", os.MSG_OOB);
  sim.at(sim.now() + 1, urgent);
  const first = on.timed(() => e.poll());
  assert.equal(first.result, [[b, PRI]]);
  assert.ok(first.ms >= 1000 && first.ms < 1001, `${first.ms} ms`);
  // It is passed, and comes again, while the wait goes on.
  sim.at(sim.now() + 1, () => os.send(a, "n"));
  sim.at(sim.now() + 1.1, () => os.recv(b, 9));
  sim.at(sim.now() + 1.2, urgent);
  const second = on.timed(() => e.poll());
  assert.equal(second.result, [[b, PRI]]);
  assert.ok(second.ms >= 1200 && second.ms < 1220, `${second.ms} ms`);
});

test("EMU-16: a new writer takes the hang-up of a FIFO away", () => {
  const on = bsd();
  const { os } = on;
  const path = "/tmp/fifo";
  os.mkfifo(path);
  const r = on.sim.files.open(path, O_RDONLY | O_NONBLOCK);
  const open = (): number => on.sim.files.open(path, O_WRONLY | O_NONBLOCK);
  for (const mask of [IN, 0, RDHUP]) {
    const e = on.epoll([[r, mask]]);
    const w = open();
    assert.equal(e.poll(0), []);
    os.write(w, "x");
    os.close(w);
    for (let i = 0; i < 2; i++) assert.equal(e.poll(0), [[r, (mask & IN) | HUP]]);
    os.read(r, 9);
    for (let i = 0; i < 2; i++) assert.equal(e.poll(0), [[r, HUP]]);
    const again = open();
    for (let i = 0; i < 2; i++) assert.equal(e.poll(0), []);
    os.close(again);
    assert.equal(e.poll(0), [[r, HUP]]);
  }
});

test("EMU-17: a full pipe is not writable, an empty one is", () => {
  const on = bsd();
  const { os } = on;
  const [r, w] = on.pipe();
  const level = on.epoll([[w, OUT]]);
  const edge = on.epoll([[w, OUT | ET]]);
  for (let round = 0; round < 2; round++) {
    assert.equal(level.poll(0), [[w, OUT]]);
    assert.equal(edge.poll(0), [[w, OUT]]);
    const taken = on.fill(w);
    assert.equal(level.poll(0.01), []);
    assert.equal(edge.poll(0.01), []);
    let read = 0;
    while (read < taken) read += os.read(r, 65536).length;
  }
});

test("both directions of a descriptor are one event, however few fit", () => {
  const on = bsd();
  const { os } = on;
  const [a, b] = on.socketpair();
  os.write(b, "x");
  for (const how of [0, ET, ONESHOT]) {
    const e = on.epoll([[a, IN | OUT | how]]);
    assert.equal(e.poll(0, 1), [[a, IN | OUT]]);
    assert.equal(e.poll(0, 1), how === 0 ? [[a, IN | OUT]] : []);
  }
});

test("no registration starves: levels, hang-ups and edges have their turns", () => {
  const on = bsd();
  const { os } = on;
  const pipes = Array.from({ length: 6 }, () => on.pipe());
  const masks = [IN, 0, IN | ET, IN, 0, RDHUP];
  const e = on.epoll(pipes.map(([r], i) => [r, masks[i] as number]));
  for (const [, w] of pipes) {
    os.write(w, "x");
    os.close(w);
  }
  for (const capacity of [1, 2, 4]) {
    const seen = new Set<number>();
    for (let i = 0; i < 12; i += capacity) {
      for (const [fd] of e.poll(0, capacity)) seen.add(fd);
    }
    assert.is(seen.size, capacity === 1 ? 6 : 5, `${capacity} at a time`);
  }
});

test.run();
