// Rows of the catalogue that the tests of real kernels run with real processes, terminals, limits
// and programs: on the simulated Linux.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  EPOLLERR as ERR,
  EPOLLET as ET,
  EPOLLHUP as HUP,
  EPOLLIN as IN,
  EPOLLOUT as OUT,
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_EV_EOF,
  KQ_FILTER_PROC,
  KQ_FILTER_READ,
  KQ_NOTE_EXIT,
} from "../../bindings/constants.ts";
import { coreModule } from "../../bindings/node/host.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import type { SimOptions } from "../../bindings/sim/options.ts";

const IN_CREATE = 0x100;

const simOf = (options: SimOptions = {}): Sim => new Sim(coreModule(), options);

test("EPO-100: a pidfd is IN once the process has ended, and HUP too once it is reaped", () => {
  const { select, os, processes } = simOf();
  const child = processes.fork();
  const pidfd = os.pidfd_open(child.pid);
  const e = select.epoll();
  e.register(pidfd, IN | OUT);
  assert.equal(e.poll(0), []);
  child.kill("SIGKILL");
  assert.equal(e.poll(5), [[pidfd, IN]]);
  assert.equal(e.poll(0), [[pidfd, IN]]);
  child.wait();
  assert.equal(e.poll(0), [[pidfd, IN | HUP]]);
});

test("EPO-125: the end of a process is an edge, its being reaped another", () => {
  const { select, os, processes } = simOf();
  const child = processes.fork();
  const pidfd = os.pidfd_open(child.pid);
  const e = select.epoll();
  e.register(pidfd, IN | ET);
  child.kill("SIGSTOP");
  child.kill("SIGCONT");
  assert.equal(e.poll(0.05), []);
  child.kill("SIGKILL");
  assert.equal(e.poll(5), [[pidfd, IN]]);
  assert.equal(e.poll(0.02), []);
  child.wait();
  assert.equal(e.poll(0), [[pidfd, IN | HUP]]);
  assert.equal(e.poll(0), []);
});

test("EPO-101: the slave of a terminal whose master closed has IN, OUT, ERR and HUP", () => {
  const { select, os, files } = simOf();
  const [master, slave] = files.openpty();
  const e = select.epoll();
  e.register(slave, IN | OUT);
  assert.equal(e.poll(0), [[slave, OUT]]);
  os.close(master);
  assert.equal(e.poll(5), [[slave, IN | OUT | ERR | HUP]]);
});

test("EPO-124: every change in a watched folder is an edge of the inotify", () => {
  const { select, files } = simOf();
  const { host } = select;
  files.mkdir("/watched");
  const inotify = host.inotify_init();
  assert.ok(host.inotify_add_watch(inotify, files.open("/watched"), 0, IN_CREATE) > 0);
  const e = select.epoll();
  e.register(inotify, IN | ET);
  assert.equal(e.poll(0), []);
  for (const name of ["a", "b"]) {
    files.writeFile(`/watched/${name}`, "");
    assert.equal(e.poll(1), [[inotify, IN]]);
    assert.equal(e.poll(0), []);
  }
});

test("POL-53: more registrations than descriptors may be open is EINVAL, gaps do not count", () => {
  const { poll } = simOf({ descriptorLimit: 100 }).select;
  const p = poll();
  for (let fd = 1000; fd < 1100; fd++) p.register(fd, 0);
  for (let fd = 1000; fd < 1020; fd++) p.unregister(fd);
  for (let fd = 2000; fd < 2020; fd++) p.register(fd, 0);
  assert.is(p.poll(0).length, 100);
  p.register(1, 0);
  assert.throws(() => p.poll(0), /EINVAL/);
  p.unregister(1);
  assert.is(p.poll(0).length, 100);
});

test("KQ-117: a file that another process lets grow fires again", () => {
  const sim = simOf();
  const { select, files, processes } = sim;
  files.writeFile("/log", "one\n");
  const fd = files.open("/log");
  const kq = select.kqueue();
  const change = select.kevent(fd, KQ_FILTER_READ, KQ_EV_ADD | KQ_EV_CLEAR);
  assert.equal(
    kq.control([change], 4, 0).map(({ data }) => data),
    [4],
  );
  assert.equal(kq.control(null, 4, 0), []);
  const writer = files.open("/log", "a");
  const child = processes.fork();
  sim.at(2, () => child.os.write(writer, "two\n"));
  const grown = kq.control(null, 4, 5);
  assert.equal(
    grown.map(({ data }) => data),
    [8],
  );
  assert.is(sim.now(), 2);
});

test("a terminal that a queue reads: lines, an end of file that was typed, and a hang-up", () => {
  const { select, os, files } = simOf();
  const [master, slave] = files.openpty();
  const kq = select.kqueue();
  kq.control([select.kevent(slave, KQ_FILTER_READ, KQ_EV_ADD)], 0);
  const seen = (): Array<[number, unknown]> =>
    kq.control(null, 4, 0).map(({ flags, data }) => [flags, data]);
  assert.equal(seen(), []);
  os.write(master, "abc");
  assert.equal(seen(), [], "no line yet");
  os.write(master, "\n");
  assert.equal(seen(), [[0, 4]]);
  assert.is(String(os.read(slave, 10)), "abc\n");
  os.write(master, "\x04");
  assert.equal(seen(), [[0, 1]]);
  assert.is(os.read(slave, 10).length, 0);
  assert.equal(seen(), []);
  os.close(master);
  assert.equal(seen(), [[KQ_EV_EOF, 0]]);
});

test("EMU-07: a zombie is reported at once", () => {
  const { select, processes } = simOf();
  const child = processes.fork();
  child.exit(3);
  const kq = select.kqueue();
  const change = select.kevent(child.pid, KQ_FILTER_PROC, KQ_EV_ADD, KQ_NOTE_EXIT);
  assert.equal(
    kq.control([change], 4, 0).map(({ ident, data }) => [ident, data]),
    [[child.pid, 3 << 8]],
  );
});

test("DEV-21: a program that is started does not inherit the descriptor", () => {
  const { select, os, processes } = simOf();
  const [r] = os.pipe();
  os.set_inheritable(r, true);
  const queue = select.devpoll();
  const child = processes.fork();
  assert.not.throws(() => child.os.get_blocking(queue.fileno()));
  child.exec();
  assert.throws(() => child.os.get_blocking(queue.fileno()), /EBADF/);
  assert.is(child.os.get_blocking(r), true);
});

test.run();
