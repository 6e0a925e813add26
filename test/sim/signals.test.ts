// Signals of the simulated program: dispositions, blocking, signalfd, waits that are interrupted,
// and the filter SIGNAL of the kqueue on top of it.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { coreModule } from "../../bindings/node/host.ts";
import {
  BlockingIOError,
  BrokenPipeError,
  FileNotFoundError,
  OSError,
  ProcessLookupError,
} from "../../bindings/node/select.ts";
import { type Kqueue } from "../../bindings/kqueue.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import { DeadlockError } from "../../host/sim/time/deadlock.ts";
import { TerminatedError } from "../../host/sim/process/terminated.ts";
import { onBoth } from "./personalities.ts";
import { throws } from "../support/expect.ts";

const [SIGHUP, SIGINT, SIGKILL, SIGUSR1, SIGUSR2, SIGPIPE, SIGTERM] = [1, 2, 9, 10, 12, 13, 15];
const [SIGCHLD, SIGCONT, SIGSTOP, SIGWINCH, SIGRT] = [17, 18, 19, 28, 40];
const PID = 100;

const simOf = (): Sim => new Sim(coreModule());

/** Numbers of the signals that a signalfd has. */
function signalsOf(sim: Sim, fd: number): number[] {
  const bytes = Buffer.from(sim.os.read(fd, 4096));
  return Array.from({ length: bytes.length / 128 }, (_, i) => bytes.readUInt32LE(i * 128));
}

/** [ident, flags, data] of the events that a queue has. */
function eventsOf(queue: Kqueue, timeout = 0): unknown[] {
  return queue.control(null, 16, timeout).map(({ ident, flags, data }) => [ident, flags, data]);
}

function watch(sim: Sim, queue: Kqueue, signal: number, flags = 0): void {
  const { kevent, KQ_FILTER_SIGNAL, KQ_EV_ADD } = sim.select;
  queue.control([kevent(signal, KQ_FILTER_SIGNAL, KQ_EV_ADD | flags)], 0);
}

/** The same with a command instead of EV_ADD. */
function command(sim: Sim, queue: Kqueue, signal: number, flags: number): void {
  const { kevent, KQ_FILTER_SIGNAL } = sim.select;
  queue.control([kevent(signal, KQ_FILTER_SIGNAL, flags)], 0);
}

test("a handler is called at once, and by a wait that goes on for the rest of its time", () => {
  const sim = simOf();
  const seen: unknown[] = [];
  sim.signals.on("SIGUSR1", (signal) => seen.push([signal, sim.now()]));
  sim.os.kill(PID, SIGUSR1);
  assert.equal(seen, [[SIGUSR1, 0]]);
  sim.at(0.5, () => sim.os.kill(PID, SIGUSR1));
  const ep = sim.select.epoll();
  assert.equal(ep.poll(2), []);
  assert.is(sim.now(), 2);
  assert.equal(seen.at(-1), [SIGUSR1, 0.5]);
  assert.equal(sim.select.select([], [], [], 1), [[], [], []]);
});

test("EINTR: the wait itself returns it to the core, an ignored signal interrupts nothing", () => {
  const sim = simOf();
  const { kernel, select } = sim;
  const ep = select.epoll();
  const waits = (): number =>
    kernel.trace.entries().filter(({ what, result }) => what === "epoll_wait" && result === -4)
      .length;
  sim.signals.on(SIGUSR1, () => {});
  sim.signals.ignore(SIGUSR2);
  sim.at(1, () => sim.os.kill(PID, SIGUSR1));
  sim.at(2, () => sim.os.kill(PID, SIGUSR2));
  sim.at(3, () => sim.os.kill(PID, SIGWINCH));
  assert.equal(ep.poll(4), []);
  assert.is(waits(), 1);
});

test("a blocked read is made again after a signal (PEP 475)", () => {
  const sim = simOf();
  const [r, w] = sim.os.pipe();
  let calls = 0;
  sim.signals.on("SIGUSR1", () => calls++);
  sim.at(1, () => sim.os.kill(PID, SIGUSR1));
  sim.at(2, () => sim.os.write(w, "x"));
  assert.is(sim.os.read(r, 5).toString(), "x");
  assert.equal([calls, sim.now()], [1, 2]);
});

test("an error of a handler is thrown by the interrupted call, or by the call that sent the signal", () => {
  const sim = simOf();
  const [r] = sim.os.pipe();
  sim.signals.on("SIGUSR1", () => {
    throw new RangeError("from the handler");
  });
  throws(() => sim.os.kill(PID, SIGUSR1), RangeError);
  const ep = sim.select.epoll();
  for (const wait of [() => ep.poll(3), () => sim.os.read(r, 1), () => sim.advance(5)]) {
    const at = sim.now() + 1;
    sim.at(at, () => sim.os.kill(PID, SIGUSR1));
    throws(wait, RangeError);
    assert.is(sim.now(), at);
  }
});

test("a signal without a handler ends the program: the wait throws", () => {
  const sim = simOf();
  const ep = sim.select.epoll();
  for (const signal of [SIGTERM, SIGKILL, SIGINT, SIGRT]) {
    sim.at(sim.now() + 1, () => sim.os.kill(PID, signal));
    const error = throws(() => ep.poll(), TerminatedError) as TerminatedError;
    assert.is(error.signal, signal);
  }
  throws(() => sim.os.kill(PID, SIGHUP), TerminatedError);
  sim.os.kill(PID, SIGWINCH); // ignored by default
  sim.os.kill(PID, SIGCHLD);
  sim.os.kill(PID, SIGCONT);
  sim.os.kill(PID, 0);
  throws(() => sim.os.kill(PID, 65), OSError, "EINVAL");
  throws(() => sim.os.kill(4711, SIGTERM), ProcessLookupError, "ESRCH");
  throws(() => sim.os.kill(4711, 65), ProcessLookupError, "ESRCH");
});

test("SIGPIPE is ignored as in Node and Python, until the program handles or resets it", () => {
  const sim = simOf();
  const [r, w] = sim.os.pipe();
  sim.os.close(r);
  throws(() => sim.os.write(w, "x"), BrokenPipeError, "EPIPE");
  let calls = 0;
  sim.signals.on("SIGPIPE", () => calls++);
  throws(() => sim.os.write(w, "x"), BrokenPipeError, "EPIPE");
  assert.is(calls, 1);
  sim.signals.reset("SIGPIPE");
  throws(() => sim.os.write(w, "x"), TerminatedError);
});

test("a blocked signal is pending until it is unblocked; the lowest number comes first", () => {
  const sim = simOf();
  const seen: number[] = [];
  for (const signal of [SIGUSR1, SIGUSR2, SIGRT]) sim.signals.on(signal, (n) => seen.push(n));
  sim.signals.block(SIGUSR1, SIGUSR2, SIGRT, SIGKILL);
  for (const signal of [SIGRT, SIGUSR2, SIGUSR1, SIGRT, SIGUSR2]) sim.os.kill(PID, signal);
  assert.equal(seen, []);
  assert.equal(sim.signals.pending(), ["SIGUSR1", "SIGUSR2", "signal 40", "signal 40"]);
  sim.signals.unblock(SIGRT);
  assert.equal(seen, [SIGRT, SIGRT]);
  sim.signals.unblock(SIGUSR1, SIGUSR2);
  assert.equal(seen, [SIGRT, SIGRT, SIGUSR1, SIGUSR2]);
  throws(() => sim.os.kill(PID, SIGKILL), TerminatedError);
});

test("a signal is blocked while its handler runs", () => {
  const sim = simOf();
  let depth = 0;
  const depths: number[] = [];
  sim.signals.on("SIGUSR1", () => {
    depths.push(++depth);
    if (depths.length < 3) sim.os.kill(PID, SIGUSR1);
    depth--;
  });
  sim.os.kill(PID, SIGUSR1);
  assert.equal(depths, [1, 1, 1]);
});

test("SIGKILL and SIGSTOP can be neither caught nor ignored", () => {
  const sim = simOf();
  for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
    throws(() => sim.signals.on(signal, () => {}), OSError, "EINVAL");
    throws(() => sim.signals.ignore(signal), OSError, "EINVAL");
    sim.signals.reset(signal);
  }
});

test("sigwait takes a pending signal, or waits for one", () => {
  const sim = simOf();
  sim.signals.block(SIGUSR1, SIGUSR2);
  sim.os.kill(PID, SIGUSR2);
  assert.is(sim.signals.wait(SIGUSR1, SIGUSR2), SIGUSR2);
  sim.at(1, () => sim.os.kill(PID, SIGUSR1));
  assert.is(sim.signals.wait("SIGUSR1"), SIGUSR1);
  assert.is(sim.now(), 1);
  throws(() => sim.signals.wait("SIGUSR1"), DeadlockError);
});

test("a stopped program goes on with SIGCONT, and gets then the signals that came meanwhile", () => {
  const sim = simOf();
  const ep = sim.select.epoll();
  const seen: unknown[] = [];
  sim.signals.on("SIGUSR1", () => seen.push(sim.now()));
  sim.at(1, () => sim.os.kill(PID, SIGSTOP));
  sim.at(2, () => sim.os.kill(PID, SIGUSR1));
  sim.at(5, () => sim.os.kill(PID, SIGCONT));
  assert.equal(ep.poll(3), []);
  assert.equal([sim.now(), seen], [5, [5]]);
  sim.at(7, () => sim.os.kill(PID, SIGCONT));
  sim.os.kill(PID, SIGSTOP);
  assert.is(sim.now(), 7);
  throws(() => sim.os.kill(PID, SIGSTOP), DeadlockError);
});

test("signalfd: as spec/oracle/specials.py found it", () => {
  const sim = simOf();
  const { select, os } = sim;
  sim.signals.block(SIGUSR1, SIGUSR2, SIGRT);
  const fd = sim.signalfd(["SIGUSR1"], -1, { blocking: false });
  const p = select.poll();
  p.register(fd, 0x7fff);
  assert.equal(p.poll(0), []);
  os.kill(PID, SIGUSR1);
  assert.equal(p.poll(0), [[fd, 1]]);
  assert.is(os.read(fd, 128).length, 128);
  os.kill(PID, SIGUSR2);
  assert.equal(p.poll(0), []);
  assert.is(sim.signalfd([SIGUSR1, SIGUSR2], fd), fd);
  assert.equal(p.poll(0), [[fd, 1]]);
  os.kill(PID, SIGUSR2);
  assert.equal(signalsOf(sim, fd), [SIGUSR2]);
  throws(() => os.read(fd, 128), BlockingIOError, "EAGAIN");
  throws(() => os.read(fd, 64), OSError, "EINVAL");
  throws(() => os.write(fd, new Uint8Array(128)), OSError, "EINVAL");

  const ep = select.epoll();
  ep.register(fd, select.EPOLLIN | select.EPOLLET);
  assert.equal(ep.poll(0), []);
  os.kill(PID, SIGUSR1);
  assert.equal([ep.poll(0), ep.poll(0)], [[[fd, 1]], []]);
  os.kill(PID, SIGUSR2);
  assert.equal([ep.poll(0), ep.poll(0)], [[[fd, 1]], []]);
  os.kill(PID, SIGUSR1); // pending already
  assert.equal(ep.poll(0), []);
  assert.equal(signalsOf(sim, fd), [SIGUSR1, SIGUSR2]);
  assert.equal(ep.poll(0), []);

  sim.signalfd([SIGUSR1, SIGUSR2, SIGRT], fd);
  for (let i = 0; i < 3; i++) os.kill(PID, SIGRT);
  assert.equal(signalsOf(sim, fd), [SIGRT, SIGRT, SIGRT]);
  os.kill(PID, SIGUSR1);
  assert.equal(p.poll(0), [[fd, 1]]);
  assert.is(sim.signals.wait(SIGUSR1), SIGUSR1);
  assert.equal(p.poll(0), []);
  throws(() => sim.signalfd([SIGUSR1], 99), OSError, "EBADF");
  throws(() => sim.signalfd([SIGUSR1], ep.fileno()), OSError, "EINVAL");
});

test("signalfd: a read blocks, and returns the pid of the sender", () => {
  const sim = simOf();
  sim.signals.block(SIGUSR1, SIGCHLD);
  const fd = sim.signalfd([SIGUSR1, SIGCHLD]);
  const child = sim.processes.fork();
  sim.at(1, () => child.os.kill(PID, SIGUSR1));
  const info = Buffer.from(sim.os.read(fd, 128));
  assert.equal([info.readUInt32LE(0), info.readInt32LE(8), info.readUInt32LE(12)], [10, 0, 101]);
  child.exit(3);
  const end = Buffer.from(sim.os.read(fd, 128));
  const CLD_EXITED = 1;
  assert.equal(
    [end.readUInt32LE(0), end.readInt32LE(8), end.readUInt32LE(12), end.readInt32LE(40)],
    [SIGCHLD, CLD_EXITED, 101, 3],
  );
});

onBoth("KQ-176, KQ-177: counted since the last report, and the handlers run as well", (sim) => {
  const { KQ_EV_CLEAR } = sim.select;
  const queue = sim.select.kqueue();
  let calls = 0;
  watch(sim, queue, SIGUSR2);
  sim.signals.on("SIGUSR2", () => calls++);
  assert.equal(eventsOf(queue), []);
  sim.os.kill(PID, SIGUSR2);
  assert.equal(eventsOf(queue), [[SIGUSR2, KQ_EV_CLEAR, 1]]);
  assert.equal(eventsOf(queue), []);
  for (let i = 0; i < 3; i++) sim.os.kill(PID, SIGUSR2);
  assert.equal(eventsOf(queue), [[SIGUSR2, KQ_EV_CLEAR, 3]]);
  assert.is(calls, 4);
  sim.at(1, () => sim.os.kill(PID, SIGUSR2));
  assert.equal(eventsOf(queue, 5), [[SIGUSR2, KQ_EV_CLEAR, 1]]);
  assert.is(sim.now(), 1);
});

onBoth("KQ-177: ignored signals count, and the default action is taken", (sim) => {
  const { KQ_EV_CLEAR } = sim.select;
  const queue = sim.select.kqueue();
  watch(sim, queue, SIGPIPE);
  watch(sim, queue, SIGWINCH);
  watch(sim, queue, SIGUSR2);
  for (let i = 0; i < 2; i++) sim.os.kill(PID, SIGPIPE);
  sim.os.kill(PID, SIGWINCH);
  assert.equal(eventsOf(queue), [
    [SIGPIPE, KQ_EV_CLEAR, 2],
    [SIGWINCH, KQ_EV_CLEAR, 1],
  ]);
  throws(() => sim.os.kill(PID, SIGUSR2), TerminatedError);
  queue.close();
  throws(() => sim.os.kill(PID, SIGUSR2), TerminatedError);
  sim.os.kill(PID, SIGPIPE);
});

onBoth(
  "KQ-177: SIGCHLD counts its children, unless it is ignored; then only signals of kill",
  (sim) => {
    const { KQ_EV_CLEAR } = sim.select;
    const queue = sim.select.kqueue();
    watch(sim, queue, SIGCHLD);
    const child = sim.processes.fork();
    child.exit(1);
    assert.equal(eventsOf(queue), [[SIGCHLD, KQ_EV_CLEAR, 1]]);
    assert.is(child.wait(), 256);
    sim.signals.ignore("SIGCHLD");
    const other = sim.processes.fork();
    other.exit(1);
    assert.equal(eventsOf(queue), []);
    assert.is(other.state, "reaped");
    sim.os.kill(PID, SIGCHLD);
    assert.equal(eventsOf(queue), [[SIGCHLD, KQ_EV_CLEAR, 1]]);
  },
);

onBoth(
  "KQ-179, KQ-180: earlier signals and unknown numbers do not count; uncatchable signals count on BSD only",
  (sim) => {
    const { KQ_EV_CLEAR, KQ_EV_DELETE } = sim.select;
    const queue = sim.select.kqueue();
    sim.signals.on(SIGUSR2, () => {});
    sim.os.kill(PID, SIGUSR2);
    watch(sim, queue, SIGUSR2);
    assert.equal(eventsOf(queue, 1), []);
    for (const number of [0, 32, 65, 999, 2 ** 31, SIGKILL, SIGSTOP]) watch(sim, queue, number);
    sim.at(sim.now() + 1, () => sim.os.kill(PID, SIGCONT));
    sim.os.kill(PID, SIGSTOP);
    // FreeBSD counts the signals that are sent, Linux's handlers those that are delivered.
    const isBsd = sim.kernel.personality === "bsd";
    assert.equal(eventsOf(queue), isBsd ? [[SIGSTOP, KQ_EV_CLEAR, 1]] : []);
    command(sim, queue, 999, KQ_EV_DELETE);
    throws(() => command(sim, queue, 999, KQ_EV_DELETE), FileNotFoundError, "ENOENT");
    sim.os.kill(PID, SIGUSR2);
    assert.equal(eventsOf(queue), [[SIGUSR2, KQ_EV_CLEAR, 1]]);
  },
);

onBoth("KQ-181, KQ-182: disabled it is counted on; ONESHOT and DISPATCH", (sim) => {
  const { KQ_EV_CLEAR, KQ_EV_DELETE, KQ_EV_DISABLE, KQ_EV_ENABLE } = sim.select;
  const { KQ_EV_DISPATCH, KQ_EV_ONESHOT } = sim.select;
  const queue = sim.select.kqueue();
  const raise = (): void => sim.os.kill(PID, SIGUSR2);
  sim.signals.on(SIGUSR2, () => {});
  watch(sim, queue, SIGUSR2);
  command(sim, queue, SIGUSR2, KQ_EV_DISABLE);
  raise();
  assert.equal(eventsOf(queue), []);
  command(sim, queue, SIGUSR2, KQ_EV_ENABLE);
  raise();
  assert.equal(eventsOf(queue), [[SIGUSR2, KQ_EV_CLEAR, 2]]);
  command(sim, queue, SIGUSR2, KQ_EV_DELETE);
  watch(sim, queue, SIGUSR2, KQ_EV_ONESHOT);
  raise();
  raise();
  assert.equal(eventsOf(queue), [[SIGUSR2, KQ_EV_CLEAR | KQ_EV_ONESHOT, 2]]);
  throws(() => command(sim, queue, SIGUSR2, KQ_EV_DELETE), FileNotFoundError, "ENOENT");
  watch(sim, queue, SIGUSR2, KQ_EV_DISPATCH);
  raise();
  assert.equal(eventsOf(queue), [[SIGUSR2, KQ_EV_CLEAR | KQ_EV_DISPATCH, 1]]);
  raise();
  assert.equal(eventsOf(queue), []);
  command(sim, queue, SIGUSR2, KQ_EV_ENABLE);
  assert.equal(eventsOf(queue), [[SIGUSR2, KQ_EV_CLEAR | KQ_EV_DISPATCH, 1]]);
});

onBoth("KQ-219: a queue in a queue with EV_CLEAR reports each signal once", (sim) => {
  const { kevent, kqueue, KQ_EV_ADD, KQ_EV_CLEAR, KQ_FILTER_READ } = sim.select;
  const [inner, outer] = [kqueue(), kqueue()];
  watch(sim, inner, SIGWINCH);
  outer.control([kevent(inner.fileno(), KQ_FILTER_READ, KQ_EV_ADD | KQ_EV_CLEAR)], 0);
  assert.equal(eventsOf(outer), []);
  for (let i = 0; i < 3; i++) {
    sim.os.kill(PID, SIGWINCH);
    // In FreeBSD a knote that is in the active list already does not wake the watchers of its queue.
    const isNews = i === 0 || sim.kernel.personality === "linux";
    assert.equal(eventsOf(outer), isNews ? [[inner.fileno(), KQ_EV_CLEAR, 1]] : []);
    assert.equal(eventsOf(outer), []);
  }
  assert.equal(eventsOf(inner), [[SIGWINCH, KQ_EV_CLEAR, 3]]);
  for (let i = 0; i < 3; i++) {
    sim.os.kill(PID, SIGWINCH);
    assert.equal(eventsOf(outer), [[inner.fileno(), KQ_EV_CLEAR, 1]]);
    assert.equal(eventsOf(inner), [[SIGWINCH, KQ_EV_CLEAR, 1]]);
    assert.equal([eventsOf(inner), eventsOf(outer)], [[], []]);
  }
});

onBoth("KQ-184, EMU-06: queues count on their own, and thousands of signals", (sim) => {
  const { KQ_EV_CLEAR } = sim.select;
  const [one, two] = [sim.select.kqueue(), sim.module().select.kqueue()];
  sim.signals.on(SIGRT, () => {});
  watch(sim, one, SIGRT);
  watch(sim, two, SIGRT);
  for (let i = 0; i < 5000; i++) sim.os.kill(PID, SIGRT);
  assert.equal(eventsOf(one), [[SIGRT, KQ_EV_CLEAR, 5000]]);
  assert.equal(eventsOf(two), [[SIGRT, KQ_EV_CLEAR, 5000]]);
  two.close();
  sim.os.kill(PID, SIGRT);
  assert.equal(eventsOf(one), [[SIGRT, KQ_EV_CLEAR, 1]]);
});

test.run();
