// A harvest: waits for the kernel's events of a queue, and puts the knotes that they are about on the
// active list.

import { EBADF, READY_RECORD_SIZE } from "../abi";
import * as host from "../host";
import * as kernel from "../kernel";
import { enterWait, leaveWait } from "../nesting";
import { ReadyRecord } from "../records";
import { entryOf, noteReport } from "./entry";
import { reportDirectly } from "./express";
import { filterOf } from "./filter";
import { SET_MAIN, SET_SECOND } from "./knote";
import { Queue } from "./queue";
import { rebuild } from "./sets";
import { LEAST_ROOM, readyRecords, readyRoom, resumeScratch } from "./scratch";
import {
  findSource,
  onReadable,
  readSources,
  SOURCE_SECOND,
  SOURCE_TIMER,
  sourceCount,
  sourceFd,
} from "./source";

// The findings of a harvest: a negative errno, or these bits.

/** The kernel may have more events than there was room for. */
export const FOUND_MORE = 0x1;
/** The events are written already (express.ts): their number is in the bits from FOUND_SHIFT on. */
export const FOUND_REPORTED = 0x2;
export const FOUND_SHIFT = 2;

/**
 * Takes one event of the main set. Returns the bit of the shared source that it is about, or 0: those
 * sources are read after all events, since the second set writes its events to the same memory.
 */
function dispatch(queue: Queue, fd: i32, mask: u32): u32 {
  const knote = entryOf(queue, fd, SET_MAIN);
  if (knote !== null) {
    noteReport(queue, knote, mask);
    return 0;
  }
  const source = findSource(queue, fd);
  if (source === null) {
    queue.isForeign = true;
    return 0;
  }
  const owner = source.knote;
  if (owner === null) return 1 << source.kind;
  filterOf(owner.filter).readSource(queue, owner);
  return 0;
}

/** Takes the events of the second set, which has READ and WRITE knotes only. */
function readSecond(queue: Queue): bool {
  const room = readyRoom();
  const count = kernel.epoll_wait(sourceFd(queue, SOURCE_SECOND), readyRecords(), room, 0);
  for (let i = 0; i < count; i++) {
    const event = changetype<ReadyRecord>(readyRecords() + (i as usize) * READY_RECORD_SIZE);
    const knote = entryOf(queue, event.fd, SET_SECOND);
    if (knote === null) queue.isForeign = true;
    else noteReport(queue, knote, event.mask);
  }
  return count === room;
}

onReadable(SOURCE_SECOND, readSecond);

/**
 * Waits, and activates every knote that the kernel reports, also more than the caller has room for:
 * those are deferred to the next calls, which report them before they ask the kernel again. So every
 * knote is reported in turn. Returns a negative errno, or FOUND_* bits.
 *
 * @param express whether the events may be written at once, where all of them are simple
 */
export function harvest(queue: Queue, capacity: i32, timeoutMs: f64, express: bool): i32 {
  if (queue.isForeign) rebuild(queue);
  const hadActive = queue.activeCount > 0;
  queue.hadActive = hadActive;
  const room = min(max(capacity + sourceCount(queue), LEAST_ROOM), readyRoom());
  const timeout = hadActive ? 0 : timeoutMs;
  enterWait();
  const count = kernel.epoll_wait(queue.epfd, readyRecords(), room, timeout);
  // A callback of a simulated kernel may have closed the queue, whose memory lasts until the wait ends.
  const isClosed = queue.epfd < 0;
  if (leaveWait()) resumeScratch();
  if (isClosed) return -EBADF;
  const found = count === room ? FOUND_MORE : 0;
  queue.harvestId++;
  // Without a timerfd no record says that a timer is due.
  const isDue = queue.deadline !== 0 && queue.deadline <= host.now();
  const isSimple =
    express && !isDue && queue.activeCount === 0 && queue.writers === 0 && !queue.isStale;
  if (isSimple && count > 0 && count <= capacity && reportDirectly(queue, count)) {
    return found | FOUND_REPORTED | (count << FOUND_SHIFT);
  }
  let pending: u32 = 0;
  for (let i = 0; i < count; i++) {
    const event = changetype<ReadyRecord>(readyRecords() + (i as usize) * READY_RECORD_SIZE);
    pending |= dispatch(queue, event.fd, event.mask);
  }
  if (isDue) pending |= 1 << SOURCE_TIMER;
  const hasMore = pending !== 0 && readSources(queue, pending);
  queue.deferred = queue.activeCount;
  if (count < 0) return count;
  return hasMore ? found | FOUND_MORE : found;
}
