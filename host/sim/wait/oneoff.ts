// poll_oneoff of WASI on a simulated kernel, as a correct runtime implements the call: a hang-up is a
// flag of the event, a socket error or a closed descriptor is the error of the event, and files are
// always ready.

import {
  DATA_PIPE_ROOM,
  DATA_READABLE,
  DATA_SENDABLE,
  DATA_STATE_ERRNO,
  EINTR,
  EVENT_ERR,
  EVENT_HUP,
  EVENT_IN,
  EVENT_OUT,
  EVENT_RDHUP,
  FD_PIPE,
} from "../../../asm/abi.ts";
import {
  WASI_BADF,
  WASI_CANCELED,
  WASI_DEADLK,
  WASI_FAULT,
  WASI_INTR,
  WASI_INVAL,
  WASI_IO,
  WASI_PIPE,
  wasiErrno,
} from "../../../wasi/errno.ts";
import type { OneoffCall } from "../../../wasi/poller.ts";
import {
  type Answer,
  CLOCK_ABSOLUTE,
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  EVENT_SIZE,
  FLAG_HANGUP,
  SUBSCRIPTION_CLOCK,
  SUBSCRIPTION_FD,
  SUBSCRIPTION_FLAGS,
  SUBSCRIPTION_SIZE,
  SUBSCRIPTION_TIMEOUT,
  SUBSCRIPTION_TYPE,
  SUBSCRIPTION_USERDATA,
  TYPE_CLOCK,
  TYPE_READ,
  TYPE_WRITE,
  writeEvent,
} from "../../../wasi/preview1.ts";
import { BOOT_MS } from "../time/clock.ts";
import { EDEADLK } from "../kernel/constants.ts";
import type { File } from "../kernel/file.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Sleeper, type Sleeping } from "../kernel/sleep.ts";
import { viewAt } from "../kernel/memory.ts";
import { WaitEntry } from "../kernel/wait-queue.ts";

const NS = 1e6;
/** A timeout of 2^63 ns or more means no timeout. */
const NEVER = 2n ** 63n;

interface Subscription {
  readonly userdata: bigint;
  readonly type: number;
  /** The descriptor; -1 for a clock. */
  readonly fd: number;
  /** The time in ms on the kernel's clock when a clock is due; Infinity for a descriptor. */
  readonly due: number;
}

/** One event, before it is written. */
interface Found extends Answer {
  readonly userdata: bigint;
  readonly type: number;
}

/**
 * The due time of a clock's subscription in ms of the kernel's clock; undefined for a clock that has no
 * waits.
 */
function dueOf(kernel: Kernel, view: DataView, at: number): number | undefined {
  const id = view.getUint32(at + SUBSCRIPTION_CLOCK, true);
  if (id !== CLOCK_REALTIME && id !== CLOCK_MONOTONIC) return undefined;
  const timeout = view.getBigUint64(at + SUBSCRIPTION_TIMEOUT, true);
  if (timeout >= NEVER) return Infinity;
  const ms = Number(timeout) / NS;
  const now = kernel.clock.now();
  if ((view.getUint16(at + SUBSCRIPTION_FLAGS, true) & CLOCK_ABSOLUTE) === 0) return now + ms;
  return id === CLOCK_MONOTONIC ? ms - BOOT_MS : ms - (kernel.realtime() - now);
}

/** The subscriptions of a call, or WASI_INVAL. */
function subscriptionsOf(kernel: Kernel, view: DataView, count: number): Subscription[] | number {
  const subscriptions: Subscription[] = [];
  for (let i = 0; i < count; i++) {
    const at = i * SUBSCRIPTION_SIZE;
    const userdata = view.getBigUint64(at + SUBSCRIPTION_USERDATA, true);
    const type = view.getUint8(at + SUBSCRIPTION_TYPE);
    if (type > TYPE_WRITE) return WASI_INVAL;
    const due = type === TYPE_CLOCK ? dueOf(kernel, view, at) : Infinity;
    if (due === undefined) return WASI_INVAL;
    const fd = type === TYPE_CLOCK ? -1 : view.getUint32(at + SUBSCRIPTION_FD, true);
    subscriptions.push({ userdata, type, fd, due });
  }
  return subscriptions;
}

/** Bytes that can be read or written; 1 for a file that has no such number and did not hang up. */
function bytesOf(file: File, type: number, ready: number): number {
  if (type === TYPE_READ) {
    const left = file.bytesLeft();
    // Beyond the end of a file there is nothing to read.
    if (left !== undefined) return Math.max(left, 0);
    const bytes = file.data(DATA_READABLE);
    if (bytes >= 0) return Number(bytes);
  } else {
    const room = [DATA_SENDABLE, DATA_PIPE_ROOM].map((what) => file.data(what));
    const known = room.find((bytes) => bytes >= 0);
    if (known !== undefined) return Number(known);
  }
  return (ready & EVENT_HUP) === 0 ? 1 : 0;
}

/** The error number of a file that has EVENT_ERR. */
function errorOfFile(file: File): number {
  // A pipe's only error: there is no reader.
  if (file.kind === FD_PIPE) return WASI_PIPE;
  const errno = file.dataState() & DATA_STATE_ERRNO;
  return errno === 0 ? WASI_IO : wasiErrno(errno);
}

/** The event of a subscription; undefined if it is not ready. */
function evaluate(kernel: Kernel, { userdata, type, fd, due }: Subscription): Found | undefined {
  const none = { userdata, type, error: 0, bytes: 0, flags: 0 };
  if (type === TYPE_CLOCK) return due <= kernel.clock.now() ? none : undefined;
  const file = kernel.descriptors.usable(fd);
  if (file === undefined) return { ...none, error: WASI_BADF };
  const ready = file.poll();
  const flags = ready & EVENT_HUP ? FLAG_HANGUP : 0;
  const bytes = bytesOf(file, type, ready);
  // Bytes that came before an error can be read.
  const hasData = type === TYPE_READ && (ready & EVENT_IN) !== 0 && bytes > 0;
  if (ready & EVENT_ERR && !hasData) return { ...none, error: errorOfFile(file), flags };
  const wanted = type === TYPE_READ ? EVENT_IN | EVENT_RDHUP : EVENT_OUT;
  if ((ready & (wanted | EVENT_HUP)) === 0) return undefined;
  return { ...none, bytes, flags };
}

function scan(kernel: Kernel, subscriptions: readonly Subscription[]): Found[] {
  const found: Found[] = [];
  for (const subscription of subscriptions) {
    const one = evaluate(kernel, subscription);
    if (one !== undefined) found.push(one);
  }
  return found;
}

function waitsFor(subscriptions: readonly Subscription[]): string {
  const fds = subscriptions.filter(({ fd }) => fd >= 0).map(({ fd }) => fd);
  const names = [...new Set(fds)].slice(0, 10).join(", ");
  return `poll_oneoff on ${names === "" ? "nothing" : `descriptors ${names}`}`;
}

/** Sleeps until a subscription is ready, and appends the events to `found`. 0 or a negative errno. */
function* wait(
  kernel: Kernel,
  subscriptions: readonly Subscription[],
  deadline: number,
  found: Found[],
): Sleeping {
  while (found.length === 0) {
    const sleeper = new Sleeper(-1, () => waitsFor(subscriptions));
    const entries: WaitEntry[] = [];
    for (const { fd } of subscriptions) {
      for (const queue of kernel.descriptors.usable(fd)?.queues() ?? []) {
        const entry = new WaitEntry(sleeper);
        queue.add(entry);
        entries.push(entry);
      }
    }
    const end = yield { sleeper, deadline };
    for (const entry of entries) entry.leave();
    if (typeof end === "number") return end;
    found.push(...scan(kernel, subscriptions));
  }
  return 0;
}

/** WASI's error number for a wait that ended early with a negative errno. */
function errorOf(ended: number): number {
  if (ended === -EINTR) return WASI_INTR;
  return ended === -EDEADLK ? WASI_DEADLK : WASI_CANCELED;
}

/** poll_oneoff: 0 or an error number of WASI. Addresses are offsets into `memory`. */
export function* oneoff(
  kernel: Kernel,
  memory: WebAssembly.Memory,
  ...[from, to, count, countAt]: OneoffCall
): Sleeping {
  const records = viewAt(memory, from, count * SUBSCRIPTION_SIZE);
  const isWritable = viewAt(memory, to, count * EVENT_SIZE) && viewAt(memory, countAt, 4);
  if (records === undefined || isWritable === undefined) return WASI_FAULT;
  if (count === 0) return WASI_INVAL;
  if (kernel.faults.interruption() < 0) return WASI_INTR;
  const subscriptions = subscriptionsOf(kernel, records, count);
  if (typeof subscriptions === "number") return subscriptions;
  const deadline = subscriptions.reduce((first, { due }) => Math.min(first, due), Infinity);
  const found = scan(kernel, subscriptions);
  // Actions that are due now run before the timeout counts, so the call sleeps first.
  if (found.every(({ type }) => type === TYPE_CLOCK) && kernel.clock.isDue(deadline))
    found.length = 0;
  const ended = found.length > 0 ? 0 : yield* wait(kernel, subscriptions, deadline, found);
  kernel.trace.add("poll_oneoff", [count], ended < 0 ? ended : found.length);
  if (ended < 0) return errorOf(ended);
  const view = new DataView(memory.buffer);
  for (const [i, { userdata, type, ...answer }] of found.entries()) {
    writeEvent(view, (to >>> 0) + i * EVENT_SIZE, userdata, type, answer);
  }
  view.setUint32(countAt >>> 0, found.length, true);
  return 0;
}

/** poll_oneoff as a call that blocks the program. */
export function pollOneoff(
  kernel: Kernel,
  memory: WebAssembly.Memory,
  ...given: OneoffCall
): number {
  return kernel.run(oneoff(kernel, memory, ...given));
}
