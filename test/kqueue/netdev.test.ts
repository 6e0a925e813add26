// EVFILT_NETDEV: links that go up, down and away. The interfaces are a veth pair in a network
// namespace of its own, so the program with the queue runs there.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  FileNotFoundError,
  KQ_EV_CLEAR,
  KQ_FILTER_NETDEV,
  KQ_NOTE_LINKDOWN as DOWN,
  KQ_NOTE_LINKINV as INV,
  KQ_NOTE_LINKUP as UP,
  OSError,
} from "../../bindings/node/select.ts";
import { scoped } from "../support/descriptors.ts";
import { add, assertNoEvents, newQueue, remove } from "./filters.ts";
import { canBeRoot } from "../native/support.ts";
import { throws } from "../support/expect.ts";
import { BEYOND_DEADLINE, DEADLINE_MS } from "../support/world.ts";

const EV_ONESHOT = 0x10;
const EV_EOF = 0x8000;
const ALL = UP | DOWN | INV;

/** [flags, fflags, data] of the events that came at each step. */
type Report = Array<Array<[flags: number, fflags: number, data: number]>>;

/** Runs a script with `one` and `two`, both down, in a network namespace; returns its report. */
function inNamespace(script: string): unknown {
  const prelude = `
    import { execSync } from "node:child_process";
    import * as s from ${JSON.stringify(new URL("../../bindings/node/select.js", import.meta.url))};
    const ip = (text) => execSync("ip " + text);
    ip("link add one type veth peer name two");
    const indexOf = (name) => Number(execSync("ip -o link show " + name, { encoding: "utf8" }).split(":")[0]);
    const index = indexOf("one");
    const queue = s.kqueue();
    const add = (ident, flags, fflags, to = queue) =>
      to.control([s.kevent(ident, s.KQ_FILTER_NETDEV, s.KQ_EV_ADD | flags, fflags)], 0);
    const take = (from = queue, timeout = 0) => from.control(null, 9, timeout).map(
      ({ ident, flags, fflags, data }) => ident === index ? [flags, fflags, data] : [ident, flags, fflags, data]);
    // The kernel reports some time after the command; a queue of its own sees when.
    const witness = s.kqueue();
    add(index, s.KQ_EV_CLEAR, ${ALL}, witness);
    const set = (text, note) => {
      ip(text);
      for (let seen = 0; (seen & note) === 0;) {
        const events = witness.control(null, 9, ${BEYOND_DEADLINE});
        if (events.length === 0) throw new Error("nothing came of ip " + text);
        seen = events[0].fflags;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    };
    const report = [];`;
  const { stdout, stderr } = spawnSync(
    "unshare",
    [
      "-n",
      process.execPath,
      "--input-type=module",
      "-e",
      `${prelude}${script}\nconsole.log(JSON.stringify(report));`,
    ],
    { encoding: "utf8" },
  );
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

function canRun(): boolean {
  return canBeRoot("interfaces", "ip", "unshare");
}

test("NETDEV: LINKUP, LINKDOWN and LINKINV, each in its time, with the state as data", () => {
  if (!canRun()) return;
  const report = inNamespace(`
    add(index, s.KQ_EV_CLEAR, ${ALL});
    report.push(take());
    ip("link set one up"); report.push(take());
    set("link set two up", ${UP}); report.push(take());
    report.push(take());
    set("link set two down", ${DOWN}); report.push(take());
    set("link set two up", ${UP}); report.push(take());
    ip("link set one mtu 1400"); report.push(take());
    set("link del one", ${INV}); report.push(take());
    report.push(take());
    try { queue.control([s.kevent(index, s.KQ_FILTER_NETDEV, s.KQ_EV_DELETE)], 0); }
    catch (error) { report.push(error.code); }`) as Report;
  assert.equal(report, [
    [],
    [],
    [[KQ_EV_CLEAR, UP, UP]],
    [],
    [[KQ_EV_CLEAR, DOWN, DOWN]],
    [[KQ_EV_CLEAR, UP, UP]],
    [],
    [[KQ_EV_CLEAR | EV_ONESHOT | EV_EOF, DOWN | INV, INV]],
    [],
    "ENOENT",
  ]);
});

test("NETDEV: without EV_CLEAR notes stay and add up; data is the state", () => {
  if (!canRun()) return;
  const report = inNamespace(`
    add(index, 0, ${UP | DOWN});
    ip("link set one up"); set("link set two up", ${UP});
    report.push(take(), take());
    set("link set two down", ${DOWN});
    report.push(take(), take());`);
  assert.equal(report, [
    [[0, UP, UP]],
    [[0, UP, UP]],
    [[0, UP | DOWN, DOWN]],
    [[0, UP | DOWN, DOWN]],
  ]);
});

test("NETDEV: notes outside fflags do not fire, the end of the interface always does", () => {
  if (!canRun()) return;
  const report = inNamespace(`
    add(index, s.KQ_EV_CLEAR, ${DOWN});
    ip("link set one up"); set("link set two up", ${UP});
    report.push(take());
    set("link set two down", ${DOWN}); report.push(take());
    add(index, 0, 0);
    set("link del one", ${INV}); report.push(take());`);
  assert.equal(report, [
    [],
    [[KQ_EV_CLEAR, DOWN, DOWN]],
    [[KQ_EV_CLEAR | EV_ONESHOT | EV_EOF, 0, INV]],
  ]);
});

test("NETDEV: only changes after the knote was made are reported, several queues, ONESHOT and DISPATCH", () => {
  if (!canRun()) return;
  const report = inNamespace(`
    const other = s.kqueue();
    add(index, s.KQ_EV_CLEAR, ${ALL}, other);
    ip("link set one up"); set("link set two up", ${UP}); set("link set two down", ${DOWN});
    add(indexOf("two"), 0, ${ALL}, other);
    add(index, s.KQ_EV_ONESHOT, ${ALL});
    report.push(take(), take(other));
    set("link set two up", ${UP});
    report.push(take(), take());
    add(index, s.KQ_EV_CLEAR | s.KQ_EV_DISPATCH, ${ALL});
    set("link set two down", ${DOWN}); report.push(take());
    set("link set two up", ${UP}); report.push(take());
    queue.control([s.kevent(index, s.KQ_FILTER_NETDEV, s.KQ_EV_ENABLE, ${ALL})], 0);
    report.push(take());`);
  assert.equal(report, [
    [],
    [[KQ_EV_CLEAR, UP | DOWN, DOWN]],
    [[EV_ONESHOT, UP, UP]],
    [],
    [[KQ_EV_CLEAR | 0x80, DOWN, DOWN]],
    [],
    [[KQ_EV_CLEAR | 0x80, UP, UP]],
  ]);
});

test("NETDEV: a waiter is woken", () => {
  if (!canRun()) return;
  const report = inNamespace(`
    import { spawn } from "node:child_process";
    ip("link set one up");
    add(index, s.KQ_EV_CLEAR, ${ALL});
    spawn("sh", ["-c", "sleep 0.1; ip link set two up"]);
    const begun = performance.now();
    report.push(take(queue, ${BEYOND_DEADLINE}), performance.now() - begun < ${DEADLINE_MS});`);
  assert.equal(report, [[[KQ_EV_CLEAR, UP, UP]], true]);
});

test(
  "NETDEV: no such interface is ENODEV, loopback is one",
  scoped((scope) => {
    const queue = newQueue(scope);
    for (const ident of [0, 0x7fffffff, 0x80000000, 2n ** 32n + 1n]) {
      throws(() => add(queue, ident, KQ_FILTER_NETDEV, 0, ALL), OSError, "ENODEV");
    }
    const loopback = Number(readFileSync("/sys/class/net/lo/ifindex", "utf8"));
    add(queue, loopback, KQ_FILTER_NETDEV, 0, ALL);
    assertNoEvents(queue, 20);
    remove(queue, loopback, KQ_FILTER_NETDEV);
    throws(() => remove(queue, loopback, KQ_FILTER_NETDEV), FileNotFoundError, "ENOENT");
  }),
);

test.run();
