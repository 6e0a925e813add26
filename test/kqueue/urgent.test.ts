// EVFILT_READ where poll(2) and FIONREAD disagree: behind urgent data of TCP, of an empty record, and
// with NOTE_LOWAT 0, for which nothing has to come.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  kevent,
  type Kqueue,
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_EV_DISPATCH,
  KQ_EV_ENABLE,
  KQ_EV_EOF,
  KQ_EV_ONESHOT,
  KQ_FILTER_READ,
  KQ_NOTE_LOWAT,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { type Scope, scoped } from "../support/descriptors.ts";
import { add, command, dataOf, newQueue, remove, type Seen, take } from "./filters.ts";
import { clockMs, sleep } from "../support/world.ts";

/** SO_OOBINLINE, for which omnipoll/os has no name. */
const OOBINLINE = 10;
const DEADLINE_MS = 60_000;
/** How long is between two looks at what has arrived. */
const ARRIVAL_MS = 10;

function read(fd: number, data: number, flags = 0): Seen {
  return [fd, KQ_FILTER_READ, flags, 0, data];
}

/** Waits until `count` bytes can be read from a socket in all. */
function arrived(scope: Scope, fd: number, count: number): void {
  const witness = newQueue(scope);
  add(witness, fd, KQ_FILTER_READ);
  const deadline = clockMs() + DEADLINE_MS;
  let [held] = dataOf(witness, 0);
  while ((held ?? 0) !== count && clockMs() < deadline) {
    // Not a wait on the queue, which ends at once while it has another number of bytes.
    sleep(ARRIVAL_MS);
    [held] = dataOf(witness, 0);
  }
  assert.is(held ?? 0, count);
  witness.close();
}

/** A TCP socket with "ab", an urgent byte and "cd" to be read, and its peer. */
function marked(scope: Scope): [a: number, b: number] {
  const [a, b] = scope.tcp();
  os.write(b, "ab");
  os.send(b, "!", os.MSG_OOB);
  os.write(b, "cd");
  arrived(scope, a, 4);
  return [a, b];
}

function text(fd: number): string {
  return String(os.read(fd, 100_000));
}

/** A queue with one READ knote. */
function reader(scope: Scope, fd: number, flags = 0, lowat?: number): Kqueue {
  const queue = newQueue(scope);
  const notes = lowat === undefined ? 0 : KQ_NOTE_LOWAT;
  queue.control([kevent(fd, KQ_FILTER_READ, KQ_EV_ADD | flags, notes, lowat ?? 0)], 0);
  return queue;
}

test(
  "data counts the bytes behind an urgent byte, too",
  scoped((scope) => {
    const [a, b] = marked(scope);
    const queue = reader(scope, a);
    assert.equal(take(queue), [read(a, 4)]);
    assert.equal(take(queue), [read(a, 4)]);
    assert.is(text(a), "ab");
    assert.equal(take(queue), [read(a, 2)]);
    os.write(b, "more");
    arrived(scope, a, 6);
    assert.equal(take(queue), [read(a, 6)]);
    assert.is(text(a), "cdmore");
    assert.equal(take(queue), []);
    os.write(b, "x");
    assert.equal(take(queue, 60), [read(a, 1)]);
  }),
);

test(
  "an urgent byte alone is nothing to be read",
  scoped((scope) => {
    const [a, b] = scope.tcp();
    const queue = reader(scope, a);
    os.send(b, "!", os.MSG_OOB);
    assert.equal(take(queue, 0.05), []);
    os.write(b, "cd");
    assert.equal(take(queue, 60), [read(a, 2)]);
    assert.is(text(a), "cd");
    assert.equal(take(queue), []);
  }),
);

test(
  "data behind an urgent byte is an edge",
  scoped((scope) => {
    const [a, b] = scope.tcp();
    const queue = reader(scope, a, KQ_EV_CLEAR);
    os.write(b, "ab");
    assert.equal(take(queue, 60), [read(a, 2, KQ_EV_CLEAR)]);
    os.send(b, "!", os.MSG_OOB);
    assert.is(text(a), "ab");
    take(queue, 0.05); // an urgent byte is an edge where the kernel wakes for it
    os.write(b, "more");
    assert.equal(take(queue, 60), [read(a, 4, KQ_EV_CLEAR)]);
    os.write(b, "!!");
    assert.equal(take(queue, 60), [read(a, 6, KQ_EV_CLEAR)]);
    assert.is(text(a), "more!!");
    os.write(b, "x");
    assert.equal(take(queue, 60), [read(a, 1, KQ_EV_CLEAR)]);
  }),
);

test(
  "ONESHOT and DISPATCH fire at the mark",
  scoped((scope) => {
    const [a, b] = marked(scope);
    assert.is(text(a), "ab");
    const once = reader(scope, a, KQ_EV_ONESHOT);
    assert.equal(take(once), [read(a, 2, KQ_EV_ONESHOT)]);
    assert.equal(take(once), []);
    const dispatched = reader(scope, a, KQ_EV_DISPATCH);
    assert.equal(take(dispatched), [read(a, 2, KQ_EV_DISPATCH)]);
    os.write(b, "more");
    arrived(scope, a, 6);
    assert.equal(take(dispatched), []);
    command(dispatched, a, KQ_FILTER_READ, KQ_EV_ENABLE);
    assert.equal(take(dispatched), [read(a, 6, KQ_EV_DISPATCH)]);
  }),
);

test(
  "NOTE_LOWAT counts the bytes behind an urgent byte, too",
  scoped((scope) => {
    const [a, b] = marked(scope);
    assert.equal(take(reader(scope, a, 0, 4)), [read(a, 4)]);
    const queue = reader(scope, a, 0, 5);
    assert.equal(take(queue), []);
    assert.is(text(a), "ab");
    os.write(b, "ef");
    arrived(scope, a, 4);
    assert.equal(take(queue), []);
    os.write(b, "g");
    assert.equal(take(queue, 60), [read(a, 5)]);
  }),
);

test(
  "an urgent byte that was taken leaves its mark",
  scoped((scope) => {
    const [a, b] = marked(scope);
    assert.is(String(os.recv(a, 1, os.MSG_OOB)), "!");
    const queue = reader(scope, a);
    assert.is(text(a), "ab");
    assert.equal(take(queue), [read(a, 2)]);
    os.write(b, "ef");
    arrived(scope, a, 4);
    assert.equal(take(queue), [read(a, 4)]);
    assert.is(text(a), "cdef");
    assert.equal(take(queue), []);
  }),
);

test(
  "the end of a stream does not hide the bytes behind an urgent byte",
  scoped((scope) => {
    const [a, b] = marked(scope);
    const queue = reader(scope, a);
    os.shutdown(b, os.SHUT_WR);
    const deadline = clockMs() + DEADLINE_MS;
    let events = take(queue, 0.01);
    while ((events[0]?.[2] ?? 0) !== KQ_EV_EOF && clockMs() < deadline) events = take(queue, 0.01);
    assert.equal(events, [read(a, 4, KQ_EV_EOF)]);
    assert.is(text(a), "ab");
    assert.equal(take(queue), [read(a, 2, KQ_EV_EOF)]);
    assert.is(text(a), "cd");
    assert.equal(take(queue), [read(a, 0, KQ_EV_EOF)]);
  }),
);

test(
  "an urgent byte that stays in the stream is a byte",
  scoped((scope) => {
    const [a, b] = scope.tcp();
    os.setsockopt(a, os.SOL_SOCKET, OOBINLINE, 1);
    const queue = reader(scope, a);
    os.send(b, "!", os.MSG_OOB);
    assert.equal(take(queue, 60), [read(a, 1)]);
    os.write(b, "cd");
    arrived(scope, a, 3);
    assert.equal(take(queue), [read(a, 3)]);
  }),
);

test(
  "data counts a great many bytes in front of an urgent byte",
  scoped((scope) => {
    const [a, b] = scope.tcp();
    os.write(b, "x".repeat(5000));
    os.send(b, "!", os.MSG_OOB);
    os.write(b, "cd");
    const queue = reader(scope, a);
    // Linux reports bytes behind the mark if less than a page is in front of the mark.
    const deadline = clockMs() + DEADLINE_MS;
    let [held] = dataOf(queue, 60);
    while ((held as number) < 5000 && clockMs() < deadline) [held] = dataOf(queue, 60);
    assert.ok(held === 5000 || held === 5002, String(held));
    assert.is(os.read(a, 100_000).length, 5000);
    arrived(scope, a, 2);
    assert.equal(take(queue), [read(a, 2)]);
  }),
);

test(
  "an empty record of a SEQPACKET socket can be read",
  scoped((scope) => {
    const [a, b] = scope.socketpair(os.SOCK_SEQPACKET);
    const queue = reader(scope, a);
    os.write(b, "");
    assert.equal(take(queue), [read(a, 0)]);
    assert.is(text(a), "");
    assert.equal(take(queue), []);
    os.write(b, "123");
    assert.equal(take(queue), [read(a, 3)]);
  }),
);

test(
  "NOTE_LOWAT 0 fires at once",
  scoped((scope) => {
    for (const [a, b] of [scope.socketpair(), scope.socketpair(os.SOCK_DGRAM), scope.tcp()]) {
      const queue = reader(scope, a, 0, 0);
      assert.equal(take(queue), [read(a, 0)]);
      assert.equal(take(queue, 60), [read(a, 0)]);
      os.write(b, "abc");
      arrived(scope, a, 3);
      assert.equal(take(queue), [read(a, 3)]);
      os.read(a, 3);
      assert.equal(take(queue), [read(a, 0)]);
      add(queue, a, KQ_FILTER_READ, 0, KQ_NOTE_LOWAT, 1);
      assert.equal(take(queue), []);
      add(queue, a, KQ_FILTER_READ, 0, KQ_NOTE_LOWAT, 0);
      assert.equal(take(queue), [read(a, 0)]);
      remove(queue, a, KQ_FILTER_READ);
      assert.equal(take(queue), []);
    }
  }),
);

test(
  "NOTE_LOWAT 0 with CLEAR, ONESHOT and DISPATCH",
  scoped((scope) => {
    const [a, b] = scope.socketpair();
    const edges = reader(scope, a, KQ_EV_CLEAR, 0);
    assert.equal(take(edges), [read(a, 0, KQ_EV_CLEAR)]);
    assert.equal(take(edges), []);
    const once = reader(scope, a, KQ_EV_ONESHOT, 0);
    assert.equal(take(once), [read(a, 0, KQ_EV_ONESHOT)]);
    assert.equal(take(once), []);
    const dispatched = reader(scope, a, KQ_EV_DISPATCH, 0);
    assert.equal(take(dispatched), [read(a, 0, KQ_EV_DISPATCH)]);
    assert.equal(take(dispatched), []);
    os.write(b, "x");
    assert.equal(take(edges), [read(a, 1, KQ_EV_CLEAR)]);
    assert.equal(take(dispatched), []);
    command(dispatched, a, KQ_FILTER_READ, KQ_EV_ENABLE);
    assert.equal(take(dispatched), [read(a, 1, KQ_EV_DISPATCH)]);
  }),
);

test.run();
