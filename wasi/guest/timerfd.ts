// timerfd for C guests (wasi/include/sys/timerfd.h), after Linux's fs/timerfd.c: a periodic timer expires
// once and then rests until the program reads it or sets it again, and the read computes how often it would
// have expired meanwhile. So the host's timer, which expires once, serves a periodic one, too. A host without
// timers has the clock alone, which waits look at again and again.

import { EAGAIN, EBADF, EINVAL, ENOSYS, EVENT_IN, RESCAN_MS } from "../../asm/abi.ts";
import type { Clock } from "../clocks.ts";
import type { Source } from "../source.ts";
import type { GuestContext } from "./context.ts";
import { EFAULT, ENOTSUP } from "./failure.ts";
import type { GuestFile, Holder } from "./files.ts";
import {
  ITIMERSPEC_INTERVAL,
  ITIMERSPEC_SIZE,
  ITIMERSPEC_VALUE,
  NS_PER_MS,
  readTimespec,
  writeTimespec,
} from "./timespec.ts";

const TFD_CLOEXEC = 0o2000000;
const TFD_NONBLOCK = 0o4000;
const TFD_TIMER_ABSTIME = 1;
const TFD_TIMER_CANCEL_ON_SET = 2;
/** Bytes of a read: the number of expirations. */
const SIZE = 8;

/** The setting of a timer in ns: until the next expiration, 0 if the timer is disarmed, and the period. */
interface Setting {
  readonly left: bigint;
  readonly interval: bigint;
}

/** A timer of a guest. */
export class GuestTimer implements GuestFile {
  readonly isPollable = true;
  readonly holders = new Set<Holder>();
  readonly poll: number;
  readonly #context: GuestContext;
  readonly #clock: Clock;
  /** When the timer expires next, or expired first without being read; 0 if it is disarmed. */
  #deadline = 0n;
  #interval = 0n;

  /** The timer as an object of JavaScript, if the host has no timers. */
  readonly source: Source | undefined;
  readonly #watchers = new Set<() => void>();

  /** @param host the descriptor of the host's timer, -1 if the host has none */
  constructor(context: GuestContext, clock: Clock, host: number) {
    this.#context = context;
    this.#clock = clock;
    this.poll = host;
    if (host < 0) this.source = this.#asSource();
  }

  #asSource(): Source {
    return {
      filetype: 0,
      ready: () => (this.#hasExpired() ? EVENT_IN : 0),
      readable: () => (this.#hasExpired() ? SIZE : 0),
      writable: () => 0,
      read: (buffer) => this.read(buffer),
      write: () => -EINVAL,
      watch: (changed) => {
        this.#watchers.add(changed);
        let wasReady = false;
        const timer = setInterval(() => {
          const isReady = this.#hasExpired();
          if (isReady && !wasReady) changed();
          wasReady = isReady;
        }, RESCAN_MS);
        return () => {
          this.#watchers.delete(changed);
          clearInterval(timer);
        };
      },
      // Time passes while the thread is blocked.
      pump: () => {},
      shutdown: () => -EINVAL,
      close: () => {},
    };
  }

  /** timerfd_settime(2): forgets the expirations before. 0 or a negative errno. */
  set(left: bigint, interval: bigint, isAbsolute: boolean): number {
    const now = this.#clock();
    this.#interval = left === 0n ? 0n : interval;
    this.#deadline = left === 0n ? 0n : isAbsolute ? left : now + left;
    return this.#arm(now);
  }

  #arm(now: bigint): number {
    const { host } = this.#context.select;
    for (const changed of this.#watchers) changed();
    if (this.poll < 0) return 0;
    if (this.#deadline === 0n) return host.timerfd_settime(this.poll, 0);
    const ms = this.#deadline > now ? Number(this.#deadline - now) / NS_PER_MS : 0;
    return host.timerfd_settime(this.poll, host.now() + ms);
  }

  /** Expirations from the first that was not read up to now. */
  #expirations(now: bigint): bigint {
    if (this.#interval === 0n || now <= this.#deadline) return 1n;
    return 1n + (now - this.#deadline) / this.#interval;
  }

  /** timerfd_gettime(2). */
  setting(): Setting {
    const now = this.#clock();
    const interval = this.#interval;
    if (this.#deadline > now) return { left: this.#deadline - now, interval };
    if (interval === 0n || this.#deadline === 0n) return { left: 0n, interval };
    return { left: this.#deadline + this.#expirations(now) * interval - now, interval };
  }

  /** read(2): the number of expirations, -EAGAIN without one. */
  read(buffer: Uint8Array): number {
    if (buffer.length < SIZE) return -EINVAL;
    // The host's timer decides: its clock and the guest's are not read at the same time.
    if (!this.#hasExpired()) return -EAGAIN;
    const now = this.#clock();
    const count = this.#expirations(now);
    new DataView(buffer.buffer, buffer.byteOffset).setBigUint64(0, count, true);
    this.#deadline = this.#interval === 0n ? 0n : this.#deadline + count * this.#interval;
    this.#arm(now);
    return SIZE;
  }

  #hasExpired(): boolean {
    if (this.poll < 0) return this.#deadline !== 0n && this.#deadline <= this.#clock();
    try {
      return this.#context.os.read(this.poll, SIZE).length === SIZE;
    } catch {
      return false;
    }
  }

  close(): void {
    if (this.poll >= 0) this.#context.os.close(this.poll);
  }
}

/** The calls of wasi/include/sys/timerfd.h. Results are negative errnos of Linux. */
export function timerfdCalls(context: GuestContext) {
  const { files, memory } = context;

  /** The timer with a number, or a negative errno. */
  function timerOf(fd: number): GuestTimer | number {
    const file = files.get(fd);
    if (file instanceof GuestTimer) return file;
    return file === undefined && !files.isForeign(fd) ? -EBADF : -EINVAL;
  }

  function write(at: number, { left, interval }: Setting): void {
    const view = memory.view();
    writeTimespec(view, (at >>> 0) + ITIMERSPEC_INTERVAL, interval);
    writeTimespec(view, (at >>> 0) + ITIMERSPEC_VALUE, left);
  }

  return {
    timerfd_create(clockid: number, flags: number): number {
      const clock = context.clocks[clockid as 0 | 1] as Clock | undefined;
      if (clock === undefined || flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) return -EINVAL;
      const refused = files.room(1);
      if (refused < 0) return refused;
      const host = context.select.host.timerfd_create();
      if (host < 0 && host !== -ENOSYS) return host;
      return files.add(
        new GuestTimer(context, clock, Math.max(host, -1)),
        (flags & TFD_NONBLOCK) === 0,
      );
    },

    timerfd_settime(fd: number, flags: number, next: number, last: number): number {
      if (!memory.has(next, 1, ITIMERSPEC_SIZE)) return -EFAULT;
      if (last !== 0 && !memory.has(last, 1, ITIMERSPEC_SIZE)) return -EFAULT;
      if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) return -EINVAL;
      const view = memory.view();
      const left = readTimespec(view, (next >>> 0) + ITIMERSPEC_VALUE);
      const interval = readTimespec(view, (next >>> 0) + ITIMERSPEC_INTERVAL);
      if (left === undefined || interval === undefined) return -EINVAL;
      const timer = timerOf(fd);
      if (typeof timer === "number") return timer;
      if (flags & TFD_TIMER_CANCEL_ON_SET) return -ENOTSUP;
      const before = timer.setting();
      const result = timer.set(left, interval, (flags & TFD_TIMER_ABSTIME) !== 0);
      if (result === 0 && last !== 0) write(last, before);
      return result;
    },

    timerfd_gettime(fd: number, at: number): number {
      const timer = timerOf(fd);
      if (typeof timer === "number") return timer;
      if (!memory.has(at, 1, ITIMERSPEC_SIZE)) return -EFAULT;
      write(at, timer.setting());
      return 0;
    },
  };
}
