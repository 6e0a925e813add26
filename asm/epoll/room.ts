// What a look at descriptors needs: poll records for all items there are and for what poll objects
// and select() ask besides, and questions for how much those that are edge triggered hold. Grown when
// something is registered.

import { DATA_SIZE, KEVENT_SIZE, POLL_RECORD_SIZE } from "../abi";
import { allocate, release, roundUp } from "../memory";
import { firstSet, itemCount } from "./item";

/** A record, and a question; or a kevent for each direction, which are never both. */
const PER_ITEM = max(POLL_RECORD_SIZE + DATA_SIZE, POLL_RECORD_SIZE + 2 * KEVENT_SIZE);
const SMALLEST = 16;

let block: usize = 0;
let bytes: usize = 0;
let room = 0;
/** The most records that a caller brings. */
let own = 0;

function resize(items: i32): bool {
  const wanted = roundUp((items as usize) * PER_ITEM);
  if (wanted === bytes) return true;
  const made = allocate(wanted);
  if (made === 0) return false;
  release(block, bytes);
  block = made;
  bytes = wanted;
  room = (wanted / PER_ITEM) as i32;
  return true;
}

/** Makes room for the items there are and `more`. Not while a look is going on. */
export function hasRoom(more: i32): bool {
  const wanted = max(itemCount() + own + more, SMALLEST);
  // Without memory for a smaller block the larger one goes on serving.
  if (wanted <= room && wanted * 8 > room) return true;
  return resize(wanted) || wanted <= room;
}

/** Makes room for as many records that a caller brings, once there is an epoll among them. */
export function reserveOwn(count: i32): bool {
  if (count > own) own = count;
  return firstSet() === null || itemCount() + own <= room || hasRoom(0);
}

/** Poll records. */
export function recordsStart(): usize {
  return block;
}

/** Behind them: data records, or the kevents of a queue. */
export function behindRecords(): usize {
  return block + (room as usize) * POLL_RECORD_SIZE;
}

/** How many items there is room for. */
export function roomForItems(): i32 {
  return room;
}
