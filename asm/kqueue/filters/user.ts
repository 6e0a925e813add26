// EVFILT_USER: filt_user of FreeBSD.

import {
  ENOSYS,
  EV_CLEAR,
  FILTER_USER,
  NOTE_FFAND,
  NOTE_FFCOPY,
  NOTE_FFCTRLMASK,
  NOTE_FFLAGSMASK,
  NOTE_FFOR,
  NOTE_TRIGGER,
} from "../../abi";
import { KeventRecord } from "../../records";
import { addFilter, detachNothing } from "../filter";
import { assertKnote, Knote, writeKevent } from "../knote";
import { openPosts } from "../posts";
import { Queue } from "../queue";

@unmanaged
class UserKnote extends Knote {
  /** kn_hookid. */
  isTriggered: bool;
}

assertKnote<UserKnote>();

/** f_attach. A trigger in the change that makes the knote does not count. */
function attach(queue: Queue, _knote: Knote): i32 {
  const opened = openPosts(queue);
  return opened === -ENOSYS ? 0 : opened; // a host without other threads
}

function clear(knote: Knote): void {
  changetype<UserKnote>(knote).isTriggered = false;
  knote.data = 0;
  knote.fflags = 0;
}

/** filt_usertouch, EVENT_REGISTER. */
function touch(_queue: Queue, knote: Knote, change: KeventRecord): i32 {
  if (change.fflags & NOTE_TRIGGER) changetype<UserKnote>(knote).isTriggered = true;
  const operation = change.fflags & NOTE_FFCTRLMASK;
  const operand = change.fflags & NOTE_FFLAGSMASK;
  change.fflags = operand; // as a receipt shows it
  if (operation === NOTE_FFAND) knote.sfflags &= operand;
  else if (operation === NOTE_FFOR) knote.sfflags |= operand;
  else if (operation === NOTE_FFCOPY) knote.sfflags = operand;
  knote.sdata = change.data;
  if (change.flags & EV_CLEAR) clear(knote);
  return 0;
}

/** filt_user. */
function event(_queue: Queue, knote: Knote): i32 {
  return changetype<UserKnote>(knote).isTriggered ? 1 : 0;
}

/** filt_usertouch, EVENT_PROCESS. */
function report(knote: Knote, at: usize): void {
  writeKevent(knote, at);
  const kevent = changetype<KeventRecord>(at);
  kevent.fflags = knote.sfflags;
  kevent.data = knote.sdata;
  if (knote.flags & EV_CLEAR) clear(knote);
}

addFilter(FILTER_USER, attach, detachNothing, touch, event).report = report;
