// The cases of the probe on this host, without a runtime. `npm run wasi:matrix` runs them in the runtimes.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { sim } from "../support/world.ts";
import { CASES, grade } from "./probe/grade.ts";
import { bare, oneoff } from "./probe/runtime.ts";

test("each case of the probe has a name of its own and a source", () => {
  assert.is(new Set(CASES.map(({ name }) => name)).size, CASES.length);
  assert.ok(CASES.every(({ source }) => source !== ""));
  assert.ok(CASES.length >= 75, `${CASES.length} cases`);
});

for (const runtime of [oneoff, bare]) {
  for (const one of CASES) {
    if (sim !== undefined && one.needs !== undefined) continue;
    test(`${runtime.name}: ${one.name}`, async () => {
      assert.is(await grade(one, runtime, { isExact: true }), undefined);
    });
  }
}

test.run();
