// The suite in a browser: each test file in a fresh page, or in a worker of one.

import type { Browser, Page } from "playwright-core";
import { launch } from "./chromium.ts";
import { serveTree, type TreeServer } from "./server.ts";

/** Where a test file runs in a browser, and on which simulation. */
export interface Place {
  readonly host: string;
  readonly isWorker: boolean;
}

/** A browser that runs test files. */
export class BrowserHosts {
  readonly #browser: Browser;
  readonly #server: TreeServer;
  /** Pages that run nothing now; each has a process of its own. */
  readonly #idle: Page[] = [];

  private constructor(browser: Browser, server: TreeServer) {
    this.#browser = browser;
    this.#server = server;
  }

  /** @param path of the browser */
  static async start(path: string): Promise<BrowserHosts> {
    return new BrowserHosts(await launch(path), await serveTree({ replaces: true }));
  }

  /** Runs a compiled test file of dist/test; resolves to what it printed, or why it did not. */
  async run(name: string, { host, isWorker }: Place, limitMs: number): Promise<string> {
    const page = this.#idle.pop() ?? (await (await this.#browser.newContext()).newPage());
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      void page.context().close();
    }, limitMs);
    try {
      // A new document, in which nothing is left of the file before.
      await page.goto(this.#server.origin);
      const asked = JSON.stringify([`/dist/test/${name}`, host, isWorker]);
      return await page.evaluate<string>(
        `import("/dist/test/browser/page.js").then(({ runFile }) => runFile(...${asked}))`,
      );
    } catch (error) {
      return `uncaught: ${(error as Error).message}`;
    } finally {
      clearTimeout(timer);
      if (!isOver) this.#idle.push(page);
    }
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }
}
