// The simulated Linux against the real one: programs that differed once, and random ones.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Pair, search } from "./fuzz-host.ts";

interface Context {
  pair: Pair;
}

const SIMULATIONS = suite<Context>("fuzz: the simulated Linux answers as the real one does");
const FIXED_SEED = 20_261_121;
const FIXED = 150;
const FRESH = 50;
const LENGTH = 40;

SIMULATIONS.before((context) => {
  context.pair = new Pair();
});
SIMULATIONS.after(({ pair }) => pair.stop());

const corpus = readFileSync(new URL("../../test/fuzz-corpus.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

for (const program of corpus) {
  SIMULATIONS(program, async ({ pair }) => {
    assert.is(await pair.difference(program.split("; ")), undefined);
  });
}

SIMULATIONS(`${FIXED} programs that are always the same`, async ({ pair }) => {
  const { programs, difference } = await search(pair, FIXED_SEED, FIXED, LENGTH);
  assert.is(difference, undefined);
  assert.is(programs, FIXED);
});

const seed = Date.now() % 0x7fffffff;
SIMULATIONS(`${FRESH} programs of seed ${seed}`, async ({ pair }) => {
  const { programs, difference } = await search(pair, seed, FRESH, LENGTH);
  assert.is(difference, undefined);
  assert.is(programs, FRESH);
});

SIMULATIONS.run();
