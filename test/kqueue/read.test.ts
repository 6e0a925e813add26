// EVFILT_READ on pipes, FIFOs, sockets, queues and terminals; files are in files.test.ts.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  epoll,
  EPOLLIN,
  FileNotFoundError,
  KQ_EV_CLEAR,
  KQ_EV_DISABLE,
  KQ_EV_DISPATCH,
  KQ_EV_ENABLE,
  KQ_EV_EOF,
  KQ_EV_ONESHOT,
  KQ_FILTER_READ,
  KQ_FILTER_USER,
  KQ_FILTER_WRITE,
  KQ_NOTE_LOWAT,
  KQ_NOTE_TRIGGER,
  OSError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped, settleBytes } from "../support/descriptors.ts";
import {
  add,
  assertNoEvents,
  command,
  dataOf,
  newQueue,
  remove,
  type Seen,
  take,
} from "./filters.ts";
import { hasTerminal, startProgram } from "../support/spawned.ts";
import { inThread, throws } from "../support/expect.ts";
import { constants } from "../support/files.ts";
import { answered, DEADLINE, HAS_KQUEUE } from "../support/world.ts";

function read(fd: number, data: number, flags = 0, fflags = 0): Seen {
  return [fd, KQ_FILTER_READ, flags, fflags, data];
}

test(
  "KQ-103: data is the number of bytes that can be read",
  scoped((scope) => {
    const queue = newQueue(scope);
    for (const [r, w] of [scope.pipe(), scope.socketpair(), scope.tcp()] as const) {
      add(queue, r, KQ_FILTER_READ);
      assertNoEvents(queue, 20);
      os.write(w, "x".repeat(1234));
      assert.equal(take(queue, 1), [read(r, 1234)]);
      remove(queue, r, KQ_FILTER_READ);
    }
  }),
);

test(
  "KQ-103: data of a SEQPACKET socket is its number of bytes, and of an eventfd its counter",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [a, b] = scope.socketpair(os.SOCK_SEQPACKET);
    add(queue, a, KQ_FILTER_READ);
    os.write(b, "12345");
    assert.equal(take(queue), [read(a, 5)]);
    remove(queue, a, KQ_FILTER_READ);
    const counter = scope.eventfd();
    add(queue, counter, KQ_FILTER_READ);
    assertNoEvents(queue, 20);
    os.eventfd_write(counter, 40);
    os.eventfd_write(counter, 2);
    assert.equal(take(queue), [read(counter, 42)]);
    os.eventfd_read(counter);
    assertNoEvents(queue, 20);
  }),
);

test(
  "KQ-104: level triggered, with the bytes that are there at each call",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    add(queue, r, KQ_FILTER_READ);
    os.write(w, "ab");
    assert.equal(dataOf(queue), [2]);
    assert.equal(dataOf(queue), [2]);
    os.read(r, 1);
    assert.equal(dataOf(queue), [1]);
    os.read(r, 1);
    assertNoEvents(queue);
  }),
);

for (const [name, flags] of [
  ["level triggered", 0],
  ["EV_CLEAR", KQ_EV_CLEAR],
  ["EV_DISPATCH", KQ_EV_DISPATCH],
  ["EV_CLEAR and EV_DISPATCH", KQ_EV_CLEAR | KQ_EV_DISPATCH],
] as const) {
  test(
    `KQ-111: NOTE_LOWAT, ${name}: silent and idle below, EOF fires regardless`,
    scoped((scope) => {
      const queue = newQueue(scope);
      const pairs = [scope.socketpair(), scope.tcp()];
      // Pipes have no such mark in FreeBSD.
      if (!HAS_KQUEUE) pairs.push(scope.pipe());
      for (const [a, b] of pairs) {
        add(queue, a, KQ_FILTER_READ, flags, KQ_NOTE_LOWAT, 16);
        os.write(b, "x".repeat(15));
        settleBytes(a, 15);
        assertNoEvents(queue);
        os.write(b, "x");
        assert.equal(take(queue, 1), [read(a, 16, flags)]);
        if (flags !== 0) assertNoEvents(queue);
        os.read(a, 10);
        add(queue, a, KQ_FILTER_READ, KQ_EV_ENABLE, KQ_NOTE_LOWAT, 16);
        assertNoEvents(queue);
        scope.close(b);
        assert.equal(take(queue, 1), [read(a, 6, flags | KQ_EV_EOF)]);
        remove(queue, a, KQ_FILTER_READ);
      }
    }),
  );
}

test(
  "KQ-111: NOTE_LOWAT is each knote's own",
  scoped((scope) => {
    const [some, more] = [newQueue(scope), newQueue(scope)];
    const [a, b] = scope.tcp();
    add(some, a, KQ_FILTER_READ, 0, KQ_NOTE_LOWAT, 5);
    add(more, a, KQ_FILTER_READ, 0, KQ_NOTE_LOWAT, 10);
    os.write(b, "1234567");
    assert.equal(take(some, 1), [read(a, 7)]);
    assertNoEvents(more);
    os.write(b, "890");
    assert.equal(take(more, 1), [read(a, 10)]);
    os.read(a, 4);
    assert.equal(take(some), [read(a, 6)]);
    assertNoEvents(more);
    os.write(b, "1234");
    assert.equal(take(more, 1), [read(a, 10)]);
  }),
);

test(
  "KQ-111: bytes that come one by one wake a waiter when they are enough",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    add(queue, r, KQ_FILTER_READ, 0, KQ_NOTE_LOWAT, 8);
    const { done } = await inThread(
      5,
      `for (let i = 0; i < 8; i++) {
        os.write(data, "x");
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }`,
      w,
    );
    assert.equal(take(queue, 5), [read(r, 8)]);
    await done;
  }),
);

test(
  "KQ-113: a pipe without a writer is EV_EOF, data is the unread bytes",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    const other = scope.dup(w);
    add(queue, r, KQ_FILTER_READ);
    os.write(w, "abc");
    scope.close(w);
    assert.equal(take(queue), [read(r, 3)]);
    scope.close(other);
    assert.equal(take(queue), [read(r, 3, KQ_EV_EOF)]);
    os.read(r, 3);
    assert.equal(take(queue), [read(r, 0, KQ_EV_EOF)]);
    assert.equal(take(queue), [read(r, 0, KQ_EV_EOF)]);
  }),
);

test(
  "KQ-114: a new writer of a FIFO takes its EV_EOF away",
  scoped((scope) => {
    const queue = newQueue(scope);
    const path = scope.fifo();
    const r = scope.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    add(queue, r, KQ_FILTER_READ);
    assertNoEvents(queue); // nothing is written yet
    const first = scope.open(path, constants.O_WRONLY);
    assertNoEvents(queue);
    scope.close(first);
    assert.equal(take(queue), [read(r, 0, KQ_EV_EOF)]);
    const second = scope.open(path, constants.O_WRONLY);
    assertNoEvents(queue);
    os.write(second, "x");
    assert.equal(take(queue), [read(r, 1)]);
  }),
);

test(
  "KQ-115: the writing end of a pipe is accepted, and reports nothing even at its end",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    add(queue, w, KQ_FILTER_READ);
    os.write(w, "x");
    assertNoEvents(queue);
    scope.close(r);
    assertNoEvents(queue);
    remove(queue, w, KQ_FILTER_READ);
    throws(() => remove(queue, w, KQ_FILTER_READ), FileNotFoundError, "ENOENT");
  }),
);

test(
  "KQ-121: data of a queue is the number of its active knotes, and it cannot be written to",
  scoped((scope) => {
    const [outer, inner] = [newQueue(scope), newQueue(scope)];
    const fd = inner.fileno();
    add(outer, fd, KQ_FILTER_READ);
    assertNoEvents(outer, 20);
    const writers = [scope.pipe(), scope.pipe(), scope.pipe()].map(([r, w]) => {
      add(inner, r, KQ_FILTER_READ);
      return w;
    });
    for (const [i, w] of writers.entries()) {
      os.write(w, "x");
      assert.equal(take(outer), [read(fd, i + 1)]);
    }
    add(inner, 1, KQ_FILTER_USER);
    add(inner, 1, KQ_FILTER_USER, 0, KQ_NOTE_TRIGGER);
    assert.equal(take(outer), [read(fd, 4)]);
    throws(() => add(outer, fd, KQ_FILTER_WRITE), OSError, "EINVAL");
  }),
);

test(
  "KQ-121: a queue with nothing to return does not keep the outer one busy",
  scoped((scope) => {
    const [outer, inner] = [newQueue(scope), newQueue(scope)];
    const fresh = scope.socket();
    add(inner, fresh, KQ_FILTER_READ);
    add(outer, inner.fileno(), KQ_FILTER_READ);
    take(outer); // Linux reports a hang-up of a fresh socket: the inner queue finds out
    assertNoEvents(inner, 20);
    assertNoEvents(outer);
    const [r, w] = scope.pipe();
    add(inner, r, KQ_FILTER_READ);
    os.write(w, "x");
    assert.equal(take(outer, 1), [read(inner.fileno(), 1)]);
    assert.equal(take(inner), [read(r, 1)]);
  }),
);

test(
  "KQ-121: data of an epoll of the program is 1 while it is ready",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    const inner = epoll();
    scope.onEnd(() => inner.close());
    inner.register(r, EPOLLIN);
    add(queue, inner.fileno(), KQ_FILTER_READ);
    assertNoEvents(queue, 20);
    os.write(w, "x");
    assert.equal(take(queue), [read(inner.fileno(), 1)]);
    os.read(r, 1);
    // An epoll made of a queue stays readable until a wait on it, as KQ-218 has it.
    if (HAS_KQUEUE) assert.equal(inner.poll(0), []);
    assertNoEvents(queue, 20);
  }),
);

test(
  "KQ-122: queues nest as deep as the kernel's epoll sets, then ELOOP; FreeBSD's nest deeper",
  scoped((scope) => {
    const [r, w] = scope.pipe();
    let queue = newQueue(scope);
    add(queue, r, KQ_FILTER_READ);
    const chain = [queue];
    for (let i = 0; i < answered(4, 100); i++) {
      const outer = newQueue(scope);
      add(outer, queue.fileno(), KQ_FILTER_READ);
      chain.push((queue = outer));
    }
    const last = newQueue(scope);
    const nest = (): void => add(last, queue.fileno(), KQ_FILTER_READ);
    if (HAS_KQUEUE) nest();
    else throws(nest, OSError, "ELOOP");
    assertNoEvents(queue, 20);
    os.write(w, "x");
    for (const one of chain.toReversed()) assert.equal(dataOf(one, 1), [1]);
  }),
);

test(
  "KQ-125, EMU-01: READ after WRITE was deleted, on one descriptor",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [a, b] = scope.socketpair();
    add(queue, a, KQ_FILTER_WRITE);
    assert.equal(
      take(queue).map(([, filter]) => filter),
      [KQ_FILTER_WRITE],
    );
    remove(queue, a, KQ_FILTER_WRITE);
    add(queue, a, KQ_FILTER_READ);
    assertNoEvents(queue, 20);
    os.write(b, "x");
    assert.equal(take(queue), [read(a, 1)]);
    add(queue, a, KQ_FILTER_WRITE);
    assert.equal(
      take(queue)
        .map(([, filter]) => filter)
        .toSorted((x, y) => x - y),
      [KQ_FILTER_WRITE, KQ_FILTER_READ],
    );
    remove(queue, a, KQ_FILTER_READ);
    assert.equal(
      take(queue).map(([, filter]) => filter),
      [KQ_FILTER_WRITE],
    );
  }),
);

test(
  "KQ-126: a device that nothing waits for is ENODEV, for both filters",
  scoped((scope) => {
    const queue = newQueue(scope);
    const fd = scope.open("/dev/null", "r+");
    throws(() => add(queue, fd, KQ_FILTER_READ), OSError, "ENODEV");
    throws(() => add(queue, fd, KQ_FILTER_WRITE), OSError, "ENODEV");
  }),
);

test(
  "EV_ONESHOT, EV_DISPATCH, EV_DISABLE and EV_CLEAR, of each kind of descriptor",
  scoped((scope) => {
    const queue = newQueue(scope);
    for (const [r, w] of [scope.pipe(), scope.socketpair(), scope.tcp()] as const) {
      add(queue, r, KQ_FILTER_READ, KQ_EV_ONESHOT);
      os.write(w, "1");
      assert.equal(take(queue, 1), [read(r, 1, KQ_EV_ONESHOT)]);
      throws(() => remove(queue, r, KQ_FILTER_READ), FileNotFoundError, "ENOENT");

      add(queue, r, KQ_FILTER_READ, KQ_EV_DISPATCH);
      assert.equal(take(queue), [read(r, 1, KQ_EV_DISPATCH)]);
      os.write(w, "2");
      assertNoEvents(queue);
      command(queue, r, KQ_FILTER_READ, KQ_EV_ENABLE);
      assert.equal(take(queue, 1), [read(r, 2, KQ_EV_DISPATCH)]);
      remove(queue, r, KQ_FILTER_READ);

      add(queue, r, KQ_FILTER_READ, KQ_EV_CLEAR);
      assert.equal(take(queue), [read(r, 2, KQ_EV_CLEAR)]);
      assertNoEvents(queue, 20);
      os.write(w, "3");
      assert.equal(take(queue, 1), [read(r, 3, KQ_EV_CLEAR)]);
      command(queue, r, KQ_FILTER_READ, KQ_EV_DISABLE);
      os.write(w, "4");
      settleBytes(r, 4);
      assertNoEvents(queue, 20);
      command(queue, r, KQ_FILTER_READ, KQ_EV_ENABLE);
      assert.equal(take(queue, 1), [read(r, 4, KQ_EV_CLEAR)]);
      remove(queue, r, KQ_FILTER_READ);
    }
  }),
);

test(
  "a terminal: lines, an end of file that was typed, and a hang-up",
  scoped(async (scope) => {
    if (!hasTerminal) return console.log("skip: terminals: no script of util-linux");
    const { child, printed } = startProgram("script", ["-qec", "tty; exec sleep 60", "/dev/null"]);
    scope.onEnd(() => void child.kill("SIGKILL"));
    let path = "";
    child.stdout?.on("data", (text: string) => (path += text));
    await printed("\n");
    const slave = scope.open(path.trim(), constants.O_RDWR | constants.O_NOCTTY);
    const type = (text: string): void => void child.stdin?.write(text);
    const queue = newQueue(scope);
    add(queue, slave, KQ_FILTER_READ);
    assertNoEvents(queue, 20);
    type("abc");
    // The terminal echoes a character once its line discipline has it.
    await printed("abc");
    assertNoEvents(queue, 20); // no line yet
    type("\n");
    assert.equal(take(queue, DEADLINE), [read(slave, 4)]);
    os.read(slave, 10);
    type("\x04");
    assert.equal(take(queue, DEADLINE), [read(slave, 1)]);
    assert.is(os.read(slave, 10).length, 0);
    assertNoEvents(queue, 20);
    child.kill("SIGKILL");
    assert.equal(take(queue, DEADLINE), [read(slave, 0, KQ_EV_EOF)]);
  }),
);

test.run();
