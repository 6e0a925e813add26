// sim.inspect(): buffers, wait queues, ready lists and registrations as plain values, masks also by name.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLONESHOT } from "../../bindings/constants.ts";
import { createSim, type FileView, type Sim } from "../../bindings/node/sim.ts";

/** The open file that a descriptor names. */
function fileOf(sim: Sim, fd: number): FileView {
  const found = sim.inspect().files.find(({ fds }) => fds.includes(fd));
  assert.ok(found, `descriptor ${fd}`);
  return found as FileView;
}

const textsOf = ({ bytes }: FileView): string[] =>
  bytes.map((each) => new TextDecoder().decode(each));

const ALWAYS = EPOLLERR | EPOLLHUP;

test("a pipe: its state, its buffer, and its descriptors", () => {
  const sim = createSim();
  const { os } = sim;
  const [r, w] = os.pipe();
  os.set_blocking(r, false);
  os.write(w, "hello");
  os.write(w, "!");
  const file = fileOf(sim, r);
  assert.equal(file.fds, [r]);
  assert.is(file.name, "pipe");
  assert.is(file.state, 0x41);
  assert.equal(file.stateNames, ["IN", "RDNORM"]);
  assert.is(file.blocking, false);
  assert.is(textsOf(file).join(""), "hello!");
  assert.is(file.inside["bytes"], 6);
  assert.is(file.inside["writers"], 1);
  assert.is(fileOf(sim, w).blocking, true);
  const copy = os.dup(r);
  assert.equal(fileOf(sim, copy).fds, [r, copy]);
  assert.is(fileOf(sim, copy).id, file.id);
  // And the terminal that every program begins with.
  assert.equal(
    sim.inspect().files.map(({ fds }) => fds),
    [[0, 1, 2], [r, copy], [w]],
  );
  os.read(r, 4);
  assert.is(textsOf(fileOf(sim, r)).join(""), "o!");
});

test("sockets: streams, and messages one by one", () => {
  const sim = createSim();
  const { os } = sim;
  const [a, b] = os.socketpair(os.AF_UNIX, os.SOCK_DGRAM);
  os.send(a, "one");
  os.send(a, "two");
  assert.equal(textsOf(fileOf(sim, b)), ["one", "two"]);
  const listener = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.bind(listener, ["127.0.0.1", 0]);
  os.listen(listener);
  const client = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.connect(client, os.getsockname(listener));
  const [server] = os.accept(listener);
  os.send(client, "hello");
  sim.advance(1);
  assert.equal(textsOf(fileOf(sim, server)), ["hello"]);
  os.recv(server, 2);
  assert.equal(textsOf(fileOf(sim, server)), ["llo"]);
  const udp = os.socket(os.AF_INET, os.SOCK_DGRAM);
  os.bind(udp, ["127.0.0.1", 0]);
  const sender = os.socket(os.AF_INET, os.SOCK_DGRAM);
  os.connect(sender, os.getsockname(udp));
  os.send(sender, "datagram");
  assert.equal(textsOf(fileOf(sim, udp)), ["datagram"]);
});

test("a terminal: its input and its output", () => {
  const sim = createSim();
  const [master, slave] = sim.files.openpty();
  sim.os.write(master, "typed\n");
  sim.os.write(slave, "printed");
  assert.equal(textsOf(fileOf(sim, slave)), ["typed\n"]);
  assert.match(textsOf(fileOf(sim, master)).join(""), "printed");
});

test("only the first bytes of a long buffer are copied", () => {
  const sim = createSim();
  const [r, w] = sim.os.pipe();
  sim.os.write(w, "x".repeat(50_000));
  const { bytes, inside } = fileOf(sim, r);
  assert.is(
    bytes.reduce((sum, { length }) => sum + length, 0),
    4096,
  );
  assert.is(inside["bytes"], 50_000);
  (bytes[0] as Uint8Array).fill(0);
  assert.is(sim.os.read(r, 1).toString(), "x");
});

test("an epoll: registrations, the ready list in its order, and the wait queue of a file", () => {
  const sim = createSim();
  const { select, os } = sim;
  const [r, w] = os.pipe();
  const event = os.eventfd(0);
  const ep = select.epoll();
  ep.register(r, EPOLLIN | EPOLLET);
  ep.register(event, EPOLLIN | EPOLLONESHOT);
  const pipe = fileOf(sim, r);
  const counter = fileOf(sim, event);
  let set = fileOf(sim, ep.fileno());
  assert.is(set.name, "epoll");
  assert.equal(set.registrations, [
    {
      ident: r,
      file: pipe.id,
      flags: (EPOLLIN | EPOLLET | ALWAYS) >>> 0,
      flagNames: ["IN", "ERR", "HUP", "ET"],
      disabled: false,
    },
    {
      ident: event,
      file: counter.id,
      flags: EPOLLIN | EPOLLONESHOT | ALWAYS,
      flagNames: ["IN", "ERR", "HUP", "ONESHOT"],
      disabled: false,
    },
  ]);
  assert.equal([set.ready, set.state], [[], 0]);
  assert.equal(pipe.queues, [[{ what: "epoll", file: set.id, registration: 0, exclusive: false }]]);
  os.eventfd_write(event, 1);
  os.write(w, "x");
  set = fileOf(sim, ep.fileno());
  assert.equal(set.ready, [1, 0]);
  assert.is(set.state, 0x41);
  ep.poll(0);
  set = fileOf(sim, ep.fileno());
  assert.equal(set.ready, []);
  assert.equal(
    set.registrations.map(({ disabled }) => disabled),
    [false, true],
  );
});

test("a file that an epoll watches is in the view, though no descriptor names it", () => {
  const sim = createSim();
  const { select, os } = sim;
  const [r, w] = os.pipe();
  const ep = select.epoll();
  ep.register(r, EPOLLIN);
  const child = sim.processes.fork();
  const { id } = fileOf(sim, r);
  os.close(r);
  os.write(w, "x");
  const { files } = sim.inspect();
  const ghost = files.find((file) => file.id === id);
  assert.equal(ghost?.fds, []);
  assert.equal(fileOf(sim, ep.fileno()).ready, [0]);
  child.exit(0);
  assert.equal(
    sim.inspect().files.map(({ name }) => name),
    ["terminal", "pipe", "epoll"],
  );
});

test("nested epolls are inspected without a change of their ready lists", () => {
  const sim = createSim();
  const { select, os } = sim;
  const [r, w] = os.pipe();
  const inner = select.epoll();
  const outer = select.epoll();
  inner.register(r, EPOLLIN);
  outer.register(inner, EPOLLIN);
  os.write(w, "x");
  os.read(r, 1);
  // Both entries are on a ready list and turn out not to be ready when a wait polls them.
  for (let i = 0; i < 2; i++) {
    const set = fileOf(sim, outer.fileno());
    assert.equal([set.ready, set.state], [[0], 0]);
    assert.equal(fileOf(sim, inner.fileno()).ready, [0]);
  }
  assert.equal(outer.poll(0), []);
  assert.equal(fileOf(sim, inner.fileno()).ready, []);
});

test("blocked calls, in the middle of their wait", () => {
  const sim = createSim();
  const { select, os } = sim;
  const [r, w] = os.pipe();
  const ep = select.epoll();
  ep.register(r, EPOLLIN);
  let seen = sim.inspect();
  sim.at(1, () => {
    seen = sim.inspect();
    os.write(w, "x");
  });
  ep.poll(5);
  const text = `epoll_wait on descriptor ${ep.fileno()}, which watches ${r} (pipe)`;
  assert.equal([seen.now, seen.blocked], [1, [text]]);
  assert.equal(seen.files.find(({ name }) => name === "epoll")?.blocked, [text]);
  os.read(r, 1);
  const p = select.poll();
  p.register(r, EPOLLIN);
  sim.at(3, () => {
    seen = sim.inspect();
  });
  p.poll(5000);
  const told = seen.files.find(({ fds }) => fds.includes(r))?.queues[0] ?? [];
  assert.equal(told[0], { what: "call", waitsFor: `poll on descriptors ${r}`, exclusive: false });
  assert.equal(
    told.map(({ what }) => what),
    ["call", "epoll"],
  );
});

test("a kqueue of the simulated BSD: knotes with their filters", () => {
  const sim = createSim({ personality: "bsd" });
  const { select, os } = sim;
  const { kevent, KQ_FILTER_READ, KQ_FILTER_TIMER, KQ_EV_ADD, KQ_EV_CLEAR, KQ_EV_DISABLE } = select;
  const [r, w] = os.pipe();
  const queue = select.kqueue();
  queue.control(
    [
      kevent(r, KQ_FILTER_READ, KQ_EV_ADD | KQ_EV_CLEAR),
      kevent(7, KQ_FILTER_TIMER, KQ_EV_ADD | KQ_EV_DISABLE, 0, 1000),
    ],
    0,
  );
  os.write(w, "x");
  const pipe = fileOf(sim, r);
  const set = fileOf(sim, queue.fileno());
  assert.is(set.name, "kqueue");
  const [read, timer] = set.registrations;
  assert.equal(
    [read?.ident, read?.filter, read?.file, read?.disabled],
    [r, "READ", pipe.id, false],
  );
  assert.is((read?.flags ?? 0) & KQ_EV_CLEAR, KQ_EV_CLEAR);
  assert.equal([timer?.ident, timer?.filter, timer?.disabled], [7, "TIMER", true]);
  assert.is(timer?.file, undefined);
  const none = { fflags: 0, noteNames: [], data: 0 };
  assert.equal(read?.flagNames, ["CLEAR"]);
  assert.equal(read?.knote, {
    asked: none,
    found: { ...none, data: 1 },
    active: true,
    udata: 0,
  });
  assert.equal(timer?.knote, {
    asked: { ...none, data: 1000 },
    found: none,
    active: false,
    udata: 0,
  });
  assert.equal(set.ready, [0]);
  const [first] = pipe.queues.flat();
  assert.equal(first, { what: "kqueue", file: set.id, registration: 0, exclusive: false });
});

test("notes of a knote are named as its filter has them", () => {
  const sim = createSim({ personality: "bsd" });
  const { select, processes } = sim;
  const { kevent, KQ_EV_ADD, KQ_NOTE_EXIT, KQ_NOTE_FORK } = select;
  const queue = select.kqueue();
  const child = processes.fork();
  queue.control(
    [
      kevent(child.pid, select.KQ_FILTER_PROC, KQ_EV_ADD, KQ_NOTE_EXIT | KQ_NOTE_FORK, 0, 7),
      kevent(1, select.KQ_FILTER_USER, KQ_EV_ADD, select.KQ_NOTE_FFOR | 0x5),
      kevent(2, select.KQ_FILTER_TIMER, KQ_EV_ADD, select.KQ_NOTE_USECONDS, 5),
    ],
    0,
  );
  child.exit(0);
  const knotes = fileOf(sim, queue.fileno()).registrations.map(({ filter, knote }) => [
    filter,
    knote?.asked.noteNames,
    knote?.found.noteNames,
    knote?.udata,
  ]);
  assert.equal(knotes, [
    ["PROC", ["EXIT", "FORK"], ["EXIT"], 7],
    ["USER", ["FFOR", "0x5"], [], 0],
    ["TIMER", ["USECONDS"], [], 0],
  ]);
});

test("look() is the former name of inspect()", () => {
  const sim = createSim();
  sim.os.pipe();
  assert.equal(sim.look(), sim.inspect());
});

test("a view can be sent to another thread", () => {
  const sim = createSim();
  const [r] = sim.os.pipe();
  sim.select.epoll().register(r, EPOLLIN);
  const view = sim.inspect();
  assert.equal(structuredClone(view), view);
});

test.run();
