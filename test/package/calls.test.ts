// The table of calls (host/calls.ts), and the files that are generated from it.

import { readFileSync } from "node:fs";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { ENOSYS, EVENT_IN } from "../../asm/abi.ts";
import { createSelectModule } from "../../bindings/node/host.ts";
import * as os from "../../bindings/node/os.ts";
import { type CallName, RECORD_SIZES } from "../../host/call.ts";
import {
  absentCalls,
  absentHost,
  CALL_NAMES,
  callOf,
  importsOf,
  stretchesOf,
} from "../../host/calls.ts";
import { asmHost, waistDocs, withWaistDocs } from "../../host/calls-docs.ts";
import type { HostCalls } from "../../host/host.ts";
import { createLinuxHost } from "../../host/linux/host.ts";
import { hostWith } from "../support/hosts.ts";

const ROOT = new URL("../../../", import.meta.url);

function textOf(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

const SOURCE = textOf("host/host.ts");
const REMEDY = "run `npm run docs`";

/** A host whose calls note their arguments and answer with `result`. */
function noting(seen: unknown[][], result: number): HostCalls {
  const calls = CALL_NAMES.map((name) => [
    name,
    (...given: unknown[]) => (seen.push([name, ...given]), result),
  ]);
  return Object.fromEntries(calls);
}

test("asm/host.ts is the text that the table generates", () => {
  assert.is(textOf("asm/host.ts"), asmHost(), REMEDY);
});

test("the list in ARCHITECTURE.md is made from the table and the comments of HostCalls", () => {
  const text = textOf("ARCHITECTURE.md");
  assert.is(text, withWaistDocs(text, SOURCE), REMEDY);
});

test("the list names every call, and every comment", () => {
  const text = waistDocs(SOURCE);
  for (const name of CALL_NAMES) assert.ok(text.includes(`- \`${name}(`), name);
  assert.throws(() => waistDocs(SOURCE.replace("fd_stat(memory", "other(memory")), /fd_stat/);
  assert.throws(() => withWaistDocs("# no marks", SOURCE), /no place/);
});

test("every method of HostCalls has the arguments of its entry, by name and in order", () => {
  for (const name of CALL_NAMES) {
    const [, given = ""] = new RegExp(`\\n  ${name}\\(([^)]*)\\): number;`).exec(SOURCE) ?? [];
    const names = [...given.matchAll(/(\w+): /g)].map(([, argument]) => argument);
    const takes = callOf(name).takes.map((argument) => argument.name);
    const hasMemory = stretchesOf(name).length > 0;
    assert.equal(names, hasMemory ? ["memory", ...takes] : takes, name);
  }
});

test("an import passes its arguments in order, behind the memory if the call takes any", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const seen: unknown[][] = [];
  const imports = importsOf(noting(seen, 42), () => memory)["host"] ?? {};
  for (const name of CALL_NAMES) {
    const numbers = callOf(name).takes.map((_, at) => at + 7);
    const result = (imports[name] as (...given: number[]) => number)(...numbers);
    assert.is(result, 42, name);
    const hasMemory = stretchesOf(name).length > 0;
    assert.equal(seen.pop(), [name, ...(hasMemory ? [memory] : []), ...numbers]);
  }
});

test("a method that is replaced later is the one that is called", () => {
  const host = noting([], 1);
  const { close } = importsOf(host, () => new WebAssembly.Memory({ initial: 1 }))["host"] ?? {};
  host.close = () => 2;
  assert.is((close as (fd: number) => number)(5), 2);
});

test("a host that is an object of a class keeps its `this`", () => {
  class Own {
    readonly answer = 7;
    epoll_create1(): number {
      return this.answer;
    }
  }
  const host = Object.assign(new Own(), absentCalls("always")) as unknown as HostCalls;
  const imports = importsOf(host, () => new WebAssembly.Memory({ initial: 1 }))["host"] ?? {};
  assert.is((imports["epoll_create1"] as (flags: number) => number)(0), 7);
});

test("a host that lacks calls says -ENOSYS, has no capabilities, and no clock", () => {
  const host = absentHost();
  assert.equal(Object.keys(host).sort(), CALL_NAMES.toSorted());
  for (const name of CALL_NAMES) {
    const isAsked = name === "capabilities" || name === "now";
    assert.is((host[name] as () => number)(), isAsked ? 0 : -ENOSYS, name);
  }
  assert.equal(Object.keys(absentCalls("epoll")), ["epoll_create1", "epoll_ctl", "epoll_wait"]);
  assert.equal(Object.keys(absentCalls()), []);
});

/** select module on a host that has `names` of this machine's calls, and lacks the others. */
function moduleWith(...names: readonly CallName[]) {
  const linux = createLinuxHost();
  const calls = Object.fromEntries(names.map((name) => [name, linux[name]]));
  return createSelectModule({ ...hostWith(), ...calls });
}

test("two calls are enough for select and poll", () => {
  const small = moduleWith("now", "poll");
  const [r, w] = os.pipe();
  os.write(w, "x");
  assert.equal(small.select([r], [w], [], 1), [[r], [w], []]);
  const poll = small.poll();
  poll.register(r, EVENT_IN);
  assert.equal(poll.poll(1000), [[r, EVENT_IN]]);
  assert.throws(() => small.devpoll(), /ENOSYS/);
  for (const fd of [r, w]) os.close(fd);
});

test("six calls more are enough for devpoll, epoll and four filters of kqueue", () => {
  const small = moduleWith(
    "now",
    "poll",
    "close",
    "eventfd",
    "read",
    "write",
    "fd_stat",
    "fd_data",
  );
  const [r, w] = os.pipe();
  os.write(w, "x");
  for (const poll of [small.devpoll(), small.epoll()]) {
    poll.register(r, EVENT_IN);
    assert.equal(poll.poll(1), [[r, EVENT_IN]]);
    poll.close();
  }
  const queue = small.kqueue();
  const { kevent, KQ_EV_ADD, KQ_NOTE_TRIGGER } = small;
  const filters = [
    [r, small.KQ_FILTER_READ, 0],
    [w, small.KQ_FILTER_WRITE, 0],
    [1, small.KQ_FILTER_TIMER, 0],
    [1, small.KQ_FILTER_USER, KQ_NOTE_TRIGGER],
  ] as const;
  for (const [ident, filter, fflags] of filters) {
    const change = kevent(ident, { filter, flags: KQ_EV_ADD | small.KQ_EV_ONESHOT, data: 1 });
    assert.equal(queue.control([change], 0), []);
    if (fflags !== 0) queue.control([kevent(ident, { filter, flags: 0, fflags })], 0);
    const [event] = queue.control(null, 1, 60);
    assert.equal([event?.ident, event?.filter], [ident, filter]);
  }
  queue.close();
  for (const fd of [r, w]) os.close(fd);
});

test("stretches are the addresses with their records", () => {
  const shown = CALL_NAMES.flatMap((name) =>
    stretchesOf(name).map(({ address, length }) => {
      const numbers = callOf(name).takes.map((_, at) => 10 + at);
      return `${name} ${address} ${length(numbers)}`;
    }),
  );
  assert.equal(shown, [
    "poll 0 88",
    "epoll_wait 1 96",
    "kevent 1 384",
    "kevent 3 448",
    "read 1 12",
    "write 1 12",
    "fd_stat 1 56",
    "fd_data 0 264",
    "post 1 32",
    "post_take 1 384",
    "netlink_read 1 12",
  ]);
});

test("the count of an address is an argument of the same call", () => {
  for (const name of CALL_NAMES) {
    const { takes } = callOf(name);
    for (const argument of takes) {
      if (argument.type !== "usize") continue;
      assert.ok(RECORD_SIZES[argument.record] > 0);
      if (argument.count === undefined) continue;
      assert.ok(
        takes.some((other) => other.name === argument.count && other.type === "i32"),
        `${name}: ${argument.count}`,
      );
    }
  }
});

test.run();
