// EVFILT_USER: events that the program triggers itself (filt_user*).

import {
  EV_CLEAR,
  NOTE_FFAND,
  NOTE_FFCOPY,
  NOTE_FFCTRLMASK,
  NOTE_FFLAGSMASK,
  NOTE_FFOR,
  NOTE_TRIGGER,
} from "../../../asm/abi.ts";
import { type Kevent, Knote } from "./knote.ts";

/** A knote of EVFILT_USER. */
export class UserKnote extends Knote {
  readonly watched = "user event";
  /** kn_hookid. NOTE_TRIGGER in the change that makes the knote has no effect (filt_userattach). */
  #isTriggered = false;

  event(): boolean {
    return this.#isTriggered;
  }

  override touch(change: Kevent): void {
    if ((change.fflags & NOTE_TRIGGER) !== 0) this.#isTriggered = true;
    const operation = (change.fflags & NOTE_FFCTRLMASK) >>> 0;
    change.fflags &= NOTE_FFLAGSMASK;
    if (operation === NOTE_FFAND) this.sfflags = (this.sfflags & change.fflags) >>> 0;
    else if (operation === NOTE_FFOR) this.sfflags = (this.sfflags | change.fflags) >>> 0;
    else if (operation === NOTE_FFCOPY) this.sfflags = change.fflags;
    this.sdata = change.data;
    if ((change.flags & EV_CLEAR) !== 0) this.#reset();
  }

  override report(): Kevent {
    const { ident, filter, flags, udata, sfflags, sdata } = this;
    return { ident, filter, flags, fflags: sfflags, data: sdata, udata };
  }

  override clear(): void {
    if ((this.flags & EV_CLEAR) !== 0) this.#reset();
  }

  #reset(): void {
    this.#isTriggered = false;
    this.data = 0;
    this.fflags = 0;
  }
}
