// `npm run wasi:matrix`: the cases of the probe in runtimes for WASI guests, as they come and with our calls. Prints
// the answers that are wrong, and writes docs/wasi-matrix.md.
//
//   --ours   runs only the runtimes with our calls, and writes nothing
//
// Exits with 1 if an answer of ours is wrong.

import { parseArgs } from "node:util";
import { BrowserHosts } from "../../browser/hosts.ts";
import { findChromium } from "../../browser/chromium.ts";
import { installPart } from "../../support/part.ts";
import { CASES, UNASKED } from "../../wasi/probe/grade.ts";
import { type Column, countsOf, writePage } from "./page.ts";
import { type Graded, runCases } from "./run.ts";
import { RUNTIMES } from "./runtimes.ts";

/** A right answer takes less than a second; more than that is for a busy machine. */
const STOCK_MS = 8000;
const OURS_MS = 60_000;
const BROWSER_MS = 600_000;
/** Runtimes that run at once. */
const JOBS = 2;
const IN_WORKER = "test/matrix/wasi/in-worker.js";

const { values } = parseArgs({ options: { ours: { type: "boolean", default: false } } });
installPart("wasi");

/** The shim in a worker of a page of Chromium. */
async function inWorker(): Promise<Column> {
  const name = "browser_wasi_shim + omnipoll, in a Chromium worker";
  const path = findChromium();
  if (path === undefined) throw new Error("probe: Chromium is missing: apt-get install chromium");
  const browser = await BrowserHosts.start(path, [IN_WORKER]);
  try {
    const place = { host: "sim:linux:real", isWorker: true };
    const { tests, broken } = await browser.run(IN_WORKER, place, BROWSER_MS);
    const graded = CASES.map(({ name: of, needs }): Graded => {
      if (needs !== undefined) return { name: of, why: UNASKED[2] as string };
      const found = tests.find((event) => event.name === of);
      if (found?.result === "passed") return { name: of };
      return { name: of, why: found?.message ?? `it did not run: ${broken}` };
    });
    return { name, isOurs: true, graded };
  } finally {
    await browser.close();
  }
}

const names = CASES.map(({ name }) => name);
const chosen = RUNTIMES.filter(({ isOurs }) => isOurs || !values.ours);
const byName = new Map<string, Column>();
const left = [...chosen];
async function work(): Promise<void> {
  for (let one = left.shift(); one !== undefined; one = left.shift()) {
    const { name, isOurs } = one;
    const graded = await runCases(name, names, isOurs ? OURS_MS : STOCK_MS);
    byName.set(name, { name, isOurs, graded });
  }
}
await Promise.all(Array.from({ length: JOBS }, work));
const columns = [...chosen.map(({ name }) => byName.get(name) as Column), await inWorker()];

for (const column of columns) {
  const { right, wrong, unasked } = countsOf(column);
  console.log(`\n${column.name}: ${right} right, ${wrong} wrong, ${unasked} not asked`);
  for (const { name, why } of column.graded) {
    if (why === undefined || UNASKED.includes(why)) continue;
    console.log(`  ${name}: ${why.split("\n", 1)[0]}`);
  }
}
const wrong = columns.filter(({ isOurs }) => isOurs).reduce((sum, c) => sum + countsOf(c).wrong, 0);
if (!values.ours) {
  writePage(columns);
  console.log("\ndocs/wasi-matrix.md is written");
}
process.exit(wrong === 0 ? 0 : 1);
