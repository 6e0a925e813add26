// The cases of descriptors that are ready, idle, or not open.

import * as os from "../../../bindings/node/os.ts";
import { fill, type Scope } from "../../support/descriptors.ts";
import { SOME_FILE, tmpFile } from "./files.ts";
import { after, BADF, type Case, clock, events, fails, read, write } from "./case.ts";

const WITX = "witx: poll_oneoff";
const POLL = "Linux poll(2), measured";
const LATER = "c1:20000000";

const ready = (s: Scope, text = "x"): number => {
  const [r, w] = s.pipe();
  os.write(w, text);
  return r;
};
const idle = (s: Scope): number => s.pipe()[0];
const writable = (s: Scope): number => s.pipe()[1];
const full = (s: Scope): number => {
  const [, w] = s.pipe();
  fill(w);
  return w;
};
const talked = (s: Scope, text: string): number => {
  const [a, b] = s.socketpair();
  os.write(b, text);
  return a;
};

function closed(name: string, given: string, ...list: ReturnType<typeof read>[]): Case {
  return {
    name,
    source: "wasi-libc poll.c: POLLNVAL of each event with BADF; uvwasi is crashed or drops it",
    given,
    open: (s) => [ready(s, "ab"), writable(s)],
    answers: events(...list),
  };
}

const bad = (i: number): ReturnType<typeof read> => read(i, 0, 0, BADF);
const badWrite = (i: number): ReturnType<typeof read> => write(i, 0, 0, BADF);

export const DESCRIPTORS: readonly Case[] = [
  {
    name: "ten bytes in a pipe",
    source: "witx: event_fd_readwrite.nbytes; uvwasi 0, jco 1, runno 32",
    given: "r0",
    open: (s) => [ready(s, "0123456789")],
    answers: events(read(0, 10)),
  },
  {
    name: "ready, with a long duration",
    source: WITX,
    given: "r0 c0:60000000000",
    open: (s) => [ready(s)],
    answers: events(read(0, 1)),
  },
  {
    name: "FIONREAD: ready, with a duration of 0",
    source: "wasi-libc ioctl.c: fd_read with a monotonic clock of 0; uvwasi never reports it",
    given: "r0 c1:0",
    open: (s) => [ready(s, "hello")],
    answers: events(read(0, 5), clock(1)),
  },
  {
    name: "FIONREAD of an idle pipe",
    source:
      "wasi-libc ioctl.c: no event of the descriptor is 0 bytes; emscripten#27100: 0 never waits",
    given: "r0 c1:0",
    open: (s) => [idle(s)],
    answers: events(clock(1)),
  },
  {
    name: "idle until a duration ends",
    source: `${WITX}; bjorn3#14, wazero#1500`,
    given: `r0 ${LATER}`,
    open: (s) => [idle(s)],
    answers: after(20, clock(1)),
  },
  {
    name: "idle, and waited for without processor time",
    source: `${WITX}; jco uses 85 % of a core`,
    given: "r0 c1:400000000",
    isIdle: true,
    open: (s) => [idle(s)],
    answers: after(400, clock(1)),
  },
  {
    name: "what is ready is not overtaken by a clock of a millisecond",
    source: `${POLL}; uvwasi at times: the clock alone`,
    given: Array.from({ length: 40 }, () => "r0 c1:1000000").join(" / "),
    open: (s) => [ready(s)],
    answers: Array.from({ length: 40 }, () => ({ events: [read(0, 1)], maybe: [clock(1)] })),
  },
  {
    name: "idle until a time on the monotonic clock",
    source: WITX,
    given: "r0 s1:20000000",
    open: (s) => [idle(s)],
    answers: after(19, clock(1)),
  },
  {
    name: "idle, and the other is writable",
    source: "wasi.md section 2: uvwasi waits for all; wazero#2480",
    given: "r0 w2 c0:60000000000",
    open: (s) => [idle(s), writable(s)],
    answers: events(write(1)),
  },
  {
    name: "idle, and the other is readable, without a clock",
    source: "wasi.md section 2: uvwasi waits for all; wazero#2481",
    given: "r0 r2",
    open: (s) => [idle(s), ready(s, "abc")],
    answers: events(read(1, 3)),
  },
  {
    name: "two that are ready are two events",
    source: WITX,
    given: "r0 r2",
    open: (s) => [ready(s), ready(s, "ab")],
    answers: events(read(0, 1), read(1, 2)),
  },
  {
    name: "five, of which two are ready",
    source: "mio#1662, wazero#2481: more than standard input at once",
    given: "r0 r2 r5 r6 w7",
    open: (s) => [idle(s), ready(s), idle(s), idle(s), writable(s)],
    answers: events(read(1, 1), write(4)),
  },
  {
    name: "five that are idle",
    source: "wazero#2481: more than standard input at once",
    given: `r0 r2 r5 r6 w7 ${LATER}`,
    open: (s) => [idle(s), idle(s), idle(s), idle(s), full(s)],
    answers: after(20, clock(5)),
  },
  {
    name: "reading and writing on one socket",
    source: `${WITX}; WasmEdge#1165; uvwasi loses the second`,
    given: "r0 w0",
    open: (s) => [talked(s, "abc")],
    answers: events(read(0, 3), write(1)),
  },
  {
    name: "writing and reading on one socket that is idle",
    source: `${WITX}; uvwasi takes the mask of the first`,
    given: "r0 w0",
    open: (s) => [s.socketpair()[0]],
    answers: events(write(1)),
  },
  {
    name: "a subscription twice",
    source: `${WITX}; uvwasi reports one`,
    given: "r0 r0",
    open: (s) => [ready(s, "xy")],
    answers: events(read(0, 2), read(1, 2)),
  },
  {
    name: "1000 subscriptions to a ready descriptor",
    source: `${WITX}; uvwasi reports one`,
    given: "r0 x1000",
    open: (s) => [ready(s)],
    answers: [{ same: 1000 }],
  },
  {
    name: "10 000 subscriptions to a writable descriptor",
    source: `${WITX}; @wasmer/sdk E2BIG, uvwasi reports one`,
    given: "w2 x10000",
    open: (s) => [idle(s), writable(s)],
    answers: [{ same: 10_000 }],
  },
  closed("closed, first", "r9 r0", bad(0), read(1, 2)),
  closed("closed, in the middle", "r0 r9 w2", read(0, 2), bad(1), write(2)),
  closed("closed, last", "r0 w9", read(0, 2), badWrite(1)),
  closed("all closed", "r9 w9 r10", bad(0), badWrite(1), bad(2)),
  closed("closed, with a clock", "r9 c0:60000000000", bad(0)),
  closed("closed, behind a clock", "c0:60000000000 w9", badWrite(1)),
  closed("closed, twice", "r9 r9", bad(0), bad(1)),
  closed("the number 2^32 - 1", "r4294967295 r0", bad(0), read(1, 2)),
  closed("the number 2^31", "w2147483648 r0", badWrite(0), read(1, 2)),
  {
    name: "closed by the host",
    source: "Linux poll(2): POLLNVAL, measured",
    given: "r5 r0",
    open: (s) => [ready(s), writable(s), idle(s)],
    closes: 5,
    answers: events(bad(0), read(1, 1)),
  },
  {
    name: "closed, as the result of the whole call",
    source: "wasmtime, jco, @wasmer/sdk: 8 of the call (wasi.md section 7.1)",
    given: "r0 r9 / r0",
    badf: "call",
    open: (s) => [ready(s)],
    answers: [{ errors: [BADF] }, { events: [read(0, 1)] }],
  },
  {
    name: "closed, as the result of a call with a bad clock",
    source: "witx: errno inval; either error is right, the clock is looked at first",
    given: "c9:0 r9",
    badf: "call",
    answers: fails(28, BADF),
  },
  {
    name: "a pipe that is full",
    source: `${POLL}; jco and wasmtime say writable`,
    given: `w2 ${LATER}`,
    open: (s) => [idle(s), full(s)],
    answers: after(20, clock(1)),
  },
  {
    name: "a socket that is full",
    source: POLL,
    given: `w0 ${LATER}`,
    open: (s) => {
      const [a] = s.socketpair();
      fill(a);
      return [a];
    },
    answers: after(20, clock(1)),
  },
  {
    name: "the end of a pipe that only reads is never writable",
    source: `${POLL}; Deno: error 28`,
    given: `w0 ${LATER}`,
    open: (s) => [idle(s)],
    answers: after(20, clock(1)),
  },
  {
    name: "a regular file is ready, with the bytes behind the offset",
    source: "witx: regular files always trigger; FIONREAD; uvwasi: EPERM",
    given: "r0 w0",
    open: (s) => [tmpFile(s, "0123456789", 4)],
    answers: events(read(0, 6), write(1)),
  },
  {
    name: "a regular file at its end is ready",
    source: "witx: regular files always trigger",
    given: "r0 c0:60000000000",
    open: (s) => [tmpFile(s, "0123456789", 10)],
    answers: events(read(0, 0)),
  },
  {
    name: "a regular file and an idle pipe",
    source: "witx: regular files always trigger",
    given: "r0 r2",
    open: (s) => [idle(s), s.open(SOME_FILE)],
    answers: events(read(1, "some")),
  },
  {
    name: "an empty file is ready",
    source: "witx: regular files always trigger",
    given: "r0",
    open: (s) => [tmpFile(s, "", 0)],
    answers: events(read(0, 0)),
  },
  {
    name: "/dev/null is ready both ways",
    source: `${POLL}; uvwasi fails with EPERM`,
    given: "r0 w2 c0:60000000000",
    open: (s) => [s.open("/dev/null"), s.open("/dev/null", "w")],
    answers: events(read(0, "any"), write(1, "any")),
  },
  {
    name: "/dev/zero is ready",
    source: POLL,
    given: "r0",
    needs: "/dev/zero",
    open: (s) => [s.open("/dev/zero")],
    answers: events(read(0, "any")),
  },
  {
    name: "a folder is ready",
    source: "Linux poll(2): a folder has no poll operation, DEFAULT_POLLMASK",
    given: "r0 c0:60000000000",
    needs: "folders that open(2) opens",
    open: (s) => [s.open("/")],
    answers: events(read(0, "any")),
  },
  {
    name: "an eventfd with a count",
    source: POLL,
    given: "r0 w0",
    open: (s) => [s.eventfd(3)],
    answers: events(read(0, "some"), write(1)),
  },
  {
    name: "an eventfd without a count",
    source: POLL,
    given: "r0 w0",
    open: (s) => [s.eventfd()],
    answers: events(write(1)),
  },
];
