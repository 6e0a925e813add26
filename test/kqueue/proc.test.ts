// EVFILT_PROC: the end of processes, and the messages of the process connector about their lives.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  KQ_EV_DISABLE,
  KQ_EV_ENABLE,
  KQ_FILTER_PROC,
  KQ_NOTE_EXIT as EXIT,
  kevent,
  KQ_EV_ADD,
  ProcessLookupError,
} from "../../bindings/node/select.ts";
import { scoped } from "../support/descriptors.ts";
import { add, assertNoEvents, newQueue, remove, take, takeAll } from "./filters.ts";
import { throws } from "../support/expect.ts";
import { env, exit, flushed, reaped, shell, untilEnded } from "./processes.ts";
import { DEADLINE } from "../support/world.ts";

const { SIGCONT, SIGKILL, SIGSTOP, SIGTERM } = constants.signals;

for (const [script, status, code, signal] of [
  ["exit 0", 0, 0, null],
  ["exit 64", 64 << 8, 64, null],
  ["exit 255", 255 << 8, 255, null],
  ["kill -TERM $$; sleep 9", SIGTERM, null, "SIGTERM"],
  ["kill -KILL $$; sleep 9", SIGKILL, null, "SIGKILL"],
] as const) {
  test(
    `KQ-161, KQ-165, KQ-175: NOTE_EXIT of a child: ${script}`,
    scoped(async (scope) => {
      const queue = newQueue(scope);
      const { child, pid, go } = shell(script);
      add(queue, pid, KQ_FILTER_PROC, 0, EXIT);
      assertNoEvents(queue, 20);
      go();
      await flushed();
      assert.equal(take(queue, DEADLINE), [exit(pid, status)]);
      throws(() => remove(queue, pid, KQ_FILTER_PROC), FileNotFoundError, "ENOENT");
      assertNoEvents(queue, 10);
      // Its parent gets it as well.
      assert.equal(await reaped(child), [code, signal]);
    }),
  );
}

test(
  "KQ-161: stopping and continuing is no exit",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const { child, pid, go } = shell("exit 3");
    add(queue, pid, KQ_FILTER_PROC, 0, EXIT);
    process.kill(pid, SIGSTOP);
    assertNoEvents(queue, 30);
    process.kill(pid, SIGCONT);
    assertNoEvents(queue, 30);
    go();
    await flushed();
    assert.equal(take(queue, DEADLINE), [exit(pid, 3 << 8)]);
    await reaped(child);
  }),
);

test(
  "a process that is no child: its status, too",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    // The shell starts one that waits for its standard input to end, and does not reap it at once.
    const child = spawn(
      "sh",
      ["-c", "exec 3<&0; (read line <&3; exit 5) & echo $!; exec sleep 9"],
      {
        env,
      },
    );
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    const pid = Number(line);
    add(queue, pid, KQ_FILTER_PROC, 0, EXIT);
    assertNoEvents(queue, 20);
    child.stdin.end("\n");
    await flushed();
    assert.equal(take(queue, DEADLINE), [exit(pid, 5 << 8)]);
    child.kill("SIGKILL");
    await reaped(child);
  }),
);

test(
  "KQ-163: an unknown pid is ESRCH, and so is a number that can be no pid",
  scoped((scope) => {
    const queue = newQueue(scope);
    const { pid } = spawnSync("true");
    for (const ident of [pid, 0, 0x7fffffff, 0x80000000, 2n ** 32n + 1n]) {
      throws(() => add(queue, ident, KQ_FILTER_PROC, 0, EXIT), ProcessLookupError, "ESRCH");
    }
    throws(() => remove(queue, 1, KQ_FILTER_PROC), FileNotFoundError, "ENOENT");
  }),
);

test(
  "KQ-164, EMU-07: a zombie is reported at once, and is ESRCH without NOTE_EXIT",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const child = spawn("sh", ["-c", "exit 7"], { env });
    const pid = child.pid ?? 0;
    untilEnded(pid);
    throws(() => add(queue, pid, KQ_FILTER_PROC, 0, 0), ProcessLookupError, "ESRCH");
    add(queue, pid, KQ_FILTER_PROC, 0, EXIT);
    assert.equal(take(queue), [exit(pid, 7 << 8)]);
    add(queue, pid, KQ_FILTER_PROC, 0, EXIT);
    assert.equal(take(queue), [exit(pid, 7 << 8)]);
    assert.equal(await reaped(child), [7, null]);
    throws(() => add(queue, pid, KQ_FILTER_PROC, 0, EXIT), ProcessLookupError, "ESRCH");
  }),
);

test(
  "KQ-171: NOTE_EXIT can be added later",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const { child, pid, go } = shell("exit 1");
    add(queue, pid, KQ_FILTER_PROC, 0, 0);
    add(queue, pid, KQ_FILTER_PROC, 0, EXIT);
    go();
    await flushed();
    assert.equal(take(queue, DEADLINE), [exit(pid, 1 << 8)]);
    await reaped(child);
  }),
);

test(
  "KQ-172: NOTE_EXIT can be taken back, and then the knote goes with the process",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const { child, pid, go } = shell("exit 1");
    add(queue, pid, KQ_FILTER_PROC, 0, EXIT);
    add(queue, pid, KQ_FILTER_PROC, 0, 0);
    go();
    await flushed();
    untilEnded(pid);
    assertNoEvents(queue);
    throws(() => remove(queue, pid, KQ_FILTER_PROC), FileNotFoundError, "ENOENT");
    await reaped(child);
  }),
);

test(
  "KQ-173: an end while disabled is reported once enabled, even after the process was reaped",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const { child, pid, go } = shell("exit 1");
    add(queue, pid, KQ_FILTER_PROC, KQ_EV_DISABLE, EXIT);
    go();
    await flushed();
    untilEnded(pid);
    assertNoEvents(queue);
    assert.equal(await reaped(child), [1, null]);
    queue.control([kevent(pid, KQ_FILTER_PROC, KQ_EV_ENABLE, EXIT)], 0);
    assert.equal(take(queue), [exit(pid, 1 << 8)]);
  }),
);

test(
  "KQ-174: many children, two queues: one end each",
  scoped(async (scope) => {
    const queues = [newQueue(scope), newQueue(scope)];
    const children = Array.from({ length: 32 }, (_, i) => shell(`exit ${i}`));
    for (const queue of queues) {
      queue.control(
        children.map(({ pid }) => kevent(pid, KQ_FILTER_PROC, KQ_EV_ADD, EXIT)),
        0,
      );
    }
    for (const { go } of children) go();
    await flushed();
    const expected = children.map(({ pid }, i) => String(exit(pid, i << 8)));
    for (const queue of queues) {
      assert.equal(takeAll(queue, 32).map(String).toSorted(), expected.toSorted());
      assertNoEvents(queue, 10);
    }
    await Promise.all(children.map(({ child }) => reaped(child)));
  }),
);

test(
  "a deleted knote reports nothing, and closing a queue with processes leaks no descriptor",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const { child, pid, go } = shell("exit 0");
    add(queue, pid, KQ_FILTER_PROC, 0, EXIT);
    remove(queue, pid, KQ_FILTER_PROC);
    const other = newQueue(scope);
    add(other, pid, KQ_FILTER_PROC, 0, EXIT);
    other.close();
    go();
    await flushed();
    await reaped(child);
    assertNoEvents(queue, 20);
  }),
);

test("a thread that leads no process is ESRCH", () => {
  const script = `
    import * as s from ${JSON.stringify(new URL("../../bindings/node/select.js", import.meta.url))};
    
    import { readdirSync } from "node:fs";
    const thread = readdirSync("/proc/self/task").map(Number).find((id) => id !== process.pid);
    try {
      s.kqueue().control([s.kevent(thread, s.KQ_FILTER_PROC, s.KQ_EV_ADD, s.KQ_NOTE_EXIT)], 0);
    } catch (error) { console.log(error instanceof s.OSError && error.code); }`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  assert.is(stdout.trim(), "ESRCH");
});

test(
  "this process and its parent can be watched, and report nothing while they run",
  scoped((scope) => {
    const queue = newQueue(scope);
    add(queue, process.pid, KQ_FILTER_PROC, 0, EXIT);
    add(queue, process.ppid, KQ_FILTER_PROC, 0, EXIT);
    assertNoEvents(queue, 20);
    remove(queue, process.pid, KQ_FILTER_PROC);
    throws(() => remove(queue, process.pid, KQ_FILTER_PROC), FileNotFoundError, "ENOENT");
  }),
);

test.run();
