// A simulated kernel as plain values, for pages that show it and for people. Taking a view changes nothing.

import { eventNames } from "../../host/names.ts";
import { EpollFile, EpollItem } from "../../host/sim/wait/epoll.ts";
import type { File } from "../../host/sim/kernel/file.ts";
import type { Kernel } from "../../host/sim/kernel/kernel.ts";
import { KqueueFile } from "../../host/sim/kqueue/queue.ts";
import { Knote } from "../../host/sim/kqueue/knote.ts";
import { PollWaiter } from "../../host/sim/wait/poll.ts";
import { Sleeper } from "../../host/sim/kernel/sleep.ts";
import type { WaitEntry } from "../../host/sim/kernel/wait-queue.ts";
import { describeRegistration } from "../../host/sim/waist/inspect.ts";
import type { RegistrationsView, RegistrationView } from "../inspect.ts";
import { viewOfRegistration } from "../views.ts";

/** Bytes of a buffer that a view copies at most. */
const MAX_BYTES = 4096;

/** One open file (open file description) with its buffers, wait queues and registrations. */
export interface FileView extends RegistrationsView {
  /** Number of the file, from 1, the same in every view that the process takes. */
  readonly id: number;
  /**
   * Descriptors of the program that name the file: several after dup(), none if only a registration or
   * another process keeps it open.
   */
  readonly fds: readonly number[];
  /** "pipe", "tcp socket", "epoll" … */
  readonly name: string;
  /** POLL* bits that hold now. */
  readonly state: number;
  /** The bits of `state` by name, without the prefix: ["IN", "RDNORM"]. */
  readonly stateNames: readonly string[];
  /** Whether calls on the file block (no O_NONBLOCK). */
  readonly blocking: boolean;
  /** Buffers, counters, and what else this kind of file has. */
  readonly inside: Readonly<Record<string, unknown>>;
  /** Bytes that can be read, oldest first: pieces of a stream, or messages; the first 4 KiB, in copies. */
  readonly bytes: readonly Uint8Array[];
  /**
   * The wait queues of the file: which waiters a change wakes, in the order in which the kernel wakes
   * them.
   */
  readonly queues: ReadonlyArray<readonly WaiterView[]>;
  /** Of an epoll or a kqueue; empty for other files. */
  readonly registrations: readonly RegistrationView[];
  /**
   * Indices into `registrations`: the ready list of an epoll, the active list of a kqueue, in order;
   * empty for other files.
   */
  readonly ready: readonly number[];
  /** For an epoll or a kqueue: a sentence for each call that is blocked on it. */
  readonly blocked: readonly string[];
}

/** An entry of a wait queue. */
export interface WaiterView {
  /** A registration of an epoll or a kqueue, or a blocked call; "other" for the kernel's own entries. */
  readonly what: "epoll" | "kqueue" | "call" | "other";
  /** `id` of the epoll or kqueue. */
  readonly file?: number;
  /** Index into the `registrations` of that epoll or kqueue. */
  readonly registration?: number;
  /** A sentence about the blocked call. */
  readonly waitsFor?: string;
  /** Whether a wake-up that this entry takes ends there (WQ_FLAG_EXCLUSIVE). */
  readonly exclusive: boolean;
}

/** A whole kernel. */
export interface KernelView {
  /** Seconds since the kernel was made. */
  readonly now: number;
  /** Open files of the program, and those that its epolls and kqueues watch. */
  readonly files: readonly FileView[];
  /** A sentence for each blocked call, in the order in which they blocked. */
  readonly blocked: readonly string[];
}

const ids = new WeakMap<File, number>();
let lastId = 0;

function idOf(file: File): number {
  const known = ids.get(file) ?? ++lastId;
  ids.set(file, known);
  return known;
}

type Registration = EpollItem | Knote;

const registrationsOf = (file: File): Registration[] =>
  file instanceof EpollFile || file instanceof KqueueFile ? [...file.registrations()] : [];

/** The ready list of an epoll, or the active list of a kqueue. */
const listOf = (file: File): Registration[] => {
  if (file instanceof EpollFile) return [...file.readyList()];
  return file instanceof KqueueFile ? [...file.activeList()] : [];
};

function watchedBy(registration: Registration): File | undefined {
  const { file } = registration as { file?: File };
  return file;
}

/** The view that `inspect()` of the object has, and the watched file. */
function viewOfWatching(registration: Registration): RegistrationView {
  const watched = watchedBy(registration);
  const { ident, ...rest } = viewOfRegistration(describeRegistration(registration));
  return { ident, file: watched === undefined ? undefined : idOf(watched), ...rest };
}

function viewOfWaiter({ waiter, exclusive }: WaitEntry): WaiterView {
  const sleeper = waiter instanceof PollWaiter ? waiter.sleeper : waiter;
  if (sleeper instanceof Sleeper) {
    return { what: "call", waitsFor: sleeper.waitsFor(), exclusive };
  }
  const isKnote = waiter instanceof Knote;
  if (!isKnote && !(waiter instanceof EpollItem)) return { what: "other", exclusive };
  const file: File = isKnote ? waiter.queue : waiter.epoll;
  const registration = registrationsOf(file).indexOf(waiter);
  return { what: isKnote ? "kqueue" : "epoll", file: idOf(file), registration, exclusive };
}

/** The first bytes that can be read, in copies. */
function bytesOf(file: File): Uint8Array[] {
  const found: Uint8Array[] = [];
  let left = MAX_BYTES;
  for (const bytes of file.buffered()) {
    if (left <= 0) break;
    found.push(new Uint8Array(bytes.subarray(0, left)));
    left -= bytes.length;
  }
  return found;
}

function viewOfFile(file: File, fds: readonly number[]): FileView {
  const registrations = registrationsOf(file);
  const isSet = file instanceof EpollFile || file instanceof KqueueFile;
  const ready = listOf(file);
  const state = file instanceof EpollFile ? file.peek() : file.poll();
  return {
    id: idOf(file),
    fds,
    name: file.name,
    state,
    stateNames: eventNames(state),
    blocking: file.isBlocking,
    inside: file.describe(),
    bytes: bytesOf(file),
    queues: file.queues().map((queue) => [...queue].map(viewOfWaiter)),
    registrations: registrations.map(viewOfWatching),
    ready: ready.map((each) => registrations.indexOf(each)),
    blocked: isSet ? [...file.waiters].flatMap((entry) => viewOfWaiter(entry).waitsFor ?? []) : [],
  };
}

/** The present state of a kernel. */
export function viewOf(kernel: Kernel): KernelView {
  const fds = new Map<File, number[]>();
  const add = (file: File): number[] => {
    const known = fds.get(file);
    if (known !== undefined) return known;
    const made: number[] = [];
    fds.set(file, made);
    return made;
  };
  for (const [fd, file] of kernel.program) add(file).push(fd);
  // A Map's iterator also visits the keys that are added during the walk: the watched files of watched
  // epolls.
  for (const file of fds.keys()) {
    for (const registration of registrationsOf(file)) {
      const watched = watchedBy(registration);
      if (watched !== undefined) add(watched);
    }
  }
  return {
    now: kernel.clock.now() / 1000,
    files: [...fds].map(([file, numbers]) => viewOfFile(file, numbers)),
    blocked: kernel.sleepers.map((sleeper) => sleeper.waitsFor()),
  };
}
