// A program that waits for its stdin with the standalone core, in the runtime that its argument names. It prints a
// line of JSON before and after each wait.

import { createRequire } from "node:module";
import { readFileSync, writeSync } from "node:fs";
import { WASI as NodeWasi } from "node:wasi";
import {
  EV_ADD,
  EV_ONESHOT,
  EVENT_IN,
  FILTER_READ,
  FILTER_TIMER,
  KEVENT_DATA,
  KEVENT_FILTER,
  KEVENT_FLAGS,
  KEVENT_IDENT,
  KEVENT_SIZE,
  READY_RECORD_FD,
  READY_RECORD_MASK,
  READY_RECORD_SIZE,
} from "../../asm/abi.ts";
import type { CoreExports } from "../../bindings/core.ts";
import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";
import { forNodeWasi, forWasmerWasi } from "../../bindings/node/wasi.ts";

type Exports = CoreExports & {
  trustBytes(on: number): void;
  reserveReady(capacity: number): number;
  readyStart(): number;
};

const IDLE_MS = 50;
const TIMER_MS = 20;
const LONG_MS = 120_000;
const CAPACITY = 4;
const ADD = 1;

const module = new WebAssembly.Module(
  readFileSync(new URL("../../../build/core.wasi.wasm", import.meta.url)),
);
let core: Exports | undefined;
const memory = (): WebAssembly.Memory => (core as Exports).memory;

function instantiate(imports: object): WebAssembly.Instance {
  const instance = new WebAssembly.Instance(module, imports as WebAssembly.Imports);
  core = instance.exports as unknown as Exports;
  return instance;
}

/** Instantiates the core in a runtime. Whether the runtime counts the bytes of its events. */
const RUNTIMES: Record<string, () => boolean | Promise<boolean>> = {
  "node:wasi": () => {
    const wasi = new NodeWasi({ version: "preview1", returnOnExit: true });
    wasi.initialize(instantiate({ wasi_snapshot_preview1: wasi.wasiImport }));
    return false;
  },
  "node:wasi with omnipoll": () => {
    const wasi = new NodeWasi({ version: "preview1", returnOnExit: true });
    wasi.initialize(instantiate(forNodeWasi(wasi, { select, os, memory, stdin: 0 })));
    return true;
  },
  "@wasmer/wasi with omnipoll": async () => {
    const wasmer = createRequire(import.meta.url)("@wasmer/wasi") as typeof import("@wasmer/wasi");
    await wasmer.init();
    const wasi = new wasmer.WASI({ args: [], env: {} });
    wasi.instantiate(instantiate(forWasmerWasi(wasi, module, { select, os, memory, stdin: 0 })));
    return true;
  },
};

const say = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);

const isCounting = await (RUNTIMES[process.argv[2] as string] as () => boolean)();
const calls = core as unknown as Exports;
if (isCounting) calls.trustBytes(1);

/** The ready records of a wait. */
function waited(handle: number, timeoutMs: number): number[][] {
  const found = calls.epollWait(handle, CAPACITY, timeoutMs);
  const view = new DataView(calls.memory.buffer, calls.readyStart());
  return Array.from({ length: found }, (_, i) => [
    view.getInt32(i * READY_RECORD_SIZE + READY_RECORD_FD, true),
    view.getUint32(i * READY_RECORD_SIZE + READY_RECORD_MASK, true),
  ]);
}

calls.reserveReady(CAPACITY);
const inner = calls.epollCreate(0);
calls.epollControl(inner, ADD, 0, EVENT_IN);
const begun = performance.now();
const idle = waited(inner, IDLE_MS);
say({ idle, isWhole: performance.now() - begun >= IDLE_MS });

// The parent writes once it has read this line.
say({ woken: waited(inner, LONG_MS), atOnce: waited(inner, 0) });

const outer = calls.epollCreate(0);
const name = calls.epollFileno(inner);
calls.epollControl(outer, ADD, name, EVENT_IN);
say({ nested: waited(outer, LONG_MS).map(([fd, mask]) => [fd === name, mask]) });

const changes: ReadonlyArray<
  readonly [ident: number, filter: number, flags: number, data: number]
> = [
  [0, FILTER_READ, EV_ADD, 0],
  [5, FILTER_TIMER, EV_ADD | EV_ONESHOT, TIMER_MS],
];
const queue = calls.kqueueCreate();
calls.kqueueReserve(queue, changes.length, CAPACITY);
const at = calls.kqueueChanges();
const view = new DataView(calls.memory.buffer);
for (const [i, [ident, filter, flags, data]] of changes.entries()) {
  const record = at + i * KEVENT_SIZE;
  new Uint8Array(calls.memory.buffer, record, KEVENT_SIZE).fill(0);
  view.setBigUint64(record + KEVENT_IDENT, BigInt(ident), true);
  view.setInt16(record + KEVENT_FILTER, filter, true);
  view.setUint16(record + KEVENT_FLAGS, flags, true);
  view.setBigInt64(record + KEVENT_DATA, BigInt(data), true);
}
const filters = new Map<number, number>();
for (let given = changes.length; filters.size < changes.length; given = 0) {
  const found = calls.kqueueControl(queue, given, CAPACITY, LONG_MS);
  if (found < 0) throw new Error(`kqueueControl: ${found}`);
  const events = new DataView(calls.memory.buffer, calls.kqueueEvents());
  for (let i = 0; i < found; i++) {
    const record = i * KEVENT_SIZE;
    const data = Number(events.getBigInt64(record + KEVENT_DATA, true));
    filters.set(events.getInt16(record + KEVENT_FILTER, true), data);
  }
}
say({ read: filters.get(FILTER_READ), timer: filters.get(FILTER_TIMER) });
for (const handle of [inner, outer]) calls.epollClose(handle);
say({ closed: calls.kqueueClose(queue) });
