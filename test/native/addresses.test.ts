// Rule 6 of the waist: no address or length, from any caller, makes the addon touch a byte outside the
// memory it is given.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { EVENT_IN, EVENT_OUT } from "../../asm/abi.ts";
import * as os from "../../bindings/node/os.ts";
import { importsOf } from "../../host/calls.ts";
import { createLinuxHost } from "../../host/linux/host.ts";
import { callsOf, randomOf } from "../support/hosts.ts";
import { passing } from "../support/wasm.ts";

const EFAULT = -14;
const EINVAL = -22;
const BAD = new Set([EFAULT, EINVAL]);
const PAGE = 65536;

const addon = callsOf();
const CANARY = 0xa5;
/** Buffers made before and after each other, so that a write beyond one is seen in another. */
const neighbours = Array.from({ length: 8 }, () => new Uint8Array(PAGE).fill(CANARY));

function assertUntouched(bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at < to; at++) assert.is(bytes[at], CANARY, `byte ${at}`);
}

/** An epoll in which `count` descriptors are always ready. */
function busyEpoll(count: number): { epfd: number; close(): void } {
  const epfd = addon.epoll_create1(0);
  const fds = Array.from({ length: count }, () => os.eventfd(1));
  for (const fd of fds) assert.is(addon.epoll_ctl(epfd, 1, fd, EVENT_IN | EVENT_OUT), 0);
  return {
    epfd,
    close() {
      for (const fd of [...fds, epfd]) os.close(fd);
    },
  };
}

/** Beyond the memory, as the 32 bits that WebAssembly passes. */
const WILD = [-1, -8, -PAGE, -(2 ** 31), 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 8, 2 ** 32 - 1, PAGE + 1];

test("no address or length beyond the memory is used", () => {
  const { epfd, close } = busyEpoll(4);
  const { buffer } = neighbours[4] as Uint8Array<ArrayBuffer>;
  function call(address: number, count: number): number[] {
    return [
      addon.poll(buffer, address, count, 0),
      addon.epoll_wait(buffer, epfd, address, count, 0),
    ];
  }
  for (const address of [0, 1, 8, PAGE - 8, PAGE - 1, PAGE, ...WILD]) {
    for (const count of [1, 2, PAGE / 8, ...WILD]) {
      const fits = (address >>> 0) + (count >>> 0) * 8 <= PAGE;
      if (!fits) assert.equal(call(address, count), [EFAULT, EFAULT], `${address}, ${count}`);
    }
  }
  assert.equal(call(PAGE, 1), [EFAULT, EFAULT]);
  assert.equal(call(PAGE - 7, 1), [EFAULT, EFAULT]);
  assert.equal(call(PAGE, 0), [0, EINVAL]);
  assert.equal(call(PAGE + 1, 0), [EFAULT, EFAULT]);
  for (const neighbour of neighbours) assertUntouched(neighbour, 0, PAGE);
  close();
});

test("records at the very end are written, and nothing beside them", () => {
  const { epfd, close } = busyEpoll(4);
  const bytes = neighbours[3] as Uint8Array<ArrayBuffer>;
  for (const count of [1, 3]) {
    const address = PAGE - 8 * count;
    assert.is(addon.epoll_wait(bytes.buffer, epfd, address, count, 0), count);
    assertUntouched(bytes, 0, address);
    bytes.fill(0xff, address);
    assert.is(addon.poll(bytes.buffer, address, count, 0), 0);
    assertUntouched(bytes, 0, address);
    bytes.fill(CANARY, address);
  }
  // No address need be aligned for the records of an epoll.
  assert.is(addon.epoll_wait(bytes.buffer, epfd, 5, 2, 0), 2);
  assertUntouched(bytes, 0, 5);
  assertUntouched(bytes, 21, PAGE);
  bytes.fill(CANARY);
  for (const neighbour of neighbours) assertUntouched(neighbour, 0, PAGE);
  close();
});

test("values that are no memory are refused: detached and shared buffers, views, anything else", () => {
  const { epfd, close } = busyEpoll(1);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const detached = memory.buffer;
  memory.grow(1);
  const transferred = new ArrayBuffer(64);
  structuredClone(transferred, { transfer: [transferred] });
  for (const gone of [detached, transferred, new ArrayBuffer(0)]) {
    assert.is(addon.poll(gone, 0, 1, 0), EFAULT);
    assert.is(addon.epoll_wait(gone, epfd, 0, 1, 0), EFAULT);
    assert.is(addon.poll(gone, 8, 0, 0), EFAULT);
    assert.is(addon.poll(gone, 0, 0, 0), 0);
  }
  const others = [
    new Uint8Array(64),
    new SharedArrayBuffer(64),
    {},
    null,
    undefined,
    8,
    "",
    memory,
  ];
  for (const other of others as ArrayBuffer[]) {
    assert.ok(BAD.has(addon.poll(other, 0, 1, 0)));
    assert.ok(BAD.has(addon.epoll_wait(other, epfd, 0, 1, 0)));
  }
  close();
});

test("a NaN timeout is refused before the wait, and negative and huge timeouts are for ever", () => {
  const { epfd, close } = busyEpoll(1);
  const memory = new ArrayBuffer(64);
  assert.is(addon.poll(memory, 0, 1, NaN), EINVAL);
  assert.is(addon.epoll_wait(memory, epfd, 0, 1, NaN), EINVAL);
  for (const forever of [-1, -0.001, -1e300, -Infinity, Infinity, 1e300, 2 ** 63, 9e15]) {
    assert.is(addon.epoll_wait(memory, epfd, 0, 1, forever), 1);
    new Int32Array(memory).set([0x7fffffff, EVENT_IN]);
    assert.is(addon.poll(memory, 0, 1, forever), 1);
  }
  close();
});

const i32 = "i32";
/** A module of one page that passes its arguments on to the host. */
function hostile(): {
  call: Record<string, (...given: number[]) => number>;
  memory: WebAssembly.Memory;
} {
  const binary = passing({
    poll: { params: [i32, i32, "f64"], results: [i32] },
    epoll_wait: { params: [i32, i32, i32, "f64"], results: [i32] },
    epoll_ctl: { params: [i32, i32, i32, i32], results: [i32] },
  });
  let memory: WebAssembly.Memory | undefined;
  const imports = importsOf(createLinuxHost(), () => memory as WebAssembly.Memory);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), imports);
  memory = exports["memory"] as WebAssembly.Memory;
  return { call: exports as Record<string, (...given: number[]) => number>, memory };
}

test("a hostile module gets EFAULT for every wild address", () => {
  const { call, memory } = hostile();
  const { poll, epoll_wait } = call as {
    [name in "poll" | "epoll_wait"]: (...given: number[]) => number;
  };
  const { epfd, close } = busyEpoll(4);
  new Uint8Array(memory.buffer).fill(CANARY);
  const addresses = [PAGE - 7, PAGE, PAGE + 8, 2 ** 31 - 8, -(2 ** 31), -8, -1];
  for (const address of addresses) {
    for (const count of [1, 2, 2 ** 16, 2 ** 29, 2 ** 31 - 1, -1, -(2 ** 31)]) {
      assert.is(poll(address, count, 0), EFAULT, `${address} ${count}`);
      assert.is(epoll_wait(epfd, address, count, 0), EFAULT, `${address} ${count}`);
    }
  }
  for (const count of [PAGE / 8 + 1, 2 ** 29, 2 ** 29 + 1, 2 ** 30, -(2 ** 29), -1]) {
    assert.is(poll(0, count, 0), EFAULT);
    assert.is(epoll_wait(epfd, 0, count, 0), EFAULT);
  }
  assertUntouched(new Uint8Array(memory.buffer), 0, PAGE);
  // The whole memory is its own to ruin.
  assert.is(epoll_wait(epfd, 0, PAGE / 8, 0), 4);
  assert.is(poll(0, 4, 0), 4);
  for (const neighbour of neighbours) assertUntouched(neighbour, 0, PAGE);
  close();
});

test("a hostile module gets errors or counts from 100 000 random calls", () => {
  const { call, memory } = hostile();
  const { epfd, close } = busyEpoll(4);
  const random = randomOf(20260726);
  const edges = [0, 8, PAGE - 8, PAGE, 2 ** 31, 2 ** 32 - 8, 2 ** 32 - 1];
  const number = (): number =>
    random(2) === 0 ? random(2 ** 32) : (edges[random(edges.length)] as number) + random(3);
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 50_000; i++) {
    const [address, count] = [number(), number()] as [number, number];
    const outside = (count >>> 0) * 8 + (address >>> 0) > memory.buffer.byteLength;
    const result = call["epoll_wait"]?.(epfd, address, count, 0) as number;
    if (outside) assert.is(result, EFAULT, `${address} ${count}`);
    else assert.ok(result === EINVAL || result === 4 || result === count >>> 0, `${result}`);
    // Records of nonsense: negative descriptors, so that nothing is waited on by accident.
    new Uint8Array(memory.buffer).fill(0xff);
    const polled = call["poll"]?.(address, count, 0) as number;
    assert.is(polled, outside ? EFAULT : 0);
  }
  assert.ok(process.memoryUsage().rss - before < 100e6);
  for (const neighbour of neighbours) assertUntouched(neighbour, 0, PAGE);
  close();
});

test.run();
