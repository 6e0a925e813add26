// select() reports descriptors in every state, and waits for a change.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  epoll,
  EPOLLIN,
  OSError,
  POLLERR,
  POLLIN,
  POLLPRI,
  select,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import {
  closeAll,
  fill,
  newConnection,
  newListener,
  newPipe,
  newRefused,
  setsOf,
  settle,
} from "../support/probes.ts";
import { assertTook, inThread, signalled, throws, timed } from "../support/expect.ts";
import {
  BEYOND_DEADLINE,
  clockMs,
  DEADLINE,
  eventually,
  ignoreAgain,
  listenTo,
} from "../support/world.ts";
import { openSync } from "../support/files.ts";

test("SEL-35: OUT or ERR make a descriptor writable, HUP alone does not", () => {
  const [r, w] = newPipe();
  assert.equal(select([], [r, w], [], 0), [[], [w], []]);
  os.close(w);
  assert.equal(setsOf(r), [1, 0, 0]); // HUP
  os.close(r);

  const full = newPipe();
  fill(full[1]);
  os.close(full[0]);
  assert.equal(setsOf(full[1]), [1, 1, 0]); // ERR
  os.close(full[1]);
});

test("SEL-36: ERR and HUP are never exceptional", () => {
  const [r, w] = newPipe();
  os.close(w);
  assert.equal(select([], [], [r], 0), [[], [], []]);
  os.close(r);
  const refused = newRefused();
  settle(refused, POLLIN);
  assert.equal(select([], [], [refused], 0), [[], [], []]);
  os.close(refused);
});

test("a wait on lists that HUP does not make ready lasts its timeout, and takes no CPU time", () => {
  const [r, w] = newPipe();
  os.close(w);
  const before = process.cpuUsage();
  const { result, ms } = timed(() => select([], [r, r], [r], 0.5));
  const { user, system } = process.cpuUsage(before);
  assert.equal(result, [[], [], []]);
  assertTook(ms, 500, 2000);
  assert.ok(user + system < ms * 400, `${user + system} µs of CPU in ${ms} ms`);
  os.close(r);
});

test("a descriptor that only hangs up does not hide another one that becomes ready", async () => {
  const [r, w] = newPipe();
  const [r2, w2] = newPipe();
  os.close(w);
  const { done } = await inThread(50, `os.write(data, "x")`, w2);
  const { result, ms } = timed(() => select([r2], [r], [], BEYOND_DEADLINE));
  assert.equal(result, [[r2], [], []]);
  assertTook(ms, 0, 2000);
  await done;
  closeAll(r, r2, w2);
});

test("a descriptor that reports only bits outside its lists is polled again", async () => {
  const fd = os.socket(os.AF_INET, os.SOCK_STREAM);
  const { listener, port } = newListener();
  // Fresh it is OUT+HUP; it is watched for urgent data, which comes later.
  const { done } = await inThread(
    50,
    `os.connect(data.fd, ["127.0.0.1", data.port]);
     const [peer] = os.accept(data.listener);
     os.send(peer, "!", os.MSG_OOB);
     return peer;`,
    { fd, listener, port },
  );
  const { result, ms } = timed(() => select([], [], [fd], BEYOND_DEADLINE));
  assert.equal(result, [[], [], [fd]]);
  assertTook(ms, 0, 2000);
  closeAll((await done) as number, fd, listener);
});

test("SEL-37: a pipe whose writer closed is readable: a read sees the end", () => {
  const [r, w] = newPipe();
  os.close(w);
  assert.equal(select([r], [], [], null), [[r], [], []]);
  assert.is(os.read(r, 1).length, 0);
  os.close(r);
});

test("SEL-39: a full pipe, then without a reader", () => {
  const [r, w] = newPipe();
  fill(w);
  assert.equal(setsOf(w), [0, 0, 0]);
  os.close(r);
  assert.equal(setsOf(w), [1, 1, 0]);
  os.close(w);
});

test("SEL-40: sockets that are not connected", () => {
  for (const family of [os.AF_INET, os.AF_UNIX]) {
    const fd = os.socket(family, os.SOCK_STREAM);
    assert.equal(setsOf(fd), [1, 1, 0]);
    os.close(fd);
  }
});

test("SEL-41: a listener is readable while a connection is pending", () => {
  const { listener, port } = newListener();
  assert.equal(setsOf(listener), [0, 0, 0]);
  const client = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.connect(client, ["127.0.0.1", port]);
  settle(listener, POLLIN);
  assert.equal(setsOf(listener), [1, 0, 0]);
  const [server] = os.accept(listener);
  assert.equal(setsOf(listener), [0, 0, 0]);
  closeAll(client, server, listener);
});

test("SEL-42: a refused connection is readable and writable", () => {
  const fd = newRefused();
  settle(fd, POLLERR);
  assert.equal(setsOf(fd), [1, 1, 0]);
  assert.is(os.getsockopt(fd, os.SOL_SOCKET, os.SO_ERROR), 111);
  os.close(fd);
});

test("SEL-43: urgent data is exceptional until a read passes the mark", () => {
  const [client, server] = newConnection();
  os.send(server, "!", os.MSG_OOB);
  settle(client, POLLPRI);
  assert.equal(setsOf(client), [0, 1, 1]);
  os.send(server, "n");
  settle(client, POLLIN);
  assert.equal(setsOf(client), [1, 1, 1]);
  os.recv(client, 1);
  assert.equal(setsOf(client), [0, 1, 0]);
  closeAll(client, server);
});

test("SEL-44: files, directories and /dev/null are ready at once, at the end too", () => {
  for (const path of ["/etc/passwd", "/etc", "/dev/null", "/dev/zero"]) {
    const fd = openSync(path, "r");
    assert.equal(setsOf(fd), [1, 1, 0], path);
    os.close(fd);
  }
  const file = openSync("/etc/hostname", "r");
  os.read(file, 65536);
  assert.is(os.read(file, 1).length, 0);
  assert.equal(setsOf(file), [1, 1, 0]);
  os.close(file);
});

test("SEL-45: an eventfd and an epoll are readable when they have something to report", () => {
  const event = os.eventfd(0);
  const ep = epoll();
  ep.register(event, EPOLLIN);
  assert.equal(setsOf(event), [0, 1, 0]);
  assert.equal(setsOf(ep.fileno()), [0, 0, 0]);
  os.eventfd_write(event, 1);
  assert.equal(setsOf(event), [1, 1, 0]);
  assert.equal(select([ep], [ep], [ep], 0), [[ep], [], []]);
  ep.close();
  os.close(event);
});

test("SEL-30: without a timeout the wait ends when something is ready", async () => {
  for (const timeout of [null, undefined]) {
    const [r, w] = newPipe();
    const { done, passed } = await inThread(50, `os.write(data, "x")`, w);
    const result = select([r], [], [], timeout);
    assert.equal(result, [[r], [], []]);
    assertTook(passed(), 50, 2000);
    await done;
    closeAll(r, w);
  }
});

test("SEL-50: a signal during the wait does not shorten it", async () => {
  let signals = 0;
  const count = (): void => void signals++;
  listenTo("SIGUSR2", count);
  const [r, w] = newPipe();
  const child = signalled("USR2", 30, 3);
  const { result, ms } = timed(() => select([r], [], [], 0.3));
  assert.equal(result, [[], [], []]);
  assertTook(ms, 300, 2000);
  await new Promise((resolve) => child.once("exit", resolve));
  assert.ok(await eventually(() => signals >= 1));
  ignoreAgain("SIGUSR2", count);
  closeAll(r, w);
});

/** A handler, so that the signal interrupts instead of killing. */
function ignore(): void {}

test("SEL-52: signals at any moment of a wait never make a wait that timed out look ready", async () => {
  listenTo("SIGUSR2", ignore);
  const [r, w] = newPipe();
  const child = signalled("USR2", 0, 400);
  const end = clockMs() + 300;
  while (clockMs() < end) {
    assert.equal(select([r], [r], [r], 0.002), [[], [], []]);
    for (let i = 0; i < 100; i++) assert.equal(select([r], [r], [r], 0), [[], [], []]);
  }
  await new Promise((resolve) => child.once("exit", resolve));
  ignoreAgain("SIGUSR2", ignore);
  closeAll(r, w);
});

function isOpen(fd: number): boolean {
  try {
    os.get_inheritable(fd);
    return true;
  } catch {
    return false;
  }
}

test("SEL-53: a descriptor closed during the wait does not end it, and is ready when it ends", async () => {
  const [r, w] = newPipe();
  const { done } = await inThread(50, `os.close(data)`, r);
  let found: unknown = [];
  // A thread that got no processor during one wait closes it during a later one.
  for (let seconds = 0.2; isOpen(r) && seconds < DEADLINE; seconds *= 2) {
    const { result, ms } = timed(() => select([r], [r], [r], seconds));
    assertTook(ms, seconds * 1000, 2000);
    found = result;
  }
  assert.equal(found, [[r], [r], [r]]);
  await done;
  throws(() => select([r], [], [], 0), OSError, "EBADF");
  os.close(w);
});

test("SEL-54: the wait ends when the peer closes", async () => {
  const [r, w] = newPipe();
  const { done, passed } = await inThread(50, `os.close(data)`, w);
  const result = select([r], [], [], BEYOND_DEADLINE);
  assert.equal(result, [[r], [], []]);
  assertTook(passed(), 50, 2000);
  await done;
  os.close(r);
});

test("a descriptor in two lists is reported in each by the bits of that list", () => {
  const [a, b] = os.socketpair();
  os.set_blocking(a, false);
  fill(a, 4096);
  assert.equal(select([a], [a], [], 0), [[], [], []]);
  os.write(b, "x");
  assert.equal(select([a], [a], [], 0), [[a], [], []]);
  closeAll(a, b);
});

test("thousands of descriptors, of which some are ready", () => {
  const pipes = Array.from({ length: 1500 }, newPipe);
  const readers = pipes.map(([r]) => r);
  const writers = pipes.map(([, w]) => w);
  const some = [1499, 3, 700];
  for (const i of some) os.write(writers[i] as number, "x");
  const [readable, writable] = select(readers, writers, [], 0);
  assert.equal(
    readable,
    [3, 700, 1499].map((i) => readers[i]),
  );
  assert.equal(writable, writers);
  closeAll(...pipes.flat());
});

test.run();
