// The package in a program that Vite has built, in a real browser.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { test } from "../../support/uvu.ts";
import * as assert from "uvu/assert";
import { findChromium, launch } from "../../browser/chromium.ts";
import { type Opened, Site } from "../../browser/opened.ts";
import { importFrom } from "../../support/part.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  files: string[];
};

/** The part of Vite that builds: its types would need its installation. */
interface Vite {
  build(config: object): Promise<unknown>;
}

let browser: Browser;
test.before(async () => {
  const path = findChromium();
  assert.ok(path, "this part needs chromium: on Debian, apt-get install chromium");
  browser = await launch(path as string);
});
test.after(async () => browser?.close());

const ENTRY = `
  import { createSim } from "omnipoll/sim";
  const sim = createSim({ clock: "real" });
  const [r, w] = sim.os.pipe();
  const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => {
    if (data !== "ready") return document.body.append(JSON.stringify(data));
    worker.postMessage({ ticket: sim.invite(), fd: r });
    setTimeout(() => sim.os.write(w, "x"), 100);
  };`;
const WORKER = `
  import { joinSim } from "omnipoll/sim";
  onmessage = ({ data: { ticket, fd } }) => {
    const { select, end } = joinSim(ticket);
    const ep = select.epoll();
    ep.register(fd, select.EPOLLIN);
    postMessage(ep.poll(5));
    end();
  };
  postMessage("ready");`;

/** A program that has installed the package from the registry, in a folder of its own. */
function programOf(entry: string): string {
  const folder = mkdtempSync(join(tmpdir(), "omnipoll-vite-"));
  const installed = join(folder, "node_modules/omnipoll");
  mkdirSync(installed, { recursive: true });
  for (const file of ["package.json", ...files]) {
    if (!file.endsWith(".node")) {
      cpSync(join(root, file), join(installed, file), { recursive: true });
    }
  }
  const icon = '<link rel="icon" href="data:,">';
  const page = `<!doctype html>${icon}<body><script type="module" src="./main.js"></script></body>`;
  writeFileSync(join(folder, "index.html"), page);
  writeFileSync(join(folder, "main.js"), entry);
  writeFileSync(join(folder, "worker.js"), WORKER);
  return folder;
}

/** Text of the page, once there is some. */
async function textIn({ page }: Opened): Promise<string | undefined> {
  await page.waitForFunction("document.body.textContent.trim() !== ''");
  return (await page.textContent("body"))?.trim();
}

/** Text that such a program shows, once Vite has built it. */
async function shownBy(entry: string, config: object = {}): Promise<string | undefined> {
  const { build } = await importFrom<Vite>("test/matrix/bundlers", "vite");
  const folder = programOf(entry);
  const site = await Site.open(browser, { folder: join(folder, "dist") });
  try {
    await build({ root: folder, configFile: false, logLevel: "warn", ...config });
    return await site.visit("/index.html", textIn);
  } finally {
    await site.close();
    rmSync(folder, { recursive: true });
  }
}

test("a program built by Vite works as it is", async () => {
  const entry = `
    import { epoll, EPOLLIN } from "omnipoll";
    import { eventfd } from "omnipoll/os";
    const fd = eventfd(1);
    const ep = epoll();
    ep.register(fd, EPOLLIN);
    document.body.append(JSON.stringify(ep.poll(1)));`;
  assert.is(await shownBy(entry), "[[3,1]]");
});

test("and one with a worker that waits while the page acts", async () => {
  assert.is(await shownBy(ENTRY, { worker: { format: "es" } }), "[[3,1]]");
});

test.run();
