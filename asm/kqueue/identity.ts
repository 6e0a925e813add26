// The identity of the file that a descriptor was open on when its knote was made. A program may close
// a number without omnipoll/os, and the kernel may give the number to another file.

import { EBADF, ENOENT, STAT_SIZE } from "../abi";
import { describe } from "../descriptor";
import { StatRecord } from "../records";
import { DescriptorKnote } from "./knote";

/** Record of `sameFile`, whose callers want the result alone. */
const own: usize = memory.data(STAT_SIZE, 8);

/** Remembers the file of a new knote, and fills the caller's stat record. 0 or -EBADF. */
export function identify(knote: DescriptorKnote, stat: StatRecord): i32 {
  if (knote.ident > (i32.MAX_VALUE as u64)) return -EBADF;
  if (describe(knote.ident as i32, stat) < 0) return -EBADF;
  knote.ino = stat.ino;
  knote.dev = stat.dev;
  return 0;
}

/** Fills the caller's stat record. 0 if the file is still the knote's, else -EBADF or -ENOENT. */
export function compareFile(knote: DescriptorKnote, stat: StatRecord): i32 {
  if (describe(knote.ident as i32, stat) < 0) return -EBADF;
  return knote.ino === stat.ino && knote.dev === stat.dev ? 0 : -ENOENT;
}

/** 0 if the descriptor is still open on the file of the knote, else -EBADF or -ENOENT. */
export function sameFile(knote: DescriptorKnote): i32 {
  return compareFile(knote, changetype<StatRecord>(own));
}
