// CPython's build for WASI waits with our poll_oneoff, in every sandbox.

import { CASES, runCase, verdictOf } from "../../../examples/python-wasi/cases.ts";
import { SANDBOXES } from "../../../examples/python-wasi/child.ts";
import { test } from "../../support/uvu.ts";
import * as assert from "uvu/assert";

const DEADLINE_MS = 300_000;
/** A sandbox's own poll_oneoff has this long to be right: ours is within two seconds. */
const STOCK_MS = 20_000;

for (const sandbox of SANDBOXES) {
  for (const one of CASES) {
    test(`${sandbox}: ${one.name}`, async () => {
      const ended = await runCase(one, sandbox, false, DEADLINE_MS);
      assert.is(verdictOf(one, ended), "passes", ended.stderr);
    });
  }
  test(`${sandbox}: its own poll_oneoff fails in each, so the programs can`, async () => {
    const verdicts: string[] = [];
    for (const one of CASES) {
      verdicts.push(verdictOf(one, await runCase(one, sandbox, true, STOCK_MS)));
    }
    assert.not.ok(verdicts.includes("passes"), verdicts.join("\n"));
  });
}

test.run();
