// The cases of pointers, counts, and what a call writes.

import * as os from "../../../bindings/node/os.ts";
import type { Scope } from "../../support/descriptors.ts";
import {
  type Answer,
  BADF,
  type Case,
  clock,
  events,
  fails,
  FAULT,
  INVAL,
  NOMEM,
  OVERFLOW,
  read,
} from "./case.ts";

const WITX = "witx: poll_oneoff";
const OUTSIDE = "witx: errno fault; nothing outside the guest's memory";

function withByte(s: Scope): readonly number[] {
  const [r, w] = s.pipe();
  os.write(w, "x");
  return [r];
}

function outside(name: string, given: string): Case {
  return { name, source: OUTSIDE, given, answers: fails(FAULT, OVERFLOW, INVAL) };
}

function placed(name: string, given: string, answers: readonly Answer[]): Case {
  return { name, source: `${WITX}: arrays are addresses without an alignment`, given, answers };
}

export const MEMORY: readonly Case[] = [
  {
    name: "no subscription",
    source: `${WITX}; wasi-libc ppoll.c takes success for ENOTSUP`,
    given: "n=0",
    answers: fails(INVAL),
  },
  {
    name: "no subscription, with addresses at the end",
    source: WITX,
    given: "n=0 in=end-0 out=end-0",
    answers: fails(INVAL),
  },
  outside("a count of 2^32 - 1", "c0:0 n=4294967295"),
  outside("a count whose bytes are 2^32", "c0:0 n=89478486"),
  outside("a count whose event bytes are 2^32", "c0:0 n=134217728"),
  outside("a count of 2^31", "c0:0 n=2147483648"),
  outside("a subscription that ends behind the memory", "c0:0 in=end-47"),
  outside("subscriptions at the end", "c0:0 in=end-0"),
  outside("subscriptions outside", "c0:0 in=4294967295"),
  outside("subscriptions at 2 GiB", "c0:0 in=2147483648"),
  outside("events that end behind the memory", "c0:0 out=end-31"),
  outside("events outside", "c0:0 out=4294967264"),
  outside("events at 2 GiB", "c0:0 out=2147483648"),
  outside("the second event ends behind the memory", "c0:0 c0:0 out=end-63"),
  outside("a count that ends behind the memory", "c0:0 found=end-3"),
  outside("a count outside", "c0:0 found=4294967292"),
  outside("a count at 2 GiB", "c0:0 found=2147483648"),
  placed("events end with the memory", "c0:0 grow=1 out=end-32", events(clock(0))),
  placed("the count ends with the memory", "c0:0 grow=1 found=end-4", events(clock(0))),
  placed("the events are not aligned", "c0:0 u7 c1:0 out=in+1003", events(clock(0), clock(7))),
  placed("the count is not aligned", "c0:0 found=in+1001", events(clock(0))),
  placed("events over the subscriptions", "c0:0 x9 out=in+0", [{ same: 9 }]),
  placed("events half over the first subscription", "c0:0 x9 out=in+16", [{ same: 9 }]),
  placed("events over the last subscriptions", "c0:0 x9 out=in+200", [{ same: 9 }]),
  placed("the count over the user data of the first", "u9 c0:0 c1:0 found=in+0", [
    { events: [clock(9), clock(1)] },
  ]),
  {
    name: "events over the subscriptions of descriptors",
    source: `${WITX}: arrays may overlap; all is read before anything is written`,
    given: "r0 r9 r0 r9 r0 out=in+0",
    open: withByte,
    answers: events(read(0, 1), read(1, 0, 0, BADF), read(2, 1), read(3, 0, 0, BADF), read(4, 1)),
  },
  {
    name: "the memory has grown since the last call",
    source: "WebAssembly: growing detaches the buffer that a host keeps",
    given: "c0:0 / grow=1 r0 / grow=3 c1:60000000000 r0",
    open: withByte,
    answers: [{ events: [clock(0)] }, { events: [read(0, 1)] }, { events: [read(1, 1)] }],
  },
  {
    name: "an error after ready subscriptions writes nothing",
    source: "witx: the results of a call that fails are not set",
    given: "r0 c0:0 c9:0",
    open: withByte,
    answers: fails(INVAL),
  },
  {
    name: "a call after one that failed",
    source: WITX,
    given: "t7 / n=0 / c0:0 in=end-1 / r0",
    open: withByte,
    answers: [
      { errors: [INVAL] },
      { errors: [INVAL] },
      { errors: [FAULT, OVERFLOW, INVAL] },
      { events: [read(0, 1)] },
    ],
  },
  {
    name: "nothing is written behind the events that are ready",
    source: `${WITX}: nevents; @wasmer/wasi writes 8 bytes behind each`,
    isExact: true,
    given: "c1:9000000000 r0 c1:9000000000 c1:9000000000",
    open: withByte,
    answers: events(read(1, 1)),
  },
  {
    name: "unused bytes of events are 0",
    source: "witx: an event is 32 bytes; a guest may compare or hash all",
    isExact: true,
    given: "c0:0 r0 r9",
    open: withByte,
    answers: events(clock(0), read(1, 1), read(2, 0, 0, BADF)),
  },
  {
    name: "more subscriptions than 2^20",
    source: "createPollOneoff: a limit of its own, witx: errno nomem",
    given: "grow=2000 c0:0 n=1048577",
    answers: fails(NOMEM, INVAL, 1),
  },
];
