// poll_oneoff for guests: the only wait that WASI has, on the descriptors of any host.
//
// A call copies all subscriptions before it writes anything, since the arrays may overlap and the memory
// may change or grow during the wait. It asks the host once for all descriptors (poll(2)), and once
// more for the bytes of those that are ready.

import { EINTR, EVENT_ERR, EVENT_HUP, EVENT_IN, EVENT_OUT } from "../asm/abi.ts";
import { type Clock, clocksOf, type Due, dueNow, msUntilDue } from "./clocks.ts";
import { WASI_BADF, WASI_FAULT, WASI_INVAL, WASI_NOMEM, wasiErrno } from "./errno.ts";
import {
  type Answer,
  CLOCK_ABSOLUTE,
  CLOCK_REALTIME,
  EVENT_BYTES,
  EVENT_ERROR,
  EVENT_FLAGS,
  EVENT_SIZE,
  FLAG_HANGUP,
  SUBSCRIPTION_CLOCK,
  SUBSCRIPTION_FD,
  SUBSCRIPTION_FLAGS,
  SUBSCRIPTION_SIZE,
  SUBSCRIPTION_TIMEOUT,
  SUBSCRIPTION_TYPE,
  TYPE_CLOCK,
  TYPE_READ,
  TYPE_WRITE,
} from "./preview1.ts";
import { isOpen, isSettled, type OneoffHost, type Slot, slotOf, type Target } from "./slots.ts";
import { suspendingImport } from "./suspend.ts";
import { Waiter, type Waits } from "./wait.ts";

export type { OneoffHost, Target } from "./slots.ts";

export interface OneoffOptions {
  /** The module, or any object with its host, whose descriptors the guest waits for. */
  readonly select: { readonly host: OneoffHost };
  /** The guest's memory, or a function that returns it: it may exist only after instantiation. */
  readonly memory: WebAssembly.Memory | (() => WebAssembly.Memory);
  /** The targets of the guest's descriptors. */
  readonly fds: ReadonlyMap<number, Target> | ((fd: number) => Target | undefined);
  /**
   * The runtime's own clocks, by id, if they are not the host's: a guest takes absolute times from
   * clock_time_get. Default: the host's `realtime` and `now`.
   */
  readonly clocks?: Partial<Record<0 | 1, Clock>>;
  /**
   * How a descriptor that is not open is reported: as the error of its event, or as the result of the
   * whole call, as wasmtime does. Default: "event".
   */
  readonly badf?: "event" | "call";
}

/** poll_oneoff as a guest imports it. Returns 0 or an error number of WASI, and never throws. */
export type GuestPollOneoff = (
  subscriptions: number,
  events: number,
  count: number,
  found: number,
) => number;

/** Most subscriptions of one call; more are WASI_NOMEM. */
export const MOST_SUBSCRIPTIONS = 1 << 20;

/** A limit of a guest on the subscriptions of one call. */
export interface SubscriptionLimit {
  readonly subscriptions: number;
  readonly onRefused: (limit: "registrations") => void;
}

const NO_LIMIT: SubscriptionLimit = { subscriptions: MOST_SUBSCRIPTIONS, onRefused: () => {} };

const SUBSCRIPTION_WORDS = SUBSCRIPTION_SIZE / 4;
const EVENT_WORDS = EVENT_SIZE / 4;

/** The state of one call: its subscriptions, copied, and their descriptors. */
interface Call {
  /** The subscriptions; in the place of a descriptor is the number of its slot, of a clock that of its due time. */
  readonly words: Uint32Array;
  /** Room for the events. The guest's array may be at any address, so that they are copied there as bytes. */
  readonly events: Uint32Array;
  readonly copy: DataView;
  readonly count: number;
  readonly slots: Slot[];
  readonly dues: Due[];
}

/** What poll_oneoff waits for, by the guest's numbers. */
interface SlotsOfFds {
  readonly fds: (fd: number) => Slot;
}

/** poll_oneoff of one guest, as a sequence of waits that a caller makes, blocking or not. */
export class Oneoff {
  readonly #waiter: Waiter;
  readonly #memoryOf: () => WebAssembly.Memory;
  readonly #slotOf: (fd: number) => Slot;
  readonly #clocks: readonly [realtime: Clock, monotonic: Clock];
  readonly #isBadfFatal: boolean;
  readonly #limit: SubscriptionLimit;

  /** @param waiter makes the waits of this guest, and asks for the bytes */
  constructor(
    { select, memory, fds, clocks = {}, badf = "event" }: Omit<OneoffOptions, "fds"> & SlotsOfFds,
    waiter: Waiter,
    limit = NO_LIMIT,
  ) {
    this.#waiter = waiter;
    this.#limit = limit;
    this.#memoryOf = typeof memory === "function" ? memory : () => memory;
    this.#slotOf = fds;
    this.#clocks = clocksOf(select.host, clocks);
    this.#isBadfFatal = badf === "call";
  }

  /** Whether `length` bytes at an address are in the guest's memory. */
  #isWithin(address: number, length: number): boolean {
    // A guest may call before its memory is known: from its start function.
    const size = (this.#memoryOf() as WebAssembly.Memory | undefined)?.buffer.byteLength ?? 0;
    return (address >>> 0) + length <= size;
  }

  /** The call. Resumed with the result of each wait; ends with 0 or an error number of WASI. */
  *call(from: number, to: number, given: number, found: number): Waits {
    const count = given >>> 0;
    if (!this.#isWithin(from, count * SUBSCRIPTION_SIZE)) return WASI_FAULT;
    if (!this.#isWithin(to, count * EVENT_SIZE) || !this.#isWithin(found, 4)) return WASI_FAULT;
    if (count === 0) return WASI_INVAL;
    if (count > this.#limit.subscriptions) {
      this.#limit.onRefused("registrations");
      return WASI_NOMEM;
    }
    const { buffer } = this.#memoryOf();
    const size = count * SUBSCRIPTION_SIZE;
    // Room for the events is made now: what is done after the wait delays the guest.
    const room = new ArrayBuffer(size + count * EVENT_SIZE);
    new Uint8Array(room).set(new Uint8Array(buffer, from >>> 0, size));
    const call = {
      copy: new DataView(room),
      words: new Uint32Array(room, 0, count * SUBSCRIPTION_WORDS),
      events: new Uint32Array(room, size),
      count,
      slots: [],
      dues: [],
    };
    const refused = this.#read(call);
    if (refused !== 0) return refused;
    return yield* this.#wait(call, to >>> 0, found >>> 0);
  }

  /** Reads the subscriptions. 0 or an error number. */
  #read(call: Call): number {
    const { copy, words, count } = call;
    let known: Map<number, number> | undefined;
    let last = -1;
    let slot = -1;
    for (let i = 0, at = 0; i < count; i++, at += SUBSCRIPTION_WORDS) {
      const type = (words[at + SUBSCRIPTION_TYPE / 4] as number) & 0xff;
      if (type === TYPE_CLOCK) {
        const due = this.#dueOf(copy, 4 * at);
        if (due === undefined) return WASI_INVAL;
        words[at + SUBSCRIPTION_CLOCK / 4] = call.dues.push(due) - 1;
        continue;
      }
      if (type > TYPE_WRITE) return WASI_INVAL;
      const fd = words[at + SUBSCRIPTION_FD / 4] as number;
      if (fd !== last) {
        // Most calls have one descriptor, for which no Map is made.
        if (slot >= 0) known ??= new Map([[last, slot]]);
        last = fd;
        slot = known?.get(fd) ?? this.#addSlot(call, fd);
        known?.set(fd, slot);
      }
      (call.slots[slot] as Slot).want |= type === TYPE_READ ? EVENT_IN : EVENT_OUT;
      words[at + SUBSCRIPTION_FD / 4] = slot;
    }
    if (!this.#isBadfFatal) return 0;
    return call.slots.every(isOpen) ? 0 : WASI_BADF;
  }

  /** The due time of a clock's subscription; undefined for a clock or flags that do not exist. */
  #dueOf(copy: DataView, at: number): Due | undefined {
    const clock = this.#clocks[copy.getUint32(at + SUBSCRIPTION_CLOCK, true)];
    const flags = copy.getUint16(at + SUBSCRIPTION_FLAGS, true);
    if (clock === undefined || flags > CLOCK_ABSOLUTE) return undefined;
    const timeout = copy.getBigUint64(at + SUBSCRIPTION_TIMEOUT, true);
    if (flags === CLOCK_ABSOLUTE) {
      return { clock, at: timeout, isStepped: clock === this.#clocks[CLOCK_REALTIME] };
    }
    // A duration is measured by the clock that nobody sets (clock_nanosleep(2)).
    const [, monotonic] = this.#clocks;
    return { clock: monotonic, at: monotonic() + timeout, isStepped: false };
  }

  #addSlot(call: Call, guestFd: number): number {
    return call.slots.push(this.#slotOf(guestFd)) - 1;
  }

  /** Waits until a subscription is ready, and writes the events. */
  *#wait(call: Call, to: number, found: number): Waits {
    const isReady = call.slots.some(isSettled);
    for (;;) {
      const ms = isReady ? 0 : msUntilDue(call.dues);
      const result = yield { slots: call.slots, ms };
      if (result < 0 && result !== -EINTR) return wasiErrno(-result);
      if (this.#isBadfFatal && !call.slots.every(isOpen)) return WASI_BADF;
      this.#waiter.askBytes(call.slots);
      const count = this.#writeEvents(call, to);
      if (count === 0) continue;
      new DataView(this.#memoryOf().buffer).setUint32(found, count, true);
      return 0;
    }
  }

  /** Writes the events of all subscriptions that are ready; returns how many. */
  #writeEvents({ words, events, count, slots, dues }: Call, to: number): number {
    const isDue = dueNow();
    let end = 0;
    let last = -1;
    let answer = NOT_READY;
    for (let i = 0, at = 0; i < count; i++, at += SUBSCRIPTION_WORDS) {
      const type = (words[at + SUBSCRIPTION_TYPE / 4] as number) & 0xff;
      if (type === TYPE_CLOCK) {
        const due = dues[words[at + SUBSCRIPTION_CLOCK / 4] as number] as Due;
        answer = isDue(due) ? READY : NOT_READY;
        last = -1;
      } else {
        // Subscriptions of one descriptor often follow one another.
        const slot = words[at + SUBSCRIPTION_FD / 4] as number;
        const asked = 2 * slot + Number(type === TYPE_WRITE);
        if (asked !== last) answer = answerOf(slots[slot] as Slot, type);
        last = asked;
      }
      if (answer === NOT_READY) continue;
      const { error, bytes, flags } = answer;
      events[end] = words[at] as number;
      events[end + 1] = words[at + 1] as number;
      events[end + EVENT_ERROR / 4] = error | (type << 16);
      // A word takes the low 32 bits of a number.
      events[end + EVENT_BYTES / 4] = bytes;
      events[end + EVENT_BYTES / 4 + 1] = bytes / 2 ** 32;
      events[end + EVENT_FLAGS / 4] = flags;
      end += EVENT_WORDS;
    }
    const written = new Uint8Array(events.buffer, events.byteOffset, 4 * end);
    new Uint8Array(this.#memoryOf().buffer).set(written, to);
    return end / EVENT_WORDS;
  }
}

/**
 * poll_oneoff of wasi_snapshot_preview1 for one guest, to be put among its imports. It blocks its thread
 * while the guest waits.
 *
 * Every subscription that is ready has its event, also those of one descriptor and of clocks that are due
 * at the same time. `nbytes` is the number of bytes that can be read or written, 1 if the kernel does not
 * tell; the hang-up flag is POLLHUP. A descriptor that is not open has an event with the error BADF, a
 * socket or a pipe with an error one with that error, unless bytes can be read. Regular files and
 * directories are always ready.
 *
 * A source that has a `pump` is asked every 1 to 10 ms of a wait; other sources do not change while the thread is
 * blocked, and a call that only they could end is DEADLK.
 *
 * `suspending` of the result is the same import for a guest whose exports are wrapped with
 * `WebAssembly.promising` (JSPI): the guest waits, its thread does not. Any number of such calls may wait at once. A
 * call that need not wait, for one with a timeout of 0, does not suspend the guest.
 * A simulated kernel with a virtual clock then lets time pass between the tasks of the thread, while one of them
 * waits.
 *
 * Results are those of witx: FAULT for an address outside the memory, INVAL for no subscription, or an
 * unknown type, clock or flag, NOMEM for more than 2^20 subscriptions. A call never throws but what the
 * functions of `options` throw.
 */
export function createPollOneoff(
  options: OneoffOptions,
): GuestPollOneoff & { readonly suspending: unknown } {
  const waiter = new Waiter(options.select.host);
  const { fds } = options;
  const targetOf = typeof fds === "function" ? fds : (fd: number) => fds.get(fd);
  const oneoff = new Oneoff({ ...options, fds: (fd) => slotOf(targetOf(fd)) }, waiter);
  const call: GuestPollOneoff = (...given) => waiter.blocking(oneoff.call(...given));
  let made: unknown;
  const suspending = (): unknown => {
    waiter.checkSuspends("poll_oneoff.suspending");
    made ??= suspendingImport("poll_oneoff.suspending", 4, (...given) =>
      waiter.begin(oneoff.call(...(given as Parameters<GuestPollOneoff>))),
    );
    return made;
  };
  return Object.defineProperty(call, "suspending", {
    get: suspending,
    enumerable: true,
  }) as GuestPollOneoff & { readonly suspending: unknown };
}

const NOT_READY: Answer = { error: 0, bytes: 0, flags: 0 };
const READY: Answer = { error: 0, bytes: 0, flags: 0 };
const BADF: Answer = { error: WASI_BADF, bytes: 0, flags: 0 };

/** The event of a subscription to a descriptor; NOT_READY if the descriptor is not ready. */
function answerOf(slot: Slot, type: number): Answer {
  if (!isOpen(slot)) return BADF;
  const { ready, readable, writable, error } = slot;
  const flags = ready & EVENT_HUP ? FLAG_HANGUP : 0;
  const isRead = type === TYPE_READ;
  const bytes = isRead ? readable : writable;
  // Bytes that came before an error can be read.
  const hasData = isRead && (ready & EVENT_IN) !== 0 && readable > 0;
  if (ready & EVENT_ERR && !hasData) return { error, bytes: 0, flags };
  if ((ready & ((isRead ? EVENT_IN : EVENT_OUT) | EVENT_HUP)) === 0) return NOT_READY;
  return { error: 0, bytes: bytes < 0 ? Number(flags === 0) : bytes, flags };
}
