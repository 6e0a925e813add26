// Waits within waits. A simulated kernel runs callbacks of the program in the middle of a wait, and a
// callback may call the core again. The kernel writes the results of the outer wait afterwards, to the
// addresses that the wait began with. So a block that is replaced in a wait is kept until the wait ends,
// and a call within the wait gets memory of its own for the data of one call.

import { allocate, release } from "./memory";

/** A block that was replaced in a wait. */
@unmanaged
class Replaced {
  next: Replaced | null;
  block: usize;
  bytes: usize;
}

/** A call within a wait replaced a block, or began with a state of its own. */
const HAS_INNER = i32.MIN_VALUE;
/** The number of waits going on, one in the other, and HAS_INNER. */
let waits: i32 = 0;
let replaced: Replaced | null = null;

function depth(): i32 {
  return waits & ~HAS_INNER;
}

/** A wait begins. */
export function enterWait(): void {
  waits++;
}

/** Whether a call within a wait replaced a block, changed what the wait is about, or kept a state. */
export function hasInnerCall(): bool {
  return waits < 0;
}

/** Whether a wait is going on. If so, its caller learns from `hasInnerCall` that something changed. */
export function noteInnerCall(): bool {
  if (waits === 0) return false;
  waits |= HAS_INNER;
  return true;
}

/** A wait ends. True after calls within it: then the caller takes back its own, and calls `endWait`. */
export function leaveWait(): bool {
  return --waits < 0;
}

/** Gives the replaced blocks back after the outermost wait. */
export function endWait(): void {
  if (depth() > 0) return;
  waits = 0;
  while (replaced !== null) {
    const record = replaced!;
    replaced = record.next;
    release(record.block, record.bytes);
    release(changetype<usize>(record), offsetof<Replaced>());
  }
}

/** Gives a block back, to which the kernel may write until the waits have ended. */
export function releaseAfterWaits(block: usize, bytes: usize): void {
  if (depth() === 0 || block === 0) {
    release(block, bytes);
    return;
  }
  const at = allocate(offsetof<Replaced>());
  if (at === 0) return; // without memory for the record the block is lost
  const record = changetype<Replaced>(at);
  record.next = replaced;
  record.block = block;
  record.bytes = bytes;
  replaced = record;
  waits |= HAS_INNER;
}

/** The state of a kind of call, of which one goes on at a time: blocks, and their division. */
@unmanaged
export class CallState {
  /** A copy of the state of the call around this one, or 0. */
  outer: usize;
  /** The number of waits around the call that the state is of. */
  depth: i32;
}

/** Whether a state is that of a call at this depth. */
export function isOwn(state: CallState): bool {
  return state.depth === depth();
}

/**
 * Begins a call within the wait of another call of its kind: keeps the state of that call, and begins
 * with `bytes` of zeros. False without memory.
 */
export function beginInner(state: CallState, bytes: usize): bool {
  const copy = allocate(bytes);
  if (copy === 0) return false;
  const at = changetype<usize>(state);
  memory.copy(copy, at, bytes);
  memory.fill(at, 0, bytes);
  state.outer = copy;
  state.depth = depth();
  waits |= HAS_INNER;
  return true;
}

/** Whether a state is that of a call within a wait that has ended; `endInner` ends it. */
export function isInner(state: CallState): bool {
  return state.depth > depth();
}

/** Puts back the state around an inner call, whose blocks the caller has released. */
export function endInner(state: CallState, bytes: usize): void {
  const copy = state.outer;
  memory.copy(changetype<usize>(state), copy, bytes);
  release(copy, bytes);
}
