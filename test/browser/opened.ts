// A page of a real browser, which loads files of a tree that is served to it.

import type { Browser, Page } from "playwright-core";
import * as assert from "uvu/assert";
import { type ServeOptions, serveTree } from "./server.ts";

/** A page, its messages, and its errors. */
export interface Opened {
  readonly page: Page;
  readonly printed: string[];
  readonly problems: string[];
}

/**
 * Opens the page at `path` of a tree that is served, and closes it after `body`. A page that fails,
 * or asks for a file that is missing, fails the test.
 */
export async function openPage<Result>(
  browser: Browser,
  body: (opened: Opened) => Promise<Result>,
  options: ServeOptions,
  path: string,
): Promise<Result> {
  const server = await serveTree(options);
  const page = await browser.newPage();
  const printed: string[] = [];
  const problems: string[] = [];
  page.on("console", (message) => {
    (message.type() === "log" ? printed : problems).push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  try {
    await page.goto(server.origin + path);
    const result = await body({ page, printed, problems });
    assert.equal(problems, []);
    assert.equal(server.missing, []);
    return result;
  } finally {
    await page.close();
    server.close();
  }
}
