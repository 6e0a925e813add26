// Edge triggering: which changes are reported. EPO-105 to 129.

import { watch } from "node:fs";
import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  EPOLLET as ET,
  EPOLLHUP as HUP,
  EPOLLIN as IN,
  EPOLLOUT as OUT,
  EPOLLRDHUP as RDHUP,
  kevent,
  KQ_EV_ADD,
  KQ_FILTER_READ,
  kqueue,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { fill, maskFrom, type Scope, scoped, settle, sleep } from "../support/descriptors.ts";
import { constants, readdirSync, readlinkSync, writeFileSync } from "../support/files.ts";
import { blockUntil, DEADLINE } from "../support/world.ts";
import { assertOnce } from "./support.ts";

/** Two connected UDP sockets. */
function udp(s: Scope): [a: number, b: number] {
  const [a, b] = [0, 1].map(() => {
    const fd = s.own(os.socket(os.AF_INET, os.SOCK_DGRAM));
    os.set_blocking(fd, false);
    os.bind(fd, ["127.0.0.1", 0]);
    return fd;
  }) as [number, number];
  os.connect(a, os.getsockname(b));
  os.connect(b, os.getsockname(a));
  return [a, b];
}

test(
  "EPO-105: new data is an edge even if old data is unread",
  scoped((s) => {
    const [r, w] = s.pipe();
    const [unixA, unixB] = s.socketpair();
    const [tcpA, tcpB] = s.tcp();
    const [udpA, udpB] = udp(s);
    for (const [from, to] of [
      [w, r],
      [unixA, unixB],
      [tcpA, tcpB],
      [udpA, udpB],
    ] as const) {
      const e = s.epoll([to, IN | ET]);
      for (let i = 0; i < 2; i++) {
        os.write(from, "x");
        assertOnce(e, to, IN, 1);
      }
    }
    const counter = s.eventfd();
    const e = s.epoll([counter, IN | ET]);
    for (let i = 0; i < 2; i++) {
      os.eventfd_write(counter, 1);
      assertOnce(e, counter, IN);
    }
  }),
);

test(
  "EPO-106: two writes before a wait are one event",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN | ET]);
    os.write(w, "x");
    os.write(w, "y");
    assertOnce(e, r, IN);
  }),
);

test(
  "EPO-107: reading a part is no edge",
  scoped((s) => {
    const [r, w] = s.pipe();
    const [a, b] = s.tcp();
    for (const [from, to] of [
      [w, r],
      [a, b],
    ] as const) {
      const e = s.epoll([to, IN | ET]);
      os.write(from, "xyz");
      assert.equal(e.poll(1), [[to, IN]]);
      os.read(to, 1);
      assert.equal(e.poll(0), []);
      os.read(to, 1);
      assert.equal(e.poll(0.02), []);
    }
  }),
);

test(
  "EPO-109: a write and a partial read between two waits are one event",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN | ET]);
    os.write(w, "xy");
    os.read(r, 1);
    assertOnce(e, r, IN);
    os.write(w, "z");
    os.read(r, 9);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-110: writing nothing is no edge",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN | ET]);
    assert.is(os.write(w, ""), 0);
    assert.equal(e.poll(0), []);
    os.write(w, "x");
    assert.equal(e.poll(0), [[r, IN]]);
    os.write(w, "");
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-112: an edge of IN reports the whole state",
  scoped((s) => {
    const [a, b] = s.socketpair();
    const e = s.epoll([a, IN | OUT | ET]);
    assertOnce(e, a, OUT);
    os.write(b, "x");
    assert.equal(e.poll(0), [[a, IN | OUT]]);
  }),
);

test(
  "EPO-113: space to write is no edge for a registration of IN",
  scoped((s) => {
    const [a, b] = s.socketpair();
    const e = s.epoll([a, IN | ET]);
    os.write(b, "x");
    assert.equal(e.poll(0), [[a, IN]]);
    os.write(a, "y");
    os.read(b, 1);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "room is an edge for a writer that could not write everything",
  scoped((s) => {
    const bytes = new Uint8Array(2 ** 24);
    for (const [reader, writer] of [s.pipe(), s.socketpair(), s.tcp()] as const) {
      const e = s.epoll([writer, OUT | ET]);
      assert.equal(e.poll(0), [[writer, OUT]]);
      const taken = os.write(writer, bytes);
      assert.ok(taken > 0 && taken < bytes.length, `${taken} bytes`);
      for (let left = taken; left > 0;) {
        settle(reader, IN);
        left -= os.read(reader, left).length;
      }
      assert.equal(e.poll(DEADLINE), [[writer, OUT]]);
    }
  }),
);

test(
  "EPO-114: a hangup is one edge, draining adds no edge",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN | ET]);
    os.write(w, "x");
    assert.equal(e.poll(0), [[r, IN]]);
    s.close(w);
    assertOnce(e, r, IN | HUP);
    os.read(r, 9);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-115: every step of a shutdown is an edge with the mask so far",
  scoped((s) => {
    const [a, b] = s.socketpair();
    const e = s.epoll([a, IN | OUT | RDHUP | ET]);
    assert.equal(e.poll(0), [[a, OUT]]);
    for (const [step, mask] of [
      [() => os.shutdown(b, os.SHUT_WR), IN | OUT | RDHUP],
      [() => os.shutdown(a, os.SHUT_RD), IN | OUT | RDHUP],
      [() => os.shutdown(a, os.SHUT_WR), IN | OUT | RDHUP | HUP],
      [() => s.close(b), IN | OUT | RDHUP | HUP],
    ] as const) {
      step();
      assertOnce(e, a, mask);
    }
  }),
);

test(
  "EPO-116: a mask of ET alone reports nothing but HUP and ERR",
  scoped((s) => {
    const [a, b] = s.socketpair();
    const e = s.epoll([a, ET]);
    os.write(b, "x");
    os.shutdown(b, os.SHUT_WR);
    assert.equal(e.poll(0), []);
    os.shutdown(a, os.SHUT_WR);
    assertOnce(e, a, HUP);
  }),
);

test(
  "EPO-117: modifying with the same mask re-arms",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN | ET]);
    os.write(w, "x");
    assertOnce(e, r, IN);
    e.modify(r, IN | ET);
    assertOnce(e, r, IN);
  }),
);

test(
  "EPO-119: modifying to a mask that is not ready drops a waiting event",
  scoped((s) => {
    const [r, w] = s.pipe();
    const e = s.epoll([r, IN]);
    os.write(w, "x");
    e.modify(r, OUT);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-120: an eventfd has an edge for every write, also of 0, and every read",
  scoped((s) => {
    const fd = s.eventfd();
    const e = s.epoll([fd, IN | OUT | ET]);
    const next = (): number => maskFrom(e.poll(0));
    assert.is(next(), OUT);
    assert.is(next(), 0);
    os.eventfd_write(fd, 1);
    assert.is(next(), IN | OUT);
    os.eventfd_write(fd, 1);
    assert.is(next(), IN | OUT);
    assert.is(Number(os.eventfd_read(fd)), 2);
    assert.is(next(), OUT);
    os.eventfd_write(fd, 0);
    assert.is(next(), OUT);
    assert.is(next(), 0);
  }),
);

test(
  "EPO-121: a semaphore with tokens left has no edge on a read",
  scoped((s) => {
    const fd = s.eventfd(5, os.EFD_SEMAPHORE);
    const e = s.epoll([fd, IN | ET]);
    assert.equal(e.poll(0), [[fd, IN]]);
    assert.is(Number(os.eventfd_read(fd)), 1);
    assert.equal(e.poll(0), []);
    os.eventfd_write(fd, 1);
    assert.equal(e.poll(0), [[fd, IN]]);
  }),
);

/** Descriptors of this process whose file is an inotify. */
function inotifyDescriptors(): number[] {
  const found: number[] = [];
  for (const name of readdirSync("/proc/self/fd")) {
    try {
      if (readlinkSync(`/proc/self/fd/${name}`) === "anon_inode:inotify") found.push(Number(name));
    } catch {
      // The descriptor that reads the directory is closed by now.
    }
  }
  return found;
}

test(
  "EPO-124: every change in a watched folder is an edge of the inotify",
  scoped((s) => {
    const folder = s.folder();
    const watcher = watch(folder);
    s.onEnd(() => watcher.close());
    // Node's inotify, which its loop reads only after this test.
    const [inotify] = inotifyDescriptors() as [number];
    const e = s.epoll([inotify, IN | ET]);
    assert.equal(e.poll(0), []);
    for (const name of ["a", "b"]) {
      writeFileSync(join(folder, name), "");
      assertOnce(e, inotify, IN, 1);
    }
  }),
);

/** Returns once `count` connections wait at a listener. */
function settleConnections(listener: number, count: number): void {
  const queue = kqueue();
  queue.control([kevent(listener, KQ_FILTER_READ, KQ_EV_ADD)], 0);
  blockUntil(() => queue.control(null, 1, 0)[0]?.data === count);
  queue.close();
}

test(
  "EPO-126: connections that wait together are one edge, a later one is another",
  scoped((s) => {
    const listener = s.listener();
    const e = s.epoll([listener, IN | ET]);
    s.client(listener);
    s.client(listener);
    settleConnections(listener, 2);
    assertOnce(e, listener, IN);
    s.own(os.accept(listener)[0]);
    assert.equal(e.poll(0), []);
    s.client(listener);
    assert.equal(e.poll(1), [[listener, IN]]);
  }),
);

/** Rounds in which a socket takes nothing, after which it is full, and how long each lasts. */
const FULL_ROUNDS = 5;
const ROUND_MS = 20;

test(
  "EPO-128: a full TCP socket is writable again only once about a third is free",
  scoped((s) => {
    const [a, b] = s.tcp();
    const e = s.epoll([a, OUT | ET]);
    assert.equal(e.poll(0), [[a, OUT]]);
    let total = 0;
    // The peer's kernel takes the bytes that it has room for in its own time.
    for (let idle = 0; idle < FULL_ROUNDS; sleep(ROUND_MS)) {
      const taken = fill(a);
      total += taken;
      idle = taken === 0 ? idle + 1 : 0;
    }
    assert.equal(e.poll(0), []);
    let drained = os.read(b, 1).length;
    assert.equal(e.poll(0.02), []);
    while (maskFrom(e.poll(0)) === 0 && drained < total) {
      try {
        drained += os.read(b, 65536).length;
      } catch {
        sleep(1); // the next segments are on their way
      }
    }
    assert.ok(drained > 100_000 && drained < total, `${drained} of ${total}`);
    assert.equal(e.poll(0), []);
  }),
);

test(
  "EPO-129: at a FIFO the last writer's end is an edge, a new writer is not",
  scoped((s) => {
    const path = join(s.folder(), "fifo");
    os.mkfifo(path);
    const r = s.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = (): number => s.open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const e = s.epoll([r, IN | ET]);
    const w = writer();
    assert.equal(e.poll(0), []);
    s.close(w);
    assert.equal(e.poll(0), [[r, HUP]]);
    const again = writer();
    assert.equal(e.poll(0), []);
    assert.equal(s.epoll([r, IN]).poll(0), []);
    s.close(again);
    assert.equal(e.poll(0), [[r, HUP]]);
  }),
);

test.run();
