// The host without native code, in processes that have no addon.

import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { host } from "../../bindings/node/select.ts";
import { createPollOneoff } from "../../wasi/oneoff.ts";
import { failureOf } from "../../wasi/node/self-test.ts";
import type { PollOneoff } from "../../wasi/poller.ts";
import * as os from "../../bindings/node/os.ts";
import { mkdtempSync, rmSync } from "../support/files.ts";
import { CLI, start } from "../support/spawned.ts";
import { tmpdir } from "node:os";

const SELECT = new URL("../../bindings/node/select.js", import.meta.url).href;
const OS = new URL("../../bindings/node/os.js", import.meta.url).href;

/** A program without the addon: a module with the package in scope. */
function program(code: string): string {
  return `const om = await import(${JSON.stringify(SELECT)});
    const os = await import(${JSON.stringify(OS)});
    const say = (...all) => console.log(JSON.stringify(all));
    ${code}`;
}

/** Runs such a program; returns what it said, line by line. */
async function run(code: string, flags: readonly string[] = ["--no-addons"]): Promise<unknown[]> {
  const args = [...flags, "--input-type=module", "--eval", program(code)];
  const { stdout, stderr, status, signal } = await start(args, { env: NO_HOST }).ended;
  assert.equal({ status, signal, stderr }, { status: 0, signal: null, stderr: "" });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

const NO_HOST = { OMNIPOLL_HOST: "", OMNIPOLL_TRACE: "", NODE_OPTIONS: "" };

test("a process without the addon has the host wasi, and says nothing of it", async () => {
  const said = await run(`
    const [r, w] = os.pipe();
    const ep = om.epoll();
    ep.register(r, om.EPOLLIN);
    say(om.host.name, ep.poll(0));
    os.write(w, "x");
    say(ep.poll(), os.read(r, 9).toString(), ep.poll(0.01));
    os.close(w);
    say(ep.poll());`);
  const [first, second, third] = said as [[string, unknown], unknown[], [[number, number][]]];
  assert.equal(first, ["wasi", []]);
  const fd = third[0][0]?.[0];
  assert.equal(second, [[[fd, 1]], "x", []]);
  assert.equal(third, [[[fd, 16]]]);
});

test("an addon that is missing is no error, unless its host is asked for", async () => {
  const env = { ...NO_HOST, OMNIPOLL_ADDON: "/nonexistent/omnipoll.node" };
  const code = program("say(om.host.name, om.host.reason)");
  const args = ["--input-type=module", "--eval", code];
  const without = await start(args, { env }).ended;
  assert.is(without.stderr, "");
  assert.match(without.stdout, /^\["wasi","the native addon cannot be loaded: it is not built/);
  for (const name of ["linux", "posix"]) {
    const asked = await start(args, { env: { ...env, OMNIPOLL_HOST: name } }).ended;
    assert.is(asked.status, 1);
    assert.match(asked.stderr, /omnipoll: the native addon cannot be loaded: it is not built/);
  }
});

test("doctor says why there is no addon, which poll_oneoff serves, and which calls there are", async () => {
  const args = ["--no-addons", CLI, "doctor", "--json"];
  const { stdout, stderr, status } = await start(args, { env: NO_HOST }).ended;
  assert.equal([status, stderr], [0, ""]);
  const facts = JSON.parse(stdout) as Record<string, unknown>;
  assert.is(facts["host"], "wasi");
  assert.match(String(facts["missing"]), /loading addons is disabled/);
  const { oneoff, failed } = facts["poll_oneoff"] as { oneoff: string; failed: string };
  assert.is(oneoff, "Node's handles");
  assert.match(failed, /^room to write, looked at: /);
  assert.equal(Object.keys(facts["os"] as object).length, 3);
  const apis = Object.values(facts["apis"] as Record<string, { works: boolean }>);
  assert.equal(
    apis.map(({ works }) => works),
    [true, true, true, true, true],
  );
});

test("the trace names the host, and why", async () => {
  const env = { ...NO_HOST, OMNIPOLL_TRACE: "1" };
  const args = ["--no-addons", "--input-type=module", "--eval", program("om.poll().poll(0)")];
  const { stderr } = await start(args, { env }).ended;
  assert.match(stderr, /^\[\d+ main\] host wasi: the native addon cannot be loaded: .*disabled/);
  assert.match(stderr, /\n\[\d+ main\] poll\(\[\], at most 0 ms\)|poll\(/);
});

test("the demo says what is not on this host, and ends with status 0", async () => {
  const args = ["--no-addons", CLI, "demo"];
  const { stdout, stderr, status } = await start(args, { env: NO_HOST }).ended;
  assert.equal([status, stderr], [0, ""]);
  assert.match(stdout, /^eventfd +select +not on this host$/m);
  assert.match(stdout, /^user event +kqueue +not on this host$/m);
  assert.match(stdout, /All \d+ waits said what the kernel owes \(host wasi, /);
  assert.not.match(stdout, /WRONG/);
});

test("files, devices and terminals are told apart before a handle sees them", async () => {
  const said = await run(`
    const { openSync, mkdtempSync } = await import("node:fs");
    const p = om.poll();
    const fds = ["/etc/passwd", "/dev/null", "/dev/zero", "/", "/dev/full"].map((path) => openSync(path, "r"));
    for (const fd of fds) p.register(fd, om.POLLIN);
    say(p.poll(-1).length === fds.length, om.select(fds, [], [], 5)[0].length);`);
  assert.equal(said, [[true, 5]]);
});

test("a descriptor blocks in omnipoll/os as it did before a wait", async () => {
  const said = await run(`
    const { Worker } = await import("node:worker_threads");
    const [r, w] = os.pipe();
    say(om.select([r], [w], [], 0).map((list) => list.length));
    const code = "const { workerData } = require('node:worker_threads'); const fs = require('node:fs');" +
      "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50); fs.writeSync(workerData.w, 'late');" +
      "let left = 300000; const b = Buffer.alloc(4096); while (left > 0) { try { left -= fs.readSync(workerData.r2, b); }" +
      "catch (e) { if (e.code !== 'EAGAIN') throw e; Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); } }";
    const [r2, w2] = os.pipe();
    om.select([], [w2], [], 0);
    const worker = new Worker(code, { eval: true, execArgv: [], workerData: { w, r2 } });
    say(os.read(r, 9).toString(), os.write(w2, new Uint8Array(300000)));
    const [r3] = os.pipe2(2048);
    let error;
    try { os.read(r3, 1); } catch (caught) { error = caught.code; }
    say(error);`);
  assert.equal(said, [[[0, 1, 0]], ["late", 300_000], ["EAGAIN"]]);
});

test("output that has no room is waited for", async () => {
  const said = await run(`
    const { Worker } = await import("node:worker_threads");
    const [r, w] = os.pipe2(2048);
    const full = new Uint8Array(65536);
    try { for (;;) os.write(w, full); } catch {}
    say(om.select([], [w], [], 0)[1]);
    const code = "const { workerData } = require('node:worker_threads');" +
      "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);" +
      "require('node:fs').readSync(workerData, Buffer.alloc(65536));";
    new Worker(code, { eval: true, execArgv: [], workerData: r });
    say(om.select([], [w], [], 60)[1].length);`);
  assert.equal(said, [[[]], [1]]);
});

test("pairs of sockets leave nothing behind", async () => {
  const said = await run(`
    const { readdirSync } = await import("node:fs");
    os.socketpair().forEach((fd) => os.close(fd));
    const before = readdirSync("/proc/self/fd").length;
    for (let i = 0; i < 50; i++) {
      const [a, b] = os.socketpair();
      os.send(a, "x");
      if (om.select([b], [a], [], 5)[0].length !== 1 || os.recv(b, 9).toString() !== "x") say("lost", i);
      os.close(a);
      if (os.read(b, 1).length !== 0) say("no end", i);
      os.close(b);
    }
    say(readdirSync("/proc/self/fd").length - before);
    try { os.close(1000000); } catch (error) { say(error.code); }`);
  assert.equal(said, [[0], ["EBADF"]]);
});

test("a worker that waits is terminated, and nothing keeps the process", async () => {
  const said = await run(`
    const { Worker } = await import("node:worker_threads");
    const [r, w] = os.pipe();
    om.select([r], [], [], 0);
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const code = "const { workerData: { select, r, flag } } = require('node:worker_threads');" +
      "import(select).then((om) => { const p = om.poll(); p.register(r, 1); p.poll(0); Atomics.store(flag, 0, 1); p.poll(); });";
    const worker = new Worker(code, { eval: true, execArgv: [], workerData: { select: ${JSON.stringify(SELECT)}, r, flag } });
    while (Atomics.load(flag, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    say(await worker.terminate());
    // The end of a thread closes nothing that it waited for.
    os.write(w, "x");
    say(om.select([r], [], [], 5)[0].length);`);
  assert.equal(said, [[1], [1]]);
});

test("threads wait for one descriptor and for others at once", async () => {
  const said = await run(`
    const { Worker } = await import("node:worker_threads");
    const pipes = [0, 1, 2].map(() => os.pipe());
    const code = "const { workerData: { select, fds }, parentPort } = require('node:worker_threads');" +
      "import(select).then((om) => { const p = om.poll(); for (const fd of fds) p.register(fd, 1);" +
      "p.poll(0); parentPort.postMessage('waits'); parentPort.postMessage(p.poll(60000)); });";
    const shared = pipes[0][0];
    const results = [1, 2].map((i) => {
      const worker = new Worker(code, { eval: true, execArgv: [], workerData: { select: ${JSON.stringify(SELECT)}, fds: [shared, pipes[i][0]] } });
      let waits;
      const waiting = new Promise((resolve) => (waits = resolve));
      return { waiting, done: new Promise((resolve) => worker.on("message", (m) => (m === "waits" ? waits() : resolve(m)))) };
    });
    await Promise.all(results.map((one) => one.waiting));
    os.write(pipes[2][1], "x");
    const second = await results[1].done;
    os.write(pipes[0][1], "x");
    const first = await results[0].done;
    say(first.length, first[0][0] === shared, second.length, second[0][0] === pipes[2][0]);`);
  assert.equal(said, [[1, true, 1, true]]);
});

test("a worker waits although the main thread has never heard of the package", async () => {
  const code = `
    const { Worker } = require("node:worker_threads");
    const code = "Promise.all([import(" + ${JSON.stringify(JSON.stringify(SELECT))} + "), import(" + ${JSON.stringify(JSON.stringify(OS))} + ")]).then(([om, os]) => {" +
      "const [r, w] = os.pipe(); const p = om.poll(); p.register(r, 1); const none = p.poll(30).length; os.write(w, 'x');" +
      "console.log(none, p.poll(60000).length, om.host.name); });";
    new Worker(code, { eval: true });`;
  const { stdout, stderr } = await start(["--no-addons", "--eval", code], { env: NO_HOST }).ended;
  assert.equal([stdout, stderr], ["0 1 wasi\n", ""]);
});

const PERMISSION =
  Number(process.versions.node.split(".")[0]) < 23 ? "--experimental-permission" : "--permission";

test("permissions that are missing are named by their flags", async () => {
  const code = program(`
    try { om.select([0], [], [], 0); } catch (error) { say(error.message); }
    try { os.pipe(); } catch (error) { say(error.message); }`);
  const said = async (...flags: string[]): Promise<string[]> => {
    const given = [
      PERMISSION,
      "--allow-fs-read=*",
      ...flags,
      "--input-type=module",
      "--eval",
      code,
    ];
    const { stdout } = await start(given, { env: NO_HOST }).ended;
    return stdout.split("\n").map((line) => line.split(";")[0] as string);
  };
  const [wait, pipe] = await said();
  assert.match(
    wait as string,
    /waiting without the native addon takes --allow-worker --allow-wasi$/,
  );
  assert.match(pipe as string, / --allow-child-process --allow-fs-write=\*$/);
  const [rest] = await said("--allow-worker", "--allow-wasi");
  assert.match(rest as string, /pipe\(\) .* takes --allow-child-process --allow-fs-write=\*$/);
});

test("a Node with other handles is refused, and the missing part named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  const file = join(folder, "break.cjs");
  writeFileSync(
    file,
    `const socket = require("node:net").connect({ path: "/dev/null/none" }).on("error", () => {});
    let at = socket._handle.constructor.prototype;
    while (!Object.hasOwn(at, "useUserBuffer")) at = Object.getPrototypeOf(at);
    delete at.useUserBuffer;`,
  );
  const env = { ...NO_HOST, NODE_OPTIONS: `--require ${file}` };
  const code = program("try { om.select([0], [], [], 0); } catch (error) { say(error.message); }");
  const given = ["--no-addons", "--input-type=module", "--eval", code];
  const { stdout } = await start(given, { env }).ended;
  rmSync(folder, { recursive: true });
  assert.match(stdout, /omnipoll: Node [\d.]+ is not as .* takes it: a handle lacks useUserBuffer/);
});

/** Our own poll_oneoff on this host's descriptors, and two ends for the self-test. */
function tested(
  wrap: (call: PollOneoff, memory: WebAssembly.Memory) => PollOneoff,
): string | undefined {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const call = createPollOneoff({ select: { host }, memory, fds: (fd) => fd });
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  writeFileSync(join(folder, "file"), "text");
  const file = openSync(join(folder, "file"), "r");
  const fds = os.socketpair();
  const open = new Set(fds);
  const close = (fd: number): void => {
    open.delete(fd);
    os.close(fd);
  };
  try {
    return failureOf(memory, wrap(call, memory), { fds, close }, file);
  } finally {
    for (const fd of open) os.close(fd);
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}

test("the self-test passes a poll_oneoff that is right", () => {
  assert.is(
    tested((call) => call),
    undefined,
  );
});

const WRONG: Record<string, (call: PollOneoff, memory: WebAssembly.Memory) => PollOneoff> = {
  "that the runtime lacks": () => () => 52,
  "that reports nothing":
    (_, memory) =>
    (...given) => {
      new DataView(memory.buffer).setUint32(given[3], 0, true);
      return 0;
    },
  "of whole calls that fail":
    (call, memory) =>
    (...given) => {
      const view = new DataView(memory.buffer);
      const error = call(...given);
      const count = error === 0 ? view.getUint32(given[3], true) : 0;
      for (let i = 0; i < count; i++)
        if (view.getUint16(given[1] + 32 * i + 8, true) === 8) return 8;
      return error;
    },
  "without hang-ups":
    (call, memory) =>
    (...given) => {
      const error = call(...given);
      const view = new DataView(memory.buffer);
      for (let i = 0; i < given[2]; i++) view.setUint16(given[1] + 32 * i + 24, 0, true);
      return error;
    },
  "that reports one event":
    (call, memory) =>
    (...given) => {
      const error = call(...given);
      const view = new DataView(memory.buffer);
      view.setUint32(given[3], Math.min(view.getUint32(given[3], true), 1), true);
      return error;
    },
};

for (const [name, wrap] of Object.entries(WRONG)) {
  test(`the self-test refuses a poll_oneoff ${name}`, () => {
    assert.type(tested(wrap), "string");
  });
}

test.run();
