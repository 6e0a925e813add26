// Waits for descriptors that JavaScript implements, alone and beside descriptors of this host.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EVENT_ERR, EVENT_HUP, EVENT_IN, EVENT_OUT } from "../../asm/abi.ts";
import { host } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { createPollOneoff, type Target } from "../../wasi/oneoff.ts";
import { FLAG_HANGUP, TYPE_CLOCK, TYPE_READ, TYPE_WRITE } from "../../wasi/preview1.ts";
import { scoped } from "../support/descriptors.ts";
import { FakeSource, PumpedSource } from "./fake-source.ts";
import { oneoff, type Subscription } from "./subscriptions.ts";

const [DEADLK, IO, PIPE, CONNRESET] = [16, 29, 64, 15];
const [EPIPE, ECONNRESET] = [32, 104];
const MONOTONIC = 1;
const MS = 1_000_000n;

/** poll_oneoff on targets whose numbers begin at 0; events as [user data, type, error, bytes, flags]. */
function pollOn(...targets: Target[]) {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const fds = new Map(targets.entries());
  const call = createPollOneoff({ select: { host }, memory, fds });
  return (...given: Subscription[]): unknown => {
    const events = oneoff(memory, call, ...given);
    if (typeof events === "number") return events;
    return events.map(({ userdata, type, error, bytes, flags }) => {
      return [Number(userdata), type, error, Number(bytes), flags];
    });
  };
}

const now: Subscription = { clock: MONOTONIC, ns: 0n };

test("a source that is ready ends a wait with its bytes and its room", () => {
  const source = new FakeSource();
  const poll = pollOn(source);
  source.set(EVENT_IN | EVENT_OUT, 5, 70_000);
  assert.equal(poll({ read: 0 }, { write: 0 }), [
    [0, TYPE_READ, 0, 5, 0],
    [1, TYPE_WRITE, 0, 70_000, 0],
  ]);
  source.set(EVENT_IN);
  assert.equal(poll({ read: 0 }, { write: 0 }), [[0, TYPE_READ, 0, 1, 0]]);
});

test("the end of a source is the hang-up flag, and its error an error number", () => {
  const source = new FakeSource();
  const poll = pollOn(source);
  source.set(EVENT_IN | EVENT_HUP, 0);
  assert.equal(poll({ read: 0 }), [[0, TYPE_READ, 0, 0, FLAG_HANGUP]]);
  source.set(EVENT_ERR);
  assert.equal(poll({ read: 0 }), [[0, TYPE_READ, IO, 0, 0]]);
  source.errno = ECONNRESET;
  assert.equal(poll({ read: 0 }), [[0, TYPE_READ, CONNRESET, 0, 0]]);
  source.errno = EPIPE;
  assert.equal(poll({ write: 0 }), [[0, TYPE_WRITE, PIPE, 0, 0]]);
});

test(
  "a source and a descriptor of the host are waited for at once",
  scoped((s) => {
    const [r, w] = s.pipe();
    const source = new FakeSource();
    const poll = pollOn(source, r);
    const both = [{ read: 0 }, { read: 1 }];
    assert.equal(poll(...both, now), [[2, TYPE_CLOCK, 0, 0, 0]]);
    os.write(w, "ab");
    assert.equal(poll(...both), [[1, TYPE_READ, 0, 2, 0]]);
    source.set(EVENT_IN, 3);
    assert.equal(poll(...both), [
      [0, TYPE_READ, 0, 3, 0],
      [1, TYPE_READ, 0, 2, 0],
    ]);
    os.read(r, 2);
    assert.equal(poll(...both), [[0, TYPE_READ, 0, 3, 0]]);
  }),
);

test("a call that nothing can end is DEADLK; a clock or a descriptor of the host can end it", () => {
  const source = new FakeSource();
  const poll = pollOn(source);
  assert.is(poll({ read: 0 }), DEADLK);
  assert.is(poll({ read: 0 }, { clock: MONOTONIC, ns: 2n ** 64n - 1n }), DEADLK);
  assert.equal(poll({ read: 0 }, { clock: MONOTONIC, ns: 5n * MS }), [[1, TYPE_CLOCK, 0, 0, 0]]);
});

test(
  "a source with a pump is looked at while the thread is blocked",
  scoped((s) => {
    const [r, w] = s.pipe();
    const arrives = new PumpedSource((looks) => {
      if (looks === 4) arrives.set(EVENT_IN, 7);
    });
    assert.equal(pollOn(arrives, r)({ read: 0 }, { read: 1 }), [[0, TYPE_READ, 0, 7, 0]]);
    assert.is(arrives.looks, 4);

    // Looking at the source goes on until the host's descriptor is ready.
    const writes = new PumpedSource((looks) => {
      if (looks === 3) os.write(w, "x");
    });
    assert.equal(pollOn(writes, r)({ read: 0 }, { read: 1 }), [[1, TYPE_READ, 0, 1, 0]]);
    assert.is(writes.looks, 3);
  }),
);

test("a clock ends a wait for a source with a pump", () => {
  const idle = new PumpedSource(() => {});
  const before = host.now();
  const found = pollOn(idle)({ read: 0 }, { clock: MONOTONIC, ns: 25n * MS });
  assert.equal(found, [[1, TYPE_CLOCK, 0, 0, 0]]);
  assert.ok(host.now() - before >= 25);
  assert.ok(idle.looks > 2);
});

test.run();
