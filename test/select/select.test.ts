// Arguments and results of select().

import { spawnSync } from "node:child_process";

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import {
  error,
  OSError,
  OverflowError,
  poll,
  POLLIN,
  select,
  ValueError,
} from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { closeAll, closedNumber, newPipe } from "../support/probes.ts";
import { assertTook, throws, timed } from "../support/expect.ts";
import { openSync } from "../support/files.ts";

/** `select` without its types, for arguments that the types forbid. */
const anySelect = select as unknown as (...given: unknown[]) => unknown[][];

test("SEL-01: three new lists are returned", () => {
  const given: number[] = [];
  const ready = select(given, given, given, 0);
  assert.equal(ready, [[], [], []]);
  assert.is(new Set<unknown>([...ready, given]).size, 4);
  const again = select([], [], [], 0);
  assert.is.not(again[0], ready[0]);
});

test("SEL-02: the very objects that were given are returned", () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  const reader = { fileno: () => r };
  const writer = { fd: w };
  const ready = select([reader], [writer, w], [], 0);
  assert.is(ready[0][0], reader);
  assert.is(ready[1][0], writer);
  assert.is(ready[1][1], w);
  closeAll(r, w);
});

test("SEL-03: the order of each list is kept", () => {
  const pipes = [newPipe(), newPipe(), newPipe()];
  const writers = [2, 0, 1].map((i) => (pipes[i] as [number, number])[1]);
  assert.equal(select([], writers, [], 0), [[], writers, []]);
  assert.equal(select([], writers.toReversed(), [], 0), [[], writers.toReversed(), []]);
  closeAll(...pipes.flat());
});

test("SEL-04: duplicates are kept, in every list", () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  assert.equal(select([r, r, r], [w, r, w], [w, w], 0), [[r, r, r], [w, w], []]);
  closeAll(r, w);
});

test("SEL-05: a descriptor may be in all lists, and is answered in each", () => {
  const [a, b] = os.socketpair();
  assert.equal(select([a], [a], [a], 0), [[], [a], []]);
  os.write(b, "x");
  assert.equal(select([a], [a], [a], 0), [[a], [a], []]);
  closeAll(a, b);
});

test("SEL-06: fileno() is called once for each entry, list after list", () => {
  const [r, w] = newPipe();
  const calls: string[] = [];
  const named = (name: string, fd: number) => ({ fileno: () => (calls.push(name), fd) });
  const [a, b] = [named("a", r), named("b", w)];
  assert.equal(select([a, b], [b], [a], 0), [[], [b], []]);
  assert.equal(calls, ["a", "b", "b", "a"]);
  closeAll(r, w);
});

test("SEL-08: a value that cannot be iterated is no list", () => {
  for (const list of [null, undefined, 1, true, {}, { fileno: () => 1 }, { length: 0 }, 1n]) {
    for (const at of [0, 1, 2]) {
      const lists: unknown[] = [[], [], []];
      lists[at] = list;
      const { message } = throws(() => anySelect(...lists, 0), TypeError);
      assert.match(message, ["rlist", "wlist", "xlist"][at] as string);
    }
  }
});

test("lists may be any iterable: sets, generators, typed arrays, iterators", () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  function* readers() {
    yield r;
    yield r;
  }
  assert.equal(select(readers(), new Set([w]), new Int32Array([r]), 0), [[r, r], [w], []]);
  assert.equal(anySelect(new Map([[r, 1]]).keys(), [w].values(), "", 0), [[r], [w], []]);
  assert.equal(select(new Uint8Array([w]), new Proxy([w], {}), [], 0), [[], [w], []]);
  closeAll(r, w);
});

test("an exception of an iterator passes through, and leaves select() usable", () => {
  const [r, w] = newPipe();
  const boom = new Error("boom");
  function* failing(): Generator<number> {
    yield r;
    throw boom;
  }
  try {
    select([], [w], failing(), 0);
    assert.unreachable();
  } catch (thrown) {
    assert.is(thrown, boom);
  }
  assert.equal(select([], [w], [], 0), [[], [w], []]);
  closeAll(r, w);
});

test("SEL-10: an entry without a descriptor is refused by name", () => {
  const items = ["0", "", null, undefined, 1.5, NaN, Infinity, [], {}, 1n, Symbol("s"), () => 1];
  for (const item of [...items, { valueOf: () => 1 }, { [Symbol.toPrimitive]: () => 1 }]) {
    const { message } = throws(() => anySelect([], [0, item], [], 0), TypeError);
    assert.match(message, "wlist[1]");
  }
  throws(() => anySelect("1", [], [], 0), TypeError);
});

test("SEL-11: fileno() must return an integer", () => {
  for (const value of ["x", "1", 1.5, NaN, null, undefined, 1n, {}, []]) {
    const { message } = throws(() => anySelect([{ fileno: () => value }], [], [], 0), TypeError);
    assert.match(message, "fileno()");
    assert.match(message, "rlist[0]");
  }
});

test("SEL-12: an exception of fileno() passes through", () => {
  for (const boom of [new OSError("gone"), new ValueError("closed"), new Error("other"), "text"]) {
    const failing = {
      fileno(): number {
        throw boom;
      },
    };
    try {
      select([failing], [], [], 0);
      assert.unreachable();
    } catch (thrown) {
      assert.is(thrown, boom);
    }
  }
});

test("SEL-13: a negative descriptor is a ValueError that shows it", () => {
  for (const fd of [-1, -2, -(2 ** 31)]) {
    assert.match(throws(() => select([0, fd], [], [], 0), ValueError).message, `rlist[1] must`);
    const file = { fileno: () => fd };
    const { message } = throws(() => select([], [], [file], 0), ValueError);
    assert.match(message, "xlist[0]");
    assert.match(message, String(fd));
  }
});

test("a descriptor beyond a C int is an OverflowError that shows it", () => {
  for (const fd of [2 ** 31, 2 ** 53, -(2 ** 31) - 1]) {
    const { message } = throws(() => select([fd], [], [], 0), OverflowError);
    assert.match(message, "rlist[0]");
    assert.match(message, String(fd));
  }
});

test("SEL-15: a descriptor of 1024 and above is like any other", () => {
  const opened: number[] = [];
  while ((opened.at(-1) ?? 0) < 1030) opened.push(openSync("/dev/null", "r"));
  const high = opened.at(-1) as number;
  assert.equal(select([high], [high], [high], 0), [[high], [high], []]);
  closeAll(...opened);
  throws(() => select([high], [], [], 0), OSError, "EBADF");
  throws(() => select([2 ** 31 - 1], [], [], 0), OSError, "EBADF");
});

test("SEL-16: a list may be longer than 1024", () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  const readers = new Array<number>(70_000).fill(r);
  const writers = new Array<number>(1025).fill(w);
  const [readable, writable, exceptional] = select(readers, writers, readers, 0);
  assert.is(readable.length, 70_000);
  assert.ok(readable.every((fd) => fd === r));
  assert.equal(writable, writers);
  assert.equal(exceptional, []);
  closeAll(r, w);
});

test("SEL-17: true is descriptor 1 and false 0, with one RuntimeWarning", () => {
  const code = `import { select } from ${JSON.stringify(new URL("../../bindings/node/select.js", import.meta.url).href)};
    const [, w] = select([], [true, true], [], 0);
    console.log(JSON.stringify(w), select([false], [], [], 0)[0].length);`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  assert.is(stdout, "[true,true] 1\n");
  assert.is(stderr.match(/RuntimeWarning: bool is used as a file descriptor/g)?.length, 1);
});

test("SEL-18: a list that fileno() shortens is read up to its new length", () => {
  const [r, w] = newPipe();
  const list: Array<{ fileno(): number }> = [];
  const items = Array.from({ length: 10 }, () => ({ fileno: () => (list.pop(), w) }));
  list.push(...items);
  const [, writable] = select([], list, [], 0);
  assert.is(writable.length, 5);
  assert.ok(writable.every((item, i) => item === items[i]));
  closeAll(r, w);
});

test("a list that fileno() lengthens or changes is read as it then is", () => {
  const [r, w] = newPipe();
  const list: Array<number | { fileno(): number }> = [];
  const first = { fileno: () => ((list[1] = r), list.push(w), w) };
  list.push(first, w);
  assert.equal(select([], list, [], 0), [[], [first, w], []]);
  closeAll(r, w);
});

test("fileno() may call select() and poll() itself", () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  const p = poll();
  p.register(r, POLLIN);
  const nested: unknown[] = [];
  const file = {
    fileno(): number {
      nested.push(select([r, r], [w], [], 0), p.poll(0));
      return r;
    },
  };
  assert.equal(select([file, r], [w, w], [], 0), [[file, r], [w, w], []]);
  assert.equal(nested, [[[r, r], [w], []], [[r, POLLIN]]]);
  closeAll(r, w);
});

test("SEL-20: there are no keywords, and no fifth argument", () => {
  throws(() => anySelect([], [], [], { timeout: 0 }), TypeError);
  throws(() => anySelect({ rlist: [], wlist: [], xlist: [] }), TypeError);
  throws(() => anySelect([], []), TypeError);
  throws(() => anySelect(), TypeError);
  throws(() => anySelect([], [], [], 0, 0), TypeError);
});

test("SEL-21: the timeout is checked before the lists", () => {
  assert.match(throws(() => anySelect(1, [], [], "x"), TypeError).message, "timeout");
  assert.match(throws(() => anySelect(1, [], [], -1), ValueError).message, "timeout");
});

test("the lists are read in order, each entry as it comes", () => {
  const calls: string[] = [];
  const seen = { fileno: () => (calls.push("seen"), 0) };
  throws(() => anySelect([seen, "x"], [seen], 1, 0), TypeError);
  assert.equal(calls, ["seen"]);
});

test("SEL-31: three empty lists sleep", () => {
  const { result, ms } = timed(() => select([], [], [], 0.05));
  assert.equal(result, [[], [], []]);
  assertTook(ms, 50, 1000);
});

test("SEL-32: a closed descriptor in any list fails the call, whatever else is ready", () => {
  const [r, w] = newPipe();
  os.write(w, "x");
  const closed = closedNumber();
  for (const timeout of [0, 0.05, 5, null]) {
    throws(() => select([r, closed], [w], [], timeout), OSError, "EBADF");
    throws(() => select([r], [closed, w], [], timeout), OSError, "EBADF");
    throws(() => select([r], [w], [closed], timeout), OSError, "EBADF");
  }
  const thrown = throws(() => select([], [], [closed], 0), OSError) as OSError;
  assert.is(thrown.errno, 9);
  assert.is(thrown.syscall, "select");
  closeAll(r, w);
});

test("SEL-33: a number beyond the descriptor table is EBADF too", () => {
  throws(() => select([19_999], [], [], 0), OSError, "EBADF");
  throws(() => select([], [], [1_000_000], 0), OSError, "EBADF");
  throws(() => select([], [1 << 20, 1 << 20], [2 ** 30], 1), OSError, "EBADF");
});

test("a great many closed descriptors are EBADF, not a wait and not an argument error", () => {
  const numbers = Array.from({ length: 150_000 }, (_, i) => 100_000 + i);
  throws(() => select(numbers, [], [], 0), OSError, "EBADF");
  throws(() => select([], numbers, numbers, 1), OSError, "EBADF");
});

test("SEL-57: error is OSError itself", () => {
  assert.is(error, OSError);
});

test.run();
