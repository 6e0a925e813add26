// A worker that runs the test file it is told.

/** Imported when there is something to do: what comes while a module is awaited is lost. */
const suite = () => import("./suite.ts");

globalThis.addEventListener("message", async ({ data }: MessageEvent<string>) => {
  const { runSuite } = await suite();
  globalThis.postMessage(await runSuite(data));
});
