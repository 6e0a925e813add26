// omnipoll demo: waits for descriptors of every kind through every API, side by side.

import { Worker } from "node:worker_threads";
import { KQ_FILTER_READ, POLLIN } from "../../constants.ts";
import {
  devpoll,
  epoll,
  type Event,
  host,
  kevent,
  type Kqueue,
  kqueue,
  poll,
  select,
  type Waitable,
} from "../../node/select.ts";
import { DEMO_SOURCES, type DemoSource, maskText, NOTHING } from "./sources.ts";
import type { QueueStage, Stage } from "./sources.ts";
import type { Order } from "./worker.ts";
import { isAbsence, STATUS } from "../failure.ts";
import { shortOf } from "../kevents.ts";
import type { Api } from "../masks.ts";
import { hasColour, print } from "../output.ts";
import { coloured, type Row, tableOf } from "../table.ts";

/** Time from the start of a wait to its event, in ms. */
const DELAY_MS = 50;
/** The longest wait for an event, in ms, on a slow machine. */
const LIMIT_MS = 10_000;
/** The length of a wait without an event, in ms. */
const IDLE_MS = 200;

/** Waits at most so many ms, and returns the event in words. */
type Watch = (ms: number) => string;

function maskWatch(api: Api, wait: (ms: number) => readonly Event[]): Watch {
  return (ms) => maskText(api, wait(ms)[0]?.[1] ?? 0);
}

/** Waits for input through each API but kqueue, which has other events as well. */
const WATCHES: Record<Exclude<Api, "kqueue">, (waitable: Waitable) => Watch> = {
  select: (waitable) => (ms) =>
    maskText("select", select([waitable], [], [], ms / 1000)[0].length > 0 ? POLLIN : 0),
  poll: (waitable) => {
    const object = poll();
    object.register(waitable, POLLIN);
    return maskWatch("poll", (ms) => object.poll(ms));
  },
  epoll: (waitable) => {
    const object = epoll(); // closed when it is collected
    object.register(waitable, POLLIN);
    return maskWatch("epoll", (ms) => object.poll(ms / 1000));
  },
  devpoll: (waitable) => {
    const object = devpoll();
    object.register(waitable, POLLIN);
    return maskWatch("devpoll", (ms) => object.poll(ms));
  },
};

function queueWatch(stage: Stage | QueueStage, queue: Kqueue): Watch {
  const change = "change" in stage ? stage.change : kevent(stage.waitable, KQ_FILTER_READ);
  queue.control([change], 0);
  return (ms) => {
    const events = queue.control(null, 2, ms / 1000);
    return events.length === 0 ? NOTHING : events.map(shortOf).join(", ");
  };
}

function watch(api: Api, stage: Stage | QueueStage, queue: Kqueue): Watch {
  if (api === "kqueue" || "change" in stage) return queueWatch(stage, queue);
  return WATCHES[api](stage.waitable);
}

/** The outcome of a wait. */
interface Outcome {
  readonly said: string;
  readonly ms: number;
  readonly right: boolean;
}

/** What is said of a source that the host lacks. */
const ABSENT = "not on this host";

/** Runs one wait, with an event from the worker. */
async function play(source: DemoSource, api: Api, worker: Worker): Promise<Outcome> {
  const owed = source.owed(api);
  const absent: Outcome = { said: ABSENT, ms: 0, right: true };
  if (source.isThere === false) return absent;
  using queue = kqueue();
  let stage: Stage | QueueStage;
  try {
    stage = await source.prepare(queue);
  } catch (error) {
    if (isAbsence(error)) return absent;
    throw error;
  }
  let start = performance.now();
  const outcome = (said: string): Outcome => {
    const ms = performance.now() - start;
    return { said, ms, right: said === owed && (owed !== NOTHING || ms >= IDLE_MS) };
  };
  try {
    const wait = watch(api, stage, queue);
    const { action } = stage;
    if (action !== undefined) {
      const early = wait(0);
      if (early !== NOTHING) return { ...outcome(early), right: false };
      worker.postMessage({ delay: DELAY_MS, action } satisfies Order);
      start = performance.now();
    }
    return outcome(wait(owed === NOTHING ? IDLE_MS : LIMIT_MS));
  } catch (error) {
    return isAbsence(error) ? absent : outcome((error as Error).name);
  } finally {
    stage.close();
  }
}

/** The table has an empty line above this source. */
const FIRST_KNOTE = DEMO_SOURCES.find(({ apis }) => apis.length === 1);

function rowOf(source: DemoSource, api: Api, { said, ms, right }: Outcome, inColour: boolean): Row {
  const name = api === source.apis[0] ? source.name : "";
  const rule = source === FIRST_KNOTE;
  if (said === ABSENT) return { cells: [name, api, said, "", "", ""], rule };
  const verdict = right ? coloured("ok", "green", inColour) : coloured("WRONG", "red", inColour);
  const time = `${ms.toFixed(ms < 10 ? 1 : 0)} ms`.padStart(8);
  return { cells: [name, api, said, time, source.owed(api), verdict], rule };
}

/** Starts the worker, and waits until it runs. */
async function startWorker(): Promise<Worker> {
  const worker = new Worker(new URL("./worker.js", import.meta.url));
  await new Promise((resolve, reject) => {
    worker.once("online", resolve);
    worker.once("error", reject);
  });
  return worker;
}

/** Runs the demo, and returns the exit status: 1 if an outcome was not what the kernel owes. */
export async function demo(): Promise<number> {
  const inColour = hasColour();
  const start = performance.now();
  const worker = await startWorker();
  const titles = ["waiting for", "with", "said", "  waited", "owed", ""];
  const rows: Row[] = [{ cells: titles.map((title) => coloured(title, "bold", inColour)) }];
  let wrong = 0;
  let waits = 0;
  for (const source of DEMO_SOURCES) {
    for (const api of source.apis) {
      const outcome = await play(source, api, worker);
      if (!outcome.right) wrong++;
      if (outcome.said !== ABSENT) waits++;
      rows.push(rowOf(source, api, outcome, inColour));
    }
  }
  await worker.terminate();
  print(tableOf(rows));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const verdict =
    wrong === 0
      ? `All ${waits} waits said what the kernel owes`
      : `${wrong} of ${waits} waits did not say what the kernel owes`;
  print(
    `\n${verdict} (host ${host.name}, ${seconds} s).\n` +
      `Another thread caused the events, some of them through a child process,\n` +
      `${DELAY_MS} ms after the start of each wait.\n`,
  );
  return wrong === 0 ? STATUS.DONE : STATUS.FAILED;
}
