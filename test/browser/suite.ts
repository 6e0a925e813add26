// Runs one test file in a thread of a browser, and returns what it printed.

// The package is loaded first, into a thread that has nothing of Node.
import "../../bindings/browser/os.ts";
import { exit, print, printed } from "./node/globals.ts";

interface Queue {
  UVU_DEFER?: number;
  UVU_QUEUE?: unknown[][];
}

function fail(what: string): void {
  print(`\nuncaught: ${what}\n`);
}

/** @param url of the test file */
export async function runSuite(url: string): Promise<string> {
  for (const name of ["log", "warn", "error"] as const) {
    console[name] = (...given: readonly unknown[]) => print(`${given.join(" ")}\n`);
  }
  globalThis.addEventListener("error", ({ message }) => fail(message));
  globalThis.addEventListener("unhandledrejection", ({ reason }) => fail(String(reason)));
  // As uvu's own command line has it: tests are collected, and run when all are there.
  Object.assign(globalThis as Queue, { UVU_DEFER: 1, UVU_QUEUE: [[null]] });
  try {
    const { exec } = await import("uvu");
    await import(url);
    await exec();
    exit();
  } catch (error) {
    fail((error as Error).stack ?? String(error));
  }
  return printed();
}
