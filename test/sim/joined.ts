// A thread that joins a simulation.

import { Worker } from "node:worker_threads";
import type { Sim } from "../../bindings/sim/sim.ts";

const urlOf = (path: string): string => new URL(path, import.meta.url).href;

/** Runs `code` in a thread that joins `sim`; resolves to its result. */
export function joined(sim: Sim, code: string, data: unknown): Promise<unknown> {
  const source = `
    const { parentPort, workerData } = require("node:worker_threads");
    (async () => {
      const { coreModule } = await import(workerData.host);
      const { joinSimFrom } = await import(workerData.sim);
      const { select, os, sleep, end } = joinSimFrom(coreModule(), workerData.ticket);
      const { data } = workerData;
      try { parentPort.postMessage((() => { ${code} })()); } finally { end(); }
    })();`;
  const workerData = {
    host: urlOf("../../bindings/node/host.js"),
    sim: urlOf("../../bindings/sim/sim.js"),
    ticket: sim.invite(),
    data,
  };
  const worker = new Worker(source, { eval: true, workerData });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}
