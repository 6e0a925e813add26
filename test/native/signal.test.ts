import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { suite } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EBADF, EINVAL, EINTR, EVENT_IN, EPOLL_CTL_ADD, FD_EVENTFD } from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { counterOf, host, kindOf, memory, readyOf } from "./support.ts";
import { signalled } from "../support/expect.ts";
import { DEADLINE_MS } from "../support/world.ts";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "../support/files.ts";

const { SIGCHLD, SIGPIPE, SIGUSR2, SIGWINCH } = constants.signals;
const AT = 4096;

const send = (signal: string | number) => process.kill(process.pid, signal);

/** Lets Node call its listeners. */
const tick = () => new Promise((resolve) => setTimeout(resolve, 10));

/** A listener that only keeps Node's handler. */
function keeper(): void {}

/** Signals this process has handlers for, as the kernel shows them. */
function caught(): string {
  return /SigCgt:\s*(\w+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
}

const counts = suite("sources: signal_open");

counts("counts each delivery until it is read, for each watcher", () => {
  const before = caught();
  const fds = [host.signal_open(SIGWINCH), host.signal_open(SIGWINCH)] as const;
  for (const fd of fds) {
    assert.is(kindOf(fd), FD_EVENTFD);
    assert.is(os.get_blocking(fd), false);
    assert.is(os.get_inheritable(fd), false);
    assert.is(readyOf(fd, EVENT_IN), 0);
  }
  for (let i = 0; i < 5; i++) send("SIGWINCH");
  assert.is(counterOf(fds[0]), 5);
  send("SIGWINCH");
  assert.is(host.signal_close(fds[0]), 0);
  send("SIGWINCH");
  assert.is(counterOf(fds[1]), 7);
  assert.is(host.signal_close(fds[1]), 0);
  send("SIGWINCH");
  assert.is(caught(), before, "the earlier handler is back");
});

counts("1000 signals of another process, one after the other, are 1000", async () => {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-signal-"));
  const path = join(folder, "next");
  os.mkfifo(path);
  const next = openSync(path, "r+");
  const fd = host.signal_open(SIGWINCH);
  const script = `while read line; do kill -WINCH ${process.pid}; done < "$0"`;
  const other = spawn("sh", ["-c", script, path], { stdio: "ignore" });
  for (let i = 0; i < 1000; i++) {
    writeSync(next, "go\n");
    assert.is(readyOf(fd, EVENT_IN, DEADLINE_MS), EVENT_IN);
    assert.is(counterOf(fd), 1);
  }
  other.kill();
  await once(other, "close");
  // Without waiting in between, Linux merges those that come while one waits to be delivered.
  const all = `for i in $(seq 1000); do kill -WINCH ${process.pid}; done`;
  assert.is(spawnSync("sh", ["-c", all]).status, 0);
  const counted = counterOf(fd);
  assert.ok(counted >= 1 && counted <= 1000, `${counted}`);
  host.signal_close(fd);
  closeSync(next);
  rmSync(folder, { recursive: true });
});

counts("a signal that is ignored is counted, and goes on being ignored", () => {
  const fd = host.signal_open(SIGPIPE);
  send(SIGPIPE);
  assert.is(counterOf(fd), 1);
  host.signal_close(fd);
  send(SIGPIPE);
});

counts("a signal that cannot be caught is accepted, other numbers are refused", () => {
  for (const signal of [constants.signals.SIGKILL, constants.signals.SIGSTOP, 64]) {
    const fd = host.signal_open(signal);
    assert.ok(fd >= 0);
    assert.is(readyOf(fd, EVENT_IN), 0);
    assert.is(host.signal_close(fd), 0);
  }
  for (const bad of [0, -1, 65, 999, 0x7fffffff]) assert.is(host.signal_open(bad), -EINVAL);
  // The C library keeps two for itself.
  assert.is(host.signal_open(32), -EINVAL);
  const fd = host.signal_open(SIGWINCH);
  assert.is(host.signal_close(fd), 0);
  for (const bad of [fd, 0, -1, 99999]) assert.is(host.signal_close(bad), -EBADF);
});

counts("a wait that is interrupted, or the next one, sees the count", async () => {
  const fd = host.signal_open(SIGWINCH);
  const epoll = host.epoll_create1(0);
  host.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, EVENT_IN);
  const child = signalled("WINCH", 50);
  // More than this signal interrupts a wait (signal(7): a stop and its end do), and a thread of V8
  // may be the one that counts it, after the wait of this thread has ended.
  let result;
  do result = host.epoll_wait(memory, epoll, AT, 1, DEADLINE_MS);
  while (result === -EINTR);
  assert.is(result, 1);
  assert.is(counterOf(fd), 1);
  await once(child, "close");
  host.signal_close(fd);
  host.close(epoll);
});

counts("children are counted, and Node still learns of their end", async () => {
  const fd = host.signal_open(SIGCHLD);
  for (let i = 1; i <= 3; i++) {
    spawnSync("true");
    assert.is(counterOf(fd), 1, "within spawnSync");
  }
  const children: ChildProcess[] = [1, 2, 3].map(() => spawn("true"));
  await Promise.all(children.map((child) => once(child, "close")));
  const counted = counterOf(fd);
  assert.ok(counted >= 1 && counted <= 3, `${counted}`);
  await once(spawn("true"), "close");
  assert.is(counterOf(fd), 1, "after the last child of the loop");
  host.signal_close(fd);
  assert.is(process.listenerCount("SIGCHLD"), 0);
  await once(spawn("true"), "close");
});

counts.run();

const listeners = suite("sources: signals and the listeners of Node");

/** The counts of a listener and of a watcher. */
async function both(fd: number, heard: () => number): Promise<[number, number]> {
  send("SIGUSR2");
  send("SIGUSR2");
  await tick();
  return [counterOf(fd), heard()];
}

listeners("a listener that comes first, then goes", async () => {
  let heard = 0;
  const listener = () => heard++;
  process.on("SIGUSR2", listener);
  const fd = host.signal_open(SIGUSR2);
  assert.equal(await both(fd, () => heard), [2, 2]);
  process.on("SIGUSR2", keeper);
  process.off("SIGUSR2", listener);
  assert.equal(await both(fd, () => heard), [2, 2], "its number has not changed");
  host.signal_close(fd);
  process.on("SIGUSR2", listener);
  send("SIGUSR2");
  await tick();
  assert.is(heard, 3, "Node's handler is back");
  process.off("SIGUSR2", listener);
  process.off("SIGUSR2", keeper);
});

listeners("a listener that comes later, goes, and comes again", async () => {
  const fd = host.signal_open(SIGUSR2);
  for (let round = 1; round <= 3; round++) {
    let heard = 0;
    const listener = () => heard++;
    process.on("SIGUSR2", listener);
    assert.equal(await both(fd, () => heard), [2, 2], `round ${round}`);
    process.off("SIGUSR2", listener);
  }
  let heard = 0;
  process.once("SIGUSR2", () => heard++);
  process.prependListener("SIGUSR2", keeper);
  assert.equal(await both(fd, () => heard), [2, 1], "a listener for once");
  process.off("SIGUSR2", keeper);
  host.signal_close(fd);
});

listeners("all listeners are removed at once", async () => {
  const fd = host.signal_open(SIGWINCH);
  process.on("SIGWINCH", () => {});
  process.removeAllListeners("SIGWINCH");
  send("SIGWINCH");
  assert.is(counterOf(fd), 1);
  await tick();
  host.signal_close(fd);
});

listeners("several watchers come and go around a listener", async () => {
  const before = caught();
  const first = host.signal_open(SIGUSR2);
  let heard = 0;
  const listener = () => heard++;
  process.on("SIGUSR2", listener);
  const second = host.signal_open(SIGUSR2);
  assert.equal(await both(first, () => heard), [2, 2]);
  host.signal_close(first);
  assert.equal(await both(second, () => heard), [4, 4]);
  host.signal_close(second);
  const third = host.signal_open(SIGUSR2);
  assert.equal(await both(third, () => heard), [2, 6]);
  process.off("SIGUSR2", listener);
  host.signal_close(third);
  assert.is(caught(), before);
});

listeners.run();

const threads = suite("sources: signals and threads");

/** A worker that watches SIGWINCH, and posts its count once `wanted` are counted. */
function watching(wanted: number): Worker {
  const url = JSON.stringify(new URL("./support.js", import.meta.url));
  const source = `
    const { parentPort, workerData: data } = require("node:worker_threads");
    import(${url}).then(({ counterOf, host, memory }) => {
      const fd = host.signal_open(${SIGWINCH});
      const epoll = host.epoll_create1(0);
      host.epoll_ctl(epoll, 1, fd, 1);
      parentPort.postMessage("ready");
      let count = 0;
      while (count < data.wanted) {
        host.epoll_wait(memory, epoll, 4096, 1, 10000);
        count += counterOf(fd);
      }
      parentPort.postMessage(count);
      setInterval(() => {}, 1000);
    });`;
  return new Worker(source, { eval: true, workerData: { wanted } });
}

threads("each has watchers of its own, which wake it and end with it", async () => {
  const before = caught();
  const workers = [watching(3), watching(3)];
  await Promise.all(workers.map((worker) => once(worker, "message")));
  const fd = host.signal_open(SIGWINCH);
  const results = workers.map((worker) => once(worker, "message"));
  // This listener is the main thread's, but must not push the workers' handler away.
  process.on("SIGWINCH", keeper);
  for (let i = 0; i < 3; i++) send("SIGWINCH");
  assert.equal(await Promise.all(results), [[3], [3]]);
  assert.is(counterOf(fd), 3);
  process.off("SIGWINCH", keeper);
  host.signal_close(fd);
  send("SIGWINCH");
  await Promise.all(workers.map((worker) => worker.terminate()));
  assert.is(caught(), before);
});

threads("watchers come and go while signals come", async () => {
  const body = `
    for (let i = 0; i < 3000; i++) host.signal_close(host.signal_open(${SIGWINCH}));
    parentPort.postMessage("done");`;
  const url = JSON.stringify(new URL("./support.js", import.meta.url));
  const source = `
    const { parentPort } = require("node:worker_threads");
    import(${url}).then(({ host }) => {${body}});`;
  const fd = host.signal_open(SIGWINCH);
  const workers = [1, 2].map(() => new Worker(source, { eval: true }));
  const done = Promise.all(workers.map((worker) => once(worker, "message")));
  let sent = 0;
  do {
    for (let i = 0; i < 100; i++, sent++) send("SIGWINCH");
  } while ((await Promise.race([done, pause()])) === undefined);
  assert.is(counterOf(fd), sent);
  host.signal_close(fd);
});

threads.run();
