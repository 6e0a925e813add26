// The end of descriptors, queues and objects: close, dup, reuse, fromfd, garbage, memory. KQ-099
// to 102, EMU-10.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { Core } from "../../bindings/core.ts";
import { coreModule, createSelectModule } from "../../bindings/node/host.ts";
import { createKqueue } from "../../bindings/kqueue.ts";
import {
  FileNotFoundError,
  kevent,
  kqueue,
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_EV_DELETE as DELETE,
  KQ_EV_DISPATCH as DISPATCH,
  KQ_EV_ENABLE as ENABLE,
  KQ_FILTER_READ as READ,
  KQ_FILTER_WRITE as WRITE,
  OSError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { createLinuxHost } from "../../host/linux/host.ts";
import { scoped } from "../support/descriptors.ts";
import { change, idents, newQueue, now, timer, trigger, user } from "./support.ts";
import { assertTook, inThread, throws, timed } from "../support/expect.ts";
import { closeSync, openDescriptors, openSync } from "../support/files.ts";
import { SOME_FILE } from "../support/world.ts";
import { collected } from "../support/garbage.ts";

test(
  "KQ-099, EMU-10: closing a descriptor ends its knotes, also if a dup stays open",
  scoped((s) => {
    const queue = newQueue(s);
    const other = newQueue(s);
    const [a, b] = s.socketpair();
    const dup = s.dup(a);
    change(queue, kevent(a, READ), kevent(a, WRITE));
    change(other, kevent(a, READ, ADD | CLEAR));
    os.write(b, "x");
    assert.is(now(queue).length, 2);
    s.close(a);
    assert.equal(now(queue), []);
    assert.equal(now(other), []);
    throws(() => change(queue, kevent(a, READ, DELETE)), OSError, "EBADF");
    os.write(b, "y");
    assert.equal(queue.control(null, 4, 0.02), []);
    assert.equal(now(queue, [kevent(dup, READ)]), [[dup, READ, 0, 0, 2, 0]]);
  }),
);

test(
  "a close behind the back of omnipoll/os ends the knotes too, dup or not",
  scoped((s) => {
    const queue = newQueue(s);
    const [kept, w] = s.pipe();
    os.write(w, "x");
    for (const flags of [0, CLEAR, DISPATCH]) {
      const [r, w2] = os.pipe();
      os.write(w2, "x");
      change(queue, kevent(kept), kevent(r, READ, ADD | flags));
      assert.equal(idents(queue).sort(), [kept, r].sort());
      closeSync(r);
      assert.equal(idents(queue), [kept]);
      os.close(w2);

      const [r3, w3] = os.pipe();
      const dup = os.dup(r3);
      change(queue, kevent(r3, READ, ADD | flags));
      os.write(w3, "x");
      assert.equal(idents(queue).sort(), [kept, r3].sort());
      closeSync(r3);
      os.write(w3, "x");
      assert.equal(idents(queue), [kept]);
      assert.equal(idents(queue), [kept]);
      change(queue, kevent(kept, READ, DELETE));
      // Nothing is left that could end a wait at once, over and over.
      assert.equal(queue.control(null, 1, 0.01), []);
      throws(() => change(queue, kevent(r3, READ, DELETE)), OSError, "EBADF");
      for (const fd of [dup, w3]) os.close(fd);
    }
  }),
);

test(
  "KQ-100: closing the dup does not matter",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    const dup = s.dup(r);
    change(queue, kevent(r));
    os.write(w, "x");
    s.close(dup);
    assert.equal(now(queue), [[r, READ, 0, 0, 1, 0]]);
    const again = s.dup(r);
    change(queue, kevent(again, READ, ADD, 0, 0, 2));
    assert.is(now(queue).length, 2);
    s.close(again);
    assert.equal(now(queue), [[r, READ, 0, 0, 1, 0]]);
  }),
);

test(
  "KQ-101: a number that is used again has no knote of the descriptor before",
  scoped((s) => {
    const queue = newQueue(s);
    for (const close of [os.close, closeSync]) {
      const [r, w] = os.pipe();
      change(queue, kevent(r, READ, ADD, 0, 0, 1));
      os.write(w, "x");
      assert.equal(idents(queue), [r]);
      close(r);
      const next = os.eventfd(5);
      assert.is(next, r);
      assert.equal(now(queue), []);
      throws(() => change(queue, kevent(next, READ, ENABLE)), FileNotFoundError, "ENOENT");
      throws(() => change(queue, kevent(next, READ, DELETE)), FileNotFoundError, "ENOENT");
      assert.equal(now(queue, [kevent(next, READ, ADD | CLEAR, 0, 0, 2)]).length, 1);
      assert.equal(now(queue), []);
      close(next);
      const [r2, w2] = os.pipe();
      assert.is(r2, r);
      os.write(w2, "abc");
      // A fresh start even without a word of the old one: neither EV_CLEAR nor udata are left.
      assert.equal(now(queue, [kevent(r2)]), [[r2, READ, 0, 0, 3, 0]]);
      assert.equal(now(queue), [[r2, READ, 0, 0, 3, 0]]);
      for (const fd of [r2, w, w2]) os.close(fd);
      assert.equal(now(queue), []);
    }
  }),
);

test(
  "a number that is used again under load",
  scoped((s) => {
    const queue = newQueue(s);
    for (let i = 0; i < 500; i++) {
      const [r, w] = os.pipe();
      change(queue, kevent(r, READ, ADD | (i % 3 === 0 ? CLEAR : 0), 0, 0, i));
      os.write(w, "x");
      if (i % 2 === 0) assert.is(now(queue)[0]?.[5], i);
      (i % 5 === 0 ? closeSync : os.close)(r);
      os.close(w);
    }
    assert.equal(now(queue), []);
  }),
);

test(
  "KQ-102: a descriptor that another thread closes does not wake a wait, and its knote is gone",
  scoped(async (s) => {
    const queue = newQueue(s);
    const [r, w] = os.pipe();
    s.own(w);
    change(queue, kevent(r));
    const { done } = await inThread(50, `os.close(data)`, r);
    const { result, ms } = timed(() => queue.control(null, 4, 0.25));
    assert.equal(result, []);
    assertTook(ms, 250, 2000);
    await done;
    throws(() => change(queue, kevent(r, READ, DELETE)), OSError, "EBADF");
  }),
);

test("fromfd is the same queue, and closing either ends both", () => {
  const first = kqueue();
  const second = kqueue.fromfd(first.fileno());
  change(first, user(1, ADD, 0, 0, 5));
  change(second, trigger(1), user(2, ADD));
  assert.equal(idents(first), [1]);
  change(first, trigger(2));
  assert.equal(idents(second), [1, 2]);
  second.close();
  assert.is(second.closed, true);
  assert.is(first.closed, false);
  throws(() => first.control(null, 1, 0), OSError, "EBADF");
  throws(() => change(first, user(1, ADD)), OSError, "EBADF");
  // Its number may be another's by now, which closing must not touch.
  const [r, w] = os.pipe();
  first.close();
  os.write(w, "x");
  assert.is(os.read(r, 1).length, 1);
  for (const fd of [r, w]) os.close(fd);
});

test("a queue whose descriptor is closed with os.close is over", () => {
  const before = openDescriptors();
  const queue = kqueue();
  const [r, w] = os.pipe();
  os.write(w, "x");
  change(queue, user(1, ADD), trigger(1), timer(1, ADD, 0, 1), kevent(r));
  assert.ok(idents(queue).length > 0);
  os.close(queue.fileno());
  assert.is(openDescriptors(), before + 2);
  assert.is(queue.closed, false);
  throws(() => queue.control(null, 1, 0), OSError, "EBADF");
  const next = os.eventfd(0);
  queue.close();
  assert.is(queue.closed, true);
  os.eventfd_write(next, 1);
  for (const fd of [r, w, next]) os.close(fd);
  assert.is(openDescriptors(), before);
});

test("the module of another core knows no queue of this one, but can post to it", () => {
  const other = createSelectModule(createLinuxHost());
  const queue = kqueue();
  change(queue, user(1, ADD | CLEAR));
  const foreign = other.kqueue.fromfd(queue.fileno());
  foreign.control([trigger(1)], 0);
  assert.equal(idents(queue, 4, 1), [1]);
  throws(() => foreign.control(null, 1, 0), OSError, "EOPNOTSUPP");
  foreign.close();
  assert.equal(idents(queue), []);
  change(queue, trigger(1));
  assert.equal(idents(queue), [1]);
  queue.close();
});

function waitingQueue(): ReturnType<typeof kqueue> {
  const queue = kqueue();
  change(queue, user(1, ADD), timer(1, ADD, 0, 1000));
  return queue;
}

test("a garbage-collected queue closes its descriptors", async () => {
  // Collects the garbage of the tests before, too.
  await collected();
  const before = openDescriptors();
  const one = waitingQueue();
  const each = openDescriptors() - before;
  assert.ok(each >= 1);
  one.close();
  assert.is(openDescriptors(), before);
  (() => {
    for (let i = 0; i < 20; i++) waitingQueue();
  })();
  assert.is(openDescriptors(), before + 20 * each);
  await collected(() => openDescriptors() <= before);
  assert.is(openDescriptors(), before);
});

test("1 000 queues, one after the other, leave neither descriptors nor memory", () => {
  const file = openSync(SOME_FILE, "r");
  const core = new Core(coreModule(), createLinuxHost());
  const newKqueue = createKqueue(core);
  const before = openDescriptors();
  const [r, w] = os.pipe();
  os.write(w, "x");
  let memory = 0;
  for (let round = 0; round < 1000; round++) {
    const queue = newKqueue();
    const changes = [kevent(r), kevent(r, READ, ENABLE), kevent(w, WRITE)];
    // Linux takes milliseconds to close the watch of a file.
    const watching = round % 50 === 0;
    if (watching) changes.push(kevent(file));
    for (let i = 0; i < 20; i++) changes.push(user(i, ADD), trigger(i), timer(i, ADD, 0, 1000));
    assert.is(queue.control(changes, 30, 0).length, watching ? 23 : 22);
    if (round % 2 === 0) newKqueue.fromfd(queue.fileno()).close();
    queue.close();
    if (round === 0) memory = core.calls.memory.buffer.byteLength;
  }
  assert.is(openDescriptors(), before + 2);
  assert.is(core.calls.memory.buffer.byteLength, memory);
  for (const fd of [r, w, file]) os.close(fd);
});

test("a queue of 100 000 knotes is closed in no time, and its memory serves the next one", () => {
  const COUNT = 100_000;
  const core = new Core(coreModule(), createLinuxHost());
  const newKqueue = createKqueue(core);
  for (const make of [
    (i: number) => user(i, ADD),
    (i: number) => timer(i, ADD, 0, 100_000 + i),
    (i: number) => timer(i, ADD, 0, 200_000 - i),
  ]) {
    const changes = Array.from({ length: COUNT }, (_, i) => make(i));
    let memory = 0;
    for (let round = 0; round < 3; round++) {
      const queue = newKqueue();
      const begun = process.cpuUsage();
      queue.control(changes, 0);
      const added = process.cpuUsage(begun).user;
      const closing = process.cpuUsage();
      queue.close();
      const closed = process.cpuUsage(closing).user;
      // Of work, not of time. One that grows with the square of the knotes would be far above.
      assert.ok(closed < 5 * added, `${closed} µs to close, ${added} µs to add`);
      if (round === 0) memory = core.calls.memory.buffer.byteLength;
      else assert.is(core.calls.memory.buffer.byteLength, memory);
    }
  }
});

test("9 000 descriptors in one queue", () => {
  const COUNT = 9000;
  const fds: number[] = [];
  try {
    while (fds.length < COUNT) fds.push(os.eventfd(0));
  } catch (error) {
    for (const fd of fds) os.close(fd);
    assert.is((error as OSError).code, "EMFILE");
    process.stdout.write(`\nskip: ${COUNT} descriptors are more than this process may open\n`);
    return;
  }
  const queue = kqueue();
  queue.control(
    fds.map((fd) => kevent(fd, READ, ADD | CLEAR, 0, 0, fd)),
    0,
  );
  assert.equal(idents(queue), []);
  for (const fd of fds) if (fd % 3 === 0) os.eventfd_write(fd, 1);
  const ready = fds.filter((fd) => fd % 3 === 0);
  const found = queue.control(null, COUNT, 0);
  assert.equal(
    found.map(({ ident, data, udata }) => [ident, data, udata]),
    ready.map((fd) => [fd, 1, fd]),
  );
  assert.equal(idents(queue, COUNT), []);
  // Both filters of all of them: the second ones are in a set of their own.
  queue.control(
    fds.map((fd) => kevent(fd, WRITE)),
    0,
  );
  for (const fd of fds) os.eventfd_write(fd, 1);
  const both = queue.control(null, 2 * COUNT, 0);
  assert.is(both.length, 2 * COUNT);
  assert.is(both.filter(({ filter }) => filter === READ).length, COUNT);
  for (const fd of fds) os.close(fd);
  assert.equal(idents(queue, COUNT), []);
  queue.close();
});

test.run();
