// The package in a real browser, without a bundler: on both clocks, alone and with workers.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { test } from "../support/uvu.ts";
import * as assert from "uvu/assert";
import { createSim } from "../../bindings/node/sim.ts";
import { findChromium, launch } from "./chromium.ts";
import { inspectKernel } from "./inspect.ts";
import { type Opened, Site } from "./opened.ts";
import { exampleOf } from "../support/spawned.ts";
import { DEADLINE_MS } from "../support/world.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const chromium = findChromium();
if (chromium === undefined) process.stdout.write("skip: no chromium\n");
const inBrowser = chromium === undefined ? test.skip : test;

const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, { readonly browser?: string }>;
};

/** The import map of a page without a bundler: the entries of the package for browsers. */
const imports = Object.fromEntries(
  Object.entries(exports).flatMap(([name, { browser }]) =>
    browser === undefined ? [] : [[`omnipoll${name.slice(1)}`, browser.slice(1)]],
  ),
);
const PAGE = `<!doctype html><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports })}</script>`;

let browser: Browser;
/** The package without a bundler, isolated from other origins and not. */
const sites = new Map<boolean, Promise<Site>>();
test.before(async () => {
  if (chromium !== undefined) browser = await launch(chromium);
});
test.after(async () => {
  await Promise.all([...sites.values()].map(async (site) => (await site).close()));
  await browser?.close();
});

/** Opens a page that finds the package without a bundler. */
async function withPage<Result>(
  body: (opened: Opened) => Promise<Result>,
  isIsolated = true,
): Promise<Result> {
  const options = { extra: new Map([["/page.html", PAGE]]), isIsolated };
  const site = sites.get(isIsolated) ?? Site.open(browser, options);
  sites.set(isIsolated, site);
  return (await site).visit("/page.html", body);
}

/** Result of a function of browser/programs.ts, in a page. */
function resultOf(program: string, isIsolated?: boolean): Promise<any> {
  const code = `import("/dist/test/browser/programs.js").then((programs) => programs.${program}())`;
  return withPage(({ page }) => page.evaluate(code), isIsolated);
}

const NAMES = Object.keys(imports);

inBrowser("a page without a bundler has every name that Node has", async () => {
  const found = await withPage(({ page }) =>
    page.evaluate<string[][]>(`Promise.all(${JSON.stringify(NAMES)}.map(async (name) =>
      Object.keys(await import(name)).sort()))`),
  );
  const inNode = NAMES.map(async (name) => Object.keys((await import(name)) as object).sort());
  assert.equal(found, await Promise.all(inNode));
});

inBrowser("a page is bound to a simulated Linux, in virtual time", async () => {
  const found = await withPage(({ page }) =>
    page.evaluate(`(async () => {
      const { epoll, EPOLLIN, host } = await import("omnipoll");
      const os = await import("omnipoll/os");
      const { currentSim } = await import("omnipoll/sim");
      const [r, w] = os.pipe();
      const ep = epoll();
      ep.register(r, EPOLLIN);
      currentSim().at(3600, () => os.write(w, "héllo"));
      const events = ep.poll();
      const bytes = os.read(r, 100);
      return [host.name, events, bytes.constructor.name, new TextDecoder().decode(bytes),
        currentSim().now(), typeof Buffer, typeof process];
    })()`),
  );
  const none = "undefined";
  assert.equal(found, ["sim:linux", [[3, 1]], "Uint8Array", "héllo", 3600, none, none]);
});

/** Name of the host that a page is bound to, or why the page has no host. */
function nameOn(wanted: string): Promise<string> {
  return withPage(({ page }) =>
    page.evaluate<string>(`(async () => {
      globalThis.OMNIPOLL_HOST = ${JSON.stringify(wanted)};
      try {
        return (await import("omnipoll")).host.name;
      } catch (error) {
        return error.message;
      }
    })()`),
  );
}

inBrowser(
  "OMNIPOLL_HOST binds a page to another simulated kernel, and other values are refused",
  async () => {
    assert.is(await nameOn("sim:bsd"), "sim:bsd");
    const refused = /^omnipoll: OMNIPOLL_HOST must be one of sim:linux, .*, got "linux"$/;
    assert.match(await nameOn("linux"), refused);
  },
);

const BLOCKS = /^CannotBlockError: .* would have to block, .*timeout of 0.*worker.*virtual clock/;

inBrowser("the real clock: a page polls, and never blocks", async () => {
  const found = await resultOf("realClock");
  assert.match(found.refused, BLOCKS);
  assert.match(found.refused, "epoll_wait on descriptor");
  assert.match(found.reading, BLOCKS);
  assert.match(found.advancing, BLOCKS);
  assert.equal([found.before, found.after], [[], [[3, 1]]]);
  assert.ok(found.passed >= 0.15, `${found.passed}`);
  assert.ok(found.ticks >= 5 && found.ticks <= found.passed / 0.02, `${found.ticks}`);
});

/** Checks the findings of a worker that waited `least` ms for "hello", and then 100 ms in vain. */
function checkWait({ events, waited, text, nothing, timeout }: any, least: number): void {
  assert.equal(events, [[3, 1]]);
  assert.is(text, "hello");
  assert.equal(nothing, [[], [], []]);
  assert.ok(waited >= least && waited < DEADLINE_MS, `${waited}`);
  assert.ok(timeout >= 100 && timeout < DEADLINE_MS, `${timeout}`);
}

inBrowser("the real clock: a worker blocks while the page acts on the same kernel", async () => {
  checkWait(await resultOf("pageActs"), 20);
});

inBrowser("the real clock: a worker blocks while another worker acts", async () => {
  checkWait(await resultOf("workerActs"), 20);
  // The other worker may write before this one waits.
  checkWait(await resultOf("ownKernel"), 0);
});

inBrowser("joining, and sharing without isolation, are errors that name the reason", async () => {
  const isolated = await resultOf("sharing");
  assert.match(isolated.inviting, /^nothing was thrown/);
  assert.match(isolated.joining, BLOCKS);
  const found = await resultOf("sharing", false);
  assert.is(found.isolated, false);
  assert.match(
    found.inviting,
    /^Error: .*Cross-Origin-Opener-Policy.*Cross-Origin-Embedder-Policy/,
  );
});

inBrowser("the stories print the same lines in a page as in Node", async () => {
  const { stdout } = spawnSync(process.execPath, [exampleOf("stories")], { encoding: "utf8" });
  const lines = await withPage(async ({ page, printed }) => {
    await page.evaluate(`import("/dist/examples/stories.js")`);
    return printed;
  });
  assert.equal(lines, stdout.trimEnd().split("\n"));
  assert.ok(lines.length > 30);
});

inBrowser("inspect() of a kernel is the same in a page as in Node", async () => {
  const { bsd, linux } = await resultOf("kernelViews");
  const [inNode, bsdInNode] = (["linux", "bsd"] as const).map((personality) =>
    inspectKernel(createSim({ personality })),
  );
  assert.equal(linux, inNode);
  assert.equal(bsd, bsdInNode);
  assert.is(inNode?.files.length, 4);
});

test.run();
