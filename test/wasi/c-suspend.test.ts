// epoll_wait and kevent of C guests while their thread goes on: on stacks of WebAssembly where there is JSPI,
// elsewhere the promises are awaited here.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  EPOLL_CTL_ADD,
  EV_ADD,
  EV_ONESHOT,
  EVENT_IN,
  FILTER_READ,
  FILTER_TIMER,
} from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { Cancellation } from "../../wasi/wait.ts";
import { scoped } from "../support/descriptors.ts";
import { cGuest, epollControl, kevent } from "./c-guest.ts";
import { FakeSource } from "./fake-source.ts";
import { onStack } from "./jspi-stack.ts";
import { isPending } from "./pending.ts";

const [INVAL, BADF] = [-28, -8];
const EVENTS = 2048;

/** A guest whose calls wait while the thread goes on. */
function guest() {
  const made = cGuest();
  const cancellation = new Cancellation();
  function call(name: keyof typeof made.waiting, ...given: number[]): Promise<number> {
    const waits = (...numbers: number[]) => made.waiting[name](...numbers);
    const suspended = onStack((...numbers) =>
      made.waiter.suspending(waits(...numbers), cancellation),
    );
    return suspended(...given);
  }
  return { ...made, cancellation, call };
}

test(
  "an epoll_wait ends with a write, and another goes on",
  scoped(async (s) => {
    const g = guest();
    const [[r, w], [other]] = [s.pipe(), s.pipe()];
    g.set(5, r);
    g.set(6, other);
    const [ep, idle] = [g.calls.epoll_create1(0), g.calls.epoll_create1(0)];
    epollControl(g, ep, EPOLL_CTL_ADD, 5, EVENT_IN);
    epollControl(g, idle, EPOLL_CTL_ADD, 6, EVENT_IN);
    const never = g.call("epoll_wait", idle, EVENTS, 4, -1);
    const waited = g.call("epoll_wait", ep, EVENTS, 4, -1);
    assert.ok(await isPending(waited));
    os.write(w, "x");
    assert.is(await waited, 1);
    assert.is(new DataView(g.memory.buffer).getUint32(EVENTS, true), EVENT_IN);
    assert.ok(await isPending(never));
    g.cancellation.cancel(new Error("the guest is gone"));
    let reason = "";
    await never.catch((error: Error) => (reason = error.message));
    assert.is(reason, "the guest is gone");
    for (const fd of [ep, idle]) g.close(fd);
  }),
);

test("an epoll_wait ends with a source, and with its time", async () => {
  const g = guest();
  const source = new FakeSource();
  g.set(5, source);
  const ep = g.calls.epoll_create1(0);
  epollControl(g, ep, EPOLL_CTL_ADD, 5, EVENT_IN);
  assert.is(await g.call("epoll_wait", ep, EVENTS, 4, 20), 0);
  const waited = g.call("epoll_wait", ep, EVENTS, 4, -1);
  assert.ok(await isPending(waited));
  source.set(EVENT_IN);
  assert.is(await waited, 1);
  g.close(ep);
});

test(
  "a kevent ends with a timer, and with a descriptor",
  scoped(async (s) => {
    const g = guest();
    const [r, w] = s.pipe();
    g.set(5, r);
    const kq = g.calls.kqueue();
    // Without room for events: a slow machine's timer would expire in this call.
    kevent(g, kq, [[7, FILTER_TIMER, EV_ADD | EV_ONESHOT, 0, 20]], 0);
    assert.is(await g.call("kevent", kq, 0, 0, EVENTS, 4, 0), 1);
    kevent(g, kq, [[5, FILTER_READ, EV_ADD]]);
    const waited = g.call("kevent", kq, 0, 0, EVENTS, 4, 0);
    assert.ok(await isPending(waited));
    os.write(w, "x");
    assert.is(await waited, 1);
    g.close(kq);
  }),
);

test("what is refused at once waits for nothing", async () => {
  const g = guest();
  assert.is(await g.call("epoll_wait", 5, EVENTS, 0, -1), INVAL);
  assert.is(await g.call("epoll_wait", 5, EVENTS, 1, -1), BADF);
  assert.is(await g.call("kevent", 5, 0, 0, EVENTS, 1, 0), BADF);
});

test.run();
