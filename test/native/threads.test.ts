// The addon in several threads, several times in one, and gone with its thread.

import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EVENT_IN } from "../../asm/abi.ts";
import { epoll, poll } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { type Addon, addonPath } from "../../host/native/addon.ts";
import { callsOf } from "../support/hosts.ts";
import { assertTook, inThread } from "../support/expect.ts";
import { openDescriptors } from "../support/files.ts";
import { endIdleThreads, eventually } from "../support/world.ts";

/** Waits of each kind on pipes of its own; returns how many were right. */
const BUSY = `
  let right = 0;
  const ep = select.epoll();
  const p = select.poll();
  const pipes = Array.from({ length: 8 }, () => os.pipe());
  for (const [r] of pipes) { ep.register(r, 1); p.register(r, 1); }
  for (let i = 0; i < data; i++) {
    const [r, w] = pipes[i % 8];
    os.write(w, "x");
    const found = [ep.poll(5), p.poll(5000), select.select(pipes.map(([r]) => r), [], [], 5)[0]];
    const expected = [[[r, 1]], [[r, 1]], [r]];
    if (JSON.stringify(found) === JSON.stringify(expected)) right++;
    os.read(r, 1);
    if (ep.poll(0).length + p.poll(0).length === 0) right++;
  }
  ep.close();
  for (const fd of pipes.flat()) os.close(fd);
  return right;`;

test("8 threads wait thousands of times at once, each on its own", async () => {
  const before = openDescriptors();
  const workers = await Promise.all(Array.from({ length: 8 }, () => inThread(0, BUSY, 2000)));
  const results = await Promise.all(workers.map(({ done }) => done));
  assert.equal(results, new Array(8).fill(4000));
  await endIdleThreads();
  // Node closes the descriptors of a worker a little after the worker has ended.
  const areClosed = await eventually(() => openDescriptors() <= before + 4);
  assert.ok(areClosed, `${openDescriptors()} of ${before}`);
});

const BLOCKED: Record<string, string> = {
  select: "return select.select([data], [], [], 120)[0]",
  poll: "const p = select.poll(); p.register(data, 1); return p.poll(120_000)[0]",
  epoll:
    "const ep = select.epoll(); ep.register(data, 1); const [e] = ep.poll(120); ep.close(); return e",
};

for (const [name, code] of Object.entries(BLOCKED)) {
  test(`a thread blocked in ${name} wakes up when another one writes`, async () => {
    const [reader, writer] = os.pipe();
    const { done, blocked } = await inThread(0, code, reader);
    await blocked();
    const written = performance.now();
    os.write(writer, "x");
    const result = await done;
    const ms = performance.now() - written;
    assert.equal(result, name === "select" ? [reader] : [reader, EVENT_IN]);
    assertTook(ms, 0, 2000);
    os.close(reader);
    os.close(writer);
  });
}

test("two threads wake each other through pipes, 1 000 times", async () => {
  const [toThread, fromMain] = os.pipe();
  const [toMain, fromThread] = os.pipe();
  const { done } = await inThread(
    0,
    `const ep = select.epoll(); ep.register(data[0], 1);
     for (let i = 0; i < 1000; i++) { ep.poll(20); os.write(data[1], os.read(data[0], 1)); }
     ep.close(); return "done";`,
    [toThread, fromThread],
  );
  const p = poll();
  p.register(toMain, EVENT_IN);
  for (let i = 0; i < 1000; i++) {
    os.write(fromMain, String(i % 10));
    assert.equal(p.poll(20_000), [[toMain, EVENT_IN]]);
    assert.is(os.read(toMain, 1).toString(), String(i % 10));
  }
  assert.is(await done, "done");
  for (const fd of [toThread, fromMain, toMain, fromThread]) os.close(fd);
});

test("the addon loads twice in one thread, and both copies work", () => {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  const copy = join(folder, "copy.node");
  copyFileSync(addonPath(), copy);
  const second = callsOf(createRequire(import.meta.url)(copy) as Addon);
  const first = callsOf();
  assert.is.not(first.poll, second.poll);
  assert.equal(Object.keys(first).sort(), Object.keys(second).sort());
  const fd = os.eventfd(1);
  const epfd = first.epoll_create1(0);
  assert.is(second.epoll_ctl(epfd, 1, fd, EVENT_IN), 0);
  for (const addon of [first, second]) {
    const memory = new ArrayBuffer(64);
    assert.is(addon.epoll_wait(memory, epfd, 8, 4, 0), 1);
    assert.equal([...new Int32Array(memory, 8, 2)], [fd, EVENT_IN]);
    assert.ok(Math.abs(addon.now() - first.now()) < 1000);
  }
  os.close(fd);
  assert.is(second.close(epfd), 0);
  rmSync(folder, { recursive: true });
});

test("50 threads come and go without a descriptor left behind", async () => {
  const code = `
    const [r, w] = os.pipe();
    const ep = select.epoll();
    ep.register(w, 4);
    const found = ep.poll(1).length + select.select([], [w], [], 1)[1].length;
    ep.close(); os.close(r); os.close(w);
    return found;`;
  const run = async (): Promise<void> => assert.is(await (await inThread(0, code)).done, 2);
  for (let i = 0; i < 5; i++) {
    await run();
    await endIdleThreads();
  }
  let before = Infinity;
  for (let last = -1; last !== before; await sleep(50)) {
    last = before;
    before = openDescriptors();
  }
  for (let i = 0; i < 50; i += 5) {
    await Promise.all([run(), run(), run(), run(), run()]);
    await endIdleThreads();
  }
  const areClosed = await eventually(() => openDescriptors() <= before);
  assert.ok(areClosed, `${openDescriptors()} descriptors, ${before} before`);
});

test("a thread that is terminated while blocked ends once its wait does", async () => {
  const [reader, writer] = os.pipe();
  const worker = new Worker(
    `const { workerData, parentPort } = require("node:worker_threads");
     import(workerData.select).then(({ poll }) => {
       const p = poll();
       p.register(workerData.reader, 1);
       parentPort.postMessage("ready");
       p.poll();
       parentPort.postMessage("not reached");
     });`,
    {
      eval: true,
      workerData: {
        reader,
        select: new URL("../../bindings/node/select.js", import.meta.url).href,
      },
    },
  );
  const messages: unknown[] = [];
  await new Promise((resolve) => {
    worker.on("message", (message) => resolve(messages.push(message)));
  });
  await sleep(50);
  const ended = worker.terminate();
  os.write(writer, "x");
  await ended;
  assert.equal(messages, ["ready"]);
  os.close(reader);
  os.close(writer);
});

test("an epoll can be waited on in two threads at once; one event wakes one of two", async () => {
  const [reader, writer] = os.pipe();
  using ep = epoll();
  const ONE_SHOT = 0x40000000;
  ep.register(reader, EVENT_IN + ONE_SHOT);
  const code = "return select.epoll.fromfd(os.dup(data)).poll(3).length";
  const threads = await Promise.all([
    inThread(0, code, ep.fileno()),
    inThread(0, code, ep.fileno()),
  ]);
  for (const thread of threads) await thread.blocked();
  os.write(writer, "x");
  const results = (await Promise.all(threads.map(({ done }) => done))) as number[];
  assert.equal(results.sort(), [0, 1]);
  os.close(reader);
  os.close(writer);
});

test.run();
