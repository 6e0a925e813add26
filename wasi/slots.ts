// The descriptors of one wait, and the questions about them: to the host, and to sources.

import {
  DATA_ERROR,
  DATA_FD,
  DATA_OPEN,
  DATA_PIPE_ROOM,
  DATA_READABLE,
  DATA_SENDABLE,
  DATA_SIZE,
  DATA_STATE,
  DATA_STATE_ERRNO,
  DATA_VALUE,
  DATA_WHAT,
  DATA_WITH_STATE,
  EBADF,
  ENOMEM,
  ENOSYS,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_NVAL,
  EVENT_OUT,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
} from "../asm/abi.ts";
import type { Host } from "../host/host.ts";
import { WASI_IO, WASI_PIPE, wasiErrno } from "./errno.ts";
import type { Source } from "./source.ts";

/** The calls of a host that a wait of a guest needs. */
export type OneoffHost = Pick<
  Host,
  "poll" | "fd_data" | "now" | "realtime" | "watch" | "interrupt" | "takeFailure"
>;

/**
 * What a descriptor of a guest stands for: a descriptor of the host, one that is always ready, or an object of
 * JavaScript.
 */
export type Target = number | { readonly fd: number; readonly poll: false } | Source;

/** One descriptor of a wait, whatever number of subscriptions it has. */
export interface Slot {
  /** The descriptor of the host that is polled; -1 for a source, a closed number and what is always ready. */
  readonly poll: number;
  /** The descriptor of the host whose bytes are counted; -1 for a source and a closed number. */
  readonly fd: number;
  readonly source: Source | undefined;
  /** Whether nobody tells of a change: the slot is looked at every RESCAN_MS of the host's clock. */
  readonly isRescanned?: boolean;
  /** EVENT_IN, EVENT_OUT. */
  want: number;
  /** EVENT_* bits. */
  ready: number;
  /** Bytes to read and room to write, -1 if the kernel does not tell. */
  readable: number;
  writable: number;
  /** The error number of WASI of events while EVENT_ERR is set. */
  error: number;
}

/** The slot of a target; of undefined, one that is not open. */
export function slotOf(target: Target | undefined, want = 0): Slot {
  const rest = { want, ready: 0, readable: -1, writable: -1, error: 0 };
  if (typeof target === "number") return { poll: target, fd: target, source: undefined, ...rest };
  if (target === undefined) return { poll: -1, fd: -1, source: undefined, ...rest };
  if (isSource(target)) return { poll: -1, fd: -1, source: target, ...rest };
  const { fd } = target;
  return { poll: -1, fd, source: undefined, ...rest, ready: EVENT_IN | EVENT_OUT };
}

/** Whether a target is an object of JavaScript. */
export function isSource(target: Target): target is Source {
  return typeof target === "object" && "ready" in target;
}

/** Whether the descriptor of a slot is open, as far as the last wait has told. */
export function isOpen({ source, fd, ready }: Slot): boolean {
  return source !== undefined || (fd >= 0 && (ready & EVENT_NVAL) === 0);
}

/** Whether a slot needs no wait: it is not open, or always ready. */
export function isSettled({ poll, source }: Slot): boolean {
  return poll < 0 && source === undefined;
}

const EDEADLK = 35;
const PAGE = 65_536;
const ALWAYS = EVENT_ERR | EVENT_HUP;

/** Notes which events of a source hold. Returns whether any that the slot wants does. */
export function askSource(slot: Slot): boolean {
  slot.ready = (slot.source as Source).ready() & (slot.want | ALWAYS);
  return slot.ready !== 0;
}

const pollers = new WeakMap<OneoffHost, SlotPoller>();

/**
 * The poller of a host. The guests share it: each WebAssembly.Memory reserves gigabytes of addresses, of which a page
 * has about a terabyte.
 */
export function pollerOf(host: OneoffHost): SlotPoller {
  const known = pollers.get(host);
  if (known !== undefined) return known;
  const made = new SlotPoller(host);
  pollers.set(host, made);
  return made;
}

/** Asks a host about slots, in records of its own. */
export class SlotPoller {
  readonly #host: OneoffHost;
  readonly #records = new WebAssembly.Memory({ initial: 1 });
  /** End of the records of calls that are under way: a simulated kernel may run a guest during a wait. */
  #top = 0;

  constructor(host: OneoffHost) {
    this.#host = host;
  }

  /**
   * poll(2) of the slots that are descriptors of the host, for at most `ms`, < 0 for ever; notes which are ready.
   * A count or a negative errno.
   *
   * @throws the error of an action of a simulated kernel, which ran during the call
   */
  poll(slots: readonly Slot[], ms: number): number {
    const base = this.#top;
    const count = slots.length;
    if (!this.#writeRecords(slots)) return -ENOMEM;
    this.#top = base + count * POLL_RECORD_SIZE;
    const result = this.#host.poll(this.#records, base, count, ms);
    this.#top = base;
    if (result < 0) {
      const failure = this.#host.takeFailure?.();
      // The guest learns of a deadlock by its errno. An error of JavaScript goes to the caller of the guest.
      if (failure !== undefined && result !== -EDEADLK) throw failure;
    }
    if (result <= 0) return result;
    const after = new DataView(this.#records.buffer, base);
    for (const [i, slot] of slots.entries()) {
      if (slot.poll < 0) continue;
      slot.ready = after.getUint16(i * POLL_RECORD_SIZE + POLL_RECORD_READY, true);
    }
    return result;
  }

  /**
   * Calls `ended` once, from the event loop, as soon as `poll` with the same arguments would return. Returns a
   * function that ends that, or a negative errno: -ENOSYS of a host that cannot tell.
   */
  watch(slots: readonly Slot[], ms: number, ended: () => void): (() => void) | number {
    const ofHost = slots.filter(({ poll }) => poll >= 0);
    if (!this.#writeRecords(ofHost)) return -ENOMEM;
    return this.#host.watch?.(this.#records, this.#top, ofHost.length, ms, ended) ?? -ENOSYS;
  }

  /** Writes a poll record for each slot. False without memory. */
  #writeRecords(slots: readonly Slot[]): boolean {
    if (!this.#reserve(this.#top + slots.length * POLL_RECORD_SIZE)) return false;
    const view = new DataView(this.#records.buffer, this.#top);
    for (const [i, slot] of slots.entries()) writeRecord(view, i, slot);
    return true;
  }

  /** Makes the memory of the records so large. False without memory. */
  #reserve(end: number): boolean {
    const missing = end - this.#records.buffer.byteLength;
    if (missing <= 0) return true;
    try {
      this.#records.grow(Math.ceil(missing / PAGE));
      return true;
    } catch {
      return false;
    }
  }

  /** Asks the host about slots: `take` gets each value, the error of the question, and the state. */
  #ask(
    slots: readonly Slot[],
    what: number,
    take: (slot: Slot, value: number, state: number) => void,
  ): void {
    if (slots.length === 0 || !this.#reserve(this.#top + slots.length * DATA_SIZE)) return;
    const view = new DataView(this.#records.buffer, this.#top);
    for (const [i, { fd, ready }] of slots.entries()) {
      const at = i * DATA_SIZE;
      view.setInt32(at + DATA_FD, fd, true);
      view.setUint32(at + DATA_WHAT, what | (ready & EVENT_ERR ? DATA_WITH_STATE : 0), true);
    }
    if (this.#host.fd_data(this.#records, this.#top, slots.length) < 0) return;
    for (const [i, slot] of slots.entries()) {
      const at = i * DATA_SIZE;
      const failed = view.getInt32(at + DATA_ERROR, true);
      // Another thread closed the descriptor after poll(2) had told of it.
      if (failed === -EBADF && what !== DATA_PIPE_ROOM) slot.ready = EVENT_NVAL;
      const isKnown = failed === 0;
      // Beyond the end of a file FIONREAD is below 0, and no byte can be read.
      const value = isKnown ? Math.max(Number(view.getBigInt64(at + DATA_VALUE, true)), 0) : -1;
      take(slot, value, view.getUint32(at + DATA_STATE, true));
    }
  }

  /** Asks for the bytes of the slots that are ready, and for the errors that are pending. */
  askBytes(slots: readonly Slot[]): void {
    // One pass: this code runs between the end of a wait and the guest.
    const readers: Slot[] = [];
    const writers: Slot[] = [];
    for (const slot of slots) {
      const { want, ready, source } = slot;
      if (ready === 0 || !isOpen(slot)) continue;
      if (source !== undefined) {
        askBytesOfSource(slot);
        continue;
      }
      if (want & EVENT_IN || ready & EVENT_ERR) readers.push(slot);
      if (want & EVENT_OUT) writers.push(slot);
    }
    this.#ask(readers, DATA_READABLE, takeReadable);
    if (writers.length === 0) return;
    this.#ask(writers, DATA_SENDABLE, takeRoom);
    const pipes = writers.filter(({ writable }) => writable < 0);
    this.#ask(pipes, DATA_PIPE_ROOM, takePipeRoom);
    // F_GETPIPE_SZ says EBADF of a closed descriptor and of what is no pipe.
    const others = pipes.filter((slot) => slot.writable < 0 && isOpen(slot));
    this.#ask(others, DATA_OPEN, () => undefined);
  }
}

function takeReadable(slot: Slot, value: number, state: number): void {
  slot.readable = value;
  const errno = slot.ready & EVENT_ERR ? state & DATA_STATE_ERRNO : 0;
  slot.error = errno === 0 ? WASI_IO : wasiErrno(errno);
}

function takeRoom(slot: Slot, value: number): void {
  slot.writable = value;
}

function takePipeRoom(slot: Slot, value: number): void {
  slot.writable = value;
  // The only error of a pipe: the other end is gone.
  if (value >= 0) slot.error = WASI_PIPE;
}

/** Writes the poll record of a slot; a negative descriptor is skipped by poll(2). */
function writeRecord(view: DataView, i: number, { poll, want }: Slot): void {
  const at = i * POLL_RECORD_SIZE;
  view.setInt32(at + POLL_RECORD_FD, poll, true);
  view.setUint16(at + POLL_RECORD_WANT, want, true);
  view.setUint16(at + POLL_RECORD_READY, 0, true);
}

function askBytesOfSource(slot: Slot): void {
  const source = slot.source as Source;
  slot.readable = source.readable();
  slot.writable = source.writable();
  const errno = source.pendingError?.() ?? 0;
  slot.error = errno === 0 ? WASI_IO : wasiErrno(errno);
}
