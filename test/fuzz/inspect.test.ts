// inspect() changes nothing: random programs have the same outcomes on a host whether or not every object
// is inspected between every two steps.

import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { INSPECTING, Pair, search } from "./host.ts";
import type { Flavor } from "./programs.ts";

const SEED = 20_261_128;
const PROGRAMS = 60;
const LENGTH = 40;

const CASES: ReadonlyArray<readonly [host: string, flavor: Flavor]> = [
  ["linux", "epoll"],
  ["sim:linux", "epoll"],
  ["sim:bsd", "kqueue"],
  ["posix", "epoll"],
  ["sim:posix", "epoll"],
  ["sim:bsd", "epoll"],
  ["linux", "kqueue"],
  ["sim:linux", "kqueue"],
  ["posix", "kqueue"],
];

for (const [host, flavor] of CASES) {
  test(`${host}: ${PROGRAMS} programs with ${flavor}, inspected after every step`, async () => {
    const pair = new Pair(host, `${host}${INSPECTING}`);
    try {
      const { difference, programs } = await search(pair, SEED, PROGRAMS, LENGTH, { flavor });
      assert.is(difference, undefined);
      assert.is(programs, PROGRAMS);
    } finally {
      pair.stop();
    }
  });
}

test.run();
