// The simulated Linux against the real one: programs that differed once, and random ones.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Pair, search } from "./fuzz-host.ts";
import { MUTANTS, plant } from "./mutants.ts";

interface Context {
  pair: Pair;
}

const SIMULATIONS = suite<Context>("fuzz: the simulated Linux answers as the real one does");
const FIXED_SEED = 20_261_121;
const FIXED = 150;
const FRESH = 50;
const LENGTH = 40;
const MUTANT_SEED = 5;
const MUTANT_PROGRAMS = 2000;

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

for (const mutant of MUTANTS) {
  SIMULATIONS(`a planted bug is found: ${mutant.name}`, async () => {
    const pair = new Pair("linux", "sim:linux", plant(mutant));
    try {
      const { difference } = await search(pair, MUTANT_SEED, MUTANT_PROGRAMS, 60, {
        shrinks: false,
      });
      assert.ok(difference, "not within 2000 programs");
    } finally {
      pair.stop();
    }
  });
}

SIMULATIONS.run();
