// The views that `inspect()` returns, made of the registrations that the core or the host's kernel lists.

import {
  EOPNOTSUPP,
  FILTER_PROC,
  REGISTRATION_ACTIVE,
  REGISTRATION_DATA,
  REGISTRATION_DISABLED,
  REGISTRATION_FFLAGS,
  REGISTRATION_FILTER,
  REGISTRATION_FLAGS,
  REGISTRATION_ID,
  REGISTRATION_IDENT,
  REGISTRATION_SDATA,
  REGISTRATION_SFFLAGS,
  REGISTRATION_STATE,
  REGISTRATION_UDATA,
  SOURCE_CONNECTOR,
  SOURCE_INOTIFY,
  SOURCE_KNOTE,
  SOURCE_PARENTS,
  SOURCE_POSTS,
  SOURCE_RTNETLINK,
  SOURCE_SECOND,
  SOURCE_TIMER,
  SOURCE_WAKE,
} from "../asm/abi.ts";
import type { KernelKnote, KernelQueue, KernelRegistration } from "../host/inspect.ts";
import { eventNames, filterName, flagNames, noteNames } from "../host/names.ts";
import type { Core } from "./core.ts";
import type { KnoteView, NotesView, QueueView, RegistrationView, SourceView } from "./inspect.ts";
import type { Whole } from "./kevent.ts";

/** Describes the next item of a walk in the registration record; see asm/inspect.ts. */
type Walk = (place: number) => number;

/** Returns a number where a number is exact, else the bigint. */
function exact(value: bigint): Whole {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function registrationAt(view: DataView, at: number, isKnote: boolean): KernelRegistration {
  const state = view.getUint32(at + REGISTRATION_STATE, true);
  const registration = {
    ident: exact(view.getBigUint64(at + REGISTRATION_IDENT, true)),
    flags: view.getUint32(at + REGISTRATION_FLAGS, true),
    disabled: (state & REGISTRATION_DISABLED) !== 0,
  };
  if (!isKnote) return registration;
  const knote: KernelKnote = {
    filter: view.getInt32(at + REGISTRATION_FILTER, true),
    sfflags: view.getUint32(at + REGISTRATION_SFFLAGS, true),
    sdata: exact(view.getBigInt64(at + REGISTRATION_SDATA, true)),
    fflags: view.getUint32(at + REGISTRATION_FFLAGS, true),
    data: exact(view.getBigInt64(at + REGISTRATION_DATA, true)),
    udata: exact(view.getBigUint64(at + REGISTRATION_UDATA, true)),
    active: (state & REGISTRATION_ACTIVE) !== 0,
  };
  return { ...registration, knote };
}

/** Calls `visit` for every item of a walk, with a view of the core's memory and a record's address. */
function walk(
  core: Core,
  api: string,
  next: Walk,
  visit: (view: DataView, at: number) => void,
): void {
  const at = core.calls.inspectRecord() >>> 0;
  for (let place = next(0); place !== 0; place = next(place)) {
    if (place < 0) throw core.error(place, `${api}.inspect`);
    visit(core.view(), at);
  }
}

/**
 * Reads an object that the core keeps.
 *
 * @param registrations walks over all registrations
 * @param ready walks over the ready or active list, if the object has one
 */
export function readQueue(
  core: Core,
  api: QueueView["api"],
  registrations: Walk,
  ready?: Walk,
): KernelQueue {
  const found: KernelRegistration[] = [];
  const indices = new Map<number, number>();
  walk(core, api, registrations, (view, at) => {
    indices.set(view.getUint32(at + REGISTRATION_ID, true), found.length);
    found.push(registrationAt(view, at, api === "kqueue"));
  });
  if (ready === undefined) return { registrations: found };
  const list: number[] = [];
  walk(core, api, ready, (view, at) => {
    const index = indices.get(view.getUint32(at + REGISTRATION_ID, true));
    if (index !== undefined) list.push(index);
  });
  return { registrations: found, ready: list };
}

/** Names of the sources that all knotes of a queue share. */
const SOURCES = new Map<number, string>([
  [SOURCE_SECOND, "epoll"],
  [SOURCE_TIMER, "timerfd"],
  [SOURCE_INOTIFY, "inotify"],
  [SOURCE_PARENTS, "inotify of parents"],
  [SOURCE_CONNECTOR, "process connector"],
  [SOURCE_RTNETLINK, "rtnetlink"],
  [SOURCE_POSTS, "posts"],
  [SOURCE_WAKE, "wake-up"],
]);

function sourceName(kind: number, filter: number): string {
  if (kind !== SOURCE_KNOTE) return SOURCES.get(kind) ?? `source ${kind}`;
  return filter === FILTER_PROC ? "pidfd" : filterName(filter).toLowerCase();
}

/** Reads the sources of a queue that the core keeps, in the order of their descriptors. */
export function readSources(core: Core, api: QueueView["api"], sources: Walk): SourceView[] {
  const found: SourceView[] = [];
  walk(core, api, sources, (view, at) => {
    const fd = Number(view.getBigUint64(at + REGISTRATION_IDENT, true));
    const kind = view.getInt32(at + REGISTRATION_FILTER, true);
    const filter = view.getInt32(at + REGISTRATION_FLAGS, true);
    found.push({ name: sourceName(kind, filter), fd });
  });
  return found.sort((a, b) => a.fd - b.fd);
}

/**
 * Reads an object that the host's kernel keeps.
 *
 * @throws {OSError} EOPNOTSUPP if the kernel does not show its registrations
 */
export function askKernel(core: Core, api: QueueView["api"], fd: number): KernelQueue {
  const found = core.host.inspect?.(fd) ?? -EOPNOTSUPP;
  if (typeof found === "number") throw core.error(found, `${api}.inspect`, `fd ${fd}`);
  return found;
}

function notesOf(filter: number, fflags: number, data: Whole): NotesView {
  return { fflags, noteNames: noteNames(filter, fflags), data };
}

function knoteOf({ filter, sfflags, sdata, fflags, data, active, udata }: KernelKnote): KnoteView {
  return {
    asked: notesOf(filter, sfflags, sdata),
    found: notesOf(filter, fflags, data),
    active,
    udata,
  };
}

/** Puts names to the bits of one registration. */
export function viewOfRegistration(registration: KernelRegistration): RegistrationView {
  const { ident, flags, disabled, knote } = registration;
  if (knote === undefined) return { ident, flags, flagNames: eventNames(flags), disabled };
  return {
    ident,
    filter: filterName(knote.filter),
    flags,
    flagNames: flagNames(flags),
    disabled,
    knote: knoteOf(knote),
  };
}

/** Puts names to the bits of an object's registrations. */
export function viewOf(
  { api, fd, keptBy }: Pick<QueueView, "api" | "fd" | "keptBy">,
  { registrations, ready }: KernelQueue,
  sources: readonly SourceView[] = [],
): QueueView {
  return { api, fd, keptBy, registrations: registrations.map(viewOfRegistration), ready, sources };
}
