// OMNIPOLL_TRACE: the lines that programs print about the calls of their host.

import * as assert from "uvu/assert";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import {
  DATA_FD,
  DATA_SIZE,
  DATA_WHAT,
  DATA_READABLE,
  EVENT_IN,
  EVENT_OUT,
  POLL_RECORD_SIZE,
} from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { CALL_NAMES, callOf, stretchesOf } from "../../host/calls.ts";
import { lineWriter, traced, withTrace } from "../../host/trace/trace.ts";
import { fill } from "../support/descriptors.ts";
import { hostWith } from "../support/hosts.ts";
import { CLI, type Ended, omnipoll, shell, start } from "../support/spawned.ts";
import { suite } from "../support/uvu.ts";

const folder = mkdtempSync(join(tmpdir(), "omnipoll-trace-"));
process.once("exit", () => rmSync(folder, { recursive: true }));

const LINE = /^\[\d+ (?:main|worker \d+)\] \w+\(.*\) = .* <\d+\.\d{3} ms>$/;

/** Address of an entry of the package, as a literal. */
const url = (name: string): string =>
  JSON.stringify(new URL(`../../bindings/node/${name}.js`, import.meta.url).href);

/** Runs a module that has the package in scope. */
function run(code: string, env: Record<string, string>): Promise<Ended> {
  const prelude = `
    import * as os from ${url("os")};
    import * as select from ${url("select")};
    import { Worker } from "node:worker_threads";
    const selectUrl = ${url("select")};`;
  return start(["--input-type=module", "-e", prelude + code], { env }).ended;
}

/** The lines of a trace, without thread and time. */
function callsIn(text: string): string[] {
  const lines = text.split("\n").filter((line) => line !== "");
  for (const line of lines) assert.match(line, LINE);
  return lines.map((line) => line.replace(/^\[.*?\] /, "").replace(/ <[\d.]+ ms>$/, ""));
}

/** Asserts that `calls` has all of `patterns`, in that order. */
function inOrder(calls: readonly string[], patterns: readonly RegExp[]): void {
  let at = 0;
  for (const pattern of patterns) {
    const found = calls.findIndex((call, index) => index >= at && pattern.test(call));
    assert.ok(found >= 0, `${pattern} after call ${at} of:\n${calls.join("\n")}`);
    at = found + 1;
  }
}

const programs = suite("trace: programs");

programs(
  "omnipoll wait prints its calls on standard error, and its events where it did",
  async () => {
    const running = start([CLI, "wait", "stdin", "timer:60s"], { env: { OMNIPOLL_TRACE: "1" } });
    running.child.stdin?.end("typed");
    const { status, stdout, stderr } = await running.ended;
    assert.is(status, 0);
    assert.match(stdout, /stdin +readable/);
    inOrder(callsIn(stderr), [
      /^capabilities\(\) = EPOLL\|SOURCES$/,
      /^epoll_create1\(CLOEXEC\) = \d+$/,
      /^epoll_wait\(epfd \d+, capacity \d+, [\d.]+ ms\) = 1 \[fd \d+ IN/,
    ]);
  },
);

const SCRIPT = `
  const [r, w] = os.pipe();
  const ep = select.epoll();
  ep.register(r, select.EPOLLIN | select.EPOLLET);
  os.write(w, "x");
  ep.poll();
  try { ep.modify(999, select.EPOLLOUT); } catch {}
  ep.unregister(r);
  const p = select.poll();
  p.register(r, select.POLLIN | select.POLLPRI);
  p.register(w, select.POLLOUT);
  p.poll(250);`;

for (const host of ["linux", "sim:linux"]) {
  programs(`${host}: masks, operations, records, times and errnos are names`, async () => {
    const { status, stdout, stderr } = await run(SCRIPT, {
      OMNIPOLL_TRACE: "1",
      OMNIPOLL_HOST: host,
    });
    assert.is(status, 0, stderr);
    assert.is(stdout, "");
    inOrder(callsIn(stderr), [
      /^epoll_create1\(CLOEXEC\) = \d+$/,
      /^epoll_ctl\(epfd \d+, ADD, fd \d+, IN\|ET\) = 0$/,
      /^epoll_wait\(epfd \d+, capacity \d+, for ever\) = 1 \[fd \d+ IN\]$/,
      /^epoll_ctl\(epfd \d+, MOD, fd 999, OUT\) = -EBADF \(Bad file descriptor\)$/,
      /^epoll_ctl\(epfd \d+, DEL, fd \d+, 0\) = 0$/,
      /^poll\(\[fd \d+ IN\|PRI, fd \d+ OUT\], 250 ms\) = 2 \[fd \d+ IN, fd \d+ OUT\]$/,
    ]);
  });
}

programs("sim:bsd: kevents have names for filters, flags and notes", async () => {
  const { stderr } = await run(
    `const q = select.kqueue();
     const { kevent } = select;
     q.control([
       kevent(7, { filter: select.KQ_FILTER_USER, flags: select.KQ_EV_ADD | select.KQ_EV_CLEAR, udata: 9 }),
       kevent(7, { filter: select.KQ_FILTER_USER, flags: 0, fflags: select.KQ_NOTE_TRIGGER }),
     ], 1, 2);`,
    { OMNIPOLL_TRACE: "1", OMNIPOLL_HOST: "sim:bsd" },
  );
  inOrder(callsIn(stderr), [
    /^capabilities\(\) = KQUEUE$/,
    /^kqueue\(\) = \d+$/,
    /^kevent\(kq \d+, \[USER 7 ADD\|CLEAR udata 9, USER 7 fflags TRIGGER.*\], capacity \d+, .* ms\) = 1 \[USER 7 CLEAR.*\]$/,
  ]);
});

programs("a translated queue shows the calls of its filters", async () => {
  const { stderr } = await run(
    `const q = select.kqueue();
     const { kevent, KQ_EV_ADD } = select;
     q.control([
       kevent(process.pid, { filter: select.KQ_FILTER_PROC, flags: KQ_EV_ADD, fflags: select.KQ_NOTE_EXIT }),
       kevent(1, { filter: select.KQ_FILTER_NETDEV, flags: KQ_EV_ADD, fflags: select.KQ_NOTE_LINKUP }),
       kevent(10, { filter: select.KQ_FILTER_SIGNAL, flags: KQ_EV_ADD }),
       kevent(1, { filter: select.KQ_FILTER_TIMER, flags: KQ_EV_ADD, data: 1 }),
     ], 0);
     q.control(null, 1, 60);`,
    { OMNIPOLL_TRACE: "1", OMNIPOLL_HOST: "linux" },
  );
  inOrder(callsIn(stderr), [
    /^pidfd_open\(pid \d+\) = \d+$/,
    /^link_flags\(index 1\) = .*\bLOOPBACK\b/,
    /^signal_open\(SIGUSR1\) = \d+$/,
    /^timerfd_settime\(fd \d+, at [\d.]+ ms\) = 0$|^now\(\) = [\d.]+ ms$/,
  ]);
});

programs("workers are traced, too, each under its own name", async () => {
  const { stderr } = await run(
    `const code = \`import(\${JSON.stringify(selectUrl)}).then((s) => s.select([], [], [], 0))\`;
     for (let i = 0; i < 2; i++) {
       await new Promise((resolve) => new Worker(code, { eval: true }).once("exit", resolve));
     }
     select.select([], [], [], 0);`,
    { OMNIPOLL_TRACE: "1" },
  );
  callsIn(stderr);
  const polls = stderr.split("\n").filter((line) => line.includes("] poll("));
  const threads = polls.map((line) => /^\[\d+ (.*?)\]/.exec(line)?.[1]);
  assert.equal(threads, ["worker 1", "worker 2", "main"]);
});

programs(
  "a file gets whole lines, behind its old content, of any number of processes",
  async () => {
    const path = join(folder, "trace");
    const code = "for (let i = 0; i < 200; i++) select.select([], [], [], 0);";
    const runs = await Promise.all([1, 2].map(() => run(code, { OMNIPOLL_TRACE: path })));
    for (const { status, stdout, stderr } of runs)
      assert.equal([status, stdout, stderr], [0, "", ""]);
    const lines = readFileSync(path, "utf8");
    const polls = callsIn(lines).filter((call) => call === "poll([], 0 ms) = 0");
    assert.is(polls.length, 400);
    assert.is(new Set(lines.match(/^\[\d+/gm)).size, 2);
    await run("select.select([], [], [], 0);", { OMNIPOLL_TRACE: path });
    assert.ok(readFileSync(path, "utf8").startsWith(lines));
  },
);

programs("a file that cannot be written to is one clear line", async () => {
  const directory = join(folder, "directory");
  mkdirSync(directory);
  for (const [path, reason] of [
    [join(folder, "missing", "file"), "ENOENT"],
    [directory, "EISDIR"],
  ] as const) {
    const { status, stdout, stderr } = await omnipoll(["wait", "timer:1ms"], {
      env: { OMNIPOLL_TRACE: path },
    });
    assert.is(status, 1);
    assert.is(stdout, "");
    assert.match(stderr, /^omnipoll: OMNIPOLL_TRACE must be 1 or a file .*\n$/);
    assert.match(stderr, reason);
    assert.match(stderr, JSON.stringify(path));
  }
});

programs("nothing is traced without the variable, or with an empty one or 0", async () => {
  for (const value of ["", "0"]) {
    const { stderr } = await omnipoll(["wait", "timer:1ms"], { env: { OMNIPOLL_TRACE: value } });
    assert.is(stderr, "");
  }
  const host = hostWith();
  for (const value of [undefined, "", "0"]) assert.is(withTrace(host, value), host);
});

programs(
  "a reader that goes away, or is not there, ends the trace and not the program",
  async () => {
    const wait = "OMNIPOLL_TRACE=1 omnipoll wait timer:50ms";
    const closed = await shell(`${wait} 2>&-; echo $?`);
    assert.match(closed.stdout, /timer:50ms +expired/);
    assert.match(closed.stdout, /^0$/m);
    const left = await shell(`{ ${wait} >&3; echo "status $?" >&3; } 3>&1 2>&1 | head -n 1 >&2`);
    assert.match(left.stdout + left.stderr, /capabilities/);
    const status = join(folder, "status");
    await shell(`{ ${wait} >/dev/null; echo $? >"${status}"; } 2>&1 | head -n 1`);
    assert.is(readFileSync(status, "utf8"), "0\n");
  },
);

programs.run();

const lines = suite("trace: lines");

lines("every call of the table is shown by name, with its result and without a failure", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const written: string[] = [];
  for (const result of [0, 1, -9]) {
    const calls = Object.fromEntries(CALL_NAMES.map((name) => [name, () => result]));
    const host = traced(hostWith(calls), (line) => written.push(line));
    for (const name of CALL_NAMES) {
      const numbers = callOf(name).takes.map(() => 1);
      const given = stretchesOf(name).length > 0 ? [memory, ...numbers] : numbers;
      assert.is((host[name] as (...all: unknown[]) => number)(...given), result);
      const line = written.pop() ?? "";
      assert.match(line, LINE);
      assert.match(line, `] ${name}(`);
      assert.is(/Error|undefined|NaN/.test(line), false, line);
      if (result < 0) assert.match(line, "= -EBADF (Bad file descriptor)");
    }
  }
  assert.equal(written, []);
});

/** The line that the trace shows for a call that returns `result`. */
function shownOf(name: (typeof CALL_NAMES)[number], result: number, ...given: unknown[]): string {
  let shown = "";
  const host = traced(hostWith({ [name]: () => result }), (line) => (shown = line));
  (host[name] as (...all: unknown[]) => number)(...given);
  return callsIn(shown)[0] ?? "";
}

lines("long lists are cut, gaps are left out, and bad addresses are said to be bad", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const view = new DataView(memory.buffer);
  for (let i = 0; i < 20; i++) {
    view.setInt32(i * POLL_RECORD_SIZE, i === 1 ? -1 : i, true);
    view.setUint16(i * POLL_RECORD_SIZE + 4, i === 0 ? EVENT_IN | EVENT_OUT : 0, true);
  }
  assert.match(
    shownOf("poll", 0, memory, 0, 20, -1),
    /^poll\(\[fd 0 IN\|OUT, fd 2 0, .*, fd 16 0, 3 more\], for ever\) = 0$/,
  );
  assert.is(
    shownOf("poll", -14, memory, -8, 2, 0),
    "poll((2 at 0xfffffff8: outside the memory), 0 ms) = -EFAULT (Bad address)",
  );
  assert.is(
    shownOf("epoll_wait", 3, memory, 5, 65536, 3, 0),
    "epoll_wait(epfd 5, capacity 3, 0 ms) = 3 (3 at 0x10000: outside the memory)",
  );
  view.setInt32(64 + DATA_FD, 7, true);
  view.setUint32(64 + DATA_WHAT, DATA_READABLE, true);
  new Uint8Array(memory.buffer, 64 + 8, DATA_SIZE - 8).fill(0);
  assert.is(shownOf("fd_data", 0, memory, 64, 1), "fd_data([fd 7 READABLE]) = 0 [fd 7 READABLE 0]");
  new Uint8Array(memory.buffer, 200, 40).fill(0xab);
  assert.is(shownOf("write", 2, memory, 4, 200, 2), "write(fd 4, 2 bytes abab) = 2");
  assert.is(
    shownOf("read", 40, memory, 4, 200, 40),
    `read(fd 4, length 40) = 40 40 bytes ${"ab".repeat(32)}…`,
  );
});

lines("other properties of a host stay as they are", () => {
  const failure = new Error("own");
  const host = { ...hostWith(), takeFailure: () => failure };
  const result = traced(host, () => {});
  assert.is(result.name, host.name);
  assert.is(result.takeFailure?.(), failure);
});

lines("lines that a slow reader has no room for are counted, and no line is cut in two", () => {
  const [r, w] = os.pipe();
  os.set_blocking(w, false);
  os.set_blocking(r, false);
  fill(w);
  const write = lineWriter(w);
  write("first");
  write("second");
  os.read(r, 1 << 20);
  write("third");
  assert.is(String(os.read(r, 1 << 20)), "(2 lines are missing here)\nthird\n");
  os.close(r);
  write("nobody reads");
  write("nor this");
  os.close(w);
});

lines.run();
