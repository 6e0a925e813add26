// Hosts made for tests: one that can do nothing, and what a test replaces of it.

import { readFileSync } from "node:fs";
import { ENOSYS } from "../asm/abi.ts";
import { Core } from "../bindings/core.ts";
import { describeErrno } from "../host/errno.ts";
import type { Host } from "../host/host.ts";

/** core.wasm as it was built. */
export const CORE = new Uint8Array(readFileSync(new URL("../../build/core.wasm", import.meta.url)));

/** A host that has none of the calls and a clock that stands still, except what `calls` has. */
export function hostWith(calls: Partial<Host> = {}): Host {
  return {
    name: "test",
    describe: describeErrno,
    capabilities: () => 0,
    now: () => 0,
    poll: () => -ENOSYS,
    close: () => -ENOSYS,
    epoll_create1: () => -ENOSYS,
    epoll_ctl: () => -ENOSYS,
    epoll_wait: () => -ENOSYS,
    ...calls,
  };
}

/** A core of its own on such a host. */
export function coreWith(calls: Partial<Host> = {}, binary: Uint8Array<ArrayBuffer> = CORE): Core {
  return new Core(new WebAssembly.Module(binary), hostWith(calls));
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
