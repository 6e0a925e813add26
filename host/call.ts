// The shape of an entry of the waist's table: arguments, result, import.

import {
  DATA_SIZE,
  KEVENT_SIZE,
  POLL_RECORD_SIZE,
  READY_RECORD_SIZE,
  STAT_SIZE,
} from "../asm/abi.ts";
import type { HostCalls } from "./host.ts";

export type CallName = keyof HostCalls;

/** The hosts that have the calls of a group: all, or those with a capability or a mechanism. */
export type Group = "always" | "epoll" | "kqueue" | "descriptors" | "posts" | "sources";

/** Sizes in bytes of the records that an address may point to. */
export const RECORD_SIZES = {
  byte: 1,
  "poll record": POLL_RECORD_SIZE,
  "ready record": READY_RECORD_SIZE,
  "kevent record": KEVENT_SIZE,
  "stat record": STAT_SIZE,
  "data record": DATA_SIZE,
} as const;

/** The meaning of a number, which decides how a trace shows it. */
export type Meaning =
  | "capabilities"
  | "count"
  | "deadline"
  | "epoll flags"
  | "epoll mask"
  | "epoll operation"
  | "fd"
  | "inotify mask"
  | "interface flags"
  | "number"
  | "pid"
  | "signal"
  | "switch"
  | "time"
  | "timeout"
  | "wait status";

/** An argument that is a number. */
export interface NumberArgument {
  readonly name: string;
  readonly type: "i32" | "u32" | "f64";
  readonly meaning: Meaning;
}

/** An argument that is an address in the core's memory. */
export interface Address {
  readonly name: string;
  readonly type: "usize";
  readonly record: keyof typeof RECORD_SIZES;
  /** Name of the argument that says how many records there are; one record if undefined. */
  readonly count: string | undefined;
  /** Whether the call reads or writes the records. */
  readonly access: "reads" | "writes" | "reads and writes";
}

export type Argument = NumberArgument | Address;

/** The arguments of a call as WebAssembly passes them: without the memory. */
type Numbers<Name extends CallName> =
  Parameters<HostCalls[Name]> extends [WebAssembly.Memory, ...infer Rest extends number[]]
    ? Rest
    : Extract<Parameters<HostCalls[Name]>, number[]>;

/** A tuple with an Argument for each of `Given`. */
type ArgumentsFor<Given extends readonly number[]> = { readonly [At in keyof Given]: Argument };

/** One entry of the table CALLS in calls.ts. */
export interface Call<Name extends CallName> {
  readonly group: Group;
  readonly takes: ArgumentsFor<Numbers<Name>>;
  /** Type of the result, i32 if undefined, and its meaning. */
  readonly type?: "u32" | "f64";
  readonly gives: Meaning;
  /** Result of the call on a host that lacks it, -ENOSYS if undefined. */
  readonly absent?: 0;
  readonly summary: string;
  /**
   * The import. Each entry has a function literal of its own, so that V8 keeps the feedback of the
   * calls apart: one literal for all would make every host call megamorphic.
   */
  readonly bind: (
    host: HostCalls,
    memory: () => WebAssembly.Memory,
  ) => (...given: Numbers<Name>) => number;
}

export const number = (name: string, meaning: Meaning = "number"): NumberArgument => ({
  name,
  type: "i32",
  meaning,
});
export const bits = (name: string, meaning: Meaning): NumberArgument => ({
  name,
  type: "u32",
  meaning,
});
export const descriptor = (name: string): NumberArgument => number(name, "fd");
export const size = (name: string): NumberArgument => number(name, "count");
export const timeout: NumberArgument = { name: "timeoutMs", type: "f64", meaning: "timeout" };

function pointing(access: Address["access"]) {
  return (name: string, record: Address["record"], per?: string): Address => ({
    name,
    type: "usize",
    record,
    count: per,
    access,
  });
}

export const reads = pointing("reads");
export const writes = pointing("writes");
export const updates = pointing("reads and writes");
