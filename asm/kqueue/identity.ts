// Which file a descriptor was open on when its knote was made: a number may be closed behind our
// back and given to another file.

import { EBADF, ENOENT, STAT_DEV, STAT_INO } from "../abi";
import { describe } from "../descriptor";
import { StatRecord } from "../records";
import { Knote } from "./knote";
import { stat } from "./scratch";

/** Remembers the file of a new knote, leaving its stat record in `stat`. */
export function identify(knote: Knote): i32 {
  if (knote.ident > (i32.MAX_VALUE as u64)) return -EBADF;
  if (describe(knote.ident as i32, changetype<StatRecord>(stat)) < 0) return -EBADF;
  knote.ino = load<u64>(stat + STAT_INO);
  knote.dev = load<u64>(stat + STAT_DEV);
  return 0;
}

/** 0 if the descriptor is still open on it (`stat` tells more), else -EBADF or -ENOENT. */
export function sameFile(knote: Knote): i32 {
  if (describe(knote.ident as i32, changetype<StatRecord>(stat)) < 0) return -EBADF;
  const same = knote.ino === load<u64>(stat + STAT_INO) && knote.dev === load<u64>(stat + STAT_DEV);
  return same ? 0 : -ENOENT;
}
