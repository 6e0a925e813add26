// The worker of programs.ts. In workers there is no import map, so that the package is imported by path.

import type * as package_ from "../../bindings/browser/sim.ts";
import type { SimModule } from "../../bindings/sim/sim.ts";
import type { Question } from "./programs.ts";

const omnipoll: Promise<typeof package_> = import("../../bindings/browser/sim.ts");

/** Waits for `fd`, and then in vain, on the clock of the machine. */
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

/** A kernel here, and a worker that acts on it while this one waits. */
async function own(): Promise<unknown> {
  const { createSim } = await omnipoll;
  const sim = createSim({ clock: "real" });
  const [r, w] = sim.os.pipe();
  const other = new Worker(import.meta.url, { type: "module" });
  const ready = new Promise((resolve) =>
    other.addEventListener("message", resolve, { once: true }),
  );
  other.postMessage({ ticket: sim.invite(), fd: w, ask: "write" } satisfies Question);
  await ready;
  return wait(sim, r);
}

globalThis.addEventListener("message", async ({ data }: MessageEvent<Question>) => {
  const { ticket, fd = -1, ask } = data;
  const { joinSim } = await omnipoll;
  if (ticket === undefined) {
    globalThis.postMessage(await own());
    return;
  }
  const thread = joinSim(ticket);
  if (ask === "write") globalThis.postMessage("ready");
  if (ask === "wait") globalThis.postMessage(wait(thread, fd));
  else {
    thread.sleep(0.1);
    thread.os.write(fd, "hello");
  }
  thread.end();
});
