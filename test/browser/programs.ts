// Programs that a test runs in a page. They import the package as any program does, and return their
// findings.

import { createSim, joinSim, type Sim, type Ticket } from "omnipoll/sim";
import { inspectKernel } from "./inspect.ts";

/** A request to a worker of these programs. */
export interface Question {
  /** Of the kernel to use; without a ticket the worker makes a kernel of its own. */
  readonly ticket?: Ticket;
  /** The descriptor to wait for. */
  readonly fd?: number;
  readonly ask: "wait" | "write" | "own";
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The last line of an error. */
function refusal(body: () => unknown): string {
  try {
    return `nothing was thrown: ${JSON.stringify(body())}`;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** Sends a request to a worker of its own; resolves to the worker's findings. */
function ask(question: Question): Promise<unknown> {
  const url = new URL("programs-worker.js", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }) => resolve(data));
    worker.addEventListener("error", ({ message }) => reject(new Error(message)));
    worker.postMessage(question);
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
  const found = ask({ ticket: sim.invite(), fd: r, ask: "wait" });
  await blocked(sim);
  sim.os.write(w, "hello");
  return found;
}

/** A worker waits while another one acts; the page only answers. */
export async function workerActs(): Promise<unknown> {
  const sim = createSim({ clock: "real" });
  const [r, w] = sim.os.pipe();
  const found = ask({ ticket: sim.invite(), fd: r, ask: "wait" });
  await blocked(sim);
  await ask({ ticket: sim.invite(), fd: w, ask: "write" });
  return found;
}

/** A worker with a kernel of its own, which another worker uses, too. */
export const ownKernel = (): Promise<unknown> => ask({ ask: "own" });

/** The calls that need memory shared with workers. */
export function sharing(): Record<string, unknown> {
  const sim = createSim({ clock: "real" });
  const inviting = refusal(() => sim.invite());
  const joining = refusal(() => joinSim(sim.invite()));
  return { inviting, joining, isolated: crossOriginIsolated };
}

/** Kernels with something in them, as they are seen. */
export const looks = (): Record<string, unknown> => ({
  linux: inspectKernel(createSim({ personality: "linux" })),
  bsd: inspectKernel(createSim({ personality: "bsd" })),
});
