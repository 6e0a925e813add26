// Runs one case in a runtime, and says what of the answer is wrong.

import { Scope } from "../../support/descriptors.ts";
import { sim } from "../../support/world.ts";
import { bytesOf } from "../program.ts";
import { type Answer, type Bytes, type Case, type Expected, NUMBERS } from "./case.ts";
import { CLOCKS } from "./clocks.ts";
import { DESCRIPTORS } from "./descriptors.ts";
import { MEMORY } from "./memory.ts";
import { PEERS } from "./peers.ts";
import type { Runtime } from "./runtime.ts";

/** The cases by what they are about. */
export const GROUPS = {
  Clocks: CLOCKS,
  Descriptors: DESCRIPTORS,
  "Ends, errors, and bytes that come": PEERS,
  "Pointers, counts, and what is written": MEMORY,
};

export const CASES: readonly Case[] = Object.values(GROUPS).flat();

/** Why a runtime cannot be asked about a case. */
export const UNASKED: readonly string[] = [
  "it takes no such descriptor of the host",
  "badf is an option of ours",
  "the simulated kernel has no such file",
];

/** One call as the guest has printed it. */
interface Call {
  readonly error: number;
  readonly found: number;
  /** Bytes outside the events and the count that changed. */
  readonly changed: number;
  /** Bytes of the array of events behind those found that changed. */
  readonly behind: number;
  readonly ms: number;
  /** The numbers of each event, the last of which counts unused bytes that are not 0. */
  readonly events: Array<readonly bigint[]>;
  same?: number;
}

function parse(output: string): Call[] {
  const calls: Call[] = [];
  for (const line of output.split("\n").filter((text) => text !== "")) {
    const [what, ...rest] = line.split(" ");
    const numbers = rest.map((text) => BigInt(text));
    const last = calls.at(-1);
    if (what === "call") {
      const [error = 0, found = 0, changed = 0, behind = 0, us = 0] = numbers.map(Number);
      calls.push({ error, found, changed, behind, ms: us / 1000, events: [] });
    } else if (what === "event") last?.events.push(numbers);
    else if (what === "same" && last !== undefined) last.same = Number(numbers[0]);
    else throw new Error(`a line of the probe is ${JSON.stringify(line)}`);
  }
  return calls;
}

function isRight(bytes: Bytes, found: bigint): boolean {
  if (bytes === "any") return true;
  return bytes === "some" ? found > 0n : found === BigInt(bytes);
}

function isEvent(expected: Expected, found: readonly bigint[], isExact: boolean): boolean {
  const [userdata, type, error, bytes, flags] = expected;
  const [gotUserdata, gotType, gotError, gotBytes = -1n, gotFlags, unused] = found;
  if (gotUserdata !== BigInt(userdata) || gotType !== BigInt(type)) return false;
  if (gotError !== BigInt(error) || (isExact && unused !== 0n)) return false;
  // Only a descriptor's event without an error has bytes and flags (witx: event).
  if (!isExact && (type === 0 || error !== 0)) return true;
  return isRight(bytes, gotBytes) && gotFlags === BigInt(flags);
}

const textOf = (list: ReadonlyArray<readonly unknown[]>): string =>
  list.map((numbers) => `[${numbers.join(" ")}]`).join(" ");

/** Why a call's answer is wrong; undefined if it is right. */
function fault(answer: Answer, call: Call, isExact: boolean): string | undefined {
  const { errors = [0], events = [], maybe = [], same, atLeastMs = 0 } = answer;
  const allowed = isExact ? errors.slice(0, 1) : errors;
  if (!allowed.includes(call.error)) return `error ${call.error}, not ${allowed.join(" or ")}`;
  if (call.changed > 0) return `${call.changed} bytes elsewhere were changed`;
  if (isExact && call.behind > 0) return `${call.behind} bytes behind the events were changed`;
  if (call.ms < atLeastMs) return `ended after ${call.ms} ms, not ${atLeastMs}`;
  if (call.error !== 0) return undefined;
  if (same !== undefined) {
    const alike = call.same ?? call.events.length;
    if (call.found === same && alike === same) return undefined;
    return `${call.found} events, ${alike} alike, not ${same}`;
  }
  const possible = [...events, ...maybe];
  const isAll =
    call.found >= events.length &&
    call.found <= possible.length &&
    call.events.every((event, i) => isEvent(possible[i] as Expected, event, isExact));
  return isAll ? undefined : `events ${textOf(call.events)}, not ${textOf(events)}`;
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** The compiled guest. */
function moduleOf(): Promise<WebAssembly.Module> {
  compiled ??= bytesOf("probe").then((bytes) => WebAssembly.compile(bytes));
  return compiled;
}

/** Milliseconds of processor time that this process has used; undefined where nobody counts it. */
function processorMs(): number | undefined {
  if (sim !== undefined) return undefined;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** How strictly a case is judged. */
export interface Strictness {
  /** No byte of the answer may be one that another right one could have differently. */
  readonly isExact?: boolean;
}

/**
 * Runs a case. Returns why its answer is wrong, or undefined.
 *
 * @throws what the runtime throws
 */
export async function grade(
  one: Case,
  runtime: Runtime,
  { isExact = one.isExact ?? false }: Strictness = {},
): Promise<string | undefined> {
  const scope = new Scope();
  try {
    const opened = (await one.open?.(scope)) ?? [];
    const fds = new Map(opened.map((fd, i) => [NUMBERS[i] as number, fd]));
    const untaken = [...fds.keys()].find((fd) => runtime.numbers?.includes(fd) === false);
    if (untaken !== undefined) return UNASKED[0];
    if (one.badf !== undefined && !runtime.isOurs) return UNASKED[1];
    const module = await moduleOf();
    const before = processorMs();
    const output = await runtime.run({
      module,
      // The guest makes the last call at its end.
      args: ["probe", ...one.given.split(" "), "/"],
      fds,
      badf: one.badf ?? "event",
      begin: () => {
        if (one.closes !== undefined) scope.close(fds.get(one.closes) as number);
      },
    });
    const calls = parse(output);
    if (calls.length !== one.answers.length) return `${calls.length} calls returned`;
    for (const [i, call] of calls.entries()) {
      const why = fault(one.answers[i] as Answer, call, isExact);
      if (why !== undefined) return calls.length === 1 ? why : `call ${i + 1}: ${why}`;
    }
    const waited = calls.reduce((sum, { ms }) => sum + ms, 0);
    const used = (processorMs() ?? 0) - (before ?? 0);
    if (one.isIdle && used > waited / 2) return `${used} ms of processor time in ${waited} ms`;
    return undefined;
  } finally {
    scope.end();
  }
}
