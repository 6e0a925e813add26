// EVFILT_USER: filt_user of FreeBSD. `place` is kn_hookid, whether the event is triggered.

import {
  EV_CLEAR,
  NOTE_FFAND,
  NOTE_FFCOPY,
  NOTE_FFCTRLMASK,
  NOTE_FFLAGSMASK,
  NOTE_FFOR,
  NOTE_TRIGGER,
} from "../abi";
import { KeventRecord } from "../records";
import { Knote, writeKevent } from "./knote";

/** f_attach: a trigger in the change that creates the knote does not count. */
export function attachUser(knote: Knote): void {
  knote.place = 0;
}

function clear(knote: Knote): void {
  knote.place = 0;
  knote.data = 0;
  knote.fflags = 0;
}

/** filt_usertouch, EVENT_REGISTER. */
export function touchUser(knote: Knote, change: KeventRecord): void {
  if (change.fflags & NOTE_TRIGGER) knote.place = 1;
  const operation = change.fflags & NOTE_FFCTRLMASK;
  const operand = change.fflags & NOTE_FFLAGSMASK;
  change.fflags = operand; // as a receipt shows it
  if (operation === NOTE_FFAND) knote.sfflags &= operand;
  else if (operation === NOTE_FFOR) knote.sfflags |= operand;
  else if (operation === NOTE_FFCOPY) knote.sfflags = operand;
  knote.sdata = change.data;
  if (change.flags & EV_CLEAR) clear(knote);
}

/** filt_usertouch, EVENT_PROCESS: writes the event at `at`. */
export function reportUser(knote: Knote, at: usize): void {
  writeKevent(knote, at);
  const event = changetype<KeventRecord>(at);
  event.fflags = knote.sfflags;
  event.data = knote.sdata;
  if (knote.flags & EV_CLEAR) clear(knote);
}
