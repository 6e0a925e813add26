// Random calls of every function that a guest imports, with addresses and counts that no program would pass. The
// same fuzzer makes a million calls of each group in `npm run matrix -- fuzz-wasi`.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { fuzz, GROUPS, type Report } from "../fuzz/wasi/fuzz.ts";
import type { Group } from "../fuzz/wasi/group.ts";
import { WASI_MUTANTS } from "../fuzz/wasi/mutants.ts";
import { sim } from "../support/world.ts";

const SEED = 20_261;
const CALLS = 4000;
const MUTANT_CALLS = 20_000;

/** Functions that nothing is known to make succeed: those that are refused for descriptors of a guest. */
const REFUSED =
  /^fd_(?:advise|allocate|datasync|sync|fdstat_set_rights|filestat_set|pread|pwrite|readdir|seek|tell)|^path_(?!open|filestat_get)/;

/** Every function has been called, and has succeeded if it can. */
function assertReached({ outcomes, grown, hadHigh }: Report): void {
  for (const [name, [succeeded, failed]] of Object.entries(outcomes)) {
    assert.ok(succeeded + failed > 0, `${name} was not called`);
    assert.is(succeeded > 0, !REFUSED.test(name), `${name} succeeded ${succeeded} times`);
  }
  assert.ok(grown > 0, "no memory has grown during a call");
  // A page may have no memory of more than 2 GiB.
  if (sim === undefined) assert.ok(hadHigh, "no memory was larger than 2 GiB");
}

for (const group of GROUPS) {
  test(`${CALLS} random calls of ${group.name} neither throw nor hang, and change no byte that is not theirs`, () => {
    const report = fuzz({ group, seed: SEED, calls: CALLS });
    assert.is(report.failure, undefined);
    assert.is(report.calls, CALLS);
    assertReached(report);
  });

  const seed = Date.now() % 0x7fffffff;
  test(`${CALLS} random calls of ${group.name} of seed ${seed}`, () => {
    assert.is(fuzz({ group, seed, calls: CALLS }).failure, undefined);
  });
}

for (const { name, group, plant, isFatal } of WASI_MUTANTS) {
  if (isFatal === true) continue;
  test(`a planted bug of ${group} is found: ${name}`, () => {
    const found = GROUPS.find((one) => one.name === group) as Group;
    const { failure } = fuzz({ group: found, seed: SEED, calls: MUTANT_CALLS, plant });
    assert.ok(failure, `not within ${MUTANT_CALLS} calls`);
  });
}

test.run();
