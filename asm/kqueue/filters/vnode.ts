// EVFILT_VNODE, and the writes to files that EVFILT_READ and EVFILT_WRITE wait for: inotify on the file
// behind the descriptor, whatever its name is now.
//
// inotify says less than a vnode: IN_MODIFY stands for a write and a truncation, IN_ATTRIB for a change of
// the attributes and of the number of links, and nothing for a directory that is removed while it is
// open. So size and links are compared with what they were, and the directory above is watched, too.

import {
  EINVAL,
  EV_EOF,
  FD_DEVICE,
  FD_DIRECTORY,
  FD_FILE,
  FD_TERMINAL,
  FILTER_VNODE,
  NOTE_ATTRIB,
  NOTE_CLOSE,
  NOTE_CLOSE_WRITE,
  NOTE_DELETE,
  NOTE_EXTEND,
  NOTE_LINK,
  NOTE_OPEN,
  NOTE_READ,
  NOTE_RENAME,
  NOTE_REVOKE,
  NOTE_WRITE,
  STAT_SIZE,
} from "../../abi";
import * as host from "../../host";
import { KeventRecord, StatRecord } from "../../records";
import { EntryKnote } from "../entry";
import { unmuteFile } from "../files";
import { addFilter, dropKnote, touchKnote } from "../filter";
import { compareFile, identify, sameFile } from "../identity";
import { unwatchFile, watchFile } from "../inotify";
import { assertKnote, DescriptorKnote, Knote } from "../knote";
import { activate, filesOf, lastOf, list, Queue, unlist, vnodesOf } from "../queue";
import { input, INPUT_SIZE } from "../scratch";
import { addSource, onReadable, SOURCE_INOTIFY, SOURCE_PARENTS, sourceFd } from "../source";

const IN_ACCESS: u32 = 0x1;
const IN_MODIFY: u32 = 0x2;
const IN_ATTRIB: u32 = 0x4;
const IN_CLOSE_WRITE: u32 = 0x8;
const IN_CLOSE_NOWRITE: u32 = 0x10;
const IN_OPEN: u32 = 0x20;
const IN_MOVED_FROM: u32 = 0x40;
const IN_MOVED_TO: u32 = 0x80;
const IN_CREATE: u32 = 0x100;
const IN_DELETE: u32 = 0x200;
const IN_DELETE_SELF: u32 = 0x400;
const IN_MOVE_SELF: u32 = 0x800;
const IN_UNMOUNT: u32 = 0x2000;
const IN_Q_OVERFLOW: u32 = 0x4000;
const IN_ISDIR: u32 = 0x40000000;

/** Events about an entry of a directory. */
const ENTRIES: u32 = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

// struct inotify_event: wd i32, mask u32, cookie u32, len u32, name.
const RECORD_MASK = 4;
const RECORD_COOKIE = 8;
const RECORD_LENGTH = 12;
const RECORD_NAME = 16;

/** A file with more bytes than this many blocks hold has a hole at its end. */
const BLOCK: i64 = 512;

@unmanaged
class VnodeKnote extends DescriptorKnote {
  /** Watch of the directory above, or -1. */
  parentWatch: i32;
  /** Links, size and blocks of the file at the last fd_stat. */
  links: u32;
  bytes: i64;
  blocks: i64;
}

assertKnote<VnodeKnote>();

/** The file of the knote in hand as it is now. */
const stat = changetype<StatRecord>(memory.data(STAT_SIZE, 8));

/** The inotify events that the notes of a knote need. */
function eventsOf(knote: VnodeKnote): u32 {
  const notes = knote.sfflags;
  let events: u32 = 0;
  if (notes & (NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB)) events |= IN_MODIFY;
  if (notes & (NOTE_ATTRIB | NOTE_LINK | NOTE_DELETE)) events |= IN_ATTRIB;
  if (notes & NOTE_RENAME || knote.parentWatch >= 0) events |= IN_MOVE_SELF;
  if (notes & NOTE_DELETE) events |= IN_DELETE_SELF;
  if (notes & NOTE_READ) events |= IN_ACCESS;
  if (notes & NOTE_OPEN) events |= IN_OPEN;
  if (notes & NOTE_CLOSE) events |= IN_CLOSE_NOWRITE;
  if (notes & NOTE_CLOSE_WRITE) events |= IN_CLOSE_WRITE;
  if (knote.kind === FD_DIRECTORY && (notes & (NOTE_WRITE | NOTE_EXTEND | NOTE_LINK)) !== 0) {
    events |= ENTRIES;
  }
  // inotify refuses an empty mask; IN_DELETE_SELF cannot come while the file is open.
  return events === 0 ? IN_DELETE_SELF : events;
}

/** Watches the directory above, to see a directory removed. Failing is harmless: "/" is in none. */
function watchParent(queue: Queue, knote: VnodeKnote): void {
  if (sourceFd(queue, SOURCE_PARENTS) < 0) {
    if (addSource(queue, SOURCE_PARENTS, host.inotify_init()) < 0) return;
  }
  const inotify = sourceFd(queue, SOURCE_PARENTS);
  knote.parentWatch = host.inotify_add_watch(inotify, knote.ident as i32, 1, IN_DELETE);
}

/** Ends the watch of the directory above, unless another knote shares the watch. */
function unwatchParent(queue: Queue, knote: VnodeKnote): void {
  const watch = knote.parentWatch;
  if (watch < 0) return;
  knote.parentWatch = -1;
  let other = newest(queue);
  while (other !== null && other.parentWatch !== watch) other = olderOf(other);
  if (other === null) host.inotify_rm_watch(sourceFd(queue, SOURCE_PARENTS), watch);
}

function newest(queue: Queue): VnodeKnote | null {
  return changetype<VnodeKnote | null>(lastOf(vnodesOf(queue)));
}

function olderOf(knote: VnodeKnote): VnodeKnote | null {
  return changetype<VnodeKnote | null>(knote.listedBefore);
}

/** Remembers the size that `stat` has. */
function rememberSize(knote: VnodeKnote): void {
  knote.bytes = stat.bytes;
  knote.blocks = stat.blocks;
}

/** Watches what the notes of a knote need. 0 or a negative errno. */
function watchNotes(queue: Queue, knote: VnodeKnote): i32 {
  if (knote.kind === FD_DIRECTORY && knote.sfflags & NOTE_DELETE && knote.parentWatch < 0) {
    watchParent(queue, knote);
  }
  const before = knote.events;
  knote.events = eventsOf(knote);
  const watched = watchFile(queue, knote);
  if (watched < 0) {
    knote.events = before;
    unwatchParent(queue, knote);
  }
  return watched;
}

/** f_attach. */
function attach(queue: Queue, made: Knote): i32 {
  const knote = changetype<VnodeKnote>(made);
  knote.watch = knote.parentWatch = -1;
  const identified = identify(knote, stat);
  if (identified < 0) return identified;
  const kind = stat.kind;
  if (kind !== FD_FILE && kind !== FD_DIRECTORY && kind !== FD_DEVICE && kind !== FD_TERMINAL) {
    return -EINVAL;
  }
  knote.kind = kind as u8;
  rememberSize(knote);
  knote.links = stat.nlink;
  const watched = watchNotes(queue, knote);
  if (watched < 0) return watched;
  list(vnodesOf(queue), knote);
  return 0;
}

/** The notes that a knote waits for change. */
function touch(queue: Queue, made: Knote, change: KeventRecord): i32 {
  const knote = changetype<VnodeKnote>(made);
  touchKnote(queue, knote, change);
  const same = compareFile(knote, stat);
  if (same < 0) return same;
  // Values that inotify did not keep up to date so far: later changes are compared with the new ones.
  if (!(knote.events & IN_MODIFY)) rememberSize(knote);
  if (!(knote.events & IN_ATTRIB)) knote.links = stat.nlink;
  return watchNotes(queue, knote);
}

/** f_detach. 0, or -EBADF, -ENOENT if the descriptor is open on another file. */
function detach(queue: Queue, made: Knote): i32 {
  const knote = changetype<VnodeKnote>(made);
  unlist(vnodesOf(queue), knote);
  unwatchFile(queue, knote);
  unwatchParent(queue, knote);
  return sameFile(knote);
}

function event(_queue: Queue, knote: Knote): i32 {
  return knote.fflags !== 0 || (knote.flags & EV_EOF) !== 0 ? 1 : 0;
}

/** filt_vfsvnode: all notes of a hint count if one of them was asked for. */
function hint(queue: Queue, knote: VnodeKnote, notes: u32): void {
  if (knote.sfflags & notes) knote.fflags |= notes;
  if (notes & NOTE_REVOKE) knote.flags |= EV_EOF;
  if (knote.fflags !== 0 || notes & NOTE_REVOKE) activate(queue, knote);
}

/** IN_MODIFY: the size tells a write from a truncation. */
function noteModified(queue: Queue, knote: VnodeKnote): void {
  const bytes = knote.bytes;
  const blocks = knote.blocks;
  rememberSize(knote);
  if (knote.bytes > bytes) {
    // Longer, without a block for the new end: truncated to that length.
    const isHole = knote.blocks === blocks && knote.bytes > knote.blocks * BLOCK;
    hint(queue, knote, isHole ? NOTE_ATTRIB : NOTE_WRITE | NOTE_EXTEND);
  } else if (knote.bytes < bytes) {
    // Shorter: truncated. The rest may have been written since: one report, two changes.
    hint(queue, knote, NOTE_ATTRIB);
    if (knote.bytes > 0) hint(queue, knote, NOTE_WRITE);
  } else {
    hint(queue, knote, NOTE_WRITE);
  }
}

/** IN_ATTRIB: the number of links tells an unlink and a link from other attributes. */
function noteAttributes(queue: Queue, knote: VnodeKnote): void {
  const before = knote.links;
  const links = stat.nlink;
  knote.links = links;
  // The links of a directory are those of its subdirectories, which `noteEntry` reports.
  const isSame = knote.kind === FD_DIRECTORY ? links !== 0 || before === 0 : links === before;
  if (isSame) hint(queue, knote, NOTE_ATTRIB);
  else if (links === 0) hint(queue, knote, NOTE_DELETE);
  else hint(queue, knote, NOTE_LINK);
}

/** A directory gained or lost an entry; `isAcross` if the entry moved from or to another directory. */
function noteEntry(queue: Queue, knote: VnodeKnote, mask: u32, isAcross: bool): void {
  let notes: u32 = NOTE_WRITE;
  if (isAcross) notes |= NOTE_EXTEND;
  const isMove = (mask & (IN_MOVED_FROM | IN_MOVED_TO)) !== 0;
  if ((mask & IN_ISDIR) !== 0 && (!isMove || isAcross)) notes |= NOTE_LINK;
  hint(queue, knote, notes);
}

/** The file itself moved: the directory above may be another now. */
function noteMoved(queue: Queue, knote: VnodeKnote): void {
  if (knote.parentWatch >= 0) {
    unwatchParent(queue, knote);
    watchParent(queue, knote);
  }
  hint(queue, knote, NOTE_RENAME);
}

/** Turns inotify events of a file, or of a named entry of a directory, into notes of a knote. */
function translate(
  queue: Queue,
  knote: VnodeKnote,
  mask: u32,
  isNamed: bool,
  isAcross: bool,
): void {
  if (mask & IN_UNMOUNT) {
    hint(queue, knote, NOTE_REVOKE);
    return;
  }
  if (compareFile(knote, stat) < 0) {
    dropKnote(queue, knote); // the descriptor was closed without omnipoll/os
    return;
  }
  if (isNamed) {
    if (mask & ENTRIES) noteEntry(queue, knote, mask, isAcross);
    return;
  }
  if (mask & IN_MODIFY) noteModified(queue, knote);
  if (mask & IN_ATTRIB) noteAttributes(queue, knote);
  if (mask & IN_ACCESS) hint(queue, knote, NOTE_READ);
  if (mask & IN_OPEN) hint(queue, knote, NOTE_OPEN);
  if (mask & IN_CLOSE_WRITE) hint(queue, knote, NOTE_CLOSE_WRITE);
  if (mask & IN_CLOSE_NOWRITE) hint(queue, knote, NOTE_CLOSE);
  if (mask & IN_MOVE_SELF) noteMoved(queue, knote);
}

/** Hands one event to the knotes that share its watch. */
function dispatch(queue: Queue, watched: i32, mask: u32, isNamed: bool, isAcross: bool): void {
  // After an overflow anything may have happened to any file: so all notes are given.
  const isLost = (mask & IN_Q_OVERFLOW) !== 0;
  const events = isLost ? IN_MODIFY | IN_ATTRIB : mask;
  let knote = newest(queue);
  while (knote !== null) {
    const older = olderOf(knote);
    if (isLost || knote.watch === watched) translate(queue, knote, events, isNamed, isAcross);
    knote = older;
  }
  let file = changetype<EntryKnote | null>(lastOf(filesOf(queue)));
  while (file !== null) {
    if (isLost || file.watch === watched) unmuteFile(queue, file);
    file = changetype<EntryKnote | null>(file.listedBefore);
  }
}

/** Takes the events that one read returned, up to `end`. */
function parseEvents(queue: Queue, end: usize): void {
  let at: usize = input;
  while (at + RECORD_NAME <= end) {
    const watched = load<i32>(at);
    const mask = load<u32>(at + RECORD_MASK);
    const cookie = load<u32>(at + RECORD_COOKIE);
    const length = load<u32>(at + RECORD_LENGTH);
    let next = at + RECORD_NAME + length;
    let isAcross = (mask & (IN_MOVED_FROM | IN_MOVED_TO)) !== 0;
    // The two halves of a move within one directory follow each other.
    if (mask & IN_MOVED_FROM && next + RECORD_NAME <= end) {
      if (load<i32>(next) === watched && load<u32>(next + RECORD_COOKIE) === cookie) {
        isAcross = false;
        next += RECORD_NAME + load<u32>(next + RECORD_LENGTH);
      }
    }
    dispatch(queue, watched, mask, length > 0, isAcross);
    at = next;
  }
}

/** Reads what happened to the watched files. */
function readInotify(queue: Queue): bool {
  const inotify = sourceFd(queue, SOURCE_INOTIFY);
  let got = host.read(inotify, input, INPUT_SIZE);
  while (got > 0) {
    parseEvents(queue, input + got);
    got = host.read(inotify, input, INPUT_SIZE);
  }
  return false;
}

/** Reads what happened in the directories above, and checks whether a watched one was removed. */
function readParents(queue: Queue): bool {
  const inotify = sourceFd(queue, SOURCE_PARENTS);
  // The core does not know the names of files: which entry it was does not matter.
  let got = host.read(inotify, input, INPUT_SIZE);
  while (got > 0) got = host.read(inotify, input, INPUT_SIZE);
  let knote = newest(queue);
  while (knote !== null) {
    const isWatched = knote.parentWatch >= 0 && knote.links !== 0;
    if (isWatched && compareFile(knote, stat) === 0 && stat.nlink === 0) {
      knote.links = 0;
      hint(queue, knote, NOTE_DELETE);
    }
    knote = olderOf(knote);
  }
  return false;
}

function catchUp(queue: Queue): void {
  if (sourceFd(queue, SOURCE_INOTIFY) >= 0) readInotify(queue);
  if (sourceFd(queue, SOURCE_PARENTS) >= 0) readParents(queue);
}

onReadable(SOURCE_INOTIFY, readInotify);
onReadable(SOURCE_PARENTS, readParents);
const filter = addFilter(FILTER_VNODE, attach, detach, touch, event);
filter.catchUp = catchUp;
filter.isDescriptor = true;
