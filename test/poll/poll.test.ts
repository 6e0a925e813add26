// Poll objects: construction, registrations, arguments, the order of results.

import { spawnSync } from "node:child_process";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  KeyError,
  OSError,
  OverflowError,
  Poll,
  poll,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  ValueError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { closeAll, closedNumber, newConnection, newPipe, settle } from "../support/probes.ts";
import { throws } from "../support/expect.ts";
import { clockMs } from "../support/world.ts";

/** The methods without their types, for arguments that the types forbid. */
interface AnyPoll {
  register(...given: unknown[]): unknown;
  modify(...given: unknown[]): unknown;
  unregister(...given: unknown[]): unknown;
  poll(...given: unknown[]): unknown;
}
const anyPoll = (): AnyPoll => poll() as unknown as AnyPoll;

test("POL-01: poll is a function that makes objects, which nothing else does", () => {
  const p = poll();
  assert.instance(p, Poll);
  assert.is.not(poll(), p);
  const AnyClass = Poll as unknown as new (...given: unknown[]) => unknown;
  assert.match(throws(() => new AnyClass(), TypeError).message, "poll()");
  throws(() => new AnyClass({}, Symbol("poll()")), TypeError);
  throws(() => new (p.constructor as typeof AnyClass)(), TypeError);
});

test("POL-02: poll() takes no arguments", () => {
  throws(() => (poll as unknown as (given: unknown) => unknown)(1), TypeError);
});

test("POL-03: objects have no subclass, no attributes of others, no copy that works", () => {
  class Mine extends (Poll as unknown as new () => object) {}
  throws(() => new Mine(), TypeError);
  const p = poll();
  throws(() => ((p as unknown as { extra: number }).extra = 1), TypeError);
  throws(() => Object.setPrototypeOf(p, {}), TypeError);
  const copy = structuredClone(p);
  throws(() => Poll.prototype.poll.call(copy, 0), TypeError);
  throws(() => Poll.prototype.poll.call(Object.create(p), 0), TypeError);
});

test("POL-04: register, modify, unregister and poll; nothing to close", () => {
  const beyond = new Set(["constructor", "pollInto", "pollAsync", "wakeup", "inspect"]);
  const names = Object.getOwnPropertyNames(Poll.prototype).filter((name) => !beyond.has(name));
  assert.equal(names.sort(), ["modify", "poll", "register", "unregister"]);
  assert.not.ok(Symbol.dispose !== undefined && Symbol.dispose in Poll.prototype);
});

test("POL-05: the mask is POLLIN, POLLPRI and POLLOUT if left out", () => {
  const [client, server] = newConnection();
  const p = poll();
  p.register(client);
  assert.equal(p.poll(0), [[client, POLLOUT]]);
  os.send(server, "n");
  settle(client, POLLIN);
  os.send(server, "!", os.MSG_OOB);
  settle(client, POLLPRI);
  assert.equal(p.poll(0), [[client, POLLIN | POLLPRI | POLLOUT]]);
  p.register(client, undefined);
  assert.equal(p.poll(0), [[client, POLLIN | POLLPRI | POLLOUT]]);
  closeAll(client, server);
});

test("POL-06: there are no keywords", () => {
  const p = anyPoll();
  throws(() => p.register(0, { eventmask: 1 }), TypeError);
  throws(() => p.register({ fileno: 0 }), TypeError);
  throws(() => p.modify(0, { eventmask: 1 }), TypeError);
  throws(() => p.poll({ timeout: 0 }), TypeError);
});

test("POL-07: any number that could be a descriptor is taken, open or not", () => {
  const p = anyPoll();
  for (const fd of [0, 1023, 1024, 65536, 2 ** 31 - 1, { fileno: () => 7 }, { fd: 8 }]) {
    assert.is(p.register(fd, 0), undefined);
  }
  for (const fd of [-1, -(2 ** 31), { fileno: () => -1 }]) {
    throws(() => p.register(fd), ValueError);
    throws(() => p.modify(fd, 1), ValueError);
    throws(() => p.unregister(fd), ValueError);
  }
  for (const fd of [2 ** 31, -(2 ** 31) - 1, 1e300, { fileno: () => 2 ** 31 }]) {
    throws(() => p.register(fd), OverflowError);
    throws(() => p.unregister(fd), OverflowError);
  }
  for (const fd of ["0", null, undefined, 1.5, NaN, [], {}, 1n, { fileno: () => "1" }]) {
    throws(() => p.register(fd), TypeError);
    throws(() => p.modify(fd, 1), TypeError);
    throws(() => p.unregister(fd), TypeError);
  }
});

test("an exception of fileno() passes through and registers nothing", () => {
  const p = poll();
  const boom = new Error("boom");
  const file = {
    fileno(): number {
      throw boom;
    },
  };
  for (const call of [() => p.register(file), () => p.modify(file, 1), () => p.unregister(file)]) {
    try {
      call();
      assert.unreachable();
    } catch (thrown) {
      assert.is(thrown, boom);
    }
  }
  assert.equal(p.poll(0), []);
});

test("POL-08: registering again replaces the mask and keeps the place", () => {
  const [r, w] = newPipe();
  const [r2, w2] = newPipe();
  os.write(w, "x");
  os.write(w2, "x");
  const p = poll();
  p.register(r, POLLOUT);
  p.register(r2, POLLIN);
  assert.equal(p.poll(0), [[r2, POLLIN]]);
  p.register(r, POLLIN);
  assert.equal(p.poll(0), [
    [r, POLLIN],
    [r2, POLLIN],
  ]);
  p.modify(r, POLLOUT);
  p.modify(r, POLLIN);
  assert.equal(
    p.poll(0).map(([fd]) => fd),
    [r, r2],
  );
  closeAll(r, w, r2, w2);
});

test("POL-10: unregistering an unregistered descriptor is a KeyError with the descriptor", () => {
  const p = poll();
  p.register(5);
  p.unregister(5);
  for (const fd of [5, 6, 2 ** 31 - 1]) {
    const thrown = throws(() => p.unregister(fd), KeyError) as KeyError;
    assert.is(thrown.key, fd);
    assert.match(thrown.message, String(fd));
  }
});

test("modifying an unregistered descriptor is FileNotFoundError, and registers nothing", () => {
  const p = poll();
  const thrown = throws(() => p.modify(0, POLLIN), FileNotFoundError, "ENOENT") as OSError;
  assert.is(thrown.errno, 2);
  throws(() => p.unregister(0), KeyError);
});

test("POL-12: modify needs a mask; the others their arguments and no more", () => {
  const p = anyPoll();
  throws(() => p.modify(0), TypeError);
  throws(() => p.modify(), TypeError);
  throws(() => p.modify(0, 1, 2), TypeError);
  throws(() => p.register(), TypeError);
  throws(() => p.register(0, 1, 2), TypeError);
  throws(() => p.unregister(), TypeError);
  throws(() => p.unregister(0, 1), TypeError);
});

test("POL-13: a negative mask is a ValueError", () => {
  for (const mask of [-1, -65536, -(2 ** 31), -1n, -(1n << 64n)]) {
    assert.match(throws(() => anyPoll().register(0, mask), ValueError).message, "eventmask");
    const p = anyPoll();
    p.register(0, 1);
    throws(() => p.modify(0, mask), ValueError);
  }
});

test("POL-15: a mask above 16 bits is an OverflowError", () => {
  for (const mask of [65536, 2 ** 31, 2 ** 64, 65536n, 1n << 64n, 1e300]) {
    assert.match(throws(() => anyPoll().register(0, mask), OverflowError).message, "eventmask");
  }
  for (const mask of [0, 1, 65535, 65535n]) assert.is(anyPoll().register(0, mask), undefined);
});

test("POL-16: a mask is an integer or a boolean", () => {
  for (const mask of [1.5, NaN, Infinity, "1", null, {}, { valueOf: () => 1 }, []]) {
    assert.match(throws(() => anyPoll().register(0, mask), TypeError).message, "eventmask");
  }
  const [r, w] = newPipe();
  os.write(w, "x");
  const p = poll();
  p.register(r, true as never);
  assert.equal(p.poll(0), [[r, POLLIN]]);
  p.modify(r, false as never);
  assert.equal(p.poll(0), []);
  p.modify(r, 1.0);
  assert.equal(p.poll(0), [[r, POLLIN]]);
  closeAll(r, w);
});

test("POL-17: results come in the order of registration, of the last one after a gap", () => {
  const pipes = [newPipe(), newPipe(), newPipe(), newPipe()];
  const [a, b, c, d] = [2, 0, 3, 1].map((i) => (pipes[i] as number[])[1] as number);
  const p = poll();
  for (const fd of [a, b, c, d]) p.register(fd as number, POLLOUT);
  const order = (): number[] => p.poll(0).map(([fd]) => fd);
  assert.equal(order(), [a, b, c, d]);
  p.unregister(b as number);
  assert.equal(order(), [a, c, d]);
  p.register(b as number, POLLOUT);
  assert.equal(order(), [a, c, d, b]);
  closeAll(...pipes.flat());
});

test("POL-19: the number is returned, not the object", () => {
  const [r, w] = newPipe();
  const p = poll();
  p.register({ fileno: () => w }, POLLOUT);
  assert.equal(p.poll(0), [[w, POLLOUT]]);
  p.unregister(w);
  assert.equal(p.poll(0), []);
  closeAll(r, w);
});

test("POL-28: the method poll() has one parameter", () => {
  throws(() => anyPoll().poll(0, 1), TypeError);
  throws(() => anyPoll().poll(0, undefined), TypeError);
});

test("POL-41: masks survive the calls", () => {
  const [r, w] = newPipe();
  const p = poll();
  p.register(r, POLLIN);
  p.register(w, POLLOUT);
  const closed = closedNumber();
  p.register(closed, POLLIN);
  for (let i = 0; i < 3; i++) {
    assert.equal(p.poll(0), [
      [w, POLLOUT],
      [closed, POLLNVAL],
    ]);
  }
  os.write(w, "x");
  assert.equal(p.poll(0), [
    [r, POLLIN],
    [w, POLLOUT],
    [closed, POLLNVAL],
  ]);
  closeAll(r, w);
});

test("POL-53: more registrations than descriptors may be open is EINVAL, gaps do not count", () => {
  const node = JSON.stringify(new URL("../../bindings/node/select.js", import.meta.url).href);
  const code = `import { poll } from ${node};
    const p = poll();
    for (let fd = 1000; fd < 1100; fd++) p.register(fd, 0);
    for (let fd = 1000; fd < 1020; fd++) p.unregister(fd);
    for (let fd = 2000; fd < 2020; fd++) p.register(fd, 0);
    console.log(p.poll(0).length);
    p.register(1, 0);
    try { p.poll(0); } catch (error) { console.log(error.name, error.code, error.syscall); }
    p.unregister(1);
    console.log(p.poll(0).length);`;
  const { stdout } = spawnSync(
    "sh",
    ["-c", `ulimit -n 100; exec "$0" --input-type=module -e "$1"`, process.execPath, code],
    { encoding: "utf8" },
  );
  assert.is(stdout, "100\nOSError EINVAL poll\n100\n");
});

test("an object without registrations waits, and finds nothing", () => {
  const start = clockMs();
  assert.equal(poll().poll(20), []);
  assert.ok(clockMs() - start >= 20);
});

test("objects know nothing of each other, and results nothing of later calls", () => {
  const [r, w] = newPipe();
  const [p, q] = [poll(), poll()];
  p.register(w, POLLOUT);
  const first = p.poll(0);
  assert.equal(q.poll(0), []);
  os.close(r);
  p.modify(w, 0);
  p.poll(0);
  assert.equal(first, [[w, POLLOUT]]);
  os.close(w);
});

test("pollInto writes pairs, as many as there is room for, and says how many", () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  const p = poll();
  p.register(r, POLLIN);
  p.register(w, POLLOUT);
  const out = new Int32Array(5).fill(-9);
  assert.is(p.pollInto(out, 0), 2);
  assert.equal([...out], [r, POLLIN, w, POLLOUT, -9]);
  const small = new Int32Array(3).fill(-9);
  assert.is(p.pollInto(small, 0), 1);
  assert.equal([...small], [r, POLLIN, -9]);
  p.modify(r, 0);
  p.modify(w, 0);
  out.fill(-9);
  assert.is(p.pollInto(out, 0), 0);
  assert.equal([...out], [-9, -9, -9, -9, -9]);
  const view = new Int32Array(new SharedArrayBuffer(32), 8, 2);
  os.close(r);
  p.unregister(w);
  os.close(w);
  assert.is(p.pollInto(view, null), 1);
  assert.equal([...view], [r, POLLNVAL]);
});

test("pollInto takes an Int32Array with room for a pair", () => {
  const p = poll() as unknown as { pollInto(...given: unknown[]): unknown };
  for (const out of [[], [0, 0], new Uint32Array(2), new ArrayBuffer(8), null, undefined, 2]) {
    throws(() => p.pollInto(out, 0), TypeError);
  }
  for (const length of [0, 1]) throws(() => p.pollInto(new Int32Array(length), 0), ValueError);
  throws(() => p.pollInto(), TypeError);
  throws(() => p.pollInto(new Int32Array(2), 0, 0), TypeError);
});

test("unregistering and closing a ready descriptor leave nothing behind", () => {
  const [r, w] = newPipe();
  const p = poll();
  p.register(r, POLLIN);
  os.close(w);
  assert.equal(p.poll(0), [[r, POLLHUP]]);
  p.unregister(r);
  assert.equal(p.poll(0), []);
  os.close(r);
  assert.equal(p.poll(0), []);
});

test.run();
