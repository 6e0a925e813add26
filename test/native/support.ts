// Shared by the tests of the source calls: the native host, a memory, and its records.

import { spawnSync } from "node:child_process";
import {
  DATA_ERROR,
  DATA_FD,
  DATA_STATE,
  DATA_VALUE,
  DATA_WHAT,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_WANT,
  STAT_BLOCKS,
  STAT_BYTES,
  STAT_DEV,
  STAT_FLAGS,
  STAT_INO,
  STAT_KIND,
  STAT_NLINK,
  STAT_OFFSET,
} from "../../asm/abi.ts";
import { createLinuxHost } from "../../host/linux/host.ts";

export const host = createLinuxHost();

/** One page of memory, and a view of it. */
export const memory = new WebAssembly.Memory({ initial: 1 });
export const view = new DataView(memory.buffer);
export const PAGE = 65536;

/** Where the helpers below have their records; tests may use the memory above 4096. */
const RECORDS = 64;

/** Addresses and lengths that leave the memory by one byte or by a lot, for records of `size`. */
export function outside(size: number): ReadonlyArray<readonly [address: number, count: number]> {
  return [
    [PAGE - size + 1, 1],
    [PAGE, 1],
    [0, Math.floor(PAGE / size) + 1],
    [-1, 1],
    [-size, 2],
    [0x7fffffff, 1],
    [0, -1],
    [8, 0xffffffff],
  ];
}

/** fd_stat as an object; the negative errno if it fails. */
export function statOf(fd: number) {
  const result = host.fd_stat(memory, fd, RECORDS);
  if (result < 0) return result;
  return {
    kind: view.getUint32(RECORDS + STAT_KIND, true),
    nlink: view.getUint32(RECORDS + STAT_NLINK, true),
    ino: view.getBigUint64(RECORDS + STAT_INO, true),
    dev: view.getBigUint64(RECORDS + STAT_DEV, true),
    bytes: view.getBigInt64(RECORDS + STAT_BYTES, true),
    blocks: view.getBigInt64(RECORDS + STAT_BLOCKS, true),
    flags: view.getUint32(RECORDS + STAT_FLAGS, true),
    offset: view.getBigInt64(RECORDS + STAT_OFFSET, true),
  };
}

/** Kind of a descriptor, FD_*, or a negative errno. */
export function kindOf(fd: number): number {
  const stat = statOf(fd);
  return typeof stat === "number" ? stat : stat.kind;
}

/** fd_data of one record. */
export function dataOf(fd: number, what: number) {
  view.setInt32(RECORDS + DATA_FD, fd, true);
  view.setUint32(RECORDS + DATA_WHAT, what, true);
  view.setBigInt64(RECORDS + DATA_VALUE, 77n, true);
  view.setInt32(RECORDS + DATA_ERROR, 77, true);
  view.setUint32(RECORDS + DATA_STATE, 77, true);
  const result = host.fd_data(memory, RECORDS, 1);
  if (result !== 0) throw new Error(`fd_data: ${result}`);
  return {
    value: Number(view.getBigInt64(RECORDS + DATA_VALUE, true)),
    error: view.getInt32(RECORDS + DATA_ERROR, true),
    state: view.getUint32(RECORDS + DATA_STATE, true),
  };
}

/** EVENT_* of `want` that a descriptor has within `timeoutMs`. */
export function readyOf(fd: number, want: number, timeoutMs = 0): number {
  view.setInt32(RECORDS + POLL_RECORD_FD, fd, true);
  view.setUint16(RECORDS + POLL_RECORD_WANT, want, true);
  view.setUint16(RECORDS + POLL_RECORD_READY, 0, true);
  const deadline = host.now() + timeoutMs;
  for (;;) {
    const left = Math.max(0, deadline - host.now());
    const result = host.poll(memory, RECORDS, 1, left);
    if (result >= 0) return view.getUint16(RECORDS + POLL_RECORD_READY, true);
  }
}

/** Takes the counter of an eventfd, or of a descriptor that reads like one; 0 if it is empty. */
export function counterOf(fd: number): number {
  return host.read(memory, fd, RECORDS, 8) === 8 ? Number(view.getBigUint64(RECORDS, true)) : 0;
}

/** Whether this test has the rights of root and the tools that it needs; else prints why not. */
export function canBeRoot(what: string, ...tools: readonly string[]): boolean {
  if (process.getuid?.() !== 0) {
    console.log(`\nskip: ${what}: not root`);
    return false;
  }
  const missing = tools.find((tool) => spawnSync("which", [tool]).status !== 0);
  if (missing !== undefined) console.log(`\nskip: ${what}: no ${missing}`);
  return missing === undefined;
}

/** Runs a script for the host in a process of its own, behind other programs; returns its output. */
export function apart(command: readonly string[], script: string) {
  const prelude = `
    import { execSync } from "node:child_process";
    import * as os from ${JSON.stringify(new URL("../../bindings/node/os.js", import.meta.url))};
    import * as support from ${JSON.stringify(import.meta.url)};
    const { host, memory, view } = support;`;
  const [program = "", ...args] = [...command, process.execPath, "--input-type=module", "-e"];
  const { stdout, stderr } = spawnSync(program, [...args, prelude + script], { encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return stdout.trim();
}
