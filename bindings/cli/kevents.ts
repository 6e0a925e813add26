// kevents in words: the names of filters and notes.

import {
  KQ_EV_EOF,
  KQ_FILTER_NETDEV,
  KQ_FILTER_PROC,
  KQ_FILTER_USER,
  KQ_FILTER_VNODE,
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
import { exitWordsOf } from "../../host/exit.ts";
import { filterName } from "../../host/names.ts";
import type { Kevent } from "../kevent.ts";

/** A note of a filter: its bit, its name without KQ_NOTE_, and its meaning for a reader. */
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

/** Returns the notes of an event, if the filter has notes. */
export function notesOf({ filter, fflags }: Kevent): readonly Note[] {
  return (NOTES[filter] ?? []).filter(([bit]) => (fflags & bit) !== 0);
}

/** Returns the meaning of the notes of an event, e.g. "written, extended". */
export function noteWordsOf(event: Kevent): string {
  return notesOf(event)
    .map(([, , words]) => words)
    .join(", ");
}

/** Formats a kevent in short: "READ 5", "READ EOF", "VNODE WRITE|EXTEND", "PROC EXIT status 3". */
export function shortOf(event: Kevent): string {
  const { filter, flags, fflags, data } = event;
  const words = [filterName(filter)];
  const notes = notesOf(event).map(([, name]) => name);
  if (notes.length > 0) words.push(notes.join("|"));
  if (filter === KQ_FILTER_PROC) {
    words.push(exitWordsOf(Number(data)));
  } else if (filter === KQ_FILTER_USER) {
    words.push(`0x${fflags.toString(16)}`);
  } else {
    const isEnd = (flags & KQ_EV_EOF) !== 0;
    if (notes.length === 0 && !(isEnd && data === 0)) words.push(String(data));
    if (isEnd) words.push("EOF");
  }
  return words.join(" ");
}
