// A simulated hour with a million timer events takes a few seconds of processor time (bench/sim has the
// figures). How many depends on the machine and on its other load, so that they are compared with plain
// work: an event whose cost grows with the number of those before takes thousands of times as long.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { coreModule } from "../../bindings/node/host.ts";
import { Sim } from "../../bindings/sim/sim.ts";

const EVENTS = 1_000_000;
const HOUR = 3600;
const PERIOD = HOUR / EVENTS;
/** Steps of plain work, of which an hour may take this many times the processor time. */
const STEPS = 3_000_000;
const TIMES = 500;

/** Seconds of processor time since `before`. */
function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Seconds of processor time that plain work takes. */
function plainWork(): number {
  const before = process.cpuUsage();
  const entries = new Map<number, { key: number; step: number }>();
  let key = 1;
  for (let step = 0; step < STEPS; step++) {
    key = (Math.imul(key, 48_271) + step) | 0;
    entries.set(key & 1023, { key, step });
  }
  assert.is(entries.size, 1024);
  return secondsSince(before);
}

/** Runs `body` with a simulation, until the hour is over; it returns how many events came. */
function anHour(name: string, body: (sim: Sim, isOver: () => boolean) => number): void {
  test(`a million events of ${name}`, () => {
    const sim = new Sim(coreModule());
    const limit = TIMES * plainWork();
    const before = process.cpuUsage();
    assert.is(
      body(sim, () => sim.now() > HOUR - PERIOD / 2),
      EVENTS,
    );
    const seconds = secondsSince(before);
    assert.ok(Math.abs(sim.now() - HOUR) < PERIOD / 2, `the hour ended at ${sim.now()}`);
    assert.ok(seconds < limit, `${seconds} s of ${limit} s`);
  });
}

anHour("a timerfd, polled and read", (sim, isOver) => {
  const { os, select } = sim;
  const fd = sim.timerfd({ initial: PERIOD, interval: PERIOD });
  const ep = select.epoll();
  ep.register(fd, select.EPOLLIN);
  let count = 0;
  while (!isOver()) {
    assert.is(ep.poll().length, 1);
    count += Buffer.from(os.read(fd, 8)).readUInt32LE();
  }
  return count;
});

anHour("a timer of a kqueue", (sim, isOver) => {
  const { kevent, kqueue, KQ_FILTER_TIMER, KQ_EV_ADD, KQ_NOTE_USECONDS } = sim.select;
  const queue = kqueue();
  queue.control([kevent(1, KQ_FILTER_TIMER, KQ_EV_ADD, KQ_NOTE_USECONDS, PERIOD * 1e6)], 0);
  let count = 0;
  while (!isOver()) for (const { data } of queue.control(null, 4)) count += Number(data);
  return count;
});

anHour("an action every few milliseconds, while a wait lasts", (sim) => {
  let count = 0;
  sim.every(PERIOD, () => count++);
  assert.equal(sim.select.epoll().poll(HOUR), []);
  return count;
});

anHour("a pipe that is written to, polled and read", (sim, isOver) => {
  const { os, select } = sim;
  const [r, w] = os.pipe();
  const ep = select.epoll();
  ep.register(r, select.EPOLLIN);
  const byte = Uint8Array.of(1);
  sim.every(PERIOD, () => os.write(w, byte));
  let count = 0;
  while (!isOver()) {
    ep.poll();
    count += os.read(r, 16).length;
  }
  return count;
});

test.run();
