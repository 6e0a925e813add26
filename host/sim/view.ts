// What a kernel looks like from outside, as plain values: for pages that show it, and for people. Looking
// changes nothing.

import { EpollFile, EpollItem } from "./wait/epoll.ts";
import type { File } from "./kernel/file.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { KqueueFile } from "./kqueue/queue.ts";
import { Knote } from "./kqueue/knote.ts";
import { nameOfFilter } from "./kqueue/filters.ts";
import { PollWaiter } from "./wait/poll.ts";
import { Sleeper } from "./kernel/sleep.ts";
import type { WaitEntry } from "./kernel/wait-queue.ts";

/** So many of the bytes that wait in a buffer are shown. */
const MOST_BYTES = 4096;

/** One open file, and everybody it has to do with. */
export interface FileView {
  /** Its number among all that were looked at: the same in every look. */
  readonly id: number;
  /** Descriptors of the program that name it: several of a duplicate, none if only others keep it. */
  readonly fds: readonly number[];
  /** "pipe", "tcp socket", "epoll" … */
  readonly name: string;
  /** Event bits that hold now: POLL*. */
  readonly state: number;
  readonly blocking: boolean;
  /** Buffers, counters, and what else there is to this kind of file. */
  readonly inside: Readonly<Record<string, unknown>>;
  /** What waits to be read, oldest first: pieces of a stream, or messages; the first 4 KiB. */
  readonly bytes: readonly Uint8Array[];
  /** Its wait queues: who is told of a change, in the order in which they are told. */
  readonly queues: ReadonlyArray<readonly WaiterView[]>;
  /** Registrations of an epoll or a kqueue; none of other files. */
  readonly registrations: readonly RegistrationView[];
  /** Places in `registrations` of what is on the ready list, in its order. */
  readonly ready: readonly number[];
  /** What the calls wait for that are blocked on it: of an epoll or a kqueue. */
  readonly blocked: readonly string[];
}

/** Who is told of a change. */
export interface WaiterView {
  /** A registration of an epoll or a kqueue, or a blocked call; "other" is of the kernel's own. */
  readonly what: "epoll" | "kqueue" | "call" | "other";
  /** `id` of that epoll or kqueue. */
  readonly file?: number;
  /** Its place in `registrations` there. */
  readonly registration?: number;
  /** What a blocked call waits for. */
  readonly waitsFor?: string;
  /** Whether those behind it are not told if it is content. */
  readonly exclusive: boolean;
}

/** A registration of an epoll, or a knote of a kqueue. */
export interface RegistrationView {
  /** The descriptor number it was made with, or the ident of a knote. */
  readonly ident: number | bigint;
  /** `id` of the watched file, whatever the number names by now; undefined of what is no file. */
  readonly file: number | undefined;
  /** "READ", "TIMER" … of a knote. */
  readonly filter?: string;
  /** EPOLL* of an epoll's, KQ_EV_* of a knote. */
  readonly flags: number;
  /** Whether it has reported and is silent until it is changed. */
  readonly disabled: boolean;
  /** Of a knote: what it was told to look for, and what it has found. */
  readonly knote?: KnoteView;
}

/** Two fields of a kevent. */
export interface NotesView {
  readonly fflags: number;
  readonly data: number | bigint;
}

/** What is in a knote. */
export interface KnoteView {
  /** Of the change that made it, or the last one. */
  readonly asked: NotesView;
  /** Of the event it would be, when it was last looked at. */
  readonly found: NotesView;
  /** Whether it has happened and was not reported since. */
  readonly active: boolean;
}

/** A whole kernel. */
export interface KernelView {
  /** Seconds since it began. */
  readonly now: number;
  /** Open files of the program, and those that its epolls watch. */
  readonly files: readonly FileView[];
  /** What every blocked call waits for, the first that blocked first. */
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

function watchedBy(registration: Registration): File | undefined {
  const { file } = registration as { file?: File };
  return file;
}

function viewOfKnote({ sfflags, sdata, fflags, data, isActive: active }: Knote): KnoteView {
  return { asked: { fflags: sfflags, data: sdata }, found: { fflags, data }, active };
}

function viewOfRegistration(registration: Registration): RegistrationView {
  const watched = watchedBy(registration);
  const file = watched === undefined ? undefined : idOf(watched);
  if (registration instanceof Knote) {
    const { ident, filter, flags, isDisabled: disabled } = registration;
    const knote = viewOfKnote(registration);
    return { ident, file, filter: nameOfFilter(filter), flags, disabled, knote };
  }
  const { fd: ident, mask: flags, isDisabled: disabled } = registration;
  return { ident, file, flags: flags >>> 0, disabled };
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

/** The first bytes of what waits to be read, in copies. */
function bytesOf(file: File): Uint8Array[] {
  const found: Uint8Array[] = [];
  let left = MOST_BYTES;
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
  const ready = isSet ? [...file.readyList()] : [];
  return {
    id: idOf(file),
    fds,
    name: file.name,
    state: file instanceof EpollFile ? file.peek() : file.poll(),
    blocking: file.isBlocking,
    inside: file.describe(),
    bytes: bytesOf(file),
    queues: file.queues().map((queue) => [...queue].map(viewOfWaiter)),
    registrations: registrations.map(viewOfRegistration),
    ready: ready.map((each) => registrations.indexOf(each)),
    blocked: isSet ? [...file.waiters].flatMap((entry) => viewOfWaiter(entry).waitsFor ?? []) : [],
  };
}

/** A kernel as it is now. */
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
  // What is added while the map is walked is walked, too.
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
