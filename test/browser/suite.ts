// Runs one test file in a thread of a browser.

// The package loads first, in a thread without the globals of Node.
import "../../bindings/browser/os.ts";
import { exit, print, printed } from "./node/globals.ts";
import { CHANNEL } from "../support/events.ts";

interface Queue {
  UVU_DEFER?: number;
  UVU_QUEUE?: unknown[][];
}

/** The outcome of a file, besides the events that it reported. */
export interface Ended {
  /** The text that the file printed. */
  readonly output: string;
  /** The first error that no test caught; empty if there was none. */
  readonly uncaught: string;
}

/**
 * Runs a test file.
 *
 * @param url of the test file
 * @param report takes each line of the file's report
 */
export async function runSuite(url: string, report: (line: string) => void): Promise<Ended> {
  let uncaught = "";
  const fail = (what: string): void => {
    uncaught ||= `uncaught: ${what}`;
    print(`\nuncaught: ${what}\n`);
  };
  for (const name of ["log", "warn", "error"] as const) {
    console[name] = (...given: readonly unknown[]) => print(`${given.join(" ")}\n`);
  }
  globalThis.addEventListener("error", ({ message }) => fail(message));
  globalThis.addEventListener("unhandledrejection", ({ reason }) => fail(String(reason)));
  Object.assign(globalThis, { [CHANNEL]: report });
  // As uvu's command line does: suites are collected, and run once the file has been loaded.
  Object.assign(globalThis as Queue, { UVU_DEFER: 1, UVU_QUEUE: [[null]] });
  try {
    const { exec } = await import("uvu");
    await import(url);
    await exec();
    exit();
  } catch (error) {
    fail((error as Error).stack ?? String(error));
  }
  return { output: printed(), uncaught };
}
