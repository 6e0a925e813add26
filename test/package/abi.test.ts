// The ABI as bytes and names, on which three compilers and every host must agree.

import { readFileSync } from "node:fs";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { ABI_VERSION, POLL_RECORD_SIZE, READY_RECORD_SIZE } from "../../asm/abi.ts";
import type { Core } from "../../bindings/core.ts";
import * as os from "../../bindings/node/os.ts";
import { CALL_NAMES, importsOf } from "../../host/calls.ts";
import { createLinuxHost } from "../../host/linux/host.ts";
import { abiHeader } from "../../host/native/make-abi-header.ts";
import { callsOf, CORE, coreWith, hostWith } from "../support/hosts.ts";
import { withGlobal } from "../support/wasm.ts";

/** The import table. */
const IMPORTS = CALL_NAMES.toSorted();

/** Methods of a host that are JavaScript's business and do not cross the waist. */
const ABOVE = new Set(["name", "describe", "onClose", "inspect", "watch"]);

/** Memory in hex, 8 bytes at a time. */
function hex(memory: WebAssembly.Memory, address: number, bytes: number): string {
  return Buffer.from(memory.buffer, address, bytes)
    .toString("hex")
    .replace(/(.{16})/g, "$1 ")
    .trimEnd();
}

/** Fills memory that the core has not used yet with 0xff, so that a byte left unwritten shows. */
function fillUnused(core: Core): void {
  const probe = coreWith();
  probe.reserveReady(1);
  new Uint8Array(core.calls.memory.buffer).fill(0xff, probe.readyStart);
}

test("the C header is the one asm/abi.ts generates", () => {
  const header = new URL("../../../host/native/build/abi.h", import.meta.url);
  assert.is(readFileSync(header, "utf8"), abiHeader());
});

test("the core imports the calls of a host and nothing else", () => {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(CORE));
  assert.equal(
    imports.sort((a, b) => (a.name < b.name ? -1 : 1)),
    IMPORTS.map((name) => ({ module: "host", name, kind: "function" })),
  );
});

test("the import table is interface Host, line by line", () => {
  const imports = importsOf(hostWith(), () => new WebAssembly.Memory({ initial: 1 }));
  assert.equal(Object.keys(imports), ["host"]);
  assert.equal(Object.keys(imports["host"] as object).sort(), IMPORTS);
  const calls = Object.keys(createLinuxHost()).filter((name) => !ABOVE.has(name));
  assert.equal(calls.sort(), IMPORTS);
});

test("the core stays within its budget of 64 KiB", () => {
  assert.ok(CORE.byteLength <= 64 * 1024, `${CORE.byteLength} bytes`);
});

test("a core built from another ABI is refused", () => {
  assert.throws(
    () => coreWith({}, withGlobal(CORE, "ABI_VERSION", ABI_VERSION + 1)),
    `core.wasm has ABI ${ABI_VERSION + 1}, the bindings have ${ABI_VERSION}: rebuild`,
  );
  coreWith({}, withGlobal(CORE, "ABI_VERSION", ABI_VERSION));
});

// The bytes below are written out by hand: a round trip through our own reader would pass even
// with the writer and the reader wrong in the same way.

test("poll records are struct pollfd", () => {
  const seen: string[] = [];
  const core = coreWith({
    poll(memory, records, count) {
      seen.push(hex(memory, records, count * POLL_RECORD_SIZE));
      new DataView(memory.buffer).setUint16(records + 8 + 6, 0x0011, true);
      return 1;
    },
  });
  fillUnused(core);
  const poll = core.calls.pollCreate();
  core.calls.pollRegister(poll, 5, 0x0007);
  core.calls.pollRegister(poll, 0x01020304, 0xffff);
  core.calls.pollRegister(poll, 9, 0x2001);
  core.calls.pollRegister(poll, 0x7fffffff, 0);
  core.calls.pollRegister(poll, 5, 0x0004);
  core.calls.pollUnregister(poll, 9);
  assert.is(core.calls.pollWait(poll, 0), 1);
  assert.equal(seen, ["0500000004000000 04030201ffff0000 ffffffff01200000 ffffff7f00000000"]);
  assert.is(
    hex(core.calls.memory, core.calls.pollReady(poll), 2 * READY_RECORD_SIZE),
    "0403020111000000 ffffffffffffffff",
  );
});

test("select() polls for the bits that make a descriptor ready in its lists", () => {
  const seen: string[] = [];
  const core = coreWith({
    poll(memory, records, count) {
      seen.push(hex(memory, records, count * POLL_RECORD_SIZE));
      return 0;
    },
  });
  fillUnused(core);
  const address = core.calls.selectBegin(2, 1, 1);
  new Int32Array(core.calls.memory.buffer, address, 4).set([3, 0x01020304, 3, 4]);
  assert.is(core.calls.selectWait(0), 0);
  assert.equal(seen, ["03000000c5030000 04030201c1000000 0400000002000000"]);
});

test("the kernel's poll(2) works on the records in place", () => {
  const addon = callsOf();
  const [reader, writer] = os.pipe();
  const memory = new WebAssembly.Memory({ initial: 1 });
  const bytes = new Uint8Array(memory.buffer).fill(0xff);
  const view = new DataView(memory.buffer);
  view.setInt32(8, reader, true);
  view.setUint16(12, 0x0001, true);
  view.setInt32(16, writer, true);
  view.setUint16(20, 0x0004, true);
  bytes.set([0xff, 0xff, 0xff, 0xff, 0x01, 0x00, 0xff, 0xff], 24);
  assert.is(addon.poll(memory.buffer, 8, 3, 0), 1);
  const r = reader.toString(16).padStart(2, "0");
  const w = writer.toString(16).padStart(2, "0");
  assert.is(
    hex(memory, 0, 40),
    `ffffffffffffffff ${r}00000001000000 ${w}00000004000400 ffffffff01000000 ffffffffffffffff`,
  );
  os.close(reader);
  os.close(writer);
});

test("ready records are a descriptor and a mask, and nothing behind them is written", () => {
  const addon = callsOf();
  const [reader, writer] = os.pipe();
  const epfd = addon.epoll_create1(0);
  assert.is(addon.epoll_ctl(epfd, 1, reader, 0x1), 0);
  // Edge triggered and wake-up bits go in; the kernel reports neither.
  assert.is(addon.epoll_ctl(epfd, 1, writer, 0x80000004 | 0), 0);
  os.close(reader);
  const memory = new WebAssembly.Memory({ initial: 1 });
  new Uint8Array(memory.buffer).fill(0xff);
  assert.is(addon.epoll_wait(memory.buffer, epfd, 4, 3, 0), 1);
  const w = writer.toString(16).padStart(2, "0");
  // EPOLLERR comes with EPOLLOUT on a pipe without readers.
  assert.is(hex(memory, 4, 24), `${w}0000000c000000 ffffffffffffffff ffffffffffffffff`);
  os.close(writer);
  os.close(epfd);
});

test.run();
