// READ knotes whose events are written at once (asm/kqueue/express.ts): the answers found for one wait
// do not outlive a change.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_EV_DISABLE,
  KQ_EV_DISPATCH,
  KQ_EV_ENABLE,
  KQ_EV_EOF,
  KQ_EV_ONESHOT,
  KQ_FILTER_READ,
  KQ_FILTER_TIMER,
  KQ_FILTER_USER,
  KQ_FILTER_WRITE,
  KQ_NOTE_LOWAT,
  KQ_NOTE_TRIGGER,
  kevent,
  type Kqueue,
  OSError,
  type Whole,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { type Scope, scoped, sleep } from "../support/descriptors.ts";
import { add, command, newQueue, remove, take } from "./filters.ts";
import { answered } from "../support/world.ts";

/** A queue that has reported a pipe with three bytes, twice. */
function reported(scope: Scope): { queue: Kqueue; r: number; w: number } {
  const queue = newQueue(scope);
  const [r, w] = scope.pipe();
  os.write(w, "abc");
  add(queue, r, KQ_FILTER_READ);
  for (let i = 0; i < 2; i++) assert.equal(take(queue), [[r, KQ_FILTER_READ, 0, 0, 3]]);
  return { queue, r, w };
}

/** Registers a descriptor, or changes its `udata`. */
function label(queue: Kqueue, fd: number, udata: Whole): void {
  queue.control([kevent(fd, KQ_FILTER_READ, KQ_EV_ADD, 0, 0, udata)], 0);
}

/** The labels of the ready descriptors. */
function labels(queue: Kqueue): Whole[] {
  return queue.control(null, 64, 0).map(({ udata }) => udata);
}

test(
  "another udata is that of the next event",
  scoped((scope) => {
    const { queue, r } = reported(scope);
    for (const udata of [1, 2 ** 31, 2 ** 40, 2n ** 64n - 1n, 0]) {
      label(queue, r, udata);
      for (let i = 0; i < 2; i++) assert.equal(labels(queue), [udata]);
    }
  }),
);

test(
  "a disabled knote reports nothing, and reports again once it is enabled",
  scoped((scope) => {
    const { queue, r } = reported(scope);
    for (let i = 0; i < 2; i++) {
      command(queue, r, KQ_FILTER_READ, KQ_EV_DISABLE);
      assert.equal(take(queue), []);
      command(queue, r, KQ_FILTER_READ, KQ_EV_ENABLE);
      assert.equal(take(queue), [[r, KQ_FILTER_READ, 0, 0, 3]]);
    }
  }),
);

for (const [name, flag] of [
  ["ONESHOT", KQ_EV_ONESHOT],
  ["DISPATCH", KQ_EV_DISPATCH],
  ["CLEAR", KQ_EV_CLEAR],
] as const) {
  test(
    `a knote made anew with ${name} is reported once`,
    scoped((scope) => {
      const { queue, r } = reported(scope);
      remove(queue, r, KQ_FILTER_READ);
      add(queue, r, KQ_FILTER_READ, flag);
      assert.equal(take(queue), [[r, KQ_FILTER_READ, flag, 0, 3]]);
      assert.equal(take(queue), []);
      if (flag === KQ_EV_ONESHOT) add(queue, r, KQ_FILTER_READ);
      else if (flag === KQ_EV_DISPATCH) command(queue, r, KQ_FILTER_READ, KQ_EV_ENABLE);
      assert.is(take(queue).length, flag === KQ_EV_CLEAR ? 0 : 1);
    }),
  );
}

test(
  "a mark for how much there must be counts from then on",
  scoped((scope) => {
    const { queue, r, w } = reported(scope);
    add(queue, r, KQ_FILTER_READ, 0, KQ_NOTE_LOWAT, 5);
    // Pipes have no such mark in FreeBSD.
    assert.equal(take(queue), answered<unknown[]>([], [[r, KQ_FILTER_READ, 0, 0, 3]]));
    os.write(w, "de");
    assert.equal(take(queue), [[r, KQ_FILTER_READ, 0, 0, 5]]);
    add(queue, r, KQ_FILTER_READ);
    os.read(r, 4);
    assert.equal(take(queue), [[r, KQ_FILTER_READ, 0, 0, 1]]);
  }),
);

test(
  "a deleted knote reports nothing, and a knote made anew is another one",
  scoped((scope) => {
    const { queue, r } = reported(scope);
    remove(queue, r, KQ_FILTER_READ);
    assert.equal(take(queue), []);
    label(queue, r, 7);
    assert.equal(labels(queue), [7]);
  }),
);

test(
  "a number that is closed and given to another file has no knote until that file gets one",
  scoped((scope) => {
    const { queue, r } = reported(scope);
    scope.close(r);
    assert.equal(take(queue), []);
    const [r2, w2] = os.pipe();
    scope.own(r2);
    scope.own(w2);
    assert.is(r2, r);
    os.write(w2, "x");
    assert.equal(take(queue), []);
    label(queue, r2, 8);
    assert.equal(labels(queue), [8]);
  }),
);

test(
  "the end of the stream is reported",
  scoped((scope) => {
    const { queue, r, w } = reported(scope);
    scope.close(w);
    assert.equal(take(queue), [[r, KQ_FILTER_READ, KQ_EV_EOF, 0, 3]]);
    os.read(r, 3);
    assert.equal(take(queue), [[r, KQ_FILTER_READ, KQ_EV_EOF, 0, 0]]);
  }),
);

test(
  "bytes that are read and come again, more of them",
  scoped((scope) => {
    const { queue, r, w } = reported(scope);
    os.read(r, 3);
    assert.equal(take(queue), []);
    os.write(w, "x".repeat(500));
    assert.equal(take(queue), [[r, KQ_FILTER_READ, 0, 0, 500]]);
  }),
);

test(
  "queues with the same descriptor do not mix",
  scoped((scope) => {
    const { queue, r } = reported(scope);
    const others = [newQueue(scope), newQueue(scope)];
    others.forEach((other, i) => label(other, r, i + 1));
    for (let i = 0; i < 3; i++) {
      assert.equal([queue, ...others].map(labels), [[0], [1], [2]]);
    }
    command(others[0] as Kqueue, r, KQ_FILTER_READ, KQ_EV_DISABLE);
    assert.equal([queue, ...others].map(labels), [[0], [], [2]]);
  }),
);

test(
  "a closed queue leaves nothing to the next",
  scoped((scope) => {
    const { queue, r } = reported(scope);
    label(queue, r, 5);
    assert.equal(labels(queue), [5]);
    queue.close();
    const next = newQueue(scope);
    label(next, r, 6);
    assert.equal(labels(next), [6]);
  }),
);

test(
  "events of other filters come in between",
  scoped((scope) => {
    const { queue, r, w } = reported(scope);
    add(queue, 1, KQ_FILTER_USER, KQ_EV_CLEAR);
    add(queue, 2, KQ_FILTER_TIMER, KQ_EV_ONESHOT, 0, 3_600_000);
    add(queue, w, KQ_FILTER_WRITE, KQ_EV_ONESHOT);
    assert.equal(
      take(queue).map(([ident]) => ident),
      [r, w],
    );
    assert.equal(take(queue), [[r, KQ_FILTER_READ, 0, 0, 3]]);
    queue.control([kevent(1, KQ_FILTER_USER, 0, KQ_NOTE_TRIGGER)], 0);
    add(queue, 2, KQ_FILTER_TIMER, KQ_EV_ONESHOT, 0, 1);
    sleep(2);
    const filters = take(queue).map(([, filter]) => filter);
    assert.equal(
      filters.sort((a, b) => a - b),
      [KQ_FILTER_USER, KQ_FILTER_TIMER, KQ_FILTER_READ],
    );
    assert.equal(take(queue), [[r, KQ_FILTER_READ, 0, 0, 3]]);
  }),
);

/** A descriptor of the same file whose number is 2048 more; undefined without so many. */
function farFrom(scope: Scope, fd: number): number | undefined {
  const fds: number[] = [];
  try {
    let last = -1;
    while (last < fd + 2048) fds.push((last = os.dup(fd)));
    const found = fds.indexOf(fd + 2048);
    return found < 0 ? undefined : scope.own(fds.splice(found, 1)[0] as number);
  } catch (error) {
    if (error instanceof OSError && error.code === "EMFILE") return undefined;
    throw error;
  } finally {
    for (const other of fds) os.close(other);
  }
}

test(
  "numbers that are 2048 apart do not mix",
  scoped((scope) => {
    const { queue, r } = reported(scope);
    const far = farFrom(scope, r);
    if (far === undefined) return console.log("skip: fewer than 2048 descriptors");
    label(queue, far, 9);
    for (let i = 0; i < 3; i++) {
      assert.equal(
        queue.control(null, 64, 0).map(({ ident, udata }) => [ident, udata]),
        [
          [r, 0],
          [far, 9],
        ],
      );
    }
  }),
);

test.run();
