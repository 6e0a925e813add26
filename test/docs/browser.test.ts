// The programs of docs/browser.md in Chromium: the page without a bundler, and the page with a worker. The
// part "bundlers" of the matrix builds such programs with Vite.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import * as assert from "uvu/assert";
import { findChromium, launch } from "../browser/chromium.ts";
import { serveTree } from "../browser/server.ts";
import { test } from "../support/uvu.ts";
import { fencesOf } from "./snippets.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const files = fencesOf("docs/browser.md").filter(({ file }) => file !== undefined);
const chromium = findChromium();
if (chromium === undefined) process.stdout.write("skip: no chromium\n");
const inBrowser = chromium === undefined ? test.skip : test;
/** The replacement of an import: the path of the entry for browsers. */
const BUNDLED = '$1/node_modules/omnipoll/dist/bindings/browser/sim.js"';
const HEAD = '<!doctype html><link rel="icon" href="data:,"><body>';

let browser: Browser;
test.before(async () => {
  if (chromium !== undefined) browser = await launch(chromium);
});
test.after(async () => browser?.close());

/** Calls `body` with a folder that has installed the package and has the files of the page. */
async function withProgram<Result>(body: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-docs-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules/omnipoll"));
    for (const { file, code } of files) {
      writeFileSync(join(folder, file as string), file === "index.html" ? HEAD + code : code);
    }
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The text of a page once it shows something. */
async function shownIn(folder: string): Promise<string | undefined> {
  const server = await serveTree({ folder });
  const page = await browser.newPage();
  try {
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(`${server.origin}/index.html`);
    const done = page.waitForFunction("/\\]\\]/.test(document.body.lastChild?.textContent)");
    await done.catch((error: unknown) => assert.equal(problems, [], String(error)));
    assert.equal([problems, server.missing], [[], []]);
    return (await page.evaluate<string>("document.body.lastChild.textContent")).trim();
  } finally {
    await page.close();
    server.close();
  }
}

test("the page has the files that are tested here", () => {
  assert.equal(
    files.map(({ file }) => file),
    ["index.html", "main.js", "worker.js"],
  );
});

inBrowser("the page without a bundler shows its events", async () => {
  assert.is(await withProgram(shownIn), "[[3,1]]");
});

inBrowser("the page with a worker shows the worker's events", async () => {
  const shown = await withProgram(async (folder) => {
    // A worker has no import map: as a bundler does, this says where the entries are.
    for (const file of ["main.js", "worker.js"]) {
      const path = join(folder, file);
      const bundled = readFileSync(path, "utf8").replaceAll(/(from ")omnipoll\/sim"/g, BUNDLED);
      writeFileSync(path, bundled);
    }
    const page = `${HEAD}<script type="module" src="./main.js"></script>`;
    writeFileSync(join(folder, "index.html"), page);
    return shownIn(folder);
  });
  assert.is(shown, "[[3,1]]");
});

test.run();
