// The table of filters by number (sysfilt_ops). A new filter is a class of Knote and an entry here.

import {
  EBADF,
  EPERM,
  FILTER_AIO,
  FILTER_NETDEV,
  FILTER_PROC,
  FILTER_READ,
  FILTER_SIGNAL,
  FILTER_TIMER,
  FILTER_USER,
  FILTER_VNODE,
  FILTER_WRITE,
} from "../../../asm/abi.ts";
import { FILTER_EMPTY } from "../../names.ts";
import type { File } from "../kernel/file.ts";
import { makeDescriptorKnote } from "./descriptors.ts";
import type { Kevent, Knote, KnoteQueue } from "./knote.ts";
import { LinkKnote } from "./netdev.ts";
import { ProcessKnote, SignalKnote } from "./proc.ts";
import { makeEmptyKnote } from "./sockets.ts";
import { TimerKnote } from "./timer.ts";
import { UserKnote } from "./user.ts";
import { makeVnodeKnote } from "./vnode.ts";

type MakeOnFile = (queue: KnoteQueue, change: Kevent, file: File) => Knote | number;
type Make = (queue: KnoteQueue, change: Kevent) => Knote | number;

/** Filters whose ident is a descriptor (f_isfd). */
const ON_FILES = new Map<number, MakeOnFile>([
  [FILTER_READ, makeDescriptorKnote],
  [FILTER_WRITE, makeDescriptorKnote],
  [FILTER_VNODE, makeVnodeKnote],
  [FILTER_EMPTY, makeEmptyKnote],
]);

const OTHERS = new Map<number, Make>([
  // aio_read and aio_write register the knote: EV_ADD is refused.
  [FILTER_AIO, () => -EPERM],
  [FILTER_PROC, (queue, change) => new ProcessKnote(queue, change)],
  [FILTER_SIGNAL, (queue, change) => new SignalKnote(queue, change)],
  [FILTER_TIMER, (queue, change) => new TimerKnote(queue, change)],
  [FILTER_NETDEV, (queue, change) => new LinkKnote(queue, change)],
  [FILTER_USER, (queue, change) => new UserKnote(queue, change)],
]);

/** Whether a filter has this number. */
export function isFilter(filter: number): boolean {
  return ON_FILES.has(filter) || OTHERS.has(filter);
}

/** Whether the ident of a filter is a descriptor (f_isfd). */
export function isDescriptorFilter(filter: number): boolean {
  return ON_FILES.has(filter);
}

/** A knote for the change of a known filter, not attached yet, or a negative errno. */
export function makeKnote(queue: KnoteQueue, change: Kevent): Knote | number {
  const onFile = ON_FILES.get(change.filter);
  if (onFile === undefined) return (OTHERS.get(change.filter) as Make)(queue, change);
  const file = queue.descriptors.usable(Number(change.ident));
  return file === undefined ? -EBADF : onFile(queue, change, file);
}
