// A worker that runs one test file. It sends the lines of the report, and then how the file ended.

/** Loads with the first message: a message that comes while the worker awaits a module is lost. */
const suite = () => import("./suite.ts");

type Order = readonly [url: string, host: string];

globalThis.addEventListener("message", async ({ data: [url, host] }: MessageEvent<Order>) => {
  Object.assign(globalThis, { OMNIPOLL_HOST: host });
  const { runSuite } = await suite();
  globalThis.postMessage(await runSuite(url, (line) => globalThis.postMessage(line)));
});
