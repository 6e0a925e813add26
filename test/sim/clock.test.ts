// The real clock of a simulated kernel: waits that block, time that goes on while the program computes,
// and several threads on one kernel.

import { spawnSync } from "node:child_process";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { Worker } from "node:worker_threads";
import { setTimeout as pause } from "node:timers/promises";
import { EPOLLIN, KQ_FILTER_TIMER } from "../../bindings/constants.ts";
import { ValueError } from "../../bindings/errors.ts";
import { CannotBlockError, createSim, DeadlockError, type Sim } from "../../bindings/node/sim.ts";
import { RealClock } from "../../host/sim/time/real-clock.ts";
import { throws } from "../support/expect.ts";
import { BEYOND_DEADLINE, DEADLINE, DEADLINE_MS, eventually } from "../support/world.ts";

const realSim = (): Sim => createSim({ clock: "real" });

/** A pipe, and an epoll that waits for input from it. */
function watchedPipe({ select, os }: Sim) {
  const [r, w] = os.pipe();
  const ep = select.epoll();
  ep.register(r, EPOLLIN);
  return { r, w, ep };
}

/** Result of `body`, and how many ms of this machine it took. */
function measured<Result>(body: () => Result): { result: Result; ms: number } {
  const begun = performance.now();
  const result = body();
  return { result, ms: performance.now() - begun };
}

/** Keeps the thread busy. */
function compute(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const entry = (name: string): string => new URL(`../../bindings/${name}.js`, import.meta.url).href;

function fail(text: string): never {
  throw new Error(text);
}

/** Runs `code` in a thread that joins `sim`; resolves to its result. */
function joined(sim: Sim, code: string, data?: unknown): Promise<unknown> {
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    (async () => {
      const { joinSim } = await import(workerData.url);
      const { select, os, sleep, end } = joinSim(workerData.ticket);
      const { data } = workerData;
      try { parentPort.postMessage((() => { ${code} })()); } finally { end(); }
    })();`;
  const url = new URL("../../bindings/node/sim.js", import.meta.url).href;
  const worker = new Worker(source, {
    eval: true,
    workerData: { url, ticket: sim.invite(), data },
  });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

test("a wait takes as long as it says", () => {
  const sim = realSim();
  const { ep } = watchedPipe(sim);
  const before = sim.now();
  const { result, ms } = measured(() => ep.poll(0.05));
  assert.equal(result, []);
  assert.ok(ms >= 50 && ms < DEADLINE_MS, String(ms));
  const passed = sim.now() - before;
  assert.ok(passed >= 0.05 && passed < DEADLINE, String(passed));
  assert.ok(measured(() => sim.advance(0.02)).ms >= 20);
});

test("a scheduled action runs during a wait, and ends it", () => {
  const sim = realSim();
  const { r, w, ep } = watchedPipe(sim);
  const at = sim.now() + 0.03;
  sim.at(at, () => sim.os.write(w, "x"));
  const { result, ms } = measured(() => ep.poll(BEYOND_DEADLINE));
  assert.equal(result, [[r, EPOLLIN]]);
  assert.ok(sim.now() >= at);
  assert.ok(ms < DEADLINE_MS, String(ms));
});

test("timers go off, and are counted", () => {
  const sim = realSim();
  const { select, os } = sim;
  const fd = sim.timerfd({ initial: 0.01, interval: 0.01 });
  compute(35);
  const p = select.poll();
  p.register(fd, select.POLLIN);
  assert.equal(p.poll(0), [[fd, select.POLLIN]]);
  assert.ok((os.read(fd, 8)[0] as number) >= 3);
  const queue = select.kqueue();
  const timer = select.kevent(1, KQ_FILTER_TIMER, select.KQ_EV_ADD, 0, 10);
  const { result, ms } = measured(() => queue.control([timer], 1, BEYOND_DEADLINE));
  assert.is(result[0]?.ident, 1);
  assert.ok(ms >= 10 && ms < DEADLINE_MS, String(ms));
});

test("the time of day is this machine's", () => {
  const { kernel } = realSim();
  const before = Date.now();
  const passed = kernel.realtime() - before;
  assert.ok(passed >= -1 && passed <= Date.now() - before + 1, String(passed));
});

test("between the tasks of the program actions run by themselves", async () => {
  const sim = realSim();
  const { r, w, ep } = watchedPipe(sim);
  let count = 0;
  const plan = sim.every(0.01, () => {
    if (++count === 3) plan.cancel();
    sim.os.write(w, "x");
  });
  assert.ok(await eventually(() => count === 3));
  await pause(30); // no more come
  assert.equal(ep.poll(0), [[r, EPOLLIN]]);
  assert.is(sim.os.read(r, 10).length, 3);
  assert.ok(sim.trace().filter(({ what }) => what === "action").length === 3);
});

test("a program that computes misses nothing: actions that are due run first", () => {
  const sim = realSim();
  const { r, w, ep } = watchedPipe(sim);
  sim.at(sim.now() + 0.01, () => sim.os.write(w, "x"));
  assert.equal(ep.poll(0), []);
  compute(15);
  assert.equal(ep.poll(0), [[r, EPOLLIN]]);
  sim.at(sim.now() + 0.01, () => sim.os.write(w, "y"));
  compute(15);
  assert.is(sim.os.read(r, 10).length, 2);
});

test("actions that are due run however little time the thread gets", () => {
  const { now } = performance;
  let ms = now.call(performance);
  // Another process runs between any two looks at the clock.
  performance.now = () => (ms += 20);
  try {
    const clock = new RealClock();
    const ran: number[] = [];
    for (const i of [1, 2, 3]) clock.schedule(i, () => ran.push(i));
    clock.catchUp();
    assert.equal(ran, [1, 2, 3]);
  } finally {
    performance.now = now;
  }
});

test("an action waits for the end of a change, which it could end in the middle", () => {
  const sim = realSim();
  const { os, select } = sim;
  const [r] = os.pipe();
  const queue = select.kqueue();
  queue.control([select.kevent(r)], 0);
  let hasRun = false;
  sim.at(sim.now() + 0.01, () => {
    hasRun = true;
    os.close(r);
  });
  compute(15);
  queue.control([select.kevent(r)], 0);
  assert.is(hasRun, false);
  assert.equal(queue.control(null, 1, 0), []);
  assert.is(hasRun, true);
  assert.equal(queue.inspect().registrations, []);
});

test("an error of an action is thrown by the wait, or by the next one", () => {
  const sim = realSim();
  const { ep } = watchedPipe(sim);
  sim.at(sim.now() + 0.01, () => fail("during"));
  assert.throws(() => ep.poll(5), /during/);
  sim.at(sim.now() + 0.01, () => fail("before"));
  compute(15);
  sim.os.eventfd(0);
  assert.throws(() => ep.poll(0), /before/);
  assert.equal(ep.poll(0), []);
});

test("without a wait, an error of an action is thrown by a task of its own", async () => {
  const sim = realSim();
  const thrown = new Promise<Error>((resolve) => process.once("uncaughtException", resolve));
  sim.at(sim.now() + 0.01, () => fail("alone"));
  // The timer alone does not keep the program going.
  const going = setTimeout(() => {}, DEADLINE_MS);
  assert.is((await thrown).message, "alone");
  clearTimeout(going);
});

test("an endless wait that nothing can end is refused", () => {
  const { ep } = watchedPipe(realSim());
  const { message } = throws(() => ep.poll(), DeadlockError);
  assert.match(message, `epoll_wait on descriptor ${ep.fileno()}`);
});

test("an action that never stops leaves other tasks their turn", async () => {
  const sim = realSim();
  const { kernel } = sim;
  let count = 0;
  let stop = false;
  const again = (): void => {
    count++;
    if (!stop) kernel.clock.schedule(kernel.clock.now(), again);
  };
  again();
  assert.ok(await eventually(() => count > 10));
  stop = true;
  await pause(30);
  const ended = count;
  await pause(10);
  assert.is(count, ended);
});

test("a thread waits while this one acts between its tasks", async () => {
  const sim = realSim();
  const { r, w } = watchedPipe(sim);
  const [told, telling] = sim.os.pipe();
  const code = `
    const ep = select.epoll();
    ep.register(data.r, 1);
    const begun = performance.now();
    os.write(data.telling, "now");
    const events = ep.poll(120);
    return [events, performance.now() - begun, os.read(data.r, 10).toString()];`;
  const ended = joined(sim, code, { r, telling });
  while (sim.select.select([told], [], [], 0)[0].length === 0) await pause(5);
  await pause(50);
  sim.os.write(w, "hello");
  const [events, ms, text] = (await ended) as [unknown, number, string];
  assert.equal(events, [[r, EPOLLIN]]);
  assert.is(text, "hello");
  assert.ok(ms >= 45 && ms < DEADLINE_MS, String(ms));
});

test("a thread waits also where there is no Atomics.waitAsync, as in older browsers", async () => {
  const shared = Atomics as { waitAsync?: unknown };
  const { waitAsync } = shared;
  delete shared.waitAsync;
  try {
    const sim = realSim();
    const [r, w] = sim.os.pipe();
    const code = `os.write(data[1], "x"); sleep(0.05); return os.read(data[0], 5).toString();`;
    assert.is(await joined(sim, code, [r, w]), "x");
  } finally {
    shared.waitAsync = waitAsync;
  }
});

test("this thread waits for ever while another one acts", async () => {
  const sim = realSim();
  const { r, w, ep } = watchedPipe(sim);
  const ended = joined(sim, `sleep(0.05); return os.write(data, "hello");`, w);
  const { result, ms } = measured(() => ep.poll());
  assert.equal(result, [[r, EPOLLIN]]);
  assert.ok(ms >= 50 && ms < DEADLINE_MS, String(ms));
  assert.is(await ended, 5);
});

test("threads wait for one another, and for time", async () => {
  const sim = realSim();
  const { os } = sim;
  const [r, w] = os.pipe();
  const [r2, w2] = os.pipe();
  const echo = `
    let count = 0;
    for (let bytes = os.read(data[0], 1); bytes.length > 0; bytes = os.read(data[0], 1)) {
      count++;
      os.write(data[1], bytes);
    }
    os.close(data[1]);
    return count;`;
  const first = joined(sim, echo, [r, w2]);
  const [r3, w3] = os.pipe();
  const second = joined(sim, echo, [r2, w3]);
  for (let i = 0; i < 200; i++) {
    os.write(w, String(i % 10));
    assert.is(os.read(r3, 1).toString(), String(i % 10));
  }
  os.close(w);
  assert.equal(await Promise.all([first, second]), [200, 200]);
  const timed = `
    const begun = performance.now();
    const events = select.select([data], [], [], 0.1);
    return [events, performance.now() - begun];`;
  const { r: silent } = watchedPipe(sim);
  const [events, ms] = (await joined(sim, timed, silent)) as [unknown, number];
  assert.equal(events, [[], [], []]);
  assert.ok(ms >= 100 && ms < DEADLINE_MS, String(ms));
});

test("a thread that cannot block gets an error that names the alternatives", () => {
  const { wait } = Atomics;
  // As on a page's own thread, where the real thing is tested: browser.test.ts.
  Atomics.wait = () => {
    throw new TypeError("Atomics.wait cannot be called in this context");
  };
  try {
    const sim = realSim();
    const { r, w, ep } = watchedPipe(sim);
    const { message } = throws(() => ep.poll(0.5), CannotBlockError);
    assert.match(message, /^epoll_wait on descriptor 5, .*timeout of 0.*worker.*virtual clock/);
    throws(() => sim.os.read(r, 1), CannotBlockError);
    throws(() => sim.advance(0.1), CannotBlockError);
    assert.equal(ep.poll(0), []);
    sim.os.write(w, "x");
    assert.equal(ep.poll(0.5), [[r, EPOLLIN]]);
    const virtual = createSim();
    assert.equal(watchedPipe(virtual).ep.poll(0.5), []);
    assert.is(virtual.now(), 0.5);
  } finally {
    Atomics.wait = wait;
  }
});

test("OMNIPOLL_HOST gives a program a simulation with the real clock", () => {
  const program = `
    const { epoll, EPOLLIN } = await import(${JSON.stringify(entry("node/select"))});
    const os = await import(${JSON.stringify(entry("node/os"))});
    const { currentSim } = await import(${JSON.stringify(entry("node/sim"))});
    const [r, w] = os.pipe();
    const ep = epoll();
    ep.register(r, EPOLLIN);
    const sim = currentSim();
    sim.at(sim.now() + 0.01, () => sim.os.write(w, "x"));
    const end = performance.now() + 20;
    while (performance.now() < end);
    const found = [ep.poll(0).length, os.read(r, 5).length];
    const begun = performance.now();
    ep.poll(0.05);
    console.log(JSON.stringify([...found, performance.now() - begun >= 50]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...process.env, OMNIPOLL_HOST: "sim:linux:real" },
    encoding: "utf8",
  });
  assert.is(stdout, "[1,1,true]\n", stderr);
});

test("there are two clocks", () => {
  const { message } = throws(() => createSim({ clock: "lunar" as "real" }), ValueError);
  assert.is(message, `clock must be "virtual" or "real", got "lunar"`);
});

test.run();
