// wasi:io/poll and wasi:clocks of components, on the descriptors of this host.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EVENT_IN } from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { fromBytes } from "../../wasi/sources/bytes.ts";
import type { ForeignPollable } from "../../wasi/component/poll.ts";
import { fill, scoped } from "../support/descriptors.ts";
import { assertTook, inThread, timed } from "../support/expect.ts";
import { componentOf } from "./component.ts";
import { FakeSource } from "./fake-source.ts";

const MS = 1_000_000n;
const NEVER = 2n ** 64n - 1n;

test("a limit of pollables and one of waiting time are traps", () => {
  const refused: string[] = [];
  const onRefused = (limit: string): void => void refused.push(limit);
  const few = componentOf({ limits: { registrations: 2, onRefused } });
  const due = few.clock.subscribeDuration(0n);
  assert.equal(few.poll(due, due), [0, 1]);
  assert.throws(() => few.poll(due, due, due), /a list of 3 pollables, at most 2 are permitted/);
  const short = componentOf({ limits: { callMs: 5, onRefused } });
  const never = short.clock.subscribeInstant(NEVER);
  assert.throws(() => never.block(), /wasi:io\/poll: ECANCELED/);
  assert.equal(refused, ["registrations", "callMs"]);
});

test(
  "a component that is cancelled traps in every call",
  scoped((s) => {
    const [stdin, into] = s.pipe();
    const cancel = s.eventfd();
    const on = componentOf({ stdin, cancel });
    const stream = on.stdin();
    const pollable = stream.subscribe();
    os.write(into, "x");
    assert.equal(on.poll(pollable), [0]);
    os.eventfd_write(cancel, 1);
    for (const call of [
      () => on.poll(pollable),
      () => pollable.ready(),
      () => stream.read(1n),
      () => stream.blockingRead(1n),
    ]) {
      assert.throws(call, /the guest is cancelled/);
    }
  }),
);

test("an empty list is a trap", () => {
  assert.throws(() => componentOf({}).poll(), /wasi:io\/poll: poll traps on an empty list/);
});

test(
  "every pollable that is ready is named, and one that is there twice is named twice",
  scoped((s) => {
    const [stdin, into] = s.pipe();
    const [, stdout] = s.pipe();
    const on = componentOf({ stdin, stdout });
    const read = on.stdin().subscribe();
    const write = on.stdout().subscribe();
    const later = on.clock.subscribeDuration(60_000n * MS);
    assert.equal(on.poll(read, write, later), [1]);
    os.write(into, "x");
    assert.equal(on.poll(read, write, later, read, write), [0, 1, 3, 4]);
    assert.is(read.ready(), true);
    assert.is(later.ready(), false);
  }),
);

test(
  "a pollable is ready again and again, as its stream is",
  scoped((s) => {
    const [stdin, into] = s.pipe();
    const on = componentOf({ stdin });
    const stream = on.stdin();
    const pollable = stream.subscribe();
    for (const round of ["first", "second"]) {
      assert.is(pollable.ready(), false, round);
      os.write(into, "x");
      pollable.block();
      assert.is(pollable.ready(), true, round);
      assert.is(stream.read(9n).length, 1, round);
    }
  }),
);

test("a duration ends a wait, which is one call of the host", () => {
  const on = componentOf({});
  const before = on.polls();
  // The duration begins with the subscription.
  const { ms, result: pollable } = timed(() => {
    const made = on.clock.subscribeDuration(20n * MS);
    assert.equal(on.poll(made), [0]);
    return made;
  });
  assert.is(on.polls() - before, 1);
  assertTook(ms, 20, 60);
  assert.is(pollable.ready(), true, "the time does not come back");
});

test("an instant ends a wait, at once if it has passed; the last one never comes", () => {
  const on = componentOf({});
  const { clock } = on;
  assert.equal(on.poll(clock.subscribeInstant(0n), clock.subscribeInstant(NEVER)), [0]);
  const due = clock.now() + 10n * MS;
  assert.equal(on.poll(clock.subscribeInstant(NEVER), clock.subscribeInstant(due)), [1]);
  assert.ok(clock.now() >= due);
  const [early, late] = [clock.subscribeDuration(5n * MS), clock.subscribeDuration(NEVER)];
  assert.equal(on.poll(late, early), [1]);
});

test(
  "a wait without a limit ends when another thread writes",
  scoped(async (s) => {
    const [stdin, into] = s.pipe();
    const on = componentOf({ stdin });
    const pollable = on.stdin().subscribe();
    const { done } = await inThread(20, "os.write(data.into, 'x');", { into });
    assert.equal(on.poll(on.clock.subscribeInstant(NEVER), pollable), [1]);
    await done;
  }),
);

test(
  "a full pipe is not ready to be written to, until it is read",
  scoped((s) => {
    const [from, stdout] = s.pipe();
    const on = componentOf({ stdout });
    const pollable = on.stdout().subscribe();
    let left = fill(stdout);
    assert.is(pollable.ready(), false);
    while (left > 0) left -= os.read(from, 65_536).length;
    assert.is(pollable.ready(), true);
  }),
);

test(
  "the end of a stream, and a descriptor that is closed, are ready",
  scoped((s) => {
    const [stdin, into] = s.pipe();
    const on = componentOf({ stdin });
    const pollable = on.stdin().subscribe();
    assert.is(pollable.ready(), false);
    s.close(into);
    assert.equal(on.poll(pollable), [0]);
    const [other] = s.pipe();
    on.guest.set(0, other);
    const second = on.stdin().subscribe();
    assert.is(second.ready(), false);
    on.guest.close(0);
    assert.equal(on.poll(second), [0]);
  }),
);

test("a source is waited for; one that cannot change during the wait is a trap", () => {
  const source = new FakeSource();
  const on = componentOf({ stdin: source });
  const pollable = on.stdin().subscribe();
  assert.throws(() => on.poll(pollable), /wasi:io\/poll: EDEADLK/);
  source.set(EVENT_IN, 3);
  assert.equal(on.poll(pollable), [0]);
  const fixed = componentOf({ stdin: fromBytes("abc") });
  assert.equal(fixed.poll(fixed.stdin().subscribe()), [0]);
});

/** A pollable of a runtime, which is ready after some looks. */
class Foreign implements ForeignPollable {
  looks = 0;
  readonly #after: number;
  constructor(after: number) {
    this.#after = after;
  }
  ready(): boolean {
    return ++this.looks > this.#after;
  }
  block(): void {}
}

test(
  "pollables of the runtime beside ours are looked at; alone they are the runtime's to wait for",
  scoped((s) => {
    const [stdin, into] = s.pipe();
    const asked: unknown[] = [];
    const poll = (list: readonly unknown[]): Uint32Array => {
      asked.push(list);
      return Uint32Array.of(1);
    };
    const on = componentOf({ stdin }, { "wasi:io/poll": { Pollable: Foreign, poll } });
    const [ours, soon, never] = [on.stdin().subscribe(), new Foreign(3), new Foreign(Infinity)];
    assert.equal(on.poll(ours, never, soon), [2]);
    assert.ok(soon.looks > 3);
    os.write(into, "x");
    assert.equal(on.poll(ours, never), [0]);
    assert.equal(asked, []);
    assert.equal(on.poll(never, soon), [1]);
    assert.equal(asked, [[never, soon]]);
  }),
);

test("our pollables have numbers for jco's tables that no live one has, and not the runtime's", () => {
  const on = componentOf({});
  const rep = Symbol.for("cabiRep");
  const numberOf = (pollable: object): number =>
    (pollable as Record<symbol, number>)[rep] as number;
  const dispose = Symbol.dispose ?? Symbol.for("dispose");
  const drop = (pollable: object): void => (pollable as Record<symbol, () => void>)[dispose]?.();
  const [a, b] = [on.clock.subscribeDuration(0n), on.clock.subscribeDuration(0n)];
  assert.is.not(numberOf(a), numberOf(b));
  assert.ok(numberOf(a) >= 2 ** 29 && numberOf(b) < 2 ** 30);
  const freed = numberOf(a);
  drop(a);
  drop(a);
  const [c, d] = [on.clock.subscribeDuration(0n), on.clock.subscribeDuration(0n)];
  assert.is(numberOf(c), freed);
  assert.is.not(numberOf(d), freed);
});

test("the clocks are the host's, or those of the options", () => {
  const { clock, interfaces } = componentOf({});
  const before = clock.now();
  clock.subscribeDuration(2n * MS).block();
  assert.ok(clock.now() - before >= 2n * MS);
  assert.is(clock.resolution(), 1000n);
  const { seconds, nanoseconds } = interfaces["wasi:clocks/wall-clock"].now();
  assert.ok(seconds > 0n && nanoseconds >= 0 && nanoseconds < 1e9);

  const clocks = { 0: () => 1_700_000_000_000_000_123n, 1: () => 77n };
  const own = componentOf({ clocks });
  assert.is(own.clock.now(), 77n);
  assert.equal(own.interfaces["wasi:clocks/wall-clock"].now(), {
    seconds: 1_700_000_000n,
    nanoseconds: 123,
  });
});

test.run();
