// A hundred C programs asleep and polling at once on one thread, each with a stack that JSPI suspends, and an
// interval of 10 ms beside them. How late the interval is with and without the programs is measured by turns.

import { test } from "../../support/uvu.ts";
import * as assert from "uvu/assert";
import { host } from "../../../bindings/node/select.ts";
import * as os from "../../../bindings/node/os.ts";
import { collected } from "../../support/garbage.ts";
import { eventually, IS_VIRTUAL, sim } from "../../support/world.ts";
import { type RunningProgram, startProgram } from "../../wasi/program.ts";

const PROGRAMS = 100;
const TURNS = 8;
const MEASURED_MS = 2000;
const PERIOD_MS = 10;
/** One program has input so often. */
const FEED_MS = 5;
/**
 * Pieces of input between the start of the programs and what is measured: 2 s of them. A second after a module is
 * instantiated, Chromium's main thread reports that, and a hundred reports at once take it 6 to 30 ms
 * (v8::internal::metrics::Recorder).
 */
const SETTLING = 400;
/** Memory that a piece of input takes in a program, in bytes; and a page of WebAssembly, by which memory grows. */
const [BLOCK, PAGE] = [1024, 65_536];
/** Later than that without programs, the interval waits for other processes of the machine. */
const BUSY_MS = PERIOD_MS / 2;
/** The target: the interval is late by so many times what it is without programs. Printed, as a bench's targets are. */
const TARGET = 3;
/** What the part refuses: a thread that the programs block. */
const MOST = 30;

/** How late each tick of an interval is while it is measured, in ms, ascending. */
function lateness(): Promise<number[]> {
  return new Promise((resolve) => {
    const late: number[] = [];
    const begun = performance.now();
    let last = begun;
    const interval = setInterval(() => {
      const now = performance.now();
      late.push(Math.max(now - last - PERIOD_MS, 0));
      last = now;
      if (now - begun < MEASURED_MS) return;
      clearInterval(interval);
      resolve(late.sort((a, b) => a - b));
    }, PERIOD_MS);
  });
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] as number;
const median = (values: readonly number[]): number =>
  at(
    values.toSorted((a, b) => a - b),
    0.5,
  );

/** The median, of several turns, of a percentile. */
const ofTurns = (turns: readonly number[][], share: number): number =>
  median(turns.map((late) => at(late, share)));
const shown = (turns: readonly number[][]): string =>
  [0.5, 0.99].map((share) => ofTurns(turns, share).toFixed(2)).join(" and ");

/** A program, the end of the pipe that is its input, and what was written there. */
interface Fed extends RunningProgram {
  readonly input: number;
  written: string;
}

/** A hundred programs, as they are told apart in what is printed. */
interface Programs {
  readonly what: string;
  /** How long each naps and polls. */
  readonly msOf: (i: number) => number;
  /** Bytes of memory that each piece of input takes. */
  readonly block: number;
}

/** Starts a program that naps and polls for so many ms. */
async function start(ms: number, block: number): Promise<Fed> {
  const [r, input] = os.pipe();
  const args = [ms, ms, block].map(String);
  const program = await startProgram("doze", { args, fds: [[0, r]] });
  return { ...program, input, written: "" };
}

/** Runs `body` beside the programs, which get input meanwhile. Every one must print all of its input. */
async function besidePrograms(
  { msOf, block }: Programs,
  body: () => Promise<number[]>,
): Promise<number[]> {
  const programs = await Promise.all(
    Array.from({ length: PROGRAMS }, (_, i) => start(msOf(i), block)),
  );
  let turn = 0;
  const feed = setInterval(() => {
    const program = programs[turn % PROGRAMS] as Fed;
    const piece = `${turn++}\n`;
    program.written += piece;
    os.write(program.input, piece);
  }, FEED_MS);
  // What is measured are programs that sleep and poll, not their start, and not what waited for the collection.
  assert.ok(await eventually(() => turn >= PROGRAMS), "every program has had input");
  await collected();
  assert.ok(await eventually(() => turn >= SETTLING), "programs have had input since");
  const late = await body();
  clearInterval(feed);
  for (const { input } of programs) os.close(input);
  for (const { ended, written } of programs) {
    assert.equal(await ended, { code: 0, output: `${written}end, 0 naps too short\n` });
  }
  return late;
}

/** How many times later the interval is beside programs than alone, by turns; undefined on a busy machine. */
async function ratioOf(programs: Programs): Promise<number | undefined> {
  const alone: number[][] = [];
  const beside: number[][] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    // A collection that is due would be charged to what is measured next, and the memory of each program that has ended
    // takes gigabytes of the addresses that a page has.
    await collected();
    alone.push(await lateness());
    beside.push(await besidePrograms(programs, lateness));
  }
  const ratio = ofTurns(beside, 0.99) / ofTurns(alone, 0.99);
  console.log(
    `${host.name}${IS_VIRTUAL ? ", virtual time" : ""}: an interval of ${PERIOD_MS} ms is late by ${shown(alone)} ms (p50 and p99) alone, ` +
      `${shown(beside)} ms beside ${PROGRAMS} programs ${programs.what}: p99 ${ratio.toFixed(2)} times`,
  );
  return ofTurns(alone, 0.99) > BUSY_MS ? undefined : ratio;
}

/** Compares the interval beside programs with the interval alone. */
async function compare(programs: Programs): Promise<void> {
  const ratio = await ratioOf(programs);
  // In virtual time the programs never rest, and the interval competes with them for the processor.
  if (IS_VIRTUAL) return;
  if (ratio === undefined) {
    console.log("the machine is too busy to compare: without programs, too, the interval is late");
    return;
  }
  const verdict = `${ratio <= TARGET ? "met" : "MISSED"}: at most ${TARGET} times`;
  console.log(programs.block < PAGE ? verdict : "no target: the memory of each program grows");
  assert.ok(ratio <= MOST, `${ratio} times later, more than ${MOST}`);
}

const ofTheirOwn = (i: number): number => 50 + i;

test(`an interval is on time beside ${PROGRAMS} programs that sleep and poll at once`, () =>
  compare({ what: "with times of their own", msOf: ofTheirOwn, block: BLOCK }));

test("and beside as many that wake up at one time", () =>
  compare({ what: "in step", msOf: () => 100, block: BLOCK }));

if (sim === undefined) {
  // V8 counts each growth towards its next collection of all garbage.
  test("and beside as many whose memory grows with each input", () =>
    compare({ what: "that grow", msOf: ofTheirOwn, block: PAGE }));
}

test.run();
