// kqueue_scan: the line of active knotes, from its head, each tested again before it is returned.
//
// A level-triggered knote goes to the end of the line when it is returned. But while all there is
// fits, those of READ and WRITE leave it: the kernel reports them again as long as their condition
// holds, and says so without being asked for each.

import {
  DATA_SIZE,
  EBADF,
  EV_CLEAR,
  EV_DISPATCH,
  EV_ONESHOT,
  EVENT_NVAL,
  FILTER_READ,
  FILTER_USER,
  FILTER_WRITE,
  KEVENT_SIZE,
  POLL_RECORD_FD,
  POLL_RECORD_READY,
  POLL_RECORD_SIZE,
  POLL_RECORD_WANT,
} from "../abi";
import * as calls from "../kernel";
import * as host from "../host";
import { dropKnote } from "./filters";
import {
  Knote,
  SET_FILES,
  SET_MAIN,
  SET_SECOND,
  STATUS_ACTIVE,
  STATUS_DISABLED,
  STATUS_FORCED,
  writeKevent,
} from "./knote";
import { beginEra, deactivate, dequeue, enqueue, Queue } from "./queue";
import { happened } from "./register";
import { askData, interestOf, isUnconditional, testDescriptor } from "./rw";
import { dataStart, eventsStart, pollsStart } from "./scratch";
import { reportUser } from "./user";

function isDescriptor(knote: Knote): bool {
  return knote.filter === FILTER_READ || knote.filter === FILTER_WRITE;
}

/** Whether what epoll reported of a knote is of an earlier harvest, or maybe of another file. */
function isOld(queue: Queue, knote: Knote): bool {
  if (!isDescriptor(knote) || knote.set === SET_FILES) return false;
  return queue.stale || knote.stamp !== queue.stamp;
}

/** Gives knotes that were reported in an earlier harvest the mask they have now. */
function refreshOld(queue: Queue, count: i32): void {
  if (queue.leftover === 0 && !queue.stale && queue.writers === null) return;
  let old = 0;
  let knote = queue.first;
  for (let i = 0; i < count && knote !== null; i++) {
    if (isOld(queue, knote)) {
      const record = pollsStart() + (old++ as usize) * POLL_RECORD_SIZE;
      const want = interestOf(knote);
      store<i32>(record + POLL_RECORD_FD, knote.ident as i32);
      store<u16>(record + POLL_RECORD_WANT, want as u16);
      store<u16>(record + POLL_RECORD_READY, 0);
    }
    knote = knote.after;
  }
  if (old === 0 || calls.poll(pollsStart(), old, 0) < 0) return;
  old = 0;
  knote = queue.first;
  for (let i = 0; i < count && knote !== null; i++) {
    if (isOld(queue, knote)) {
      const record = pollsStart() + (old++ as usize) * POLL_RECORD_SIZE;
      const mask: u32 = load<u16>(record + POLL_RECORD_READY);
      // Reported just now and not so: of the file that had the number before.
      if (knote.stamp === queue.stamp && (knote.mask & ~mask) !== 0) queue.foreign = true;
      knote.mask = mask;
      knote.stamp = queue.stamp;
    }
    knote = knote.after;
  }
}

/** Asks for `data` of the first `count` knotes in line that have some, all in one host call. */
function askAll(queue: Queue, count: i32): void {
  let asked = 0;
  let knote = queue.first;
  for (let i = 0; i < count && knote !== null; i++) {
    if (isDescriptor(knote)) askData(knote, dataStart() + (asked++ as usize) * DATA_SIZE);
    knote = knote.after;
  }
  // A host that cannot tell: nothing is known of any, what poll says counts.
  if (asked > 0 && host.fd_data(dataStart(), asked) < 0) {
    memory.fill(dataStart(), 0, (asked as usize) * DATA_SIZE);
  }
}

/** Whether the condition of a knote holds; drops those whose descriptor is closed. */
function test(queue: Queue, knote: Knote, record: usize): bool {
  if (!isDescriptor(knote)) {
    // What fires once is not tested again (FreeBSD).
    if (happened(knote) || knote.flags & EV_ONESHOT) return true;
    deactivate(queue, knote);
    return false;
  }
  const holds = knote.mask & EVENT_NVAL ? -EBADF : testDescriptor(queue, knote, record);
  if (holds === -EBADF) dropKnote(queue, knote); // closed behind our back
  else if (holds > 0 || knote.status & STATUS_FORCED) return true;
  else deactivate(queue, knote);
  return false;
}

/** Whether the kernel reports a level-triggered knote again as long as its condition holds. */
function isReportedAgain(knote: Knote): bool {
  return isDescriptor(knote) && knote.set !== SET_FILES && !isUnconditional(knote);
}

/** Writes the event of a knote at `at`, and moves on its life. */
function report(queue: Queue, knote: Knote, at: usize): void {
  const flags = knote.flags;
  if (flags & EV_ONESHOT) {
    writeKevent(knote, at);
    dropKnote(queue, knote);
    return;
  }
  if (knote.filter === FILTER_USER) reportUser(knote, at);
  else writeKevent(knote, at);
  dequeue(queue, knote);
  if (flags & (EV_CLEAR | EV_DISPATCH)) {
    if (flags & EV_CLEAR) {
      knote.data = 0;
      knote.fflags = 0;
    }
    knote.status &= ~STATUS_ACTIVE;
    if (flags & EV_DISPATCH) {
      knote.status |= STATUS_DISABLED;
      if (knote.set === SET_MAIN || knote.set === SET_SECOND) return; // the kernel did the same
    }
  } else if (isReportedAgain(knote) && !crowded) {
    knote.status &= ~STATUS_ACTIVE;
  } else {
    enqueue(queue, knote);
  }
}

/**
 * Whether one of the first `count` in line is told of changes only: what the kernel has to say of
 * it must be taken first, or it would be reported now, and once more then.
 */
export function hasEdges(queue: Queue, count: i32): bool {
  let knote = queue.first;
  for (let i = 0; i < count && knote !== null; i++) {
    if (isDescriptor(knote) && knote.flags & EV_CLEAR) return true;
    knote = knote.after;
  }
  return false;
}

/** Whether there is more in line than the call in hand has room for. */
let crowded = false;

/**
 * Writes at most `capacity` events; how many. Looks at the first `looks` in line, so that those that
 * go back to its end are not looked at twice.
 */
export function scan(queue: Queue, capacity: i32, looks: i32): i32 {
  let returned = 0;
  let left = looks;
  beginEra(queue);
  crowded = queue.line > capacity;
  while (left > 0 && returned < capacity) {
    const batch = min(left, capacity - returned);
    left -= batch;
    queue.turns = max(queue.turns - batch, 0);
    refreshOld(queue, batch);
    askAll(queue, batch);
    let record = dataStart();
    for (let i = 0; i < batch; i++) {
      const knote = queue.first;
      if (knote === null) return returned;
      const asked = record;
      if (isDescriptor(knote)) record += DATA_SIZE;
      if (!test(queue, knote, asked)) continue;
      report(queue, knote, eventsStart() + (returned as usize) * KEVENT_SIZE);
      returned++;
    }
  }
  return returned;
}
