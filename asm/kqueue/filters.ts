// The filters as one: what attaching, touching and dropping a knote means for each.

import {
  EINVAL,
  ENOSYS,
  EOPNOTSUPP,
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
} from "../abi";
import { KeventRecord } from "../records";
import { Knote } from "./knote";
import { attachLink, detachLink, readLinks } from "./netdev";
import { openPosts } from "./post";
import { attachProcess, detachProcess, readConnector, touchProcess } from "./proc";
import { findKnote, Queue, removeKnote } from "./queue";
import { attachDescriptor, detachDescriptor, touchDescriptor } from "./rw";
import { attachSignal, detachSignal } from "./signal";
import { attachTimer, detachTimer, touchTimer } from "./timer";
import { attachUser, touchUser } from "./user";
import { attachVnode, detachVnode, readParents, readVnodes, touchVnode } from "./vnode";

/** Whether there is such a filter. */
export function isFilter(filter: i32): bool {
  return (filter <= FILTER_READ && filter >= FILTER_NETDEV) || filter === FILTER_USER;
}

/** Whether the ident of a filter is a descriptor (f_isfd). */
export function isDescriptorFilter(filter: i32): bool {
  return filter === FILTER_READ || filter === FILTER_WRITE || filter === FILTER_VNODE;
}

/**
 * Takes in what the source of a filter has told already: it happened before the change that is
 * about to be made, so it counts for the knotes there are as they are.
 */
export function catchUp(queue: Queue, filter: i32): void {
  if (filter === FILTER_VNODE) {
    if (queue.inotify >= 0) readVnodes(queue);
    if (queue.parents >= 0) readParents(queue);
  } else if (filter === FILTER_PROC && queue.connector >= 0) readConnector(queue);
  else if (filter === FILTER_NETDEV && queue.rtnetlink >= 0) readLinks(queue);
}

/** f_attach: 0 or a negative errno, and then nothing is left of the attempt. */
export function attach(queue: Queue, knote: Knote): i32 {
  const attached = attachAny(queue, knote);
  return attached === -ENOSYS ? -EOPNOTSUPP : attached; // a host that has no source for it
}

function attachAny(queue: Queue, knote: Knote): i32 {
  const filter = knote.filter;
  if (filter === FILTER_READ || filter === FILTER_WRITE) return attachDescriptor(queue, knote);
  if (filter === FILTER_TIMER) return attachTimer(queue, knote);
  if (filter === FILTER_VNODE) return attachVnode(queue, knote);
  if (filter === FILTER_PROC) return attachProcess(queue, knote);
  if (filter === FILTER_SIGNAL) return attachSignal(queue, knote);
  if (filter === FILTER_NETDEV) return attachLink(queue, knote);
  // Requests are made with aio_read and aio_write, which name the queue (filt_aioattach).
  if (filter === FILTER_AIO) return -EPERM;
  if (filter === FILTER_USER) {
    attachUser(knote);
    const opened = openPosts(queue);
    return opened === -ENOSYS ? 0 : opened; // a host without other threads
  }
  return -EINVAL;
}

/** f_detach. 0, or -EBADF or -ENOENT if the descriptor is no longer what the knote was made for. */
export function detach(queue: Queue, knote: Knote): i32 {
  const filter = knote.filter;
  if (filter === FILTER_READ || filter === FILTER_WRITE) return detachDescriptor(queue, knote);
  if (filter === FILTER_VNODE) return detachVnode(queue, knote);
  if (filter === FILTER_TIMER) detachTimer(queue, knote);
  else if (filter === FILTER_PROC) detachProcess(queue, knote);
  else if (filter === FILTER_SIGNAL) detachSignal(queue, knote);
  else if (filter === FILTER_NETDEV) detachLink(queue, knote);
  return 0;
}

/** Detaches a knote and forgets it. */
export function dropKnote(queue: Queue, knote: Knote): i32 {
  const result = detach(queue, knote);
  removeKnote(queue, knote);
  return result;
}

function forget(queue: Queue, fd: i32, filter: i32): void {
  const knote = findKnote(queue, fd, filter);
  if (knote !== null) dropKnote(queue, knote);
}

/** Forgets the knotes of a descriptor that is closed (knote_fdclose). */
export function forgetDescriptor(queue: Queue, fd: i32): void {
  forget(queue, fd, FILTER_READ);
  forget(queue, fd, FILTER_WRITE);
  forget(queue, fd, FILTER_VNODE);
}

/** f_touch, or what the filters without one have in common: the change's data and fflags count. */
export function touch(queue: Queue, knote: Knote, change: KeventRecord): i32 {
  const filter = knote.filter;
  if (filter === FILTER_TIMER) {
    touchTimer(queue, knote, change);
    return 0;
  }
  if (filter === FILTER_USER) {
    touchUser(knote, change);
    return 0;
  }
  if (filter === FILTER_PROC) {
    const refused = touchProcess(queue, change.fflags);
    if (refused < 0) return refused;
  }
  knote.sfflags = change.fflags;
  knote.sdata = change.data;
  if (filter === FILTER_READ || filter === FILTER_WRITE) return touchDescriptor(queue, knote);
  if (filter === FILTER_VNODE) return touchVnode(queue, knote, false);
  return 0;
}
