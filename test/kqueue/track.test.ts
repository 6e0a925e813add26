// EVFILT_PROC: the messages of the process connector about processes and their children.

import { spawnSync } from "node:child_process";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  type Kevent,
  kevent,
  KQ_EV_ADD,
  KQ_EV_CLEAR,
  KQ_EV_ONESHOT,
  KQ_FILTER_PROC,
  KQ_NOTE_CHILD as CHILD,
  KQ_NOTE_EXEC as EXEC,
  KQ_NOTE_EXIT as EXIT,
  KQ_NOTE_FORK as FORK,
  KQ_NOTE_TRACK as TRACK,
} from "../../bindings/node/select.ts";
import { scoped } from "../support/descriptors.ts";
import { add, assertNoEvents, newQueue, remove, type Seen, take, takeAll } from "./filters.ts";
import { canBeRoot, host } from "../native/support.ts";
import { throws } from "../support/expect.ts";
import { exit, flushed, reaped, shell, untilEnded } from "./processes.ts";
import { DEADLINE } from "../support/world.ts";

function note(pid: number, fflags: number, data = 0, flags = KQ_EV_CLEAR): Seen {
  return [pid, KQ_FILTER_PROC, flags, fflags, data];
}

/** Whether this process may listen to the process connector; prints why not. */
function canListen(): boolean {
  const fd = host.proc_listen();
  if (fd >= 0) host.close(fd);
  else console.log(`skip: NOTE_FORK, NOTE_EXEC and NOTE_TRACK: proc_listen says ${fd}`);
  return fd >= 0;
}

const connected = canListen();

test(
  "KQ-166: NOTE_FORK and NOTE_EXEC, the knote stays",
  scoped(async (scope) => {
    if (!connected) return;
    const queue = newQueue(scope);
    const { child, pid, go } = shell("(exit 0); read line; exec sh -c 'read line; exit 9'");
    add(queue, pid, KQ_FILTER_PROC, 0, FORK | EXEC | EXIT);
    assertNoEvents(queue, 20);
    go();
    await flushed();
    assert.equal(take(queue, DEADLINE), [note(pid, FORK)]);
    assertNoEvents(queue, 20);
    go();
    await flushed();
    assert.equal(take(queue, DEADLINE), [note(pid, EXEC)]);
    go();
    await flushed();
    assert.equal(take(queue, DEADLINE), [exit(pid, 9 << 8)]);
    await reaped(child);
  }),
);

test(
  "KQ-166: notes outside fflags do not fire, and other processes do not matter",
  scoped(async (scope) => {
    if (!connected) return;
    const queue = newQueue(scope);
    const { child, pid, go } = shell("(exit 0); exec sh -c 'read line'");
    add(queue, pid, KQ_FILTER_PROC, 0, EXEC);
    spawnSync("true");
    assertNoEvents(queue, 20);
    go();
    await flushed();
    assert.equal(take(queue, DEADLINE), [note(pid, EXEC)]);
    child.kill("SIGKILL");
    await reaped(child);
    assertNoEvents(queue, 20); // without NOTE_EXIT the knote goes without an event
    throws(() => remove(queue, pid, KQ_FILTER_PROC), FileNotFoundError, "ENOENT");
  }),
);

test(
  "KQ-166: NOTE_FORK and NOTE_EXEC add up with NOTE_EXIT",
  scoped(async (scope) => {
    if (!connected) return;
    const queue = newQueue(scope);
    const { child, pid, go } = shell("(exit 0); exec sh -c 'exit 2'");
    add(queue, pid, KQ_FILTER_PROC, 0, FORK | EXEC | EXIT);
    go();
    await flushed();
    untilEnded(pid);
    const events: Seen[] = [];
    while (!events.some(([, , , fflags]) => (fflags & EXIT) !== 0)) {
      const more = take(queue, DEADLINE);
      assert.ok(more.length > 0, String(events));
      events.push(...more);
    }
    const notes = events.reduce((all, [, , , fflags]) => all | fflags, 0) >>> 0;
    assert.is(notes, (FORK | EXEC | EXIT) >>> 0);
    assert.is(events.at(-1)?.[4], 2 << 8);
    await reaped(child);
  }),
);

test(
  "KQ-167: NOTE_TRACK follows children and theirs",
  scoped(async (scope) => {
    if (!connected) return;
    const queue = newQueue(scope);
    const { child, pid, go } = shell("sh -c 'sh -c \"exit 3\"; exit 4'; exit 5");
    queue.control([kevent(pid, KQ_FILTER_PROC, KQ_EV_ADD, TRACK | EXIT | FORK, 0, 42)], 0);
    go();
    await flushed();
    // FORK and EXIT of the parent; CHILD and EXIT of both below, FORK of the upper one.
    const events = takeAll(queue, 7);
    const of = (one: number) => events.filter(([ident]) => ident === one);
    const children = events.filter(([, , , fflags]) => (fflags & CHILD) !== 0);
    assert.is(children.length, 2, String(events));
    const [upper, lower] = children as [Seen, Seen];
    assert.equal(upper, note(Number(upper[0]), CHILD, pid, KQ_EV_CLEAR | KQ_EV_ONESHOT));
    assert.equal(
      lower,
      note(Number(lower[0]), CHILD, Number(upper[0]), KQ_EV_CLEAR | KQ_EV_ONESHOT),
    );
    assert.equal(of(Number(lower[0])).at(-1), exit(Number(lower[0]), 3 << 8));
    const last = (one: number) => of(one).at(-1) as Seen;
    assert.is(last(Number(upper[0]))[4], 4 << 8);
    assert.is(last(pid)[4], 5 << 8);
    assertNoEvents(queue, 20);
    await reaped(child);
  }),
);

test(
  "KQ-167: children that end at once are not lost, and udata is inherited",
  scoped(async (scope) => {
    if (!connected) return;
    const queue = newQueue(scope);
    const count = 40;
    const { child, pid, go } = shell(
      `i=0; while [ $i -lt ${count} ]; do (exit $i) & i=$((i+1)); done; wait; exit 1`,
    );
    queue.control([kevent(pid, KQ_FILTER_PROC, KQ_EV_ADD, TRACK | EXIT, 0, 42)], 0);
    go();
    await flushed();
    untilEnded(pid); // all is over before the first event is taken
    const all: Kevent[] = [];
    for (let hasMore = true; hasMore;) {
      const isOver = all.some(({ ident, fflags }) => ident === pid && (fflags & EXIT) !== 0);
      const more = queue.control(null, 1024, isOver ? 0.2 : DEADLINE);
      all.push(...more);
      hasMore = more.length > 0;
    }
    assert.ok(all.every(({ udata }) => udata === 42));
    const born = all.filter(({ fflags }) => (fflags & CHILD) !== 0).map(({ ident }) => ident);
    const ended = all.filter(({ fflags }) => (fflags & EXIT) !== 0);
    assert.is(born.length, count);
    assert.is(new Set(born).size, count);
    assert.is(ended.length, count + 1);
    const statuses = ended
      .filter(({ ident }) => ident !== pid)
      .map(({ data }) => Number(data) >> 8);
    assert.equal(
      statuses.toSorted((x, y) => x - y),
      Array.from({ length: count }, (_, i) => i),
    );
    await reaped(child);
  }),
);

for (const [where, options] of [
  ["another network namespace", ["-n"]],
  ["another user namespace", ["-U", "-r"]],
] as const) {
  test(`where the kernel reports no forks, in ${where}, these notes are EOPNOTSUPP`, () => {
    if (!canBeRoot("namespaces", "unshare")) return;
    const script = `
      import * as s from ${JSON.stringify(new URL("../../bindings/node/select.js", import.meta.url))};
      import { spawn } from "node:child_process";
      const stdio = ["pipe", "inherit", "inherit"];
      const child = spawn("sh", ["-c", "read line; exit 6"], { stdio });
      const queue = s.kqueue();
      const exit = s.KQ_NOTE_EXIT;
      const said = [];
      for (const notes of [s.KQ_NOTE_FORK, s.KQ_NOTE_EXEC, s.KQ_NOTE_TRACK, exit, exit | s.KQ_NOTE_FORK]) {
        const change = s.kevent(child.pid, s.KQ_FILTER_PROC, s.KQ_EV_ADD, notes);
        try { queue.control([change], 0); said.push("ok"); } catch (error) { said.push(error.code); }
      }
      child.stdin.end();
      setImmediate(() => {
        said.push(queue.control(null, 4, ${DEADLINE})[0]?.data);
        console.log(said.join(" "));
      });`;
    const args = [...options, process.execPath, "--input-type=module", "-e", script];
    const { stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8" });
    assert.is(stdout.trim(), "EOPNOTSUPP EOPNOTSUPP EOPNOTSUPP ok EOPNOTSUPP 1536", stderr);
  });
}

test.run();
