// The cost of poll_oneoff for a guest: ours and those of the runtimes, with the same guest.

import { Worker } from "node:worker_threads";
import { EVENT_IN, POLL_RECORD_FD, POLL_RECORD_WANT } from "../asm/abi.ts";
import { close, pipe, read, write } from "../bindings/node/os.ts";
import { host } from "../bindings/node/select.ts";
import { threadsOf } from "./child.ts";
import { type Case, type Contestant, quantile, timed } from "./harness.ts";
import { BYTE } from "./pipes.ts";
import { type Loop, refusalOf, RUNTIMES, startLoop } from "./wasi-guest.ts";
import { END, TOLD, WRITE } from "./wasi-waker.ts";

/** A pipe with a byte, and the guest over its read end. */
class Guest {
  readonly #fds: [r: number, w: number] = pipe();
  loop: Loop | undefined;

  async start(name: string, subscribe: (loop: Loop) => void): Promise<string | undefined> {
    write(this.#fds[1], BYTE);
    this.loop = await startLoop(name, this.#fds[0]);
    subscribe(this.loop);
    return refusalOf(this.loop);
  }

  close(): void {
    for (const fd of this.#fds) close(fd);
  }
}

/** Calls that have an event to report at once. */
function readyContestant(name: string, subscribe: (loop: Loop) => void): Contestant {
  let guest: Guest | undefined;
  return {
    name,
    threads: threadsOf("self"),
    async prepare() {
      guest = new Guest();
      const reason = await guest.start(name, subscribe);
      if (reason !== undefined) guest.close();
      return reason;
    },
    run: timed((calls) => guest?.loop?.poll_times(calls)),
    finish: () => guest?.close(),
  };
}

function readyCase(setting: string, subscriptions: number, subscribe: (loop: Loop) => void): Case {
  return {
    group: "wasi-ready",
    call: "poll_oneoff",
    setting,
    parameters: { subscriptions },
    contestants: Object.keys(RUNTIMES).map((name) => readyContestant(name, subscribe)),
  };
}

/** Calls with which a wait begins. */
const WARM_CALLS = 20_000;

/** Waits for a pipe, and returns once it can be read. */
type Wait = () => void;

/** The host's own poll(2), without a guest. */
function hostPoll(fd: number): Wait {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const record = new DataView(memory.buffer);
  record.setInt32(POLL_RECORD_FD, fd, true);
  record.setUint16(POLL_RECORD_WANT, EVENT_IN, true);
  return () => void host.poll(memory, 0, 1, -1);
}

/** The time from a write in another thread to the end of the wait: the tenth percentile of the wake-ups of a turn. */
function wakeContestant(name: string, makeWait: (fd: number) => Wait | Promise<Wait>): Contestant {
  const words = new Int32Array(new SharedArrayBuffer(4));
  const time = new BigInt64Array(new SharedArrayBuffer(8));
  let fds: [r: number, w: number] | undefined;
  let wait: Wait | undefined;
  let worker: Worker | undefined;

  function tell(what: number): void {
    Atomics.store(words, TOLD, what);
    Atomics.notify(words, TOLD);
  }
  return {
    name,
    threads: threadsOf("self") + 1,
    async prepare() {
      fds = pipe();
      wait = await makeWait(fds[0]);
      // So few calls are measured that the compilers would not finish.
      write(fds[1], BYTE);
      for (let call = 0; call < WARM_CALLS; call++) wait();
      read(fds[0], 1);
      const workerData = { words, time, fd: fds[1] };
      worker = new Worker(new URL("./wasi-waker.js", import.meta.url), { workerData });
      await new Promise((resolve) => worker?.once("online", resolve));
      return undefined;
    },
    run(calls) {
      const latencies: number[] = [];
      for (let call = 0; call < calls; call++) {
        tell(WRITE);
        wait?.();
        latencies.push(Number(process.hrtime.bigint() - (time[0] as bigint)));
        read(fds?.[0] as number, 1);
      }
      // A mean would be that of the wake-ups during which another program ran.
      return calls * quantile(latencies, 0.1);
    },
    async finish() {
      tell(END);
      await new Promise((resolve) => worker?.once("exit", resolve));
      for (const fd of fds ?? []) close(fd);
    },
  };
}

async function guestWait(name: string, fd: number): Promise<Wait> {
  const loop = await startLoop(name, fd);
  loop.subscribe_read(1);
  return () => void loop.poll_times(1);
}

/** Subscribes so many times to reading. */
function reading(times: number): (loop: Loop) => void {
  return (loop) => void loop.subscribe_read(times);
}

/** poll_oneoff of guests. */
export function wasiCases(): Case[] {
  const many = 10_000;
  return [
    readyCase("1 subscription, ready", 1, reading(1)),
    readyCase("10 000 subscriptions to one ready descriptor", many, reading(many)),
    readyCase("a clock that is due", 1, (loop) => void loop.subscribe_clock(0n)),
    {
      group: "wasi-wake",
      call: "poll_oneoff",
      setting: "woken by a write on another CPU",
      parameters: {},
      contestants: [
        ...["omnipoll in node:wasi", "node:wasi"].map((name) =>
          wakeContestant(name, (fd) => guestWait(name, fd)),
        ),
        wakeContestant("the host's poll", hostPoll),
      ],
    },
  ];
}
