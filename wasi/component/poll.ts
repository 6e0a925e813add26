// wasi:io/poll: a list of pollables in one wait of the host.

import { EINTR, EVENT_ERR, EVENT_HUP, EVENT_IN } from "../../asm/abi.ts";
import { describeErrno } from "../../host/errno.ts";
import { type Clock, type Due, dueNow, msUntilDue } from "../clocks.ts";
import type { OpenFile } from "../guest/open-file.ts";
import type { Limits } from "../guest/limits.ts";
import { slotOfFile } from "../guest/transfers.ts";
import { isOpen, isSettled, type Slot, slotOf } from "../slots.ts";
import type { Source } from "../source.ts";
import type { Waiter, Waits } from "../wait.ts";

/** A stream or a clock, as poll waits for it. */
export interface Subject {
  /** The file that is waited for; undefined if the subject is a clock, or ready without a wait. */
  file(): OpenFile | undefined;
  /** EVENT_IN or EVENT_OUT. */
  readonly want: number;
  readonly due: Due | undefined;
  /** Whether the subject is ready, after a wait in which its file was ready. It may use the file. */
  settle(): boolean;
}

/** A pollable of the runtime's own: files and sockets stay the runtime's. */
export interface ForeignPollable {
  ready(): boolean;
  block(): void;
}

/** wasi:io/poll of the runtime. */
export interface ForeignPoll {
  poll(list: readonly ForeignPollable[]): ArrayLike<number>;
}

const REP: unique symbol = Symbol.for("cabiRep") as never;
/**
 * jco numbers the objects of a resource; the pollables of preview2-shim bring the numbers of its worker, which count from
 * 1. Numbers have 30 bits.
 */
const FIRST_REP = 1 << 29;
const freeReps: number[] = [];
let usedReps = 0;

/** The method that jco calls when a component drops a resource. */
export const DISPOSE: unique symbol = (Symbol.dispose ?? Symbol.for("dispose")) as never;

/** The resource `pollable`. It can be waited for any number of times, also twice in one list. */
export class Pollable {
  /** The number of this object in jco's tables. */
  readonly [REP]: number;
  readonly subject: Subject;
  readonly #polling: Polling;
  #isDropped = false;

  constructor(polling: Polling, subject: Subject) {
    this[REP] = freeReps.pop() ?? FIRST_REP + usedReps++;
    this.#polling = polling;
    this.subject = subject;
  }

  ready(): boolean {
    return this.#polling.look(this.subject);
  }

  block(): void {
    this.#polling.wait([this.subject]);
  }

  [DISPOSE](): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    freeReps.push(this[REP]);
  }
}

/** A list of subjects as one wait. */
class Turn {
  readonly slots: Slot[] = [];
  readonly dues = new Map<number, Due>();
  /** The slot of each subject; undefined for a clock, and for a subject that is ready. */
  readonly #slotOf: Array<Slot | undefined>;
  readonly #list: ReadonlyArray<Subject | ForeignPollable>;

  constructor(list: ReadonlyArray<Subject | ForeignPollable>) {
    this.#list = list;
    const files = new Map<OpenFile, Slot>();
    this.#slotOf = list.map((item, i) => {
      if (!isSubject(item)) return this.#add(slotOf(sourceOf(item), EVENT_IN));
      if (item.due !== undefined) this.dues.set(i, item.due);
      const file = item.file();
      if (file === undefined) return undefined;
      const slot = files.get(file) ?? this.#add(slotOfFile(file, 0));
      files.set(file, slot);
      slot.want |= item.want;
      return slot;
    });
  }

  #add(slot: Slot): Slot {
    this.slots.push(slot);
    return slot;
  }

  /** Whether a subject is ready without a wait. */
  get isSettled(): boolean {
    return this.#slotOf.some((slot, i) =>
      slot === undefined ? !this.dues.has(i) : isSettled(slot),
    );
  }

  /** The numbers of the subjects that are ready, after a wait. */
  found(): number[] {
    const isDue = dueNow();
    const isReady = (item: Subject | ForeignPollable, i: number): boolean => {
      const due = this.dues.get(i);
      if (due !== undefined) return isDue(due);
      const slot = this.#slotOf[i];
      if (!isSubject(item)) return slot?.ready !== 0;
      // An error is an event: the next operation of the stream tells it.
      if (slot !== undefined && isOpen(slot) && !hasEvent(slot, item.want)) return false;
      return item.settle();
    };
    return this.#list.flatMap((item, i) => (isReady(item, i) ? [i] : []));
  }
}

/** The waits of one component. */
export class Polling {
  readonly #waiter: Waiter;
  readonly #limits: Pick<Limits, "subscriptions" | "onRefused">;
  readonly #foreign: ForeignPoll | undefined;

  /**
   * @param limits `subscriptions` is the most pollables of one list
   * @param foreign the runtime's, for its own pollables
   */
  constructor(
    waiter: Waiter,
    limits: Pick<Limits, "subscriptions" | "onRefused">,
    foreign: ForeignPoll | undefined,
  ) {
    this.#waiter = waiter;
    this.#limits = limits;
    this.#foreign = foreign;
  }

  /**
   * Waits until a pollable is ready. Returns the numbers of all that are. Pollables of the runtime beside ours are
   * looked at every 1 to 10 ms of the wait.
   *
   * @throws {Error} which is a trap: for an empty list, beyond a limit, or if no pollable could ever become ready
   */
  poll(list: ReadonlyArray<Pollable | ForeignPollable>): Uint32Array {
    if (list.length === 0) throw new Error("wasi:io/poll: poll traps on an empty list");
    const { subscriptions, onRefused } = this.#limits;
    if (list.length > subscriptions) {
      onRefused("registrations");
      throw new Error(
        `wasi:io/poll: a list of ${list.length} pollables, at most ${subscriptions} are permitted`,
      );
    }
    this.check();
    if (this.#foreign !== undefined && !list.some(isOurs)) {
      return Uint32Array.from(this.#foreign.poll(list));
    }
    return Uint32Array.from(this.wait(list.map((item) => (isOurs(item) ? item.subject : item))));
  }

  /** The same for subjects. */
  wait(list: ReadonlyArray<Subject | ForeignPollable>): number[] {
    let found: number[] = [];
    function* waits(): Waits {
      for (;;) {
        const turn = new Turn(list);
        const ms = turn.isSettled ? 0 : msUntilDue(turn.dues.values());
        const result = yield { slots: turn.slots, ms };
        if (result < 0 && result !== -EINTR) return result;
        found = turn.found();
        if (found.length > 0) return 0;
      }
    }
    const result = this.#waiter.blocking(waits());
    if (result < 0) throw new Error(`wasi:io/poll: ${describeErrno(-result).join(": ")}`);
    return found;
  }

  /** Whether a subject is ready now. */
  look(subject: Subject): boolean {
    const turn = new Turn([subject]);
    const result = this.#waiter.poll({ slots: turn.slots, ms: 0 });
    if (result < 0 && result !== -EINTR) {
      throw new Error(`wasi:io/poll: ${describeErrno(-result).join(": ")}`);
    }
    return turn.found().length > 0;
  }

  /** @throws {Error} if the guest is cancelled */
  check(): void {
    this.#waiter.throwIfCancelled();
  }

  /** A pollable that is ready when a clock has reached `at`, in ns. */
  onTime(clock: Clock, at: bigint): Pollable {
    const due = { clock, at, isStepped: false };
    return new Pollable(this, { file: () => undefined, want: 0, due, settle: () => true });
  }
}

function isSubject(item: Subject | ForeignPollable): item is Subject {
  return "settle" in item;
}

function isOurs(item: Pollable | ForeignPollable): item is Pollable {
  return item instanceof Pollable;
}

/** Whether an event that was asked for, an end or an error holds. */
function hasEvent({ ready }: Slot, want: number): boolean {
  return (ready & (want | EVENT_ERR | EVENT_HUP)) !== 0;
}

/** A pollable of the runtime as a source of a wait. */
function sourceOf(pollable: ForeignPollable): Source {
  return {
    filetype: 0,
    ready: () => (pollable.ready() ? EVENT_IN : 0),
    readable: () => -1,
    writable: () => -1,
    read: () => 0,
    write: () => 0,
    watch: () => () => {},
    // The runtime's worker goes on while this thread is blocked.
    pump: () => {},
    shutdown: () => 0,
    close: () => {},
  };
}
