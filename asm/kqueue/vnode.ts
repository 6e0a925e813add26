// EVFILT_VNODE, and the growth of files that EVFILT_READ waits for: inotify on the file behind
// the descriptor, whatever its name is now.
//
// inotify says less than a vnode: of a write and a truncation it says IN_MODIFY, of a change of
// the attributes and of the number of links IN_ATTRIB, and of a directory that is removed while
// it is open nothing at all. So what is known of the file is compared, and the directory above
// is watched as well.

import {
  FD_DIRECTORY,
  EINVAL,
  EV_EOF,
  FD_DEVICE,
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
  STAT_BLOCKS,
  STAT_BYTES,
  STAT_KIND,
  STAT_NLINK,
} from "../abi";
import * as host from "../host";
import { dropKnote } from "./filters";
import { identify, sameFile } from "./identity";
import { Knote, STATUS_DISABLED, STATUS_MUTED } from "./knote";
import { activate, addSource, Queue } from "./queue";
import { input, INPUT_SIZE, stat } from "./scratch";

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

// struct inotify_event: wd i32, mask u32, cookie u32, len u32, name.
const RECORD_MASK = 4;
const RECORD_COOKIE = 8;
const RECORD_LENGTH = 12;
const RECORD_NAME = 16;

/** A file with more bytes than this many blocks hold has a hole at its end. */
const BLOCK: i64 = 512;

/** What inotify has to say for the notes a knote asks for. */
function wantOf(knote: Knote): u32 {
  if (knote.filter !== FILTER_VNODE) return IN_MODIFY;
  const notes = knote.sfflags;
  let want: u32 = 0;
  if (notes & (NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB)) want |= IN_MODIFY;
  if (notes & (NOTE_ATTRIB | NOTE_LINK | NOTE_DELETE)) want |= IN_ATTRIB;
  if (notes & NOTE_RENAME || knote.parent >= 0) want |= IN_MOVE_SELF;
  if (notes & NOTE_DELETE) want |= IN_DELETE_SELF;
  if (notes & NOTE_READ) want |= IN_ACCESS;
  if (notes & NOTE_OPEN) want |= IN_OPEN;
  if (notes & NOTE_CLOSE) want |= IN_CLOSE_NOWRITE;
  if (notes & NOTE_CLOSE_WRITE) want |= IN_CLOSE_WRITE;
  if (knote.kind === FD_DIRECTORY && (notes & (NOTE_WRITE | NOTE_EXTEND | NOTE_LINK)) !== 0) {
    want |= IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
  }
  // inotify refuses an empty mask; IN_DELETE_SELF cannot come while the file is open.
  return want === 0 ? IN_DELETE_SELF : want;
}

function union(first: Knote | null, knote: Knote): u32 {
  let want: u32 = 0;
  let other = first;
  while (other !== null) {
    if (other !== knote && other.ino === knote.ino && other.dev === knote.dev)
      want |= wantOf(other);
    other = other.listed;
  }
  return want;
}

/** (Re)sets the watch of a knote's file to what all knotes of that file want. */
export function watchFile(queue: Queue, knote: Knote): i32 {
  if (queue.inotify < 0) {
    const inotify = addSource(queue, host.inotify_init());
    if (inotify < 0) return inotify;
    queue.inotify = inotify;
  }
  const want = wantOf(knote) | union(queue.vnodes, knote) | union(queue.files, knote);
  const watch = host.inotify_add_watch(queue.inotify, knote.ident as i32, 0, want);
  if (watch < 0) return watch;
  knote.source = watch;
  if (knote.filter === FILTER_VNODE) knote.what = wantOf(knote);
  return 0;
}

function isWatched(first: Knote | null, watch: i32): bool {
  let other = first;
  while (other !== null && other.source !== watch) other = other.listed;
  return other !== null;
}

/** Ends the watch of a knote that is in no list any more, unless another one shares it. */
export function unwatch(queue: Queue, knote: Knote): void {
  const watch = knote.source;
  knote.source = -1;
  if (isWatched(queue.vnodes, watch) || isWatched(queue.files, watch)) return;
  host.inotify_rm_watch(queue.inotify, watch);
}

/** Watches the directory above a directory, to see it removed. Failing is no harm: "/" has none. */
function watchParent(queue: Queue, knote: Knote): void {
  if (queue.parents < 0) {
    const parents = addSource(queue, host.inotify_init());
    if (parents < 0) return;
    queue.parents = parents;
  }
  knote.parent = host.inotify_add_watch(queue.parents, knote.ident as i32, 1, IN_DELETE);
}

function unwatchParent(queue: Queue, knote: Knote): void {
  const watch = knote.parent;
  if (watch < 0) return;
  knote.parent = -1;
  let other = queue.vnodes;
  while (other !== null && other.parent !== watch) other = other.listed;
  if (other !== null) return;
  host.inotify_rm_watch(queue.parents, watch);
}

/** Takes over what `stat` says of the size of the file. */
function rememberSize(knote: Knote): void {
  knote.bytes = load<i64>(stat + STAT_BYTES);
  knote.blocks = load<i64>(stat + STAT_BLOCKS);
}

function rememberLinks(knote: Knote): void {
  knote.place = load<i32>(stat + STAT_NLINK);
}

/** f_attach. */
export function attachVnode(queue: Queue, knote: Knote): i32 {
  const known = identify(knote);
  if (known < 0) return known;
  const kind = load<i32>(stat + STAT_KIND);
  if (kind !== FD_FILE && kind !== FD_DIRECTORY && kind !== FD_DEVICE && kind !== FD_TERMINAL) {
    return -EINVAL;
  }
  knote.kind = kind;
  rememberSize(knote);
  rememberLinks(knote);
  return touchVnode(queue, knote, true);
}

/** The notes asked for have changed. */
export function touchVnode(queue: Queue, knote: Knote, isNew: bool): i32 {
  if (!isNew) {
    const same = sameFile(knote);
    if (same < 0) return same;
    // What inotify was not asked to tell until now.
    if (!(knote.what & IN_MODIFY)) rememberSize(knote);
    if (!(knote.what & IN_ATTRIB)) rememberLinks(knote);
  }
  if (knote.kind === FD_DIRECTORY && knote.sfflags & NOTE_DELETE && knote.parent < 0) {
    watchParent(queue, knote);
  }
  const watched = watchFile(queue, knote);
  if (watched < 0) {
    unwatchParent(queue, knote);
    return watched;
  }
  if (isNew) {
    knote.listed = queue.vnodes;
    queue.vnodes = knote;
  }
  return 0;
}

/** f_detach. 0, or -EBADF, -ENOENT if the descriptor is not what it was. */
export function detachVnode(queue: Queue, knote: Knote): i32 {
  if (queue.vnodes === knote) {
    queue.vnodes = knote.listed;
  } else {
    let other: Knote | null = queue.vnodes;
    while (other !== null && other.listed !== knote) other = other.listed;
    if (other !== null) other.listed = knote.listed;
  }
  unwatch(queue, knote);
  unwatchParent(queue, knote);
  return sameFile(knote);
}

/** filt_vfsvnode: a hint counts as a whole if one of its notes was asked for. */
function hint(queue: Queue, knote: Knote, notes: u32): void {
  if (knote.sfflags & notes) knote.fflags |= notes;
  if (notes & NOTE_REVOKE) knote.flags |= EV_EOF;
  if (knote.fflags !== 0 || notes & NOTE_REVOKE) activate(queue, knote);
}

/** What became of a file that was written to or truncated, from its size. */
function modified(queue: Queue, knote: Knote): void {
  const bytes = knote.bytes;
  const blocks = knote.blocks;
  rememberSize(knote);
  if (knote.bytes > bytes) {
    // Longer, without a block for the new end: truncated to that length.
    const hole = knote.blocks === blocks && knote.bytes > knote.blocks * BLOCK;
    hint(queue, knote, hole ? NOTE_ATTRIB : NOTE_WRITE | NOTE_EXTEND);
  } else if (knote.bytes < bytes) {
    // Shorter: truncated. What is left may have been written since: one report, two changes.
    hint(queue, knote, NOTE_ATTRIB);
    if (knote.bytes > 0) hint(queue, knote, NOTE_WRITE);
  } else {
    hint(queue, knote, NOTE_WRITE);
  }
}

/** IN_ATTRIB: the number of links tells an unlink and a link from other attributes. */
function attributes(queue: Queue, knote: Knote): void {
  const links = knote.place;
  rememberLinks(knote);
  // The links of a directory are its subdirectories' (`entries` tells of those).
  const same =
    knote.kind === FD_DIRECTORY ? knote.place !== 0 || links === 0 : knote.place === links;
  if (same) hint(queue, knote, NOTE_ATTRIB);
  else if (knote.place === 0) hint(queue, knote, NOTE_DELETE);
  else hint(queue, knote, NOTE_LINK);
}

/** An entry of a directory came or went; `across` if it moved from or to another directory. */
function entries(queue: Queue, knote: Knote, mask: u32, across: bool): void {
  let notes: u32 = NOTE_WRITE;
  if (across) notes |= NOTE_EXTEND;
  const moved = (mask & (IN_MOVED_FROM | IN_MOVED_TO)) !== 0;
  if ((mask & IN_ISDIR) !== 0 && (!moved || across)) notes |= NOTE_LINK;
  hint(queue, knote, notes);
}

function translate(queue: Queue, knote: Knote, mask: u32, named: bool, across: bool): void {
  if (mask & IN_UNMOUNT) {
    hint(queue, knote, NOTE_REVOKE);
    return;
  }
  if (sameFile(knote) < 0) {
    dropKnote(queue, knote); // closed behind our back
    return;
  }
  if (named) {
    if (mask & (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)) {
      entries(queue, knote, mask, across);
    }
    return;
  }
  if (mask & IN_MODIFY) modified(queue, knote);
  if (mask & IN_ATTRIB) attributes(queue, knote);
  if (mask & IN_ACCESS) hint(queue, knote, NOTE_READ);
  if (mask & IN_OPEN) hint(queue, knote, NOTE_OPEN);
  if (mask & IN_CLOSE_WRITE) hint(queue, knote, NOTE_CLOSE_WRITE);
  if (mask & IN_CLOSE_NOWRITE) hint(queue, knote, NOTE_CLOSE);
  if (mask & IN_MOVE_SELF) {
    if (knote.parent >= 0) {
      unwatchParent(queue, knote);
      watchParent(queue, knote);
    }
    hint(queue, knote, NOTE_RENAME);
  }
}

/** Reads what the watched files have seen. */
export function readVnodes(queue: Queue): void {
  let got = host.read(queue.inotify, input, INPUT_SIZE);
  while (got > 0) {
    let at: usize = input;
    const end = input + got;
    while (at + RECORD_NAME <= end) {
      const watch = load<i32>(at);
      const mask = load<u32>(at + RECORD_MASK);
      const cookie = load<u32>(at + RECORD_COOKIE);
      const length = load<u32>(at + RECORD_LENGTH);
      let next = at + RECORD_NAME + length;
      let across = (mask & (IN_MOVED_FROM | IN_MOVED_TO)) !== 0;
      // The two halves of a move within one directory follow each other.
      if (mask & IN_MOVED_FROM && next + RECORD_NAME <= end) {
        if (load<i32>(next) === watch && load<u32>(next + RECORD_COOKIE) === cookie) {
          across = false;
          next += RECORD_NAME + load<u32>(next + RECORD_LENGTH);
        }
      }
      dispatch(queue, watch, mask, length > 0, across);
      at = next;
    }
    got = host.read(queue.inotify, input, INPUT_SIZE);
  }
}

function dispatch(queue: Queue, watch: i32, mask: u32, named: bool, across: bool): void {
  // After an overflow anything may have happened to any file: say so of each.
  const lost = (mask & IN_Q_OVERFLOW) !== 0;
  const seen = lost ? IN_MODIFY | IN_ATTRIB : mask;
  let knote: Knote | null = queue.vnodes;
  while (knote !== null) {
    const next = knote.listed;
    if (lost || knote.source === watch) translate(queue, knote, seen, named, across);
    knote = next;
  }
  let file = queue.files;
  while (file !== null) {
    const grown = lost || file.source === watch;
    if (grown) {
      file.status &= ~STATUS_MUTED;
      if (!(file.status & STATUS_DISABLED)) activate(queue, file);
    }
    file = file.listed;
  }
}

/** Reads what happened in the directories above, and looks whether a watched one was removed. */
export function readParents(queue: Queue): void {
  while (host.read(queue.parents, input, INPUT_SIZE) > 0) {
    // Which entry it was is of no use: names are not ours to know.
  }
  let knote = queue.vnodes;
  while (knote !== null) {
    const watched = knote.parent >= 0 && knote.place !== 0 && sameFile(knote) === 0;
    if (watched && load<i32>(stat + STAT_NLINK) === 0) {
      knote.place = 0;
      hint(queue, knote, NOTE_DELETE);
    }
    knote = knote.listed;
  }
}
