// The simulated kernel: what its parts share. Time, blocking, randomness, the record of what
// happened. The parts know the kernel; the kernel knows none of them.

import { EAGAIN, EBADF, EINTR } from "../../../asm/abi.ts";
import { type Clock, VirtualClock } from "../time/clock.ts";
import { ECANCELED, EDEADLK, EFAULT, PENDING } from "./constants.ts";
import { DescriptorTable } from "./descriptors.ts";
import { Faults, type FaultOptions } from "./faults.ts";
import type { File } from "./file.ts";
import { randomOf } from "./random.ts";
import {
  retrying,
  type Sleep,
  type SleepEnd,
  type Sleeper,
  type Sleeping,
  transferring,
} from "./sleep.ts";
import { Trace } from "./trace.ts";

/** Which kernel is simulated: what its host offers to the core. */
export type Personality = "linux" | "bsd" | "posix" | "wasi";

export interface KernelOptions {
  readonly personality?: Personality;
  readonly clock?: Clock;
  /** Time of day when the clock begins, in ms since 1970. */
  readonly epoch?: number;
  /** Of everything random: faults. */
  readonly seed?: number;
  readonly faults?: FaultOptions;
  /** Highest number of descriptors of a process. */
  readonly descriptorLimit?: number;
  /** How many entries of the trace are kept; 0 for none. */
  readonly traceLimit?: number;
}

const DESCRIPTOR_LIMIT = 2 ** 21;
/** 2001-09-09, the billennium: the same in every run. */
const EPOCH = 1e12;
const TRACE_LIMIT = 10_000;

export class Kernel {
  readonly personality: Personality;
  readonly clock: Clock;
  readonly random: () => number;
  readonly faults: Faults;
  readonly trace: Trace;
  /** Descriptors of the program. */
  readonly program: DescriptorTable;
  /** Descriptors of the process that makes a call now: nearly always the program. */
  descriptors: DescriptorTable;
  /** Blocked calls, the first that blocked first. */
  readonly sleepers: Sleeper[] = [];
  /** How many signals were delivered to the program: a change interrupts what is blocked. */
  interruptions = 0;
  /** Does what other threads ask for, until each of them waits; see sharing/. */
  serve: (() => void) | undefined;
  /** What a signal does to the process that makes a call now; see processes.ts. */
  onSignal: ((signal: number) => void) | undefined;
  readonly #epoch: number;
  #deferred: ((result: number) => void) | undefined;
  #failure: Error | undefined;
  #ino = 0;
  #depth = 0;

  constructor(options: KernelOptions = {}) {
    this.personality = options.personality ?? "linux";
    this.clock = options.clock ?? new VirtualClock();
    this.#epoch = options.epoch ?? EPOCH;
    this.random = randomOf(options.seed ?? 1);
    this.faults = new Faults(this.random, options.faults);
    this.trace = new Trace(options.traceLimit ?? TRACE_LIMIT, () => this.clock.now());
    this.program = new DescriptorTable(options.descriptorLimit ?? DESCRIPTOR_LIMIT);
    this.descriptors = this.program;
  }

  /** A new inode number. */
  nextIno(): number {
    return ++this.#ino;
  }

  /** Milliseconds since 1970 on the clock people set. */
  realtime(): number {
    return this.#epoch + this.clock.now();
  }

  /** Sends the process that makes a call now a signal on account of it, as SIGPIPE. */
  raise(signal: number): void {
    this.onSignal?.(signal);
  }

  /** Makes calls with the descriptors of another process. */
  as<Result>(descriptors: DescriptorTable, calls: () => Result): Result {
    const before = this.descriptors;
    this.descriptors = descriptors;
    try {
      return calls();
    } finally {
      this.descriptors = before;
    }
  }

  /** Runs `action` at a time of the clock, in ms, and says so in the trace. */
  at(ms: number, what: string, action: () => void): ReturnType<Clock["schedule"]> {
    return this.clock.schedule(ms, () => {
      this.trace.add(what, []);
      try {
        action();
      } catch (error) {
        // It must not unwind through who waits; the wait ends and throws it.
        this.fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Lets time pass, with everything that is to happen meanwhile. @throws what an action threw */
  advance(ms: number): void {
    const limit = this.clock.now() + ms;
    this.serve?.();
    while (this.clock.now() < limit || this.clock.isDue(limit)) {
      if (!this.clock.pass(limit)) throw this.clock.stuck([], `letting ${ms} ms pass`);
      this.serve?.();
      const failure = this.takeFailure();
      if (failure !== undefined) throw failure;
    }
  }

  /** Ends the call that blocks the program: it throws `error`. */
  fail(error: Error): void {
    this.#failure = error;
  }

  /** Whether there is something for takeFailure. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Whether the program is blocked: what runs now runs in the middle of its wait. */
  get isBlocked(): boolean {
    return this.#depth > 0;
  }

  /** Why a call ended with -EDEADLK or -ECANCELED; asked once. */
  takeFailure(): Error | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  /**
   * Blocks until `sleeper` is woken.
   *
   * @param deadline ms of the clock, Infinity for none
   * @returns a negative errno if a signal came, an action threw, or nothing can ever happen
   */
  sleep(sleeper: Sleeper, deadline: number): SleepEnd {
    const { clock } = this;
    const { interruptions, descriptors } = this;
    this.sleepers.push(sleeper);
    this.descriptors = this.program;
    this.#depth++;
    try {
      while (!sleeper.woken) {
        if (this.#failure !== undefined) return -ECANCELED;
        if (this.interruptions !== interruptions) return -EINTR;
        // Other threads go first: what they do takes no time.
        this.serve?.();
        if (sleeper.woken || this.#failure !== undefined) continue;
        if (clock.now() >= deadline && !clock.isDue(deadline)) return "time";
        if (!clock.pass(deadline)) {
          const waiters = this.sleepers.map((each) => each.waitsFor());
          this.#failure = clock.stuck(waiters, sleeper.waitsFor());
          return -EDEADLK;
        }
      }
      return this.#failure === undefined ? "woken" : -ECANCELED;
    } finally {
      this.#depth--;
      this.descriptors = descriptors;
      this.sleepers.splice(this.sleepers.indexOf(sleeper), 1);
    }
  }

  /** Whether a call with this deadline has anything to sleep for: time, or what is due now. */
  mayWait(deadline: number): boolean {
    return deadline > this.clock.now() || this.clock.isDue(deadline);
  }

  /** Runs a call that may sleep, blocking the program. */
  run(call: Sleeping): number {
    const deferred = this.#deferred;
    if (deferred !== undefined) {
      this.#deferred = undefined;
      let result = PENDING;
      let isLate = false;
      this.start(call, (value) => {
        if (isLate) deferred(value);
        else result = value;
      });
      isLate = true;
      return result;
    }
    let step = call.next();
    while (!step.done) {
      const { sleeper, deadline } = step.value;
      step = call.next(this.sleep(sleeper, deadline));
    }
    return step.value;
  }

  /**
   * Runs a call that may sleep while the program goes on.
   *
   * @param ended called with the result, at once if the call does not sleep
   * @returns what ends the call early: it then returns `errno`
   */
  start(call: Sleeping, ended: (result: number) => void): (errno: number) => void {
    let stop: ((errno: number) => void) | undefined;
    const go = (step: IteratorResult<Sleep, number>): void => {
      if (step.done) {
        stop = undefined;
        ended(step.value);
        return;
      }
      const { sleeper, deadline } = step.value;
      const resume = (end: SleepEnd): void => {
        if (stop === undefined) return;
        stop = undefined;
        sleeper.onWake = undefined;
        this.sleepers.splice(this.sleepers.indexOf(sleeper), 1);
        if (alarm !== undefined) this.clock.cancel(alarm);
        go(call.next(end));
      };
      stop = resume;
      this.sleepers.push(sleeper);
      // Not from within the wake-up: who wakes is in the middle of something.
      sleeper.onWake = () => {
        sleeper.onWake = undefined;
        this.clock.schedule(this.clock.now(), () => resume("woken"));
      };
      const alarm =
        deadline === Infinity
          ? undefined
          : this.clock.schedule(deadline, () => resume(sleeper.woken ? "woken" : "time"));
    };
    go(call.next());
    return (errno) => stop?.(errno);
  }

  /**
   * Runs `body` for another thread: a call in it that would block the program returns PENDING at
   * once instead, and `ended` is called with its result when it has one.
   */
  defer(body: () => number, ended: (result: number) => void): number {
    this.#deferred = ended;
    try {
      return body();
    } finally {
      this.#deferred = undefined;
    }
  }

  /**
   * A call that blocks, made of one that does not: tries, and again whenever `file` may have
   * changed, until the answer is not -EAGAIN.
   *
   * @param mask event bits that promise another answer
   * @param call its name, for people
   * @param limitMs how long it blocks at most; -EAGAIN then
   */
  retry(
    fd: number,
    file: File,
    mask: number,
    call: string,
    attempt: () => number,
    blocks = file.isBlocking,
    limitMs = Infinity,
  ): number {
    const result = attempt();
    if (result !== -EAGAIN || !blocks) return result;
    const deadline = this.clock.now() + limitMs;
    return this.run(retrying(fd, file, mask, call, attempt, deadline));
  }

  /**
   * A write that blocks until all of `length` bytes are taken, made of one that does not.
   *
   * @param attempt writes what comes after the first `done` bytes
   * @returns bytes written, or a negative errno if none were
   */
  writeAll(
    fd: number,
    file: File,
    call: string,
    length: number,
    attempt: (done: number) => number,
    blocks = file.isBlocking,
    limitMs = Infinity,
  ): number {
    const first = attempt(0);
    const isOver = first === -EAGAIN ? !blocks : first < 0 || first >= length || !blocks;
    if (isOver) return first;
    const deadline = this.clock.now() + limitMs;
    return this.run(transferring(fd, file, call, length, attempt, first, deadline));
  }

  /** The open file a descriptor of the program names, or -EBADF. */
  file(fd: number): File | number {
    return this.descriptors.usable(fd) ?? -EBADF;
  }

  /** Gives a new file a descriptor of the program; -EMFILE or -ENOMEM as the faults will. */
  open(file: File, from = 0): number {
    const fault = this.faults.creation();
    const fd = fault < 0 ? fault : this.descriptors.add(file, from);
    if (fd < 0 && file.references === 0) file.release();
    return fd;
  }

  /** Gives each of two new files a descriptor, or neither of them: pipe(2), socketpair(2). */
  openPair([first, second]: readonly [File, File], fds: Int32Array): number {
    if (fds.length < 2) return -EFAULT;
    const one = this.open(first);
    if (one < 0) {
      second.release();
      return one;
    }
    const other = this.open(second);
    if (other < 0) {
      this.descriptors.remove(one);
      return other;
    }
    fds[0] = one;
    fds[1] = other;
    return 0;
  }
}
