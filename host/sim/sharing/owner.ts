// The thread that owns the simulated kernel, and makes the calls of the other threads.

import type { CallName } from "../../call.ts";
import type { OsHost } from "../../os.ts";
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
  OS_ARGUMENTS,
  OS_CALLS,
  STRETCHES,
} from "./calls.ts";
import { Channel, ENDED, IDLE, REQUESTED } from "./channel.ts";
import type { Ticket } from "./thread.ts";

/** How long another thread may run without a call before a wait here fails, in ms of real time. */
const HUNG_THREAD_MS = 20_000;
/** Size of the memory that stands for the caller's: every call of a channel fits. */
const STAGE_PAGES = 65;

/** How long this thread must be idle, in ms of real time, before virtual time passes without it. */
const IDLE_MS = 30;
/** Interval between looks for new calls in browsers without Atomics.waitAsync. */
const RESCAN_MS = 2;

type AnyCall = (...given: unknown[]) => number;

/** A sleep of one thread. */
function* sleepFor(ms: number, kernel: Kernel): Sleeping {
  const deadline = kernel.clock.now() + ms;
  yield { sleeper: new Sleeper(0, () => `a thread's sleep of ${ms} ms`), deadline };
  return 0;
}

/** A thread that has joined the kernel. */
class JoinedThread {
  readonly channel = new Channel();
  readonly #kernel: Kernel;
  readonly #host: SimHost;
  readonly #os: SimOs;
  readonly #stage = new WebAssembly.Memory({ initial: STAGE_PAGES });
  /** Whether a call of the thread sleeps. The thread makes no other call meanwhile. */
  isAsleep = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#host = createSimHost(kernel);
    this.#os = createSimOs(this.#host);
  }

  /** Makes the requested call. Its result is written now, or when the call has slept. */
  makeCall(): void {
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
      this.#kernel.start(sleepFor(channel.number(0), this.#kernel), reply);
    } else if (call >= FIRST_OS_CALL) {
      this.#makeOsCall(call - FIRST_OS_CALL, reply);
    } else {
      this.#makeHostCall(call, reply);
    }
  }

  #makeHostCall(call: number, reply: (result: number) => void): void {
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

  #makeOsCall(index: number, reply: (result: number) => void): void {
    const name = OS_CALLS[index] as keyof OsHost;
    const given = this.#argumentsOf(name);
    this.#make(() => (this.#os[name] as AnyCall)(...given), reply);
  }

  #argumentsOf(name: keyof OsHost): unknown[] {
    const given: unknown[] = [];
    const regions = this.channel.regions();
    let number = 0;
    let region = 0;
    for (const kind of OS_ARGUMENTS[name]) {
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

/** Lets other threads use the kernel of this thread. */
export class KernelOwner {
  readonly #kernel: Kernel;
  readonly #name: string;
  readonly #bell: Int32Array;
  /** The clock of the kernel if it is a real one, on which no thread waits for another to sleep. */
  readonly #clock: RealClock | undefined;
  readonly #threads = new Set<JoinedThread>();
  readonly #canBlock = canBlock();
  /** Whether a task that serves the other threads is scheduled. */
  #isListening = false;
  /** Whether this thread has made no call of its own since the last look: it is not about to wait. */
  #isIdle = false;
  /** The value of the bell at the last look. */
  #lastBell = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#name = `sim:${kernel.personality}`;
    const clock = kernel.clock instanceof RealClock ? kernel.clock : undefined;
    this.#clock = clock;
    this.#bell = clock?.bell ?? newBell();
    if (clock !== undefined) clock.hasOtherThreads = () => this.#threads.size > 0;
    kernel.serve = () => {
      this.#isIdle = false;
      if (clock === undefined) this.#serveAll();
      else this.#serveNow(clock);
    };
  }

  /**
   * Makes a ticket for one more thread. The thread counts as running from now on.
   *
   * @throws {Error} on a page that may not share memory with its workers
   */
  invite(): Ticket {
    if (typeof SharedArrayBuffer === "undefined") {
      throw new Error(
        "threads share a kernel through a SharedArrayBuffer, which a page has only if it is cross-origin isolated: serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp",
      );
    }
    const thread = new JoinedThread(this.#kernel);
    this.#threads.add(thread);
    this.#isIdle = false;
    this.#listen();
    return {
      name: this.#name,
      channel: thread.channel.buffer,
      bell: this.#bell.buffer as SharedArrayBuffer,
    };
  }

  /** Makes all calls that are requested now. Returns whether another thread is running. */
  #serve(): boolean {
    this.#clock?.catchUp();
    let isRunning = false;
    for (const thread of this.#threads) {
      if (thread.isAsleep) continue;
      const { state } = thread.channel;
      if (state === REQUESTED) thread.makeCall();
      else if (state === ENDED) this.#threads.delete(thread);
      if (!thread.isAsleep && this.#threads.has(thread)) isRunning = true;
    }
    return isRunning;
  }

  /** Makes all calls that are requested now. A later ring of the bell ends the sleep that follows. */
  #serveNow(clock: RealClock): void {
    clock.bellServed = Atomics.load(this.#bell, 0);
    this.#serve();
  }

  /** Makes calls until every other thread sleeps or has ended. Blocks while another thread computes. */
  #serveAll(): void {
    if (this.#threads.size === 0) return;
    while (true) {
      const bell = Atomics.load(this.#bell, 0);
      if (!this.#serve()) return;
      if (!this.#canBlock) {
        this.#kernel.fail(new CannotBlockError("a wait while other threads run"));
        return;
      }
      if (Atomics.wait(this.#bell, 0, bell, HUNG_THREAD_MS) === "timed-out") {
        this.#kernel.fail(new Error(`another thread has made no call for ${HUNG_THREAD_MS} ms`));
        return;
      }
    }
  }

  /** Serves the other threads between the tasks of this thread, until the last of them has ended. */
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    const bell = Atomics.load(this.#bell, 0);
    // A call that was made since the last look may have done something that this thread reacts to.
    if (bell !== this.#lastBell) this.#isIdle = false;
    this.#lastBell = bell;
    const isRunning = this.#serve();
    if (this.#mayPassTime(isRunning)) this.#passTime();
    else this.#awaitBell(bell);
  }

  readonly #listenAgain = (): void => {
    this.#isListening = false;
    if (this.#threads.size > 0) this.#listen();
  };

  /** Whether virtual time may pass: every other thread sleeps, and an action is due at some time. */
  #mayPassTime(isRunning: boolean): boolean {
    const isVirtual = this.#clock === undefined;
    return isVirtual && !isRunning && this.#threads.size > 0 && this.#kernel.clock.isDue(Infinity);
  }

  /** Runs the next action, once this thread has been idle for IDLE_MS; then listens again. */
  #passTime(): void {
    const wasIdle = this.#isIdle;
    if (wasIdle) this.#kernel.clock.pass(Infinity);
    this.#isIdle = true;
    setTimeout(this.#listenAgain, wasIdle ? 0 : IDLE_MS);
  }

  /** Listens again when the bell differs from `bell`. */
  #awaitBell(bell: number): void {
    const { waitAsync } = Atomics as unknown as { waitAsync?: WaitAsync };
    const wait = waitAsync?.(this.#bell, 0, bell);
    if (wait === undefined) setTimeout(this.#listenAgain, RESCAN_MS);
    else if (wait.async) void wait.value.then(this.#listenAgain);
    else setTimeout(this.#listenAgain, 0);
  }
}

/** Atomics.waitAsync, which TypeScript's library of ES2023 does not declare. */
type WaitAsync = (
  words: Int32Array,
  index: number,
  value: number,
) => { async: false; value: string } | { async: true; value: Promise<string> };
