// poll_oneoff for guests, on the descriptors of this host. The C guests of wasi/programs make the same
// calls through runtimes.

import { join } from "node:path";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { host, POLLIN } from "../../bindings/node/select.ts";
import * as os from "../../bindings/node/os.ts";
import { createPollOneoff, type OneoffOptions } from "../../wasi/oneoff.ts";
import { EVENT_SIZE, FLAG_HANGUP, TYPE_CLOCK, TYPE_READ, TYPE_WRITE } from "../../wasi/preview1.ts";
import { fill, scoped, settle } from "../support/descriptors.ts";
import { assertTook, inThread, timed } from "../support/expect.ts";
import {
  ftruncateSync,
  newFolder,
  openDescriptors,
  openSync,
  readSync,
  writeSync,
} from "../support/files.ts";
import { type Event, FOUND, oneoff, type Subscription, SUBSCRIPTIONS } from "./subscriptions.ts";

const [BADF, FAULT, INVAL, PIPE, CONNREFUSED] = [8, 21, 28, 64, 14];
const [REALTIME, MONOTONIC] = [0, 1];
const MS = 1_000_000n;

/** A guest without a program: its memory and poll_oneoff. The numbers of its descriptors are the host's. */
function guest(options: Partial<OneoffOptions> = {}) {
  const memory = new WebAssembly.Memory({ initial: 4 });
  const call = createPollOneoff({ select: { host }, memory, fds: (fd) => fd, ...options });
  return { memory, call, poll: (...given: Subscription[]) => oneoff(memory, call, ...given) };
}

/** Events as [user data, type, error, bytes, flags]. */
function short(events: Event[] | number): unknown {
  if (typeof events === "number") return events;
  return events.map(({ userdata, type, error, bytes, flags }) => {
    return [Number(userdata), type, error, Number(bytes), flags];
  });
}

const none: Subscription = { clock: MONOTONIC, ns: 0n };

test(
  "every ready subscription has its event, with the bytes that wait",
  scoped((s) => {
    const { poll } = guest();
    const [r, w] = s.pipe();
    os.write(w, "0123456789");
    const room = short(poll({ write: w })) as [number[]];
    assert.equal(room[0]?.slice(0, 3), [0, TYPE_WRITE, 0]);
    assert.equal(short(poll({ read: r }, { read: r }, none)), [
      [0, TYPE_READ, 0, 10, 0],
      [1, TYPE_READ, 0, 10, 0],
      [2, TYPE_CLOCK, 0, 0, 0],
    ]);
  }),
);

test(
  "reading and writing on one socket are two events",
  scoped((s) => {
    const { poll } = guest();
    const [a, b] = s.socketpair();
    os.write(b, "abc");
    const found = short(poll({ read: a }, { write: a })) as number[][];
    assert.equal(found[0], [0, TYPE_READ, 0, 3, 0]);
    assert.equal(found[1]?.slice(0, 3), [1, TYPE_WRITE, 0]);
    assert.ok((found[1]?.[3] as number) > 0);
  }),
);

test(
  "a descriptor that is idle ends no wait, and a clock does",
  scoped((s) => {
    const { poll } = guest();
    const [r] = s.pipe();
    for (const clock of [REALTIME, MONOTONIC]) {
      const { result, ms } = timed(() => poll({ read: r }, { clock, ns: 30n * MS, userdata: 7n }));
      assert.equal(short(result), [[7, TYPE_CLOCK, 0, 0, 0]]);
      assertTook(ms, 30, 60);
    }
  }),
);

test(
  "a write in another thread ends a wait without a clock",
  scoped(async (s) => {
    const { poll } = guest();
    const [r, w] = s.pipe();
    const { done } = await inThread(30, "os.write(data, 'x');", w);
    assert.equal(short(poll({ read: r })), [[0, TYPE_READ, 0, 1, 0]]);
    await done;
  }),
);

const monotonic = (): bigint => BigInt(Math.floor(host.now() * 1e6));
const realtime = (): bigint => BigInt(Math.floor(host.realtime() * 1e3)) * 1000n;

test("absolute times count on both clocks, also those that have passed", () => {
  const { poll } = guest();
  for (const [clock, now] of [
    [MONOTONIC, monotonic],
    [REALTIME, realtime],
  ] as const) {
    const { result, ms } = timed(() => poll({ clock, ns: now() + 25n * MS, isAbsolute: true }));
    assert.equal(short(result), [[0, TYPE_CLOCK, 0, 0, 0]]);
    assertTook(ms, 24, 60);
    assert.equal(short(poll({ clock, ns: 1n, isAbsolute: true })), [[0, TYPE_CLOCK, 0, 0, 0]]);
  }
});

test("of several clocks the first that is due ends the wait, alone", () => {
  const { poll } = guest();
  const far = 2n ** 64n - 1n;
  const { result, ms } = timed(() =>
    poll(
      { clock: MONOTONIC, ns: far },
      { clock: REALTIME, ns: far, isAbsolute: true },
      { clock: REALTIME, ns: 10n * MS },
    ),
  );
  assert.equal(short(result), [[2, TYPE_CLOCK, 0, 0, 0]]);
  assertTook(ms, 10, 30);
});

test("half a millisecond is waited for", () => {
  const { poll } = guest();
  const { ms } = timed(() => poll({ clock: MONOTONIC, ns: 500_000n }));
  assertTook(ms, 0.5, 5);
});

test(
  "a descriptor that is not open is the error of its event, wherever it stands",
  scoped((s) => {
    const { poll } = guest();
    const [r, w] = s.pipe();
    os.write(w, "x");
    const closed = 4000;
    assert.equal(short(poll({ read: closed }, { read: r }, { write: closed })), [
      [0, TYPE_READ, BADF, 0, 0],
      [1, TYPE_READ, 0, 1, 0],
      [2, TYPE_WRITE, BADF, 0, 0],
    ]);
    const fatal = guest({ badf: "call" });
    assert.is(fatal.poll({ read: r }, { read: closed }), BADF);
    assert.equal(short(fatal.poll({ read: r })), [[0, TYPE_READ, 0, 1, 0]]);
  }),
);

test(
  "a number without a target is not open, whatever the host has under it",
  scoped((s) => {
    const [r, w] = s.pipe();
    os.write(w, "xy");
    const number = r + 100;
    const { poll } = guest({ fds: new Map([[number, r]]) });
    assert.equal(short(poll({ read: number }, { read: r })), [
      [0, TYPE_READ, 0, 2, 0],
      [1, TYPE_READ, BADF, 0, 0],
    ]);
  }),
);

test(
  "a target that is not polled is always ready",
  scoped((s) => {
    const [r] = s.pipe();
    const { poll } = guest({ fds: new Map([[5, { fd: r, poll: false }]]) });
    assert.equal(
      (short(poll({ read: 5 }, { write: 5 })) as number[][]).map(([i]) => i),
      [0, 1],
    );
  }),
);

test(
  "a regular file has the bytes up to its end, and none beyond",
  scoped((s) => {
    const fd = s.own(openSync(join(newFolder(), "file"), "w+"));
    writeSync(fd, "0123456789", 0);
    readSync(fd, Buffer.alloc(8), 0, 8, null);
    const { poll } = guest({ fds: new Map([[5, { fd, poll: false }]]) });
    const bytes = (): number | undefined => (short(poll({ read: 5 })) as number[][])[0]?.[3];
    assert.is(bytes(), 2);
    ftruncateSync(fd, 3);
    assert.is(bytes(), 0);
  }),
);

test(
  "a peer that is gone is the hang-up flag, with the bytes that it left",
  scoped((s) => {
    const { poll } = guest();
    const [r, w] = s.pipe();
    os.write(w, "left");
    s.close(w);
    assert.equal(short(poll({ read: r })), [[0, TYPE_READ, 0, 4, FLAG_HANGUP]]);
    os.read(r, 4);
    assert.equal(short(poll({ read: r })), [[0, TYPE_READ, 0, 0, FLAG_HANGUP]]);
  }),
);

test(
  "an end of a pipe without readers has the error PIPE",
  scoped((s) => {
    const { poll } = guest();
    const [r, w] = s.pipe();
    s.close(r);
    assert.equal(short(poll({ write: w })), [[0, TYPE_WRITE, PIPE, 0, 0]]);
  }),
);

test(
  "a pipe that is full is not ready to be written to",
  scoped((s) => {
    const { poll } = guest();
    const [, w] = s.pipe();
    fill(w);
    assert.equal(short(poll({ write: w }, none)), [[1, TYPE_CLOCK, 0, 0, 0]]);
  }),
);

test(
  "a refused connection has its own error",
  scoped((s) => {
    const { poll } = guest();
    const listener = s.listener();
    const address = os.getsockname(listener);
    s.close(listener);
    const fd = s.socket();
    assert.throws(() => os.connect(fd, address), /EINPROGRESS/);
    settle(fd, POLLIN);
    const found = short(poll({ write: fd }, { read: fd })) as number[][];
    assert.equal(
      found.map((event) => event.slice(0, 3)),
      [
        [0, TYPE_WRITE, CONNREFUSED],
        [1, TYPE_READ, CONNREFUSED],
      ],
    );
  }),
);

test("no subscription, an unknown type, clock or flag: INVAL, and nothing is written", () => {
  const { memory, poll } = guest();
  const before = new Uint8Array(memory.buffer.byteLength).fill(0xab);
  for (const given of [
    [],
    [none, { type: 3 }],
    [{ type: 255 }],
    [none, { clock: 2, ns: 0n }],
    [{ clock: 2 ** 32 - 1, ns: 0n }],
    [{ clock: MONOTONIC, ns: 0n, flags: 2 }],
  ] as Subscription[][]) {
    new Uint8Array(memory.buffer).set(before);
    assert.is(poll(...given), INVAL);
    const events = SUBSCRIPTIONS + given.length * 48;
    const rest = new Uint8Array(memory.buffer, events);
    assert.ok(rest.every((byte) => byte === 0xab));
    assert.is(new DataView(memory.buffer).getUint32(FOUND, true), 0xabababab);
  }
});

test("addresses outside the memory are FAULT, and those above 2 GiB are unsigned", () => {
  const { memory, call } = guest();
  const end = memory.buffer.byteLength;
  for (const given of [
    [end - 47, 0, 1, 0],
    [0, end - 31, 1, 0],
    [0, 64, 1, end - 3],
    [-1, 64, 1, 0],
    [0, -32, 1, 0],
    [0, 64, 1, -4],
    [0, 64, -1, 0],
    [0, 64, 2 ** 27, 0],
  ] as Array<[number, number, number, number]>) {
    assert.is(call(...given), FAULT, given.join());
  }
});

test("the events may lie over the subscriptions, and the count over both", () => {
  const { memory, call } = guest();
  const view = new DataView(memory.buffer);
  const given: Subscription[] = Array.from({ length: 9 }, () => none);
  assert.ok(Array.isArray(oneoff(memory, call, ...given)));
  for (const to of [SUBSCRIPTIONS, SUBSCRIPTIONS + 16, SUBSCRIPTIONS - 8]) {
    oneoff(memory, call, ...given);
    assert.is(call(SUBSCRIPTIONS, to, given.length, 4096), 0);
    assert.is(view.getUint32(4096, true), given.length);
    for (let i = 0; i < given.length; i++) {
      assert.is(view.getBigUint64(to + i * EVENT_SIZE, true), BigInt(i), `${to} ${i}`);
    }
  }
});

test(
  "10 000 subscriptions to one descriptor are 10 000 events",
  scoped((s) => {
    const { memory, poll } = guest();
    memory.grow(16);
    const [r, w] = s.pipe();
    os.write(w, "x");
    const before = openDescriptors();
    const found = poll(...Array.from({ length: 10_000 }, () => ({ read: r })));
    assert.ok(Array.isArray(found));
    assert.is(found.length, 10_000);
    assert.ok(found.every(({ userdata, bytes }, i) => userdata === BigInt(i) && bytes === 1n));
    assert.is(openDescriptors(), before);
  }),
);

test(
  "a shared memory is read and written like any other",
  scoped((s) => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
    const { call } = guest({ memory });
    const [r, w] = s.pipe();
    os.write(w, "abc");
    assert.equal(short(oneoff(memory, call, { read: r }, none)), [
      [0, TYPE_READ, 0, 3, 0],
      [1, TYPE_CLOCK, 0, 0, 0],
    ]);
    memory.grow(2);
    const given = Array.from({ length: 1000 }, () => ({ read: r }));
    assert.is((oneoff(memory, call, ...given) as unknown[]).length, 1000);
  }),
);

test("a realtime that is stepped forward ends a wait for it, one that is stepped back does not", () => {
  const second = 1000n * MS;
  for (const [step, limit, index] of [
    [3600n * second, 60n * second, 0],
    [-3600n * second, second / 4n, 1],
  ] as const) {
    let asked = 0;
    // The clock is stepped once the wait has begun.
    const stepped = (): bigint => 7200n * second + (++asked > 2 ? step : 0n);
    const { poll } = guest({ clocks: { 0: stepped } });
    const at = { clock: REALTIME, ns: 7200n * second + (step > 0n ? second : 1n), flags: 1 };
    assert.equal(short(poll(at, { clock: MONOTONIC, ns: limit })), [[index, TYPE_CLOCK, 0, 0, 0]]);
  }
});

test("before the memory exists the call is FAULT", () => {
  let memory: WebAssembly.Memory | undefined;
  const { call } = guest({ memory: () => memory as WebAssembly.Memory });
  assert.is(call(0, 64, 1, 32), FAULT);
  memory = new WebAssembly.Memory({ initial: 1 });
  assert.is(call(0, 64, 1, 32), 0);
});

test.run();
