// Calls of a guest that wait while their thread goes on: on stacks of WebAssembly where there is JSPI, elsewhere
// the promises are awaited here.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EVENT_IN } from "../../asm/abi.ts";
import * as select from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { createGuest } from "../../wasi/guest/guest.ts";
import { createPollOneoff, Oneoff, type Target } from "../../wasi/oneoff.ts";
import { SUBSCRIPTION_SIZE, TYPE_CLOCK, TYPE_READ } from "../../wasi/preview1.ts";
import { slotOf } from "../../wasi/slots.ts";
import { Cancellation, Waiter } from "../../wasi/wait.ts";
import { scoped } from "../support/descriptors.ts";
import { openDescriptors } from "../support/files.ts";
import { FakeSource } from "./fake-source.ts";
import { HAS_JSPI, onStack } from "./jspi-stack.ts";
import { isPending } from "./pending.ts";
import { readEvents, type Subscription, writeSubscriptions } from "./subscriptions.ts";

const { host } = select;
const [REALTIME, MONOTONIC] = [0, 1];
const MS = 1_000_000n;
const [BADF, INVAL] = [8, 28];
const BLOCK = 4096;
const FOUND = 0;
const SUBSCRIPTIONS = 64;

/** A guest whose calls wait at once, each in a block of memory of its own. */
function guest(...targets: Target[]) {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const waiter = new Waiter(host);
  const fds = (fd: number) => slotOf(targets[fd]);
  const oneoff = new Oneoff({ select: { host }, memory, fds }, waiter);
  const cancellation = new Cancellation();
  const suspended = onStack((...given) =>
    waiter.suspending(oneoff.call(...(given as Parameters<Oneoff["call"]>)), cancellation),
  );
  let calls = 0;
  /** Events as [user data, type, error, bytes, flags], or an error number. */
  async function poll(...given: Subscription[]): Promise<unknown> {
    const base = BLOCK * (calls++ % 16);
    const events = base + SUBSCRIPTIONS + given.length * SUBSCRIPTION_SIZE;
    writeSubscriptions(memory, base + SUBSCRIPTIONS, given);
    const error = await suspended(base + SUBSCRIPTIONS, events, given.length, base + FOUND);
    if (error !== 0) return error;
    const count = new DataView(memory.buffer).getUint32(base + FOUND, true);
    return readEvents(memory, events, count).map(({ userdata, type, error: of, bytes, flags }) => {
      return [Number(userdata), type, of, Number(bytes), flags];
    });
  }
  /** What a call gives back before it has waited: its error number, or a promise. */
  function begin(...given: Subscription[]): number | Promise<number> {
    writeSubscriptions(memory, SUBSCRIPTIONS, given);
    const events = SUBSCRIPTIONS + given.length * SUBSCRIPTION_SIZE;
    return waiter.suspending(oneoff.call(SUBSCRIPTIONS, events, given.length, FOUND), cancellation);
  }
  return { memory, poll, begin, cancellation };
}

const now: Subscription = { clock: MONOTONIC, ns: 0n };

test(
  "what is ready at once needs no wait",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    os.write(w, "abc");
    const { poll } = guest(r);
    assert.equal(await poll({ read: 0 }, now), [
      [0, TYPE_READ, 0, 3, 0],
      [1, TYPE_CLOCK, 0, 0, 0],
    ]);
    assert.is(await poll(), INVAL);
    assert.equal(await poll({ read: 9 }), [[0, TYPE_READ, BADF, 0, 0]]);
  }),
);

test(
  "only a call that must wait has a promise: not one with a timeout of 0",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    const { begin, cancellation } = guest(r, new FakeSource());
    const idle: Subscription[] = [{ read: 0 }, { read: 1 }];
    const past: Subscription = { clock: REALTIME, ns: 1n, isAbsolute: true };
    assert.is(begin(...idle, now), 0);
    assert.is(begin(...idle, past), 0);
    assert.is(begin(), INVAL);
    const waiting = begin(...idle);
    assert.instance(waiting, Promise);
    os.write(w, "x");
    assert.is(begin(...idle), 0);
    assert.is(await waiting, 0);
    const reason = new Error("disposed");
    cancellation.cancel(reason);
    assert.throws(
      () => begin(...idle, now),
      (error: unknown) => error === reason,
    );
  }),
);

/** Nanoseconds of a time that is 2 ms or a little more after `ms`. */
const soon = (ms: number): bigint => BigInt(Math.ceil(ms + 2)) * MS;

test("the clocks end a wait: relative and absolute, monotonic and realtime", async () => {
  const { poll } = guest();
  for (const given of [
    { clock: MONOTONIC, ns: 2n * MS },
    { clock: REALTIME, ns: 2n * MS },
    { clock: MONOTONIC, ns: soon(host.now()), isAbsolute: true },
    { clock: REALTIME, ns: soon(host.realtime()), isAbsolute: true },
  ]) {
    const late: Subscription = { clock: MONOTONIC, ns: 2n ** 64n - 1n };
    assert.equal(await poll(late, given), [[1, TYPE_CLOCK, 0, 0, 0]]);
    if (given.isAbsolute !== true) continue;
    const reached = given.clock === MONOTONIC ? host.now() : host.realtime();
    assert.ok(reached * 1e6 >= Number(given.ns) - 1e3, `${given.clock}`);
  }
});

test(
  "a wait ends with the write that comes while the thread goes on",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    const { poll } = guest(r);
    const found = poll({ read: 0 });
    assert.ok(await isPending(found));
    os.write(w, "ab");
    assert.equal(await found, [[0, TYPE_READ, 0, 2, 0]]);
  }),
);

test("a clock is never reported early, also below a millisecond", async () => {
  const { poll } = guest();
  for (const ns of [300_000n, 500_000n, 1_700_000n, 20n * MS]) {
    const before = host.now();
    assert.equal(await poll({ clock: MONOTONIC, ns }), [[0, TYPE_CLOCK, 0, 0, 0]]);
    assert.ok(host.now() - before >= Number(ns) / 1e6, `${ns}`);
  }
});

test(
  "two descriptors of a guest that are one of the host are waited for both",
  scoped(async (s) => {
    const [a, b] = s.socketpair();
    while (os.get_blocking(a)) os.set_blocking(a, false);
    const filler = new Uint8Array(65_536);
    for (;;) {
      try {
        os.write(a, filler);
      } catch {
        break;
      }
    }
    const { poll } = guest(a, a);
    const found = poll({ write: 0 }, { read: 1 });
    assert.ok(await isPending(found));
    os.write(b, "x");
    assert.equal(await found, [[1, TYPE_READ, 0, 1, 0]]);
  }),
);

test("a source ends a wait, and is not watched afterwards", async () => {
  const source = new FakeSource();
  const { poll } = guest(source);
  const found = poll({ read: 0 });
  assert.ok(await isPending(found));
  assert.is(source.watchers.size, 1);
  source.set(0);
  assert.ok(await isPending(found));
  source.set(EVENT_IN, 4);
  assert.equal(await found, [[0, TYPE_READ, 0, 4, 0]]);
  assert.is(source.watchers.size, 0);
});

test(
  "several calls of one guest wait at once, and end in any order",
  scoped(async (s) => {
    const pipes = Array.from({ length: 3 }, () => s.pipe());
    const { poll, memory } = guest(...pipes.map(([r]) => r));
    const calls = pipes.map((_, fd) => poll({ read: fd }));
    assert.ok(await isPending(Promise.race(calls)));
    // The results go to the memory as it is then.
    memory.grow(1);
    for (const fd of [2, 0, 1]) {
      os.write((pipes[fd] as [number, number])[1], "x".repeat(fd + 1));
      assert.equal(await calls[fd], [[0, TYPE_READ, 0, fd + 1, 0]]);
    }
  }),
);

test(
  "waits leave no descriptor open, whether they end or are cancelled",
  scoped(async (s) => {
    const [r] = s.pipe();
    const source = new FakeSource();
    const before = openDescriptors();
    const { poll, cancellation } = guest(r, source);
    for (let i = 0; i < 20; i++) await poll({ read: 0 }, { clock: MONOTONIC, ns: 100_000n });
    const reason = new Error("disposed");
    const calls = Array.from({ length: 10 }, () => poll({ read: 0 }, { read: 1 }, { read: 0 }));
    assert.ok(await isPending(Promise.race(calls)));
    cancellation.cancel(reason);
    cancellation.cancel(new Error("again"));
    for (const call of await Promise.allSettled(calls)) {
      assert.is((call as PromiseRejectedResult).reason, reason);
    }
    assert.is(await poll({ read: 0 }).catch((error: unknown) => error), reason);
    assert.is(source.watchers.size, 0);
    assert.is(openDescriptors(), before);
  }),
);

test("poll_oneoff.suspending is an import for JSPI, or an error that says what lacks it", () => {
  const options = { memory: new WebAssembly.Memory({ initial: 1 }), fds: new Map() };
  const call = createPollOneoff({ select: { host }, ...options });
  if (HAS_JSPI) assert.is(call.suspending, call.suspending);
  else assert.throws(() => call.suspending, /poll_oneoff\.suspending: .*no JSPI/);
});

test("a host that cannot wait while its thread goes on is refused: that of a joined thread", () => {
  const { watch: _, ...bare } = host;
  const given = {
    select: { ...select, host: bare },
    memory: new WebAssembly.Memory({ initial: 1 }),
  };
  const refused = /: the host of options\.select has no watch: a thread that joined/;
  assert.throws(() => createPollOneoff({ ...given, fds: new Map() }).suspending, refused);
  const { suspending, dispose } = createGuest({ ...given, os });
  assert.throws(() => suspending.imports, refused);
  assert.throws(() => suspending.omnipoll, refused);
  dispose();
});

test.run();
