// Debian's chromium, driven by playwright-core, without a window.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Path of the browser: what CHROMIUM says, or the first one on PATH; undefined if there is none. */
export function findChromium(): string | undefined {
  const { CHROMIUM, PATH = "" } = process.env;
  if (CHROMIUM !== undefined && CHROMIUM !== "") return CHROMIUM;
  const paths = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return paths.find(isExecutable);
}

/** Starts the browser. */
export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    // Root has no sandbox; containers have little of /dev/shm.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--js-flags=--expose-gc"],
    // Sanitizers that are preloaded into the tests are none of the browser's.
    env: { ...process.env, LD_PRELOAD: "" },
  });
}
