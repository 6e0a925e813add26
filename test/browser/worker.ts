// A worker that runs one test file. It sends the lines of the report, and then how the file ended.

/** Imported when there is something to do: a message that comes while a module is awaited is lost. */
const suite = () => import("./suite.ts");

type Order = readonly [url: string, host: string];

globalThis.addEventListener("message", async ({ data: [url, host] }: MessageEvent<Order>) => {
  Object.assign(globalThis, { OMNIPOLL_HOST: host });
  const { runSuite } = await suite();
  globalThis.postMessage(await runSuite(url, (line) => globalThis.postMessage(line)));
});
