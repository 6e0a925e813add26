// Queue objects: construction, close, fromfd, the arguments of control, waiting. KQ-020 to 043.

import { spawnSync } from "node:child_process";

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  type Kevent,
  kevent,
  Kqueue,
  kqueue,
  KQ_EV_ADD as ADD,
  KQ_EV_DELETE as DELETE,
  KQ_EV_ENABLE as ENABLE,
  KQ_FILTER_READ as READ,
  KQ_FILTER_TIMER as TIMER,
  KQ_FILTER_USER as USER,
  KQ_FILTER_WRITE as WRITE,
  FileNotFoundError,
  OSError,
  OverflowError,
  ValueError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { change, fieldsOf, idents, newQueue, trigger, user } from "./support.ts";
import { closedNumber } from "../support/probes.ts";
import { assertTook, inThread, signalled, throws, timed } from "../support/expect.ts";
import { readlinkSync } from "../support/files.ts";
import { eventually, ignoreAgain, listenTo } from "../support/world.ts";

/** The methods without their types, for arguments that the types forbid. */
interface AnyQueue {
  control(...given: unknown[]): Kevent[];
  controlInto(...given: unknown[]): number;
  close(...given: unknown[]): void;
  fileno(...given: unknown[]): number;
}
const any = (queue: Kqueue): AnyQueue => queue as unknown as AnyQueue;
const anyKqueue = kqueue as unknown as ((...given: unknown[]) => Kqueue) & {
  fromfd(...given: unknown[]): Kqueue;
};

test(
  "KQ-020: kqueue() takes no arguments, and is the only way to make one",
  scoped((s) => {
    for (const given of [[1], [{ a: 1 }], [undefined]]) {
      throws(() => anyKqueue(...given), TypeError);
    }
    const AnyClass = Kqueue as unknown as new (...given: unknown[]) => unknown;
    throws(() => new AnyClass(), TypeError);
    throws(() => new AnyClass({}, 1, 1, Symbol("kqueue()")), TypeError);
    const queue = newQueue(s);
    assert.instance(queue, Kqueue);
    assert.ok(queue instanceof (kqueue as unknown as new () => object));
    throws(() => ((queue as unknown as { extra: number }).extra = 1), TypeError);
  }),
);

test("KQ-022: closing twice is no error", () => {
  const queue = kqueue();
  assert.is(queue.closed, false);
  const fd = queue.fileno();
  assert.is(queue.close(), undefined);
  assert.is(queue.closed, true);
  throws(() => os.get_inheritable(fd), OSError, "EBADF");
  assert.is(queue.close(), undefined);
  assert.is(queue.closed, true);
  throws(() => any(queue).close(1), TypeError);
});

test("KQ-023: a closed queue does nothing any more", () => {
  const queue = kqueue();
  queue.close();
  throws(() => queue.fileno(), ValueError);
  throws(() => queue.control(null, 4), ValueError);
  throws(() => queue.control(null, 0), ValueError);
  throws(() => queue.controlInto(null, []), ValueError);
});

test(
  "KQ-024: a program that is started does not inherit the descriptor",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD), kevent(1, TIMER, ADD, 0, 1000));
    assert.is(os.get_inheritable(queue.fileno()), false);
    const { stdout } = spawnSync("ls", ["-l", "/proc/self/fd"], { encoding: "utf8" });
    assert.match(stdout, "->");
    assert.not.match(stdout, /eventpoll|eventfd|timerfd/);
  }),
);

test("KQ-025: a kqueue object has no other methods than Python's, but `using` instead of `with`", () => {
  const beyond = new Set(["constructor", "controlInto", "controlAsync", "wakeup", "inspect"]);
  const names = Object.getOwnPropertyNames(Kqueue.prototype).filter((name) => !beyond.has(name));
  assert.equal(names.sort(), ["close", "closed", "control", "fileno"]);
  let fd: number;
  {
    using queue = kqueue();
    fd = queue.fileno();
    assert.match(readlinkSync(`/proc/self/fd/${fd}`), "eventpoll");
  }
  throws(() => os.get_inheritable(fd), OSError, "EBADF");
});

test(
  "KQ-027: control has positions only, and needs two arguments",
  scoped((s) => {
    const queue = any(newQueue(s));
    throws(() => queue.control({ changelist: null, max_events: 1 }), TypeError);
    throws(() => queue.control(null), TypeError);
    throws(() => queue.control(), TypeError);
    throws(() => queue.control(null, 1, 0, 0), TypeError);
    throws(() => queue.control(null, 1, { timeout: 0 }), TypeError);
    throws(() => queue.controlInto(null), TypeError);
    throws(() => queue.fileno(1), TypeError);
  }),
);

test(
  "KQ-029: closed, then max_events, then timeout, then changelist",
  scoped((s) => {
    const closed = kqueue();
    closed.close();
    throws(() => any(closed).control(1, -1, -1), ValueError);
    assert.match(throws(() => any(closed).control(1, -1, "x"), ValueError).message, "closed");
    // CPython converts its arguments before it checks the object.
    throws(() => any(closed).control(1, "x", "x"), TypeError);
    throws(() => any(closed).control(1, 2 ** 31, "x"), OverflowError);
    throws(() => any(closed).control(1), TypeError);
    const queue = any(newQueue(s));
    assert.match(throws(() => queue.control(1, -1, "x"), ValueError).message, "max_events");
    assert.match(throws(() => queue.control(1, "x", -1), TypeError).message, "max_events");
    assert.match(throws(() => queue.control(1, 1, -1), ValueError).message, "timeout");
    assert.match(throws(() => queue.control(1, 0, "x"), TypeError).message, "timeout");
    assert.match(throws(() => queue.control(1, 1, 0), TypeError).message, "changelist");
    throws(() => queue.control(null, 2 ** 31, 0), OverflowError);
    for (const max of [1.5, null, undefined, "1", NaN]) {
      throws(() => queue.control(null, max, 0), TypeError);
    }
  }),
);

test(
  "KQ-030: a timeout that is no number of seconds is a TypeError, whatever is wrong with it",
  scoped((s) => {
    const queue = any(newQueue(s));
    for (const timeout of ["x", NaN, 1e300, Infinity, -Infinity, [], {}, 9223372037]) {
      assert.match(throws(() => queue.control(null, 1, timeout), TypeError).message, "timeout");
    }
    for (const timeout of [0, 0n, false, -0]) {
      assert.equal(queue.control(null, 1, timeout), []);
    }
  }),
);

test(
  "KQ-031: a negative timeout is a ValueError, however small",
  scoped((s) => {
    const queue = newQueue(s);
    for (const timeout of [-1, -0.001, -1e-100, -(2 ** 31)]) {
      throws(() => queue.control(null, 1, timeout), ValueError);
      throws(() => queue.control(null, 0, timeout), ValueError);
    }
  }),
);

test(
  "KQ-032: timeouts are seconds, of which fractions count and are never cut short",
  scoped(async (s) => {
    const queue = newQueue(s);
    const quick = timed(() => queue.control(null, 1, 0));
    assert.equal(quick.result, []);
    assertTook(quick.ms, 0, 20);
    for (const seconds of [0.05, 0.0005, 0.0000001]) {
      const { result, ms } = timed(() => queue.control(null, 1, seconds));
      assert.equal(result, []);
      assertTook(ms, seconds * 1000, seconds * 1000 + 200);
    }
    const [r, w] = s.pipe();
    change(queue, kevent(r));
    for (const timeout of [null, undefined, 1e9]) {
      const { done, passed } = await inThread(60, `os.write(data, "x")`, w);
      const result = any(queue).control(null, 1, timeout);
      assert.equal(result.map(fieldsOf), [[r, READ, 0, 0, 1, 0]]);
      assertTook(passed(), 60, 2000);
      await done;
      os.read(r, 9);
    }
  }),
);

test(
  "KQ-033: no changes are null, nothing, or a list without elements",
  scoped((s) => {
    const queue = newQueue(s);
    change(queue, user(1, ADD), trigger(1));
    for (const changes of [null, undefined, [], new Set<Kevent>(), new Map<Kevent, 0>().keys()]) {
      assert.equal(queue.control(changes, 4, 0).map(fieldsOf), [[1, USER, 0, 0, 0, 0]]);
    }
  }),
);

function* adding(...added: readonly number[]): Generator<Kevent> {
  for (const ident of added) yield user(ident, ADD);
}

function* broken(): Generator<Kevent> {
  yield user(1, DELETE);
  throw new RangeError("broken");
}

test(
  "any iterable is a changelist, and is read before anything is applied",
  scoped((s) => {
    const queue = newQueue(s);
    queue.control(adding(1, 2, 3), 0);
    queue.control(new Set([trigger(3), trigger(1)]), 0);
    assert.equal(idents(queue), [3, 1]);
    throws(() => queue.control(broken(), 0), RangeError);
    throws(() => any(queue).control([user(1, DELETE), 5], 0), TypeError);
    assert.equal(idents(queue), [3, 1]);
  }),
);

test(
  "KQ-035: a value that is not iterable is no changelist, not even one kevent",
  scoped((s) => {
    const queue = any(newQueue(s));
    for (const changes of [1, true, {}, kevent(1), Symbol("x")]) {
      assert.match(throws(() => queue.control(changes, 0), TypeError).message, "changelist");
    }
  }),
);

test(
  "KQ-036: all elements are kevents",
  scoped((s) => {
    const queue = any(newQueue(s));
    for (const changes of [[1], [kevent(1), null], "ab", [{ ident: 1, filter: USER }]]) {
      assert.match(throws(() => queue.control(changes, 0), TypeError).message, "changelist[");
    }
    throws(() => queue.controlInto(null, [1]), TypeError);
    throws(() => queue.controlInto(null, new Set()), TypeError);
    throws(() => queue.controlInto(null, null), TypeError);
  }),
);

test(
  "KQ-037: the result is a list of new kevents, in the order of the queue",
  scoped((s) => {
    const queue = newQueue(s);
    const add = user(5, ADD, 7, 0, 99);
    change(queue, user(4, ADD), add, trigger(5), trigger(4));
    const first = queue.control(null, 8, 0);
    const second = queue.control(null, 8, 0);
    assert.ok(Array.isArray(first));
    assert.equal(
      first.map(({ ident }) => ident),
      [5, 4],
    );
    for (let i = 0; i < 2; i++) {
      assert.is.not(first[i], second[i]);
      assert.ok((first[i] as Kevent).equals(second[i]));
      assert.is.not(first[i], add);
    }
  }),
);

test(
  "KQ-038: with max_events 0 changes are applied and nothing is waited for",
  scoped((s) => {
    const queue = newQueue(s);
    const { result, ms } = timed(() => queue.control([user(1, ADD), trigger(1)], 0));
    assert.equal(result, []);
    assertTook(ms, 0, 50);
    assert.equal(idents(queue), [1]);
    assert.equal(queue.control([user(1, DELETE)], 0), []);
    assert.equal(idents(queue), []);
  }),
);

test(
  "KQ-039: with max_events 0 a change that fails is thrown",
  scoped((s) => {
    const queue = newQueue(s);
    const [r] = s.pipe();
    const error = throws(() => change(queue, kevent(r, READ, DELETE)), FileNotFoundError, "ENOENT");
    assert.is((error as OSError).errno, 2);
    assert.is((error as OSError).syscall, "kevent");
    throws(() => change(queue, kevent(closedNumber(), READ, ADD)), OSError, "EBADF");
    throws(() => change(queue, user(7, ENABLE)), FileNotFoundError, "ENOENT");
  }),
);

test(
  "KQ-041: changes and the wait for their events are one call",
  scoped((s) => {
    const queue = newQueue(s);
    const [a, b] = s.socketpair();
    const [c] = s.socketpair();
    os.write(a, "foo");
    const changes = [kevent(c, READ, ADD), kevent(b, READ, ADD)];
    assert.equal(queue.control(changes, 1, 1).map(fieldsOf), [[b, READ, 0, 0, 3, 0]]);
  }),
);

test(
  "KQ-042: four filters on two sockets are four events",
  scoped((s) => {
    const queue = newQueue(s);
    const [client, server] = s.tcp();
    change(
      queue,
      kevent(client, WRITE, ADD | ENABLE),
      kevent(client, READ, ADD | ENABLE),
      kevent(server, WRITE, ADD | ENABLE),
      kevent(server, READ, ADD | ENABLE),
    );
    const pairs = (): string[] =>
      queue
        .control(null, 8, 1)
        .map(({ ident, filter }) => `${ident === client ? "client" : "server"} ${filter}`)
        .sort();
    assert.equal(pairs(), [`client ${WRITE}`, `server ${WRITE}`]);
    os.send(client, "Hello!");
    os.send(server, "world!!!");
    while (queue.control(null, 8, 1).length < 4) {
      // on its way
    }
    assert.equal(pairs(), [
      `client ${READ}`,
      `client ${WRITE}`,
      `server ${READ}`,
      `server ${WRITE}`,
    ]);
    change(queue, kevent(client, WRITE, DELETE), kevent(server, READ, DELETE));
    assert.equal(pairs(), [`client ${READ}`, `server ${WRITE}`]);
  }),
);

test(
  "KQ-043, KQ-046: signals do not shorten a wait, and changes are applied once",
  scoped(async (s) => {
    const queue = newQueue(s);
    const [r, w] = s.pipe();
    let handled = 0;
    const count = (): number => handled++;
    listenTo("SIGUSR1", count);
    const sender = signalled("USR1", 30, 8);
    const ended = new Promise((resolve) => sender.once("exit", resolve));
    const changes = [kevent(r, READ, ADD), user(1, ADD)];
    const { result, ms } = timed(() => queue.control(changes, 4, 0.4));
    assert.equal(result, []);
    assertTook(ms, 400, 2000);
    await ended;
    assert.ok(await eventually(() => handled >= 3), `${handled} signals`);
    ignoreAgain("SIGUSR1", count);
    os.write(w, "x");
    assert.equal(idents(queue), [r]);
    change(queue, user(1, DELETE));
    throws(() => change(queue, user(1, DELETE)), FileNotFoundError);
  }),
);

test(
  "fromfd takes any number, which is checked when it is used, and -1 makes a new queue",
  scoped((s) => {
    const queue = newQueue(s);
    const [r] = s.pipe();
    const again = kqueue.fromfd(queue.fileno());
    assert.instance(again, Kqueue);
    assert.is(again.fileno(), queue.fileno());
    for (const given of [[], [queue.fileno(), 1]]) {
      throws(() => anyKqueue.fromfd(...given), TypeError);
    }
    for (const fd of ["1", null, 1.5, {}]) throws(() => anyKqueue.fromfd(fd), TypeError);
    throws(() => anyKqueue.fromfd(2 ** 31), OverflowError);
    // As in Python the number is not checked until it is used.
    throws(() => kqueue.fromfd(r).control([trigger(1)], 0), OSError, "EBADF");
    const fresh = kqueue.fromfd(-1);
    assert.is.not(fresh.fileno(), queue.fileno());
    change(fresh, user(1, ADD));
    fresh.close();
  }),
);

test.run();
