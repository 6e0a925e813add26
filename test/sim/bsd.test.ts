// The simulated BSD: its own kqueue, where FreeBSD's differs from the kqueue that the core builds on
// epoll, and its own view of its state.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { OSError } from "../../bindings/node/select.ts";
import { DeadlockError } from "../../bindings/node/sim.ts";
import { joined } from "./joined.ts";
import { changes, simOf, take } from "./bsd-support.ts";
import { throws } from "../support/expect.ts";

const { KQ_EV_ADD, KQ_EV_CLEAR, KQ_EV_DISABLE, KQ_EV_ENABLE } = simOf().select;
const { KQ_EV_ERROR, KQ_EV_ONESHOT, KQ_EV_DELETE, KQ_FILTER_READ } = simOf().select;
const { KQ_FILTER_TIMER, KQ_FILTER_WRITE, KQ_FILTER_USER, KQ_NOTE_TRIGGER } = simOf().select;

test("the kernel has the queue: the core makes no epoll of it", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  const [r, w] = sim.os.pipe();
  changes(sim, queue, [r, KQ_FILTER_READ], [w, KQ_FILTER_WRITE]);
  sim.os.write(w, "abc");
  assert.equal(take(queue), [
    [w, KQ_FILTER_WRITE, 65_533],
    [r, KQ_FILTER_READ, 3],
  ]);
  const calls = sim.trace().map(({ what }) => what);
  assert.equal(calls, ["kqueue", "pipe2", "kevent", "write", "kevent"]);
  assert.equal([...sim.kernel.program].length, 6, "no descriptor besides stdio, queue and pipe");
});

test("KQ-093: level-triggered knotes go to the end of the active list when they are reported", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const pipes = [os.pipe(), os.pipe(), os.pipe()];
  for (const [r] of pipes) changes(sim, queue, [r, KQ_FILTER_READ]);
  const [a, b, c] = pipes.map(([r]) => r) as [number, number, number];
  for (const [, w] of [pipes[2]!, pipes[0]!, pipes[1]!]) os.write(w, "x");
  const order = (max: number): unknown[] => take(queue, 0, max).map(([ident]) => ident);
  assert.equal(order(2), [c, a]);
  assert.equal(order(2), [b, c]);
  assert.equal(order(8), [a, b, c]);
});

test("KQ-081: an active one-shot knote is not tested again", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [r, w] = os.pipe();
  changes(sim, queue, [r, KQ_FILTER_READ, KQ_EV_ADD | KQ_EV_ONESHOT]);
  os.write(w, "x");
  os.read(r, 1);
  assert.equal(take(queue), [[r, KQ_FILTER_READ, 1]]);
  assert.equal(take(queue), []);
});

test("KQ-218: a drained pipe leaves the queue readable until the next control()", () => {
  const sim = simOf();
  const { os, select } = sim;
  const queue = select.kqueue();
  const [r, w] = os.pipe();
  changes(sim, queue, [r, KQ_FILTER_READ]);
  os.write(w, "x");
  os.read(r, 1);
  const readable = (): number => select.select([queue.fileno()], [], [], 0)[0].length;
  assert.is(readable(), 1);
  assert.equal(take(queue), []);
  assert.is(readable(), 0);
});

test("KQ-064: a child of fork has no queue", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  const [r] = sim.os.pipe();
  const child = sim.processes.program.fork();
  const fds = sim.processes.find(child.pid)?.describe()["descriptors"] as string[];
  assert.not.ok(fds.some((fd) => fd.endsWith("kqueue")));
  assert.ok(fds.includes(`${r} pipe`));
  changes(sim, queue, [r, KQ_FILTER_READ]);
});

test("KQ-099: closing a number drops its knotes, whatever dup of it there is", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [r, w] = os.pipe();
  const again = os.dup(r);
  changes(sim, queue, [r, KQ_FILTER_READ], [again, KQ_FILTER_READ, KQ_EV_ADD | KQ_EV_CLEAR]);
  os.write(w, "x");
  os.close(r);
  assert.equal(take(queue), [[again, KQ_FILTER_READ, 1]]);
  const [event] = queue.control([sim.select.kevent(r, KQ_FILTER_READ, KQ_EV_DELETE)], 1);
  assert.is(event?.flags, KQ_EV_ERROR);
});

test("an endless wait names the watched knotes", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  const [r] = sim.os.pipe();
  changes(sim, queue, [r, KQ_FILTER_READ], [7, KQ_FILTER_USER]);
  const error = throws(() => take(queue, null), DeadlockError);
  assert.match(error.message, `kevent on descriptor ${queue.fileno()}`);
  assert.match(error.message, `${r} READ (pipe), 7 USER (user event)`);
});

test("inspect() shows the knotes of the queue and its active list", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  const [r, w] = sim.os.pipe();
  changes(sim, queue, [r, KQ_FILTER_READ], [1, KQ_FILTER_USER, KQ_EV_ADD | KQ_EV_DISABLE]);
  changes(sim, queue, [1, KQ_FILTER_USER, 0, KQ_NOTE_TRIGGER], [9, KQ_FILTER_TIMER, KQ_EV_ADD]);
  sim.os.write(w, "x");
  const shown = sim.kernel.descriptors.get(queue.fileno())?.describe();
  assert.equal(shown?.["ready"], [`${r} READ (pipe)`]);
  assert.is(shown?.["registered"], 3);
  const knotes = shown?.["knotes"] as Array<{ state: string }> | undefined;
  const states = knotes?.map(({ state }) => state);
  assert.equal(states, ["active", "disabled", "idle"]);
  assert.equal(take(queue).length, 1);
  changes(sim, queue, [1, KQ_FILTER_USER, KQ_EV_ENABLE]);
  assert.equal(take(queue)[1], [1, KQ_FILTER_USER, 0]);
});

test("KQ-046: changes survive a wait that is interrupted, and the wait goes on", () => {
  const sim = simOf({ EINTR: 0.9 });
  const queue = sim.select.kqueue();
  const timer = sim.select.kevent(3, KQ_FILTER_TIMER, KQ_EV_ADD | KQ_EV_ONESHOT, 0, 50);
  assert.equal(queue.control([timer], 1, 1).length, 1);
  assert.is(sim.now(), 0.05);
});

test("of several knotes on one file the newest is reported first", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [r, w] = os.pipe();
  const [second, third] = [os.dup(r), os.dup(r)];
  changes(sim, queue, [second, KQ_FILTER_READ], [r, KQ_FILTER_READ], [third, KQ_FILTER_READ]);
  os.write(w, "x");
  assert.equal(
    take(queue).map(([ident]) => ident),
    [third, r, second],
  );
});

test("KQ-102: closing the queue while it is waited on does not end the wait", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [r, w] = os.pipe();
  changes(sim, queue, [r, KQ_FILTER_READ], [5, KQ_FILTER_TIMER, KQ_EV_ADD, 0, 4000]);
  sim.at(1, () => os.close(queue.fileno()));
  sim.at(2, () => os.close(r));
  sim.at(3, () => os.write(1, "r is closed, its knote gone"));
  assert.equal(take(queue, 10), [[5, KQ_FILTER_TIMER, 1]]);
  assert.is(sim.now(), 4);
  throws(() => take(queue), OSError, "EBADF");
  os.close(w);
});

test("KQ-214, KQ-061: threads wait on one queue; one of them gets an event that happens once", async () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  const once = KQ_EV_ADD | KQ_EV_ONESHOT;
  changes(sim, queue, [1, KQ_FILTER_USER, once], [2, KQ_FILTER_USER, KQ_EV_ADD | KQ_EV_CLEAR]);
  const wait = `
    const queue = select.kqueue.fromfd(data);
    return queue.control(null, 4, 5).map(({ ident }) => ident);`;
  const act = `
    const queue = select.kqueue.fromfd(data);
    sleep(2);
    queue.control([select.kevent(1, -11, 0, 0x01000000)], 0);
    return "done";`;
  const fd = queue.fileno();
  const others = [joined(sim, wait, fd), joined(sim, act, fd)];
  const own = take(queue, 5).map(([ident]) => ident);
  const [other, done] = await Promise.all(others);
  assert.is(done, "done");
  assert.equal([...own, ...(other as number[])], [1]);
});

test("another process has queues of its own, of its descriptors and signals", () => {
  const sim = simOf();
  const child = sim.processes.fork();
  const { select, os } = child;
  const { kevent, KQ_FILTER_SIGNAL } = select;
  const queue = select.kqueue();
  const [r, w] = os.pipe();
  const SIGCONT = 18;
  queue.control([kevent(r), kevent(SIGCONT, KQ_FILTER_SIGNAL, KQ_EV_ADD)], 0);
  const own = sim.select.kqueue();
  changes(sim, own, [SIGCONT, KQ_FILTER_SIGNAL]);
  os.write(w, "abc");
  child.kill("SIGCONT");
  assert.equal(take(queue), [
    [r, KQ_FILTER_READ, 3],
    [SIGCONT, KQ_FILTER_SIGNAL, 1],
  ]);
  assert.equal(take(own), []);
  child.exit();
  sim.signals.on("SIGCONT", () => {});
  sim.processes.program.kill("SIGCONT");
  assert.equal(take(own), [[SIGCONT, KQ_FILTER_SIGNAL, 1]]);
});

test("KQ-055: a timeout of more than 2^31 seconds is for ever", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  assert.equal(take(queue, 2 ** 31 - 1), []);
  throws(() => take(queue, 2 ** 31), DeadlockError);
});

test("queues may watch each other", () => {
  const sim = simOf();
  const [one, two] = [sim.select.kqueue(), sim.select.kqueue()];
  changes(sim, one, [two.fileno(), KQ_FILTER_READ], [1, KQ_FILTER_USER]);
  changes(sim, two, [one.fileno(), KQ_FILTER_READ, KQ_EV_ADD | KQ_EV_CLEAR]);
  changes(sim, one, [1, KQ_FILTER_USER, 0, KQ_NOTE_TRIGGER]);
  assert.equal(take(two), [[one.fileno(), KQ_FILTER_READ, 2]]);
  assert.equal(take(one), [[1, KQ_FILTER_USER, 0]]);
  one.close();
  assert.equal(take(two), []);
});

test("there is no epoll, and a queue is not another kind of descriptor", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  throws(() => sim.os.read(queue.fileno(), 1), OSError);
  throws(() => sim.os.write(queue.fileno(), "x"), OSError);
});

test.run();
