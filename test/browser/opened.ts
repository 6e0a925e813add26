// A page of a real browser that loads files of a served tree.

import type { Browser, BrowserContext, Page } from "playwright-core";
import * as assert from "uvu/assert";
import { type ServeOptions, serveTree, type TreeServer } from "./server.ts";

/** A page, its messages, and its errors. */
export interface Opened {
  readonly page: Page;
  readonly printed: string[];
  readonly problems: string[];
}

/** A tree that is served, and its pages, which share what they have loaded. */
export class Site {
  readonly #context: BrowserContext;
  readonly #server: TreeServer;

  private constructor(context: BrowserContext, server: TreeServer) {
    this.#context = context;
    this.#server = server;
  }

  static async open(browser: Browser, options: ServeOptions): Promise<Site> {
    return new Site(await browser.newContext(), await serveTree(options));
  }

  /**
   * Opens the page at `path`, and closes it after `body`. A page that fails, or asks for a file that is
   * missing, fails the test.
   */
  async visit<Result>(path: string, body: (opened: Opened) => Promise<Result>): Promise<Result> {
    const page = await this.#context.newPage();
    const printed: string[] = [];
    const problems: string[] = [];
    page.on("console", (message) => {
      (message.type() === "log" ? printed : problems).push(message.text());
    });
    page.on("pageerror", (error) => problems.push(error.message));
    try {
      await page.goto(this.#server.origin + path);
      const result = await body({ page, printed, problems });
      assert.equal(problems, []);
      assert.equal(this.#server.missing, []);
      return result;
    } finally {
      await page.close();
    }
  }

  async close(): Promise<void> {
    await this.#context.close();
    this.#server.close();
  }
}
