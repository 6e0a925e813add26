// The functions for C guests with arguments that no program would pass.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { randomOf } from "../../host/sim/kernel/random.ts";
import { EPOLL_EVENT_SIZE } from "../../wasi/guest/epoll.ts";
import {
  GUEST_KEVENT_FILTER,
  GUEST_KEVENT_FLAGS,
  GUEST_KEVENT_SIZE,
} from "../../wasi/guest/kevent.ts";
import { ITIMERSPEC_SIZE, TIMESPEC_SIZE } from "../../wasi/guest/timespec.ts";
import { scoped } from "../support/descriptors.ts";
import { cGuest } from "./c-guest.ts";
import { FakeSource } from "./fake-source.ts";

const CALLS = 10_000;
/** Most numbers that are open at once. */
const OPEN = 40;
/** The address of a timeout of 0. */
const ZERO = 65_000;

/** Bytes that a call may write. */
type Range = readonly [from: number, length: number];

function areSame(a: Uint8Array, b: Uint8Array): boolean {
  const left = new Int32Array(a.buffer);
  const right = new Int32Array(b.buffer);
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

test(
  "random arguments neither throw nor hang, and change no byte outside the results",
  scoped((s) => {
    const guest = cGuest();
    const { calls, memory } = guest;
    const random = randomOf(1);
    const below = (n: number): number => Math.floor(random() * n);
    const pick = <T>(...values: readonly T[]): T => values[below(values.length)] as T;
    const [r, w] = s.pipe();
    guest.set(5, r);
    guest.set(6, w);
    const source = new FakeSource();
    source.set(3);
    guest.set(7, source);
    const made: number[] = [];

    const fd = (): number => pick(5, 6, 7, -1, 1000, 2 ** 31 - 1, ...made.slice(-8));
    const word = (): number => pick(0, 1, 2, 3, -1, 2 ** 31 - 1, -(2 ** 31), below(2 ** 32) | 0);
    const address = (): number =>
      pick(0, 1, below(65_536), 65_536 - 16, 65_535, -1, -16, 2 ** 31 - 8, -(2 ** 31));
    const length = (): number =>
      pick(0, 1, 2, 5, 100, -1, 2 ** 31 - 1, 2 ** 26, below(2 ** 32) | 0);
    const timeout = (): number => pick(ZERO, ZERO, ZERO, -8, 65_530);
    const flags = (): number => pick(0, 0, 1, 0x80000, 0x800, 0x80801, word());

    const kinds: Array<() => readonly [name: keyof typeof calls, given: number[], wrote: Range[]]> =
      [
        () => ["epoll_create1", [flags()], []],
        () => ["epoll_ctl", [fd(), pick(1, 2, 3, word()), fd(), address()], []],
        () => {
          const [to, most] = [address(), length()];
          return ["epoll_wait", [fd(), to, most, 0], [[to, most * EPOLL_EVENT_SIZE]]];
        },
        () => {
          const [to, most] = [address(), length()];
          return ["epoll_pwait2", [fd(), to, most, timeout()], [[to, most * EPOLL_EVENT_SIZE]]];
        },
        () => ["kqueue", [], []],
        () => {
          const [to, most] = [address(), length()];
          const given = [fd(), address(), length(), to, most, timeout()];
          return ["kevent", given, [[to, most * GUEST_KEVENT_SIZE]]];
        },
        () => ["eventfd", [word(), flags()], []],
        () => ["timerfd_create", [word(), flags()], []],
        () => {
          const old = address();
          return ["timerfd_settime", [fd(), flags(), address(), old], [[old, ITIMERSPEC_SIZE]]];
        },
        () => {
          const to = address();
          return ["timerfd_gettime", [fd(), to], [[to, ITIMERSPEC_SIZE]]];
        },
      ];

    const bytes = new Uint8Array(memory.buffer);
    const view = new DataView(memory.buffer);
    let succeeded = 0;
    for (let i = 0; i < CALLS; i++) {
      // Some bytes look like a change, others like nothing.
      for (let k = 0; k < 20; k++) view.setUint32(4 * below(16_000), word(), true);
      const at = GUEST_KEVENT_SIZE * below(1000);
      view.setUint32(at, fd(), true);
      view.setInt16(at + GUEST_KEVENT_FILTER, pick(-1, -2, -4, -7, -11, -5, 3), true);
      view.setUint16(at + GUEST_KEVENT_FLAGS, pick(1, 2, 0x21, 0x11, 0x41, word() & 0xffff), true);
      bytes.fill(0, ZERO, ZERO + TIMESPEC_SIZE);
      const before = bytes.slice();
      const [name, given, wrote] = (kinds[below(kinds.length)] as (typeof kinds)[number])();
      const result = calls[name](...given);
      const call = `${name}(${given.join(", ")})`;
      assert.ok(Number.isInteger(result) && result > -77, `${call} returned ${result}`);
      if (result >= 0) succeeded++;
      for (const [from, size] of wrote) {
        const start = from >>> 0;
        if (result >= 0 && size > 0) before.set(bytes.subarray(start, start + size), start);
      }
      if (!areSame(before, bytes)) assert.unreachable(`${call} wrote outside its results`);
      if (result > 7 && /create|^kqueue$|^eventfd$/.test(name)) made.push(result);
      while (made.length > OPEN) guest.close(made.splice(below(made.length), 1)[0] as number);
    }
    assert.ok(succeeded > CALLS / 20, `only ${succeeded} calls of ${CALLS} succeeded`);
    for (const number of made) guest.close(number);
  }),
);

test.run();
