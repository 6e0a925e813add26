// EVFILT_AIO: asynchronous reads and writes of omnipoll/os, whose ends are kevents.

import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  BlockingIOError,
  epoll,
  EPOLLIN,
  FileNotFoundError,
  type Kqueue,
  kqueue,
  KQ_EV_EOF,
  KQ_EV_ERROR,
  KQ_EV_ONESHOT,
  KQ_FILTER_AIO,
  KQ_FILTER_READ,
  OSError,
  OverflowError,
  PermissionError,
  ValueError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { type Scope, scoped, sleep } from "../support/descriptors.ts";
import { add, assertNoEvents, newQueue, remove, type Seen, take } from "./filters.ts";
import { assertTook, inThread, throws, timed } from "../support/expect.ts";
import { constants, unlinkSync, writeFileSync, readFileSync } from "../support/files.ts";
import { BEYOND_DEADLINE } from "../support/world.ts";

const EISDIR = 21;
const EPIPE = 32;

function done(id: number, bytes: number): Seen {
  return [id, KQ_FILTER_AIO, KQ_EV_EOF | KQ_EV_ONESHOT, 0, bytes];
}

function failed(id: number, errno: number): Seen {
  return [id, KQ_FILTER_AIO, KQ_EV_EOF | KQ_EV_ONESHOT | KQ_EV_ERROR, 0, errno];
}

/** A file with `text`, open for reading and writing. */
function fileWith(scope: Scope, text: string): { path: string; fd: number } {
  const path = join(scope.folder(), "file");
  writeFileSync(path, text);
  return { path, fd: scope.open(path, "r+") };
}

/** Takes `count` events. */
function collect(queue: Kqueue, count: number): Seen[] {
  const events: Seen[] = [];
  while (events.length < count) {
    const more = take(queue, 5);
    if (more.length === 0) break;
    events.push(...more);
  }
  return events;
}

test(
  "AIO: a read ends as a kevent with the number of bytes, which are in the buffer then",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { fd } = fileWith(scope, "0123456789");
    const buffer = new Uint8Array(6).fill(120);
    const id = os.aio_read(fd, buffer, 4, queue, 77);
    const [event] = queue.control(null, 4, BEYOND_DEADLINE);
    assert.equal([event?.ident, event?.udata], [id, 77]);
    assert.equal([event?.flags, event?.fflags, event?.data], [KQ_EV_EOF | KQ_EV_ONESHOT, 0, 6]);
    assert.is(event?.filter, KQ_FILTER_AIO);
    assert.is(Buffer.from(buffer).toString(), "456789");
    assertNoEvents(queue, 20);
    // Fewer bytes than requested, and no bytes at the end of the file; the rest of the buffer stays.
    const short = os.aio_read(fd, buffer, 8, queue);
    assert.equal(take(queue, 5), [done(short, 2)]);
    assert.is(Buffer.from(buffer).toString(), "896789");
    const end = os.aio_read(fd, buffer, 10, queue);
    assert.equal(take(queue, 5), [done(end, 0)]);
    assert.is(os.read(fd, 3).toString(), "012", "the position has moved");
  }),
);

test(
  "AIO: a write takes the bytes as they are now, at its offset",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { path, fd } = fileWith(scope, "0123456789");
    const bytes = Uint8Array.of(97, 98, 99);
    const id = os.aio_write(fd, bytes, 2, queue);
    bytes.fill(0);
    assert.equal(take(queue, 5), [done(id, 3)]);
    assert.is(readFileSync(path, "utf8"), "01abc56789");
    const text = os.aio_write(fd, "é!", 10, queue, 2n ** 64n - 1n);
    const [event] = queue.control(null, 4, BEYOND_DEADLINE);
    assert.equal([event?.ident, event?.data, event?.udata], [text, 3, 2n ** 64n - 1n]);
    assert.is(readFileSync(path, "utf8"), "01abc56789é!");
    const nothing = os.aio_write(fd, "", 0, queue);
    assert.equal(take(queue, 5), [done(nothing, 0)]);
  }),
);

test(
  "AIO: an error is the data of a kevent with EV_ERROR",
  scoped((scope) => {
    const queue = newQueue(scope);
    const folder = scope.open(scope.folder(), constants.O_RDONLY | constants.O_DIRECTORY);
    const id = os.aio_read(folder, new Uint8Array(8), 0, queue);
    assert.equal(take(queue, 5), [failed(id, EISDIR)]);
    const [r, w] = scope.pipe();
    scope.close(r);
    const broken = os.aio_write(w, "x", 0, queue);
    assert.equal(take(queue, 5), [failed(broken, EPIPE)]);
  }),
);

test(
  "AIO: wrong arguments are thrown, and add no event",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { path, fd } = fileWith(scope, "");
    const buffer = new Uint8Array(4);
    const reader = scope.open(path);
    const writer = scope.open(path, "a");
    throws(() => os.aio_read(9999, buffer, 0, queue), OSError, "EBADF");
    throws(() => os.aio_read(writer, buffer, 0, queue), OSError, "EBADF");
    throws(() => os.aio_write(reader, buffer, 0, queue), OSError, "EBADF");
    throws(() => os.aio_read(fd, buffer, -1, queue), ValueError);
    throws(() => os.aio_read(fd, buffer, 2n ** 63n, queue), OverflowError);
    throws(() => os.aio_read(fd, "text" as never, 0, queue), TypeError);
    throws(() => os.aio_read(fd, buffer, 0, queue.fileno() as never), TypeError);
    throws(() => os.aio_read(fd, buffer, 0.5, queue), TypeError);
    throws(() => os.aio_read(fd, buffer, 0, queue, "x" as never), TypeError);
    throws(() => (os.aio_read as (...given: unknown[]) => number)(fd, buffer, 0), TypeError);
    const closed = kqueue();
    closed.close();
    throws(() => os.aio_read(fd, buffer, 0, closed), ValueError);
    assertNoEvents(queue, 20);
  }),
);

test(
  "AIO: knotes of the filter cannot be made by hand",
  scoped((scope) => {
    const queue = newQueue(scope);
    throws(() => add(queue, 1, KQ_FILTER_AIO), PermissionError, "EPERM");
    throws(() => remove(queue, 1, KQ_FILTER_AIO), FileNotFoundError, "ENOENT");
  }),
);

test(
  "AIO: a read of a pipe ends when something comes, a write of a full one when it is taken",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    const buffer = new Uint8Array(10);
    const reading = os.aio_read(r, buffer, 0, queue);
    assertNoEvents(queue, 50);
    const waker = await inThread(30, "os.write(data, 'hello');", w);
    assert.equal(take(queue, 5), [done(reading, 5)]);
    assert.is(Buffer.from(buffer.subarray(0, 5)).toString(), "hello");
    await waker.done;

    const size = 200_000;
    const writing = os.aio_write(w, "x".repeat(size), 0, queue);
    assertNoEvents(queue, 30);
    let taken = 0;
    while (taken < size) {
      try {
        taken += os.read(r, 65536).length;
      } catch (error) {
        if ((error as OSError).code !== "EAGAIN") throw error;
        sleep(1);
      }
    }
    assert.equal(take(queue, 5), [done(writing, size)]);
    const end = os.aio_read(r, buffer, 0, queue);
    scope.close(w);
    assert.equal(take(queue, 5), [done(end, 0)]);
  }),
);

test(
  "AIO: the descriptor may be closed and the buffer detached meanwhile",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r, w] = os.pipe();
    const buffer = new Uint8Array(4);
    const id = os.aio_read(r, buffer, 0, queue);
    os.close(r);
    structuredClone(buffer, { transfer: [buffer.buffer] });
    os.write(w, "data");
    assert.equal(take(queue, 5), [done(id, 4)]);
    assert.is(buffer.length, 0);
    os.close(w);
  }),
);

test(
  "AIO: a queue that is closed gets nothing, and the others theirs",
  scoped((scope) => {
    const [gone, kept] = [newQueue(scope), newQueue(scope)];
    const [r, w] = scope.pipe();
    const [r2, w2] = scope.pipe();
    const buffer = new Uint8Array(4);
    os.aio_read(r, buffer, 0, gone);
    const id = os.aio_read(r2, new Uint8Array(4), 0, kept);
    gone.close();
    os.write(w, "lost");
    os.write(w2, "here");
    assert.equal(take(kept, 5), [done(id, 4)]);
    const fresh = newQueue(scope); // maybe with the number of the closed one
    assertNoEvents(fresh, 30);
    assertNoEvents(kept, 20);
  }),
);

test(
  "AIO: hundreds at once, over two queues, each ends once with its own bytes",
  scoped((scope) => {
    const queues = [newQueue(scope), newQueue(scope)];
    const { path, fd } = fileWith(scope, "");
    const count = 600;
    const written = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const text = String(i).padStart(8, "0");
      written.set(os.aio_write(fd, text, i * 8, queues[i % 2] as Kqueue, i), i);
    }
    assert.is(written.size, count, "requests under way have different numbers");
    for (const [side, queue] of queues.entries()) {
      for (const [id, , flags, , data] of collect(queue, count / 2)) {
        assert.equal([flags, data], [KQ_EV_EOF | KQ_EV_ONESHOT, 8]);
        assert.is((written.get(Number(id)) as number) % 2, side);
        written.delete(Number(id));
      }
    }
    assert.is(written.size, 0);
    const text = readFileSync(path, "utf8");
    const buffers = new Map<number, { place: number; bytes: Uint8Array }>();
    for (let i = 0; i < count; i++) {
      const bytes = new Uint8Array(8);
      const id = os.aio_read(fd, bytes, i * 8, queues[0] as Kqueue);
      buffers.set(id, { place: i, bytes });
    }
    for (const [id, , , , data] of collect(queues[0] as Kqueue, count)) {
      const { place, bytes } = buffers.get(Number(id)) as { place: number; bytes: Uint8Array };
      assert.is(data, 8);
      assert.is(Buffer.from(bytes).toString(), text.slice(place * 8, place * 8 + 8));
    }
    assertNoEvents(queues[0] as Kqueue, 10);
  }),
);

test(
  "AIO: ends wake the watchers of the queue, and come among other events",
  scoped((scope) => {
    const queue = newQueue(scope);
    const outer = epoll();
    scope.onEnd(() => outer.close());
    outer.register(queue.fileno(), EPOLLIN);
    const { path, fd } = fileWith(scope, "abc");
    unlinkSync(path);
    const id = os.aio_read(fd, new Uint8Array(3), 0, queue);
    const { result, ms } = timed(() => outer.poll(BEYOND_DEADLINE));
    assert.equal(result, [[queue.fileno(), EPOLLIN]]);
    assertTook(ms, 0, 2000);
    const [r, w] = scope.pipe();
    add(queue, r, KQ_FILTER_READ);
    os.write(w, "1234");
    const events = take(queue, 1).map(String).toSorted();
    assert.equal(events, [done(id, 3), [r, KQ_FILTER_READ, 0, 0, 4]].map(String).toSorted());
  }),
);

test(
  "AIO: more than are allowed at once is EAGAIN, and nothing of it remains",
  scoped((scope) => {
    const queue = newQueue(scope);
    const [r, w] = scope.pipe();
    const ids: number[] = [];
    const error = throws(
      () => {
        for (let i = 0; i < 5000; i++) ids.push(os.aio_read(r, new Uint8Array(1), 0, queue));
      },
      BlockingIOError,
      "EAGAIN",
    );
    assert.ok(error instanceof OSError);
    assert.is(ids.length, 4096);
    os.write(w, "x".repeat(5000));
    const events = collect(queue, 4096);
    assert.is(new Set(events.map(([id]) => id)).size, 4096);
    assert.ok(events.every(([, , , , data]) => data === 1));
    assert.is(os.read(r, 5000).length, 5000 - 4096);
  }),
);

test.run();
