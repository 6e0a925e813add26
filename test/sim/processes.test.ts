// Processes of the simulated kernel: puppets that fork, exec and exit, pidfds, messages of the
// process connector.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { coreModule } from "../../bindings/node/host.ts";
import {
  BrokenPipeError,
  ChildProcessError,
  OSError,
  ProcessLookupError,
  ValueError,
} from "../../bindings/node/select.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import { connectorOf } from "../../host/sim/net/connector.ts";
import { DeadlockError } from "../../host/sim/time/deadlock.ts";
import { TerminatedError } from "../../host/sim/process/terminated.ts";
import { throws } from "../support/expect.ts";

const [SIGKILL, SIGUSR1, SIGTERM, SIGCHLD, SIGCONT, SIGSTOP] = [9, 10, 15, 17, 18, 19];
const [IN, HUP, RDNORM] = [1, 16, 64];
const PROGRAM = 100;

const simOf = (): Sim => new Sim(coreModule());

test("a child has the descriptors of its parent, and its own from then on", () => {
  const sim = simOf();
  const [r, w] = sim.os.pipe();
  const child = sim.processes.fork();
  assert.equal([child.pid, child.parent.pid, child.state], [101, PROGRAM, "running"]);
  assert.is(child.os.write(w, "from the child"), 14);
  sim.os.close(w);
  assert.is(sim.os.read(r, 100).toString(), "from the child");
  // The child still has its end: no end of file yet.
  const p = sim.select.poll();
  p.register(r, IN);
  assert.equal(p.poll(10), []);
  child.os.close(w);
  assert.equal(p.poll(10), [[r, HUP]]);
  throws(() => child.os.write(w, "x"), OSError, "EBADF");
  assert.is(child.os.dup(r), w);
  assert.is(sim.os.pipe()[0], w);
});

test("a child that ends closes its descriptors", () => {
  const sim = simOf();
  const [r, w] = sim.os.pipe();
  const child = sim.processes.fork();
  sim.os.close(r);
  sim.os.write(w, "somebody may read it");
  sim.at(2, () => child.exit());
  const p = sim.select.poll();
  p.register(w, 0);
  assert.equal(p.poll(), [[w, sim.select.POLLERR]]);
  assert.is(sim.now(), 2);
  throws(() => sim.os.write(w, "x"), BrokenPipeError, "EPIPE");
});

test("exec closes close-on-exec descriptors", () => {
  const sim = simOf();
  const [r, w] = sim.os.pipe();
  const child = sim.processes.fork();
  child.os.set_inheritable(r, true);
  assert.is(sim.os.get_inheritable(r), false);
  child.exec("cat");
  assert.is(child.name, "cat");
  assert.is(child.os.get_inheritable(r), true);
  throws(() => child.os.dup(w), OSError, "EBADF");
});

test("an epoll is shared with a child, and keeps a registration whose file the child has open", () => {
  const sim = simOf();
  const { os, select } = sim;
  const [r, w] = os.pipe();
  const ep = select.epoll();
  ep.register(r, IN);
  const child = sim.processes.fork();
  os.close(r);
  os.write(w, "x");
  assert.equal(ep.poll(0), [[r, IN]]);
  child.exit();
  assert.equal(ep.poll(0), []);
});

test("a puppet may use the select module with its own descriptors", () => {
  const sim = simOf();
  const child = sim.processes.fork();
  const [r, w] = child.os.pipe();
  const ep = child.select.epoll();
  ep.register(r, IN);
  sim.at(1, () => child.os.write(w, "x"));
  assert.equal(ep.poll(5), [[r, IN]]);
  assert.is(sim.now(), 1);
  throws(() => sim.os.read(r, 1), OSError, "EBADF");
});

test("zombies are waited for, once", () => {
  const sim = simOf();
  const child = sim.processes.fork();
  sim.at(1, () => child.exit(7));
  assert.is(child.wait(), 7 * 256);
  assert.equal([sim.now(), child.state], [1, "reaped"]);
  throws(() => child.wait(), ChildProcessError, "ECHILD");
  throws(() => child.exit(), ProcessLookupError, "ESRCH");
  throws(() => child.kill(SIGTERM), ProcessLookupError, "ESRCH");
  throws(() => sim.processes.program.exit(), ValueError);
  throws(() => sim.processes.fork().wait(), DeadlockError);
});

test("orphans are adopted by the first process, which reaps them at once", () => {
  const sim = simOf();
  const parent = sim.processes.fork();
  const [living, dead] = [parent.fork(), parent.fork()];
  dead.exit();
  assert.is(dead.state, "zombie");
  parent.exit();
  assert.equal([dead.state, living.parent.pid], ["reaped", 1]);
  living.exit();
  assert.is(living.state, "reaped");
  assert.equal(
    [...sim.processes].map(({ pid, state }) => [pid, state]),
    [
      [1, "running"],
      [PROGRAM, "running"],
      [parent.pid, "zombie"],
    ],
  );
});

test("signals to puppets: the default action, handlers of their own, and exec forgets them", () => {
  const sim = simOf();
  sim.signals.on("SIGTERM", () => assert.unreachable("the program's own"));
  const inherited = sim.processes.fork();
  inherited.kill("SIGTERM"); // caught, in its own memory
  assert.is(inherited.state, "running");
  inherited.exec();
  inherited.kill("SIGTERM");
  assert.is(inherited.wait(), SIGTERM);
  const own = sim.processes.fork();
  own.signals.on("SIGTERM", () => own.exit(3));
  sim.os.kill(own.pid, SIGTERM);
  assert.is(own.wait(), 3 * 256);
  const killed = sim.processes.fork();
  killed.signals.block(SIGTERM);
  killed.kill(SIGTERM);
  assert.is(killed.state, "running");
  killed.kill(SIGKILL);
  assert.is(killed.wait(), SIGKILL);
  sim.processes.init.kill(SIGKILL);
  assert.is(sim.processes.init.state, "running");
});

test("SIGPIPE is the process's own that writes", () => {
  const sim = simOf();
  const [r, w] = sim.os.pipe();
  const child = sim.processes.fork();
  child.signals.reset("SIGPIPE");
  sim.os.close(r);
  child.os.close(r);
  throws(() => sim.os.write(w, "x"), BrokenPipeError, "EPIPE");
  assert.is(child.state, "running");
  throws(() => child.os.write(w, "x"), BrokenPipeError, "EPIPE");
  assert.is(child.wait(), 13);
  const sent = sim.trace().filter(({ what }) => what === "signal");
  assert.equal(
    sent.map(({ args }) => args),
    [
      [13, PROGRAM],
      [13, child.pid],
      [SIGCHLD, PROGRAM],
    ],
  );
});

test("kill reaches groups, and with -1 all processes but init and the sender", () => {
  const sim = simOf();
  const [one, two, other] = [sim.processes.fork(), sim.processes.fork(), sim.processes.fork()];
  other.group = other.pid;
  let heard = 0;
  sim.signals.on(SIGUSR1, () => heard++);
  sim.os.kill(-other.pid, SIGUSR1);
  assert.equal([other.state, one.state, heard], ["zombie", "running", 0]);
  one.signals.ignore(SIGUSR1);
  two.signals.ignore(SIGUSR1);
  one.os.kill(0, SIGUSR1);
  assert.is(heard, 1);
  sim.os.kill(-1, SIGKILL);
  assert.equal([one.state, two.state, sim.processes.init.state], ["zombie", "zombie", "running"]);
  throws(() => sim.os.kill(-4711, 0), ProcessLookupError, "ESRCH");
  throws(() => one.fork(), ProcessLookupError, "ESRCH");
});

test("SIGCHLD is sent for ends, stops and continuations", () => {
  const sim = simOf();
  let count = 0;
  sim.signals.on("SIGCHLD", () => count++);
  const child = sim.processes.fork();
  child.kill(SIGSTOP);
  assert.equal([child.state, count], ["stopped", 1]);
  child.kill(SIGTERM); // waits until it goes on
  assert.is(child.state, "stopped");
  child.kill(SIGCONT);
  assert.equal([child.state, count], ["zombie", 3]);
  assert.is(child.wait(), SIGTERM);
  const other = sim.processes.fork();
  other.kill(SIGSTOP);
  other.kill(SIGKILL);
  assert.equal([other.wait(), count], [SIGKILL, 5]);
  sim.processes.fork().os.kill(PROGRAM, SIGCHLD);
  assert.is(count, 6);
});

test("a puppet may end the program", () => {
  const sim = simOf();
  const child = sim.processes.fork();
  sim.at(1, () => child.os.kill(PROGRAM, SIGTERM));
  throws(() => sim.select.epoll().poll(), TerminatedError);
  throws(() => child.os.kill(PROGRAM, SIGTERM), TerminatedError);
});

test("pidfd: 0 while it runs or is stopped, IN of a zombie, HUP as well of one that is gone", () => {
  const sim = simOf();
  const { os, select } = sim;
  const child = sim.processes.fork();
  const fd = os.pidfd_open(child.pid);
  const p = select.poll();
  p.register(fd, 0x7fff);
  const ep = select.epoll();
  ep.register(fd, IN | select.EPOLLET);
  child.kill(SIGSTOP);
  child.kill(SIGCONT);
  assert.equal([p.poll(0), ep.poll(0)], [[], []]);
  child.exit();
  assert.equal([p.poll(0), ep.poll(0), ep.poll(0)], [[[fd, IN | RDNORM]], [[fd, IN]], []]);
  child.wait();
  assert.equal([p.poll(0), ep.poll(0)], [[[fd, IN | HUP | RDNORM]], [[fd, IN | HUP]]]);
  assert.equal(ep.poll(0), []);
  throws(() => os.read(fd, 1), OSError, "EINVAL");
  throws(() => os.pidfd_open(child.pid), ProcessLookupError, "ESRCH");
  throws(() => os.pidfd_open(0), OSError, "EINVAL");
  throws(() => os.pidfd_open(PROGRAM, 1), OSError, "EINVAL");
});

test("pidfd: the end of the process wakes a waiter", () => {
  const sim = simOf();
  const child = sim.processes.fork();
  const ep = sim.select.epoll();
  const fd = sim.os.pidfd_open(child.pid);
  ep.register(fd, IN);
  sim.at(3, () => child.kill("SIGKILL"));
  assert.equal(ep.poll(), [[fd, IN]]);
  assert.is(sim.now(), 3);
});

/** 32 bits in hex, in the order of the machine. */
function word(value: number): string {
  return Buffer.from(Uint32Array.of(value).buffer).toString("hex");
}

/** A message of the connector, as recorded on 6.18, with its number and processes, at time 0. */
function messageOf(sequence: number, what: string, ...data: number[]): string {
  return (
    `4c00000003000000${word(sequence)}00000000` +
    `0100000001000000${word(sequence)}0000000028000000` +
    `${what}000000000000000000000000${[...data, 0, 0].slice(0, 6).map(word).join("")}`
  );
}

test("the connector's messages have the bytes of Linux's", () => {
  const sim = simOf();
  const { select, os } = sim;
  const queue = select.kqueue();
  const fd = connectorOf(sim.kernel).listen();
  const child = sim.processes.fork();
  child.exec();
  child.exit(3);
  const read = (): string => Buffer.from(os.read(fd, 4096)).toString("hex");
  assert.is(read(), messageOf(0, "01000000", 100, 100, 101, 101));
  assert.is(read(), messageOf(1, "02000000", 101, 101, 0, 0));
  assert.is(read(), messageOf(2, "00000080", 101, 101, 3 << 8, SIGCHLD, 100, 100));
  queue.close();
});

test.run();
