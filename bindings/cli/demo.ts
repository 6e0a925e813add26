// omnipoll demo: descriptors of every kind, waited for through every API, side by side.

import { Worker } from "node:worker_threads";
import { POLLIN } from "../constants.ts";
import { epoll, host, poll, select, type Waitable } from "../node.ts";
import { DEMO_SOURCES, type DemoSource, type Owed, type Stage } from "./demo-sources.ts";
import type { Order } from "./demo-worker.ts";
import { STATUS } from "./failure.ts";
import { type Api, namesOf, wordsOf } from "./masks.ts";
import { hasColour, print } from "./output.ts";
import { coloured, type Row, tableOf } from "./table.ts";

/** When things happen, in ms from the start of a wait. */
const DELAY = 50;
/** How long a wait for something that happens may take, in ms: slow machines are slow. */
const PATIENCE = 10_000;
/** How long to wait for what does not happen, in ms. */
const IDLE = 200;

/** Waits for input, at most `ms`, through each API; returns the mask, 0 on timeout. */
const WAITS: Record<Api, (waitable: Waitable, ms: number) => number> = {
  select: (waitable, ms) => (select([waitable], [], [], ms / 1000)[0].length > 0 ? POLLIN : 0),
  poll: (waitable, ms) => {
    const object = poll();
    object.register(waitable, POLLIN);
    return object.poll(ms)[0]?.[1] ?? 0;
  },
  epoll: (waitable, ms) => {
    using object = epoll();
    object.register(waitable, POLLIN);
    return object.poll(ms / 1000)[0]?.[1] ?? 0;
  },
};

/** What a wait came to. */
interface Outcome {
  readonly said: Owed;
  readonly ms: number;
  readonly right: boolean;
}

function waitOnce(api: Api, { waitable }: Stage, ms: number): Owed {
  try {
    return WAITS[api](waitable, ms);
  } catch (error) {
    return (error as Error).name;
  }
}

/** One wait, with its event on the way. */
async function play(source: DemoSource, api: Api, worker: Worker): Promise<Outcome> {
  const stage = await source.prepare();
  try {
    const early = source.always === true ? 0 : waitOnce(api, stage, 0);
    const { action } = stage;
    if (action !== undefined) worker.postMessage({ delay: DELAY, action } satisfies Order);
    const owed = source.owed(api);
    const start = performance.now();
    const said = waitOnce(api, stage, owed === 0 ? IDLE : PATIENCE);
    const ms = performance.now() - start;
    const right = said === owed && early === 0 && (owed !== 0 || ms >= IDLE);
    return { said: early === 0 ? said : early, ms, right };
  } finally {
    stage.close();
  }
}

/** Bits in the words of the API; select() has lists and no bits. */
function show(api: Api, said: Owed): string {
  if (typeof said === "string") return said;
  if (said === 0) return "nothing";
  return api === "select" ? wordsOf(said) : namesOf(api, said).join("|");
}

function rowOf(source: DemoSource, api: Api, { said, ms, right }: Outcome, inColour: boolean): Row {
  const verdict = right ? coloured("ok", "green", inColour) : coloured("WRONG", "red", inColour);
  const time = `${ms.toFixed(ms < 10 ? 1 : 0)} ms`.padStart(8);
  const isFirst = api === "select";
  return {
    cells: [
      isFirst ? source.name : "",
      api,
      show(api, said),
      time,
      show(api, source.owed(api)),
      verdict,
    ],
  };
}

/** A thread that does what it is told, and runs already. */
async function startWorker(): Promise<Worker> {
  const worker = new Worker(new URL("./demo-worker.js", import.meta.url));
  await new Promise((resolve, reject) => {
    worker.once("online", resolve);
    worker.once("error", reject);
  });
  return worker;
}

/** Runs the demo, and returns the exit status: 1 if anything was not what the kernel owes. */
export async function demo(): Promise<number> {
  const inColour = hasColour();
  const start = performance.now();
  const worker = await startWorker();
  const titles = ["waiting for", "with", "said", "  waited", "owed", ""];
  const rows: Row[] = [{ cells: titles.map((title) => coloured(title, "bold", inColour)) }];
  let wrong = 0;
  for (const source of DEMO_SOURCES) {
    for (const api of Object.keys(WAITS) as Api[]) {
      const outcome = await play(source, api, worker);
      if (!outcome.right) wrong++;
      rows.push(rowOf(source, api, outcome, inColour));
    }
  }
  await worker.terminate();
  print(tableOf(rows));
  const waits = rows.length - 1;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const verdict =
    wrong === 0
      ? `All ${waits} waits said what the kernel owes`
      : `${wrong} of ${waits} waits did not say what the kernel owes`;
  print(
    `\n${verdict} (host ${host.name}, ${seconds} s).\n` +
      `Each event was caused by another thread, ${DELAY} ms after it was asked to.\n`,
  );
  return wrong === 0 ? STATUS.DONE : STATUS.FAILED;
}
