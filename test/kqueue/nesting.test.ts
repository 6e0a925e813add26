// The queue's own descriptor, as poll, select, epoll and other queues report it. KQ-217 to 220.

import { spawn } from "node:child_process";

import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  EPOLLET,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDNORM,
  kevent,
  type Kqueue,
  KQ_EV_ADD as ADD,
  KQ_EV_CLEAR as CLEAR,
  KQ_EV_DELETE as DELETE,
  KQ_EV_DISABLE as DISABLE,
  KQ_EV_ENABLE as ENABLE,
  KQ_EV_ONESHOT as ONESHOT,
  KQ_FILTER_PROC as PROC,
  KQ_FILTER_READ as READ,
  KQ_FILTER_SIGNAL as SIGNAL,
  KQ_FILTER_TIMER as TIMER,
  KQ_FILTER_USER as USER,
  KQ_FILTER_VNODE as VNODE,
  KQ_FILTER_WRITE as WRITE,
  KQ_NOTE_EXIT,
  KQ_NOTE_WRITE,
  OSError,
  poll,
  select,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { type Scope, scoped, sleep } from "../support/descriptors.ts";
import { change, fieldsOf, idents, newQueue, now, timer, trigger, user } from "./support.ts";
import { EVERYTHING, maskOf, READABLE, setsOf } from "../support/probes.ts";
import { assertTook, inThread, throws } from "../support/expect.ts";
import { closeSync, writeFileSync } from "../support/files.ts";
import { answered, BEYOND_DEADLINE, clockMs, needPosts, SOME_FILE } from "../support/world.ts";

/** Waits until poll says that a queue is readable; fails if it never is. */
function arrived(queue: Kqueue): void {
  const p = poll();
  p.register(queue, EVERYTHING);
  assert.equal(p.poll(3000), [[queue.fileno(), READABLE]]);
}

/** Makes a knote of a queue active; returns a function that ends that, and the filter of the event. */
type Kind = (queue: Kqueue, s: Scope) => readonly [end: () => void, filter: number];

const KINDS: Record<string, Kind> = {
  "a pipe with data": (queue, s) => {
    const [r, w] = s.pipe();
    change(queue, kevent(r));
    os.write(w, "x");
    return [() => os.read(r, 1), READ];
  },
  "a writable socket": (queue, s) => {
    const [a] = s.socketpair();
    change(queue, kevent(a, WRITE));
    return [() => change(queue, kevent(a, WRITE, DELETE)), WRITE];
  },
  "the second filter of a socket": (queue, s) => {
    const [a] = s.socketpair();
    change(queue, kevent(a), kevent(a, WRITE));
    return [() => change(queue, kevent(a, WRITE, DELETE)), WRITE];
  },
  "a file that is not at its end": (queue, s) => {
    const fd = s.open(SOME_FILE);
    change(queue, kevent(fd));
    return [() => change(queue, kevent(fd, READ, DELETE)), READ];
  },
  "a file that is written to": (queue, s) => {
    const path = join(s.folder(), "file");
    writeFileSync(path, "");
    const fd = s.open(path);
    change(queue, kevent(fd, VNODE, ADD | CLEAR, KQ_NOTE_WRITE));
    writeFileSync(path, "x", { flag: "a" });
    return [() => {}, VNODE];
  },
  "a timer": (queue) => {
    change(queue, timer(1, ADD | ONESHOT, 0, 10));
    return [() => {}, TIMER];
  },
  "a user event": (queue) => {
    change(queue, user(1, ADD), trigger(1));
    return [() => change(queue, user(1, CLEAR)), USER];
  },
  "a user event that is deleted": (queue) => {
    change(queue, user(1, ADD), trigger(1));
    return [() => change(queue, user(1, DELETE)), USER];
  },
  "a user event that is disabled": (queue) => {
    change(queue, user(1, ADD), trigger(1));
    return [() => change(queue, user(1, DISABLE)), USER];
  },
  "the end of a process": (queue) => {
    const child = spawn("true", { stdio: "ignore" });
    change(queue, kevent(child.pid as number, PROC, ADD, KQ_NOTE_EXIT));
    return [() => {}, PROC];
  },
  "a signal": (queue) => {
    change(queue, kevent(28, SIGNAL, ADD));
    process.kill(process.pid, 28);
    return [() => {}, SIGNAL];
  },
  "another queue": (queue, s) => {
    const inner = newQueue(s);
    change(queue, kevent(inner.fileno()));
    change(inner, user(1, ADD | CLEAR), trigger(1));
    return [() => inner.control(null, 1, 0), READ];
  },
};

for (const [name, kind] of Object.entries(KINDS)) {
  test(
    `KQ-217: ${name} makes the queue readable for select, epoll and kqueue, until it is over`,
    scoped((s) => {
      const queue = newQueue(s);
      const ep = s.epoll([queue as never, EPOLLIN | EPOLLOUT | EPOLLRDNORM]);
      const edge = s.epoll([queue as never, EPOLLIN | EPOLLET]);
      const outer = newQueue(s);
      change(outer, kevent(queue.fileno(), READ, ADD, 0, 0, 5));
      assert.is(maskOf(queue.fileno()), 0);
      assert.equal(now(outer), []);
      const [end, filter] = kind(queue, s);
      arrived(queue);
      assert.equal(setsOf(queue.fileno()), [1, 0, 0]);
      assert.equal(ep.poll(0), [[queue.fileno(), EPOLLIN | EPOLLRDNORM]]);
      assert.equal(edge.poll(0), [[queue.fileno(), EPOLLIN]]);
      const [event] = now(outer);
      assert.equal(
        event?.filter((_, i) => i !== 4),
        [queue.fileno(), READ, 0, 0, 5],
      );
      assert.ok(Number(event?.[4]) >= 1);
      assert.equal(
        queue.control(null, 4, 0).map((found) => found.filter),
        [filter],
      );
      end();
      queue.control(null, 4, 0);
      assert.equal(now(queue), []);
      assert.is(maskOf(queue.fileno()), 0);
      assert.equal(setsOf(queue.fileno()), [0, 0, 0]);
      assert.equal(ep.poll(0), []);
      assert.equal(now(outer), []);
    }),
  );
}

test(
  "KQ-218: a state that is over may leave the queue readable until the next control()",
  scoped((s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    const [r2, w2] = s.pipe();
    change(queue, kevent(r), kevent(r2));
    os.write(w, "x");
    os.write(w2, "x");
    assert.equal(idents(queue, 1), [r]);
    os.read(r, 1);
    os.read(r2, 1);
    assert.is(maskOf(queue.fileno()), READABLE);
    assert.equal(now(queue), []);
    assert.is(maskOf(queue.fileno()), 0);
    // The core has no disabled knote in its active list; FreeBSD keeps one there until the next scan.
    change(queue, user(1, ADD), trigger(1), user(1, DISABLE));
    assert.is(maskOf(queue.fileno()), answered(0, READABLE));
    assert.equal(now(queue), []);
    assert.is(maskOf(queue.fileno()), 0);
    change(queue, user(1, ENABLE));
    assert.is(maskOf(queue.fileno()), READABLE);
  }),
);

test(
  "KQ-219: an outer queue with EV_CLEAR reports an inner one once for each thing that happens",
  scoped(async (s) => {
    const inner = newQueue(s);
    const outer = newQueue(s);
    change(inner, kevent(28, SIGNAL, ADD), user(1, ADD | CLEAR));
    change(outer, kevent(inner.fileno(), READ, ADD | CLEAR));
    assert.equal(now(outer), []);
    for (let i = 0; i < 4; i++) {
      process.kill(process.pid, 28);
      assert.equal(idents(outer, 4, 2), [inner.fileno()]);
      assert.equal(idents(outer), []);
      if (i % 2 === 0)
        assert.equal(
          inner.control(null, 4, 0).map((event) => event.data),
          [i === 0 ? 1 : 2],
        );
    }
    assert.equal(
      inner.control(null, 4, 0).map((event) => event.data),
      [1],
    );
    for (let i = 0; i < 3; i++) {
      change(inner, trigger(1));
      assert.equal(idents(outer), [inner.fileno()]);
      assert.equal(idents(outer), []);
      assert.equal(idents(inner), [1]);
    }
  }),
);

test(
  "KQ-220: a queue is not read or written",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD), trigger(1));
    const code = answered("EINVAL", "ENXIO");
    throws(() => os.read(queue.fileno(), 1), OSError, code);
    throws(() => os.write(queue.fileno(), "x"), OSError, code);
    assert.equal(idents(queue), [1]);
  }),
);

test(
  "the data of an outer event is how many knotes are known to be active, at least one",
  scoped((s) => {
    const inner = newQueue(s);
    const outer = newQueue(s);
    change(outer, kevent(inner.fileno()));
    for (let i = 0; i < 3; i++) {
      change(inner, user(i, ADD), trigger(i));
      assert.equal(now(outer), [[inner.fileno(), READ, 0, 0, i + 1, 0]]);
    }
    change(inner, user(0, CLEAR));
    assert.is(now(inner).length, 2);
    assert.equal(now(outer), [[inner.fileno(), READ, 0, 0, 2, 0]]);
  }),
);

test(
  "queues in queues in queues",
  scoped((s) => {
    const chain = [newQueue(s)];
    for (let i = 0; i < 4; i++) {
      const outer = newQueue(s);
      change(outer, kevent((chain.at(-1) as Kqueue).fileno()));
      chain.push(outer);
    }
    const [innermost, ...others] = chain as [Kqueue, ...Kqueue[]];
    const outermost = others.at(-1) as Kqueue;
    assert.equal(now(outermost), []);
    change(innermost, user(1, ADD | CLEAR), trigger(1));
    for (const [i, queue] of others.entries()) {
      assert.equal(now(queue), [[(chain[i] as Kqueue).fileno(), READ, 0, 0, 1, 0]]);
    }
    assert.equal(idents(innermost), [1]);
    for (const queue of others) assert.equal(now(queue), []);
    innermost.close();
    for (const queue of others) assert.equal(now(queue), []);
  }),
);

test(
  "waiting on a queue from outside ends when a knote becomes active",
  scoped(async (s) => {
    needPosts();
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    change(queue, kevent(r), user(1, ADD | CLEAR));
    const p = poll();
    p.register(queue);
    const ep = s.epoll([queue as never, EPOLLIN]);
    const outer = newQueue(s);
    change(outer, kevent(queue));
    const waits: Record<string, () => number> = {
      poll: () => p.poll(BEYOND_DEADLINE * 1000).length,
      epoll: () => ep.poll(BEYOND_DEADLINE).length,
      select: () => select([queue], [], [], BEYOND_DEADLINE)[0].length,
      kqueue: () => outer.control(null, 1, BEYOND_DEADLINE).length,
    };
    for (const [name, wait] of Object.entries(waits)) {
      const { done, passed } = await inThread(50, `os.write(data, "x")`, w);
      const result = wait();
      assert.is(result, 1, name);
      assertTook(passed(), 50, 2500);
      await done;
      assert.equal(now(queue), [[r, READ, 0, 0, 1, 0]]);
      os.read(r, 1);
      assert.equal(now(queue), []);

      const posted = await inThread(
        50,
        `select.kqueue.fromfd(data).control([select.kevent(1, ${USER}, 0, 0x1000000)], 0)`,
        queue.fileno(),
      );
      assert.is(wait(), 1, name);
      await posted.done;
      assert.equal(idents(queue), [1]);
      assert.is(maskOf(queue.fileno()), 0, name);
    }
  }),
);

test(
  "a queue that is closed is in no other any more",
  scoped((s) => {
    const inner = newQueue(s);
    const outer = newQueue(s);
    change(inner, user(1, ADD), trigger(1));
    change(outer, kevent(inner));
    assert.equal(idents(outer), [inner.fileno()]);
    const fd = inner.fileno();
    inner.close();
    assert.equal(now(outer), []);
    throws(() => change(outer, kevent(fd, READ, DELETE)), OSError, "EBADF");
  }),
);

test(
  "a queue made anew because of a dup goes on being watched by other queues",
  scoped((s) => {
    // The timer has to be pending while the queue is made anew; a busy machine needs longer for that.
    for (let ms = 100; ; ms *= 2) {
      const inner = newQueue(s);
      const outer = newQueue(s);
      const [r, w] = os.pipe();
      s.own(w);
      const begun = clockMs();
      change(outer, kevent(inner));
      change(inner, kevent(r), user(1, ADD | CLEAR), timer(1, ADD | ONESHOT, 0, ms));
      s.dup(r);
      os.write(w, "x");
      const ready = idents(outer);
      // Behind the back of omnipoll/os.
      closeSync(r);
      const closed = [now(inner), now(outer)];
      change(inner, trigger(1));
      const triggered = [idents(outer), idents(inner), now(outer)];
      if (clockMs() - begun >= ms) continue;
      assert.equal(ready, [inner.fileno()]);
      assert.equal(closed, [[], []]);
      assert.equal(triggered, [[inner.fileno()], [1], []]);
      sleep(ms);
      assert.equal(idents(outer), [inner.fileno()]);
      assert.equal(inner.control(null, 4, 0).map(fieldsOf), [[1, TIMER, ONESHOT | CLEAR, 0, 1, 0]]);
      return;
    }
  }),
);

test.run();
