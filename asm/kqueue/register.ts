// Changes: kqueue_register of FreeBSD, step by step.

import {
  EBADF,
  EINVAL,
  ENOENT,
  ENOMEM,
  ENOSYS,
  EOPNOTSUPP,
  EV_ADD,
  EV_DELETE,
  EV_DISABLE,
  EV_ENABLE,
  EV_FORCEONESHOT,
  EV_KEEPUDATA,
  EV_ONESHOT,
  EV_SYSFLAGS,
} from "../abi";
import { kindOf } from "../descriptor";
import { KeventRecord } from "../records";
import { isReportedByKernel, touchEntry } from "./entry";
import { dropKnote, Filter, filterOf, forgetDescriptor, isFilter } from "./filter";
import {
  createKnote,
  destroyKnote,
  isReadOrWrite,
  Knote,
  STATUS_ACTIVE,
  STATUS_DISABLED,
  STATUS_FORCED,
} from "./knote";
import {
  activate,
  beginGeneration,
  dequeue,
  enqueue,
  findKnote,
  insertKnote,
  Queue,
} from "./queue";

/** Flags of a change that are commands, not properties of the knote. */
const COMMANDS: u32 = EV_ADD | EV_DELETE | EV_ENABLE | EV_DISABLE | EV_FORCEONESHOT;

/** Whether the condition of a knote that was changed holds, unless the kernel reports that itself. */
function holds(queue: Queue, knote: Knote, filter: Filter): bool {
  return !isReportedByKernel(knote) && filter.event(queue, knote) > 0;
}

/** Makes a knote. 0 or a negative errno. */
function create(queue: Queue, change: KeventRecord): i32 {
  const knote = createKnote();
  if (knote === null) return -ENOMEM;
  const flags: u32 = change.flags;
  knote.ident = change.ident;
  knote.filter = change.filter;
  knote.flags = flags & ~COMMANDS;
  knote.sfflags = change.fflags;
  knote.sdata = change.data;
  knote.udata = change.udata;
  if (flags & EV_DISABLE) knote.status = STATUS_DISABLED;
  // FreeBSD moves both into the knote, so that the receipt of a knote that was made has 0.
  change.fflags = 0;
  change.data = 0;

  const filter = filterOf(knote.filter);
  const attached = filter.attach(queue, knote);
  if (attached < 0) {
    // FreeBSD finds out before the knote is made whether the descriptor is open.
    if (attached === -EBADF) change.fflags = knote.sfflags;
    destroyKnote(knote);
    return attached === -ENOSYS ? -EOPNOTSUPP : attached; // the host has no source for the filter
  }
  insertKnote(queue, knote);
  const isEnabled = !(knote.status & STATUS_DISABLED);
  if (isEnabled && holds(queue, knote, filter)) activate(queue, knote);
  return 0;
}

/** Applies a change to a knote that stays. 0 or a negative errno. */
function update(queue: Queue, knote: Knote, change: KeventRecord): i32 {
  const flags: u32 = change.flags;
  const status = knote.status;
  const filter = filterOf(knote.filter);
  if (flags & EV_ENABLE) knote.status &= ~STATUS_DISABLED;
  else if (flags & EV_DISABLE) knote.status |= STATUS_DISABLED;
  // READ and WRITE bypass the table: an indirect call would take a sixth of the time of such a change.
  const touched = isReadOrWrite(knote)
    ? touchEntry(queue, knote, change)
    : filter.touch(queue, knote, change);
  if (touched < 0) {
    knote.status = status;
    return touched;
  }
  if (flags & EV_FORCEONESHOT) {
    knote.flags |= EV_ONESHOT;
    knote.status |= STATUS_ACTIVE | STATUS_FORCED;
  }
  if (!(flags & EV_KEEPUDATA)) knote.udata = change.udata;

  if (knote.status & STATUS_DISABLED) {
    dequeue(queue, knote);
  } else {
    if (holds(queue, knote, filter)) knote.status |= STATUS_ACTIVE;
    if (knote.status & STATUS_ACTIVE) enqueue(queue, knote);
  }
  return 0;
}

/** Why a change of a knote that does not exist fails. */
function missing(change: KeventRecord): i32 {
  if (!filterOf(change.filter).isDescriptor) return -ENOENT;
  if (change.ident > (i32.MAX_VALUE as u64)) return -EBADF;
  return kindOf(change.ident as i32) < 0 ? -EBADF : -ENOENT;
}

/** Applies one change. 0 or a negative errno. */
export function register(queue: Queue, change: KeventRecord): i32 {
  change.flags &= ~(EV_SYSFLAGS as u16);
  const flags: u32 = change.flags;
  if ((flags & EV_ENABLE) !== 0 && (flags & EV_DISABLE) !== 0) return -EINVAL;
  if (!isFilter(change.filter)) return -EINVAL;
  if ((flags & EV_ADD) !== 0 && (flags & EV_KEEPUDATA) !== 0) return -EINVAL;

  beginGeneration(queue);
  const filter = filterOf(change.filter);
  const catchUp = filter.catchUp;
  if (catchUp !== null) catchUp(queue);
  const knote = findKnote(queue, change.ident, change.filter);
  if (knote === null) return flags & EV_ADD ? create(queue, change) : missing(change);
  if (flags & EV_DELETE) return dropKnote(queue, knote);

  const updated = update(queue, knote, change);
  if (!filter.isDescriptor || (updated !== -EBADF && updated !== -ENOENT)) return updated;
  // The descriptor was closed without omnipoll/os, and its knotes with it.
  forgetDescriptor(queue, change.ident as i32);
  if (updated === -EBADF) return -EBADF;
  return flags & EV_ADD ? create(queue, change) : -ENOENT;
}
