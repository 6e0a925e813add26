// The requests of the runner to a page: run a test file in the page itself, or in a worker of the page.

import type { Ended } from "./suite.ts";

/** Prefix of the lines of a report on the console, which the runner reads while the file runs. */
export const REPORT = "omnipoll-report ";

const { debug } = console;
const report = (line: string): void => debug(REPORT + line);

/** Runs a test file on the simulation that `host` names. */
export async function runFile(url: string, host: string, isWorker: boolean): Promise<Ended> {
  if (!isWorker) {
    Object.assign(globalThis, { OMNIPOLL_HOST: host });
    return (await import("./suite.ts")).runSuite(url, report);
  }
  const worker = new Worker(new URL("browser-worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<string | Ended>) => {
      if (typeof data === "string") report(data);
      else resolve(data);
    });
    worker.addEventListener("error", ({ message }) => reject(new Error(message)));
    worker.postMessage([url, host]);
  });
}
