// createGuest's limits: descriptors, registrations, and time to wait.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EVENT_IN } from "../../asm/abi.ts";
import {
  KQ_EV_ADD,
  KQ_EV_DELETE,
  KQ_EV_ERROR,
  KQ_EV_ONESHOT,
  KQ_EV_RECEIPT,
  KQ_FILTER_READ,
  KQ_FILTER_TIMER,
  KQ_FILTER_USER,
  KQ_FILTER_WRITE,
} from "../../bindings/exports.ts";
import { host } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import type { Limit } from "../../wasi/guest/limits.ts";
import { scoped } from "../support/descriptors.ts";
import { assertTook, throws } from "../support/expect.ts";
import { openDescriptors } from "../support/files.ts";
import { cGuest, epollControl, epollWait, kevent } from "./c-guest.ts";
import { FakeSource } from "./fake-source.ts";
import { made, OUT, withGuest } from "./plain-guest.ts";

const [BUSY, CANCELED, MFILE, NOENT, NOMEM, NOSPC] = [10, 11, 33, 44, 48, 51];
const MS = 1_000_000n;

/** A function for `onRefused`, and what it was told. */
function refusals() {
  const told: Limit[] = [];
  return { told, onRefused: (limit: Limit) => void told.push(limit) };
}

/** The event of a change that failed. */
function errorOf([ident, filter]: readonly [number, number, number], error: number): number[][] {
  return [[ident, filter, KQ_EV_ERROR, 0, error, 0]];
}

function refused(limits: object, Class: ErrorConstructor, message: string): void {
  assert.is(throws(() => made({ limits } as never), Class).message, message);
}

function whole(name: string, most: number): string {
  return `${name} must be a whole number from 0 to ${most}`;
}

/** Milliseconds of the host's clock that a call takes. */
function timeOf(body: () => void): number {
  const before = host.now();
  body();
  return host.now() - before;
}

test(
  "descriptors: those handed in, opened, and kept open by names; MFILE beyond",
  withGuest((make, s) => {
    const { told, onRefused } = refusals();
    const [r] = s.pipe();
    const { call, open, preopen, set } = make({ stdin: r, limits: { descriptors: 5, onRefused } });
    const folder = preopen();
    // Descriptor 0, the folder, an end, and the other end.
    const [a] = open(folder, "pair/x/a") as [number];
    assert.equal(open(folder, "eventfd/e"), MFILE);
    assert.equal(open(folder, "pair/y/a"), MFILE);
    const [b] = open(folder, "pair/x/b") as [number];
    assert.equal(open(folder, "pair/x/b"), MFILE);
    assert.equal(told, ["descriptors", "descriptors", "descriptors"]);
    assert.equal(open(folder, "no/such"), NOENT);
    assert.is(call("fd_close", b), 0);
    assert.is(call("fd_close", a), 0);
    const [event] = open(folder, "eventfd/e") as [number];
    assert.is(typeof event, "number");
    // What the host hands in is never refused.
    set(30, r);
    set(31, r);
    assert.equal(open(folder, "eventfd/e"), MFILE);
  }),
);

test(
  "a connection that has no number stays in the queue of the listener",
  withGuest((make, s) => {
    const listener = s.listener();
    const client = s.own(os.socket(os.AF_INET, os.SOCK_STREAM));
    os.connect(client, os.getsockname(listener) as [string, number]);
    const { call, set, close, found } = make({ limits: { descriptors: 2 } });
    set(3, listener);
    set(4, new FakeSource());
    assert.is(call("sock_accept", 3, 0, OUT), MFILE);
    close(4);
    assert.is(call("sock_accept", 3, 0, OUT), 0);
    assert.ok(found() >= 512);
  }),
);

test("epolls, queues, eventfds and timers are descriptors, and none leaks when it is refused", () => {
  const before = openDescriptors();
  const { calls, dispose } = cGuest({ limits: { descriptors: 1 } });
  const ep = calls.epoll_create1(0);
  assert.ok(ep > 0);
  const results = [calls.epoll_create1(0), calls.kqueue(), calls.eventfd(0, 0)];
  assert.equal([...results, calls.timerfd_create(1, 0)], [-MFILE, -MFILE, -MFILE, -MFILE]);
  dispose();
  assert.is(openDescriptors(), before);
});

test(
  "registrations of all epolls together; NOSPC beyond",
  scoped((s) => {
    const { told, onRefused } = refusals();
    const guest = cGuest({ limits: { registrations: 2, onRefused } });
    const { calls, set, dispose } = guest;
    const [r, w] = s.pipe();
    const [a, b] = [calls.epoll_create1(0), calls.epoll_create1(0)];
    set(20, os.dup(r));
    set(21, os.dup(w));
    set(22, new FakeSource());
    assert.is(epollControl(guest, a, EPOLL_CTL_ADD, 20, EVENT_IN), 0);
    assert.is(epollControl(guest, b, EPOLL_CTL_ADD, 22, EVENT_IN), 0);
    assert.is(epollControl(guest, b, EPOLL_CTL_ADD, 21, EVENT_IN), -NOSPC);
    assert.is(epollControl(guest, a, EPOLL_CTL_ADD, 22, EVENT_IN), -NOSPC);
    // One that exists is EEXIST as ever.
    assert.is(epollControl(guest, a, EPOLL_CTL_ADD, 20, EVENT_IN), -20);
    assert.equal(told, ["registrations", "registrations"]);
    assert.is(epollControl(guest, b, EPOLL_CTL_DEL, 22, 0), 0);
    assert.is(epollControl(guest, b, EPOLL_CTL_ADD, 21, EVENT_IN), 0);
    guest.close(b);
    assert.is(epollControl(guest, a, EPOLL_CTL_ADD, 22, EVENT_IN), 0);
    dispose();
  }),
);

test(
  "registrations of queues, beside those of epolls; NOMEM beyond",
  scoped((s) => {
    const guest = cGuest({ limits: { registrations: 3 } });
    const { calls, set, dispose } = guest;
    const [r, w] = s.pipe();
    set(20, os.dup(r));
    set(21, os.dup(w));
    set(22, new FakeSource());
    const ep = calls.epoll_create1(0);
    assert.is(epollControl(guest, ep, EPOLL_CTL_ADD, 20, EVENT_IN), 0);
    const kq = calls.kqueue();
    const user = [7, KQ_FILTER_USER, KQ_EV_ADD] as const;
    assert.equal(kevent(guest, kq, [[20, KQ_FILTER_READ, KQ_EV_ADD], user]), []);
    // A knote that exists is not another one.
    assert.equal(kevent(guest, kq, [user, [20, KQ_FILTER_READ, KQ_EV_ADD]]), []);
    for (const change of [
      [21, KQ_FILTER_WRITE, KQ_EV_ADD],
      [22, KQ_FILTER_READ, KQ_EV_ADD],
      [1, KQ_FILTER_TIMER, KQ_EV_ADD],
    ] as const) {
      assert.equal(kevent(guest, kq, [change]), errorOf(change, NOMEM));
      assert.is(kevent(guest, kq, [change], 0), -NOMEM);
    }
    // What the host refuses anyway keeps its error.
    const closed = [99, KQ_FILTER_READ, KQ_EV_ADD] as const;
    assert.equal(kevent(guest, kq, [closed]), errorOf(closed, 8));
    const unknown = [1, -6, KQ_EV_ADD] as const;
    assert.equal(kevent(guest, kq, [unknown]), errorOf(unknown, 28));

    assert.equal(kevent(guest, kq, [[7, KQ_FILTER_USER, KQ_EV_DELETE]]), []);
    // A knote that is reported once is gone then.
    const once = [1, KQ_FILTER_TIMER, KQ_EV_ADD | KQ_EV_ONESHOT, 0, 0] as const;
    for (let i = 0; i < 3; i++) {
      const events = kevent(guest, kq, [once], 8, -1) as number[][];
      assert.equal(
        events.map(([ident, filter]) => [ident, filter]),
        [[1, KQ_FILTER_TIMER]],
      );
    }
    const receipt = [8, KQ_FILTER_USER, KQ_EV_ADD | KQ_EV_RECEIPT] as const;
    assert.equal(kevent(guest, kq, [receipt]), errorOf(receipt, 0));
    assert.equal(kevent(guest, kq, [user]), errorOf(user, NOMEM));
    // The knotes of a number go with it.
    guest.close(20);
    assert.equal(kevent(guest, kq, [user]), []);
    dispose();
  }),
);

test(
  "subscriptions of one poll_oneoff; NOMEM beyond",
  withGuest((make, s) => {
    const { told, onRefused } = refusals();
    const [, w] = s.pipe();
    const { poll } = make({ stdout: w, limits: { registrations: 2, onRefused } });
    assert.is((poll({ write: 1 }, { write: 1 }) as unknown[]).length, 2);
    assert.is(poll({ write: 1 }, { write: 1 }, { write: 1 }), NOMEM);
    assert.equal(told, ["registrations"]);
  }),
);

test(
  "callMs: each call waits so long, then CANCELED",
  withGuest((make, s) => {
    const { told, onRefused } = refusals();
    const [r, w] = s.pipe();
    const { poll, read } = make({ stdin: r, limits: { callMs: 20, onRefused } });
    for (let i = 0; i < 2; i++) {
      assertTook(
        timeOf(() => assert.is(poll({ read: 0 }), CANCELED)),
        20,
        21,
      );
      assert.is(read(0, 1), CANCELED);
      assert.is(poll({ clock: 1, ns: 50n * MS }), CANCELED);
    }
    assert.equal(told, Array(6).fill("callMs"));
    // A shorter wait is a wait as ever, and what is ready is reported.
    assert.is((poll({ clock: 1, ns: 10n * MS }) as unknown[]).length, 1);
    assert.is((poll({ clock: 1, ns: 20n * MS }) as unknown[]).length, 1);
    os.write(w, "x");
    assert.is((poll({ read: 0 }) as unknown[]).length, 1);
  }),
);

test(
  "waitMs: all calls together, then no call waits any more",
  withGuest((make, s) => {
    const { told, onRefused } = refusals();
    const [r, w] = s.pipe();
    const { poll, read } = make({ stdin: r, limits: { waitMs: 30, onRefused } });
    assert.is((poll({ clock: 1, ns: 20n * MS }) as unknown[]).length, 1);
    assertTook(
      timeOf(() => assert.is(read(0, 1), CANCELED)),
      0,
      11,
    );
    assert.is(poll({ read: 0 }), CANCELED);
    assert.is(poll({ read: 0 }, { clock: 1, ns: MS }), CANCELED);
    assert.equal(told, ["waitMs", "waitMs", "waitMs"]);
    assert.is((poll({ read: 0 }, { clock: 1, ns: 0n }) as unknown[]).length, 1);
    os.write(w, "x");
    assert.is(read(0, 1), "x");
  }),
);

test("waits of epolls and queues are limited, too", () => {
  const guest = cGuest({ limits: { callMs: 5 } });
  const { calls, dispose } = guest;
  const ep = calls.epoll_create1(0);
  assert.is(epollWait(guest, ep, -1), -CANCELED);
  assert.is(epollWait(guest, ep, 1000), -CANCELED);
  assert.equal(epollWait(guest, ep, 1), []);
  const kq = calls.kqueue();
  assert.is(kevent(guest, kq, [], 8, -1), -CANCELED);
  assert.is(kevent(guest, kq, [], 8, 1000), -CANCELED);
  assert.equal(kevent(guest, kq, [], 8, 1), []);
  dispose();
});

test("calls that suspend the guest are limited, too", async () => {
  const { waiting, waiter, calls, dispose } = cGuest({ limits: { waitMs: 5 } });
  const ep = calls.epoll_create1(0);
  const wait = (ms: number) => waiter.suspending(waiting.epoll_wait(ep, 1024, 1, ms));
  assert.is(await wait(1000), -CANCELED);
  assert.is(await wait(-1), -CANCELED);
  assert.is(await wait(0), 0);
  dispose();
});

test("limits that are none are refused, and name the value", () => {
  refused({ descriptors: -1 }, RangeError, `${whole("limits.descriptors", 65_536)}, got -1`);
  refused(
    { descriptors: 1e9 },
    RangeError,
    `${whole("limits.descriptors", 65_536)}, got 1000000000`,
  );
  refused({ registrations: 0.5 }, RangeError, `${whole("limits.registrations", 1 << 20)}, got 0.5`);
  refused({ callMs: Number.NaN }, RangeError, "limits.callMs must be a number >= 0, got NaN");
  refused({ waitMs: "5" }, RangeError, "limits.waitMs must be a number >= 0, got 5");
  const names = "descriptors, registrations, callMs, waitMs, onRefused";
  refused({ descriptor: 1 }, TypeError, `limits.descriptor is no limit; there are ${names}`);
  refused({ onRefused: 1 }, TypeError, "limits.onRefused must be a function, got number");
});

test(
  "without limits a name is refused for its own reasons",
  withGuest((make) => {
    const { open, preopen } = make({ limits: {} });
    const folder = preopen();
    open(folder, "pair/x/a");
    assert.is(open(folder, "pair/x/a"), BUSY);
  }),
);

test.run();
