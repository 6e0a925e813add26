// Watches of files: one inotify instance for VNODE knotes and for READ and WRITE knotes of files.
// inotify has one watch per file, so that knotes of one file share a watch, with the events of all.

import * as host from "../host";
import { List } from "../list";
import { DescriptorKnote } from "./knote";
import { filesOf, lastOf, Queue, vnodesOf } from "./queue";
import { addSource, SOURCE_INOTIFY, sourceFd } from "./source";

/** Events that the other knotes of a file on a list need. */
function eventsOf(members: List, knote: DescriptorKnote): u32 {
  let events: u32 = 0;
  let other = changetype<DescriptorKnote | null>(lastOf(members));
  while (other !== null) {
    if (other !== knote && other.ino === knote.ino && other.dev === knote.dev)
      events |= other.events;
    other = changetype<DescriptorKnote | null>(other.listedBefore);
  }
  return events;
}

/** Watches the file of a knote, or changes its watch, to the events of all knotes of that file. */
export function watchFile(queue: Queue, knote: DescriptorKnote): i32 {
  if (sourceFd(queue, SOURCE_INOTIFY) < 0) {
    const added = addSource(queue, SOURCE_INOTIFY, host.inotify_init());
    if (added < 0) return added;
  }
  const events = knote.events | eventsOf(vnodesOf(queue), knote) | eventsOf(filesOf(queue), knote);
  const inotify = sourceFd(queue, SOURCE_INOTIFY);
  const watch = host.inotify_add_watch(inotify, knote.ident as i32, 0, events);
  if (watch < 0) return watch;
  knote.watch = watch;
  return 0;
}

function isWatched(members: List, watch: i32): bool {
  let other = changetype<DescriptorKnote | null>(lastOf(members));
  while (other !== null && other.watch !== watch) {
    other = changetype<DescriptorKnote | null>(other.listedBefore);
  }
  return other !== null;
}

/** Ends the watch of a knote that is on no list any more, unless another knote shares the watch. */
export function unwatchFile(queue: Queue, knote: DescriptorKnote): void {
  const watch = knote.watch;
  if (watch < 0) return;
  knote.watch = -1;
  if (isWatched(vnodesOf(queue), watch) || isWatched(filesOf(queue), watch)) return;
  host.inotify_rm_watch(sourceFd(queue, SOURCE_INOTIFY), watch);
}
