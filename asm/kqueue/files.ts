// READ and WRITE knotes of files and directories, which epoll does not accept: each wait tests them.
// Such a knote is always ready, but for READ at the end of the file; with EV_CLEAR it is muted once it
// is reported, until the file is written to. inotify reports that, or else the size does.

import { ENOSYS, EV_CLEAR, FILTER_READ, STAT_SIZE } from "../abi";
import { StatRecord } from "../records";
import { EntryKnote } from "./entry";
import { compareFile } from "./identity";
import { unwatchFile, watchFile } from "./inotify";
import { SET_FILES, STATUS_DISABLED, STATUS_MUTED } from "./knote";
import { activate, filesOf, lastOf, list, Queue, unlist } from "./queue";

const IN_MODIFY: u32 = 0x2;

const own: usize = memory.data(STAT_SIZE, 8);

/** f_attach. Where the host has no inotify, a wait compares the size. */
export function attachFile(queue: Queue, knote: EntryKnote): i32 {
  knote.events = IN_MODIFY;
  if (knote.filter === FILTER_READ || knote.flags & EV_CLEAR) {
    const watched = watchFile(queue, knote);
    if (watched < 0 && watched !== -ENOSYS) return watched;
  }
  knote.set = SET_FILES;
  list(filesOf(queue), knote);
  return 0;
}

/** f_detach. */
export function detachFile(queue: Queue, knote: EntryKnote): void {
  unlist(filesOf(queue), knote);
  unwatchFile(queue, knote);
}

/** Mutes the knote of a file until the file is written to. */
export function muteFile(knote: EntryKnote): void {
  const stat = changetype<StatRecord>(own);
  knote.status |= STATUS_MUTED;
  if (knote.watch < 0 && compareFile(knote, stat) === 0) knote.bytes = stat.bytes;
}

/** Whether the file of a muted knote that inotify does not watch has another size now. */
function isResized(knote: EntryKnote): bool {
  const stat = changetype<StatRecord>(own);
  if (knote.watch >= 0 || !(knote.status & STATUS_MUTED)) return false;
  return compareFile(knote, stat) === 0 && knote.bytes !== stat.bytes;
}

/** The file of a knote was written to. */
export function unmuteFile(queue: Queue, knote: EntryKnote): void {
  knote.status &= ~STATUS_MUTED;
  if (!(knote.status & STATUS_DISABLED)) activate(queue, knote);
}

/** Puts the files of a queue on the active list, to be tested: no kernel reports that one is ready. */
export function rescanFiles(queue: Queue): void {
  let knote = changetype<EntryKnote | null>(lastOf(filesOf(queue)));
  while (knote !== null) {
    if (isResized(knote)) knote.status &= ~STATUS_MUTED;
    if (!(knote.status & (STATUS_DISABLED | STATUS_MUTED))) activate(queue, knote);
    knote = changetype<EntryKnote | null>(knote.listedBefore);
  }
}
