// The part of node:worker_threads that tests use, in a browser: a program in a thread of its own.

import { Channel, ENDED } from "../../../host/sim/sharing/channel.ts";
import type { Ticket } from "../../../host/sim/sharing/thread.ts";
import { EventEmitter } from "./events.ts";

export const isMainThread = true;

const GLOBALS = new URL("browser-node-globals.js", import.meta.url).href;

const START = `
  const listeners = [];
  const parentPort = {
    postMessage: (message) => self.postMessage({ message }),
    on: (name, listener) => listeners.push(listener),
  };
  const fail = (error) => self.postMessage({ error: String(error) });
  self.addEventListener("unhandledrejection", (event) => fail(event.reason));
  self.addEventListener("error", (event) => fail(event.message));
  // Messages wait until the one before was taken; the first one is the program's workerData.
  let taken = import("${GLOBALS}");
  let isFirst = true;
  self.onmessage = ({ data }) => {
    const take = isFirst
      ? () => run(() => ({ parentPort, workerData: data }))
      : () => listeners.forEach((listener) => listener(data));
    isFirst = false;
    taken = taken.then(take);
  };
  function run(require) {
    PROGRAM
  }`;

const isPage = "document" in globalThis;

/** Refuses a thread for which the test would wait: the thread of a page cannot block. */
function refuse(ticket: Ticket | undefined): never {
  // The kernel waits for an invited thread until that has ended.
  if (ticket !== undefined) new Channel(ticket.channel).state = ENDED;
  throw new Error("a page's own thread cannot wait for another one");
}

export class Worker extends EventEmitter {
  readonly #worker: globalThis.Worker;

  /** @param program a script, which gets at workerData and parentPort by `require` */
  constructor(program: string, { workerData }: { workerData: { ticket?: Ticket } }) {
    super();
    if (isPage) refuse(workerData.ticket);
    const script = new Blob([START.replace("PROGRAM", () => program)], { type: "text/javascript" });
    this.#worker = new globalThis.Worker(URL.createObjectURL(script));
    this.#worker.addEventListener("message", ({ data }: MessageEvent) => {
      if ("error" in data) this.emit("error", new Error(data.error));
      else this.emit("message", data.message);
    });
    this.#worker.addEventListener("error", ({ message }) => this.emit("error", new Error(message)));
    this.#worker.postMessage(workerData);
  }

  postMessage(message: { ticket?: Ticket }): void {
    this.#worker.postMessage(message);
  }

  /** Browsers end the workers of a page with the page. */
  ref(): void {}

  unref(): void {}

  async terminate(): Promise<void> {
    this.#worker.terminate();
  }
}
