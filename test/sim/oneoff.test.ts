// poll_oneoff of the simulated kernel.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { pollOneoff } from "../../host/sim/wait/oneoff.ts";
import { WASI_BADF, WASI_FAULT, WASI_INTR, WASI_INVAL, WASI_PIPE } from "../../wasi/errno.ts";
import {
  CLOCK_ABSOLUTE,
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  EVENT_SIZE,
  SUBSCRIPTION_SIZE,
  TYPE_CLOCK,
  TYPE_READ,
  TYPE_WRITE,
} from "../../wasi/preview1.ts";
import { readEvents, type Subscription, writeSubscriptions } from "../wasi/subscriptions.ts";
import { World } from "./world.ts";

/** CONNRESET of witx. */
const WASI_CONNRESET = 15;

const wasi = (): World => new World("wasi");
const NS = 1e6;

/** User data begins here, so that all 64 bits are seen. */
const FIRST = 2n ** 63n;

/** Calls poll_oneoff: [number of the subscription, error, type, bytes, flags] of each event; or WASI's error. */
function call({ sim }: World, subscriptions: readonly Subscription[]): number[][] | number {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const view = new DataView(memory.buffer);
  const [from, to, found] = [8, 8 + subscriptions.length * SUBSCRIPTION_SIZE, 60_000];
  new Uint8Array(memory.buffer).fill(0xaa, to);
  const numbered = subscriptions.map((given, i) => ({ ...given, userdata: FIRST + BigInt(i) }));
  writeSubscriptions(memory, from, numbered);
  const error = pollOneoff(sim.kernel, memory, from, to, subscriptions.length, found);
  if (error !== 0) return error;
  const count = view.getUint32(found, true);
  assert.is(view.getUint32(to + count * EVENT_SIZE, true), 0xaaaaaaaa, "written beyond the events");
  return readEvents(memory, to, count).map((event) => [
    Number(event.userdata - FIRST),
    event.error,
    event.type,
    Number(event.bytes),
    event.flags,
  ]);
}

const reading = (fd: number): Subscription => ({ read: fd });
const writing = (fd: number): Subscription => ({ write: fd });
const after = (ms: number, clock = CLOCK_MONOTONIC): Subscription => ({
  clock,
  ns: BigInt(ms * NS),
});

test("poll_oneoff: ready descriptors, their number of bytes, and whether the peer is gone", () => {
  const on = wasi();
  const { os } = on;
  const [r, w] = on.pipe();
  const [a, b] = on.tcp();
  const file = on.sim.files.open("/etc/hostname");
  os.write(w, "1234567890");
  os.write(b, "xyz");
  on.arrive();
  const all = [reading(r), reading(a), writing(a), reading(b), reading(file), after(0)];
  const room = os.getsockopt(a, os.SOL_SOCKET, os.SO_SNDBUF);
  assert.equal(call(on, all), [
    [0, 0, TYPE_READ, 10, 0],
    [1, 0, TYPE_READ, 3, 0],
    [2, 0, TYPE_WRITE, room, 0],
    [4, 0, TYPE_READ, 4, 0],
    [5, 0, TYPE_CLOCK, 0, 0],
  ]);
  on.sim.files.lseek(file, 7);
  assert.equal(call(on, [reading(file)]), [[0, 0, TYPE_READ, 0, 0]], "beyond the end");
  os.close(w);
  assert.equal(call(on, [reading(r)]), [[0, 0, TYPE_READ, 10, 1]]);
  os.read(r, 99);
  assert.equal(call(on, [reading(r)]), [[0, 0, TYPE_READ, 0, 1]]);
});

test("poll_oneoff: a descriptor that is not open or has failed is the error of its event", () => {
  const on = wasi();
  const { os } = on;
  const [r, w] = on.pipe();
  os.close(r);
  assert.equal(call(on, [reading(900), writing(w), after(1000)]), [
    [0, WASI_BADF, TYPE_READ, 0, 0],
    [1, WASI_PIPE, TYPE_WRITE, 0, 0],
  ]);
  assert.is(on.sim.now(), 0);
});

test("poll_oneoff: clocks, of which the first ends the call", () => {
  const on = wasi();
  const { sim } = on;
  const now = (): number => sim.kernel.clock.now();
  assert.equal(call(on, [after(300), after(100)]), [[1, 0, TYPE_CLOCK, 0, 0]]);
  assert.is(now(), 100);
  assert.equal(call(on, [after(0.25, CLOCK_REALTIME), after(5)]), [[0, 0, TYPE_CLOCK, 0, 0]]);
  assert.is(now(), 100.25);
  const monotonic = { ...after(1000 + 200), flags: CLOCK_ABSOLUTE };
  const past = { ...after(1000), flags: CLOCK_ABSOLUTE };
  const date = { ...after(1e12 + 150, CLOCK_REALTIME), flags: CLOCK_ABSOLUTE };
  assert.equal(call(on, [monotonic, date]), [[1, 0, TYPE_CLOCK, 0, 0]]);
  assert.is(now(), 150);
  assert.equal(call(on, [monotonic]), [[0, 0, TYPE_CLOCK, 0, 0]]);
  assert.is(now(), 200);
  assert.equal(call(on, [past]), [[0, 0, TYPE_CLOCK, 0, 0]]);
  assert.is(now(), 200);
});

test("poll_oneoff: impossible subscriptions, addresses outside the memory, and interruptions are errors", () => {
  const on = wasi();
  const [r] = on.pipe();
  assert.is(call(on, []), WASI_INVAL);
  assert.is(call(on, [after(1, 2)]), WASI_INVAL);
  assert.is(call(on, [{ type: 3 }]), WASI_INVAL);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { kernel } = on.sim;
  for (const [from, to, found] of [
    [65536 - 40, 0, 0],
    [0, 65536 - 24, 0],
    [0, 64, 65534],
  ] as const) {
    assert.is(pollOneoff(kernel, memory, from, to, 1, found), WASI_FAULT);
  }
  kernel.faults.options = { EINTR: 1 };
  assert.is(call(on, [reading(r), after(1)]), WASI_INTR);
});

test("poll_oneoff: a failed connection has its own error, with bytes that came before it", () => {
  const on = wasi();
  const { os } = on;
  const [a, b] = on.tcp();
  os.write(b, "before");
  os.write(a, "unread");
  on.arrive();
  os.close(b);
  on.arrive();
  const both = [reading(a), writing(a)];
  assert.equal(call(on, both), [
    [0, 0, TYPE_READ, 6, 1],
    [1, WASI_CONNRESET, TYPE_WRITE, 0, 1],
  ]);
  os.read(a, 6);
  assert.equal(call(on, both), [
    [0, WASI_CONNRESET, TYPE_READ, 0, 1],
    [1, WASI_CONNRESET, TYPE_WRITE, 0, 1],
  ]);
});

test("poll_oneoff: addresses of 2 GiB and more, as wasm passes them", () => {
  const on = wasi();
  const memory = new WebAssembly.Memory({ initial: 32_769 });
  const { kernel } = on.sim;
  const [r, w] = on.pipe();
  on.os.write(w, "x");
  const at = 2 ** 31;
  const view = new DataView(memory.buffer, at);
  view.setUint8(8, TYPE_READ);
  view.setUint32(16, r, true);
  assert.is(pollOneoff(kernel, memory, at | 0, (at + 64) | 0, 1, (at + 128) | 0), 0);
  assert.is(view.getUint32(128, true), 1);
  assert.is(view.getUint8(64 + 10), TYPE_READ);
});

test.run();
