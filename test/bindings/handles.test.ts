// Handles of the core: one names one object of one kind in one core, for ever. Every
// export refuses a handle that is stale, foreign or made up, and makes no host call.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { CAPABILITY_EPOLL, EBADF, ERROR_BAD_HANDLE } from "../../asm/abi.ts";
import type { CoreExports } from "../../bindings/core.ts";
import { coreModule, createSelectModule } from "../../bindings/node/host.ts";
import * as os from "../../bindings/node/os.ts";
import { createLinuxHost } from "../../host/linux/host.ts";
import { coreWith, hostWith, randomOf } from "../support/hosts.ts";

/** A core on a host with epolls that are numbers, and a list of the host calls made. */
function counted(): { calls: CoreExports; made: string[] } {
  const made: string[] = [];
  let epfd = 100;
  const called =
    (name: string, result: () => number) =>
    (...given: unknown[]): number => {
      const numbers = given.filter((value) => typeof value === "number");
      made.push(`${name} ${numbers.join(" ")}`);
      return result();
    };
  const { calls } = coreWith({
    capabilities: () => CAPABILITY_EPOLL,
    poll: called("poll", () => 0),
    close: called("close", () => 0),
    epoll_create1: () => epfd++,
    epoll_ctl: called("epoll_ctl", () => 0),
    epoll_wait: called("epoll_wait", () => 0),
  });
  return { calls, made };
}

/** Asserts that every export for polls (or epolls) refuses a handle. */
function assertNoPoll(calls: CoreExports, handle: number): void {
  const results = [
    calls.pollRegister(handle, 1, 1),
    calls.pollModify(handle, 1, 1),
    calls.pollUnregister(handle, 1),
    calls.pollWait(handle, 0),
    calls.pollDestroy(handle),
  ];
  for (const result of results) assert.is(result, ERROR_BAD_HANDLE, `handle ${handle}`);
  assert.is(calls.pollReady(handle), 0);
}

function assertNoEpoll(calls: CoreExports, handle: number): void {
  const results = [
    calls.epollFileno(handle),
    calls.epollControl(handle, 1, 1, 1),
    calls.epollWait(handle, 0, 0),
    calls.epollClose(handle),
  ];
  for (const result of results) assert.is(result, ERROR_BAD_HANDLE, `handle ${handle}`);
}

test("a handle is refused once its object is closed, and by the other kind before", () => {
  const { calls, made } = counted();
  const poll = calls.pollCreate();
  const epoll = calls.epollCreate(0);
  assert.ok(poll > 0 && epoll > 0 && poll !== epoll);
  assertNoEpoll(calls, poll);
  assertNoPoll(calls, epoll);
  assert.equal(made, []);
  assert.is(calls.epollFileno(epoll), 100);
  assert.is(calls.pollRegister(poll, 1, 1), 0);

  assert.is(calls.pollDestroy(poll), 0);
  assert.is(calls.epollClose(epoll), 0);
  assert.equal(made.splice(0), ["close 100"]);
  assertNoPoll(calls, poll);
  assertNoEpoll(calls, epoll);

  // Their slots are given to others now.
  const others = new Set([calls.pollCreate(), calls.epollCreate(0), calls.pollCreate()]);
  for (const stale of [poll, epoll]) {
    assertNoPoll(calls, stale);
    assertNoEpoll(calls, stale);
    assert.not(others.has(stale));
  }
  assert.equal(made, []);
});

test("made-up handles name nothing", () => {
  const { calls, made } = counted();
  const live = new Set<number>();
  for (let i = 0; i < 50; i++) live.add(calls.pollCreate()).add(calls.epollCreate(0));
  const random = randomOf(7);
  const madeUp = [0, 1, -1, 0x7fffffff, -0x80000000, 0x7ff00000, 0xfffff, 0x100000 + 100, NaN, 0.5];
  for (const handle of live)
    madeUp.push(handle + 2 ** 20, handle - 2 ** 20, -handle, handle | 0x80000000);
  for (let i = 0; i < 20_000; i++) madeUp.push(random(2 ** 32));
  for (const handle of madeUp) {
    if (live.has(handle | 0)) continue;
    assertNoPoll(calls, handle);
    assertNoEpoll(calls, handle);
  }
  assert.equal(made, []);
});

test("one slot used 5 000 times over never gives a handle twice", () => {
  const { calls } = counted();
  const handles = new Set<number>();
  for (let cycle = 0; cycle < 5000; cycle++) {
    const handle = cycle % 2 === 0 ? calls.pollCreate() : calls.epollCreate(0);
    assert.ok(handle > 0, `${handle}`);
    assert.not(handles.has(handle), `cycle ${cycle}`);
    handles.add(handle);
    assert.is(cycle % 2 === 0 ? calls.pollDestroy(handle) : calls.epollClose(handle), 0);
  }
  const live = calls.pollCreate();
  assert.is(calls.pollRegister(live, 1, 1), 0);
  for (const stale of handles) {
    assertNoPoll(calls, stale);
    assertNoEpoll(calls, stale);
  }
  assert.is(calls.pollUnregister(live, 1), 0);
});

test("20 000 objects at once keep their own data", () => {
  const { calls, made } = counted();
  const polls: number[] = [];
  const epolls: number[] = [];
  for (let i = 0; i < 10_000; i++) {
    polls.push(calls.pollCreate());
    epolls.push(calls.epollCreate(0));
  }
  assert.is(new Set([...polls, ...epolls]).size, 20_000);
  for (const [i, poll] of polls.entries()) assert.is(calls.pollRegister(poll, i, 1), 0);
  for (const [i, poll] of polls.entries()) assert.is(calls.pollModify(poll, i, 2), 0);
  for (const [i, epoll] of epolls.entries()) assert.is(calls.epollFileno(epoll), 100 + i);
  for (let i = 0; i < 10_000; i += 2) {
    assert.is(calls.pollDestroy(polls[i] as number), 0);
    assert.is(calls.epollClose(epolls[i] as number), 0);
  }
  assert.is(made.length, 5000);
  for (const [i, epoll] of epolls.entries()) {
    assert.is(calls.epollFileno(epoll), i % 2 === 0 ? ERROR_BAD_HANDLE : 100 + i);
    const expected = i % 2 === 0 ? ERROR_BAD_HANDLE : 0;
    assert.is(calls.pollUnregister(polls[i] as number, i), expected);
  }
});

test("an epoll is closed and forgotten even if the kernel returns EBADF", () => {
  const { calls } = coreWith({
    capabilities: () => CAPABILITY_EPOLL,
    epoll_create1: () => 9,
    close: () => -EBADF,
  });
  const handle = calls.epollCreate(0);
  assert.is(calls.epollClose(handle), -EBADF);
  assertNoEpoll(calls, handle);
});

test("a negative descriptor is no epoll", () => {
  const { calls, made } = counted();
  for (const fd of [-1, -9, -1002, -0x80000000]) assert.is(calls.epollAdopt(fd), -EBADF);
  assert.is(calls.epollFileno(calls.epollAdopt(0)), 0);
  assert.equal(made, []);
});

test("cores in one thread share nothing", () => {
  const host = createLinuxHost();
  const modules = Array.from({ length: 20 }, () => createSelectModule(host));
  const [reader, writer] = os.pipe();
  const polls = modules.map((module) => module.poll());
  for (const [i, p] of polls.entries()) {
    p.register(i % 2 === 0 ? writer : reader, 4);
    for (let fd = 0; fd < i * 100; fd++) p.register(1_000_000 + fd, 0);
    for (let fd = 0; fd < i * 100; fd++) p.unregister(1_000_000 + fd);
  }
  for (const [i, p] of polls.entries()) assert.equal(p.poll(0), i % 2 === 0 ? [[writer, 4]] : []);
  const epolls = modules.map((module) => module.epoll());
  assert.is(new Set(epolls.map((ep) => ep.fileno())).size, 20);
  for (const [i, ep] of epolls.entries()) if (i > 0) ep.close();
  epolls[0]?.register(writer, 4);
  assert.equal(epolls[0]?.poll(0), [[writer, 4]]);
  epolls[0]?.close();
  os.close(reader);
  os.close(writer);

  // A handle of one core is a handle of another only if that one has an object of that kind.
  const [one, other] = [coreWith(hostWith()), coreWith(hostWith())] as const;
  const handle = one.calls.pollCreate();
  assertNoPoll(other.calls, handle);
  assert.is(one.calls.pollRegister(handle, 3, 1), 0);
  assert.is(one.calls.memory === other.calls.memory, false);
  assert.is(coreModule(), coreModule());
});

test.run();
