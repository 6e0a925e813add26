// The worker of programs.ts. Workers have no import map, and so it imports the package by path.

import type * as package_ from "../../bindings/browser/sim.ts";
import type { SimModule } from "../../bindings/sim/sim.ts";
import type { WorkerRequest } from "./programs.ts";

const omnipoll: Promise<typeof package_> = import("../../bindings/browser/sim.ts");

/** Waits for `fd`, reads it, and waits once more until the timeout, on the clock of the machine. */
function wait(
  { select, os }: Pick<SimModule, "select"> & { os: { read: SimModule["os"]["read"] } },
  fd: number,
): unknown {
  const ep = select.epoll();
  ep.register(fd, select.EPOLLIN);
  const begun = performance.now();
  const events = ep.poll(20);
  const woken = performance.now();
  const text = new TextDecoder().decode(os.read(fd, 100));
  const nothing = select.select([fd], [], [], 0.1);
  return { events, waited: woken - begun, text, nothing, timeout: performance.now() - woken };
}

/** Makes a kernel, and a worker that acts on it while this worker waits. */
async function own(): Promise<unknown> {
  const { createSim } = await omnipoll;
  const sim = createSim({ clock: "real" });
  const [r, w] = sim.os.pipe();
  const other = new Worker(import.meta.url, { type: "module" });
  const ready = new Promise((resolve) =>
    other.addEventListener("message", resolve, { once: true }),
  );
  other.postMessage({ ticket: sim.invite(), fd: w, task: "write" } satisfies WorkerRequest);
  await ready;
  return wait(sim, r);
}

globalThis.addEventListener("message", async ({ data }: MessageEvent<WorkerRequest>) => {
  const { ticket, fd = -1, task } = data;
  const { joinSim } = await omnipoll;
  if (ticket === undefined) {
    globalThis.postMessage(await own());
    return;
  }
  const thread = joinSim(ticket);
  if (task === "write") globalThis.postMessage("ready");
  if (task === "wait") globalThis.postMessage(wait(thread, fd));
  else {
    thread.sleep(0.1);
    thread.os.write(fd, "hello");
  }
  thread.end();
});
