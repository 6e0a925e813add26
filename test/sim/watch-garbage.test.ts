// What the waits of a program that goes on leave behind. V8 collects what is young often and in little time, but not
// what something in its old generation refers to, even if that is garbage itself.

import { getHeapSpaceStatistics } from "node:v8";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { createSim } from "../../bindings/node/sim.ts";
import { collected } from "../support/garbage.ts";

const WAITS = 2000;
/** Calls that collect young objects; an object that survives two is old. */
const COLLECTIONS = 10;
/** Of each wait; it was 850 bytes and more while V8 allocated a function of each sleep in its old generation. */
const MOST_KEPT_BYTES = 200;

const collect = (globalThis as { gc?: (options: { type: "minor" }) => void }).gc;

function oldBytes(): number {
  const spaces = getHeapSpaceStatistics().filter(({ space_name }) => space_name === "old_space");
  return spaces.reduce((sum, { space_used_size }) => sum + space_used_size, 0);
}

test("a wait that is over keeps no later wait from being collected while it is young", async () => {
  const { host } = createSim().select;
  const memory = new WebAssembly.Memory({ initial: 1 });
  const wait = (): Promise<void> =>
    new Promise((resolve) => void host.watch?.(memory, 0, 0, 1, resolve));
  const some = async (): Promise<void> => {
    for (let i = 0; i < WAITS / COLLECTIONS; i++) await wait();
  };
  await some();
  await collected();
  const before = oldBytes();
  for (let i = 0; i < COLLECTIONS; i++) {
    await some();
    collect?.({ type: "minor" });
  }
  const kept = (oldBytes() - before) / WAITS;
  assert.ok(kept < MOST_KEPT_BYTES, `${kept} bytes of each wait`);
});

test.run();
