// The cases of the probe in browser_wasi_shim with our calls, in a worker of a page, on the simulated Linux
// with a real clock: the shim takes its clocks from the browser.

import { test } from "../../support/uvu.ts";
import * as assert from "uvu/assert";
import { CASES, grade } from "../../wasi/probe/grade.ts";
import { shimWithOurs } from "./shim.ts";

// A bundler cannot find what the package of wasi/ installs; the server of the tests can.
const URL = "/wasi/node_modules/@bjorn3/browser_wasi_shim/dist/index.js";
const runtime = shimWithOurs(() => import(URL));

for (const one of CASES) {
  if (one.needs !== undefined) continue;
  test(one.name, async () => {
    assert.is(await grade(one, runtime, { isExact: true }), undefined);
  });
}

test.run();
