// The objects of this core by handle. A handle names one object of one kind for ever: the core refuses
// it once the object is closed, and never gives its number to another object.
//
//   handle   | generation 11 bits | slot 20 bits |
//
// A slot whose generations are used up is retired, so that no stale handle is ever valid again.

import { ENFILE, ENOMEM, ERROR_BAD_HANDLE } from "./abi";
import { allocate, release } from "./memory";

export const KIND_POLL = 1;
export const KIND_EPOLL = 2;
export const KIND_KQUEUE = 3;
export const KIND_DEVPOLL = 4;

const SLOT_BITS = 20;
const SLOT_MASK = (1 << SLOT_BITS) - 1;
const GENERATIONS = 1 << 11;

@unmanaged
class Entry {
  /** KIND_*, or 0 for a free slot. */
  kind: i32;
  generation: i32;
  /** In a free slot, the next free slot or -1; else a number or an address that the kind defines. */
  payload: usize;
}

let entries: usize = 0;
let capacity = 0;
/** Number of slots that were ever used. */
let used = 0;
let firstFree = -1;

function entryAt(slot: i32): Entry {
  return changetype<Entry>(entries + (slot as usize) * offsetof<Entry>());
}

function grow(): bool {
  const wanted = capacity === 0 ? 16 : capacity * 2;
  const bytes = (wanted as usize) * offsetof<Entry>();
  const block = allocate(bytes);
  if (block === 0) return false;
  const old = (capacity as usize) * offsetof<Entry>();
  if (entries !== 0) memory.copy(block, entries, old);
  release(entries, old);
  entries = block;
  capacity = wanted;
  return true;
}

/** Handle of a new object (> 0), or a negative errno. */
export function openObject(kind: i32, payload: usize): i32 {
  let slot = firstFree;
  if (slot >= 0) {
    firstFree = entryAt(slot).payload as i32;
  } else {
    if (used > SLOT_MASK) return -ENFILE;
    if (used === capacity && !grow()) return -ENOMEM;
    slot = used++;
    entryAt(slot).generation = 1;
  }
  const entry = entryAt(slot);
  entry.kind = kind;
  entry.payload = payload;
  return (entry.generation << SLOT_BITS) | slot;
}

function entryOf(handle: i32, kind: i32): Entry | null {
  const slot = handle & SLOT_MASK;
  if (handle <= 0 || slot >= used) return null;
  const entry = entryAt(slot);
  return entry.kind === kind && entry.generation === handle >> SLOT_BITS ? entry : null;
}

/** Whether `handle` names a live object of `kind`. */
export function isObject(handle: i32, kind: i32): bool {
  return entryOf(handle, kind) !== null;
}

/** The payload of an object. Only for a handle that `isObject` accepts. */
export function payloadOf(handle: i32): usize {
  return entryAt(handle & SLOT_MASK).payload;
}

/** Gives `payload` to all objects of a kind that have `old`. */
export function replacePayload(kind: i32, old: usize, payload: usize): void {
  for (let slot = 0; slot < used; slot++) {
    const entry = entryAt(slot);
    if (entry.kind === kind && entry.payload === old) entry.payload = payload;
  }
}

/** Forgets an object: the core refuses its handle from now on. */
export function closeObject(handle: i32, kind: i32): i32 {
  const entry = entryOf(handle, kind);
  if (entry === null) return ERROR_BAD_HANDLE;
  entry.kind = 0;
  entry.generation++;
  if (entry.generation < GENERATIONS) {
    entry.payload = firstFree as usize;
    firstFree = handle & SLOT_MASK;
  }
  return 0;
}
