// Changes: kqueue_register of FreeBSD, step by step.

import {
  EBADF,
  EINVAL,
  ENOENT,
  ENOMEM,
  EV_ADD,
  EV_DELETE,
  EV_DISABLE,
  EV_ENABLE,
  EV_EOF,
  EV_FORCEONESHOT,
  EV_KEEPUDATA,
  EV_ONESHOT,
  EV_SYSFLAGS,
  FILTER_AIO,
  FILTER_READ,
  FILTER_SIGNAL,
  FILTER_TIMER,
  FILTER_USER,
  FILTER_WRITE,
} from "../abi";
import { kindOf } from "../descriptor";
import * as host from "../host";
import { KeventRecord } from "../records";
import {
  attach,
  catchUp,
  dropKnote,
  forgetDescriptor,
  isDescriptorFilter,
  isFilter,
  touch,
} from "./filters";
import {
  createKnote,
  destroyKnote,
  Knote,
  SET_FILES,
  STATUS_ACTIVE,
  STATUS_DISABLED,
  STATUS_FORCED,
} from "./knote";
import { activate, beginEra, dequeue, enqueue, findKnote, insertKnote, Queue } from "./queue";
import { askData, isUnconditional, testDescriptor } from "./rw";
import { stat } from "./scratch";

/** Flags of a change that are commands, not properties of the knote. */
const COMMANDS: u32 = EV_ADD | EV_DELETE | EV_ENABLE | EV_DISABLE | EV_FORCEONESHOT;

/** f_event of the filters whose state is in the core; READ and WRITE are tested in a scan. */
export function happened(knote: Knote): bool {
  const filter = knote.filter;
  if (filter === FILTER_USER) return knote.place === 1;
  if (filter === FILTER_TIMER || filter === FILTER_SIGNAL) return knote.data !== 0;
  if (filter === FILTER_AIO) return true;
  return knote.fflags !== 0 || (knote.flags & EV_EOF) !== 0;
}

/** f_event as a change asks it. What epoll watches it reports itself, of files nobody does. */
function happenedNow(queue: Queue, knote: Knote): bool {
  if (knote.filter !== FILTER_READ && knote.filter !== FILTER_WRITE) return happened(knote);
  if (knote.set !== SET_FILES) return isUnconditional(knote);
  askData(knote, stat);
  return host.fd_data(stat, 1) === 0 && testDescriptor(queue, knote, stat) > 0;
}

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
  // As in FreeBSD, what a receipt says of a knote that was made.
  change.fflags = 0;
  change.data = 0;

  const attached = attach(queue, knote);
  if (attached < 0) {
    // FreeBSD finds out before the knote is made whether the descriptor is open.
    if (attached === -EBADF) change.fflags = knote.sfflags;
    destroyKnote(knote);
    return attached;
  }
  insertKnote(queue, knote);
  if (!(knote.status & STATUS_DISABLED) && happenedNow(queue, knote)) activate(queue, knote);
  return 0;
}

/** What follows a change of a knote that stays: flags, filter, line. 0 or a negative errno. */
function touchKnote(queue: Queue, knote: Knote, change: KeventRecord): i32 {
  const flags: u32 = change.flags;
  const status = knote.status;
  if (flags & EV_ENABLE) knote.status &= ~STATUS_DISABLED;
  else if (flags & EV_DISABLE) knote.status |= STATUS_DISABLED;
  const touched = touch(queue, knote, change);
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
    if (happenedNow(queue, knote)) knote.status |= STATUS_ACTIVE;
    if (knote.status & STATUS_ACTIVE) enqueue(queue, knote);
  }
  return 0;
}

/** Why a change of a knote that does not exist fails. */
function missing(change: KeventRecord): i32 {
  if (!isDescriptorFilter(change.filter)) return -ENOENT;
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

  beginEra(queue);
  catchUp(queue, change.filter);
  const knote = findKnote(queue, change.ident, change.filter);
  if (knote === null) return flags & EV_ADD ? create(queue, change) : missing(change);
  if (flags & EV_DELETE) return dropKnote(queue, knote);

  const touched = touchKnote(queue, knote, change);
  if (!isDescriptorFilter(change.filter)) return touched;
  if (touched !== -EBADF && touched !== -ENOENT) return touched;
  // The descriptor was closed behind our back, and its knotes with it.
  forgetDescriptor(queue, change.ident as i32);
  if (touched === -EBADF) return -EBADF;
  return flags & EV_ADD ? create(queue, change) : -ENOENT;
}
