// The suite in a browser: each test file in a fresh page, or in a worker of one.

import type { Browser, ConsoleMessage, Page } from "playwright-core";
import { type Outcome, outcomeOf } from "../runner/outcome.ts";
import { bundle, bundledPath } from "./bundle.ts";
import { launch } from "./chromium.ts";
import { REPORT } from "./page.ts";
import { serveTree, type TreeServer } from "./server.ts";
import type { Ended } from "./suite.ts";

/** The thread of a browser in which a test file runs, and its simulation. */
export interface Place {
  readonly host: string;
  readonly isWorker: boolean;
}

/** A browser that runs test files. */
export class BrowserHosts {
  readonly #browser: Browser;
  readonly #server: TreeServer;
  /** Pages without a running file; each has a process of its own. */
  readonly #idle: Page[] = [];

  private constructor(browser: Browser, server: TreeServer) {
    this.#browser = browser;
    this.#server = server;
  }

  /**
   * Starts a browser.
   *
   * @param path of the browser
   * @param files that will run: paths below dist/
   */
  static async start(path: string, files: readonly string[]): Promise<BrowserHosts> {
    const extra = await bundle(files);
    return new BrowserHosts(await launch(path), await serveTree({ extra }));
  }

  /** Runs a compiled test file, a path below dist/, for at most `limitMs`. */
  async run(file: string, { host, isWorker }: Place, limitMs: number): Promise<Outcome> {
    const begun = performance.now();
    const page = this.#idle.pop() ?? (await (await this.#browser.newContext()).newPage());
    const lines: string[] = [];
    const listen = (message: ConsoleMessage): void => {
      const text = message.text();
      if (text.startsWith(REPORT)) lines.push(text.slice(REPORT.length));
    };
    page.on("console", listen);
    const timer = setTimeout(() => void page.context().close(), limitMs);
    let ended: Ended;
    try {
      // A new document has no state of the file before.
      await page.goto(this.#server.origin);
      const given = JSON.stringify([bundledPath(file), host, isWorker]);
      ended = await page.evaluate<Ended>(
        `import("${bundledPath("test/browser/page.js")}").then(({ runFile }) => runFile(...${given}))`,
      );
    } catch (error) {
      ended = { output: "", uncaught: `uncaught: ${(error as Error).message}` };
    } finally {
      clearTimeout(timer);
      page.off("console", listen);
      if (!page.isClosed()) this.#idle.push(page);
    }
    const seconds = (performance.now() - begun) / 1000;
    const outcome = outcomeOf(lines, { ending: ended.uncaught, output: ended.output, seconds });
    // A page has no measure of the processor time of its process.
    return { ...outcome, cpuSeconds: 0 };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }
}
