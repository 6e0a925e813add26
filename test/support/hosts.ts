// Hosts for tests: a host without calls, of which a test replaces some.

import { readFileSync } from "node:fs";
import { CALL_ARGUMENTS, CALL_RESULT, CALL_TIMEOUT } from "../../asm/abi.ts";
import { Core } from "../../bindings/core.ts";
import { coreModule } from "../../bindings/node/host.ts";
import { host } from "../../bindings/node/select.ts";
import { absentHost } from "../../host/calls.ts";
import { describeErrno } from "../../host/errno.ts";
import { type Addon, loadAddon } from "../../host/native/addon.ts";
import type { Host } from "../../host/host.ts";

/** core.wasm as it was built. */
export const CORE = new Uint8Array(
  readFileSync(new URL("../../../build/core.wasm", import.meta.url)),
);

/** A host that has only the calls in `calls`, and a clock that stands still. */
export function hostWith(calls: Partial<Host> = {}): Host {
  return {
    name: "test",
    describe: describeErrno,
    ...absentHost(),
    ...calls,
  };
}

/** A core of its own on the host under test. */
export function ownCore(): Core {
  return new Core(coreModule(host), host);
}

/** A core of its own on a host made by `hostWith`. */
export function coreWith(calls: Partial<Host> = {}, binary: Uint8Array<ArrayBuffer> = CORE): Core {
  return new Core(new WebAssembly.Module(binary), hostWith(calls));
}

/** The addon's calls on any buffer, with arguments that go through the call block. */
export interface Calls extends Omit<Addon, "poll" | "epoll_ctl" | "epoll_wait" | "fd_data"> {
  fd_data(memory: ArrayBuffer, records: number, count: number): number;
  poll(memory: ArrayBuffer, records: number, count: number, timeoutMs: number): number;
  epoll_ctl(epfd: number, op: number, fd: number, mask: number): number;
  epoll_wait(
    memory: ArrayBuffer,
    epfd: number,
    ready: number,
    capacity: number,
    timeoutMs: number,
  ): number;
}

/** The calls of an addon without host/linux/host.ts in between. */
export function callsOf(addon: Addon = loadAddon()): Calls {
  const words = new Int32Array(addon.call);
  const times = new Float64Array(addon.call);
  const UNSET = 0x5a5a5a5a;
  function call(make: () => void, given: readonly number[], timeoutMs = NaN): number {
    words.set(given, CALL_ARGUMENTS / 4);
    times[CALL_TIMEOUT / 8] = timeoutMs;
    words[CALL_RESULT / 4] = UNSET;
    make();
    const result = words[CALL_RESULT / 4] as number;
    if (result === UNSET) throw new Error("the call left no result");
    return result;
  }
  return {
    ...addon,
    poll: (memory, records, count, timeoutMs) =>
      call(() => addon.poll(memory), [records, count], timeoutMs),
    fd_data: (memory, ...given) => call(() => addon.fd_data(memory), given),
    epoll_ctl: (...given) => call(() => addon.epoll_ctl(), given),
    epoll_wait: (memory, epfd, ready, capacity, timeoutMs) =>
      call(() => addon.epoll_wait(memory), [epfd, ready, capacity], timeoutMs),
  };
}

/** Numbers from 0 to `below` - 1, the same ones for the same seed (mulberry32). */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
