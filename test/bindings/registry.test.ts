// The registry behind poll objects, through the exports of the core: the registrations, their order
// and cost, and the outcome when there is no memory.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EBADF, ENOMEM, ERROR_NOT_REGISTERED, EVENT_IN } from "../../asm/abi.ts";
import type { Core, CoreExports } from "../../bindings/core.ts";
import { OSError } from "../../bindings/errors.ts";
import { createSelectModuleFrom } from "../../bindings/module.ts";
import type { Poll } from "../../bindings/poll.ts";
import { CORE, coreWith, hostWith, randomOf } from "../support/hosts.ts";
import { assertTook, throws, timed } from "../support/expect.ts";
import { withMemoryLimit } from "../support/wasm.ts";
import { blockUntil } from "../support/world.ts";

const INT_MAX = 0x7fffffff;

/** Descriptor and mask of every registration, as the kernel would be given them. */
type Seen = Array<readonly [fd: number, want: number]>;

/** A core whose host lists the descriptors that it polled. */
function watched(binary = CORE): { core: Core; calls: CoreExports; ask(poll: number): Seen } {
  let seen: Seen = [];
  const core = coreWith(
    {
      poll(memory, records, count) {
        const view = new DataView(memory.buffer, records, count * 8);
        seen = [];
        for (let at = 0; at < count * 8; at += 8) {
          const fd = view.getInt32(at, true);
          if (fd >= 0) seen.push([fd, view.getUint16(at + 4, true)]);
        }
        return 0;
      },
    },
    binary,
  );
  return {
    core,
    calls: core.calls,
    ask(poll) {
      assert.is(core.calls.pollWait(poll, 0), 0);
      return seen;
    },
  };
}

/** A registry that is compared with a Map, whose order of insertion is the same by definition. */
function modelled(): {
  register(fd: number, want: number): void;
  modify(fd: number, want: number): void;
  unregister(fd: number): void;
  compare(): void;
  readonly size: number;
} {
  const { calls, ask } = watched();
  const poll = calls.pollCreate();
  const model = new Map<number, number>();
  return {
    register(fd, want) {
      assert.is(calls.pollRegister(poll, fd, want), 0);
      model.set(fd, want);
    },
    modify(fd, want) {
      const expected = model.has(fd) ? 0 : ERROR_NOT_REGISTERED;
      assert.is(calls.pollModify(poll, fd, want), expected, `modify ${fd}`);
      if (expected === 0) model.set(fd, want);
    },
    unregister(fd) {
      const expected = model.delete(fd) ? 0 : ERROR_NOT_REGISTERED;
      assert.is(calls.pollUnregister(poll, fd), expected, `unregister ${fd}`);
    },
    compare() {
      const got = ask(poll);
      assert.is(got.length, model.size);
      let i = 0;
      for (const [fd, want] of model) {
        const [gotFd, gotWant] = got[i++] as Seen[number];
        if (gotFd !== fd || gotWant !== want) assert.equal(got, [...model]);
      }
    },
    get size() {
      return model.size;
    },
  };
}

for (const [seed, spread] of [
  [1, 1],
  [2, 4096],
  [3, 1 << 18],
] as const) {
  test(`200 000 random operations agree with a Map, descriptors ${spread} apart`, () => {
    const random = randomOf(seed);
    const registry = modelled();
    for (let i = 0; i < 200_000; i++) {
      // The range of descriptors breathes, so that tables grow, shrink and are squeezed.
      const phase = Math.abs(((i / 20_000) % 2) - 1);
      const fd = random(4 + Math.floor(phase * 6000)) * spread;
      const want = random(65536);
      const operation = random(10);
      if (operation < 4) registry.register(fd, want);
      else if (operation < 5) registry.modify(fd, want);
      else registry.unregister(fd);
      if (i % 500 === 0) registry.compare();
    }
    registry.compare();
    assert.ok(registry.size > 0);
  });
}

test("first in, first out: the order survives every squeeze", () => {
  const registry = modelled();
  for (const size of [1, 15, 16, 17, 1000]) {
    for (let i = 0; i < 5000; i++) {
      registry.register(size * 10_000 + i, i & 0xffff);
      if (registry.size > size) registry.unregister(size * 10_000 + i - size);
      if (i % 97 === 0) registry.compare();
    }
  }
});

test("registering again keeps the place, unregistering gives it up", () => {
  const registry = modelled();
  for (const fd of [5, 3, 9, 1]) registry.register(fd, EVENT_IN);
  registry.register(3, 4);
  registry.compare();
  registry.unregister(5);
  registry.register(5, 2);
  registry.compare();
  for (const fd of [1, 5, 3, 9]) registry.unregister(fd);
  registry.compare();
  registry.unregister(9);
  registry.modify(9, 1);
});

/** Milliseconds in which descriptors are registered, changed and removed. */
function work(fds: readonly number[]): number {
  const registry = modelled();
  const { ms } = timed(() => {
    for (const fd of fds) registry.register(fd, fd & 0xffff);
    registry.compare();
    for (const fd of fds) if (fd % 3 !== 0) registry.unregister(fd);
    registry.compare();
    for (const fd of fds) registry.modify(fd, 1);
    for (const fd of fds) registry.register(fd, 2);
    registry.compare();
  });
  return ms;
}

test("descriptors that collide are kept apart", () => {
  // 0x9e3779b1 times this is 1 modulo 2^32: with it every descriptor wants one of a few cells.
  const inverse = 0xe8b2f51;
  assert.is(Math.imul(0x9e3779b1, inverse), 1);
  const sets: Record<string, number[]> = {
    "of one cell": Array.from({ length: 4000 }, (_, i) => Math.imul(i, inverse) & INT_MAX),
    "at the upper end": Array.from({ length: 4000 }, (_, i) => INT_MAX - i),
  };
  for (let k = 0; k < 31; k++) {
    const count = Math.min(4000, 2 ** (31 - k));
    sets[`2^${k} apart`] = Array.from({ length: count }, (_, i) => i * 2 ** k);
  }
  for (const fds of Object.values(sets)) assertTook(work(fds), 0, 2000);
});

test("a negative descriptor is no registration", () => {
  const { calls, ask } = watched();
  const poll = calls.pollCreate();
  calls.pollRegister(poll, 7, 1);
  for (const fd of [-1, -2, -0x80000000]) {
    assert.is(calls.pollRegister(poll, fd, 1), -EBADF);
    assert.is(calls.pollModify(poll, fd, 1), ERROR_NOT_REGISTERED);
    assert.is(calls.pollUnregister(poll, fd), ERROR_NOT_REGISTERED);
  }
  assert.equal(ask(poll), [[7, 1]]);
});

test("an operation costs the same among 1 000 and among 1 000 000", () => {
  const { calls } = watched();
  /** Registers `size` descriptors; returns a measurement of ns per operation on some of them. */
  const costOf = (size: number): (() => number) => {
    const poll = calls.pollCreate();
    for (let fd = 0; fd < size; fd++) calls.pollRegister(poll, fd, 1);
    const random = randomOf(size);
    const fds = Array.from({ length: 1000 }, () => random(size));
    const once = (): number => {
      const { ms } = timed(() => {
        for (const fd of fds) {
          calls.pollModify(poll, fd, 2);
          calls.pollRegister(poll, fd, 3);
          calls.pollUnregister(poll, fd);
          calls.pollRegister(poll, fd, 1);
        }
      });
      return (ms / fds.length / 4) * 1e6;
    };
    // A run takes less than the time that a busy machine lets a thread run, so that the best is undisturbed.
    return () => Math.min(...Array.from({ length: 100 }, once));
  };
  const [ofSmall, ofLarge] = [costOf(1000), costOf(1_000_000)];
  let [small, large] = [0, 0];
  const isSame = blockUntil(() => {
    small = ofSmall();
    large = ofLarge();
    return large <= 5 * small + 20;
  });
  assert.ok(isSame, `${small.toFixed(0)} ns among 1 000, ${large.toFixed(0)} ns among 1 000 000`);
});

test("tables grow past 1 000 000 registrations, and their memory is used again", () => {
  const { calls, ask } = watched();
  const size = 1_100_000;
  const sizes: number[] = [];
  for (let cycle = 0; cycle < 20; cycle++) {
    const poll = calls.pollCreate();
    for (let fd = 0; fd < size; fd++) calls.pollRegister(poll, fd, 1);
    if (cycle === 0) {
      const seen = ask(poll);
      assert.is(seen.length, size);
      assert.ok(seen.every(([fd], i) => fd === i));
    }
    // Half of the cycles shrink the table first, the others drop it as it is.
    if (cycle % 2 === 0) {
      for (let fd = 0; fd < size; fd++) calls.pollUnregister(poll, fd);
      assert.equal(ask(poll), []);
    }
    assert.is(calls.pollDestroy(poll), 0);
    sizes.push(calls.memory.buffer.byteLength);
  }
  assert.ok(
    sizes.every((bytes) => bytes === sizes[0]),
    sizes.join(" "),
  );
  assert.ok((sizes[0] as number) < 192 * 2 ** 20, `${sizes[0]} bytes`);
});

test("without memory a registration is ENOMEM, and everything else goes on", () => {
  const { calls, ask } = watched(withMemoryLimit(CORE, 2));
  const poll = calls.pollCreate();
  let count = 0;
  while (calls.pollRegister(poll, count, count & 0xffff) === 0) count++;
  assert.is(calls.pollRegister(poll, count, 1), -ENOMEM);
  assert.ok(count >= 1024, `${count} fit`);
  const all = Array.from({ length: count }, (_, fd) => [fd, fd & 0xffff]);
  assert.equal(ask(poll), all);

  // One that goes makes room for one that comes, however little that is.
  assert.is(calls.pollModify(poll, 3, 7), 0);
  assert.is(calls.pollRegister(poll, 4, 8), 0);
  for (const fd of [0, 500]) {
    assert.is(calls.pollUnregister(poll, fd), 0);
    assert.is(calls.pollRegister(poll, count + fd, 1), 0);
    assert.is(calls.pollRegister(poll, INT_MAX, 1), -ENOMEM);
  }
  const expected = new Map(all as Array<[number, number]>);
  expected.set(3, 7).set(4, 8);
  for (const fd of [0, 500]) expected.delete(fd);
  expected.set(count, 1).set(count + 500, 1);
  assert.equal(ask(poll), [...expected]);

  // Small things still fit; released memory is used for others.
  assert.is(calls.pollDestroy(poll), 0);
  const other = calls.pollCreate();
  for (let fd = 0; fd < count; fd++) assert.is(calls.pollRegister(other, fd, 1), 0);
  assert.is(calls.pollRegister(other, count, 1), -ENOMEM);
});

test("ENOMEM is an OSError above, and nothing is lost", () => {
  const module = new WebAssembly.Module(withMemoryLimit(CORE, 2));
  const host = hostWith({
    capabilities: () => 1,
    epoll_create1: () => 5,
    epoll_wait: () => 0,
    poll: () => 0,
    close: () => 0,
  });
  const select = createSelectModuleFrom(module, host);
  const error = throws(
    () => select.select(new Array(100_000).fill(1), [], [], 0),
    OSError,
    "ENOMEM",
  );
  assert.is((error as OSError).errno, ENOMEM);
  throws(() => select.select([1 << 19], [], [], 0), OSError, "ENOMEM");
  assert.equal(select.select([1, 2, 3], [4], [], 0), [[], [], []]);

  using ep = select.epoll();
  throws(() => ep.poll(0, 100_000), OSError, "ENOMEM");
  assert.equal(ep.poll(0, 10), []);

  const polls: Poll[] = [];
  throws(
    () => {
      for (;;) {
        const p = select.poll();
        p.register(polls.length, EVENT_IN);
        polls.push(p);
      }
    },
    OSError,
    "ENOMEM",
  );
  assert.ok(polls.length > 50, `${polls.length} poll objects`);
  for (const [fd, p] of polls.entries()) p.modify(fd, 4);
  const full = polls[0];
  throws(
    () => {
      for (let fd = 1000; ; fd++) full?.register(fd, EVENT_IN);
    },
    OSError,
    "ENOMEM",
  );
  full?.unregister(1000);
  full?.register(1001, EVENT_IN);
});

test("sizes beyond any memory are refused, not wrapped around", () => {
  const { core, calls } = watched();
  const sizes = [2 ** 27 + 1, 2 ** 28, 2 ** 29, 2 ** 29 + 1, 2 ** 30, 2 ** 30 + 1, INT_MAX, -1, -8];
  assert.ok(calls.selectBegin(4, 4, 4) > 0);
  for (const size of sizes) {
    assert.is(calls.selectBegin(size, 0, 0), 0, `${size} readers`);
    assert.is(calls.selectBegin(1, size, 0), 0, `${size} writers`);
    assert.is(calls.selectBegin(0, 2, size), 0, `${size} exceptional`);
    if (size > 0) assert.is(core.reserveReady(size), -ENOMEM, `${size} ready records`);
  }
  for (const size of sizes.filter((one) => one > 0)) {
    assert.is(calls.kqueueReserve(0, size, 0), -ENOMEM, `${size} changes to post`);
  }
  // More than 2^31 bytes, and 2^32 and 32 more: products that are small in 32 bits.
  for (const size of [67108900, 67200000, 134217729]) {
    assert.is(calls.kqueueReserve(0, size, 0), -ENOMEM, `${size} changes to post`);
  }
  // Their sum is 2 modulo 2^32.
  assert.is(calls.selectBegin(0x55555556, 0x55555556, 0x55555556), 0);
  assert.is(calls.memory.buffer.byteLength, 65536);
});

test.run();
