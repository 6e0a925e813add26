// kevents in words: the names of filters and notes, and how a process ended.

import { constants } from "node:os";
import {
  KQ_EV_EOF,
  KQ_FILTER_AIO,
  KQ_FILTER_NETDEV,
  KQ_FILTER_PROC,
  KQ_FILTER_READ,
  KQ_FILTER_SIGNAL,
  KQ_FILTER_TIMER,
  KQ_FILTER_USER,
  KQ_FILTER_VNODE,
  KQ_FILTER_WRITE,
  KQ_NOTE_ATTRIB,
  KQ_NOTE_DELETE,
  KQ_NOTE_EXIT,
  KQ_NOTE_EXTEND,
  KQ_NOTE_LINK,
  KQ_NOTE_LINKDOWN,
  KQ_NOTE_LINKINV,
  KQ_NOTE_LINKUP,
  KQ_NOTE_RENAME,
  KQ_NOTE_REVOKE,
  KQ_NOTE_WRITE,
} from "../constants.ts";
import type { Kevent } from "../kevent.ts";

const FILTERS: Record<number, string> = {
  [KQ_FILTER_READ]: "READ",
  [KQ_FILTER_WRITE]: "WRITE",
  [KQ_FILTER_AIO]: "AIO",
  [KQ_FILTER_VNODE]: "VNODE",
  [KQ_FILTER_PROC]: "PROC",
  [KQ_FILTER_SIGNAL]: "SIGNAL",
  [KQ_FILTER_TIMER]: "TIMER",
  [KQ_FILTER_NETDEV]: "NETDEV",
  [KQ_FILTER_USER]: "USER",
};

/** A note of a filter: its bit, its name without KQ_NOTE_, and what it says to a reader. */
export type Note = readonly [bit: number, name: string, words: string];

export const VNODE_NOTES: readonly Note[] = [
  [KQ_NOTE_WRITE, "WRITE", "written"],
  [KQ_NOTE_EXTEND, "EXTEND", "extended"],
  [KQ_NOTE_ATTRIB, "ATTRIB", "attributes changed"],
  [KQ_NOTE_LINK, "LINK", "links changed"],
  [KQ_NOTE_RENAME, "RENAME", "renamed"],
  [KQ_NOTE_DELETE, "DELETE", "deleted"],
  [KQ_NOTE_REVOKE, "REVOKE", "revoked"],
];

const NOTES: Record<number, readonly Note[]> = {
  [KQ_FILTER_VNODE]: VNODE_NOTES,
  [KQ_FILTER_PROC]: [[KQ_NOTE_EXIT, "EXIT", "ended"]],
  [KQ_FILTER_NETDEV]: [
    [KQ_NOTE_LINKUP, "LINKUP", "link up"],
    [KQ_NOTE_LINKDOWN, "LINKDOWN", "link down"],
    [KQ_NOTE_LINKINV, "LINKINV", "gone"],
  ],
};

/** Name of the filter, without KQ_FILTER_: "READ". */
export function filterNameOf({ filter }: Kevent): string {
  return FILTERS[filter] ?? String(filter);
}

/** The notes that came, of filters whose `fflags` are notes. */
export function notesOf({ filter, fflags }: Kevent): readonly Note[] {
  return (NOTES[filter] ?? []).filter(([bit]) => (fflags & bit) !== 0);
}

/** What the notes that came say, e.g. "written, extended". */
export function noteWordsOf(event: Kevent): string {
  return notesOf(event)
    .map(([, , words]) => words)
    .join(", ");
}

/** Name of a signal; its number, if it has none. */
export function signalNameOf(signal: number): string {
  // Of two names for one number the first is the usual one (SIGIO is SIGPOLL, too).
  const known = Object.entries(constants.signals).find(([, number]) => number === signal);
  return known?.[0] ?? `signal ${signal}`;
}

/** How a process ended: its exit status, or the signal that killed it. */
export type Exit = { readonly status: number } | { readonly signal: string };

/** What waitpid(2) says in a number. */
export function exitOf(wstatus: number): Exit {
  const signal = wstatus & 0x7f;
  return signal === 0 ? { status: (wstatus >> 8) & 0xff } : { signal: signalNameOf(signal) };
}

/** A kevent in short: "READ 5", "READ EOF", "VNODE WRITE|EXTEND", "PROC EXIT status 3". */
export function shortOf(event: Kevent): string {
  const { filter, flags, fflags, data } = event;
  const words = [filterNameOf(event)];
  const notes = notesOf(event).map(([, name]) => name);
  if (notes.length > 0) words.push(notes.join("|"));
  if (filter === KQ_FILTER_PROC) {
    const exit = exitOf(Number(data));
    words.push("status" in exit ? `status ${exit.status}` : exit.signal);
  } else if (filter === KQ_FILTER_USER) {
    words.push(`0x${fflags.toString(16)}`);
  } else {
    const isEnd = (flags & KQ_EV_EOF) !== 0;
    if (notes.length === 0 && !(isEnd && data === 0)) words.push(String(data));
    if (isEnd) words.push("EOF");
  }
  return words.join(" ");
}
