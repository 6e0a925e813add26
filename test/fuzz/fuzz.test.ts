// The simulated Linux against the real one, and kqueue over epoll against FreeBSD's in the simulation:
// programs that differed once, and random ones.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { suite, test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { Pair, pairFor, search } from "./host.ts";
import { type Flavor, FLAVORS } from "./programs.ts";
import { MUTANTS, plant } from "./mutants.ts";

const FIXED_SEED = 20_261_121;
const FIXED = 150;
const FRESH = 50;
const LENGTH = 40;
const MUTANT_PROGRAMS = 2000;

interface Context {
  pair: Pair;
}

const corpus = readFileSync(new URL("../../../test/fuzz/corpus.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

const flavorOf = (program: string): Flavor =>
  program.startsWith("kqueue q;") ? "kqueue" : "epoll";

for (const flavor of FLAVORS) {
  const programs = suite<Context>(`fuzz: ${flavor}`);
  programs.before((context) => {
    context.pair = pairFor(flavor);
  });
  programs.after(({ pair }) => pair.stop());

  for (const program of corpus.filter((line) => flavorOf(line) === flavor)) {
    programs(program, async ({ pair }) => {
      assert.is(await pair.difference(program.split("; ")), undefined);
    });
  }

  programs(`${FIXED} programs that are always the same`, async ({ pair }) => {
    const found = await search(pair, FIXED_SEED, FIXED, LENGTH, { flavor });
    assert.is(found.difference, undefined);
    assert.is(found.programs, FIXED);
  });

  const seed = Date.now() % 0x7fffffff;
  programs(`${FRESH} programs of seed ${seed}`, async ({ pair }) => {
    const found = await search(pair, seed, FRESH, LENGTH, { flavor });
    assert.is(found.difference, undefined);
    assert.is(found.programs, FRESH);
  });
  programs.run();
}

for (const mutant of MUTANTS) {
  test(`a planted bug is found: ${mutant.name}`, async () => {
    const pair = new Pair("linux", "sim:linux", plant(mutant));
    try {
      const { difference } = await search(pair, mutant.seed, MUTANT_PROGRAMS, 60, {
        shrinks: false,
      });
      assert.ok(difference, "not within 2000 programs");
    } finally {
      pair.stop();
    }
  });
}

const FUZZ = fileURLToPath(new URL("main.js", import.meta.url));

for (const [option, value] of [
  ["--seed", "0"],
  ["--programs", "many"],
  ["--flavor", "devpoll"],
  ["--hosts", "linux"],
  ["--hosts", "linux,solaris"],
] as const) {
  test(`npm run fuzz names the wrong option: ${option} ${value}`, () => {
    const { status, stderr, stdout } = spawnSync(process.execPath, [FUZZ, option, value], {
      encoding: "utf8",
    });
    assert.is(status, 2);
    assert.is(stdout, "");
    assert.match(stderr, new RegExp(`^error: option '${option} <.*>' argument '${value}' .*\n$`));
  });
}

test.run();
