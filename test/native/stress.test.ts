// Large numbers of descriptors and registrations, garbage, and random arguments.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EVENT_IN, EVENT_OUT } from "../../asm/abi.ts";
import { createSelectModule, type SelectModule } from "../../bindings/node/host.ts";
import { epoll, poll, select } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { createLinuxHost } from "../../host/linux/host.ts";
import { openDescriptors } from "../support/files.ts";
import { collected } from "../support/garbage.ts";

const MANY = 9000;

/** As many eventfds, or undefined if this process may not have them. */
function eventfds(count: number): number[] | undefined {
  const fds: number[] = [];
  try {
    while (fds.length < count) fds.push(os.eventfd(0));
    return fds;
  } catch (error) {
    for (const fd of fds) os.close(fd);
    if ((error as { code?: string }).code !== "EMFILE") throw error;
    process.stdout.write(`\nskip: ${count} descriptors are more than this process may open\n`);
    return undefined;
  }
}

/** A module on a host of its own, and the size of its core's memory. */
function measuredModule(): { module: SelectModule; memoryBytes(): number } {
  let memory: WebAssembly.Memory | undefined;
  const linux = createLinuxHost();
  const module = createSelectModule({
    ...linux,
    poll(given, ...rest) {
      memory = given;
      return linux.poll(given, ...rest);
    },
  });
  module.poll().poll(0);
  return { module, memoryBytes: () => (memory as WebAssembly.Memory).buffer.byteLength };
}

test("9 000 descriptors in an epoll, in a poll object and in select()", () => {
  const fds = eventfds(MANY);
  if (fds === undefined) return;
  using ep = epoll();
  const p = poll();
  for (const fd of fds) {
    ep.register(fd, EVENT_IN);
    p.register(fd, EVENT_IN);
  }
  for (const every of [MANY, 100, 3, 1]) {
    const ready = fds.filter((_, i) => i % every === 0);
    for (const fd of ready) os.eventfd_write(fd, 1n);
    const expected = ready.map((fd) => [fd, EVENT_IN]);
    assert.equal(p.poll(1000), expected);
    assert.equal(
      ep.poll(1, 10_000).sort((a, b) => a[0] - b[0]),
      expected,
    );
    assert.is(ep.poll(1).length, Math.min(ready.length, 1023));
    assert.equal(select(fds, [], fds, 1), [ready, [], []]);
    for (const fd of ready) os.eventfd_read(fd);
    assert.equal(p.poll(0), []);
    assert.equal(ep.poll(0), []);
    assert.equal(select(fds, [], [], 0), [[], [], []]);
  }
  assert.equal(select([], fds, [], 1)[1].length, MANY);
  for (const fd of fds) os.close(fd);
});

const MILLION = 1_000_000;
const CYCLES: Record<
  string,
  (
    target: Pick<ReturnType<typeof poll>, "register" | "modify" | "unregister">,
    fds: number[],
  ) => void
> = {
  "one descriptor": (target, fds) => {
    const fd = fds[0] as number;
    for (let i = 0; i < MILLION / 2; i++) {
      target.register(fd, EVENT_IN);
      target.modify(fd, EVENT_OUT);
      target.unregister(fd);
    }
  },
  "64 descriptors": (target, fds) => {
    for (let i = 0; i < MILLION / 2 / fds.length; i++) {
      for (const fd of fds) target.register(fd, EVENT_IN);
      for (const fd of fds) target.modify(fd, EVENT_OUT);
      for (const fd of fds) target.unregister(fd);
    }
  },
};

for (const [name, make] of Object.entries({
  poll: (m: SelectModule) => m.poll(),
  epoll: (m: SelectModule) => m.epoll(),
})) {
  test(`1 000 000 register, modify, unregister on ${name} cost no memory and no descriptor`, () => {
    const { module, memoryBytes } = measuredModule();
    const fds = Array.from({ length: 64 }, () => os.eventfd(0));
    const target = make(module);
    for (const cycles of Object.values(CYCLES)) {
      for (const fd of fds) target.register(fd, EVENT_IN);
      for (const fd of fds) target.unregister(fd);
      global.gc?.();
      const before = {
        core: memoryBytes(),
        fds: openDescriptors(),
        rss: process.memoryUsage().rss,
      };
      cycles(target, fds);
      global.gc?.();
      assert.is(memoryBytes(), before.core);
      assert.is(openDescriptors(), before.fds);
      const grown = process.memoryUsage().rss - before.rss;
      assert.ok(grown < 30e6, `${grown} bytes`);
    }
    if ("close" in target) target.close();
    for (const fd of fds) os.close(fd);
  });
}

test("epolls that are garbage are closed; those from fromfd are not", async () => {
  await collected();
  const before = openDescriptors();
  const kept = epoll();
  const fd = os.dup(kept.fileno());
  const make = (): void => {
    for (let i = 0; i < 300; i++) epoll();
    for (let i = 0; i < 10; i++) epoll.fromfd(fd);
  };
  make();
  assert.ok(openDescriptors() >= before + 302);
  await collected(() => openDescriptors() <= before + 2);
  assert.is(openDescriptors(), before + 2);
  assert.equal(kept.poll(0), []);
  os.close(fd);
  kept.close();
});

test("objects from fromfd that are garbage give their places back", async () => {
  const kept = epoll();
  const fd = kept.fileno();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 600_000; i++) epoll.fromfd(fd); // there is room for 2^20 at once
    await collected();
  }
  assert.equal(epoll.fromfd(fd).poll(0), []);
  kept.close();
});

test("poll objects that are garbage give their memory back", async () => {
  const { module, memoryBytes } = measuredModule();
  const sizes: number[] = [];
  const round = (): void => {
    for (let i = 0; i < 200; i++) {
      const p = module.poll();
      for (let fd = 0; fd < 200; fd++) p.register(1_000_000 + fd, EVENT_IN);
      if (i === 0) p.poll(0);
    }
    sizes.push(memoryBytes());
  };
  for (let i = 0; i < 10; i++) {
    round();
    await collected();
  }
  // 200 poll objects of 8 KiB each are 1.6 MB; ten rounds of garbage would be 16.
  assert.ok((sizes.at(-1) as number) < 3 * (sizes[0] as number), sizes.join(" "));
});

for (const seed of [1, 2, 3]) {
  test(`200 000 calls of the addon with random arguments do not crash, seed ${seed}`, () => {
    const script = fileURLToPath(new URL("../fuzz/addon.js", import.meta.url));
    // The limit ends a call that hangs: with sanitizers, on a busy machine, the calls take minutes.
    const result = spawnSync(process.execPath, [script, String(seed), "200000"], {
      encoding: "utf8",
      timeout: 300_000,
    });
    assert.is(result.signal, null, result.stderr);
    assert.is(result.status, 0, result.stderr);
    const { outcomes, names } = JSON.parse(result.stdout) as {
      outcomes: Record<string, number>;
      names: string[];
    };
    const worked = names.filter((name) => outcomes[`${name} works`] !== undefined);
    assert.ok(worked.length > names.length / 2, `only these worked: ${worked.join(" ")}`);
  });
}

test.run();
