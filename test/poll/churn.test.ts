// Poll objects under churn: against a model, with very many registrations, and as garbage.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  KeyError,
  poll,
  POLLIN,
  POLLNVAL,
  POLLOUT,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { closeAll, newPipe } from "../support/probes.ts";
import { throws } from "../support/expect.ts";
import { collected } from "../support/garbage.ts";

/** A generator of the same numbers below `limit` in every run. */
function randomizer(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** A number that is not open: all of them are ready, with POLLNVAL, in order of registration. */
const FIRST = 30_000;

for (const [seed, numbers, steps] of [
  [1, 40, 20_000],
  [2, 1000, 20_000],
  [3, 1500, 30_000],
] as const) {
  test(`${steps} steps among ${numbers} descriptors keep to the model`, () => {
    const random = randomizer(seed);
    const p = poll();
    const model = new Map<number, number>();
    for (let step = 0; step < steps; step++) {
      // Phases of growth and of shrinking.
      const growing = Math.floor(step / (steps / 6)) % 2 === 0;
      const fd = FIRST + random(numbers) * (random(2) === 0 ? 1 : 1024);
      const action = random(10);
      if (action < (growing ? 6 : 2)) {
        p.register(fd, action);
        model.set(fd, action);
      } else if (action < 9) {
        if (model.delete(fd)) p.unregister(fd);
        else throws(() => p.unregister(fd), KeyError);
      } else if (model.has(fd)) {
        p.modify(fd, step & 0xffff);
      } else {
        throws(() => p.modify(fd, 1), FileNotFoundError);
      }
      if (step % 500 === 499) {
        assert.equal(
          p.poll(0),
          [...model.keys()].map((known) => [known, POLLNVAL]),
        );
      }
    }
  });
}

test("3500 registrations, then an empty object, then others", () => {
  const p = poll();
  const numbers = Array.from({ length: 3500 }, (_, i) => FIRST + i * 7);
  for (const fd of numbers) p.register(fd, 0);
  assert.equal(
    p.poll(0).map(([fd]) => fd),
    numbers,
  );
  for (const fd of numbers) p.unregister(fd);
  assert.equal(p.poll(0), []);
  const [r, w] = newPipe();
  p.register(w, POLLOUT);
  assert.equal(p.poll(0), [[w, POLLOUT]]);
  closeAll(r, w);
});

test("masks keep to their descriptors through growth, gaps and shrinking", () => {
  const pipes = Array.from({ length: 60 }, newPipe);
  const p = poll();
  for (const [r, w] of pipes) {
    p.register(r, POLLIN);
    p.register(w, POLLOUT);
  }
  pipes.forEach(([r], i) => i % 3 !== 0 && p.unregister(r));
  pipes.forEach(([, w], i) => i % 4 !== 0 && p.unregister(w));
  pipes.forEach(([, w], i) => i % 6 === 0 && os.write(w, "x"));
  const expected = pipes.flatMap(([r, w], i) => [
    ...(i % 6 === 0 ? [[r, POLLIN]] : []),
    ...(i % 4 === 0 ? [[w, POLLOUT]] : []),
  ]);
  assert.equal(p.poll(0), expected);
  closeAll(...pipes.flat());
});

test("a million registrations and unregistrations of one descriptor", () => {
  const [r, w] = newPipe();
  const p = poll();
  p.register(r, POLLIN);
  for (let i = 0; i < 1_000_000; i++) {
    p.register(w, POLLOUT);
    p.unregister(w);
  }
  p.register(w, POLLOUT);
  assert.equal(p.poll(0), [[w, POLLOUT]]);
  closeAll(r, w);
});

/** Makes 300 poll objects of 2 000 descriptors, and collects them. */
async function round(): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const p = poll();
    for (let fd = 0; fd < 2000; fd++) p.register(FIRST + fd, 0);
  }
  await collected();
}

test("poll objects that are collected give their memory back", async () => {
  for (let i = 0; i < 2; i++) await round();
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 6; i++) await round();
  // Kept, the six rounds would take 6 x 300 x 48 KiB: 86 MB.
  const grown = (process.memoryUsage.rss() - before) / 1e6;
  assert.ok(grown < 40, `${grown.toFixed(1)} MB more`);
});

test("a poll object in use is not collected", async () => {
  const [r, w] = newPipe();
  const p = poll();
  p.register(w, POLLOUT);
  for (let i = 0; i < 3; i++) await collected();
  assert.equal(p.poll(0), [[w, POLLOUT]]);
  closeAll(r, w);
});

test.run();
