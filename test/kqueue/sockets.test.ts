// EVFILT_READ of sockets: connections that wait, ends, errors, datagrams.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  BlockingIOError,
  KQ_EV_CLEAR,
  KQ_EV_EOF,
  KQ_FILTER_READ,
  KQ_NOTE_LOWAT,
  POLLIN,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped, settle, settleBytes } from "../support/descriptors.ts";
import {
  add,
  assertComes,
  assertNoEvents,
  dataOf,
  newQueue,
  remove,
  type Seen,
  take,
} from "./filters.ts";
import { throws } from "../support/expect.ts";
import { answered } from "../support/world.ts";

const { SO_ERROR, SOL_SOCKET } = os;
const SO_RCVLOWAT = 18;
const ECONNRESET = 104;
const ECONNREFUSED = 111;

function read(fd: number, data: number, flags = 0, fflags = 0): Seen {
  return [fd, KQ_FILTER_READ, flags, fflags, data];
}

test(
  "KQ-105, EMU-03: data of a listener is the number of connections that wait",
  scoped((scope) => {
    const queue = newQueue(scope);
    const listener = scope.listener();
    add(queue, listener, KQ_FILTER_READ);
    assertNoEvents(queue);
    for (const expected of [1, 2, 3]) {
      scope.client(listener);
      assertComes(queue, read(listener, expected));
    }
    for (const left of [2, 1, 0]) {
      scope.own(os.accept(listener)[0]);
      assert.equal(dataOf(queue), left === 0 ? [] : [left]);
    }
  }),
);

test(
  "KQ-105: data of a Unix listener is the number of connections that wait, too",
  scoped((scope) => {
    const queue = newQueue(scope);
    const path = `\0omnipoll-kq-${process.pid}`;
    const listener = scope.own(os.socket(os.AF_UNIX, os.SOCK_STREAM));
    os.bind(listener, path);
    os.listen(listener, 8);
    add(queue, listener, KQ_FILTER_READ);
    assertNoEvents(queue, 20);
    for (const expected of [1, 2]) {
      os.connect(scope.own(os.socket(os.AF_UNIX, os.SOCK_STREAM)), path);
      assert.equal(take(queue), [read(listener, expected)]);
    }
  }),
);

test(
  "KQ-106: a peer that shut down or closed is EV_EOF with no error",
  scoped((scope) => {
    const queue = newQueue(scope);
    for (const [a, b] of [scope.socketpair(), scope.tcp()] as const) {
      add(queue, a, KQ_FILTER_READ);
      os.shutdown(b, os.SHUT_WR);
      assert.equal(take(queue, 1), [read(a, 0, KQ_EV_EOF)]);
      scope.close(b);
      assertComes(queue, read(a, 0, KQ_EV_EOF));
      assert.is(os.read(a, 1).length, 0);
      remove(queue, a, KQ_FILTER_READ);
    }
    // Its own reading half.
    const [a] = scope.socketpair();
    add(queue, a, KQ_FILTER_READ);
    os.shutdown(a, os.SHUT_RD);
    assert.equal(take(queue), [read(a, 0, KQ_EV_EOF)]);
  }),
);

test(
  "KQ-107: EV_EOF comes at once, data is the unread bytes",
  scoped((scope) => {
    const queue = newQueue(scope);
    for (const [a, b] of [scope.socketpair(), scope.tcp()] as const) {
      os.write(b, "left");
      scope.close(b);
      add(queue, a, KQ_FILTER_READ);
      assertComes(queue, read(a, 4, KQ_EV_EOF));
      os.read(a, 3);
      assert.equal(take(queue), [read(a, 1, KQ_EV_EOF)]);
      os.read(a, 1);
      assert.equal(take(queue), [read(a, 0, KQ_EV_EOF)]);
      remove(queue, a, KQ_FILTER_READ);
    }
  }),
);

test(
  "KQ-108: the end is level triggered",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [a, b] = scope.socketpair();
    add(queue, a, KQ_FILTER_READ);
    scope.close(b);
    for (let i = 0; i < 3; i++) assert.equal(take(queue), [read(a, 0, KQ_EV_EOF)]);
  }),
);

test(
  "KQ-109: with EV_CLEAR the end is reported once",
  scoped((scope) => {
    const queue = newQueue(scope);
    for (const [a, b] of [scope.socketpair(), scope.tcp(), scope.pipe()] as const) {
      add(queue, a, KQ_FILTER_READ, KQ_EV_CLEAR);
      scope.close(b);
      assert.equal(take(queue, 1), [read(a, 0, KQ_EV_CLEAR | KQ_EV_EOF)]);
      assertNoEvents(queue);
      remove(queue, a, KQ_FILTER_READ);
    }
  }),
);

test(
  "KQ-112: SO_RCVLOWAT counts without NOTE_LOWAT",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [a, b] = scope.tcp();
    os.setsockopt(a, SOL_SOCKET, SO_RCVLOWAT, 10);
    add(queue, a, KQ_FILTER_READ);
    os.write(b, "123456789");
    settleBytes(a, 9);
    assertNoEvents(queue);
    os.write(b, "0");
    assert.equal(take(queue, 1), [read(a, 10)]);
  }),
);

for (const [name, makePair] of [
  ["UDP", (): [number, number] => udpPair()],
  ["Unix", (): [number, number] => os.socketpair(os.AF_UNIX, os.SOCK_DGRAM)],
] as const) {
  test(
    `KQ-123: ${name} datagrams: data is the payload, also if that is empty`,
    scoped((scope) => {
      const queue = newQueue(scope);
      const [a, b] = makePair();
      scope.own(a);
      scope.own(b);
      add(queue, a, KQ_FILTER_READ);
      assertNoEvents(queue, 20);
      os.send(b, "12345");
      os.send(b, "678");
      // Linux reports the first datagram only.
      assertComes(queue, read(a, answered(5, 8)));
      os.recv(a, 10);
      assert.equal(take(queue), [read(a, 3)]);
      os.recv(a, 10);
      os.send(b, "");
      assertComes(queue, read(a, 0));
      assert.is(os.recv(a, 10).length, 0);
      assertNoEvents(queue, 20);
    }),
  );
}

/** Two UDP sockets, the second connected to the first. */
function udpPair(): [a: number, b: number] {
  const [a, b] = [0, 0].map(() => os.socket(os.AF_INET, os.SOCK_DGRAM)) as [number, number];
  os.bind(a, ["127.0.0.1", 0]);
  os.connect(b, os.getsockname(a));
  return [a, b];
}

test(
  "KQ-123: an error of a datagram socket fires, and the program gets it",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [a, b] = udpPair();
    scope.own(b);
    os.close(a);
    add(queue, b, KQ_FILTER_READ, 0, KQ_NOTE_LOWAT, 100);
    os.send(b, "x");
    assert.equal(take(queue, 1), [read(b, 0)]);
    assert.equal(take(queue), [read(b, 0)]);
    assert.is(os.getsockopt(b, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
    assertNoEvents(queue);
  }),
);

test(
  "EMU-05: a reset is EV_EOF with ECONNRESET, and the program still gets the error",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [a, b] = scope.tcp();
    add(queue, a, KQ_FILTER_READ);
    os.write(a, "unread"); // closing with unread bytes resets
    settle(b, POLLIN);
    scope.close(b);
    assert.equal(take(queue, 1), [read(a, 0, KQ_EV_EOF, ECONNRESET)]);
    assert.equal(take(queue), [read(a, 0, KQ_EV_EOF, ECONNRESET)]);
    assert.is(os.getsockopt(a, SOL_SOCKET, SO_ERROR), ECONNRESET);
    assert.equal(take(queue), [read(a, 0, KQ_EV_EOF)]);
  }),
);

test(
  "EMU-05: a reset of a Unix socket is EV_EOF with ECONNRESET, too",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [a, b] = scope.socketpair();
    add(queue, a, KQ_FILTER_READ);
    os.write(a, "unread");
    scope.close(b);
    assert.equal(take(queue), [read(a, 0, KQ_EV_EOF, ECONNRESET)]);
    assert.is(os.getsockopt(a, SOL_SOCKET, SO_ERROR), ECONNRESET);
    assert.equal(take(queue), [read(a, 0, KQ_EV_EOF)]);
  }),
);

test(
  "a fresh socket has no event, and no busy wait, and reports data once it is connected",
  scoped((scope) => {
    const queue = newQueue(scope);
    const listener = scope.listener();
    const fd = scope.socket();
    add(queue, fd, KQ_FILTER_READ);
    assertNoEvents(queue);
    throws(() => os.connect(fd, os.getsockname(listener)), BlockingIOError, "EINPROGRESS");
    settle(listener, POLLIN);
    const server = scope.own(os.accept(listener)[0]);
    assertNoEvents(queue);
    os.write(server, "hello");
    assert.equal(take(queue, 1), [read(fd, 5)]);
  }),
);

test(
  "a socket that listens after it was registered reports connections",
  scoped((scope) => {
    const queue = newQueue(scope);
    const fd = scope.socket();
    add(queue, fd, KQ_FILTER_READ);
    os.bind(fd, ["127.0.0.1", 0]);
    assertNoEvents(queue, 20);
    os.listen(fd, 4);
    assertNoEvents(queue, 20);
    scope.client(fd);
    assert.equal(take(queue, 1), [read(fd, 1)]);
    scope.client(fd);
    assertComes(queue, read(fd, 2));
  }),
);

test.run();
