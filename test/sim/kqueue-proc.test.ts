// The filter PROC of the kqueue on the simulated kernel.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { NOTE_TRACKERR } from "../../asm/abi.ts";
import { coreModule } from "../../bindings/node/host.ts";
import type { Kqueue } from "../../bindings/kqueue.ts";
import { FileNotFoundError, OSError, ProcessLookupError } from "../../bindings/node/select.ts";
import { Sim } from "../../bindings/sim/sim.ts";
import type { SimProcess } from "../../bindings/sim/processes.ts";
import { connectorOf } from "../../host/sim/net/connector.ts";
import { onBoth } from "./personalities.ts";
import { throws } from "../support/expect.ts";

const [SIGTERM, SIGCONT, SIGSTOP] = [15, 18, 19];
const PROGRAM = 100;

const simOf = (): Sim => new Sim(coreModule());

const { KQ_FILTER_PROC, KQ_EV_ADD, KQ_EV_CLEAR, KQ_EV_DISABLE, KQ_EV_ENABLE } = simOf().select;
const { KQ_EV_EOF, KQ_EV_ONESHOT, KQ_EV_DELETE } = simOf().select;
const { KQ_NOTE_EXIT: EXIT, KQ_NOTE_FORK: FORK, KQ_NOTE_EXEC: EXEC } = simOf().select;
const { KQ_NOTE_TRACK: TRACK, KQ_NOTE_CHILD: CHILD } = simOf().select;

type Seen = [pid: unknown, flags: number, fflags: number, data: unknown];

function take(queue: Kqueue, timeout = 0, max = 64): Seen[] {
  return queue
    .control(null, max, timeout)
    .map(({ ident, flags, fflags, data }) => [ident, flags, fflags, data]);
}

function watch(sim: Sim, queue: Kqueue, pid: number, fflags: number, flags = 0, udata = 0): void {
  const { kevent } = sim.select;
  queue.control([kevent(pid, KQ_FILTER_PROC, KQ_EV_ADD | flags, fflags, 0, udata)], 0);
}

function remove(sim: Sim, queue: Kqueue, pid: number): void {
  queue.control([sim.select.kevent(pid, KQ_FILTER_PROC, KQ_EV_DELETE)], 0);
}

const exit = ({ pid }: SimProcess, status: number, fflags = EXIT): Seen => [
  pid,
  KQ_EV_CLEAR | KQ_EV_ONESHOT | KQ_EV_EOF,
  fflags,
  status,
];

const note = ({ pid }: SimProcess, fflags: number, data = 0, flags = KQ_EV_CLEAR): Seen => [
  pid,
  flags,
  fflags,
  data,
];

for (const [what, end, status] of [
  ["exit 0", (child: SimProcess) => child.exit(), 0],
  ["exit 255", (child: SimProcess) => child.exit(255), 255 << 8],
  ["SIGTERM", (child: SimProcess) => child.kill("SIGTERM"), SIGTERM],
] as const) {
  onBoth(`KQ-161, KQ-165, KQ-175: NOTE_EXIT: ${what}`, (sim) => {
    const queue = sim.select.kqueue();
    const child = sim.processes.fork();
    watch(sim, queue, child.pid, EXIT);
    child.kill(SIGSTOP);
    child.kill(SIGCONT);
    assert.equal(take(queue, 1), []);
    sim.at(sim.now() + 1, () => end(child));
    assert.equal(take(queue, 5), [exit(child, status)]);
    assert.is(sim.now(), 2);
    throws(() => remove(sim, queue, child.pid), FileNotFoundError, "ENOENT");
    assert.equal(take(queue, 1), []);
    assert.is(child.wait(), status);
  });
}

onBoth("KQ-163, KQ-164: an unknown pid is ESRCH, and so is a zombie without NOTE_EXIT", (sim) => {
  const queue = sim.select.kqueue();
  for (const pid of [4711, 0, 0x7fffffff, 0x80000000]) {
    throws(() => watch(sim, queue, pid, EXIT), ProcessLookupError, "ESRCH");
  }
  const child = sim.processes.fork();
  child.exit(7);
  throws(() => watch(sim, queue, child.pid, 0), ProcessLookupError, "ESRCH");
  watch(sim, queue, child.pid, EXIT);
  assert.equal(take(queue), [exit(child, 7 << 8)]);
  child.wait();
  throws(() => watch(sim, queue, child.pid, EXIT), ProcessLookupError, "ESRCH");
});

onBoth("KQ-166: NOTE_FORK and NOTE_EXEC fire if fflags has them, and add up", (sim) => {
  const [queue, other] = [sim.select.kqueue(), sim.select.kqueue()];
  const child = sim.processes.fork();
  watch(sim, queue, child.pid, FORK | EXEC | EXIT);
  watch(sim, other, child.pid, EXEC);
  sim.processes.fork().exec(); // another process
  child.fork();
  assert.equal([take(queue), take(other)], [[note(child, FORK)], []]);
  child.exec();
  assert.equal([take(queue), take(other)], [[note(child, EXEC)], [note(child, EXEC)]]);
  child.fork();
  child.exec();
  child.exit(2);
  assert.equal(take(queue), [exit(child, 2 << 8, (FORK | EXEC | EXIT) >>> 0)]);
  assert.equal(take(other), [[child.pid, KQ_EV_CLEAR | KQ_EV_ONESHOT | KQ_EV_EOF, EXEC, 0]]);
  throws(() => remove(sim, other, child.pid), FileNotFoundError, "ENOENT");
});

onBoth("KQ-166: NOTE_FORK of the program itself is reported, too", (sim) => {
  const queue = sim.select.kqueue();
  watch(sim, queue, PROGRAM, FORK | EXEC);
  sim.at(1, () => sim.processes.fork());
  assert.equal(take(queue, 5), [note(sim.processes.program, FORK)]);
  sim.processes.program.exec("another");
  throws(() => take(queue), OSError, "EBADF"); // it is close-on-exec
});

test("KQ-167: NOTE_TRACK follows children and theirs; udata is inherited", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  const top = sim.processes.fork();
  watch(sim, queue, top.pid, TRACK | EXIT | FORK, 0, 42);
  const upper = top.fork();
  const lower = upper.fork();
  lower.exit(3);
  upper.exit(4);
  top.exit(5);
  const events = queue.control(null, 64, 1);
  assert.ok(events.every(({ udata }) => udata === 42));
  const of = ({ pid }: SimProcess): unknown[] =>
    events
      .filter(({ ident }) => ident === pid)
      .map(({ flags, fflags, data }) => [flags, fflags, data]);
  const last = KQ_EV_CLEAR | KQ_EV_ONESHOT | KQ_EV_EOF;
  const first = KQ_EV_CLEAR | KQ_EV_ONESHOT;
  assert.equal(of(top), [[last, (FORK | EXIT) >>> 0, 5 << 8]]);
  assert.equal(of(upper), [
    [first, CHILD, top.pid],
    [last, (FORK | EXIT) >>> 0, 4 << 8],
  ]);
  assert.equal(of(lower), [
    [first, CHILD, upper.pid],
    [last, EXIT, 3 << 8],
  ]);
  assert.equal(take(queue, 1), []);
});

onBoth(
  "KQ-167: children that end at once are not lost, also if their parent does not wait",
  (sim) => {
    const queue = sim.select.kqueue();
    const top = sim.processes.fork();
    top.signals.ignore("SIGCHLD"); // the children leave no zombies
    watch(sim, queue, top.pid, TRACK | EXIT);
    const count = 40;
    for (let i = 0; i < count; i++) top.fork().exit(i);
    const events = take(queue, 0, 1024);
    const born = events.filter(([, , fflags]) => fflags === CHILD);
    const ended = events.filter(([, , fflags]) => fflags === EXIT).map(([, , , data]) => data);
    assert.is(born.length, count);
    assert.equal(
      ended,
      Array.from({ length: count }, (_, i) => i << 8),
    );
  },
);

onBoth("KQ-167: a child is followed from its fork on, and its children from theirs", (sim) => {
  const queue = sim.select.kqueue();
  const top = sim.processes.fork();
  watch(sim, queue, top.pid, TRACK | EXIT | FORK);
  const first = KQ_EV_CLEAR | KQ_EV_ONESHOT;
  const upper = top.fork();
  assert.equal(byPid(take(queue)), [note(top, FORK), note(upper, CHILD, top.pid, first)]);
  const lower = upper.fork();
  assert.equal(byPid(take(queue)), [note(upper, FORK), note(lower, CHILD, upper.pid, first)]);
  for (const [i, child] of [lower, upper, top].entries()) child.exit(i);
  const ends = [exit(top, 2 << 8), exit(upper, 1 << 8), exit(lower, 0)];
  assert.equal(byPid(take(queue)), ends);
  assert.equal(take(queue), []);
});

function byPid(seen: readonly Seen[]): Seen[] {
  return seen.toSorted(([a], [b]) => Number(a) - Number(b));
}

test("KQ-168: an overrun of the connector is NOTE_TRACKERR, and ends are still reported", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  const top = sim.processes.fork();
  watch(sim, queue, top.pid, TRACK | EXIT);
  connectorOf(sim.kernel).group.room = 10;
  const children = Array.from({ length: 30 }, () => top.fork());
  const events = take(queue, 0, 64);
  assert.equal(events.pop(), note(top, NOTE_TRACKERR));
  assert.is(events.filter(([, , fflags]) => fflags === CHILD).length, 10);
  connectorOf(sim.kernel).group.room = 100;
  for (const child of children) child.exit(1);
  assert.equal(
    take(queue, 0, 64),
    children.slice(0, 10).map((child) => exit(child, 256)),
  );
  const later = top.fork();
  assert.equal(take(queue), [note(later, CHILD, top.pid, KQ_EV_CLEAR | KQ_EV_ONESHOT)]);
});

test("without the privilege FORK, EXEC and TRACK are EOPNOTSUPP, EXIT is not", () => {
  const sim = simOf();
  const queue = sim.select.kqueue();
  const child = sim.processes.fork();
  sim.processes.mayListen = false;
  for (const fflags of [FORK, EXEC, TRACK, EXIT | FORK]) {
    throws(() => watch(sim, queue, child.pid, fflags), OSError, "EOPNOTSUPP");
  }
  watch(sim, queue, child.pid, EXIT);
  child.exit(6);
  assert.equal(take(queue), [exit(child, 6 << 8)]);
});

onBoth("KQ-171, KQ-172, KQ-173: NOTE_EXIT added late, taken back, and while disabled", (sim) => {
  const queue = sim.select.kqueue();
  const [late, back, off] = [sim.processes.fork(), sim.processes.fork(), sim.processes.fork()];
  watch(sim, queue, late.pid, 0);
  watch(sim, queue, late.pid, EXIT);
  watch(sim, queue, back.pid, EXIT);
  watch(sim, queue, back.pid, 0);
  watch(sim, queue, off.pid, EXIT, KQ_EV_DISABLE);
  for (const child of [late, back, off]) child.exit(1);
  assert.equal(take(queue), [exit(late, 256)]);
  throws(() => remove(sim, queue, back.pid), FileNotFoundError, "ENOENT");
  off.wait();
  queue.control([sim.select.kevent(off.pid, KQ_FILTER_PROC, KQ_EV_ENABLE, EXIT)], 0);
  assert.equal(take(queue), [exit(off, 256)]);
});

onBoth("KQ-174: many children, two queues: one end each, and nothing is left open", (sim) => {
  const open = (): number => [...sim.kernel.program].length;
  const before = open();
  const queues = [sim.select.kqueue(), sim.select.kqueue()];
  const children = Array.from({ length: 32 }, () => sim.processes.fork());
  for (const queue of queues) for (const { pid } of children) watch(sim, queue, pid, EXIT);
  for (const [i, child] of children.entries()) child.exit(i);
  for (const queue of queues) {
    assert.equal(
      take(queue),
      children.map((child, i) => exit(child, i << 8)),
    );
    queue.close();
  }
  assert.is(open(), before);
});

test.run();
