// The standalone core: in runtimes, and over a poll_oneoff that has the faults of runtimes.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  host,
  KQ_FILTER_READ,
  KQ_FILTER_WRITE,
  POLLIN,
  POLLNVAL,
  POLLOUT,
} from "../../bindings/node/select.ts";
import { Core } from "../../bindings/core.ts";
import { coreModule, createSelectModule, type SelectModule } from "../../bindings/node/host.ts";
import * as os from "../../bindings/node/os.ts";
import { createPollOneoff, type GuestPollOneoff } from "../../bindings/node/wasi.ts";
import { EBADF, ENOMEM } from "../../asm/abi.ts";
import type { Host } from "../../host/host.ts";
import {
  SUBSCRIPTION_FD,
  SUBSCRIPTION_SIZE,
  SUBSCRIPTION_TIMEOUT,
  SUBSCRIPTION_TYPE,
  TYPE_CLOCK,
  TYPE_WRITE,
} from "../../wasi/preview1.ts";
import { createStandaloneHost, standaloneImports } from "../../wasi/standalone.ts";
import { scoped } from "../support/descriptors.ts";
import { withMemoryLimit } from "../support/wasm.ts";
import { clockMs, DEADLINE, SOME_FILE } from "../support/world.ts";
import { openSync, tmpdir } from "../support/files.ts";

const CORE = new Uint8Array(
  readFileSync(new URL("../../../build/core.wasi.wasm", import.meta.url)),
);
const BADF = 8;
const INTR = 27;
const CHILD = fileURLToPath(new URL("standalone-child.js", import.meta.url));

/** The lines that a program prints about waits for its stdin, to which "hello" is written once it is idle. */
async function linesOf(runtime: string): Promise<unknown[]> {
  const child = spawn(process.execPath, ["--no-warnings", CHILD, runtime], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: unknown[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (lines.push(JSON.parse(line)) === 1) child.stdin.write("hello");
  }
  child.stdin.end();
  return lines;
}

for (const [runtime, bytes] of [
  ["node:wasi", 1],
  ["node:wasi with omnipoll", 5],
  ["@wasmer/wasi with omnipoll", 5],
] as const) {
  test(`stdin in ${runtime}: idle, woken, within an epoll, and beside a timer`, async () => {
    assert.equal(await linesOf(runtime), [
      { idle: [], isWhole: true },
      { woken: [[0, EPOLLIN]], atOnce: [[0, EPOLLIN]] },
      { nested: [[true, EPOLLIN]] },
      { read: bytes, timer: 1 },
      { closed: 0 },
    ]);
  });
}

type Change = (poll: GuestPollOneoff, memory: () => WebAssembly.Memory) => GuestPollOneoff;

/** The host of a standalone core whose poll_oneoff is another. */
function hostWith(change: Change, isTrusted = true): Host {
  const base = createStandaloneHost(host);
  const { core } = base;
  if (core === undefined) throw new Error("a standalone host has no core");
  return {
    ...base,
    core: {
      ...core,
      importsOf(given, memory) {
        const { wasi_snapshot_preview1: calls } = standaloneImports(given, memory);
        const poll_oneoff = change(calls.poll_oneoff, memory);
        return { wasi_snapshot_preview1: { ...calls, poll_oneoff } };
      },
      begin: (exports) => (isTrusted ? core.begin(exports) : undefined),
    },
  };
}

/** The select module of a standalone core whose poll_oneoff is another. */
function moduleWith(change: Change, isTrusted?: boolean): SelectModule {
  return createSelectModule(hostWith(change, isTrusted));
}

const whole: Change = (_poll, memory) =>
  createPollOneoff({ select: { host }, memory, fds: (fd) => fd, badf: "call" });

/** The subscriptions of a call: type, descriptor, and time in ns. */
function subscriptionsAt(memory: WebAssembly.Memory, from: number, count: number) {
  const view = new DataView(memory.buffer, from >>> 0, count * SUBSCRIPTION_SIZE);
  return Array.from({ length: count }, (_, i) => ({
    type: view.getUint8(i * SUBSCRIPTION_SIZE + SUBSCRIPTION_TYPE),
    fd: view.getUint32(i * SUBSCRIPTION_SIZE + SUBSCRIPTION_FD, true),
    ns: view.getBigUint64(i * SUBSCRIPTION_SIZE + SUBSCRIPTION_TIMEOUT, true),
  }));
}

test(
  "one closed descriptor fails the whole call: it is NVAL, and the others are right",
  scoped((s) => {
    const { poll, epoll } = moduleWith(whole);
    const [r, w] = s.pipe();
    const [idle] = s.pipe();
    const [closed, other] = os.pipe();
    const p = poll();
    for (const fd of [idle, closed, r]) p.register(fd, POLLIN);
    p.register(w, POLLOUT);
    const e = epoll();
    for (const fd of [idle, closed, r]) e.register(fd, EPOLLIN);
    os.write(w, "x");
    os.close(closed);
    os.close(other);
    assert.equal(p.poll(DEADLINE * 1000), [
      [closed, POLLNVAL],
      [r, POLLIN],
      [w, POLLOUT],
    ]);
    assert.equal(e.poll(DEADLINE), [[r, EPOLLIN]]);
    e.close();
  }),
);

test(
  "a direction in which the runtime refuses to wait is never ready, but that of a file or a directory always",
  scoped((s) => {
    const [r, w] = s.pipe();
    const folder = s.own(openSync(tmpdir(), "r"));
    const file = s.own(openSync(SOME_FILE, "r"));
    const always = [folder, file];
    const { poll } = moduleWith((inner, memory) => (from, to, count, found) => {
      const refused = subscriptionsAt(memory(), from, count).some(
        ({ type, fd }) =>
          type !== TYPE_CLOCK && (always.includes(fd) || (fd === r && type === TYPE_WRITE)),
      );
      return refused ? BADF : inner(from, to, count, found);
    });
    const p = poll();
    p.register(r, POLLIN | POLLOUT);
    assert.equal(p.poll(20), []);
    for (const fd of always) p.register(fd, POLLIN | POLLOUT);
    os.write(w, "x");
    assert.equal(p.poll(DEADLINE * 1000), [
      [r, POLLIN],
      ...always.map((fd) => [fd, POLLIN | POLLOUT]),
    ]);
  }),
);

test(
  "a runtime that reports nothing with a timeout of 0 is asked once more, until it has reported once",
  scoped((s) => {
    let calls = 0;
    const lazy =
      (isLazy: boolean): Change =>
      (inner, memory) =>
      (from, to, count, found) => {
        calls++;
        const subscriptions = subscriptionsAt(memory(), from, count);
        const isShort = subscriptions.some(
          ({ type, ns }) => type === TYPE_CLOCK && ns < 1_000_000n,
        );
        if (!isLazy || !isShort) return inner(from, to, count, found);
        return inner(from + (count - 1) * SUBSCRIPTION_SIZE, to, 1, found);
      };
    const [r, w] = s.pipe();
    os.write(w, "x");
    const late = moduleWith(lazy(true)).poll();
    late.register(r, POLLIN);
    for (let i = 0; i < 3; i++) assert.equal(late.poll(0), [[r, POLLIN]]);
    assert.is(calls, 6);

    calls = 0;
    const prompt = moduleWith(lazy(false)).poll();
    prompt.register(r, POLLIN);
    for (let i = 0; i < 3; i++) assert.equal(prompt.poll(0), [[r, POLLIN]]);
    os.read(r, 1);
    for (let i = 0; i < 3; i++) assert.equal(prompt.poll(0), []);
    assert.is(calls, 6);
  }),
);

test(
  "a call that ends early, with no event or with EINTR, is repeated for the rest of the time",
  scoped((s) => {
    const results = [0, INTR, 0];
    const { poll } = moduleWith((inner, memory) => (from, to, count, found) => {
      const early = results.shift();
      if (early === undefined) return inner(from, to, count, found);
      new DataView(memory().buffer).setUint32(found >>> 0, 0, true);
      return early;
    });
    const [r, w] = s.pipe();
    const p = poll();
    p.register(r, POLLIN);
    const begun = clockMs();
    assert.equal(p.poll(30), []);
    assert.ok(clockMs() - begun >= 30);
    assert.equal(results, []);
    results.push(0, INTR, 0);
    os.write(w, "x");
    assert.equal(p.poll(), [[r, POLLIN]]);
    assert.equal(results, []);
  }),
);

test("the time of a wait is rounded up to ns, and no longer than 2^63 - 1 of them", () => {
  const times: bigint[] = [];
  const given = hostWith((_inner, memory) => (from, _to, count, _found) => {
    times.push(...subscriptionsAt(memory(), from, count).map(({ ns }) => ns));
    return BADF;
  });
  const { calls } = new Core(coreModule(given), given);
  for (const ms of [0.0000001, 1.5, 1e20, -1]) {
    assert.is(calls.pollWait(calls.pollCreate(), ms), -EBADF);
  }
  assert.equal(times, [1n, 1_500_000n, 2n ** 63n - 1n, 2n ** 63n - 1n]);
});

test(
  "without counted bytes every event is one byte, and nothing follows from an event without bytes",
  scoped((s) => {
    const { epoll, kqueue, kevent } = moduleWith((inner) => inner, false);
    const [r, w] = os.pipe();
    s.own(r);
    os.write(w, "hello");
    const kq = kqueue();
    const events = kq.control([kevent(r), kevent(w, KQ_FILTER_WRITE)], 4, DEADLINE);
    const data = events.map(({ ident, filter, data: bytes }) => [ident, filter, bytes]);
    assert.equal(
      data.sort(),
      [
        [r, KQ_FILTER_READ, 1],
        [w, KQ_FILTER_WRITE, 4096],
      ].sort(),
    );
    kq.close();
    os.read(r, 5);
    os.close(w);
    const e = epoll();
    e.register(r, EPOLLIN);
    assert.equal(e.poll(DEADLINE), [[r, EPOLLIN | EPOLLHUP]]);
    e.close();
  }),
);

/** poll_oneoff that reports every subscription to a descriptor, once the caller has made room for the events. */
const everything: Change = (_inner, memory) => (from, to, count, found) => {
  const bytes = new Uint8Array(memory().buffer);
  const view = new DataView(memory().buffer);
  let end = 0;
  for (const [i, { type }] of subscriptionsAt(memory(), from, count).entries()) {
    if (type === TYPE_CLOCK) continue;
    const event = (to >>> 0) + 32 * end++;
    bytes.fill(0, event, event + 32);
    view.setBigUint64(event, view.getBigUint64((from >>> 0) + i * SUBSCRIPTION_SIZE, true), true);
    view.setUint8(event + 10, type);
    view.setBigUint64(event + 16, 1n, true);
  }
  view.setUint32(found >>> 0, end, true);
  return 0;
};

test("100 000 descriptors in one wait: the subscriptions grow during the call", () => {
  const p = moduleWith(everything).poll();
  const many = 100_000;
  for (let fd = 0; fd < many; fd++) p.register(fd, POLLIN | POLLOUT);
  const found = p.poll(0);
  assert.is(found.length, many);
  assert.ok(found.every(([fd, mask], i) => fd === i && mask === (POLLIN | POLLOUT)));
});

test("without memory for the subscriptions a wait fails with ENOMEM, and a smaller one succeeds", () => {
  // 32 MiB: enough for the registrations.
  const limited = new WebAssembly.Module(withMemoryLimit(CORE, 512));
  const core = new Core(limited, hostWith(everything));
  const large = core.calls.pollCreate();
  const small = core.calls.pollCreate();
  const many = 200_000;
  core.calls.pollRegister(small, 7, POLLIN);
  for (let fd = 0; fd < many; fd++) core.calls.pollRegister(large, fd, POLLIN);
  assert.is(core.calls.pollWait(large, 0), -ENOMEM);
  assert.is(core.calls.pollWait(small, 0), 1);
});

test(
  "names: thousands of epolls, each within the next, and numbers that are used again",
  scoped((s) => {
    const { epoll } = moduleWith((inner) => inner);
    const [r, w] = s.pipe();
    const epolls = Array.from({ length: 3000 }, () => epoll());
    const numbers = new Set(epolls.map((e) => e.fileno()));
    assert.is(numbers.size, epolls.length);
    assert.ok([...numbers].every((number) => number >= 2 ** 30));
    const [a, b, c] = epolls;
    if (a === undefined || b === undefined || c === undefined) throw new Error("no epolls");
    a.register(r, EPOLLIN);
    b.register(a, EPOLLIN);
    c.register(b, EPOLLIN | EPOLLOUT);
    assert.equal(c.poll(0), []);
    os.write(w, "x");
    assert.equal(c.poll(DEADLINE), [[b.fileno(), EPOLLIN]]);
    a.close();
    assert.equal(c.poll(0), []);
    const again = epoll();
    assert.ok(numbers.has(again.fileno()));
    assert.equal(again.poll(0), []);
    for (const e of [...epolls, again]) e.close();
  }),
);

test.run();
