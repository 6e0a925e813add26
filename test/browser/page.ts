// What a page is asked to do: to run a test file itself, or in a worker.

/** Runs a test file on a simulation, OMNIPOLL_HOST; resolves to what it printed. */
export async function runFile(url: string, host: string, isWorker: boolean): Promise<string> {
  if (!isWorker) {
    Object.assign(globalThis, { OMNIPOLL_HOST: host });
    return (await import("./suite.ts")).runSuite(url);
  }
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data as string));
    worker.addEventListener("error", ({ message }) => reject(new Error(message)));
    worker.postMessage([url, host]);
  });
}
