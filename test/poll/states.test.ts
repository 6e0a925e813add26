// Poll objects report descriptors in every state, and wait for a change.

import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  poll,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRNORM,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import {
  closeAll,
  closedNumber,
  EVERYTHING,
  fill,
  maskOf,
  newConnection,
  newPipe,
  READABLE,
  settle,
  WRITABLE,
} from "../support/probes.ts";
import { assertTook, inThread, timed } from "../support/expect.ts";
import { constants, openSync, unlinkSync, writeFileSync, tmpdir } from "../support/files.ts";
import { BEYOND_DEADLINE } from "../support/world.ts";

test("POL-32: a descriptor that is not open is ready with POLLNVAL, and no error", () => {
  const [r, w] = newPipe();
  const p = poll();
  p.register(r, POLLIN);
  closeAll(r, w);
  for (const fd of [5000, 999_999, 2 ** 31 - 1]) p.register(fd, POLLIN);
  assert.equal(p.poll(null), [
    [r, POLLNVAL],
    [5000, POLLNVAL],
    [999_999, POLLNVAL],
    [2 ** 31 - 1, POLLNVAL],
  ]);
});

test("POL-33: POLLNVAL is repeated until the descriptor is unregistered", () => {
  const fd = closedNumber();
  const p = poll();
  p.register(fd, POLLIN);
  for (let i = 0; i < 3; i++) assert.equal(p.poll(), [[fd, POLLNVAL]]);
  p.unregister(fd);
  assert.equal(p.poll(0), []);
});

test("POL-34: POLLNVAL comes alone, whatever the eventmask", () => {
  const fd = closedNumber();
  for (const mask of [0, POLLIN, EVERYTHING, POLLNVAL]) assert.is(maskOf(fd, mask), 32);
});

test("POL-37: a mask of 0 still reports ERR, HUP and NVAL", () => {
  const [r, w] = newPipe();
  assert.is(maskOf(r, 0), 0);
  assert.is(maskOf(w, 0), 0);
  const [r2, w2] = newPipe();
  os.close(w);
  assert.is(maskOf(r, 0), POLLHUP);
  os.close(r2);
  assert.is(maskOf(w2, 0), POLLERR);
  closeAll(r, w2);
  assert.is(maskOf(r, 0), POLLNVAL);
});

test("POL-39: only the bits of the eventmask are reported, IN and RDNORM apart", () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  assert.is(maskOf(r, POLLIN), POLLIN);
  assert.is(maskOf(r, POLLRDNORM), POLLRDNORM);
  assert.is(maskOf(r, POLLIN | POLLRDNORM), POLLIN | POLLRDNORM);
  assert.is(maskOf(r, POLLPRI | POLLRDBAND | POLLOUT), 0);
  assert.is(maskOf(w, POLLOUT), POLLOUT);
  assert.is(maskOf(w, POLLWRNORM), POLLWRNORM);
  closeAll(r, w);
});

test("POL-40: bits that mean nothing are ignored", () => {
  const [r, w] = newPipe();
  for (const mask of [0x7fff, 0xffff]) assert.is(maskOf(w, mask), WRITABLE);
  assert.is(maskOf(w, 0xffff & ~WRITABLE), 0);
  closeAll(r, w);
});

test("POL-42: an empty pipe", () => {
  const [r, w] = newPipe();
  assert.is(maskOf(r), 0);
  assert.is(maskOf(w), WRITABLE);
  closeAll(r, w);
});

test("POL-44: a pipe without a writer: HUP, with IN while there is data", () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  os.close(w);
  assert.is(maskOf(r), READABLE | POLLHUP);
  assert.is(maskOf(r, POLLIN), POLLIN | POLLHUP);
  os.read(r, 1);
  assert.is(maskOf(r), POLLHUP);
  os.close(r);
});

test("POL-45: a pipe without a reader: ERR, with OUT while there is space", () => {
  const [r, w] = newPipe();
  os.close(r);
  assert.is(maskOf(w), WRITABLE | POLLERR);
  os.close(w);
  const [r2, w2] = newPipe();
  fill(w2);
  assert.is(maskOf(w2), 0);
  os.close(r2);
  assert.is(maskOf(w2), POLLERR);
  os.close(w2);
});

test("POL-46: a reading end is never writable, a writing end never readable", () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  assert.is(maskOf(r, WRITABLE), 0);
  assert.is(maskOf(w, READABLE), 0);
  closeAll(r, w);
});

test("POL-47: a wait ends with data, with a hangup, with space", async () => {
  const [r, w] = newPipe();
  const p = poll();
  p.register(r, POLLIN);
  const data = await inThread(30, `os.write(data, "x")`, w);
  assert.equal(p.poll(5000), [[r, POLLIN]]);
  await data.done;
  os.read(r, 1);

  fill(w);
  const q = poll();
  q.register(w, POLLOUT);
  const space = await inThread(30, `os.read(data, 65536).length`, r);
  const { result, ms } = timed(() => q.poll(BEYOND_DEADLINE * 1000));
  assert.equal(result, [[w, POLLOUT]]);
  assertTook(ms, 0, 2000);
  await space.done;
  while (maskOf(r, POLLIN) !== 0) os.read(r, 65536);

  const hangup = await inThread(30, `os.close(data)`, w);
  assert.equal(p.poll(5000), [[r, POLLHUP]]);
  await hangup.done;
  os.close(r);
});

test("POL-48: an event outside the eventmask does not end a wait", async () => {
  const [a, b] = os.socketpair();
  os.set_blocking(a, false);
  fill(a, 4096);
  const p = poll();
  p.register(a, POLLIN);
  const { done } = await inThread(
    30,
    `while (select.select([data], [], [], 0)[0].length > 0) os.read(data, 65536)`,
    b,
  );
  const { result, ms } = timed(() => p.poll(200));
  assert.equal(result, []);
  assert.ok(ms >= 200, `${ms} ms`);
  await done;
  assert.is(maskOf(a, POLLOUT), POLLOUT);
  closeAll(a, b);
});

test("POL-49: unread data is reported again", () => {
  const [r, w] = newPipe();
  os.write(w, "xy");
  const p = poll();
  p.register(r, POLLIN);
  for (let i = 0; i < 3; i++) assert.equal(p.poll(0), [[r, POLLIN]]);
  os.read(r, 1);
  assert.equal(p.poll(0), [[r, POLLIN]]);
  os.read(r, 1);
  assert.equal(p.poll(0), []);
  closeAll(r, w);
});

test("POL-50: files, directories and /dev/null are ready for IN and OUT, never for more", () => {
  const path = join(tmpdir(), `omnipoll-${process.pid}`);
  writeFileSync(path, "text");
  const file = openSync(path, "r");
  const fds = [file, openSync("/", "r"), openSync("/dev/null", "r+")];
  for (const fd of fds) {
    assert.is(maskOf(fd, POLLIN), POLLIN);
    assert.is(maskOf(fd, POLLOUT), POLLOUT);
    assert.is(maskOf(fd, POLLPRI), 0);
    assert.is(maskOf(fd, POLLRDBAND), 0);
    assert.is(maskOf(fd, 0), 0);
    assert.is(maskOf(fd), READABLE | WRITABLE);
  }
  assert.is(os.read(file, 100).length, 4);
  unlinkSync(path);
  assert.is(maskOf(file), READABLE | WRITABLE);
  closeAll(...fds);
});

test("POL-51: an O_PATH descriptor is NVAL", () => {
  const fd = openSync("/", 0o10000000 | constants.O_DIRECTORY);
  assert.is(maskOf(fd), POLLNVAL);
  os.close(fd);
});

test("POL-52: /proc/mounts is readable until a mount changes", () => {
  const fd = openSync("/proc/mounts", "r");
  assert.is(maskOf(fd, POLLIN), POLLIN);
  assert.is(maskOf(fd), READABLE);
  os.close(fd);
});

test("POL-60: both directions of a TCP connection closed", () => {
  const [client, server] = newConnection();
  os.shutdown(client, os.SHUT_WR);
  os.shutdown(server, os.SHUT_WR);
  settle(client, POLLRDHUP);
  settle(server, POLLRDHUP);
  const both = READABLE | WRITABLE | POLLHUP | POLLRDHUP;
  assert.is(maskOf(client), both);
  assert.is(maskOf(server), both);
  closeAll(client, server);
});

test("POL-61: RDHUP is reported only if the eventmask has it", () => {
  const [client, server] = newConnection();
  os.shutdown(server, os.SHUT_WR);
  settle(client, POLLIN);
  assert.is(maskOf(client, POLLIN), POLLIN);
  assert.is(maskOf(client, POLLIN | POLLRDHUP), POLLIN | POLLRDHUP);
  assert.is(maskOf(client), READABLE | WRITABLE | POLLRDHUP);
  closeAll(client, server);
});

test("POL-62: of many pipes exactly the ready ones are reported", () => {
  const pipes = Array.from({ length: 200 }, newPipe);
  const p = poll();
  for (const [r] of pipes) p.register(r, POLLIN);
  for (const [, w] of pipes) p.register(w, POLLOUT);
  const writers = pipes.map(([, w]) => [w, POLLOUT]);
  const written = new Set<number>();
  let seed = 1;
  for (let round = 0; round < 300; round++) {
    seed = (seed * 48271) % 2147483647;
    const [r, w] = pipes[seed % pipes.length] as [number, number];
    if (written.delete(r)) {
      os.read(r, 1);
    } else {
      written.add(r);
      os.write(w, "x");
    }
    const readers = pipes.filter(([fd]) => written.has(fd)).map(([fd]) => [fd, POLLIN]);
    assert.equal(p.poll(0), [...readers, ...writers]);
  }
  closeAll(...pipes.flat());
});

test("a FIFO: HUP after its writer left, gone when another one comes", () => {
  const path = join(tmpdir(), `omnipoll-fifo-${process.pid}`);
  os.mkfifo(path);
  const r = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  assert.is(maskOf(r), 0);
  const w = openSync(path, "w");
  os.close(w);
  assert.is(maskOf(r), POLLHUP);
  const again = openSync(path, "w");
  assert.is(maskOf(r), 0);
  os.write(again, "x");
  assert.is(maskOf(r), READABLE);
  unlinkSync(path);
  closeAll(r, again);
});

test("an eventfd: readable above 0, writable below its maximum", () => {
  const fd = os.eventfd(0);
  assert.is(maskOf(fd), POLLOUT);
  os.eventfd_write(fd, 1);
  assert.is(maskOf(fd), POLLIN | POLLOUT);
  os.eventfd_write(fd, 2n ** 64n - 3n);
  assert.is(maskOf(fd), POLLIN);
  os.eventfd_read(fd);
  assert.is(maskOf(fd), POLLOUT);
  os.close(fd);
});

test.run();
