// Makes, uses and closes objects and descriptors for minutes, here and in threads that end. The
// number of open descriptors and the memory must be the same at the end as after the first
// rounds.

import { readdirSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { Command } from "commander";
import * as os from "../../bindings/node/os.ts";
import * as select from "../../bindings/node/select.ts";

const { minutes } = new Command("soak")
  .requiredOption("--minutes <n>", "how long", Number)
  .parse()
  .opts<{ minutes: number }>();
if (!(minutes > 0)) {
  console.error(`soak: --minutes must be a number above 0, got ${minutes}`);
  process.exit(2);
}

const { epoll, kevent, kqueue, poll } = select;

function check(is: boolean, what: string): void {
  if (!is) throw new Error(`soak: ${what}`);
}

/** Pipes, sockets and a counter: each is made ready, waited for through four APIs, and closed. */
function round(): void {
  const [r, w] = os.pipe();
  const [a, b] = os.socketpair();
  const counter = os.eventfd(1);
  const ready = [r, a, counter];
  os.write(w, "x");
  os.send(b, "y");

  const ep = epoll();
  const p = poll();
  const kq = kqueue();
  for (const fd of ready) {
    ep.register(fd, select.EPOLLIN);
    p.register(fd, select.POLLIN);
    kq.control([kevent(fd, select.KQ_FILTER_READ, select.KQ_EV_ADD)], 0);
  }
  kq.control([kevent(1, select.KQ_FILTER_TIMER, select.KQ_EV_ADD, select.KQ_NOTE_SECONDS, 60)], 0);
  check(ep.poll(60).length === ready.length, "epoll");
  check(p.poll(60_000).length === ready.length, "poll");
  check(kq.control(null, 10, 60).length === ready.length, "kqueue");
  check(select.select(ready, [], [], 60)[0].length === ready.length, "select");

  // Every second object is closed by its program, the others by the garbage collector.
  ep.close();
  if (Math.random() < 0.5) kq.close();
  for (const fd of [r, w, a, b, counter]) os.close(fd);
}

const WAITING = `
  const { workerData: [url, fd], parentPort } = require("node:worker_threads");
  import(url).then(({ epoll, kqueue, EPOLLIN }) => {
    const ep = epoll();
    const kq = kqueue();
    ep.register(fd, EPOLLIN);
    parentPort.postMessage("waits");
    const events = ep.poll(60);
    ep.close();
    kq.close();
    if (events.length !== 1) throw new Error("the thread saw no event");
  });`;

/** A thread that waits until this one writes, closes its objects and ends. */
async function threadRound(): Promise<void> {
  const [r, w] = os.pipe();
  const workerData = [new URL("../../bindings/node/select.js", import.meta.url).href, r];
  const worker = new Worker(WAITING, { eval: true, workerData });
  const ended = new Promise((resolve, reject) => {
    worker.once("exit", resolve).once("error", reject);
  });
  worker.once("message", () => os.write(w, "x"));
  await ended;
  os.close(r);
  os.close(w);
}

const collect = (globalThis as { gc?: () => void }).gc;
check(collect !== undefined, "this needs node --expose-gc");

/** Descriptors and MB in use once the collector and the finalizers have run. */
async function state(): Promise<{ open: number; megabytes: number }> {
  for (let i = 0; i < 3; i++) {
    collect?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const open = readdirSync("/proc/self/fd").length;
  return { open, megabytes: process.memoryUsage.rss() / 1e6 };
}

const end = performance.now() + minutes * 60_000;
let rounds = 0;
let first: { open: number; megabytes: number } | undefined;
while (performance.now() < end) {
  for (let i = 0; i < 500; i++) round();
  await threadRound();
  rounds += 500;
  const now = await state();
  // A program keeps the heap and the caches of the first rounds.
  if (rounds === 5000) first = now;
  if (first === undefined) continue;
  check(now.open <= first.open + 50, `${first.open} descriptors grew to ${now.open}`);
  check(now.megabytes < first.megabytes * 1.5, `${first.megabytes} MB grew to ${now.megabytes}`);
  if (rounds % 20_000 === 0) {
    console.log(`${rounds} rounds: ${now.open} descriptors, ${now.megabytes.toFixed(0)} MB`);
  }
}
check(first !== undefined, `${rounds} rounds are too few to tell`);
console.log(`${rounds} rounds`);
