// How the calls of a guest wait. A call that may wait is a generator of its waits, so that one function
// serves a call that blocks its thread and a call that the guest's stack is suspended for.

import { EVENT_IN, RESCAN_MS } from "../asm/abi.ts";
import type { CallBudget, WaitBudget } from "./budget.ts";
import { resumptions } from "./resumptions.ts";
import {
  askSource,
  type OneoffHost,
  type Slot,
  pollerOf,
  slotOf,
  type SlotPoller,
} from "./slots.ts";
import type { Source } from "./source.ts";

const EDEADLK = 35;
const ECANCELED = 125;
/**
 * A source with a `pump` is looked at after so many ms of a blocking wait at first, and after twice as many
 * each time, up to the second number.
 */
const FIRST_LOOK_MS = 1;
const LAST_LOOK_MS = 10;

/** A request to wait until one of the slots is ready, for so many ms at most, < 0 for ever. */
export interface Wait {
  readonly slots: readonly Slot[];
  readonly ms: number;
}

/**
 * The waits of one call. Resumed with the number of slots that are ready, or a negative errno of Linux; a wait
 * may end early with 0. Ends with the result of the call.
 */
export type Waits = Generator<Wait, number, number>;
type Step = IteratorResult<Wait, number>;

/** What ends the waits of a guest besides their own time and descriptors. */
export interface WaitEnds {
  readonly budget?: WaitBudget | undefined;
  /** A descriptor of the host: once it is readable, every wait throws. */
  readonly cancel?: number | undefined;
}

/** Makes the waits of the calls of one guest on the descriptors of a host. */
export class Waiter {
  readonly #host: OneoffHost;
  readonly #poller: SlotPoller;
  readonly #budget: WaitBudget | undefined;
  readonly #cancel: number | undefined;

  constructor(host: OneoffHost, { budget, cancel }: WaitEnds = {}) {
    this.#host = host;
    this.#poller = pollerOf(host);
    this.#budget = budget;
    this.#cancel = cancel;
  }

  /** Whether a wait may have an end of which only the waiter knows, so that no other object may wait. */
  get isBounded(): boolean {
    return this.#budget !== undefined || this.#cancel !== undefined;
  }

  /** Asks for the bytes of the slots that are ready, and for the errors that are pending. */
  askBytes(slots: readonly Slot[]): void {
    this.#poller.askBytes(slots);
  }

  /**
   * Makes one wait, which blocks the thread, and notes which slots are ready. A count or a negative errno:
   * -EDEADLK if nothing can end the wait, because all slots are sources that change only while the thread is
   * not blocked; -EINTR if a source may have changed nevertheless, by an action of a simulated kernel; -ECANCELED if
   * the time of the call, or of the guest, is used up.
   *
   * @throws {Error} if the guest is cancelled
   */
  poll({ slots, ms }: Wait, call?: CallBudget): number {
    const canChange = this.#host.interrupt !== undefined;
    const isEndless = ms < 0 && !canChange && slots.every(({ poll }) => poll < 0);
    if (call === undefined) return this.#blockOrThrow(slots, ms, isEndless);
    const most = call.most(ms);
    const before = this.#host.now();
    const result = this.#blockOrThrow(slots, most, isEndless);
    return this.#spend(call, before, result, most === ms);
  }

  /** The result of a wait that began at `before`, once its time is taken from the budgets. */
  #spend(call: CallBudget, before: number, result: number, isWhole: boolean): number {
    const isOver = call.spend(this.#host.now() - before);
    if (result !== 0 || isWhole || !isOver) return result;
    this.#budget?.refuse();
    return -ECANCELED;
  }

  #blockOrThrow(given: readonly Slot[], ms: number, isEndless: boolean): number {
    const slots = this.#withCancel(given);
    const result = this.#block(slots, ms, isEndless);
    this.#throwIfCancelled(slots);
    return result;
  }

  /** The slots, with one for the descriptor that cancels the guest as the last. */
  #withCancel(slots: readonly Slot[]): readonly Slot[] {
    return this.#cancel === undefined ? slots : [...slots, slotOf(this.#cancel, EVENT_IN)];
  }

  /** @throws {Error} if the guest is cancelled */
  throwIfCancelled(): void {
    if (this.#cancel !== undefined) this.#blockOrThrow([], 0, false);
  }

  #throwIfCancelled(slots: readonly Slot[]): void {
    if (this.#cancel === undefined || slots.at(-1)?.ready === 0) return;
    throw new Error(`the guest is cancelled: descriptor ${this.#cancel} of the host is ready`);
  }

  /** @param isEndless whether only sources can end the wait */
  #block(slots: readonly Slot[], ms: number, isEndless: boolean): number {
    const ofSources = slots.filter(({ source }) => source !== undefined);
    if (ofSources.length === 0) return this.#poller.poll(slots, ms);
    const ends: Array<() => void> = [];
    try {
      if (this.#host.interrupt !== undefined) {
        watchSources(ofSources, () => this.#host.interrupt?.(), ends);
      }
      return this.#blockOnSources(slots, ms, isEndless, ofSources);
    } finally {
      for (const end of ends) end();
    }
  }

  #blockOnSources(
    slots: readonly Slot[],
    ms: number,
    isEndless: boolean,
    ofSources: readonly Slot[],
  ): number {
    const pumped = new Set(ofSources.map(({ source }) => source as Source).filter(hasPump));
    const deadline = ms < 0 ? Infinity : this.#host.now() + ms;
    for (let look = FIRST_LOOK_MS; ; look = Math.min(2 * look, LAST_LOOK_MS)) {
      for (const source of pumped) source.pump();
      const ready = ofSources.filter(askSource).length;
      if (ready === 0 && isEndless && pumped.size === 0) return -EDEADLK;
      const left = ready > 0 ? 0 : Math.max(deadline - this.#host.now(), 0);
      const limit = pumped.size === 0 ? left : Math.min(left, look);
      const result = this.#poller.poll(slots, limit === Infinity ? -1 : limit);
      if (result < 0) return result;
      // Without a pump, sources have not changed.
      if (ready + result > 0 || left === 0 || pumped.size === 0) return ready + result;
    }
  }

  /** @throws {Error} if the host cannot tell of descriptors while the thread goes on; `what` begins the message */
  checkSuspends(what: string): void {
    if (this.#host.watch !== undefined) return;
    throw new Error(
      `${what}: the host of options.select has no watch: a thread that joined a simulated kernel has none`,
    );
  }

  /**
   * Makes one wait for slots that are not ready while the thread goes on, and notes which are. Resolves to a count,
   * which may be 0 before the time is over, or to a negative errno as `poll` returns it.
   *
   * @throws the reason of `cancellation`; {Error} if the guest is cancelled
   */
  async #watch(
    { slots, ms }: Wait,
    cancellation?: Cancellation,
    call?: CallBudget,
  ): Promise<number> {
    const most = call?.most(ms) ?? ms;
    const before = this.#host.now();
    const failure = await this.#untilChange(this.#withCancel(slots), most, cancellation);
    await resumptions.turn();
    cancellation?.throwIfCancelled();
    const result = failure < 0 ? failure : this.#look(slots);
    return call === undefined ? result : this.#spend(call, before, result, most === ms);
  }

  /** Which slots are ready now. A count or a negative errno. */
  #look(given: readonly Slot[]): number {
    const slots = this.#withCancel(given);
    const ready = slots.filter((slot) => slot.source !== undefined && askSource(slot)).length;
    if (slots.every(({ poll }) => poll < 0)) return ready;
    const result = this.#poller.poll(slots, 0);
    this.#throwIfCancelled(slots);
    return result < 0 ? result : ready + result;
  }

  /** Resolves once a slot may be ready, the time is over, or the wait is cancelled: to 0 or a negative errno. */
  async #untilChange(
    slots: readonly Slot[],
    ms: number,
    cancellation: Cancellation | undefined,
  ): Promise<number> {
    const ends: Array<() => void> = [];
    try {
      return await new Promise<number>((resolve, reject) => {
        const changed = (): void => resolve(0);
        if (cancellation !== undefined) ends.push(cancellation.onCancel(changed));
        try {
          watchSources(slots, changed, ends);
        } catch (error) {
          reject(error as Error);
        }
        const isRescanned = slots.some((slot) => slot.isRescanned);
        const limit = isRescanned && (ms < 0 || ms > RESCAN_MS) ? RESCAN_MS : ms;
        if (limit < 0 && slots.every(({ poll }) => poll < 0)) return;
        const watch = this.#poller.watch(slots, limit, changed);
        if (typeof watch === "number") resolve(watch);
        else ends.push(watch);
      });
    } finally {
      for (const end of ends) end();
    }
  }

  /** Makes the waits of a call, which block the thread. Returns the result of the call. */
  blocking(waits: Waits): number {
    const call = this.#budget?.begin();
    try {
      let step = waits.next();
      if (step.done) this.throwIfCancelled();
      while (!step.done) step = waits.next(this.poll(step.value, call));
      return step.value;
    } finally {
      // A call that is cancelled gives back what it holds.
      waits.return(0);
    }
  }

  /**
   * Makes the waits of a call while the thread goes on. Returns the result of a call that need not wait, which
   * does not suspend the guest then, or a promise of the result.
   *
   * @throws the reason of `cancellation`, when it is cancelled before the call has ended
   */
  suspending(waits: Waits, cancellation?: Cancellation): number | Promise<number> {
    const begun = this.begin(waits, cancellation);
    return typeof begun === "number" ? begun : begun();
  }

  /** The same up to the first wait, which the returned function begins. */
  begin(waits: Waits, cancellation?: Cancellation): number | (() => Promise<number>) {
    const step = this.#untilWait(waits, waits.next(), cancellation);
    if (!step.done) return () => this.#suspended(waits, step, cancellation);
    this.throwIfCancelled();
    return step.value;
  }

  /** Makes the waits of a call up to the first one in which no slot is ready, and time is left. */
  #untilWait(waits: Waits, from: Step, cancellation?: Cancellation): Step {
    let step = from;
    try {
      while (!step.done) {
        cancellation?.throwIfCancelled();
        const found = this.#look(step.value.slots);
        if (found === 0 && step.value.ms !== 0) break;
        step = waits.next(found);
      }
    } catch (error) {
      // A call that is cancelled gives back what it holds.
      waits.return(0);
      throw error;
    }
    return step;
  }

  /** Makes the rest of a call, from a wait on. */
  async #suspended(waits: Waits, from: Step, cancellation?: Cancellation): Promise<number> {
    const call = this.#budget?.begin();
    try {
      let step = from;
      while (!step.done) {
        const found = await this.#watch(step.value, cancellation, call);
        step = this.#untilWait(waits, waits.next(found), cancellation);
      }
      return step.value;
    } finally {
      waits.return(0);
    }
  }
}

/** Watches the sources of slots, each once; `ends` gets the functions that end that. */
function watchSources(slots: readonly Slot[], changed: () => void, ends: Array<() => void>): void {
  if (slots.every(({ source }) => source === undefined)) return;
  const sources = new Set(slots.map(({ source }) => source));
  for (const source of sources) if (source !== undefined) ends.push(source.watch(changed));
}

function hasPump(source: Source): source is Source & { readonly pump: () => void } {
  return source.pump !== undefined;
}

/** Ends the suspended calls of a guest that is disposed: each call throws, and unwinds the guest's stack. */
export class Cancellation {
  #reason: Error | undefined;
  readonly #listeners = new Set<() => void>();

  /** Ends all waits now, and those that begin later, with `reason`. Only the first reason counts. */
  cancel(reason: Error): void {
    this.#reason ??= reason;
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  /** Calls `listener` when the waits are cancelled. Returns a function that ends that. */
  onCancel(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  throwIfCancelled(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }
}
