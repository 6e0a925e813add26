// A dozen cases of poll_oneoff, which a runtime's own must pass to be used. Each has a clock, so that none waits for
// ever where a runtime takes a case otherwise.

import { readSync, writeSync } from "node:fs";
import { WASI_BADF, WASI_INVAL } from "../errno.ts";
import type { PollOneoff } from "../poller.ts";
import {
  CLOCK_MONOTONIC,
  EVENT_ERROR,
  EVENT_FLAGS,
  EVENT_SIZE,
  EVENT_TYPE,
  EVENT_USERDATA,
  FLAG_HANGUP,
  SUBSCRIPTION_CLOCK,
  SUBSCRIPTION_FD,
  SUBSCRIPTION_SIZE,
  SUBSCRIPTION_TIMEOUT,
  SUBSCRIPTION_TYPE,
  SUBSCRIPTION_USERDATA,
  TYPE_CLOCK,
  TYPE_READ,
  TYPE_WRITE,
} from "../preview1.ts";

/** A subscription: R, W, or a clock that ends after so many ms. */
type Asked = ["R" | "W", number] | ["clock", number];

/** Two connected sockets, and what closes one of them. */
export interface Ends {
  readonly fds: readonly [number, number];
  close(fd: number): void;
}

const EVENTS = 1024;
const FOUND = 2048;
const TYPES = { R: TYPE_READ, W: TYPE_WRITE, clock: TYPE_CLOCK };
const NAMES = ["clock", "R", "W"];
/** Of a descriptor that this process never has: limits of processes are lower. */
const NEVER_OPEN = 2 ** 29;

/** One case: what is asked, and the events in the order of their subscriptions: "0 R". */
interface Case {
  readonly name: string;
  readonly before?: () => void;
  readonly asked: (a: number, b: number) => Asked[];
  readonly expected: string;
}

/** The result of a call: its error, or its events. */
function ask(memory: WebAssembly.Memory, oneoff: PollOneoff, asked: readonly Asked[]): string {
  const view = new DataView(memory.buffer);
  new Uint8Array(memory.buffer, 0, FOUND + 4).fill(0);
  asked.forEach(([kind, value], i) => {
    const at = i * SUBSCRIPTION_SIZE;
    view.setBigUint64(at + SUBSCRIPTION_USERDATA, BigInt(i) << 40n, true);
    view.setUint8(at + SUBSCRIPTION_TYPE, TYPES[kind]);
    if (kind !== "clock") return view.setUint32(at + SUBSCRIPTION_FD, value, true);
    view.setUint32(at + SUBSCRIPTION_CLOCK, CLOCK_MONOTONIC, true);
    view.setBigUint64(at + SUBSCRIPTION_TIMEOUT, BigInt(value * 1e6), true);
  });
  const error = oneoff(0, EVENTS, asked.length, FOUND);
  if (error !== 0) return `error ${error}`;
  const count = view.getUint32(FOUND, true);
  const events = Array.from({ length: count }, (_, i) => eventAt(view, EVENTS + i * EVENT_SIZE));
  // A clock that is due as well may be reported or not.
  const others = events.filter((event) => !event.endsWith("clock"));
  return (others.length > 0 ? others : events).sort().join(", ");
}

function eventAt(view: DataView, at: number): string {
  const number = view.getBigUint64(at + EVENT_USERDATA, true) >> 40n;
  const error = view.getUint16(at + EVENT_ERROR, true);
  const isHungUp = (view.getUint16(at + EVENT_FLAGS, true) & FLAG_HANGUP) !== 0;
  const type = NAMES[view.getUint8(at + EVENT_TYPE)];
  return `${number} ${type}${error === 0 ? "" : ` error ${error}`}${isHungUp ? " hung up" : ""}`;
}

/** The first case that a poll_oneoff answers wrongly, in words; undefined if it passes all. */
export function failureOf(
  memory: WebAssembly.Memory,
  oneoff: PollOneoff,
  ends: Ends,
  file: number,
): string | undefined {
  const [a, b] = ends.fds;
  const cases: Case[] = [
    { name: "no subscription", asked: () => [], expected: `error ${WASI_INVAL}` },
    {
      name: "room to write, looked at",
      asked: () => [
        ["W", a],
        ["clock", 0],
      ],
      expected: "0 W",
    },
    {
      name: "nothing to read, looked at",
      asked: () => [
        ["R", a],
        ["clock", 0],
      ],
      expected: "1 clock",
    },
    { name: "a time", asked: () => [["clock", 1]], expected: "0 clock" },
    {
      name: "the shorter of two times",
      asked: () => [
        ["clock", 200],
        ["clock", 1],
      ],
      expected: "1 clock",
    },
    {
      name: "both directions of one socket",
      asked: () => [
        ["R", a],
        ["W", a],
        ["clock", 5],
      ],
      expected: "1 W",
    },
    {
      name: "a number that is not open",
      asked: () => [
        ["R", a],
        ["R", NEVER_OPEN],
        ["clock", 5],
      ],
      expected: `1 R error ${WASI_BADF}`,
    },
    {
      name: "data",
      before: () => void writeSync(b, "x"),
      asked: () => [
        ["R", a],
        ["R", b],
        ["clock", 5],
      ],
      expected: "0 R",
    },
    {
      name: "data, asked for twice",
      asked: () => [
        ["R", a],
        ["R", a],
        ["clock", 5],
      ],
      expected: "0 R, 1 R",
    },
    {
      name: "no data any more",
      before: () => void readSync(a, new Uint8Array(8)),
      asked: () => [
        ["R", a],
        ["clock", 1],
      ],
      expected: "1 clock",
    },
    {
      name: "four directions",
      asked: () => [
        ["R", a],
        ["R", b],
        ["W", a],
        ["W", b],
        ["clock", 5],
      ],
      expected: "2 W, 3 W",
    },
    {
      name: "a regular file",
      asked: () => [
        ["R", a],
        ["R", file],
        ["clock", 5],
      ],
      expected: "1 R",
    },
    {
      name: "a peer that has closed",
      before: () => ends.close(b),
      asked: () => [
        ["R", a],
        ["clock", 5],
      ],
      expected: "0 R hung up",
    },
  ];
  for (const { name, before, asked, expected } of cases) {
    before?.();
    const got = ask(memory, oneoff, asked(a, b));
    if (got !== expected) return `${name}: ${JSON.stringify(got)} for ${JSON.stringify(expected)}`;
  }
  return undefined;
}
