// The trace of a simulated kernel: its last entries, in order, whatever their arguments are.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { PENDING } from "../../host/sim/kernel/constants.ts";
import { Trace } from "../../host/sim/kernel/trace.ts";

test("the last entries are kept, in order, also when the ring has gone round", () => {
  for (const limit of [1, 2, 7, 300]) {
    let ms = 0;
    const trace = new Trace(limit, () => ms);
    const all: unknown[] = [];
    for (let i = 0; i < 1000; i++) {
      ms = i / 4;
      const what = i % 3 === 0 ? "poll" : "read";
      trace.add(what, [i, -i], i * 2);
      all.push({ ms, what, args: [i, -i], result: i * 2 });
      if (i < 20 || i % 37 === 0) assert.equal(trace.entries(), all.slice(-limit));
    }
  }
});

test("arguments of every kind and number are told as they were given", () => {
  const given: ReadonlyArray<readonly unknown[]> = [
    [],
    [0.1, -0, NaN, Infinity, 2 ** 53],
    [1, 2, 3, 4, 5, 6],
    ["a path", 7],
    [undefined],
    [{ ident: 3 }, [1]],
    [5n],
  ];
  const trace = new Trace(given.length, () => 1.5);
  for (const round of [1, 2]) {
    for (const args of given) trace.add(`call ${round}`, args, 0);
    const entries = trace.entries();
    assert.equal(
      entries.map(({ args }) => args),
      given,
    );
    assert.ok(Object.is(entries[1]?.args[1], -0));
    assert.ok(entries.every(({ what, ms }) => what === `call ${round}` && ms === 1.5));
  }
});

test("a call that has not ended, or has no result, has none in the trace", () => {
  const trace = new Trace(10, () => 0);
  trace.add("signal", [2]);
  trace.add("poll", [1], PENDING);
  trace.add("close", [3], -9);
  assert.equal(
    trace.entries().map((entry) => ("result" in entry ? entry.result : "none")),
    ["none", "none", -9],
  );
  const off = new Trace(0, () => 0);
  off.add("close", [3], 0);
  assert.ok(!off.isOn);
  assert.equal(off.entries(), []);
});

test.run();
