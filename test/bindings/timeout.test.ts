// Timeouts: the values that are accepted, their unit, and how long the wait then is.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  epoll,
  EPOLLIN,
  OverflowError,
  poll,
  POLLIN,
  select,
  ValueError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { closeAll, newPipe } from "../support/probes.ts";
import { assertTook, inThread, isRunning, signalled, throws, timed } from "../support/expect.ts";
import { blockUntil, eventually, ignoreAgain, listenTo, sim } from "../support/world.ts";

type AnyTimeout = (timeout?: unknown) => unknown;

/** The three waits on a descriptor that is ready: they answer at once to a timeout that they accept. */
const [ready, readyWriter] = newPipe();
os.write(readyWriter, "x");
const readyPoll = poll();
readyPoll.register(ready, POLLIN);
const readyEpoll = epoll();
readyEpoll.register(ready, EPOLLIN);
const selectReady = ((timeout) => select([ready], [], [], timeout as number)) as AnyTimeout;
const pollReady = ((timeout) => readyPoll.poll(timeout as number)) as AnyTimeout;
const epollReady = ((timeout) => readyEpoll.poll(timeout as number)) as AnyTimeout;
const SELECTED = [[ready], [], []];
const POLLED = [[ready, POLLIN]];

/** The same on a descriptor that is not ready: they wait for their timeout. */
const [idle, idleWriter] = newPipe();
const idlePoll = poll();
idlePoll.register(idle, POLLIN);
const idleEpoll = epoll();
idleEpoll.register(idle, EPOLLIN);

/** Asserts that `body` finds nothing, after at least `least` ms and not much later. */
function waits(body: () => unknown[], least: number): void {
  const { result, ms } = timed(body);
  assert.equal(result.flat(), []);
  assertTook(ms, least, least + 1000);
}

test("SEL-22: select() takes numbers and null, and its TypeError shows any other value", () => {
  for (const value of ["1", "", [], [1], {}, Symbol("s"), () => 1, new Date(0)]) {
    assert.match(throws(() => selectReady(value), TypeError).message, "timeout");
  }
  assert.match(throws(() => selectReady("soon"), TypeError).message, '"soon"');
});

test("SEL-23: whole numbers, fractions, booleans and bigints are timeouts", () => {
  for (const value of [0, -0, 0.5, 1e-320, 1, true, false, 0n, 5n, null, undefined]) {
    assert.equal(selectReady(value), SELECTED, String(value));
  }
  assert.equal(selectReady(), SELECTED);
});

test("SEL-24: a negative timeout is a ValueError of select(), however small", () => {
  for (const value of [-1, -0.1, -1e-9, -1e-100, -Number.MIN_VALUE, -1n]) {
    assert.match(throws(() => selectReady(value), ValueError).message, "timeout");
  }
});

test("SEL-26: a timeout beyond 64 bits of nanoseconds is an OverflowError", () => {
  for (const value of [Infinity, 1e10, 1e300, 9223372037, 2 ** 63, 2n ** 63n, 2n ** 2000n]) {
    throws(() => selectReady(value), OverflowError);
  }
  for (const value of [-Infinity, -1e10, -(2n ** 63n)]) {
    throws(() => selectReady(value), OverflowError);
  }
  assert.equal(selectReady(9223372036), SELECTED);
  assert.equal(selectReady(9e9), SELECTED);
});

test("POL-21: null, nothing and anything below 0 waits for ever", async () => {
  for (const value of [null, undefined, -1, -0.1, -1e-100, -1n]) {
    const [r, w] = newPipe();
    const p = poll();
    p.register(r, POLLIN);
    const { done } = await inThread(20, `os.write(data, "x")`, w);
    assert.equal(p.poll(value as number), [[r, POLLIN]], String(value));
    await done;
    closeAll(r, w);
  }
});

test("POL-23: poll takes numbers and null, and its TypeError names the timeout", () => {
  for (const value of ["1", [], {}, { timeout: 0 }, Symbol("s"), new Date(0)]) {
    assert.match(throws(() => pollReady(value), TypeError).message, "timeout");
  }
  for (const value of [0.5, true, false, 7n]) assert.equal(pollReady(value), POLLED);
});

test("POL-25: above INT_MAX milliseconds poll has an OverflowError", () => {
  for (const value of [2 ** 31, 2147483647.1, 2n ** 31n]) {
    assert.match(throws(() => pollReady(value), OverflowError).message, "timeout");
  }
  for (const value of [2 ** 31 - 1, 2147483646.5]) assert.equal(pollReady(value), POLLED);
});

test("POL-26: beyond 64 bits of nanoseconds it is an OverflowError too", () => {
  for (const value of [2n ** 62n, -(2n ** 63n), Infinity, -Infinity, 1e300, 9.3e12]) {
    throws(() => pollReady(value), OverflowError);
  }
});

test("POL-27: a very negative timeout must fit a C int all the same", () => {
  assert.equal(pollReady(-(2 ** 31)), POLLED);
  for (const value of [-(2 ** 31) - 1, -2147483648.5, -9223372037]) {
    throws(() => pollReady(value), OverflowError);
  }
});

test("POL-54: with a negative timeout poll still reports ready descriptors", () => {
  for (const value of [-1, -100, -(2 ** 31)]) assert.equal(pollReady(value), POLLED);
});

test("epoll has INT_MAX milliseconds too, in seconds", () => {
  for (const value of [2147483.647, -2147483.648, -2147483.6485, 2147483]) {
    assert.equal(epollReady(value), POLLED);
  }
  for (const value of [2147483.648, 2147483.6471, -2147483.649, 2 ** 31, Infinity]) {
    assert.match(throws(() => epollReady(value), OverflowError).message, "timeout");
  }
});

test("XC-01: select and epoll count seconds, poll milliseconds", () => {
  waits(() => select([idle], [], [], 0.05), 50);
  waits(() => idleEpoll.poll(0.05), 50);
  waits(() => idlePoll.poll(50), 50);
});

test("XC-02: select has microseconds, poll and epoll whole milliseconds, rounded up", () => {
  waits(() => idlePoll.poll(0.1), 1);
  waits(() => idlePoll.poll(1e-100), 1);
  waits(() => idlePoll.poll(1.5), 2);
  waits(() => idleEpoll.poll(0.0001), 1);
  waits(() => idleEpoll.poll(0.0015), 2);
  waits(() => select([idle], [], [], 0.0015), 1.5);
  // A busy machine may never wake a thread within a millisecond: one that it waits longer for is slower.
  let [fastest, slowest] = [Infinity, Infinity];
  const isFaster = blockUntil(() => {
    fastest = Math.min(fastest, timed(() => select([idle], [], [], 1e-9)).ms);
    slowest = Math.min(slowest, timed(() => idlePoll.poll(1)).ms);
    return fastest < 0.9 || fastest < slowest - 0.5;
  });
  assert.ok(fastest >= 0.001 && isFaster, `${fastest} ms, and ${slowest} ms`);
});

test("XC-04: a negative timeout is refused by select, endless in poll, and no wait in epoll above -1 ms", () => {
  throws(() => select([idle], [], [], -1e-100), ValueError);
  for (const value of [-0.0005, -1e-9, -1e-100]) {
    const { result, ms } = timed(() => idleEpoll.poll(value));
    assert.equal(result, []);
    assertTook(ms, 0, 500);
  }
  // poll: POL-21
});

test("XC-06: NaN is a ValueError everywhere", () => {
  for (const wait of [selectReady, pollReady, epollReady]) {
    assert.match(throws(() => wait(NaN), ValueError).message, "NaN");
  }
});

test("XC-08: true is 1 and false 0, in the unit of the call", () => {
  waits(() => idlePoll.poll(true as never), 1);
  waits(() => idlePoll.poll(false as never), 0);
  waits(() => select([idle], [], [], false as never), 0);
  const { ms } = timed(() => idleEpoll.poll(false as never));
  assertTook(ms, 0, 500);
  for (const wait of [selectReady, pollReady, epollReady]) wait(true);
});

test("XC-09: objects that stand for numbers are no timeouts", () => {
  class Half {
    valueOf = (): number => 0.5;
    [Symbol.toPrimitive] = (): number => 0.5;
  }
  const values: unknown[] = [new Number(1), new Half(), new Date(0), "0.5", [0.5]];
  for (const wait of [selectReady, pollReady, epollReady]) {
    for (const value of values) throws(() => wait(value), TypeError);
  }
});

test("XC-12: a timeout of 0 still reports ready descriptors", () => {
  for (const zero of [0, -0, 0n]) {
    assert.equal(selectReady(zero), SELECTED);
    assert.equal(pollReady(zero), POLLED);
    assert.equal(epollReady(zero), POLLED);
  }
});

test("a wait is never shorter than its timeout", () => {
  for (const ms of [0.3, 1, 2.2, 3.7, 10.01]) {
    for (let i = 0; i < 5; i++) {
      waits(() => select([idle], [], [], ms / 1000), ms);
      waits(() => idlePoll.poll(ms), ms);
      waits(() => idleEpoll.poll(ms / 1000), ms);
    }
  }
});

test("XC-13, XC-18: signals do not shorten a wait, nor stretch it", async () => {
  let signals = 0;
  const count = (): void => void signals++;
  listenTo("SIGUSR2", count);
  for (const wait of [
    () => select([idle], [], [], 0.25),
    () => idlePoll.poll(250),
    () => idleEpoll.poll(0.25),
  ]) {
    const before = signals;
    // Longer than a wait may take: one that began anew at every signal would be late.
    const child = signalled("USR2", 10, 600);
    if (sim === undefined) assert.ok(await eventually(() => signals > before));
    waits(wait, 250);
    assert.ok(isRunning(child));
    child.kill();
    await new Promise((resolve) => child.once("exit", resolve));
    assert.ok(await eventually(() => signals > before));
  }
  ignoreAgain("SIGUSR2", count);
});

test("XC-16: a signal that is ignored is no interruption", () => {
  const child = signalled("WINCH", 10, 5);
  waits(() => idlePoll.poll(120), 120);
  waits(() => select([idle], [], [], 0.05), 50);
  child.kill();
});

test.after(() => {
  readyEpoll.close();
  idleEpoll.close();
  closeAll(ready, readyWriter, idle, idleWriter);
});

test.run();
