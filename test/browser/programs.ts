// Programs that a test runs in a page. They import the package as any program does, and return their
// findings.

import { createSim, joinSim, type Sim, type Ticket } from "omnipoll/sim";
import { inspectKernel } from "./inspect.ts";

/** A request to a worker of these programs. */
export interface WorkerRequest {
  /** The ticket of the kernel to join; without a ticket the worker makes a kernel of its own. */
  readonly ticket?: Ticket;
  /** The descriptor to wait for, or to write to. */
  readonly fd?: number;
  readonly task: "wait" | "write" | "own";
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The error of a call in words, or its result. */
function refusal(body: () => unknown): string {
  try {
    return `nothing was thrown: ${JSON.stringify(body())}`;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** Sends a request to a worker of its own; resolves to the worker's findings. */
function request(given: WorkerRequest): Promise<unknown> {
  const url = new URL("programs-worker.js", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data));
    worker.addEventListener("error", ({ message }) => reject(new Error(message)));
    worker.postMessage(given);
  }).finally(() => worker.terminate());
}

/** Resolves 30 ms after a call of another thread has blocked. */
async function blocked(sim: Sim): Promise<void> {
  while (sim.inspect().blocked.length === 0) await pause(5);
  await pause(30);
}

/** The real clock on the thread of a page. */
export async function realClock(): Promise<Record<string, unknown>> {
  const sim = createSim({ clock: "real" });
  const { select, os } = sim;
  const [r, w] = os.pipe();
  const ep = select.epoll();
  ep.register(r, select.EPOLLIN);
  const begun = sim.now();
  const refused = refusal(() => ep.poll(0.5));
  const reading = refusal(() => os.read(r, 1));
  const advancing = refusal(() => sim.advance(0.1));
  const before = ep.poll(0);
  sim.at(begun + 0.05, () => os.write(w, "x"));
  const queue = select.kqueue();
  queue.control([select.kevent(1, select.KQ_FILTER_TIMER, select.KQ_EV_ADD, 0, 20)], 0);
  await pause(150);
  const ticks = queue.control(null, 1, 0)[0]?.data as number;
  return { refused, reading, advancing, before, after: ep.poll(0.5), ticks, passed: sim.now() };
}

/** A worker waits while the page acts on the same kernel. */
export async function pageActs(): Promise<unknown> {
  const sim = createSim({ clock: "real" });
  const [r, w] = sim.os.pipe();
  const found = request({ ticket: sim.invite(), fd: r, task: "wait" });
  await blocked(sim);
  sim.os.write(w, "hello");
  return found;
}

/** A worker waits while another worker acts; the page runs the calls of both. */
export async function workerActs(): Promise<unknown> {
  const sim = createSim({ clock: "real" });
  const [r, w] = sim.os.pipe();
  const found = request({ ticket: sim.invite(), fd: r, task: "wait" });
  await blocked(sim);
  await request({ ticket: sim.invite(), fd: w, task: "write" });
  return found;
}

/** A worker makes a kernel, and another worker joins it. */
export const ownKernel = (): Promise<unknown> => request({ task: "own" });

/** The calls that need memory that workers share. */
export function sharing(): Record<string, unknown> {
  const sim = createSim({ clock: "real" });
  const inviting = refusal(() => sim.invite());
  const joining = refusal(() => joinSim(sim.invite()));
  return { inviting, joining, isolated: crossOriginIsolated };
}

/** Views of a Linux and of a BSD kernel. */
export const kernelViews = (): Record<string, unknown> => ({
  linux: inspectKernel(createSim({ personality: "linux" })),
  bsd: inspectKernel(createSim({ personality: "bsd" })),
});
