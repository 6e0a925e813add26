// The filters of the simulated BSD's kqueue, where FreeBSD's differ from those that the core builds on
// Linux.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  BlockingIOError,
  ConnectionRefusedError,
  FileNotFoundError,
  OSError,
} from "../../bindings/node/select.ts";
import { randomOf } from "../support/hosts.ts";
import { changes, simOf, take } from "./bsd-support.ts";
import { throws } from "../support/expect.ts";

const { KQ_EV_ADD, KQ_EV_CLEAR, KQ_EV_ONESHOT, KQ_EV_EOF } = simOf().select;
const { KQ_EV_DELETE, KQ_FILTER_READ, KQ_FILTER_TIMER, KQ_FILTER_WRITE } = simOf().select;
const { KQ_NOTE_LOWAT } = simOf().select;

test("a low-water mark is not for pipes", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [r, w] = os.pipe();
  const [a, b] = os.socketpair();
  const add = KQ_EV_ADD;
  changes(sim, queue, [r, KQ_FILTER_READ, add, KQ_NOTE_LOWAT, 9]);
  changes(sim, queue, [a, KQ_FILTER_READ, add, KQ_NOTE_LOWAT, 9]);
  os.write(w, "1234");
  os.write(b, "1234");
  assert.equal(take(queue), [[r, KQ_FILTER_READ, 4]]);
  os.write(b, "56789");
  assert.equal(take(queue), [
    [r, KQ_FILTER_READ, 4],
    [a, KQ_FILTER_READ, 9],
  ]);
});

test("timers that are due at one time are reported together", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  const once = KQ_EV_ADD | KQ_EV_ONESHOT;
  changes(sim, queue, [1, KQ_FILTER_TIMER, once, 0, 20], [2, KQ_FILTER_TIMER, KQ_EV_ADD, 0, 10]);
  changes(sim, queue, [3, KQ_FILTER_TIMER, once, 0, 10]);
  assert.equal(take(queue, 1), [
    [2, KQ_FILTER_TIMER, 1],
    [3, KQ_FILTER_TIMER, 1],
  ]);
  assert.is(sim.now(), 0.01);
  assert.equal(take(queue, 1), [
    [1, KQ_FILTER_TIMER, 1],
    [2, KQ_FILTER_TIMER, 1],
  ]);
  assert.is(sim.now(), 0.02);
  sim.advance(0.1);
  assert.equal(take(queue), [[2, KQ_FILTER_TIMER, 10]]);
});

test("forcing a timer that the same change restarts has no effect", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  const FORCEONESHOT = 0x100;
  changes(sim, queue, [1, KQ_FILTER_TIMER, KQ_EV_ADD, 0, 1e6]);
  changes(sim, queue, [1, KQ_FILTER_TIMER, KQ_EV_ADD | FORCEONESHOT, 0, 1e6]);
  assert.equal(take(queue), []);
  changes(sim, queue, [1, KQ_FILTER_TIMER, FORCEONESHOT]);
  assert.equal(take(queue), [[1, KQ_FILTER_TIMER, 0]]);
});

/** Timers on a clock that stands still meanwhile, as they ought to be. */
class TimerModel {
  now = 0;
  readonly #timers = new Map<number, { next: number; period: number; count: number }>();

  add(ident: number, ms: number, isOnce: boolean): void {
    // A knote stays periodic, or not, as it was made.
    const once = this.#timers.get(ident)?.period ?? (isOnce ? 0 : 1);
    this.#timers.set(ident, { next: this.now + ms, period: once === 0 ? 0 : ms, count: 0 });
  }

  delete(ident: number): boolean {
    return this.#timers.delete(ident);
  }

  /** Lets time pass to `end`. */
  pass(end: number): void {
    this.now = end;
    for (const timer of this.#timers.values()) {
      while (timer.next <= end) {
        timer.count++;
        timer.next = timer.period === 0 ? Infinity : timer.next + timer.period;
      }
    }
  }

  /** The result of a wait for at most `ms`. */
  wait(ms: number): Array<[ident: number, count: number]> {
    const timers = [...this.#timers];
    if (!timers.some(([, { count }]) => count > 0)) {
      this.pass(Math.min(this.now + ms, ...timers.map(([, { next }]) => next)));
    }
    const found = timers.filter(([, { count }]) => count > 0);
    return found.map(([ident, timer]) => {
      const { count } = timer;
      timer.count = 0;
      if (timer.period === 0) this.#timers.delete(ident);
      return [ident, count];
    });
  }
}

for (let seed = 1; seed <= 10; seed++) {
  test(`random timers are those of a model, seed ${seed}`, () => {
    const sim = simOf();
    const queue = sim.select.kqueue();
    const model = new TimerModel();
    const random = randomOf(seed);
    let reported = 0;
    for (let step = 0; step < 1000; step++) {
      const ident = random(8);
      const action = random(8);
      if (action < 3) {
        const isOnce = random(2) === 0;
        const ms = random(40) + 1;
        const flags = KQ_EV_ADD | (isOnce ? KQ_EV_ONESHOT : 0);
        changes(sim, queue, [ident, KQ_FILTER_TIMER, flags, 0, ms]);
        model.add(ident, ms, isOnce);
      } else if (action === 3) {
        if (model.delete(ident)) changes(sim, queue, [ident, KQ_FILTER_TIMER, KQ_EV_DELETE]);
      } else if (action === 4) {
        const ms = random(60);
        sim.advance(ms / 1000);
        model.pass(model.now + ms);
      } else {
        const ms = random(30);
        const found = take(queue, ms / 1000).map(([one, , count]) => [one, count]);
        const expected = model.wait(ms);
        assert.equal(found.toSorted(), expected.toSorted(), `step ${step}`);
        assert.is(Math.round(sim.now() * 1000), model.now, `step ${step}`);
        reported += found.length;
      }
    }
    assert.ok(reported > 200, `${reported} events`);
  });
}

test("EVFILT_EMPTY: everything that was sent has been taken; of sockets only", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [a, b] = os.socketpair();
  const EMPTY = -13;
  changes(sim, queue, [a, EMPTY, KQ_EV_ADD | KQ_EV_CLEAR]);
  assert.equal(take(queue), [[a, EMPTY, 0]]);
  os.write(a, "1234");
  assert.equal(take(queue), []);
  os.read(b, 2);
  assert.equal(take(queue), []);
  sim.at(3, () => os.read(b, 2));
  assert.equal(take(queue, 9), [[a, EMPTY, 0]]);
  assert.is(sim.now(), 3);
  throws(() => changes(sim, queue, [os.pipe()[0], EMPTY]), OSError, "EINVAL");
});

test("KQ-167: a process that forks before its arrival is reported is followed twice", () => {
  // The knote of an arrival has NOTE_TRACK, too, until the knote is reported (filt_procattach).
  const sim = simOf();
  const queue = sim.select.kqueue();
  const { KQ_FILTER_PROC, KQ_NOTE_TRACK, KQ_NOTE_CHILD } = sim.select;
  const top = sim.processes.fork();
  changes(sim, queue, [top.pid, KQ_FILTER_PROC, KQ_EV_ADD, KQ_NOTE_TRACK]);
  const upper = top.fork();
  const lower = upper.fork();
  const born = queue.control(null, 64, 0).filter(({ fflags }) => fflags === KQ_NOTE_CHILD);
  assert.equal(
    born.map(({ ident, data }) => [ident, data]),
    [
      [upper.pid, top.pid],
      [lower.pid, upper.pid],
      [lower.pid, upper.pid],
    ],
  );
});

test("the two knotes of a child are deleted one by one, the newest first", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  const { KQ_FILTER_PROC, KQ_NOTE_TRACK, KQ_NOTE_EXIT, KQ_NOTE_CHILD } = sim.select;
  const top = sim.processes.fork();
  changes(sim, queue, [top.pid, KQ_FILTER_PROC, KQ_EV_ADD, KQ_NOTE_TRACK | KQ_NOTE_EXIT]);
  const child = top.fork();
  const remove = (): void => changes(sim, queue, [child.pid, KQ_FILTER_PROC, KQ_EV_DELETE]);
  remove(); // that which follows it
  child.exit(1);
  const events = queue.control(null, 4, 0);
  assert.equal(
    events.map(({ ident, fflags }) => [ident, fflags]),
    [[child.pid, KQ_NOTE_CHILD]],
  );
  const other = top.fork();
  for (let i = 0; i < 2; i++) changes(sim, queue, [other.pid, KQ_FILTER_PROC, KQ_EV_DELETE]);
  throws(
    () => changes(sim, queue, [other.pid, KQ_FILTER_PROC, KQ_EV_DELETE]),
    FileNotFoundError,
    "ENOENT",
  );
  assert.equal(take(queue), []);
});

test("KQ-132: room that is enough for the mark is reported, though poll does not report it", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [a, b] = os.socketpair();
  os.set_blocking(a, false);
  const page = "x".repeat(4096);
  throws(() => {
    while (true) os.write(a, page);
  }, BlockingIOError);
  changes(sim, queue, [a, KQ_FILTER_WRITE, KQ_EV_ADD, KQ_NOTE_LOWAT, 10_000]);
  assert.equal(take(queue), []);
  sim.at(1, () => os.read(b, 4096));
  sim.at(2, () => os.read(b, 8192));
  const [[ident, , room] = []] = take(queue, 9);
  assert.is(ident, a);
  assert.ok((room as number) >= 10_000 && (room as number) < 20_000, String(room));
  assert.is(sim.now(), 2);
  assert.equal(sim.select.select([], [a], [], 0), [[], [], []]);
});

test("an error of a datagram socket fires whatever the mark is", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const [to, from] = [os.socket(os.AF_INET, os.SOCK_DGRAM), os.socket(os.AF_INET, os.SOCK_DGRAM)];
  os.bind(to, ["127.0.0.1", 0]);
  os.connect(from, os.getsockname(to));
  os.close(to);
  changes(sim, queue, [from, KQ_FILTER_WRITE, KQ_EV_ADD, KQ_NOTE_LOWAT, 1e9]);
  assert.equal(take(queue), []);
  os.send(from, "x");
  assert.is(take(queue).length, 1);
  os.getsockopt(from, os.SOL_SOCKET, os.SO_ERROR);
  assert.equal(take(queue), []);
});

test("KQ-139: a socket that was refused and then connects has no EV_EOF any more", () => {
  const sim = simOf();
  const { os } = sim;
  const queue = sim.select.kqueue();
  const listener = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.bind(listener, ["127.0.0.1", 0]);
  const fd = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.set_blocking(fd, false);
  changes(sim, queue, [fd, KQ_FILTER_READ], [fd, KQ_FILTER_WRITE]);
  assert.equal(take(queue), []);
  const connect = (): void => os.connect(fd, os.getsockname(listener));
  throws(connect, BlockingIOError, "EINPROGRESS");
  const seen = (): unknown[] =>
    queue
      .control(null, 4, 0)
      .map(({ filter, flags, fflags }) => [filter, flags & KQ_EV_EOF, fflags])
      .toSorted();
  const ECONNREFUSED = 111;
  assert.equal(seen(), [
    [KQ_FILTER_READ, KQ_EV_EOF, ECONNREFUSED],
    [KQ_FILTER_WRITE, KQ_EV_EOF, ECONNREFUSED],
  ]);
  os.listen(listener);
  throws(connect, ConnectionRefusedError, "ECONNREFUSED");
  throws(connect, BlockingIOError, "EINPROGRESS");
  assert.equal(seen(), [[KQ_FILTER_WRITE, 0, 0]]);
  os.write(os.accept(listener)[0], "x");
  assert.equal(seen(), [
    [KQ_FILTER_READ, 0, 0],
    [KQ_FILTER_WRITE, 0, 0],
  ]);
});

test("a FIFO whose reader is gone is accepted, at its end, and another reader makes it go on", () => {
  const sim = simOf();
  const { os, files } = sim;
  const queue = sim.select.kqueue();
  os.mkfifo("/tmp/fifo");
  const open = (flags: number): number => files.open("/tmp/fifo", flags);
  const [O_RDONLY, O_WRONLY, O_NONBLOCK] = [0, 1, 0o4000];
  const reader = open(O_RDONLY | O_NONBLOCK);
  const writer = open(O_WRONLY | O_NONBLOCK);
  os.close(reader);
  changes(sim, queue, [writer, KQ_FILTER_WRITE]);
  const flags = (): unknown[] => queue.control(null, 4, 0).map((event) => event.flags);
  assert.equal([flags(), flags()], [[KQ_EV_EOF], [KQ_EV_EOF]]);
  open(O_RDONLY | O_NONBLOCK);
  assert.equal(flags(), [0]);
  const { KQ_FILTER_VNODE, KQ_NOTE_DELETE } = sim.select;
  changes(sim, queue, [writer, KQ_FILTER_VNODE, KQ_EV_ADD | KQ_EV_ONESHOT, KQ_NOTE_DELETE]);
  files.unlink("/tmp/fifo");
  const notes = queue.control(null, 4, 0).map(({ filter, fflags }) => [filter, fflags]);
  assert.equal(notes.toSorted(), [
    [KQ_FILTER_WRITE, 0],
    [KQ_FILTER_VNODE, KQ_NOTE_DELETE],
  ]);
});

test("calls that only Linux has are ENOSYS", () => {
  const sim = simOf();
  throws(() => sim.os.pidfd_open(sim.processes.program.pid), OSError, "ENOSYS");
  throws(() => sim.signalfd(["SIGUSR1"]), OSError, "ENOSYS");
});

test.run();
