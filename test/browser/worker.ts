// A worker that runs the test file it is told.

/** Imported when there is something to do: what comes while a module is awaited is lost. */
const suite = () => import("./suite.ts");

type Order = readonly [url: string, host: string];

globalThis.addEventListener("message", async ({ data: [url, host] }: MessageEvent<Order>) => {
  Object.assign(globalThis, { OMNIPOLL_HOST: host });
  const { runSuite } = await suite();
  globalThis.postMessage(await runSuite(url));
});
