// The registrations of a poll object: poll records in the order of registration, which the kernel takes
// as they are, and a hash index from descriptor to record, so that every operation takes the same time
// among ten and a million.
//
// A removed registration leaves a gap (descriptor -1, which poll(2) skips), so that the records behind
// it stay where they are. Gaps are squeezed out before they are a quarter of the records.

import { EBADF, ENOMEM, ERROR_NOT_REGISTERED, POLL_RECORD_SIZE, READY_RECORD_SIZE } from "./abi";
import { describe } from "./inspect";
import { reservePoll } from "./kernel";
import { allocate, release } from "./memory";
import { noteInnerCall, releaseAfterWaits } from "./nesting";
import { PollRecord, ReadyRecord } from "./records";

const SMALLEST = 16;
const GAP = -1;

/** The registrations of one object, in one block: records, ready records, index. */
@unmanaged
export class Registry {
  block: usize;
  /** Number of records that the block has room for: a power of two. The index has twice as many cells. */
  capacity: i32;
  /** Records in use, gaps included. */
  count: i32;
  gaps: i32;
  /** How often records were changed or moved in a wait. */
  changes: i32;

  get bytes(): usize {
    return bytesFor(this.capacity);
  }

  /** Address of the first record. */
  get records(): usize {
    return this.block;
  }

  /** Address of the ready records of the last wait: room for every registration. */
  get ready(): usize {
    return this.block + (this.capacity as usize) * POLL_RECORD_SIZE;
  }

  /** Cells of the hash index: slot + 1 of a record, or 0. */
  get index(): usize {
    return this.ready + (this.capacity as usize) * READY_RECORD_SIZE;
  }

  recordAt(slot: i32): PollRecord {
    return changetype<PollRecord>(this.block + (slot as usize) * POLL_RECORD_SIZE);
  }

  /** The cell where the search for `fd` starts. The factor spreads any run of numbers. */
  homeOf(fd: i32): u32 {
    return ((fd as u32) * 0x9e3779b1) >> (clz<u32>(this.capacity as u32) as u32);
  }

  /** The cell that has the record of `fd`, or the empty one where it would go. */
  cellOf(fd: i32): u32 {
    const last = (this.capacity as u32) * 2 - 1;
    const index = this.index;
    let cell = this.homeOf(fd);
    let slot = load<i32>(index + ((cell as usize) << 2)) - 1;
    while (slot >= 0 && this.recordAt(slot).fd !== fd) {
      cell = (cell + 1) & last;
      slot = load<i32>(index + ((cell as usize) << 2)) - 1;
    }
    return cell;
  }

  slotIn(cell: u32): i32 {
    return load<i32>(this.index + ((cell as usize) << 2)) - 1;
  }

  setCell(cell: u32, slot: i32): void {
    store<i32>(this.index + ((cell as usize) << 2), slot + 1);
  }

  /** Empties a cell, and moves back the cells that a search would no longer reach across it. */
  clearCell(cell: u32): void {
    const last = (this.capacity as u32) * 2 - 1;
    let hole = cell;
    let next = cell;
    for (;;) {
      next = (next + 1) & last;
      const slot = this.slotIn(next);
      if (slot < 0) break;
      const home = this.homeOf(this.recordAt(slot).fd);
      if (((next - home) & last) >= ((next - hole) & last)) {
        this.setCell(hole, slot);
        hole = next;
      }
    }
    this.setCell(hole, -1);
  }

  /** The records change or move: a wait that is going on begins anew. */
  noteChange(): void {
    if (noteInnerCall()) this.changes++;
  }

  /** Moves the records into a block for `capacity` of them, without the gaps. */
  rebuild(capacity: i32): bool {
    const block = allocate(bytesFor(capacity));
    if (block === 0) return false;
    this.noteChange();
    const from = this.block;
    const fromCount = this.count;
    const fromBytes = this.bytes;

    this.block = block;
    this.capacity = capacity;
    this.count = 0;
    this.gaps = 0;
    memory.fill(this.index, 0, (capacity as usize) * 8);
    for (let slot = 0; slot < fromCount; slot++) {
      const record = changetype<PollRecord>(from + (slot as usize) * POLL_RECORD_SIZE);
      if (record.fd !== GAP) this.append(record.fd, record.want);
    }
    releaseAfterWaits(from, fromBytes);
    reservePoll(capacity);
    return true;
  }

  append(fd: i32, want: u16): void {
    const cell = this.cellOf(fd);
    const slot = this.count++;
    this.setCell(cell, slot);
    const record = this.recordAt(slot);
    record.fd = fd;
    record.want = want;
    record.ready = 0;
  }

  /** Squeezes the gaps out in place; records keep their order. Allocates nothing. */
  compact(): void {
    this.noteChange();
    let kept = 0;
    for (let slot = 0; slot < this.count; slot++) {
      const record = this.recordAt(slot);
      if (record.fd === GAP) continue;
      if (kept !== slot) {
        this.setCell(this.cellOf(record.fd), kept);
        store<u64>(
          this.block + (kept as usize) * POLL_RECORD_SIZE,
          load<u64>(changetype<usize>(record)),
        );
      }
      kept++;
    }
    this.count = kept;
    this.gaps = 0;
  }

  /** Registers `fd`, or replaces its mask keeping its place. 0, -EBADF or -ENOMEM. */
  set(fd: i32, want: u16): i32 {
    if (fd < 0) return -EBADF; // a record of it would be a gap
    this.noteChange();
    const slot = this.slotIn(this.cellOf(fd));
    if (slot >= 0) {
      this.recordAt(slot).want = want;
      return 0;
    }
    if (this.count === this.capacity) {
      const hasRoom = this.gaps * 4 < this.capacity && this.rebuild(this.capacity * 2);
      if (!hasRoom && this.gaps === 0) return -ENOMEM;
      if (!hasRoom) this.compact();
    }
    this.append(fd, want);
    return 0;
  }

  /** Mask of `fd`; 0 if it is not registered. */
  maskOf(fd: i32): u32 {
    const slot = this.slotIn(this.cellOf(fd));
    return slot < 0 ? 0 : this.recordAt(slot).want;
  }

  /** Replaces the mask of a registered descriptor. */
  replace(fd: i32, want: u16): i32 {
    const slot = this.slotIn(this.cellOf(fd));
    if (slot < 0) return ERROR_NOT_REGISTERED;
    this.noteChange();
    this.recordAt(slot).want = want;
    return 0;
  }

  /** Forgets `fd`, keeping the order of the others: callers see events in that order. */
  remove(fd: i32): i32 {
    const cell = this.cellOf(fd);
    const slot = this.slotIn(cell);
    if (slot < 0) return ERROR_NOT_REGISTERED;
    this.noteChange();
    this.clearCell(cell);
    this.recordAt(slot).fd = GAP;
    if (slot === this.count - 1) {
      this.count--;
    } else {
      this.gaps++;
    }
    const live = this.count - this.gaps;
    // Without memory for the smaller block the larger one stays in use.
    if (this.capacity > SMALLEST && live * 8 <= this.capacity) this.rebuild(this.capacity / 2);
    return 0;
  }

  /** Describes the next registration from `place` on, for `inspect()`; see inspect.ts. */
  inspect(place: i32): i32 {
    for (let slot = place; slot < this.count; slot++) {
      const record = this.recordAt(slot);
      if (record.fd === GAP) continue;
      describe(record.fd, record.want, 0, slot as u32);
      return slot + 1;
    }
    return 0;
  }

  /** Before a wait: squeezes the gaps out if they are more than a quarter of the records. */
  tidy(): void {
    if (this.gaps * 4 > this.count) this.compact();
  }

  /** After a wait: writes a ready record for each of the `count` ready registrations, in order. */
  collect(count: i32): void {
    let out = this.ready;
    const outEnd = out + (count as usize) * READY_RECORD_SIZE;
    const end = this.block + (this.count as usize) * POLL_RECORD_SIZE;
    for (let at = this.block; at < end && out < outEnd; at += POLL_RECORD_SIZE) {
      const record = changetype<PollRecord>(at);
      if (record.ready === 0) continue;
      const ready = changetype<ReadyRecord>(out);
      ready.fd = record.fd;
      ready.mask = record.ready;
      out += READY_RECORD_SIZE;
    }
  }
}

function bytesFor(capacity: i32): usize {
  return (capacity as usize) * (POLL_RECORD_SIZE + READY_RECORD_SIZE + 8);
}

/** A registry without registrations; null if there is no memory left. */
export function createRegistry(): Registry | null {
  const at = allocate(offsetof<Registry>());
  if (at === 0) return null;
  const block = allocate(bytesFor(SMALLEST));
  if (block === 0) {
    release(at, offsetof<Registry>());
    return null;
  }
  const registry = changetype<Registry>(at);
  registry.block = block;
  registry.capacity = SMALLEST;
  registry.count = 0;
  registry.gaps = 0;
  registry.changes = 0;
  memory.fill(registry.index, 0, SMALLEST * 8);
  reservePoll(SMALLEST);
  return registry;
}

/** Gives the memory of a registry back, at the end of a wait on it that may be going on. */
export function destroyRegistry(registry: Registry): void {
  releaseAfterWaits(registry.block, registry.bytes);
  registry.block = 0;
  registry.count = 0;
  registry.noteChange();
  releaseAfterWaits(changetype<usize>(registry), offsetof<Registry>());
}
