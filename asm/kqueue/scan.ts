// kqueue_scan: tests the knotes of the active list from its head, and returns those whose condition
// holds.
//
// A level-triggered knote goes to the end of the list when it is returned. But while all active knotes
// fit in one call, those of READ and WRITE leave the list: the kernel reports them again as long as
// their condition holds, and their descriptors need not be asked one by one.

import {
  DATA_SIZE,
  EBADF,
  EV_CLEAR,
  EV_DISPATCH,
  EV_ONESHOT,
  EVENT_NVAL,
  KEVENT_SIZE,
  POLL_RECORD_SIZE,
} from "../abi";
import * as host from "../host";
import * as kernel from "../kernel";
import { enterWait, leaveWait } from "../nesting";
import { PollRecord } from "../records";
import { EntryKnote, interestOf, isReportedByKernel } from "./entry";
import { dropKnote, filterOf } from "./filter";
import {
  isReadOrWrite,
  Knote,
  SET_FILES,
  STATUS_ACTIVE,
  STATUS_DISABLED,
  STATUS_FORCED,
  writeKevent,
} from "./knote";
import { beginGeneration, deactivate, dequeue, enqueue, Queue } from "./queue";
import { testKnote, writeQuestion } from "./readiness";
import { dataStart, eventsStart, pollsStart, resumeScratch } from "./scratch";

/** Whether the mask of a knote is from an earlier harvest, or maybe of another file. */
function isOld(queue: Queue, knote: Knote): bool {
  if (!isReadOrWrite(knote) || knote.set === SET_FILES) return false;
  return queue.isStale || changetype<EntryKnote>(knote).harvestId !== queue.harvestId;
}

function pollRecordAt(index: i32): PollRecord {
  return changetype<PollRecord>(pollsStart() + (index as usize) * POLL_RECORD_SIZE);
}

/** Gives a knote the mask that poll(2) says now. */
function refresh(queue: Queue, knote: EntryKnote, mask: u32): void {
  // The last harvest reported bits that do not hold: of the file that had the number before.
  if (knote.harvestId === queue.harvestId && (knote.mask & ~mask) !== 0) queue.isForeign = true;
  knote.mask = mask;
  knote.harvestId = queue.harvestId;
}

/** Refreshes the knotes with old masks among the first `count` active ones, in one poll(2). */
function refreshMasks(queue: Queue, count: i32): void {
  if (!queue.hadActive && !queue.isStale && queue.writers === 0) return;
  let old = 0;
  let knote = queue.first;
  for (let i = 0; i < count && knote !== null; i++) {
    if (isOld(queue, knote)) {
      const record = pollRecordAt(old++);
      record.fd = knote.ident as i32;
      record.want = interestOf(changetype<EntryKnote>(knote)) as u16;
      record.ready = 0;
    }
    knote = knote.after;
  }
  if (old === 0) return;
  const generation = queue.generation;
  enterWait();
  const polled = kernel.poll(pollsStart(), old, 0);
  if (leaveWait()) resumeScratch();
  // A callback of a simulated kernel may have changed the list, to which the records no longer belong.
  if (polled < 0 || generation !== queue.generation) return;
  old = 0;
  knote = queue.first;
  for (let i = 0; i < count && knote !== null; i++) {
    if (isOld(queue, knote)) {
      refresh(queue, changetype<EntryKnote>(knote), pollRecordAt(old++).ready);
    }
    knote = knote.after;
  }
}

/** Asks for `data` of the READ and WRITE knotes among the first `count` active ones, in one host call. */
function queryData(queue: Queue, count: i32): void {
  let asked = 0;
  let knote = queue.first;
  for (let i = 0; i < count && knote !== null; i++) {
    if (isReadOrWrite(knote)) {
      const at = dataStart() + (asked++ as usize) * DATA_SIZE;
      writeQuestion(changetype<EntryKnote>(knote), at);
    }
    knote = knote.after;
  }
  // Without an answer of the host, `data` is 0 and the mask decides.
  if (asked > 0 && host.fd_data(dataStart(), asked) < 0) {
    memory.fill(dataStart(), 0, (asked as usize) * DATA_SIZE);
  }
}

/** Whether a READ or WRITE knote is to be returned; drops the knote if its descriptor is closed. */
function testDescriptor(queue: Queue, knote: Knote, answer: usize): bool {
  const isClosed = (changetype<EntryKnote>(knote).mask & EVENT_NVAL) !== 0;
  const holds = isClosed ? -EBADF : testKnote(queue, changetype<EntryKnote>(knote), answer);
  if (holds === -EBADF) dropKnote(queue, knote); // closed without omnipoll/os
  else if (holds > 0 || knote.status & STATUS_FORCED) return true;
  else deactivate(queue, knote);
  return false;
}

/** Whether another knote is to be returned. FreeBSD does not test again what fires once. */
function test(queue: Queue, knote: Knote): bool {
  if (filterOf(knote.filter).event(queue, knote) > 0 || knote.flags & EV_ONESHOT) return true;
  deactivate(queue, knote);
  return false;
}

/**
 * Writes the event of a knote at `at`, and does what its flags say.
 *
 * @param isCrowded whether the active list has more knotes than the call has room for
 */
function report(queue: Queue, knote: Knote, at: usize, isCrowded: bool): void {
  const flags = knote.flags;
  if (flags & EV_ONESHOT) {
    writeKevent(knote, at);
    dropKnote(queue, knote);
    return;
  }
  const write = filterOf(knote.filter).report;
  if (write === null) writeKevent(knote, at);
  else write(knote, at);
  dequeue(queue, knote);
  if (flags & (EV_CLEAR | EV_DISPATCH)) {
    if (flags & EV_CLEAR) {
      knote.data = 0;
      knote.fflags = 0;
    }
    knote.status &= ~STATUS_ACTIVE;
    // EPOLLONESHOT has disabled the entry of a knote, too.
    if (flags & EV_DISPATCH) knote.status |= STATUS_DISABLED;
  } else if (isReportedByKernel(knote) && !isCrowded) {
    knote.status &= ~STATUS_ACTIVE;
  } else {
    enqueue(queue, knote);
  }
}

/**
 * Whether any of the first `count` active knotes is edge-triggered (EV_CLEAR). Those must be refreshed
 * from the kernel first, or the same edge would be reported now and again after the next harvest.
 */
export function hasEdges(queue: Queue, count: i32): bool {
  let knote = queue.first;
  for (let i = 0; i < count && knote !== null; i++) {
    if (isReadOrWrite(knote) && knote.flags & EV_CLEAR) return true;
    knote = knote.after;
  }
  return false;
}

/**
 * Tests the first `count` active knotes and writes at most `capacity` events; returns how many. A knote
 * that goes back to the end of the list is not tested twice.
 */
export function scan(queue: Queue, capacity: i32, count: i32): i32 {
  const isCrowded = queue.activeCount > capacity;
  let returned = 0;
  let left = count;
  beginGeneration(queue);
  while (left > 0 && returned < capacity) {
    const batch = min(left, capacity - returned);
    left -= batch;
    queue.deferred = max(queue.deferred - batch, 0);
    refreshMasks(queue, batch);
    queryData(queue, batch);
    let answer = dataStart();
    for (let i = 0; i < batch; i++) {
      const knote = queue.first;
      if (knote === null) return returned;
      let holds: bool;
      if (isReadOrWrite(knote)) {
        holds = testDescriptor(queue, knote, answer);
        answer += DATA_SIZE;
      } else {
        holds = test(queue, knote);
      }
      if (!holds) continue;
      report(queue, knote, eventsStart() + (returned as usize) * KEVENT_SIZE, isCrowded);
      returned++;
    }
  }
  return returned;
}
