// The simulated kernel: time, blocking, faults, the trace.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EPOLLET, EPOLLIN } from "../../bindings/constants.ts";
import { coreModule } from "../../bindings/node/host.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import type { SimOptions } from "../../bindings/sim/options.ts";
import type { EpollFile } from "../../host/sim/wait/epoll.ts";
import { Sleeper, type SleepEnd, type Sleeping } from "../../host/sim/kernel/sleep.ts";
import { DeadlockError } from "../../host/sim/time/deadlock.ts";

const simOf = (options: SimOptions = {}): Sim => new Sim(coreModule(), options);

test("a wait jumps to the next scheduled action", () => {
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

test("unknown and senseless options are refused", () => {
  const refused: Array<[options: unknown, message: string]> = [
    [null, "options must be an object, got null"],
    [{ seeed: 1 }, 'options have no "seeed", but personality, clock, seed'],
    [{ personality: "solaris" }, "personality must be one of linux, bsd, posix, wasi, got"],
    [{ clock: "constructor" }, 'clock must be "virtual" or "real", got "constructor"'],
    [{ seed: -1 }, "seed must be from 0 to 2**53 - 1, got -1"],
    [{ seed: "1" }, 'seed must be an integer, got "1"'],
    [{ faults: { EINTER: 1 } }, 'faults have no "EINTER", but EINTR, EMFILE'],
    [{ faults: { EINTR: 1.5 } }, "faults.EINTR must be from 0 to 1, got 1.5"],
    [{ faults: { EINTR: NaN } }, "faults.EINTR must be from 0 to 1, got NaN"],
    [{ faults: [1] }, "faults must be an object, got "],
    [{ descriptorLimit: 0.5 }, "descriptorLimit must be an integer, got 0.5"],
    [{ traceLimit: -1 }, "traceLimit must be from 0 to 2**53 - 1, got -1"],
  ];
  for (const [options, message] of refused) {
    assert.throws(
      () => simOf(options as SimOptions),
      (error: unknown) => (error as Error).message.startsWith(message),
      message,
    );
  }
  const { kernel } = simOf({ seed: 7, descriptorLimit: 100, traceLimit: 0, faults: { EINTR: 0 } });
  assert.is(kernel.personality, "linux");
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

test("a path keeps its bytes: only invalid ones become lone surrogates (PEP 383)", () => {
  const { files, os } = simOf();
  os.mkfifo("/tmp/é\udcff");
  assert.equal(files.readdir("/tmp"), ["é\udcff"]);
  // A byte order mark is a name, not a prefix of the path.
  assert.throws(() => os.mkfifo("\ufeff/tmp/x"), /ENOENT/);
  assert.not.ok(files.exists("/tmp/x"));
});

test("a wake-up at the deadline of a sleep does not end the next sleep of the call", () => {
  const { kernel } = simOf();
  const first = new Sleeper(0, () => "the first wake-up");
  const second = new Sleeper(0, () => "the second wake-up");
  const ends: SleepEnd[] = [];
  function* call(): Sleeping {
    ends.push(yield { sleeper: first, deadline: 10 });
    ends.push(yield { sleeper: second, deadline: 20 });
    return 0;
  }
  kernel.clock.schedule(10, () => void first.wake(0));
  kernel.start(call(), () => undefined);
  kernel.advance(100);
  assert.equal(ends, ["woken", "time"]);
  assert.equal(kernel.sleepers, []);
});

test.run();
