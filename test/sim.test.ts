// The simulated kernel: time, blocking, faults, the trace.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { EPOLLET, EPOLLIN } from "../bindings/constants.ts";
import { coreModule } from "../bindings/host.ts";
import { Sim, type SimOptions } from "../bindings/sim.ts";
import type { EpollFile } from "../host/sim/epoll.ts";
import { DeadlockError } from "../host/sim/deadlock.ts";

const simOf = (options: SimOptions = {}): Sim => new Sim(coreModule(), options);

test("a wait jumps to what is scheduled", () => {
  const sim = simOf();
  const { select, os } = sim;
  const [r, w] = os.pipe();
  sim.at(0.5, () => os.write(w, "x"));
  const ep = select.epoll();
  ep.register(r, EPOLLIN);
  assert.equal(ep.poll(2), [[r, EPOLLIN]]);
  assert.is(sim.now(), 0.5);
  assert.equal(os.read(r, 5).toString(), "x");
  assert.equal(ep.poll(2), []);
  assert.is(sim.now(), 2.5);
  const p = select.poll();
  p.register(r, EPOLLIN);
  sim.at(3, () => os.write(w, "y"));
  assert.equal(p.poll(2000), [[r, EPOLLIN]]);
  assert.is(sim.now(), 3);
  assert.equal(select.select([r], [w], [], 1), [[r], [w], []]);
});

test("a wait that can never end says what it waits for", () => {
  const { select, os } = simOf();
  const [r] = os.pipe();
  const ep = select.epoll();
  ep.register(r, EPOLLIN | EPOLLET);
  assert.throws(
    () => ep.poll(),
    (error: unknown) =>
      error instanceof DeadlockError && error.message.includes("epoll_wait on descriptor"),
  );
  assert.throws(() => os.read(r, 1), /read on descriptor/);
});

test("a call may sleep while the program goes on", () => {
  const sim = simOf();
  const { kernel, select, os } = sim;
  const [r, w] = os.pipe();
  const ep = select.epoll();
  ep.register(r, EPOLLIN);
  const found: number[] = [];
  const ends: number[] = [];
  const wait = (): void => {
    const deadline = kernel.clock.now() + 1000;
    const file = kernel.file(ep.fileno()) as EpollFile;
    kernel.start(
      file.wait(ep.fileno(), 8, deadline, (fd) => found.push(fd)),
      (result) => ends.push(result),
    );
  };
  wait();
  wait();
  sim.advance(0.5);
  assert.equal(ends, []);
  os.write(w, "x");
  assert.equal(ends, []);
  sim.advance(0); // the level is passed on from one to the other
  assert.equal(
    [ends, found],
    [
      [1, 1],
      [r, r],
    ],
  );
  os.read(r, 1);
  wait();
  sim.advance(1);
  assert.equal(ends, [1, 1, 0]);
});

test.run();
