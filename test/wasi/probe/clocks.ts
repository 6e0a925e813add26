// The cases of clocks.

import * as os from "../../../bindings/node/os.ts";
import { after, type Case, clock, events, fails, INVAL, read, write } from "./case.ts";

const WITX = "witx: subscription_clock";
const MS = "000000";
/** 2^64 - 1. */
const MOST = "18446744073709551615";

export const CLOCKS: readonly Case[] = [
  {
    name: "a duration on the realtime clock",
    source: `${WITX}; wasi-libc ppoll.c asks for this`,
    given: `c0:20${MS}`,
    answers: after(20, clock(0)),
  },
  {
    name: "a duration on the monotonic clock",
    source: WITX,
    given: `c1:20${MS}`,
    answers: after(20, clock(0)),
  },
  {
    name: "a duration of 0",
    source: `${WITX}; @wasmer/sdk and WasmEdge#2717 wait for ever`,
    given: "c0:0",
    answers: events(clock(0)),
  },
  {
    name: "a duration of 1 ns",
    source: WITX,
    given: "c1:1",
    answers: events(clock(0)),
  },
  {
    name: "half a millisecond is not cut to 0",
    source: `${WITX}; uvwasi poll_oneoff.c divides by 1000000`,
    given: "c1:500000",
    answers: after(0.5, clock(0)),
  },
  {
    name: "a millisecond and a half is not cut to 1",
    source: `${WITX}; uvwasi poll_oneoff.c divides by 1000000`,
    given: "c0:1500000",
    answers: after(1.5, clock(0)),
  },
  {
    name: "a time on the monotonic clock",
    source: `${WITX}; CPython's time.sleep: wasmer#2034, wasmer#4671`,
    given: `s1:20${MS}`,
    answers: after(19, clock(0)),
  },
  {
    name: "a time on the realtime clock",
    source: `${WITX}: subclockflags abstime`,
    given: `s0:20${MS}`,
    answers: after(19, clock(0)),
  },
  {
    name: "a monotonic time five seconds ago",
    source: `${WITX}: abstime; clock_nanosleep(2) returns at once`,
    given: `b1:5000${MS}`,
    answers: events(clock(0)),
  },
  {
    name: "a realtime five seconds ago",
    source: `${WITX}: abstime; clock_nanosleep(2) returns at once`,
    given: `b0:5000${MS}`,
    answers: events(clock(0)),
  },
  { name: "the monotonic time 0", source: WITX, given: "a1:0", answers: events(clock(0)) },
  { name: "the realtime 0", source: WITX, given: "a0:0", answers: events(clock(0)) },
  {
    name: "the realtime 1 ns",
    source: `${WITX}; uvwasi's difference of u64 underflows`,
    given: "a0:1",
    answers: events(clock(0)),
  },
  {
    name: "a clock alone is waited for without processor time",
    source: "clock_nanosleep(2); bjorn3#88 and every shim but jco's spin",
    given: `c0:400${MS}`,
    isIdle: true,
    answers: after(400, clock(0)),
  },
  {
    name: "a time is waited for without processor time",
    source: "clock_nanosleep(2); bjorn3#88 and every shim but jco's spin",
    given: `s1:400${MS}`,
    isIdle: true,
    answers: after(399, clock(0)),
  },
  {
    name: "the monotonic time now",
    source: WITX,
    given: "s1:0",
    answers: events(clock(0)),
  },
  {
    name: "of two durations the shorter ends the wait, alone",
    source: "witx: poll_oneoff; @wasmer/sdk waits for both",
    given: `c0:60000${MS} c0:20${MS}`,
    answers: after(20, clock(1)),
  },
  {
    name: "of two durations the shorter, given first",
    source: "witx: poll_oneoff; Deno names the wrong one",
    given: `c0:20${MS} c0:60000${MS}`,
    answers: after(20, clock(0)),
  },
  {
    name: "two durations of 0 are both due",
    source: "witx: poll_oneoff: the events that occurred",
    given: "c0:0 c1:0",
    answers: events(clock(0), clock(1)),
  },
  {
    name: "a duration and a time in the past are both due",
    source: "witx: poll_oneoff: the events that occurred",
    given: `c1:0 b1:5000${MS} a0:1 c1:60000${MS}`,
    answers: events(clock(0), clock(1), clock(2)),
  },
  {
    name: "the longest duration does not overflow",
    source: `${WITX}: timeout is u64`,
    given: `c1:${MOST} c1:10${MS}`,
    answers: after(10, clock(1)),
  },
  {
    name: "durations next to 2^64 and 2^63",
    source: `${WITX}: timeout is u64, also above 2^63`,
    given: `c1:18446744073709551614 c0:18446744073704551615 c0:9223372036854775808 c0:9223372036854775807 c1:10${MS}`,
    answers: after(10, clock(4)),
  },
  {
    name: "the latest times on both clocks",
    source: `${WITX}: timeout is u64`,
    given: `a0:${MOST} a1:${MOST} a0:9223372036854775808 a1:9223372036854775808 c1:10${MS}`,
    answers: after(10, clock(4)),
  },
  {
    name: "a duration of 2^32 ms is not cut to 32 bits",
    source: `${WITX}: timeout is u64`,
    given: `c1:4294967296${MS} c1:10${MS}`,
    answers: after(10, clock(1)),
  },
  {
    name: "a duration of 2^31 ms is not negative for poll(2)",
    source: `${WITX}: timeout is u64; poll(2) takes an int`,
    given: `c1:2147483648${MS} c1:10${MS}`,
    answers: after(10, clock(1)),
  },
  {
    name: "a precision does not change the time",
    source: `${WITX}: precision is the accuracy, not a duration`,
    given: `c1:10${MS} p${MOST} c1:60000${MS} p1`,
    answers: after(10, clock(0)),
  },
  {
    name: "an unknown clock",
    source: "witx: clockid has four; clock_nanosleep(2): EINVAL; uvwasi and Deno accept it",
    given: "c7:0",
    answers: fails(INVAL),
  },
  {
    name: "the largest number of a clock",
    source: "witx: clockid has four",
    given: "c4294967295:0",
    answers: fails(INVAL),
  },
  {
    name: "the process's processor time",
    source: "wasi.md section 2: 28 in jco and bjorn3; no runtime can wait for it",
    given: "c2:0",
    answers: fails(INVAL),
  },
  {
    name: "the thread's processor time",
    source: "wasi.md section 2: 28 in jco and bjorn3; no runtime can wait for it",
    given: "c3:0",
    answers: fails(INVAL),
  },
  {
    name: "unknown flags of a clock",
    source: "witx: subclockflags has one bit",
    given: "c1:0 f2",
    answers: fails(INVAL),
  },
  {
    name: "the known and an unknown flag of a clock",
    source: "witx: subclockflags has one bit",
    given: "a1:0 f32769",
    answers: fails(INVAL),
  },
  {
    name: "an unknown type",
    source: "witx: eventtype has three; @wasmer/sdk hangs, runno throws",
    given: "t3",
    answers: fails(INVAL),
  },
  {
    name: "the largest type, after a ready clock",
    source: "witx: eventtype has three; Deno reports an event of type 7",
    given: "c0:0 t255",
    answers: fails(INVAL),
  },
  {
    name: "user data keeps 64 bits",
    source: "witx: userdata is u64",
    given: `u${MOST} c0:0 u9223372036854775809 c0:0 u1311768467463790320 c1:0`,
    answers: events(
      clock(2n ** 64n - 1n),
      clock(9223372036854775809n),
      clock(1311768467463790320n),
    ),
  },
  {
    name: "user data need not differ",
    source: "witx: userdata is the guest's",
    given: "u5 c0:0 u5 c1:0 u5 c0:0",
    answers: events(clock(5), clock(5), clock(5)),
  },
  {
    name: "1000 clocks that are due",
    source: "witx: poll_oneoff: room for as many events as subscriptions",
    given: "c1:0 x1000",
    answers: [{ same: 1000 }],
  },
  {
    name: "calls after one another do not share clocks",
    source: "witx: poll_oneoff is one-off; jco#207, jco#334 use a pollable up",
    given: `c1:0 / c1:10${MS} / s0:10${MS}`,
    answers: [
      { events: [clock(0)] },
      { events: [clock(0)], atLeastMs: 10 },
      { events: [clock(0)], atLeastMs: 9 },
    ],
  },
  {
    name: "a clock and a descriptor that are both ready",
    source: "Linux poll(2), measured: descriptors are looked at also without time to wait",
    given: "c0:0 r0 w2",
    open: (s) => {
      const [r, w] = s.pipe();
      os.write(w, "abc");
      const [, other] = s.pipe();
      return [r, other];
    },
    answers: events(clock(0), read(1, 3), write(2)),
  },
];
