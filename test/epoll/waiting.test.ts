// Events that wake a wait, the waiters they wake, and events that do not: threads, signals. EPO-154 to 161.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EPOLLET as ET, EPOLLIN as IN, epoll } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { scoped } from "../support/descriptors.ts";
import { assertTook, inThread, signalled, timed } from "../support/expect.ts";
import {
  BEYOND_DEADLINE,
  clockMs,
  eventually,
  ignoreAgain,
  listenTo,
  tick,
} from "../support/world.ts";

/** Waits on a descriptor of an epoll for data.seconds, and returns the number of events. */
const WAIT = `return select.epoll.fromfd(data.epfd).poll(data.seconds).length;`;

/** Starts three threads that wait on one epoll for `seconds`. */
async function threeWaiters(epfd: number, seconds: number): Promise<Array<Promise<unknown>>> {
  const waiters = await Promise.all([0, 1, 2].map(() => inThread(0, WAIT, { epfd, seconds })));
  for (const waiter of waiters) await waiter.blocked();
  return waiters.map(({ done }) => done);
}

test(
  "EPO-154: a level that is never drained is passed from waiter to waiter",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    const waiters = await threeWaiters(s.epoll([r, IN]).fileno(), BEYOND_DEADLINE);
    const begun = clockMs();
    assert.is(os.write(w, "x"), 1);
    assert.equal(await Promise.all(waiters), [1, 1, 1]);
    assertTook(clockMs() - begun, 0, 5000);
  }),
);

test(
  "EPO-155: an edge is for one waiter",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    const waiters = await threeWaiters(s.epoll([r, IN | ET]).fileno(), 3);
    os.write(w, "x");
    const counts = (await Promise.all(waiters)) as number[];
    assert.equal(counts.sort(), [0, 0, 1]);
  }),
);

test(
  "EPO-157: registering or modifying a ready descriptor wakes a waiter",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    os.write(w, "x");
    const e = s.epoll();
    for (const method of ["register", "modify"]) {
      if (method === "modify") e.modify(r, 0);
      const code = `select.epoll.fromfd(data.epfd).${method}(data.r, select.EPOLLIN);`;
      const thread = await inThread(60, code, { epfd: e.fileno(), r });
      assert.equal(e.poll(BEYOND_DEADLINE), [[r, IN]]);
      assertTook(thread.passed(), 60, 5000);
      await thread.done;
    }
  }),
);

test(
  "EPO-158: unregistering or closing a watched descriptor does not wake a waiter",
  scoped(async (s) => {
    for (const code of [
      "select.epoll.fromfd(data.epfd).unregister(data.r);",
      "os.close(data.r);",
    ]) {
      const [r] = os.pipe();
      const e = s.epoll([r, IN]);
      const thread = await inThread(50, code, { epfd: e.fileno(), r });
      const { result, ms } = timed(() => e.poll(0.2));
      assert.equal(result, []);
      assert.ok(ms >= 200, `${ms} ms`);
      await thread.done;
    }
  }),
);

test("EPO-159: closing the epoll under a wait does not end it", async () => {
  const e = epoll();
  const thread = await inThread(50, "os.close(data);", e.fileno());
  const { result, ms } = timed(() => e.poll(0.2));
  assert.equal(result, []);
  assert.ok(ms >= 200, `${ms} ms`);
  await thread.done;
  e.close();
});

test(
  "EPO-160: signals do not shorten a wait",
  scoped(async (s) => {
    const [r] = s.pipe();
    const e = s.epoll([r, IN]);
    let handled = 0;
    const count = (): number => handled++;
    listenTo("SIGUSR1", count);
    const sender = signalled("USR1", 30, 8);
    const ended = new Promise((resolve) => sender.once("exit", resolve));
    const { result, ms } = timed(() => e.poll(0.3));
    assert.equal(result, []);
    assertTook(ms, 300, 2000);
    await ended;
    assert.ok(await eventually(() => handled > 0), "no signal arrived");
    ignoreAgain("SIGUSR1", count);
  }),
);

test(
  "EPO-161: an event and a signal together: the event wins",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    os.write(w, "x");
    const e = s.epoll([r, IN]);
    let handled = 0;
    const count = (): number => handled++;
    listenTo("SIGUSR1", count);
    const sender = signalled("USR1", 1, 20);
    const ended = new Promise((resolve) => sender.once("exit", resolve));
    const until = clockMs() + 150;
    while (clockMs() < until) {
      assert.equal(e.poll(1), [[r, IN]]);
      tick(1);
    }
    await ended;
    assert.ok(await eventually(() => handled > 0), "no signal arrived");
    ignoreAgain("SIGUSR1", count);
  }),
);

test.run();
