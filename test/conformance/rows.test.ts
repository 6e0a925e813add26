// Every row of the catalogue has a test or a reason.

import { readdirSync, readFileSync } from "node:fs";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { DIFFERENCES, NOT_RUN, ROWS } from "./rows.ts";

/** The rows that lead the names of tests: `"SEL-15, XC-25: …"`. */
function tested(): Set<string> {
  const found = new Set<string>();
  const folder = new URL("..", import.meta.url);
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".test.js"),
  )) {
    const source = readFileSync(new URL(file, folder), "utf8");
    for (const [, ids] of source.matchAll(/["'`]((?:[A-Z]{2,3}-\d+(?:, )?)+): /g)) {
      for (const id of (ids as string).split(", ")) found.add(id);
    }
  }
  return found;
}

const run = tested();

for (const group of ["SEL", "POL", "EPO", "CON", "XC", "KQ", "DEV", "EMU"]) {
  const own = ROWS.filter((id) => id.startsWith(`${group}-`));

  test(`every row of ${group} has a test or a reason why not`, () => {
    const missing = own.filter((id) => !run.has(id) && !(id in NOT_RUN));
    assert.equal(missing, []);
  });

  test(`no row of ${group} has both`, () => {
    assert.equal(
      own.filter((id) => run.has(id) && id in NOT_RUN),
      [],
    );
  });
}

test("every row that differs has a test, and both tables name rows of the catalogue", () => {
  const known = new Set(ROWS);
  assert.equal(
    Object.keys(DIFFERENCES).filter((id) => !run.has(id)),
    [],
  );
  assert.equal(
    [...Object.keys(DIFFERENCES), ...Object.keys(NOT_RUN)].filter((id) => !known.has(id)),
    [],
  );
});

test("docs/conformance.md lists the rows that are not run or differ, with the same reasons", () => {
  const page = readFileSync(new URL("../../../docs/conformance.md", import.meta.url), "utf8");
  const listed: Record<string, string> = {};
  for (const [, id, is, because] of page.matchAll(
    /^\| ([A-Z]+-\d+) +\| (not run|differs) +\| (.*?) +\|$/gm,
  )) {
    listed[id as string] = `${is}: ${because}`;
  }
  const expected: Record<string, string> = {};
  for (const [id, reason] of Object.entries(NOT_RUN)) expected[id] = `not run: ${reason}`;
  for (const [id, reason] of Object.entries(DIFFERENCES)) expected[id] = `differs: ${reason}`;
  assert.equal(listed, expected);
});

test.run();
