// Reading a translated queue, for `inspect()`; see ../inspect.ts.

import {
  EBADF,
  INSPECT_READY,
  INSPECT_SOURCES,
  REGISTRATION_ACTIVE,
  REGISTRATION_DISABLED,
} from "../abi";
import { describe, registration } from "../inspect";
import { Knote, STATUS_ACTIVE, STATUS_DISABLED } from "./knote";
import { knoteAfter, Queue } from "./queue";
import { describeSource, sourceAfter } from "./source";

/** Knotes and sources begin at words, so this much of an address is a place, which is positive. */
const PLACE_SHIFT = 2;

function placeOf(at: usize): i32 {
  return (at >> PLACE_SHIFT) as i32;
}

function describeKnote(knote: Knote): void {
  let state = knote.status & STATUS_ACTIVE ? REGISTRATION_ACTIVE : 0;
  if (knote.status & STATUS_DISABLED) state |= REGISTRATION_DISABLED;
  describe(0, knote.flags, state, placeOf(changetype<usize>(knote)) as u32);
  registration.ident = knote.ident;
  registration.filter = knote.filter;
  registration.fflags = knote.fflags;
  registration.sfflags = knote.sfflags;
  registration.data = knote.data;
  registration.sdata = knote.sdata;
  registration.udata = knote.udata;
}

/** Describes what is behind `place` in one of the lists INSPECT_* of a queue. */
export function inspectQueue(queue: Queue, list: i32, place: i32): i32 {
  if (queue.epfd < 0) return -EBADF;
  const last = (place as usize) << PLACE_SHIFT;
  if (list === INSPECT_SOURCES) {
    const source = sourceAfter(queue, last);
    if (source !== 0) describeSource(source);
    return placeOf(source);
  }
  let knote: Knote | null;
  if (list === INSPECT_READY) knote = place === 0 ? queue.first : changetype<Knote>(last).after;
  else knote = knoteAfter(queue, changetype<Knote | null>(last));
  if (knote === null) return 0;
  describeKnote(knote);
  return placeOf(changetype<usize>(knote));
}
