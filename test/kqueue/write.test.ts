// EVFILT_WRITE, and both filters on one descriptor.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  BlockingIOError,
  BrokenPipeError,
  FileNotFoundError,
  kevent,
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_EV_DISABLE,
  KQ_EV_DISPATCH,
  KQ_EV_ENABLE,
  KQ_EV_EOF,
  KQ_EV_ERROR,
  KQ_EV_ONESHOT,
  KQ_FILTER_READ,
  KQ_FILTER_WRITE,
  KQ_NOTE_LOWAT,
  OSError,
  POLLIN,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { fill, scoped, settle } from "../support/descriptors.ts";
import {
  add,
  assertNoEvents,
  command,
  dataOf,
  newQueue,
  remove,
  type Seen,
  seen,
  take,
} from "./filters.ts";
import { closedNumber } from "../support/probes.ts";
import { assertTook, inThread, throws, timed } from "../support/expect.ts";
import { constants } from "../support/files.ts";
import { answered, BEYOND_DEADLINE, blockUntil, HAS_KQUEUE } from "../support/world.ts";

const { SO_ERROR, SOL_SOCKET } = os;
const SO_SNDBUF = 7;
/** Seconds of one of many waits for room, which the kernel makes in its own time. */
const SLICE = 0.02;
const EPIPE = 32;
const ECONNRESET = 104;

function write(fd: number, data: number, flags = 0, fflags = 0): Seen {
  return [fd, KQ_FILTER_WRITE, flags, fflags, data];
}

/** Reads all there is. */
function drain(fd: number): void {
  try {
    while (os.read(fd, 65536).length > 0);
  } catch (error) {
    if (!(error instanceof BlockingIOError)) throw error;
  }
}

test(
  "KQ-127: data of a connected socket is the free space of its send buffer",
  scoped((scope) => {
    const queue = newQueue(scope);
    for (const [a, b] of [scope.tcp(), scope.socketpair()] as const) {
      const size = os.getsockopt(a, SOL_SOCKET, SO_SNDBUF);
      add(queue, a, KQ_FILTER_WRITE);
      assert.equal(take(queue), [write(a, size)]);
      fill(a);
      assertNoEvents(queue);
      let found: Seen | undefined;
      blockUntil(() => {
        drain(b);
        [found] = take(queue, SLICE);
        return found !== undefined && (found[4] as number) > size / 4;
      });
      assert.is(found?.[2], 0);
      assert.ok((found?.[4] as number) > size / 4, `${found?.[4]} of ${size}`);
      remove(queue, a, KQ_FILTER_WRITE);
    }
  }),
);

test(
  "KQ-127: data of a Unix socket is the send buffer less the queued bytes and their overhead",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [a, b] = scope.socketpair();
    const size = os.getsockopt(a, SOL_SOCKET, SO_SNDBUF);
    add(queue, a, KQ_FILTER_WRITE);
    os.write(a, "x".repeat(1000));
    const [data] = dataOf(queue) as [number];
    assert.ok(data <= size - 1000 && data > size - 4000, `${data} of ${size}`);
    os.read(b, 1000);
    assert.equal(dataOf(queue), [size]);
  }),
);

test(
  "KQ-129: a listener never fires",
  scoped((scope) => {
    const queue = newQueue(scope);
    const listener = scope.listener();
    add(queue, listener, KQ_FILTER_WRITE);
    assertNoEvents(queue, 20);
    scope.client(listener);
    settle(listener, POLLIN);
    assertNoEvents(queue);
  }),
);

test(
  "KQ-130: a datagram socket fires at once, connected or not",
  scoped((scope) => {
    const queue = newQueue(scope);
    const fd = scope.own(os.socket(os.AF_INET, os.SOCK_DGRAM));
    const size = os.getsockopt(fd, SOL_SOCKET, SO_SNDBUF);
    add(queue, fd, KQ_FILTER_WRITE);
    assert.equal(take(queue), [write(fd, size)]);
    os.connect(fd, ["127.0.0.1", 9]);
    assert.equal(take(queue), [write(fd, size)]);
    const [a] = scope.socketpair(os.SOCK_DGRAM);
    add(queue, a, KQ_FILTER_WRITE);
    assert.equal(
      take(queue).map(([ident]) => ident),
      [fd, a],
    );
  }),
);

test(
  "KQ-131: the own writing half shut, or a peer that is gone, is EV_EOF",
  scoped((scope) => {
    const queue = newQueue(scope);
    for (const makePair of [() => scope.tcp(), () => scope.socketpair()]) {
      const [a] = makePair();
      os.shutdown(a, os.SHUT_WR);
      add(queue, a, KQ_FILTER_WRITE);
      const [[, , flags, fflags] = []] = take(queue, 1);
      assert.equal([flags, fflags], [KQ_EV_EOF, 0]);
      remove(queue, a, KQ_FILTER_WRITE);
    }
    const [a, b] = scope.socketpair();
    add(queue, a, KQ_FILTER_WRITE);
    scope.close(b);
    const size = os.getsockopt(a, SOL_SOCKET, SO_SNDBUF);
    assert.equal(take(queue), [write(a, size, KQ_EV_EOF)]);
  }),
);

test(
  "KQ-131: a peer that only stopped sending is no EV_EOF",
  scoped((scope) => {
    const queue = newQueue(scope);
    for (const [a, b] of [scope.tcp(), scope.socketpair()] as const) {
      add(queue, a, KQ_FILTER_WRITE);
      os.shutdown(b, os.SHUT_WR);
      settle(a, POLLIN);
      assert.equal(
        take(queue).map(([, , flags]) => flags),
        [0],
      );
      remove(queue, a, KQ_FILTER_WRITE);
    }
  }),
);

test(
  "KQ-131, EMU-05: a reset is EV_EOF with ECONNRESET, and the program still gets it",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [a, b] = scope.tcp();
    os.write(a, "unread");
    settle(b, POLLIN);
    add(queue, a, KQ_FILTER_WRITE);
    scope.close(b);
    let last: Seen[] = [];
    blockUntil(() => {
      last = take(queue, 1);
      return last[0]?.[2] !== 0;
    });
    const [[, , flags, fflags] = []] = last;
    assert.equal([flags, fflags], [KQ_EV_EOF, ECONNRESET]);
    assert.is(os.getsockopt(a, SOL_SOCKET, SO_ERROR), ECONNRESET);
    const [[, , later, none] = []] = take(queue, 1);
    assert.equal([later, none], [KQ_EV_EOF, 0]);
  }),
);

/** How many bytes a pipe, or the buffer of a socket, can hold. */
function sizeOf(fd: number): number {
  try {
    return os.getsockopt(fd, SOL_SOCKET, SO_SNDBUF);
  } catch (error) {
    if (!(error instanceof OSError) || error.code !== "ENOTSOCK") throw error;
    return 65_536;
  }
}

for (const [name, flags] of [
  ["level triggered", 0],
  ["EV_CLEAR", KQ_EV_CLEAR],
  ["EV_DISPATCH", KQ_EV_DISPATCH],
] as const) {
  test(
    `KQ-132: NOTE_LOWAT, ${name}: needs that much space, and notices it within a wait`,
    scoped(async (scope) => {
      const pairs = [scope.socketpair(), scope.fixedTcp()];
      // Pipes have no such mark in FreeBSD.
      if (!HAS_KQUEUE) pairs.unshift(scope.pipe().toReversed() as [number, number]);
      for (const [a, b] of pairs) {
        const queue = newQueue(scope);
        const full = fill(a);
        // Room again by the kernel's rule, not by ours.
        add(queue, a, KQ_FILTER_WRITE, flags, KQ_NOTE_LOWAT, 1e9);
        assertNoEvents(queue, 30);
        const left = full - os.read(b, Math.floor(full / 2)).length;
        assertNoEvents(queue);
        // Nearly all room there can be, so that the reader has to take nearly all bytes: the kernel makes
        // some room in its own time, when it moves bytes to the reader's buffer.
        const needed = sizeOf(a) - 4096;
        add(queue, a, KQ_FILTER_WRITE, 0, KQ_NOTE_LOWAT, needed);
        assertNoEvents(queue);
        const code = `for (let { left } = data; left > 0; sleep(1)) {
          try {
            left -= os.read(data.b, left).length;
          } catch (error) {
            if (error.code !== "EAGAIN") throw error;
          }
        }`;
        const { done } = await inThread(40, code, { b, left });
        const { result, ms } = timed(() => take(queue, BEYOND_DEADLINE));
        assert.is(result.length, 1);
        assert.is(result[0]?.[2], flags);
        assert.ok((result[0]?.[4] as number) >= needed);
        assertTook(ms, 0, 1500);
        await done;
        queue.close();
      }
    }),
  );
}

test(
  "KQ-134: a pipe whose reader closes later is EV_EOF",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    add(queue, w, KQ_FILTER_WRITE);
    assert.equal(take(queue), [write(w, 65536)]);
    os.write(w, "x".repeat(100));
    assert.equal(take(queue), [write(w, 65436)]);
    scope.close(r);
    assert.equal(take(queue), [write(w, 0, KQ_EV_EOF)]);
    assert.equal(take(queue), [write(w, 0, KQ_EV_EOF)]);
    const [r2, w2] = scope.pipe();
    fill(w2);
    remove(queue, w, KQ_FILTER_WRITE);
    add(queue, w2, KQ_FILTER_WRITE);
    assertNoEvents(queue);
    scope.close(r2);
    assert.equal(take(queue), [write(w2, 0, KQ_EV_EOF)]);
  }),
);

test(
  "KQ-134: a full pipe is not reported until it has room for PIPE_BUF bytes",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    const full = fill(w);
    assert.is(full, 65536);
    add(queue, w, KQ_FILTER_WRITE);
    os.read(r, 4095);
    assertNoEvents(queue);
    os.read(r, 1);
    assert.equal(take(queue), [write(w, 4096)]);
  }),
);

test(
  "KQ-135: a pipe whose reader is gone already is EPIPE",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    scope.close(r);
    throws(() => add(queue, w, KQ_FILTER_WRITE), BrokenPipeError, "EPIPE");
    const [event] = queue.control([kevent(w, KQ_FILTER_WRITE, KQ_EV_ADD)], 1, 0);
    assert.equal(event && seen(event), write(w, EPIPE, KQ_EV_ERROR));
    throws(() => remove(queue, w, KQ_FILTER_WRITE), FileNotFoundError, "ENOENT");
  }),
);

test(
  "KQ-135: a FIFO without a reader is at its end until there is one",
  scoped((scope) => {
    const queue = newQueue(scope);
    const path = scope.fifo();
    const r = scope.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const w = scope.open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    scope.close(r);
    add(queue, w, KQ_FILTER_WRITE);
    const [[fd, filter, flags] = []] = take(queue);
    assert.equal([fd, filter, flags], [w, KQ_FILTER_WRITE, KQ_EV_EOF]);
    scope.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const [[, , left, , room] = []] = take(queue);
    assert.is(left, 0);
    assert.is(room, 65_536);
  }),
);

test(
  "KQ-136: the reading end of a pipe is accepted, and reports nothing even at its end",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    add(queue, r, KQ_FILTER_WRITE);
    assertNoEvents(queue, 20);
    scope.close(w);
    assertNoEvents(queue, 20);
    remove(queue, r, KQ_FILTER_WRITE);
  }),
);

test(
  "KQ-138: EV_CLEAR fires once, and again when a full one has room",
  scoped((scope) => {
    const queue = newQueue(scope);
    for (const [a, b] of [scope.pipe().toReversed(), scope.socketpair(), scope.tcp()]) {
      add(queue, a as number, KQ_FILTER_WRITE, KQ_EV_CLEAR);
      assert.equal(
        take(queue).map(([ident, , flags]) => [ident, flags]),
        [[a, KQ_EV_CLEAR]],
      );
      assertNoEvents(queue, 20);
      fill(a as number);
      assertNoEvents(queue, 20);
      let found: Seen[] = [];
      blockUntil(() => {
        drain(b as number);
        found = take(queue, SLICE);
        return found.length > 0;
      });
      assert.equal(
        found.map(([ident]) => ident),
        [a],
      );
      remove(queue, a as number, KQ_FILTER_WRITE);
    }
  }),
);

test(
  "an eventfd has room for the rest up to 2^64 - 2",
  scoped((scope) => {
    const queue = newQueue(scope);
    const fd = scope.eventfd();
    add(queue, fd, KQ_FILTER_WRITE);
    os.eventfd_write(fd, 2n ** 64n - 12n);
    assert.equal(take(queue), [write(fd, 10)]);
    os.eventfd_write(fd, 10);
    assertNoEvents(queue);
    os.eventfd_read(fd);
    assert.is(take(queue).length, 1);
  }),
);

test(
  "a terminal can be written to",
  scoped((scope) => {
    const queue = newQueue(scope);
    const master = scope.open("/dev/ptmx", constants.O_RDWR | constants.O_NOCTTY);
    add(queue, master, KQ_FILTER_WRITE);
    // Linux does not report how much.
    assert.equal(take(queue), [write(master, answered(0, 4095))]);
  }),
);

test(
  "EV_ONESHOT, EV_DISPATCH and EV_DISABLE",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [, w] = scope.pipe();
    add(queue, w, KQ_FILTER_WRITE, KQ_EV_ONESHOT);
    assert.equal(take(queue), [write(w, 65536, KQ_EV_ONESHOT)]);
    throws(() => remove(queue, w, KQ_FILTER_WRITE), FileNotFoundError, "ENOENT");
    add(queue, w, KQ_FILTER_WRITE, KQ_EV_DISPATCH);
    for (let i = 0; i < 3; i++) {
      assert.equal(take(queue), [write(w, 65536, KQ_EV_DISPATCH)]);
      assertNoEvents(queue, 20);
      command(queue, w, KQ_FILTER_WRITE, KQ_EV_ENABLE);
    }
    command(queue, w, KQ_FILTER_WRITE, KQ_EV_DISABLE);
    assertNoEvents(queue);
  }),
);

test(
  "a descriptor that is not open is EBADF for both filters",
  scoped((scope) => {
    const queue = newQueue(scope);
    const fd = closedNumber();
    for (const filter of [KQ_FILTER_READ, KQ_FILTER_WRITE]) {
      const [event] = queue.control([kevent(fd, filter, KQ_EV_ADD)], 1, 0);
      assert.equal(event && seen(event), [fd, filter, KQ_EV_ERROR, 0, 9]);
    }
  }),
);

test.run();
