// Callbacks of a simulated kernel run in the middle of a wait, and may call the API: the wait keeps its
// own memory, and its objects may change or end.

import * as assert from "uvu/assert";
import {
  EPOLLIN as IN,
  kevent,
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_FILTER_READ as READ,
  KQ_FILTER_USER as USER,
  KQ_NOTE_TRIGGER as TRIGGER,
  type Kqueue,
  POLLIN,
} from "../../bindings/node/select.ts";
import { suite } from "../support/uvu.ts";
import { outcomeOf, World } from "./world.ts";

/** Waits for events of a queue: ident, `data` and `udata` of each. */
function take(queue: Kqueue): unknown {
  const events = queue.control(null, 10, 5);
  return events.map(({ ident, data, udata }) => [ident, data, udata]);
}

for (const personality of ["linux", "bsd", "posix"] as const) {
  const test = suite(`calls in a wait, ${personality}`);
  const make = () => {
    const on = new World(personality);
    const [r, w] = on.pipe();
    /** Runs `callback` in the next wait, and then makes `r` readable. */
    const inWait = (callback: () => void): void =>
      void on.sim.at(on.sim.now() + 1, () => {
        callback();
        on.os.write(w, "xyz");
      });
    return { on, r, inWait };
  };

  test("changes and events of another queue leave the waiting one its events", () => {
    const { on, r, inWait } = make();
    const queue = on.select.kqueue();
    const other = on.select.kqueue();
    queue.control([kevent(r, READ, ADD | CLEAR, 0, 0, 77)], 0);
    let inner: unknown;
    inWait(() => {
      other.control([kevent(1, USER, ADD), kevent(2, USER, ADD)], 0);
      inner = other.control([kevent(2, USER, 0, TRIGGER, 0, 5)], 1, 0).map(({ ident }) => ident);
    });
    assert.equal(take(queue), [[r, 3, 77]]);
    assert.equal(inner, [2]);
  });

  test("changes that need more memory than the wait has write to no memory of the wait", () => {
    const { on, r, inWait } = make();
    const queue = on.select.kqueue();
    const other = on.select.kqueue();
    queue.control([kevent(r, READ, ADD | CLEAR, 0, 0, 77)], 0);
    const users = Array.from({ length: 3000 }, (_, ident) => kevent(ident, USER, ADD));
    inWait(() => other.control(users, 0));
    assert.equal(take(queue), [[r, 3, 77]]);
    const trigger = users.map(({ ident }) => kevent(ident, USER, 0, TRIGGER));
    const idents = other.control(trigger, 3000, 0).map(({ ident }) => ident);
    assert.equal(
      idents,
      users.map(({ ident }) => ident),
    );
  });

  test("a wait of a queue within a wait of the same queue", () => {
    const { on, r, inWait } = make();
    const [inner, toInner] = on.pipe();
    const queue = on.select.kqueue();
    queue.control([kevent(r, READ, ADD), kevent(inner, READ, ADD | CLEAR)], 0);
    let found: unknown;
    inWait(() => {
      on.os.write(toInner, "a");
      found = take(queue);
    });
    assert.equal(take(queue), [[r, 3, 0]]);
    assert.equal(found, [[inner, 1, 0]]);
  });

  test("a queue that is closed in its wait", () => {
    for (const isByNumber of [false, true]) {
      const { on, r, inWait } = make();
      const queue = on.select.kqueue();
      queue.control([kevent(r, READ, ADD)], 0);
      inWait(() => {
        if (isByNumber) on.os.close(queue.fileno());
        else queue.close();
      });
      // A kernel with kqueue decides itself.
      if (personality === "bsd") take(queue);
      else
        assert.is(
          outcomeOf(() => take(queue)),
          "EBADF",
        );
      const next = on.select.kqueue();
      next.control([kevent(r, READ, ADD)], 0);
      assert.equal(take(next), [[r, 3, 0]]);
    }
  });

  test("a wait of another epoll for more events than the waiting one has room for", () => {
    const { on, r, inWait } = make();
    const [ready, toReady] = on.pipe();
    on.os.write(toReady, "a");
    const epoll = on.epoll([[r, IN]]);
    const other = on.epoll([[ready, IN]]);
    let inner: unknown;
    inWait(() => {
      inner = other.poll(0, 5000);
    });
    assert.equal(epoll.poll(5), [[r, IN]]);
    assert.equal(inner, [[ready, IN]]);
  });

  test("a poll object whose registrations change in its wait", () => {
    const { on, r, inWait } = make();
    const [late, toLate] = on.pipe();
    on.os.write(toLate, "a");
    const poll = on.select.poll();
    const pipes = Array.from({ length: 40 }, () => on.pipe()[0]);
    for (const fd of [...pipes, r]) poll.register(fd, POLLIN);
    let inner: unknown;
    inWait(() => {
      for (const fd of pipes) poll.unregister(fd);
      for (let i = 0; i < 100; i++) poll.register(on.pipe()[0], POLLIN);
      poll.register(late, POLLIN);
      inner = poll.poll(0);
    });
    assert.equal(poll.poll(5000), [
      [r, POLLIN],
      [late, POLLIN],
    ]);
    assert.equal(inner, [[late, POLLIN]]);
  });

  test("a devpoll object that is closed in its wait", () => {
    const { on, r, inWait } = make();
    const devpoll = on.select.devpoll();
    devpoll.register(r, POLLIN);
    inWait(() => devpoll.close());
    assert.is(
      outcomeOf(() => devpoll.poll(5000)),
      "EBADF",
    );
  });

  test("select() within select()", () => {
    const { on, r, inWait } = make();
    const [ready, toReady] = on.pipe();
    on.os.write(toReady, "a");
    const many = Array.from({ length: 300 }, () => ready);
    let inner: unknown;
    inWait(() => {
      inner = on.select.select([ready, r], [toReady], many, 0);
    });
    assert.equal(on.select.select([r], [], [r], 5), [[r], [], []]);
    assert.equal(inner, [[ready], [toReady], []]);
    assert.equal(on.select.select([r], [], [], 0), [[r], [], []]);
  });

  test.run();
}
