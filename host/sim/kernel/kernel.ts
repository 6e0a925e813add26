// The simulated kernel as all its parts share it: time, blocking, random numbers, the trace. The parts
// import the kernel; the kernel imports none of them.

import { EAGAIN, EBADF, EINTR } from "../../../asm/abi.ts";
import { type Clock, VirtualClock } from "../time/clock.ts";
import { ECANCELED, EDEADLK, EFAULT } from "./constants.ts";
import { DescriptorTable } from "./descriptors.ts";
import { Faults, type FaultOptions } from "./faults.ts";
import type { File } from "./file.ts";
import { randomOf } from "./random.ts";
import { type Blocking, BlocksProgram, BlocksThread, startCall } from "./running.ts";
import { retrying, type SleepEnd, type Sleeper, type Sleeping, transferring } from "./sleep.ts";
import { Trace } from "./trace.ts";

/** Which kernel is simulated, and so which calls its host offers to the core. */
export type Personality = "linux" | "bsd" | "posix" | "wasi";

export interface KernelOptions {
  readonly personality?: Personality;
  readonly clock?: Clock;
  /** Time of day when the clock begins, in ms since 1970. */
  readonly epoch?: number;
  /** Seed of the random numbers, which decide about faults and fill /dev/random. */
  readonly seed?: number;
  readonly faults?: FaultOptions;
  /** How many descriptors a process may have (RLIMIT_NOFILE). */
  readonly descriptorLimit?: number;
  /** How many entries the trace keeps; 0 turns the trace off. */
  readonly traceLimit?: number;
}

const DESCRIPTOR_LIMIT = 2 ** 21;
/** 2001-09-09, when time(2) passed 10^9: every run begins at the same time of day. */
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
  /** Descriptors of the process that makes the current call: nearly always the program. */
  descriptors: DescriptorTable;
  /** Blocked calls, in the order in which they blocked. */
  readonly sleepers: Sleeper[] = [];
  /** Count of signals and other interruptions of the program. A blocked call that sees it change ends with -EINTR. */
  interruptions = 0;
  /** Makes the calls of other threads until each thread waits; see sharing/owner.ts. */
  serve: (() => void) | undefined;
  /** Sends a signal to the process that makes the current call; see process/processes.ts. */
  onSignal: ((signal: number) => void) | undefined;
  readonly #epoch: number;
  readonly #blocksProgram = new BlocksProgram(({ sleeper, deadline }) =>
    this.sleep(sleeper, deadline),
  );
  /** The effect of a sleep of the next call on its caller. */
  #blocking: Blocking = this.#blocksProgram;
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

  /** Milliseconds since 1970, as CLOCK_REALTIME. */
  realtime(): number {
    return this.#epoch + this.clock.now();
  }

  /** Sends a signal that the current call causes, such as SIGPIPE, to the process that makes the call. */
  raise(signal: number): void {
    this.onSignal?.(signal);
  }

  /** Makes calls with the descriptors of another process. */
  withDescriptors<Result>(descriptors: DescriptorTable, calls: () => Result): Result {
    const before = this.descriptors;
    this.descriptors = descriptors;
    try {
      return calls();
    } finally {
      this.descriptors = before;
    }
  }

  /** Runs `action` at `ms` of the clock, and adds `what` to the trace then. */
  at(ms: number, what: string, action: () => void): ReturnType<Clock["schedule"]> {
    return this.clock.schedule(ms, () => {
      this.trace.add(what, []);
      try {
        action();
      } catch (error) {
        // The error must not unwind through the blocked call: that call ends with -ECANCELED, and the
        // bindings throw the error.
        this.fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Lets time pass and runs the actions that are due meanwhile. @throws the error of an action */
  advance(ms: number): void {
    const limit = this.clock.now() + ms;
    this.serve?.();
    while (this.clock.now() < limit || this.clock.isDue(limit)) {
      if (!this.clock.pass(limit)) throw this.clock.stuckError([], `letting ${ms} ms pass`);
      this.serve?.();
      const failure = this.takeFailure();
      if (failure !== undefined) throw failure;
    }
  }

  /** Ends the call that blocks the program: the call throws `error`. */
  fail(error: Error): void {
    this.#failure = error;
  }

  /** Whether takeFailure would return an error. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Whether the program is blocked. Code that sees true runs in the middle of a wait of the program. */
  get isBlocked(): boolean {
    return this.#depth > 0;
  }

  /** Returns and forgets the error because of which a call returned -EDEADLK or -ECANCELED. */
  takeFailure(): Error | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  /**
   * Blocks the program until `sleeper` is woken.
   *
   * @param deadline ms of the clock, Infinity for none
   * @returns -EINTR if a signal was delivered, -ECANCELED if an action threw, -EDEADLK if nothing is
   *   scheduled that could wake the sleeper
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
        // Calls of other threads come first: they take no time.
        this.serve?.();
        if (sleeper.woken || this.#failure !== undefined) continue;
        if (clock.now() >= deadline && !clock.isDue(deadline)) return "time";
        if (!clock.pass(deadline)) {
          const waiters = this.sleepers.map((each) => each.waitsFor());
          this.#failure = clock.stuckError(waiters, sleeper.waitsFor());
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

  /** Whether a call with this deadline may sleep: time is left, or an action is due now. */
  mayWait(deadline: number): boolean {
    return deadline > this.clock.now() || this.clock.isDue(deadline);
  }

  /** Runs a call that may sleep. Returns its result, or PENDING inside `callOfThread`. */
  run(call: Sleeping): number {
    const blocking = this.#blocking;
    // A call that runs inside this one, such as a call of a signal handler, is the program's own.
    this.#blocking = this.#blocksProgram;
    return blocking.run(call);
  }

  /** Runs a call that may sleep while the program goes on; see startCall. */
  start(call: Sleeping, ended: (result: number) => void): (errno: number) => void {
    return startCall(this, call, ended);
  }

  /**
   * Makes a call for another thread. A call that would block the program returns PENDING instead, and
   * `ended` is called with the result as soon as there is one.
   */
  callOfThread(call: () => number, ended: (result: number) => void): number {
    this.#blocking = new BlocksThread(this, ended);
    try {
      return call();
    } finally {
      this.#blocking = this.#blocksProgram;
    }
  }

  /**
   * Makes a blocking call of one that does not block: repeats `attempt` after each wake-up of `file`
   * until the result is not -EAGAIN.
   *
   * @param mask event bits of the wake-ups after which another attempt is worth while
   * @param call name of the call in messages
   * @param limitMs longest time to block (SO_RCVTIMEO, SO_SNDTIMEO); after it the result is -EAGAIN
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
   * Makes a write that blocks until all of `length` bytes are written of a write that does not block.
   *
   * @param attempt writes the bytes after the first `done` ones
   * @returns number of bytes written, or a negative errno if no byte was written
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

  /** The open file of a descriptor of the calling process, or -EBADF. */
  file(fd: number): File | number {
    return this.descriptors.usable(fd) ?? -EBADF;
  }

  /** Gives a new file a descriptor of the calling process. -EMFILE or -ENOMEM, also by fault injection. */
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
