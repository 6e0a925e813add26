// Epolls over a kqueue that refuses, is interrupted, or knows little.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  EBADF,
  EINTR,
  EINVAL,
  ENODEV,
  ENOMEM,
  ENOSYS,
  EOPNOTSUPP,
  EPIPE,
  EV_ADD,
  EV_DELETE,
  EV_ERROR,
  EV_RECEIPT,
  FILTER_WRITE,
  KEVENT_DATA,
  KEVENT_FILTER,
  KEVENT_FLAGS,
  KEVENT_SIZE,
} from "../../asm/abi.ts";
import {
  EPOLLERR as ERR,
  EPOLLET as ET,
  EPOLLHUP as HUP,
  EPOLLIN as IN,
  EPOLLOUT as OUT,
  EPOLLRDHUP as RDHUP,
  FileExistsError,
  FileNotFoundError,
  OSError,
  PermissionError,
} from "../../bindings/node/select.ts";
import { randomOf } from "../support/hosts.ts";
import { World } from "../sim/world.ts";
import { throws } from "../support/expect.ts";

const bsd = (): World => new World("bsd");

/** A host that refuses to add the knotes of which `errnoOf` says why. */
function refusing(errnoOf: (filter: number) => number): World {
  return new World("bsd", (host) => ({
    kevent(memory, kq, changes, nchanges, events, capacity, timeoutMs) {
      const view = new DataView(memory.buffer, changes >>> 0, nchanges * KEVENT_SIZE);
      const refused: Array<[at: number, errno: number]> = [];
      for (let at = 0; at < view.byteLength; at += KEVENT_SIZE) {
        const errno = errnoOf(view.getInt16(at + KEVENT_FILTER, true));
        if (errno === 0 || (view.getUint16(at + KEVENT_FLAGS, true) & EV_ADD) === 0) continue;
        view.setUint16(at + KEVENT_FLAGS, EV_DELETE | EV_RECEIPT, true);
        refused.push([at, errno]);
      }
      const result = host.kevent(memory, kq, changes, nchanges, events, capacity, timeoutMs);
      for (const [at, errno] of refused) {
        view.setUint16(at + KEVENT_FLAGS, EV_ERROR, true);
        view.setBigInt64(at + KEVENT_DATA, BigInt(errno), true);
      }
      return result;
    },
  }));
}

test("a pipe whose reader is gone is an event, although a knote of it is refused", () => {
  const on = bsd();
  const { os } = on;
  for (const mask of [OUT, 0]) {
    const [r, w] = on.pipe();
    os.close(r);
    const e = on.epoll([[w, mask]]);
    for (let i = 0; i < 3; i++) assert.equal(e.poll(0), [[w, mask | ERR]]);
    e.modify(w, mask | ET);
    assert.equal(e.poll(0), [[w, mask | ERR]]);
    assert.equal(e.poll(0), []);
  }
});

test("a pipe without a reader of which both knotes are refused can be modified and unregistered", () => {
  const on = refusing((filter) => (filter === FILTER_WRITE ? EPIPE : EINVAL));
  const [r, w] = on.pipe();
  on.os.close(r);
  const e = on.epoll([[w, OUT]]);
  assert.equal(e.poll(0), [[w, OUT | ERR]]);
  e.modify(w, 0);
  for (let i = 0; i < 2; i++) assert.equal(e.poll(0), [[w, ERR]]);
  e.unregister(w);
  assert.equal(e.poll(0), []);
});

test("EMU-13: a descriptor without a filter is EPERM, other errors are the kernel's, nothing is registered", () => {
  for (const [errno, code] of [
    [EINVAL, "EPERM"],
    [ENODEV, "EPERM"],
    [EOPNOTSUPP, "EPERM"],
    [EBADF, "EBADF"],
    [ENOMEM, "ENOMEM"],
  ] as const) {
    const on = refusing(() => errno);
    const [r] = on.pipe();
    const e = on.epoll();
    throws(() => e.register(r, IN), code === "EPERM" ? PermissionError : OSError, code);
    throws(() => e.unregister(r), FileNotFoundError, "ENOENT");
  }
  // One filter is enough.
  const on = refusing((filter) => (filter === FILTER_WRITE ? EINVAL : 0));
  const [r, w] = on.pipe();
  const e = on.epoll([[r, IN]]);
  on.os.write(w, "x");
  assert.equal(e.poll(0), [[r, IN]]);
  const device = bsd();
  const fd = device.sim.files.open("/dev/null");
  const none = device.epoll();
  throws(() => none.register(fd, IN), PermissionError, "EPERM");
  throws(() => none.modify(fd, IN), PermissionError, "EPERM");
  throws(() => none.unregister(fd), PermissionError, "EPERM");
});

test("an interrupted wait goes on, and keeps its events", () => {
  let interruptions = 3;
  const on = new World("bsd", (host) => ({
    kevent: (...given) => {
      const isWait = given[3] === 0;
      return isWait && interruptions-- > 0 ? -EINTR : host.kevent(...given);
    },
  }));
  const [r, w] = on.pipe();
  const e = on.epoll([[r, IN | ET]]);
  on.os.write(w, "x");
  assert.equal(e.poll(1), [[r, IN]]);
  interruptions = 3;
  const { result, ms } = on.timed(() => e.poll(0.02));
  assert.equal(result, []);
  assert.ok(ms >= 20, `${ms} ms`);
  assert.ok(interruptions < 0);
});

test("no edge is lost to interruptions of any call, also within", () => {
  const random = randomOf(1);
  const interrupted = (): boolean => random(3) === 0;
  const on = new World("bsd", (host) => ({
    kevent: (...given) => (given[3] === 0 && interrupted() ? -EINTR : host.kevent(...given)),
    poll: (...given) => (interrupted() ? -EINTR : host.poll(...given)),
  }));
  const [r, w] = on.pipe();
  const inner = on.epoll([[r, IN | ET]]);
  const outer = on.epoll([[inner, IN | ET]]);
  for (let i = 0; i < 100; i++) {
    on.os.write(w, "x");
    assert.equal(outer.poll(1), [[inner.fileno(), IN]], `edge ${i}`);
    assert.equal(inner.poll(1), [[r, IN]], `edge ${i}`);
    assert.equal(outer.poll(0), []);
  }
});

test("a queue that cannot be made is the error of epoll()", () => {
  const { select } = new World("bsd", () => ({ kqueue: () => -24 }));
  throws(() => select.epoll(), OSError, "EMFILE");
});

test("an epoll works on a host that does not report the kinds of descriptors", () => {
  const on = new World("bsd", () => ({ fd_stat: () => -ENOSYS }));
  const { os } = on;
  const [a, b] = on.tcp();
  const e = on.epoll([[a, IN | RDHUP]]);
  throws(() => e.register(a, IN), FileExistsError, "EEXIST");
  throws(() => e.register(900, IN), OSError, "EBADF");
  throws(() => e.unregister(b), FileNotFoundError, "ENOENT");
  os.write(b, "x");
  on.arrive();
  assert.equal(e.poll(0), [[a, IN]]);
  os.shutdown(b, os.SHUT_WR);
  on.arrive();
  assert.equal(e.poll(0), [[a, IN | RDHUP]]);
  os.shutdown(a, os.SHUT_WR);
  on.arrive();
  assert.equal(e.poll(0), [[a, IN | RDHUP | HUP]]);
  os.close(a);
  assert.equal(e.poll(0), []);
});

test.run();
