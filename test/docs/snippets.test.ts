// Every program and command of the documentation runs, and prints the output that the page shows.

import * as assert from "uvu/assert";
import { test } from "../support/uvu.ts";
import { PAGES } from "./blocks.ts";
import { commandsOf, type Fence, fencesOf, isAsSaid, runCommands, runProgram } from "./snippets.ts";

const fences = PAGES.flatMap(fencesOf);
const LANES = 2;

/** Runs `body`, of all programs and commands at most LANES at once. */
const lanes = Array.from({ length: LANES }, () => Promise.resolve());
let turn = 0;
function queued<Result>(body: () => Promise<Result>): Promise<Result> {
  const lane = turn++ % LANES;
  const result = (lanes[lane] as Promise<void>).then(body);
  lanes[lane] = result.then(
    () => {},
    () => {},
  );
  return result;
}

const isProgram = ({ language, file, needs }: Fence): boolean =>
  (language === "js" || language === "ts") && file === undefined && needs === undefined;

for (const fence of fences.filter(isProgram)) {
  const printed = queued(() => runProgram(fence));
  test(`the program in line ${fence.line} of ${fence.page}`, async () => {
    const said = fence.output ?? "";
    if (!isAsSaid(await printed, said)) assert.is(await printed, said);
  });
}

for (const fence of fences.filter(({ language }) => language === "console")) {
  const commands = commandsOf(fence);
  if (commands.length === 0) continue;
  const printed = queued(() => runCommands(commands));
  test(`the commands in line ${fence.line} of ${fence.page}`, async () => {
    const outputs = await printed;
    for (const [i, { command, expected }] of commands.entries()) {
      const output = outputs[i] ?? "nothing was printed";
      if (!isAsSaid(output, expected)) assert.is(output, expected, command);
    }
  });
}

test("blocks are programs, commands, files of a program, or text", () => {
  const known = new Set(["js", "ts", "c", "rust", "go", "console", "text", "html", ""]);
  const unknown = fences.filter(({ language, file }) =>
    file === undefined ? !known.has(language) || language === "html" : false,
  );
  assert.equal(
    unknown.map(({ page, line }) => `${page}:${line}`),
    [],
  );
  // test/programs/embedding.test.ts builds and runs the files; pages.test.ts compares the blocks with them.
  const inC = fences.filter(({ language }) => language === "c").map(({ page }) => page);
  assert.equal(inC, ["ARCHITECTURE.md", "ARCHITECTURE.md"]);
  const others = fences.filter(({ language }) => language === "rust" || language === "go");
  assert.equal(
    others.map(({ page }) => page),
    ["docs/embedding.md", "docs/embedding.md"],
    "the page says of these that no test runs them",
  );
  const inFiles = new Set(fences.filter(({ file }) => file !== undefined).map(({ page }) => page));
  assert.equal([...inFiles], ["docs/browser.md"], "browser.test.ts runs these");
});

test("programs that this Node may not run belong to a part of the matrix", () => {
  const pages = fences.filter(({ needs }) => needs !== undefined);
  assert.equal(
    pages.map(({ page, needs }) => `${page} ${needs}`),
    ["docs/wasi-jspi.md jspi", "docs/wasi.md wasi", "docs/wasi.md wasi"],
    "test/matrix/wasi and test/matrix/jspi run them",
  );
});

test("the README has programs and commands", () => {
  const own = fences.filter(({ page }) => page === "README.md");
  assert.is(own.filter(isProgram).length, 2);
  assert.is(own.filter(({ language }) => language === "console").length, 2);
});

test.run();
