// Guests of WASI on simulated kernels, whose actions run JavaScript in the middle of a guest's wait.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EPOLL_CTL_ADD, EV_ADD, EV_ONESHOT, EVENT_IN, FILTER_TIMER } from "../../asm/abi.ts";
import { createSim } from "../../bindings/node/sim.ts";
import type { Sim } from "../../bindings/sim/sim.ts";
import { makeGuest } from "../../wasi/guest/guest.ts";
import { createPollOneoff, type Target } from "../../wasi/oneoff.ts";
import { epollControl, epollWait, kevent } from "../wasi/c-guest.ts";
import { FakeSource } from "../wasi/fake-source.ts";
import { type Event, oneoff, type Subscription } from "../wasi/subscriptions.ts";

const DEADLK = 16;
const MONOTONIC = 1;
const EVENTS = 2048;
const PERSONALITIES = ["linux", "bsd", "posix"] as const;

/** poll_oneoff of one guest: the user data of the events, or an error number. */
function pollOn(sim: Sim, ...targets: Target[]) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { select } = sim;
  const call = createPollOneoff({ select, memory, fds: new Map(targets.entries()) });
  return (...given: Subscription[]): number[] | number => {
    const events: Event[] | number = oneoff(memory, call, ...given);
    return typeof events === "number" ? events : events.map(({ userdata }) => Number(userdata));
  };
}

/** A guest that calls the functions of C guests. */
function guestOf({ select, os }: Sim) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { guest, waiter, functions } = makeGuest({ select, os, memory });
  return { memory, guest, waiter, calls: functions.blocking, waiting: functions.waiting };
}

for (const personality of PERSONALITIES) {
  test(`${personality}: an action changes a source, and ends a wait that blocks`, () => {
    const sim = createSim({ personality });
    const source = new FakeSource();
    const [r] = sim.os.pipe();
    const poll = pollOn(sim, source, r);
    sim.at(5, () => source.set(EVENT_IN, 3));
    assert.equal(poll({ read: 0 }), [0]);
    assert.is(sim.now(), 5);
    source.set(0);
    sim.at(7, () => source.set(0));
    sim.at(8, () => source.set(EVENT_IN, 3));
    const late: Subscription = { clock: MONOTONIC, ns: 60n * 10n ** 9n };
    assert.equal(poll({ read: 1 }, { read: 0 }, late), [1]);
    assert.is(sim.now(), 8);
    assert.is(source.watchers.size, 0);
  });

  test(`${personality}: and one of epoll_wait`, () => {
    const sim = createSim({ personality });
    const source = new FakeSource();
    const g = guestOf(sim);
    g.guest.set(5, source);
    const ep = g.calls.epoll_create1(0);
    epollControl(g, ep, EPOLL_CTL_ADD, 5, EVENT_IN);
    sim.at(5, () => source.set(EVENT_IN));
    assert.equal(epollWait(g, ep, -1), [[5, EVENT_IN]]);
    // An epoll of the core's own is looked at every 10 ms.
    assert.ok(sim.now() >= 5 && sim.now() <= 5.01, `${sim.now()}`);
    g.guest.dispose();
  });

  test(`${personality}: virtual time passes while epoll_wait and kevent are suspended`, async () => {
    const sim = createSim({ personality });
    const { calls, waiting, waiter, ...g } = { ...guestOf(sim) };
    const [r, w] = sim.os.pipe();
    g.guest.set(5, r);
    const ep = calls.epoll_create1(0);
    epollControl({ calls, ...g }, ep, EPOLL_CTL_ADD, 5, EVENT_IN);
    const kq = calls.kqueue();
    kevent({ calls, ...g }, kq, [[7, FILTER_TIMER, EV_ADD | EV_ONESHOT, 0, 3000]], 0);
    sim.at(2, () => sim.os.write(w, "x"));
    const found = waiter.suspending(waiting.epoll_wait(ep, EVENTS, 4, -1));
    const timer = waiter.suspending(waiting.kevent(kq, 0, 0, EVENTS + 1024, 4, 0));
    const nothing = waiter.suspending(waiting.epoll_wait(calls.epoll_create1(0), EVENTS, 4, 1000));
    assert.is(await nothing, 0);
    assert.ok(sim.now() >= 1 && sim.now() < 1.02, `${sim.now()}`);
    assert.is(await found, 1);
    assert.ok(sim.now() >= 2 && sim.now() < 2.02, `${sim.now()}`);
    assert.is(await timer, 1);
    assert.ok(sim.now() >= 3 && sim.now() < 3.02, `${sim.now()}`);
    g.guest.dispose();
  });
}

test("a wait that nothing can end is DEADLK, and the next wait is another", () => {
  const sim = createSim();
  const [r, w] = sim.os.pipe();
  const poll = pollOn(sim, r, new FakeSource());
  assert.is(poll({ read: 0 }), DEADLK);
  assert.is(poll({ read: 1 }), DEADLK);
  sim.at(5, () => sim.os.write(w, "x"));
  assert.equal(poll({ read: 0 }), [0]);
});

test("the error of an action in a wait goes to the caller of the guest, once", () => {
  const sim = createSim();
  const [r, w] = sim.os.pipe();
  const poll = pollOn(sim, r);
  const reason = new Error("an action throws");
  sim.at(1, () => {
    throw reason;
  });
  sim.at(2, () => sim.os.write(w, "x"));
  assert.throws(
    () => poll({ read: 0 }),
    (error: unknown) => error === reason,
  );
  assert.equal(poll({ read: 0 }), [0]);
});

test.run();
