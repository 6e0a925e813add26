// EVFILT_SIGNAL counts attempts to deliver a signal, also if the program handles the signal elsewhere.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { Worker } from "node:worker_threads";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  type Kqueue,
  KQ_EV_CLEAR,
  KQ_EV_DISABLE,
  KQ_EV_DISPATCH,
  KQ_EV_ENABLE,
  KQ_EV_ONESHOT,
  KQ_FILTER_SIGNAL,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { type Scope, scoped, sleep } from "../support/descriptors.ts";
import { add, assertNoEvents, command, newQueue, remove, type Seen, take } from "./filters.ts";
import { throws } from "../support/expect.ts";
import { DEADLINE } from "../support/world.ts";

const { SIGCHLD, SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGSTOP, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH } =
  constants.signals;
/** A real-time signal: Linux queues each of them. */
const SIGRT = 40;

function signal(number: number, data: number, flags = 0): Seen {
  return [number, KQ_FILTER_SIGNAL, flags | KQ_EV_CLEAR, 0, data];
}

/** Sends this process a signal, which a thread of it handles at once. */
function raise(number: number, times = 1): void {
  for (let i = 0; i < times; i++) {
    os.kill(process.pid, number);
    sleep(1);
  }
}

/** Without a listener SIGUSR2 would end the process. */
function listening(scope: Scope, name: NodeJS.Signals): { calls(): number } {
  let calls = 0;
  const listener = (): void => void calls++;
  process.on(name, listener);
  scope.onEnd(() => process.off(name, listener));
  return { calls: () => calls };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

test(
  "KQ-176: data is how often it came since the last report, EV_CLEAR is automatic",
  scoped((scope) => {
    const queue = newQueue(scope);
    listening(scope, "SIGUSR2");
    add(queue, SIGUSR2, KQ_FILTER_SIGNAL);
    assertNoEvents(queue, 20);
    raise(SIGUSR2);
    assert.equal(take(queue, 1), [signal(SIGUSR2, 1)]);
    assertNoEvents(queue, 20);
    raise(SIGUSR2, 3);
    assert.equal(take(queue, 1), [signal(SIGUSR2, 3)]);
    assert.equal(take(queue), []);
    remove(queue, SIGUSR2, KQ_FILTER_SIGNAL);
  }),
);

test(
  "KQ-177: listeners of the program run as well, installed before or after",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const before = listening(scope, "SIGUSR2");
    add(queue, SIGUSR2, KQ_FILTER_SIGNAL);
    const after = listening(scope, "SIGUSR2");
    raise(SIGUSR2, 2);
    assert.equal(take(queue, 1), [signal(SIGUSR2, 2)]);
    await turn();
    assert.equal([before.calls(), after.calls()], [2, 2]);
  }),
);

test(
  "KQ-177: a listener that is the first one, and goes again, does not end the counting",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    listening(scope, "SIGWINCH"); // harmless without
    add(queue, SIGWINCH, KQ_FILTER_SIGNAL);
    add(queue, SIGUSR2, KQ_FILTER_SIGNAL);
    const inner = listening(scope, "SIGUSR2");
    raise(SIGUSR2);
    await turn();
    assert.is(inner.calls(), 1);
    assert.equal(take(queue), [signal(SIGUSR2, 1)]);
    raise(SIGWINCH);
    assert.equal(take(queue, 1), [signal(SIGWINCH, 1)]);
    process.removeAllListeners("SIGWINCH");
    raise(SIGWINCH, 2);
    assert.equal(take(queue, 1), [signal(SIGWINCH, 2)]);
  }),
);

/** Runs a program that has a queue, in a process of its own; returns its output. */
function apart(
  script: string,
  before: readonly string[] = [],
): { stdout: string; signal: string | null } {
  const prelude = `
    import * as s from ${JSON.stringify(new URL("../../bindings/node/select.js", import.meta.url))};
    const queue = s.kqueue();
    const watch = (n) => queue.control([s.kevent(n, s.KQ_FILTER_SIGNAL, s.KQ_EV_ADD)], 0);
    const take = () => queue.control(null, 9, 1).map(({ ident, data }) => ident + ":" + data);`;
  const node = [process.execPath, "--input-type=module", "-e", prelude + script];
  const [program = "", ...args] = [...before, ...node];
  const { stdout, stderr, ...ended } = spawnSync(program, args, {
    encoding: "utf8",
    // The sanitizers would take the place of default actions: the addon as it is shipped.
    env: { ...process.env, LD_PRELOAD: "", OMNIPOLL_ADDON: undefined },
  });
  assert.is(stderr, "");
  return { stdout: stdout.trim(), signal: ended.signal };
}

test("KQ-177: the default action is taken as well, and closing puts it back", () => {
  const ended = apart(`watch(${SIGUSR2}); process.kill(process.pid, ${SIGUSR2}); take();
    console.log("survived");`);
  assert.equal(ended, { stdout: "", signal: "SIGUSR2" });
  const after = apart(`watch(${SIGTERM}); queue.close(); process.kill(process.pid, ${SIGTERM});
    setTimeout(() => console.log("survived"), 500);`);
  assert.equal(after, { stdout: "", signal: "SIGTERM" });
  const caught = apart(`process.on("SIGTERM", () => {}); watch(${SIGTERM});
    process.kill(process.pid, ${SIGTERM}); console.log(take().join());`);
  assert.equal(caught, { stdout: "15:1", signal: null });
});

test(
  "KQ-177: an ignored signal counts, like SIGPIPE in Node",
  scoped((scope) => {
    const queue = newQueue(scope);
    add(queue, SIGPIPE, KQ_FILTER_SIGNAL);
    raise(SIGPIPE, 2);
    assert.equal(take(queue, 1), [signal(SIGPIPE, 2)]);
    queue.close();
    raise(SIGPIPE); // still ignored
  }),
);

test(
  "KQ-177: SIGCHLD is counted, and Node still learns of its children",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    add(queue, SIGCHLD, KQ_FILTER_SIGNAL);
    const child = spawn("sh", ["-c", "exit 3"]);
    const [event] = take(queue, DEADLINE);
    assert.equal(event?.slice(0, 4), [SIGCHLD, KQ_FILTER_SIGNAL, KQ_EV_CLEAR, 0]);
    assert.ok((event?.[4] as number) >= 1);
    assert.equal(await once(child, "close"), [3, null]);
    const second = spawn("sh", ["-c", "exit 4"]);
    assert.is(take(queue, DEADLINE).length, 1);
    assert.equal(await once(second, "close"), [4, null]);
  }),
);

test(
  "KQ-179: signals before the knote was made are not counted",
  scoped((scope) => {
    const queue = newQueue(scope);
    listening(scope, "SIGUSR2");
    raise(SIGUSR2, 2);
    add(queue, SIGUSR2, KQ_FILTER_SIGNAL);
    assertNoEvents(queue, 20);
    raise(SIGUSR2);
    assert.equal(take(queue, 1), [signal(SIGUSR2, 1)]);
    remove(queue, SIGUSR2, KQ_FILTER_SIGNAL);
    raise(SIGUSR2);
    add(queue, SIGUSR2, KQ_FILTER_SIGNAL);
    assertNoEvents(queue, 20);
  }),
);

test(
  "KQ-180: numbers of no signal, and signals that cannot be caught, are accepted and report nothing",
  scoped((scope) => {
    const queue = newQueue(scope);
    for (const number of [0, 65, 999, 2 ** 31, 2n ** 63n, SIGKILL, SIGSTOP]) {
      add(queue, number, KQ_FILTER_SIGNAL);
    }
    assertNoEvents(queue, 20);
    for (const number of [0, 65, 999, 2 ** 31, 2n ** 63n, SIGKILL, SIGSTOP]) {
      remove(queue, number, KQ_FILTER_SIGNAL);
    }
    throws(() => remove(queue, 999, KQ_FILTER_SIGNAL), FileNotFoundError, "ENOENT");
  }),
);

test(
  "KQ-181, EMU-06: while disabled it is counted on",
  scoped((scope) => {
    const queue = newQueue(scope);
    listening(scope, "SIGUSR2");
    add(queue, SIGUSR2, KQ_FILTER_SIGNAL);
    command(queue, SIGUSR2, KQ_FILTER_SIGNAL, KQ_EV_DISABLE);
    raise(SIGUSR2);
    assertNoEvents(queue, 20);
    command(queue, SIGUSR2, KQ_FILTER_SIGNAL, KQ_EV_ENABLE);
    raise(SIGUSR2);
    assert.equal(take(queue, 1), [signal(SIGUSR2, 2)]);
    command(queue, SIGUSR2, KQ_FILTER_SIGNAL, KQ_EV_DISABLE);
    raise(SIGUSR2, 2);
    take(queue);
    command(queue, SIGUSR2, KQ_FILTER_SIGNAL, KQ_EV_ENABLE);
    assert.equal(take(queue), [signal(SIGUSR2, 2)]);
  }),
);

test(
  "KQ-182: EV_ONESHOT and EV_DISPATCH",
  scoped((scope) => {
    const queue = newQueue(scope);
    listening(scope, "SIGUSR2");
    add(queue, SIGUSR2, KQ_FILTER_SIGNAL, KQ_EV_ONESHOT);
    raise(SIGUSR2, 2);
    assert.equal(take(queue, 1), [signal(SIGUSR2, 2, KQ_EV_ONESHOT)]);
    throws(() => remove(queue, SIGUSR2, KQ_FILTER_SIGNAL), FileNotFoundError, "ENOENT");
    add(queue, SIGUSR2, KQ_FILTER_SIGNAL, KQ_EV_DISPATCH);
    raise(SIGUSR2);
    assert.equal(take(queue, 1), [signal(SIGUSR2, 1, KQ_EV_DISPATCH)]);
    raise(SIGUSR2);
    assertNoEvents(queue, 20);
    command(queue, SIGUSR2, KQ_FILTER_SIGNAL, KQ_EV_ENABLE);
    assert.equal(take(queue, 1), [signal(SIGUSR2, 1, KQ_EV_DISPATCH)]);
  }),
);

test(
  "KQ-183: whatever thread the signal is delivered to",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    listening(scope, "SIGUSR2");
    add(queue, SIGUSR2, KQ_FILTER_SIGNAL);
    // A thread that sends one while this one is blocked in the wait.
    const worker = new Worker(`setTimeout(() => process.kill(process.pid, ${SIGUSR2}), 50)`, {
      eval: true,
    });
    await once(worker, "online");
    assert.equal(take(queue, DEADLINE), [signal(SIGUSR2, 1)]);
    await worker.terminate();
  }),
);

test(
  "KQ-183: a queue of another thread counts the signals of the process, too",
  scoped(async (scope) => {
    listening(scope, "SIGUSR2");
    const queue = newQueue(scope);
    add(queue, SIGUSR2, KQ_FILTER_SIGNAL);
    const worker = new Worker(
      `const { parentPort, workerData } = require("node:worker_threads");
       import(workerData).then((s) => {
         const queue = s.kqueue();
         queue.control([s.kevent(${SIGUSR2}, s.KQ_FILTER_SIGNAL, s.KQ_EV_ADD)], 0);
         parentPort.postMessage("ready");
         parentPort.once("message", () => {
           parentPort.postMessage(queue.control(null, 4, 60).map(({ data }) => data));
         });
       });`,
      { eval: true, workerData: new URL("../../bindings/node/select.js", import.meta.url).href },
    );
    await once(worker, "message");
    raise(SIGUSR2, 3);
    assert.equal(take(queue, DEADLINE), [signal(SIGUSR2, 3)]);
    worker.postMessage("go");
    assert.equal(await once(worker, "message"), [[3]]);
    await worker.terminate();
    raise(SIGUSR2);
    assert.equal(take(queue, 1), [signal(SIGUSR2, 1)]);
  }),
);

test(
  "KQ-184: several queues and several signals count on their own",
  scoped((scope) => {
    const [one, two] = [newQueue(scope), newQueue(scope)];
    for (const name of ["SIGUSR2", "SIGHUP"] as const) listening(scope, name);
    add(one, SIGUSR2, KQ_FILTER_SIGNAL);
    add(one, SIGHUP, KQ_FILTER_SIGNAL);
    add(two, SIGUSR2, KQ_FILTER_SIGNAL);
    raise(SIGUSR2, 2);
    raise(SIGHUP);
    assert.equal(
      take(one)
        .map(([ident, , , , data]) => [ident, data])
        .toSorted(([x = 0], [y = 0]) => Number(x) - Number(y)),
      [
        [SIGHUP, 1],
        [SIGUSR2, 2],
      ],
    );
    raise(SIGUSR2);
    assert.equal(take(two), [signal(SIGUSR2, 3)]);
    assert.equal(take(one), [signal(SIGUSR2, 1)]);
    two.close();
    raise(SIGUSR2);
    assert.equal(take(one), [signal(SIGUSR2, 1)]);
  }),
);

/** Adds up the counts of a signal until `child` has ended and no event comes any more. */
async function total(queue: Kqueue, child: ChildProcess, wanted: number): Promise<number> {
  let sum = 0;
  const ended = once(child, "close");
  for (let idle = 0; idle < 3 && sum < wanted;) {
    const events = take(queue, 1);
    if (events.length === 0) idle++;
    for (const [, , , , data] of events) sum += Number(data);
  }
  await ended;
  for (const [, , , , data] of take(queue)) sum += Number(data);
  return sum;
}

test("EMU-06: thousands of real-time signals while blocked all count: Linux does not merge them", () => {
  // Started with the signal ignored, which Node leaves as it is beyond the first 31.
  const script = `
    import { spawn } from "node:child_process";
    watch(${SIGRT});
    const code = "for (1..5000) { kill ${SIGRT}, " + process.pid + "; select(undef, undef, undef, 0.0005) if $_ % 50 == 0 }";
    const child = spawn("perl", ["-e", code], { stdio: "ignore" });
    child.on("error", () => { console.log("no perl"); process.exit(); });
    child.on("spawn", () => {
      let sum = 0;
      while (sum < 5000) {
        const events = queue.control(null, 4, 2);
        if (events.length === 0) break;
        sum += events[0].data;
      }
      console.log(sum);
    });`;
  const { stdout, signal: end } = apart(script, ["sh", "-c", `trap "" ${SIGRT}; exec "$0" "$@"`]);
  if (stdout === "no perl") return console.log("skip: signals at a high rate: no perl");
  assert.equal([stdout, end], ["5000", null]);
});

test(
  "EMU-06: at a high rate every call of a listener has been counted",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const heard = listening(scope, "SIGUSR2");
    add(queue, SIGUSR2, KQ_FILTER_SIGNAL);
    const script = `for (1..2000) { kill ${SIGUSR2}, ${process.pid} }`;
    const child = spawn("perl", ["-e", script], { stdio: "ignore" });
    const started = await Promise.race([
      once(child, "spawn").then(() => true),
      once(child, "error").then(() => false),
    ]);
    if (!started) return console.log("skip: signals at a high rate: no perl");
    const counted = await total(queue, child, 2000);
    await turn();
    // Linux merges a signal that is pending already, so fewer than were sent; Node may merge more.
    assert.ok(counted > 0 && counted <= 2000, String(counted));
    assert.ok(heard.calls() <= counted, `${heard.calls()} calls, ${counted} counted`);
    raise(SIGUSR2, 5);
    assert.equal(take(queue, 1), [signal(SIGUSR2, 5)]);
  }),
);

test(
  "SIGUSR1 and SIGINT, which Node handles itself, still call their listeners",
  scoped(async (scope) => {
    const queue = newQueue(scope);
    const interrupted = listening(scope, "SIGINT");
    add(queue, SIGINT, KQ_FILTER_SIGNAL);
    const user = listening(scope, "SIGUSR1");
    add(queue, SIGUSR1, KQ_FILTER_SIGNAL);
    raise(SIGINT);
    raise(SIGUSR1);
    assert.is(take(queue, 1).length, 2);
    await turn();
    assert.equal([interrupted.calls(), user.calls()], [1, 1]);
  }),
);

test.run();
