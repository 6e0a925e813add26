// The rules of the waist: the duties of every host to the core, and of the core to every host.
// Rule 6, addresses, is in addresses.test.ts.

import { openSync, closeSync } from "node:fs";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { CAPABILITY_EPOLL, EINTR, ENOSYS, EVENT_IN, EVENT_OUT } from "../../asm/abi.ts";
import { OSError } from "../../bindings/errors.ts";
import { coreModule, createSelectModule } from "../../bindings/node/host.ts";
import * as os from "../../bindings/node/os.ts";
import { loadAddon } from "../../host/native/addon.ts";
import { importsOf } from "../../host/calls.ts";
import type { Host } from "../../host/host.ts";
import { createLinuxHost } from "../../host/linux/host.ts";
import { CORE, hostWith } from "../support/hosts.ts";
import { assertTook, isRunning, signalled, throws, timed } from "../support/expect.ts";
import { functionsOf } from "../support/wasm.ts";
import { DEADLINE_MS } from "../support/world.ts";

const linux = createLinuxHost();
const ignore = (): void => undefined;
const newMemory = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: 1 });
const CLOEXEC = 0x80000;

/** Calls `use` with the ends of a pipe that has a byte in it, and closes them. */
function withPipe<Result>(use: (reader: number, writer: number) => Result): Result {
  const [reader, writer] = os.pipe();
  try {
    os.write(writer, "x");
    return use(reader, writer);
  } finally {
    os.close(reader);
    os.close(writer);
  }
}

// 1. Nothing throws; failures are negative errnos in Linux's numbering.

test("failures are negative errnos in Linux's numbering", () => {
  const memory = newMemory();
  const epfd = linux.epoll_create1(CLOEXEC);
  const regular = openSync(new URL(import.meta.url), "r");
  withPipe((reader) => {
    assert.is(linux.epoll_ctl(epfd, 1, reader, 1), 0);
    const failures = {
      EPERM: [linux.epoll_ctl(epfd, 1, regular, 1), -1],
      ENOENT: [linux.epoll_ctl(epfd, 3, regular, 1), -1],
      "EBADF of a registration": [linux.epoll_ctl(epfd, 2, 0x7ffffff, 0), -9],
      EBADF: [linux.close(0x7ffffff), -9],
      "EBADF of a wait": [linux.epoll_wait(memory, -1, 0, 1, 0), -9],
      EEXIST: [linux.epoll_ctl(epfd, 1, reader, 1), -17],
      EINVAL: [linux.epoll_create1(1), -22],
      "EINVAL of an operation": [linux.epoll_ctl(epfd, 9, reader, 1), -22],
      "EINVAL of itself": [linux.epoll_ctl(epfd, 1, epfd, 1), -22],
      "EINVAL of no room": [linux.epoll_wait(memory, epfd, 0, 0, 0), -22],
      "EINVAL of another kind of file": [linux.epoll_wait(memory, reader, 0, 1, 0), -22],
    };
    for (const [name, [got, expected]] of Object.entries(failures)) assert.is(got, expected, name);
    assert.is(linux.epoll_ctl(epfd, 2, reader, 0), 0);
    assert.is(linux.epoll_ctl(epfd, 2, reader, 0), -2);
  });
  closeSync(regular);
  assert.is(linux.close(epfd), 0);
});

test("no host call throws, whatever WebAssembly passes", () => {
  // Not 0 and small numbers: those are descriptors of this process.
  const numbers = [0x7ffffffe, 0x7fffffff, -1, -2, -1002, -0x80000000];
  const memory = newMemory();
  for (const number of numbers) {
    for (const timeoutMs of [NaN, 0]) {
      const results = [
        linux.close(number),
        linux.epoll_create1(number),
        linux.epoll_ctl(number, number, number, number),
        linux.poll(memory, number, number, timeoutMs),
        linux.epoll_wait(memory, number, number, number, timeoutMs),
        linux.epoll_wait(memory, number, 0, 1, timeoutMs),
      ];
      for (const result of results) assert.ok(Number.isInteger(result) && result < 0, `${number}`);
    }
  }
});

test("the calls of the addon that take arguments refuse values that are no 32-bit integers", () => {
  const odd = [undefined, null, "1", {}, [], NaN, Infinity, 0.5, 2 ** 31, 2 ** 32, 1n, Symbol("s")];
  const { close, epoll_create1 } = loadAddon();
  for (const value of odd as number[]) {
    assert.is(close(value), -22, String(value));
    assert.is(epoll_create1(value), -22, String(value));
  }
});

// 2. A host without a call says ENOSYS; the table never varies.

test("epoll() on a host without epoll is ENOSYS, select and poll work", () => {
  const asked: string[] = [];
  const select = createSelectModule(
    hostWith({
      capabilities: () => (asked.push("capabilities"), 0),
      epoll_create1: () => asked.push("epoll_create1"),
      now: linux.now,
      poll: linux.poll,
    }),
  );
  assert.is((throws(() => select.epoll(), OSError, "ENOSYS") as OSError).errno, ENOSYS);
  throws(() => select.epoll(), OSError, "ENOSYS");
  assert.equal(asked, ["capabilities"], "capabilities() is called once");
  withPipe((reader, writer) => {
    assert.equal(select.select([reader], [writer], [], 1), [[reader], [writer], []]);
    const p = select.poll();
    p.register(reader, EVENT_IN);
    assert.equal(p.poll(1000), [[reader, EVENT_IN]]);
  });
});

test("a host that can do nothing fails with ENOSYS in every wait", () => {
  const select = createSelectModule(hostWith({ capabilities: () => CAPABILITY_EPOLL }));
  throws(() => select.select([0], [], [], 0), OSError, "ENOSYS");
  throws(() => select.poll().poll(0), OSError, "ENOSYS");
  throws(() => select.epoll(), OSError, "ENOSYS");
  throws(() => select.epoll.fromfd(5).poll(0), OSError, "ENOSYS");
  throws(() => select.epoll.fromfd(5).register(1), OSError, "ENOSYS");
});

test("the table is the same for every host", () => {
  const tables = [linux, hostWith()].map((host) =>
    Object.keys(importsOf(host, newMemory)["host"] as object).sort(),
  );
  assert.equal(tables[0], tables[1]);
  const incomplete = { host: { ...importsOf(hostWith(), newMemory)["host"] } };
  delete incomplete.host["epoll_ctl"];
  assert.throws(() => new WebAssembly.Instance(coreModule(), incomplete));
});

// 3. Masks and records cross as documented (bytes: abi.test.ts).

test("masks cross modulo 2^32 and come back unchanged", () => {
  const seen: number[] = [];
  const select = createSelectModule(
    hostWith({
      capabilities: () => CAPABILITY_EPOLL,
      epoll_create1: () => 77,
      epoll_ctl: (...given) => (seen.push(...given), 0),
      epoll_wait(memory, _epfd, ready) {
        new Int32Array(memory.buffer, ready, 4).set([0x7fffffff, 0x2019, 0, 0x7fffffff]);
        return 2;
      },
      close: () => 0,
    }),
  );
  const ep = select.epoll();
  ep.register(5, 0xc0000001);
  ep.modify(5, EVENT_OUT);
  ep.unregister(5);
  assert.equal(seen, [77, 1, 5, 0xc0000001 | 0, 77, 3, 5, 4, 77, 2, 5, 0]);
  assert.equal(ep.poll(0), [
    [0x7fffffff, 0x2019],
    [0, 0x7fffffff],
  ]);
  ep.close();
});

// 4. Times are f64 milliseconds, nothing is an i64.

test("nothing crosses as an i64, in either direction", () => {
  const { imports, exports } = functionsOf(CORE);
  assert.ok(imports.length >= 7 && exports.length >= 19);
  for (const { name, signature } of [...imports, ...exports]) {
    for (const type of [...signature.params, ...signature.results]) {
      assert.ok(type === "i32" || type === "f64", `${name}: ${type}`);
    }
  }
  const times = ["now", "realtime", "poll", "epoll_wait", "kevent", "timerfd_settime"].concat([
    "pollWait",
    "epollWait",
    "selectWait",
    "kqueueControl",
    "devpollWait",
  ]);
  const withTimes = [...imports, ...exports].filter(({ signature }) =>
    [...signature.params, ...signature.results].includes("f64"),
  );
  assert.equal(withTimes.map(({ name }) => name).sort(), times.sort());
});

test("timeouts cross as milliseconds, fractions and all; below 0 is for ever", () => {
  const seen: number[] = [];
  const wait = (timeoutMs: number): number => (seen.push(timeoutMs), 0);
  const select = createSelectModule(
    hostWith({
      capabilities: () => CAPABILITY_EPOLL,
      epoll_create1: () => 7,
      poll: (_memory, _records, _count, timeoutMs) => wait(timeoutMs),
      epoll_wait: (_memory, _epfd, _ready, _capacity, timeoutMs) => wait(timeoutMs),
      close: () => 0,
    }),
  );
  for (const timeout of [0, 0.0015, 0.0000001, 2.5, 1e9]) select.select([], [], [], timeout);
  assert.equal(seen.splice(0), [0, 1.5, 0.001, 2500, 1e12]);
  for (const timeout of [0, 0.1, 2.5, 2147483647, -5]) select.poll().poll(timeout);
  assert.equal(seen.splice(0), [0, 1, 3, 2147483647, -1]);
  using ep = select.epoll();
  for (const timeout of [0, 0.0001, 0.0025, 2147483.647, -1]) ep.poll(timeout);
  assert.equal(seen.splice(0), [0, 1, 3, 2147483647, -1]);
  select.select([], [], []);
  select.poll().poll();
  ep.poll();
  assert.ok(seen.every((timeoutMs) => timeoutMs < 0));
});

test("no wait of the Linux host is shorter than its timeout, to the microsecond", () => {
  const memory = newMemory();
  const epfd = linux.epoll_create1(CLOEXEC);
  for (const timeoutMs of [0.001, 0.05, 0.3, 0.999, 1.0001, 2.7]) {
    const start = linux.now();
    assert.is(linux.poll(memory, 0, 0, timeoutMs), 0);
    const middle = linux.now();
    assert.is(linux.epoll_wait(memory, epfd, 0, 1, timeoutMs), 0);
    const end = linux.now();
    assert.ok(middle - start >= timeoutMs - 1e-6, `poll: ${middle - start} of ${timeoutMs}`);
    assert.ok(end - middle >= timeoutMs - 1e-6, `epoll_wait: ${end - middle} of ${timeoutMs}`);
  }
  linux.close(epfd);
});

// 5. EINTR is returned, and the core resumes against its deadline.

/** A host whose waits are interrupted `times` times, each after `stepMs`, then time out. */
function interrupted(times: number, stepMs: number, startMs: number): Host & { asked: number[] } {
  let time = startMs;
  let left = times;
  const asked: number[] = [];
  const wait = (timeoutMs: number): number => {
    asked.push(timeoutMs);
    time += left > 0 ? stepMs : Math.max(timeoutMs, 0);
    return left-- > 0 ? -EINTR : 0;
  };
  return {
    ...hostWith({
      capabilities: () => CAPABILITY_EPOLL,
      now: () => time,
      poll: (_memory, _records, _count, timeoutMs) => wait(timeoutMs),
      epoll_create1: () => 7,
      epoll_wait: (_memory, _epfd, _ready, _capacity, timeoutMs) => wait(timeoutMs),
      close: () => 0,
    }),
    asked,
  };
}

const waits: Record<string, (host: Host, timeoutMs: number | null) => unknown> = {
  select: (host, ms) => createSelectModule(host).select([], [], [], ms === null ? ms : ms / 1e3),
  poll: (host, ms) => createSelectModule(host).poll().poll(ms),
  epoll: (host, ms) =>
    createSelectModule(host)
      .epoll()
      .poll(ms === null ? ms : ms / 1e3),
};

for (const [name, wait] of Object.entries(waits)) {
  // The clock may begin anywhere: "only differences mean anything".
  for (const startMs of [1e9, 0, -1e9]) {
    test(`${name} resumes with the rest of its timeout, on a clock that begins at ${startMs}`, () => {
      const host = interrupted(4, 25, startMs);
      wait(host, 100);
      assert.equal(host.asked, [100, 75, 50, 25, 0]);

      const late = interrupted(2, 70, startMs);
      wait(late, 100);
      assert.equal(late.asked, [100, 30, 0]);
    });
  }

  test(`${name} for ever, or not at all, is resumed as such`, () => {
    const forever = interrupted(3, 1e6, 5);
    wait(forever, null);
    assert.equal(forever.asked, [-1, -1, -1, -1]);
    const never = interrupted(2, 1, 5);
    wait(never, 0);
    assert.equal(never.asked, [0, 0, 0]);
  });

  test(`${name} takes its whole timeout in a storm of signals`, () => {
    let interruptions = 0;
    const counted = (result: number): number => {
      if (result === -EINTR) interruptions++;
      return result;
    };
    const host: Host = {
      ...linux,
      poll: (...given) => counted(linux.poll(...given)),
      epoll_wait: (...given) => counted(linux.epoll_wait(...given)),
    };
    process.on("SIGUSR2", ignore);
    // Longer than the wait may take: one that began anew at every signal would outlast the storm.
    const storm = signalled("USR2", 2, 3000);
    for (const deadline = performance.now() + DEADLINE_MS; ;) {
      const { result, ms } = timed(() => wait(host, 300));
      assert.ok(Array.isArray(result));
      assertTook(ms, 300, 450);
      // A busy machine may not have begun to send.
      if (interruptions >= 5 || performance.now() > deadline) break;
    }
    assert.ok(isRunning(storm));
    storm.kill("SIGKILL");
    process.off("SIGUSR2", ignore);
    assert.ok(interruptions >= 5, `${interruptions} signals`);
  });
}

// 7. The memory may grow, in a call of the host too.

/** Linux, with memory that grows in every call, once a first call has passed the memory. */
function growing(): Host {
  let known: WebAssembly.Memory | undefined;
  function grown(memory = known): WebAssembly.Memory {
    known = memory;
    memory?.grow(1);
    return memory as WebAssembly.Memory;
  }
  function after(result: number): number {
    grown();
    return result;
  }
  return {
    ...linux,
    now: () => after(linux.now()),
    epoll_ctl: (...given) => after(linux.epoll_ctl(...given)),
    poll: (memory, ...rest) => after(linux.poll(grown(memory), ...rest)),
    epoll_wait: (memory, ...rest) => after(linux.epoll_wait(grown(memory), ...rest)),
  };
}

test("results are right though the memory grows in every call", () => {
  const select = createSelectModule(growing());
  const pipes = Array.from({ length: 200 }, () => os.pipe());
  const readers = pipes.map(([reader]) => reader);
  for (const [, writer] of pipes) os.write(writer, "x");
  const expected = readers.map((reader) => [reader, EVENT_IN]);
  using ep = select.epoll();
  const p = select.poll();
  for (const reader of readers) {
    ep.register(reader, EVENT_IN);
    p.register(reader, EVENT_IN);
    assert.is(p.poll(10).length, ep.poll(0.01).length);
  }
  const out = new Int32Array(400);
  for (let i = 0; i < 20; i++) {
    assert.equal(p.poll(10), expected);
    assert.equal(
      ep.poll(0.01).sort((a, b) => a[0] - b[0]),
      expected,
    );
    assert.equal(select.select(readers, [], readers, 0.01), [readers, [], []]);
    assert.is(p.pollInto(out, 10), 200);
    assert.equal([...out], expected.flat());
    assert.is(ep.pollInto(out, 0.01), 200);
  }
  for (const fd of pipes.flat()) os.close(fd);
});

const ready = (fd: number): boolean => fd % 1000 === 7;

test("tables grow to 100 000 registrations and say which are ready", () => {
  const select = createSelectModule(
    hostWith({
      poll(memory, records, count) {
        memory.grow(1);
        const words = new Int32Array(memory.buffer, records, count * 2);
        let found = 0;
        for (let i = 0; i < words.length; i += 2) {
          const isReady = ready(words[i] as number);
          words[i + 1] = ((words[i + 1] as number) & 0xffff) | (isReady ? EVENT_IN << 16 : 0);
          found += Number(isReady);
        }
        return found;
      },
    }),
  );
  const fds = Array.from({ length: 100_000 }, (_, i) => i * 3);
  const expected = fds.filter(ready);
  const p = select.poll();
  for (const fd of fds) p.register(fd, EVENT_IN);
  assert.equal(
    p.poll(0),
    expected.map((fd) => [fd, EVENT_IN]),
  );
  assert.equal(select.select(fds, [], [], 0), [expected, [], []]);
  for (const fd of fds) if (fd % 2 === 0) p.unregister(fd);
  assert.equal(
    p.poll(0),
    expected.filter((fd) => fd % 2 === 1).map((fd) => [fd, EVENT_IN]),
  );
});

test.run();
