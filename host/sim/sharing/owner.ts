// The thread that has the simulated kernel, and answers the calls of others.

import type { CallName } from "../../calls.ts";
import { canBlock, newBell } from "../time/blocking.ts";
import { CannotBlockError } from "../time/deadlock.ts";
import { PENDING } from "../kernel/constants.ts";
import { createSimHost, type SimHost } from "../waist/host.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Sleeper, type Sleeping } from "../kernel/sleep.ts";
import { createSimOs, type SimOs } from "../os/os.ts";
import { RealClock } from "../time/real-clock.ts";
import {
  CALL_CAPABILITIES,
  CALL_NOW,
  CALL_REALTIME,
  CALL_SLEEP,
  FIRST_OS_CALL,
  HOST_NAMES,
  MOST_NUMBERS,
  OS_CALLS,
  STRETCHES,
} from "./calls.ts";
import { ASKED, Channel, ENDED, IDLE } from "./channel.ts";
import type { Ticket } from "./thread.ts";

/** How long a thread may compute before the simulation gives up on it, in ms of real time. */
const PATIENCE_MS = 20_000;
/** Where the stretches of a call are in the memory that stands for the caller's. */
const STAGE_PAGES = 65;

/** How long this thread does nothing, in ms of real time, before time passes without it. */
const QUIET_MS = 30;
/** How often calls are looked for where Atomics.waitAsync is missing, as in older browsers. */
const LOOK_MS = 2;

type AnyCall = (...given: unknown[]) => number;

/** Time that passes for one thread. */
function* nap(ms: number, kernel: Kernel): Sleeping {
  const deadline = kernel.clock.now() + ms;
  yield { sleeper: new Sleeper(0, () => `a thread's sleep of ${ms} ms`), deadline };
  return 0;
}

/** One thread that has joined. */
class Guest {
  readonly channel = new Channel();
  readonly #kernel: Kernel;
  readonly #host: SimHost;
  readonly #os: SimOs;
  readonly #stage = new WebAssembly.Memory({ initial: STAGE_PAGES });
  /** Whether a call of it sleeps: it does nothing until that ends. */
  isAsleep = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#host = createSimHost(kernel);
    this.#os = createSimOs(this.#host);
  }

  /** Makes the call that was asked for, and answers it now or when it has slept. */
  answer(): void {
    const { channel } = this;
    const { call } = channel;
    this.isAsleep = true;
    const reply = (result: number): void => {
      this.isAsleep = false;
      channel.result = result;
      channel.state = IDLE;
    };
    if (call === CALL_NOW || call === CALL_REALTIME) {
      channel.time = call === CALL_NOW ? this.#host.now() : this.#host.realtime();
      reply(0);
    } else if (call === CALL_CAPABILITIES) {
      reply(this.#host.capabilities());
    } else if (call === CALL_SLEEP) {
      this.#kernel.start(nap(channel.number(0), this.#kernel), reply);
    } else if (call >= FIRST_OS_CALL) {
      this.#answerOs(call - FIRST_OS_CALL, reply);
    } else {
      this.#answerHost(call, reply);
    }
  }

  #answerHost(call: number, reply: (result: number) => void): void {
    const name = HOST_NAMES[call] as CallName;
    const stretches = STRETCHES.get(name) ?? [];
    const regions = this.channel.regions();
    const make = this.#host[name] as AnyCall;
    const numbers = Array.from({ length: MOST_NUMBERS }, (_, i) => this.channel.number(i));
    const bytes = new Uint8Array(this.#stage.buffer);
    const places: number[] = [];
    let at = 0;
    for (const [i, region] of regions.entries()) {
      bytes.set(region, at);
      places.push(at);
      numbers[stretches[i]?.address as number] = at;
      at += (region.length + 7) & ~7;
    }
    const finish = (result: number): void => {
      for (const [i, region] of regions.entries()) {
        const start = places[i] as number;
        region.set(bytes.subarray(start, start + region.length));
      }
      reply(result);
    };
    const given = stretches.length === 0 ? numbers : [this.#stage, ...numbers];
    this.#make(() => make.apply(this.#host, given), finish);
  }

  #answerOs(index: number, reply: (result: number) => void): void {
    const name = OS_CALLS[index] as (typeof OS_CALLS)[number];
    const given = this.#argumentsOf(name);
    this.#make(() => (this.#os[name] as AnyCall)(...given), reply);
  }

  #argumentsOf(name: (typeof OS_CALLS)[number]): unknown[] {
    const given: unknown[] = [];
    const regions = this.channel.regions();
    let number = 0;
    let region = 0;
    for (const kind of ARGUMENTS[name]) {
      if (kind === "n") given.push(this.channel.number(number++));
      else {
        const bytes = regions[region++] as Uint8Array;
        given.push(
          kind === "i" ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4) : bytes,
        );
      }
    }
    return given;
  }

  #make(body: () => number, finish: (result: number) => void): void {
    const result = this.#kernel.callOfThread(body, finish);
    if (result !== PENDING) finish(result);
  }
}

/** Arguments of the calls of OsHost: a number, bytes, or words of 32 bits. */
const ARGUMENTS: Record<(typeof OS_CALLS)[number], string> = {
  close: "n",
  pipe2: "in",
  read: "nbn",
  write: "nb",
  dup: "n",
  get_blocking: "n",
  set_blocking: "nn",
  get_inheritable: "n",
  set_inheritable: "nn",
  mkfifo: "bn",
  eventfd: "nn",
  kill: "nn",
  pidfd_open: "nn",
  socketpair: "innn",
  socket: "nnn",
  bind: "nnbn",
  connect: "nnbn",
  listen: "nn",
  accept: "nbi",
  getsockname: "nbi",
  getpeername: "nbi",
  shutdown: "nn",
  send: "nbn",
  recv: "nbnn",
  getsockopt: "nnni",
  setsockopt: "nnnb",
};

/** Lets other threads use a kernel. */
export class KernelOwner {
  readonly #kernel: Kernel;
  readonly #name: string;
  readonly #bell: Int32Array;
  /** The kernel's clock, if it is a real one: then nobody waits until a thread has come to rest. */
  readonly #clock: RealClock | undefined;
  readonly #guests = new Set<Guest>();
  readonly #canBlock = canBlock();
  #listens = false;
  /** Whether this thread has had nothing to do for a while: it is not about to wait or act. */
  #isIdle = false;
  /** How often the bell had rung when it was last looked at. */
  #heard = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#name = `sim:${kernel.personality}`;
    const clock = kernel.clock instanceof RealClock ? kernel.clock : undefined;
    this.#clock = clock;
    this.#bell = clock?.bell ?? newBell();
    if (clock !== undefined) clock.hasOtherThreads = () => this.#guests.size > 0;
    kernel.serve = () => {
      this.#isIdle = false;
      if (clock === undefined) this.#serveAll();
      else this.#serveNow(clock);
    };
  }

  /**
   * A ticket for one more thread. It counts as running from now on.
   *
   * @throws {Error} on a page that may not share memory with its workers
   */
  invite(): Ticket {
    if (typeof SharedArrayBuffer === "undefined") {
      throw new Error(
        "threads share a kernel through a SharedArrayBuffer, which a page has only if it is cross-origin isolated: serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp",
      );
    }
    const guest = new Guest(this.#kernel);
    this.#guests.add(guest);
    this.#isIdle = false;
    this.#listen();
    return {
      name: this.#name,
      channel: guest.channel.buffer,
      bell: this.#bell.buffer as SharedArrayBuffer,
    };
  }

  /** Answers what is asked for now. Returns whether a thread is running. */
  #serve(): boolean {
    this.#clock?.catchUp();
    let isRunning = false;
    for (const guest of this.#guests) {
      if (guest.isAsleep) continue;
      const { state } = guest.channel;
      if (state === ASKED) guest.answer();
      else if (state === ENDED) this.#guests.delete(guest);
      if (!guest.isAsleep && this.#guests.has(guest)) isRunning = true;
    }
    return isRunning;
  }

  /** Answers what is asked for now. What rings afterwards ends the sleep that follows. */
  #serveNow(clock: RealClock): void {
    clock.bellServed = Atomics.load(this.#bell, 0);
    this.#serve();
  }

  /** Answers until every thread sleeps or has ended: blocks while one computes. */
  #serveAll(): void {
    if (this.#guests.size === 0) return;
    while (true) {
      const heard = Atomics.load(this.#bell, 0);
      if (!this.#serve()) return;
      if (!this.#canBlock) {
        this.#kernel.fail(new CannotBlockError("a wait while other threads run"));
        return;
      }
      if (Atomics.wait(this.#bell, 0, heard, PATIENCE_MS) === "timed-out") {
        this.#kernel.fail(new Error(`a thread has not called for ${PATIENCE_MS} ms`));
        return;
      }
    }
  }

  /** Answers between the tasks of this thread, too, and lets time pass when all others sleep. */
  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    const goOn = (): void => {
      this.#listens = false;
      if (this.#guests.size > 0) this.#listen();
    };
    const heard = Atomics.load(this.#bell, 0);
    // Who was just answered may have told this thread something.
    if (heard !== this.#heard) this.#isIdle = false;
    this.#heard = heard;
    const isRunning = this.#serve();
    // Real time passes by itself.
    const mayPass = this.#clock === undefined && !isRunning;
    if (mayPass && this.#guests.size > 0 && this.#kernel.clock.isDue(Infinity)) {
      if (this.#isIdle) this.#kernel.clock.pass(Infinity);
      setTimeout(goOn, this.#isIdle ? 0 : QUIET_MS);
      this.#isIdle = true;
      return;
    }
    const { waitAsync } = Atomics as unknown as { waitAsync?: WaitAsync };
    const wait = waitAsync?.(this.#bell, 0, heard);
    if (wait?.async) void wait.value.then(goOn);
    else setTimeout(goOn, wait === undefined ? LOOK_MS : 0);
  }
}

/** Atomics.waitAsync, which TypeScript's library of ES2023 lacks. */
type WaitAsync = (
  words: Int32Array,
  index: number,
  value: number,
) => { async: false; value: string } | { async: true; value: Promise<string> };
