// The addon's watches: the descriptors and handles of a wait that does not block, and their end.

import { closeSync, openSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EVENT_IN, EVENT_OUT, POLL_RECORD_SIZE } from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { addonPath, loadAddon } from "../../host/native/addon.ts";
import { scoped } from "../support/descriptors.ts";
import { openDescriptors } from "../support/files.ts";

const [EBADF, EFAULT, EINVAL] = [9, 14, 22];
const addon = loadAddon();

function nothing(): void {}

function recordsOf(...records: Array<readonly [fd: number, want: number]>): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(records.length * POLL_RECORD_SIZE));
  for (const [i, [fd, want]] of records.entries()) {
    view.setInt32(i * POLL_RECORD_SIZE, fd, true);
    view.setInt16(i * POLL_RECORD_SIZE + 4, want, true);
  }
  return view.buffer;
}

/** Resolves when a watch calls back. */
function watched(records: ArrayBuffer, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const count = records.byteLength / POLL_RECORD_SIZE;
    const result = addon.watch(records, 0, count, timeoutMs, resolve);
    if (result < 0) reject(new Error(String(result)));
  });
}

test(
  "a regular file, a closed descriptor, no time and a ready descriptor end a watch",
  scoped(async (s) => {
    const [, w] = s.pipe();
    const file = openSync(new URL(import.meta.url), "r");
    const before = openDescriptors();
    await watched(recordsOf([file, EVENT_IN]), -1);
    await watched(recordsOf([4000, EVENT_IN]), -1);
    await watched(recordsOf([-1, EVENT_IN]), 0);
    await watched(new ArrayBuffer(0), 0.2);
    await watched(recordsOf([w, EVENT_OUT]), -1);
    assert.is(openDescriptors(), before);
    closeSync(file);
  }),
);

test(
  "one descriptor in several records is watched for all they want",
  scoped(async (s) => {
    const [r, w] = s.pipe();
    const found = watched(recordsOf([r, EVENT_OUT], [r, EVENT_IN], [r, EVENT_OUT]), -1);
    os.write(w, "x");
    await found;
  }),
);

test("arguments are checked, and the number of a watch is good until it is over", () => {
  const call = addon.watch as (...given: unknown[]) => number;
  assert.is(call(new ArrayBuffer(8), 1, 1, 0, nothing), -EFAULT);
  assert.is(call(new ArrayBuffer(8), 0, 1, NaN, nothing), -EINVAL);
  assert.is(call(new ArrayBuffer(8), 0, 1, 0, undefined), -EINVAL);
  assert.is(call(new ArrayBuffer(8), 0), -EINVAL);
  const before = openDescriptors();
  const numbers = Array.from({ length: 20 }, () =>
    addon.watch(new ArrayBuffer(0), 0, 0, 1e6, nothing),
  );
  assert.is(new Set(numbers).size, 20);
  for (const number of numbers) assert.is(addon.unwatch(number), 0);
  for (const number of [...numbers, -1, 1e6]) assert.is(addon.unwatch(number), -EBADF);
  assert.is(openDescriptors(), before);
});

const THREAD = `
const { parentPort, workerData } = require("node:worker_threads");
const addon = require(workerData.addon);
const records = new Uint8Array(new Int32Array([workerData.fd, 1]).buffer).buffer;
for (let i = 0; i < 10; i++) addon.watch(records, 0, 1, i % 2 ? -1 : 1e6, () => { throw new Error("called"); });
addon.unwatch(3);
parentPort.postMessage("watching");
`;

test(
  "a thread that ends with watches closes their descriptors",
  scoped(async (s) => {
    const [r] = s.pipe();
    const before = openDescriptors();
    const workerData = { addon: addonPath(), fd: r };
    for (let i = 0; i < 5; i++) {
      const worker = new Worker(THREAD, { eval: true, workerData });
      await new Promise((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
      });
      await worker.terminate();
    }
    assert.is(openDescriptors(), before);
  }),
);

test.run();
