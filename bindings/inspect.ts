// The shape of `inspect()`: of the poll, devpoll, epoll and kqueue objects of every host, and of the
// simulator's kernel. All of it is plain values, so that a view can be printed, compared, written as
// JSON (but for bigints) or sent to another thread; taking one changes nothing.

import type { Whole } from "./kevent.ts";

/** `fflags` and `data` of a kevent. */
export interface NotesView {
  /** KQ_NOTE_* bits. */
  readonly fflags: number;
  /**
   * The bits of `fflags` by the names of the KQ_NOTE_* of the filter, without that prefix; unnamed bits
   * as one "0x30".
   */
  readonly noteNames: readonly string[];
  /** A number whose meaning depends on the filter: bytes, milliseconds, an exit status … */
  readonly data: Whole;
}

/** The fields of a knote that a registration of an epoll does not have (struct knote of FreeBSD). */
export interface KnoteView {
  /** Notes of the change that made the knote, or of the last change (kn_sfflags, kn_sdata). */
  readonly asked: NotesView;
  /**
   * Notes of the event that the knote would report, from the last evaluation of the filter (kn_fflags,
   * kn_data).
   */
  readonly found: NotesView;
  /** Whether the event has happened and was not reported since (KN_ACTIVE). */
  readonly active: boolean;
  /** The caller's own value, handed back with every event. */
  readonly udata: Whole;
}

/**
 * One registration: a descriptor of a poll or devpoll object, an entry of an epoll (epitem), or a knote
 * of a kqueue.
 */
export interface RegistrationView {
  /** The descriptor number of the registration, or the ident of a knote. */
  readonly ident: Whole;
  /**
   * In a view of a simulated kernel: `id` of the watched open file, which the number may no longer
   * name; undefined if the registration watches no file (TIMER, PROC …). Absent from views of single
   * objects.
   */
  readonly file?: number | undefined;
  /** The filter of a knote: "READ", "TIMER" …, the KQ_FILTER_* without that prefix. */
  readonly filter?: string;
  /** POLL* or EPOLL* bits that the registration waits for, or the KQ_EV_* flags of a knote. */
  readonly flags: number;
  /**
   * The bits of `flags` by name, without the prefix: ["IN", "ET"], ["CLEAR"]; unnamed bits as one
   * "0x30".
   */
  readonly flagNames: readonly string[];
  /**
   * Whether the registration reports nothing until it is changed: KQ_EV_DISABLE, or after EPOLLONESHOT,
   * KQ_EV_DISPATCH.
   */
  readonly disabled: boolean;
  /** Only a knote has these fields. */
  readonly knote?: KnoteView;
}

/** The registrations of one object, and those of them that the next wait examines. */
export interface RegistrationsView {
  /** In the order of registration; those that a kernel keeps, in the order of its table. */
  readonly registrations: readonly RegistrationView[];
  /**
   * Indices into `registrations`: the ready list of an epoll, the active list of a kqueue, in order.
   * The next wait checks each, so some may turn out not to be ready. Undefined if the object has no
   * such list (poll, devpoll) or its kernel does not show it (an epoll of Linux).
   */
  readonly ready?: readonly number[] | undefined;
}

/** A descriptor of the core's own, by which a translated kqueue or epoll learns of events. */
export interface SourceView {
  /** "epoll", "timerfd", "signal", "inotify", "netlink" … */
  readonly name: string;
  /** The descriptor, which belongs to the core: the program must leave it alone. */
  readonly fd: number;
}

/** The result of `inspect()` of a poll, devpoll, epoll or kqueue object. */
export interface QueueView extends RegistrationsView {
  /** The API whose object this is. */
  readonly api: "poll" | "devpoll" | "epoll" | "kqueue";
  /** The descriptor of the object; undefined of a poll object, which has none. */
  readonly fd?: number | undefined;
  /** "kernel": the object is the kernel's own; "core": the core keeps the registrations and translates. */
  readonly keptBy: "kernel" | "core";
  /** Empty if the kernel keeps the object. */
  readonly sources: readonly SourceView[];
}
