// EVFILT_TIMER: a heap by deadline over one kernel timer per queue.

import {
  EINVAL,
  ENOMEM,
  ENOSYS,
  EV_ADD,
  EV_CLEAR,
  EV_ERROR,
  EV_ONESHOT,
  NOTE_ABSTIME,
  NOTE_MSECONDS,
  NOTE_NSECONDS,
  NOTE_SECONDS,
  NOTE_USECONDS,
} from "../abi";
import { setDeadline } from "../kernel";
import * as host from "../host";
import { allocate, release } from "../memory";
import { KeventRecord } from "../records";
import { Knote } from "./knote";
import { activate, addSource, deactivate, Queue } from "./queue";

const UNITS: u32 = NOTE_SECONDS | NOTE_MSECONDS | NOTE_USECONDS | NOTE_NSECONDS;
const SMALLEST = 16;

function at(queue: Queue, place: i32): Knote {
  return changetype<Knote>(load<usize>(queue.timers + ((place as usize) << 2)));
}

function put(queue: Queue, place: i32, knote: Knote): void {
  store<usize>(queue.timers + ((place as usize) << 2), changetype<usize>(knote));
  knote.place = place;
}

/** Moves the knote at `place` up or down to where its deadline belongs. */
function settle(queue: Queue, place: i32): void {
  const knote = at(queue, place);
  while (place > 0) {
    const above = (place - 1) >> 1;
    if (at(queue, above).deadline <= knote.deadline) break;
    put(queue, place, at(queue, above));
    place = above;
  }
  while (true) {
    let below = 2 * place + 1;
    if (below >= queue.timerCount) break;
    if (below + 1 < queue.timerCount && at(queue, below + 1).deadline < at(queue, below).deadline) {
      below++;
    }
    if (knote.deadline <= at(queue, below).deadline) break;
    put(queue, place, at(queue, below));
    place = below;
  }
  put(queue, place, knote);
}

function push(queue: Queue, knote: Knote): i32 {
  if (queue.timerCount === queue.timerCapacity) {
    const capacity = max(queue.timerCapacity * 2, SMALLEST);
    const block = allocate((capacity as usize) * 4);
    if (block === 0) return -ENOMEM;
    memory.copy(block, queue.timers, (queue.timerCount as usize) * 4);
    release(queue.timers, (queue.timerCapacity as usize) * 4);
    queue.timers = block;
    queue.timerCapacity = capacity;
  }
  put(queue, queue.timerCount++, knote);
  settle(queue, knote.place);
  return 0;
}

/** Takes a timer out of the heap, if it is there. */
function pull(queue: Queue, knote: Knote): void {
  const place = knote.place;
  if (place < 0) return;
  knote.place = -1;
  const last = at(queue, --queue.timerCount);
  if (last === knote) return;
  put(queue, place, last);
  settle(queue, place);
}

/** Sets the kernel's timer to the first deadline, if that is not what it is set to. */
export function armTimers(queue: Queue): void {
  const first = queue.timerCount > 0 ? max(at(queue, 0).deadline, f64.MIN_VALUE) : 0;
  if (first === queue.armed) return;
  queue.armed = first;
  // Without a timer of the kernel the waits end in time.
  if (queue.timerfd < 0) setDeadline(queue.epfd, first);
  else host.timerfd_settime(queue.timerfd, first);
}

/** Milliseconds of a timer's data (timer2sbintime); negative if the units are no one unit. */
function millisecondsOf(sdata: i64, units: u32): f64 {
  const value = sdata as f64;
  if (units === NOTE_SECONDS) return value * 1e3;
  if (units === 0 || units === NOTE_MSECONDS) return value;
  if (units === NOTE_USECONDS) return value / 1e3;
  if (units === NOTE_NSECONDS) return value / 1e6;
  return -1;
}

/** filt_timervalidate and filt_timerstart. */
function start(queue: Queue, knote: Knote): i32 {
  if (knote.sdata < 0) return -EINVAL;
  if (knote.sdata === 0 && !(knote.flags & EV_ONESHOT)) knote.sdata = 1;
  if (knote.sfflags & ~(UNITS | NOTE_ABSTIME)) return -EINVAL;
  const ms = millisecondsOf(knote.sdata, knote.sfflags & UNITS);
  if (ms < 0) return -EINVAL;
  const absolute = (knote.sfflags & NOTE_ABSTIME) !== 0;
  // Read first: a thread that loses its turn between the two clocks is late, never early.
  const left = absolute ? Math.max(ms - host.realtime(), 0) : ms;
  const now = host.now();
  if (absolute) {
    knote.deadline = now + left;
    knote.period = 0;
  } else {
    knote.deadline = now + ms;
    knote.period = knote.flags & EV_ONESHOT ? 0 : ms;
  }
  return push(queue, knote);
}

/** f_attach. */
export function attachTimer(queue: Queue, knote: Knote): i32 {
  if (queue.timerfd < 0) {
    const timerfd = addSource(queue, host.timerfd_create());
    if (timerfd < 0 && timerfd !== -ENOSYS) return timerfd;
    queue.timerfd = timerfd;
  }
  if (!(knote.sfflags & NOTE_ABSTIME)) knote.flags |= EV_CLEAR;
  const started = start(queue, knote);
  if (started < 0) return started;
  armTimers(queue);
  return 0;
}

/** f_detach. */
export function detachTimer(queue: Queue, knote: Knote): void {
  pull(queue, knote);
  armTimers(queue);
}

/** f_touch: adding once more starts anew, and what has expired is forgotten. */
export function touchTimer(queue: Queue, knote: Knote, change: KeventRecord): void {
  if (!(change.flags & EV_ADD)) return;
  pull(queue, knote);
  deactivate(queue, knote);
  knote.data = 0;
  knote.sfflags = change.fflags;
  knote.sdata = change.data;
  const started = start(queue, knote);
  if (started < 0) {
    knote.flags |= EV_ERROR;
    knote.data = -started;
  }
  armTimers(queue);
}

/** Whether a timer has expired of which no kernel tells. */
export function isTimerDue(queue: Queue): bool {
  return queue.timerfd < 0 && queue.timerCount > 0 && at(queue, 0).deadline <= host.now();
}

/** Counts what has expired by now, and sets the timer for what comes next. */
export function expireTimers(queue: Queue): void {
  queue.armed = -1; // it went off: whatever it is set to now, it must be set again
  const now = host.now();
  while (queue.timerCount > 0 && at(queue, 0).deadline <= now) {
    const knote = at(queue, 0);
    if (knote.period > 0) {
      const missed = Math.floor((now - knote.deadline) / knote.period);
      knote.data += 1 + (missed as i64);
      knote.deadline += (1 + missed) * knote.period;
      settle(queue, 0);
    } else {
      pull(queue, knote);
      knote.data++;
    }
    activate(queue, knote);
  }
  armTimers(queue);
}
