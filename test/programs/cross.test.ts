// Rules that hold across the calls: life of descriptors, kinds of files, threads.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  epoll,
  EPOLLIN,
  EPOLLOUT,
  OSError,
  PermissionError,
  poll,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDHUP,
  POLLRDNORM,
  select,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import {
  closeAll,
  maskOf,
  newConnection,
  newListener,
  newPipe,
  newRefused,
  READABLE,
  setsOf,
  settle,
  WRITABLE,
} from "../support/probes.ts";
import { assertTook, inThread, throws, timed } from "../support/expect.ts";
import { constants, existsSync, mkdtempSync, openSync, rmSync, tmpdir } from "../support/files.ts";
import { BEYOND_DEADLINE, OBSERVES } from "../support/world.ts";

const RESET = READABLE | WRITABLE | POLLERR | POLLHUP | POLLRDHUP;

test("XC-11: an event that came before the deadline passed wins over the deadline", async () => {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-"));
  const path = join(folder, "fifo");
  os.mkfifo(path);
  const node = JSON.stringify(new URL("../../bindings/node/select.js", import.meta.url).href);
  const code = `import { openSync } from "node:fs";
    import { poll, select } from ${node};
    const r = openSync(${JSON.stringify(path)}, ${constants.O_RDWR | constants.O_NONBLOCK});
    const p = poll();
    p.register(r, 1);
    console.log("waiting");
    console.log(JSON.stringify(MODE === "poll" ? p.poll(1000) : select([r], [], [], 1)) === JSON.stringify(MODE === "poll" ? [[r, 1]] : [[r], [], []]));`;
  for (const mode of ["poll", "select"]) {
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", `const MODE = "${mode}"; ${code}`],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let output = "";
    const ended = new Promise((resolve) => child.once("close", resolve));
    const said = new Promise<void>((resolve) => {
      child.stdout.on("data", (data: Buffer) => {
        output += data.toString();
        resolve();
      });
    });
    await Promise.race([said, ended]);
    assert.is(output, "waiting\n", mode);
    // Stopped across its deadline, it finds both when it goes on.
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 20));
    const w = openSync(path, constants.O_WRONLY);
    os.write(w, "x");
    await new Promise((resolve) => setTimeout(resolve, 1100));
    child.kill("SIGCONT");
    await ended;
    assert.is(output, "waiting\ntrue\n", mode);
    os.close(w);
  }
  rmSync(folder, { recursive: true });
});

test("XC-19: a closed descriptor: EBADF of select, NVAL of poll, nothing of epoll", () => {
  const [r, w] = newPipe();
  const p = poll();
  p.register(r, POLLIN);
  const ep = epoll();
  ep.register(r, EPOLLIN);
  closeAll(r, w);
  throws(() => select([r], [], [], 0), OSError, "EBADF");
  assert.equal(p.poll(0), [[r, POLLNVAL]]);
  assert.equal(ep.poll(0), []);
  ep.close();
});

test("XC-20: closing a descriptor wakes no wait on it", async () => {
  const [r, w] = newPipe();
  const p = poll();
  p.register(r, POLLIN);
  const first = await inThread(30, `os.close(data)`, r);
  const polled = timed(() => p.poll(150));
  assert.equal(polled.result, [[r, POLLNVAL]]);
  assert.ok(polled.ms >= 150, `${polled.ms} ms`);
  await first.done;
  os.close(w);

  const pair = newPipe();
  const ep = epoll();
  ep.register(pair[0], EPOLLIN);
  const second = await inThread(30, `os.close(data)`, pair[0]);
  const waited = timed(() => ep.poll(0.15));
  assert.equal(waited.result, []);
  assert.ok(waited.ms >= 150, `${waited.ms} ms`);
  await second.done;
  ep.close();
  os.close(pair[1]);
});

test("XC-22: a number used again is the new file to poll and select, and unknown to epoll", () => {
  const [r, w] = newPipe();
  const p = poll();
  p.register(r, POLLIN | POLLOUT);
  const ep = epoll();
  ep.register(r, EPOLLIN | EPOLLOUT);
  os.close(r);
  const file = openSync("/dev/null", "r+");
  assert.is(file, r, "the lowest free number");
  assert.equal(p.poll(0), [[r, POLLIN | POLLOUT]]);
  assert.equal(select([r], [], [], 0), [[r], [], []]);
  assert.equal(ep.poll(0), []);
  ep.close();
  closeAll(file, w);
});

test("XC-25: descriptors of 1024 and above, in all of them", () => {
  const opened: number[] = [];
  while ((opened.at(-1) ?? 0) < 1500) opened.push(os.eventfd(1));
  const high = opened.slice(-2);
  const p = poll();
  const ep = epoll();
  for (const fd of high) {
    p.register(fd, POLLIN);
    ep.register(fd, EPOLLIN);
  }
  assert.equal(select(high, [], [], 0), [high, [], []]);
  const both = high.map((fd) => [fd, POLLIN]);
  assert.equal(p.poll(0), both);
  assert.equal(ep.poll(0), both);
  ep.close();
  closeAll(...opened);
});

test("XC-26: an O_PATH descriptor: NVAL of poll, EBADF of epoll and of select", () => {
  const fd = openSync("/", 0o10000000);
  assert.is(maskOf(fd), POLLNVAL);
  const ep = epoll();
  throws(() => ep.register(fd), OSError, "EBADF");
  throws(() => select([fd], [fd], [fd], 0), OSError, "EBADF");
  ep.close();
  os.close(fd);
});

test("XC-27: whether a descriptor blocks makes no difference", () => {
  const [r, w] = os.pipe();
  const states = (): number[] => [maskOf(r), maskOf(w), ...setsOf(r), ...setsOf(w)];
  const blocking = states();
  for (const fd of [r, w]) os.set_blocking(fd, false);
  assert.equal(states(), blocking);
  assert.equal(blocking, [0, WRITABLE, 0, 0, 0, 0, 1, 0]);
  closeAll(r, w);
});

test("XC-28: readiness is a hint: the data may be gone before the read", async () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  assert.equal(select([r], [], [], 0), [[r], [], []]);
  const { done } = await inThread(0, `return os.read(data, 1).length`, r);
  assert.is(await done, 1);
  throws(
    () => os.read(r, 1),
    (await import("../../bindings/node/select.ts")).BlockingIOError,
    "EAGAIN",
  );
  assert.equal(select([r], [], [], 0), [[], [], []]);
  closeAll(r, w);
});

test("XC-29, XC-31: files and /dev/null: ready to select and poll, EPERM to epoll", () => {
  const ep = epoll();
  for (const path of ["/etc/passwd", "/dev/null", "/etc"]) {
    const fd = openSync(path, "r");
    assert.equal(setsOf(fd), [1, 1, 0]);
    assert.is(maskOf(fd), READABLE | WRITABLE);
    throws(() => ep.register(fd), PermissionError, "EPERM");
    os.close(fd);
  }
  ep.close();
});

const SYSFS = ["/sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/uevent_seqnum"];
const attribute = SYSFS.find((path) => existsSync(path));
if (attribute === undefined) console.log("skip: XC-32, there is no sysfs here");
const sysfsTest = attribute === undefined ? test.skip : test;

sysfsTest("XC-32: an attribute of sysfs is urgent until it is read", () => {
  const fd = openSync(attribute as string, "r");
  assert.is(maskOf(fd), READABLE | WRITABLE | POLLPRI | POLLERR);
  assert.equal(setsOf(fd), [1, 1, 1]);
  os.read(fd, 4096);
  assert.is(maskOf(fd), READABLE | WRITABLE);
  assert.equal(setsOf(fd), [1, 1, 0]);
  os.close(fd);
});

test("XC-33: a reading end is never writable, a writing end never readable", () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  assert.equal(select([w], [r], [r, w], 0), [[], [], []]);
  closeAll(r, w);
});

test("XC-34: the end of an empty pipe is HUP without IN", () => {
  const [r, w] = newPipe();
  os.close(w);
  assert.is(maskOf(r), POLLHUP);
  assert.equal(setsOf(r), [1, 0, 0]);
  os.close(r);
});

test("XC-36: OUT together with HUP: sockets both ways shut, not pipes", () => {
  const [a, b] = os.socketpair();
  os.shutdown(a, os.SHUT_RDWR);
  const both = maskOf(a) & (POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
  assert.is(both, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
  assert.equal(setsOf(a), [1, 1, 0]);
  closeAll(a, b);
  const [r, w] = newPipe();
  os.close(r);
  assert.is(maskOf(w), WRITABLE | POLLERR);
  os.close(w);
});

test("XC-37: a refused connection; reading SO_ERROR clears ERR only", () => {
  const fd = newRefused();
  settle(fd, POLLIN);
  assert.is(maskOf(fd), RESET);
  assert.is(os.getsockopt(fd, os.SOL_SOCKET, os.SO_ERROR), 111);
  assert.is(maskOf(fd), RESET & ~POLLERR);
  os.close(fd);
});

test("XC-39: a listener closed with a client in its queue resets the client", () => {
  const { listener, port } = newListener();
  const client = os.socket(os.AF_INET, os.SOCK_STREAM);
  os.connect(client, ["127.0.0.1", port]);
  settle(listener, POLLIN);
  os.close(listener);
  settle(client, POLLIN);
  assert.is(maskOf(client), RESET);
  assert.is(os.getsockopt(client, os.SOL_SOCKET, os.SO_ERROR), 104);
  os.close(client);
});

test("XC-40: a listener that is shut down hangs up, and wakes its waiters", async () => {
  const { listener } = newListener();
  const p = poll();
  p.register(listener, POLLIN);
  const { done } = await inThread(30, `os.shutdown(data, os.SHUT_RD)`, listener);
  const { result, ms } = timed(() => p.poll(BEYOND_DEADLINE * 1000));
  assert.equal(result, [[listener, POLLHUP]]);
  assertTook(ms, 0, 2000);
  assert.is(maskOf(listener), WRITABLE | POLLHUP);
  await done;
  os.close(listener);
});

test("XC-41, XC-42: an eventfd wakes a wait of another thread; its writes add up", async () => {
  const fd = os.eventfd(0);
  const p = poll();
  p.register(fd, POLLIN);
  const { done } = await inThread(30, `for (let i = 0; i < 5; i++) os.eventfd_write(data, 1)`, fd);
  assert.equal(p.poll(5000), [[fd, POLLIN]]);
  await done;
  assert.is(Number(os.eventfd_read(fd)), 5);
  assert.equal(p.poll(0), []);
  os.close(fd);
});

test("XC-44: two threads may wait on one epoll", async () => {
  const [r, w] = newPipe();
  const ep = epoll();
  ep.register(r, EPOLLIN);
  const { done } = await inThread(
    0,
    `const ep = select.epoll.fromfd(data.ep);
     return ep.poll(5);`,
    { ep: ep.fileno() },
  );
  os.write(w, "x");
  assert.equal(ep.poll(5), [[r, EPOLLIN]]);
  assert.equal(await done, [[r, EPOLLIN]]);
  ep.close();
  closeAll(r, w);
});

test("XC-45: select() of several threads are independent", async () => {
  const pipes = [newPipe(), newPipe(), newPipe()];
  const threads: Array<Promise<unknown>> = [];
  for (const [r] of pipes) {
    const code = `return select.select([data], [data], [data], ${BEYOND_DEADLINE})`;
    threads.push((await inThread(0, code, r)).done);
  }
  const own = timed(() => select([(pipes[0] as number[])[0] as number], [], [], 0.05));
  assert.equal(own.result, [[], [], []]);
  for (const [, w] of pipes) os.write(w, "x");
  assert.equal(
    await Promise.all(threads),
    pipes.map(([r]) => [[r], [], []]),
  );
  closeAll(...pipes.flat());
});

test("XC-49: a mask that another thread changes counts for the wait that goes on", async () => {
  const [a, b] = os.socketpair();
  os.write(b, "x");
  const ep = epoll();
  ep.register(a, 0);
  const code = `select.epoll.fromfd(data.ep).modify(data.a, select.EPOLLIN)`;
  const { done } = await inThread(30, code, { ep: ep.fileno(), a });
  // Over poll(2) the thread cannot reach the epoll (skips.ts): the wait ends by its own timeout.
  const { result, ms } = timed(() => ep.poll(OBSERVES ? 1 : BEYOND_DEADLINE));
  assert.equal(result, [[a, EPOLLIN]]);
  assertTook(ms, 0, 2000);
  await done;
  ep.close();
  closeAll(a, b);
});

test("XC-50: an event outside the mask ends no wait", async () => {
  const [client, server] = newConnection();
  const { done } = await inThread(30, `os.send(data, "x")`, server);
  const p = poll();
  p.register(client, POLLPRI);
  const polled = timed(() => p.poll(120));
  assert.equal(polled.result, []);
  assert.ok(polled.ms >= 120, `${polled.ms} ms`);
  const selected = timed(() => select([], [], [client], 0.05));
  assert.equal(selected.result, [[], [], []]);
  assert.ok(selected.ms >= 50, `${selected.ms} ms`);
  await done;
  assert.is(maskOf(client, POLLRDNORM), POLLRDNORM);
  closeAll(client, server);
});

test.run();
