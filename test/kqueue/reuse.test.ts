// Descriptors that are closed under registration, their files kept open by dups or not, and
// numbers that come back for other files.

import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_EV_DISPATCH,
  KQ_EV_EOF,
  KQ_EV_ERROR,
  KQ_EV_ONESHOT,
  KQ_FILTER_READ,
  KQ_FILTER_WRITE,
  kevent,
  kqueue,
  OSError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { add, assertNoEvents, newQueue, remove, take } from "./filters.ts";
import { inThread, throws } from "../support/expect.ts";
import { closeSync, writeFileSync } from "../support/files.ts";

const CLOSES = [
  ["omnipoll/os", (fd: number) => os.close(fd)],
  ["a close without announceClose", (fd: number) => closeSync(fd)],
] as const;
const MODES = [
  ["level triggered", 0],
  ["EV_CLEAR", KQ_EV_CLEAR],
  ["EV_DISPATCH", KQ_EV_DISPATCH],
  ["EV_ONESHOT", KQ_EV_ONESHOT],
] as const;

for (const [how, close] of CLOSES) {
  for (const [mode, flags] of MODES) {
    test(
      `${how}, ${mode}: no event of a file that a dup keeps open, no busy loop`,
      scoped((scope) => {
        const queue = newQueue(scope);
        const [r, w] = os.pipe();
        scope.dup(r);
        scope.own(w);
        add(queue, r, KQ_FILTER_READ, flags);
        os.write(w, "stale");
        close(r);
        assertNoEvents(queue);
        os.write(w, "more");
        assertNoEvents(queue, 20);
        const [event] = queue.control([kevent(r, KQ_FILTER_READ, 2)], 1, 0);
        assert.is(event?.flags, KQ_EV_ERROR);
        assert.is(event?.data, 9, "EBADF");
      }),
    );

    test(
      `${how}, ${mode}: the number again, for another file, has no event of the first`,
      scoped((scope) => {
        const queue = newQueue(scope);
        const [r, w] = os.pipe();
        scope.dup(r);
        scope.own(w);
        const [empty, other] = scope.pipe();
        add(queue, r, KQ_FILTER_READ, flags);
        os.write(w, "stale");
        close(r);
        const again = scope.dup(empty);
        assert.is(again, r);
        assertNoEvents(queue); // the new one is not registered
        throws(() => remove(queue, again, KQ_FILTER_READ), FileNotFoundError, "ENOENT");
        add(queue, again, KQ_FILTER_READ, flags);
        assertNoEvents(queue);
        os.write(w, "more of the first");
        assertNoEvents(queue, 20);
        os.write(other, "xy");
        assert.equal(take(queue, 1), [[again, KQ_FILTER_READ, flags, 0, 2]]);
        os.read(again, 2);
        scope.close(w); // hangs up the first
        assertNoEvents(queue, 20);
      }),
    );

    test(
      `${how}, ${mode}: a new registration takes the place of the one that was closed`,
      scoped((scope) => {
        const queue = newQueue(scope);
        const [a, b] = os.socketpair();
        scope.dup(a);
        scope.own(b);
        const [c, d] = scope.socketpair();
        add(queue, a, KQ_FILTER_READ, flags);
        add(queue, a, KQ_FILTER_WRITE, flags);
        os.write(b, "stale");
        close(a);
        const again = scope.dup(c);
        assert.is(again, a);
        add(queue, again, KQ_FILTER_READ);
        scope.close(b); // hangs up the first
        assertNoEvents(queue);
        os.write(d, "123");
        assert.equal(take(queue, 1), [[again, KQ_FILTER_READ, 0, 0, 3]]);
        scope.close(d);
        assert.equal(take(queue, 1), [[again, KQ_FILTER_READ, KQ_EV_EOF, 0, 3]]);
        throws(() => remove(queue, again, KQ_FILTER_WRITE), FileNotFoundError, "ENOENT");
      }),
    );
  }

  test(
    `${how}: other registrations survive, in both sets`,
    scoped((scope) => {
      const queue = newQueue(scope);
      const [a, b] = scope.socketpair();
      const [r, w] = os.pipe();
      scope.dup(r);
      scope.own(w);
      add(queue, a, KQ_FILTER_READ);
      add(queue, a, KQ_FILTER_WRITE, KQ_EV_CLEAR);
      add(queue, r, KQ_FILTER_READ);
      assert.is(take(queue).length, 1);
      os.write(w, "stale");
      close(r);
      assertNoEvents(queue); // also EV_CLEAR, which was reported already
      os.write(b, "x");
      assert.equal(take(queue, 1), [[a, KQ_FILTER_READ, 0, 0, 1]]);
    }),
  );

  test(
    `${how}: a file and its number again`,
    scoped((scope) => {
      const queue = newQueue(scope);
      const path = join(scope.folder(), "file");
      writeFileSync(path, "0123");
      const fd = scope.open(path);
      const copy = os.dup(fd);
      add(queue, copy, KQ_FILTER_READ);
      close(copy);
      assertNoEvents(queue);
      const [r] = scope.pipe();
      assert.is(r, copy);
      assertNoEvents(queue, 20);
      throws(() => remove(queue, r, KQ_FILTER_READ), FileNotFoundError, "ENOENT");
    }),
  );

  test(
    `${how}: closed and reopened without pause by one thread, waited for by another`,
    scoped(async (scope) => {
      const queue = newQueue(scope);
      const [stop, stopper] = scope.pipe();
      add(queue, stop, KQ_FILTER_READ);
      // Its own pipes come and go at the same numbers; ours are registered by number.
      const { done } = await inThread(
        0,
        `const close = data.raw ? closeSync : os.close;
         const end = performance.now() + 700;
         let rounds = 0;
         while (performance.now() < end || rounds <= 100) {
           const [r, w] = os.pipe();
           const dup = os.dup(r);
           os.write(w, "x".repeat(7));
           for (const fd of [r, w, dup]) close(fd);
           rounds++;
         }
         os.write(data.stopper, "stop");
         return rounds;`,
        { raw: close !== CLOSES[0][1], stopper },
      );
      const probe = os.pipe();
      for (const fd of probe) os.close(fd);
      let stopped = false;
      let events = 0;
      while (!stopped) {
        for (const fd of probe) {
          for (const filter of [KQ_FILTER_READ, KQ_FILTER_WRITE]) {
            try {
              add(queue, fd, filter);
            } catch (error) {
              if (!(error instanceof OSError)) throw error;
              assert.ok(["EBADF", "EPIPE"].includes(String(error.code)), error.code);
            }
          }
        }
        for (const event of take(queue, 0.002)) {
          const [ident, filter, flags, , data] = event;
          events++;
          if (ident === stop) {
            stopped = true;
            continue;
          }
          assert.ok(probe.includes(Number(ident)), String(event));
          const known = filter === KQ_FILTER_READ ? [0, 7] : [0, 65529, 65536];
          assert.ok(known.includes(Number(data)), String(event));
          assert.ok((flags & ~KQ_EV_EOF) === 0, String(event));
        }
      }
      assert.ok(Number(await done) > 100);
      assert.ok(events >= 1);
      os.read(stop, 4);
      assertNoEvents(queue, 100); // the descriptor that the thread closed is gone
    }),
  );

  test(
    `${how}: ten thousand registrations that are closed leave nothing`,
    scoped((scope) => {
      const queue = newQueue(scope);
      const [r, w] = scope.pipe();
      for (let i = 0; i < 10_000; i++) {
        const fd = os.dup(r);
        queue.control([kevent(fd, KQ_FILTER_READ, KQ_EV_ADD)], 0);
        close(fd);
      }
      assertNoEvents(queue);
      os.write(w, "x");
      assertNoEvents(queue);
    }),
  );
}

test(
  "a descriptor that another thread closes while this one waits: no wake, no busy loop",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const [r, w] = os.pipe();
    scope.dup(r);
    scope.own(w);
    add(queue, r, KQ_FILTER_READ);
    const { done } = await inThread(30, "os.close(data.r); os.write(data.w, 'x');", { r, w });
    assertNoEvents(queue, 150);
    await done;
  }),
);

test(
  "the queue's descriptor stays the same file for its watchers",
  scoped((scope) => {
    const [outer, inner] = [newQueue(scope), newQueue(scope)];
    add(outer, inner.fileno(), KQ_FILTER_READ);
    const [r, w] = os.pipe();
    scope.dup(r);
    scope.own(w);
    const [other, writer] = scope.pipe();
    add(inner, r, KQ_FILTER_READ);
    add(inner, other, KQ_FILTER_READ);
    os.write(w, "stale");
    closeSync(r);
    assertNoEvents(inner, 20); // made anew here
    assertNoEvents(outer, 20);
    os.write(writer, "x");
    assert.equal(take(outer, 1), [[inner.fileno(), KQ_FILTER_READ, 0, 0, 1]]);
    assert.equal(take(inner), [[other, KQ_FILTER_READ, 0, 0, 1]]);
  }),
);

test("a queue whose descriptor is closed with omnipoll/os is of no use, and does no harm", () => {
  const [queue, other] = [kqueue(), kqueue()];
  const [r, w] = os.pipe();
  add(queue, r, KQ_FILTER_READ);
  add(other, r, KQ_FILTER_READ);
  os.close(queue.fileno());
  os.write(w, "x");
  throws(() => take(queue), OSError, "EBADF");
  assert.equal(take(other), [[r, KQ_FILTER_READ, 0, 0, 1]]);
  queue.close();
  assert.equal(take(other), [[r, KQ_FILTER_READ, 0, 0, 1]]);
  other.close();
  for (const fd of [r, w]) os.close(fd);
});

test.run();
