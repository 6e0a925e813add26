// Asynchronous reads and writes, and posts, of the simulated kernel.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { coreModule } from "../../bindings/node/host.ts";
import type { Kqueue } from "../../bindings/kqueue.ts";
import {
  BlockingIOError,
  BrokenPipeError,
  OSError,
  ValueError,
} from "../../bindings/node/select.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import { O_RDWR } from "../../host/sim/kernel/constants.ts";
import { File } from "../../host/sim/kernel/file.ts";
import { aioCalls, type Completion } from "../../host/sim/fs/aio.ts";
import type { WaitQueue } from "../../host/sim/kernel/wait-queue.ts";
import { onBoth } from "./personalities.ts";
import { throws } from "../support/expect.ts";

const EPIPE = 32;

const simOf = (): Sim => new Sim(coreModule());
const { KQ_EV_EOF, KQ_EV_ERROR, KQ_EV_ONESHOT, KQ_FILTER_AIO } = simOf().select;

type Seen = [ident: unknown, filter: number, flags: number, data: unknown];

function take(queue: Kqueue, timeout = 0, max = 64): Seen[] {
  return queue
    .control(null, max, timeout)
    .map(({ ident, filter, flags, data }) => [ident, filter, flags, data]);
}

const done = (id: number, bytes: number): Seen => [
  id,
  KQ_FILTER_AIO,
  KQ_EV_EOF | KQ_EV_ONESHOT,
  bytes,
];

const failed = (id: number, errno: number): Seen => [
  id,
  KQ_FILTER_AIO,
  KQ_EV_EOF | KQ_EV_ONESHOT | KQ_EV_ERROR,
  errno,
];

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test("a read of a pipe ends when something comes; the bytes are there with the kevent", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [r, w] = os.pipe();
  const buffer = new Uint8Array(10).fill(120);
  const id = os.aio_read(r, buffer, 0, queue, 77);
  assert.equal(take(queue, 1), []);
  os.write(w, "hello");
  sim.advance(1);
  assert.is(textOf(buffer), "xxxxxxxxxx", "not before the kevent is taken");
  const [event] = queue.control(null, 4, 0);
  assert.equal([event?.ident, event?.udata, event?.data], [id, 77, 5]);
  assert.is(textOf(buffer), "helloxxxxx");
  assert.equal(take(queue, 1), []);
  const end = os.aio_read(r, buffer, 0, queue);
  sim.at(sim.now() + 3, () => os.close(w));
  assert.equal(take(queue, 5), [done(end, 0)]);
  assert.is(sim.now(), 6);
});

onBoth("a write goes on until all is taken, with the bytes as they were", (sim) => {
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [r, w] = os.pipe();
  const size = 200_000;
  const bytes = new Uint8Array(size).fill(97);
  const id = os.aio_write(w, bytes, 0, queue, 2n ** 64n - 1n);
  bytes.fill(98);
  assert.equal(take(queue, 1), []);
  let taken = 0;
  sim.every(0.01, () => {
    if (taken === size) return;
    const part = os.read(r, 65536);
    assert.ok(part.every((byte) => byte === 97));
    taken += part.length;
  });
  const [event] = queue.control(null, 4, 5);
  assert.equal([event?.ident, event?.data, event?.udata], [id, size, 2n ** 64n - 1n]);
  const nothing = os.aio_write(w, "", 0, queue);
  assert.equal(take(queue), [done(nothing, 0)]);
});

/** A file in memory, as the simulated kernel sees one. */
class MemoryFile extends File {
  readonly name = "memory";
  bytes = new Uint8Array(16);
  size = 0;

  override get hasOffsets(): boolean {
    return true;
  }

  poll(): number {
    return 5;
  }

  queues(): readonly WaitQueue[] {
    return [];
  }

  override readAt(buffer: Uint8Array, size: number, offset: number): number {
    const found = this.bytes.subarray(offset, Math.min(this.size, offset + size));
    buffer.set(found);
    return found.length;
  }

  /** Takes at most 4 bytes at once. */
  override writeAt(bytes: Uint8Array, offset: number): number {
    const taken = bytes.subarray(0, 4);
    this.bytes.set(taken, offset);
    this.size = Math.max(this.size, offset + taken.length);
    return taken.length;
  }
}

onBoth("a file is read and written at offsets, while the program waits", (sim) => {
  const { os, kernel } = sim;
  const queue = sim.select.kqueue();
  const file = new MemoryFile(kernel, O_RDWR);
  const fd = kernel.open(file);
  const writing = os.aio_write(fd, "0123456789", 0, queue);
  assert.is(file.size, 0, "not before somebody waits");
  assert.equal(take(queue), [done(writing, 10)]);
  assert.is(textOf(file.bytes.subarray(0, file.size)), "0123456789");
  const buffer = new Uint8Array(6).fill(120);
  const reading = os.aio_read(fd, buffer, 8, queue);
  assert.equal(take(queue), [done(reading, 2)]);
  assert.is(textOf(buffer), "89xxxx");
  const end = os.aio_read(fd, buffer, 10, queue);
  os.close(fd);
  assert.equal(take(queue), [done(end, 0)]);
  assert.is(sim.now(), 0);
});

/** A queue of the kernel's own, as another personality has them. */
class OwnQueue extends MemoryFile {
  readonly completions: Completion[] = [];

  complete(completion: Completion): void {
    this.completions.push(completion);
  }
}

test("a queue of the kernel's own gets the completion itself, once the bytes are in the buffer", () => {
  const sim = simOf();
  const { kernel } = sim;
  const aio = aioCalls(kernel, {});
  const queue = new OwnQueue(kernel, O_RDWR);
  const fd = kernel.open(queue);
  const [r, w] = sim.os.pipe();
  const buffer = new Uint8Array(4);
  const id = aio.aio_read(r, buffer, 0, fd, 5);
  sim.os.write(w, "abcd");
  sim.advance(0);
  assert.equal(queue.completions, [{ id, flags: KQ_EV_EOF, data: 4, udata: 5n }]);
  assert.is(textOf(buffer), "abcd");
});

onBoth("an error is the data of a kevent with EV_ERROR", (sim) => {
  const queue = sim.select.kqueue();
  const [r, w] = sim.os.pipe();
  sim.os.close(r);
  const id = sim.os.aio_write(w, "x", 0, queue);
  assert.equal(take(queue), [failed(id, EPIPE)]);
});

test("wrong arguments are thrown, and add no event", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [r, w] = os.pipe();
  const buffer = new Uint8Array(4);
  throws(() => os.aio_read(99, buffer, 0, queue), OSError, "EBADF");
  throws(() => os.aio_read(w, buffer, 0, queue), OSError, "EBADF");
  throws(() => os.aio_write(r, buffer, 0, queue), OSError, "EBADF");
  throws(() => os.aio_read(r, buffer, -1, queue), ValueError);
  const other = sim.module().select.kqueue();
  throws(() => os.aio_read(r, buffer, 0, other), OSError, "EBADF"); // of another core
  assert.equal(take(queue, 1), []);
});

onBoth("the descriptor may be closed and the buffer detached meanwhile", (sim) => {
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [r, w] = os.pipe();
  const buffer = new Uint8Array(4);
  const id = os.aio_read(r, buffer, 0, queue);
  os.close(r);
  structuredClone(buffer, { transfer: [buffer.buffer] });
  os.write(w, "data");
  assert.equal(take(queue, 5), [done(id, 4)]);
  assert.is(buffer.length, 0);
  // The request was the last to hold the reading end.
  throws(() => os.write(w, "x"), BrokenPipeError, "EPIPE");
});

onBoth("a queue that is closed gets nothing, and the others theirs", (sim) => {
  const { os } = sim;
  const [gone, kept] = [sim.select.kqueue(), sim.select.kqueue()];
  const [r, w] = os.pipe();
  const [r2, w2] = os.pipe();
  const lost = new Uint8Array(4);
  os.aio_read(r, lost, 0, gone);
  const id = os.aio_read(r2, new Uint8Array(4), 0, kept);
  const number = gone.fileno();
  gone.close();
  os.write(w, "lost");
  os.write(w2, "here");
  const fresh = sim.select.kqueue();
  assert.is(fresh.fileno(), number);
  assert.equal(take(kept, 5), [done(id, 4)]);
  assert.equal([take(fresh, 1), take(kept, 1)], [[], []]);
});

onBoth("ends wake the watchers of the queue, and come among other events", (sim) => {
  const { os, select } = sim;
  const queue = select.kqueue();
  const outer = select.epoll();
  outer.register(queue.fileno(), select.EPOLLIN);
  const [r, w] = os.pipe();
  const id = os.aio_read(r, new Uint8Array(3), 0, queue);
  sim.at(1, () => os.write(w, "abcd"));
  assert.equal(outer.poll(5), [[queue.fileno(), select.EPOLLIN]]);
  assert.is(sim.now(), 1);
  const { kevent, KQ_FILTER_READ, KQ_EV_ADD } = select;
  queue.control([kevent(r, KQ_FILTER_READ, KQ_EV_ADD)], 0);
  assert.equal(
    take(queue).toSorted().map(String).toSorted(),
    [String(done(id, 3)), String([r, KQ_FILTER_READ, 0, 1])].toSorted(),
  );
});

onBoth("more than are allowed at once is EAGAIN, and each ends with its own byte", (sim) => {
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [r, w] = os.pipe();
  const buffers = new Map<unknown, Uint8Array>();
  throws(
    () => {
      for (let i = 0; i < 5000; i++) {
        const buffer = new Uint8Array(1);
        buffers.set(os.aio_read(r, buffer, 0, queue), buffer);
      }
    },
    BlockingIOError,
    "EAGAIN",
  );
  assert.is(buffers.size, 4096);
  os.write(
    w,
    Uint8Array.from({ length: 5000 }, (_, i) => i % 251),
  );
  sim.advance(0);
  const events = take(queue, 0, 5000);
  assert.is(events.length, 4096);
  for (const [i, [id, , , data]] of events.entries()) {
    assert.is(data, 1);
    assert.is(buffers.get(id)?.[0], i % 251);
  }
  assert.is(os.read(r, 5000).length, 5000 - 4096);
  os.aio_read(r, new Uint8Array(1), 0, queue);
});

test("KQ-214: a trigger of another core wakes a waiter", () => {
  const sim = simOf();
  const { kevent, KQ_FILTER_USER, KQ_EV_ADD, KQ_EV_CLEAR, KQ_NOTE_TRIGGER } = sim.select;
  const queue = sim.select.kqueue();
  queue.control([kevent(1, KQ_FILTER_USER, KQ_EV_ADD | KQ_EV_CLEAR, 0, 0, 5)], 0);
  const other = sim.module().select.kqueue.fromfd(queue.fileno());
  sim.at(2, () => other.control([kevent(1, KQ_FILTER_USER, 0, KQ_NOTE_TRIGGER | 7)], 0));
  const [event] = queue.control(null, 4, 10);
  assert.equal([event?.ident, event?.flags, sim.now()], [1, KQ_EV_CLEAR, 2]);
  throws(() => other.control(null, 4, 0), OSError);
});

test.run();
