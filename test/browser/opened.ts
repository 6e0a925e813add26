// A page of a real browser that loads files of a served tree.

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
 * Opens the page at `path` of a served tree, and closes it after `body`. An error of the page fails the
 * test, and so does a request for a missing file.
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
