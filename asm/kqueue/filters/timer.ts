// EVFILT_TIMER: a heap by deadline over one kernel timer per queue.

import {
  EINVAL,
  ENOMEM,
  ENOSYS,
  EV_ADD,
  EV_CLEAR,
  EV_ERROR,
  EV_ONESHOT,
  FILTER_TIMER,
  NOTE_ABSTIME,
  NOTE_MSECONDS,
  NOTE_NSECONDS,
  NOTE_SECONDS,
  NOTE_USECONDS,
} from "../../abi";
import * as host from "../../host";
import { setDeadline } from "../../kernel";
import { allocate, release } from "../../memory";
import { KeventRecord } from "../../records";
import { addFilter } from "../filter";
import { assertKnote, Knote } from "../knote";
import { activate, deactivate, Queue } from "../queue";
import { addSource, onReadable, SOURCE_TIMER, sourceFd } from "../source";

const UNITS: u32 = NOTE_SECONDS | NOTE_MSECONDS | NOTE_USECONDS | NOTE_NSECONDS;
const SMALLEST = 16;

@unmanaged
class TimerKnote extends Knote {
  /** Place in the heap, or -1. */
  place: i32;
  /** When the timer expires next, and how often after that (0: never), in ms. */
  deadline: f64;
  period: f64;
}

assertKnote<TimerKnote>();

function at(queue: Queue, place: i32): TimerKnote {
  return changetype<TimerKnote>(load<usize>(queue.timers + ((place as usize) << 2)));
}

function put(queue: Queue, place: i32, knote: TimerKnote): void {
  store<usize>(queue.timers + ((place as usize) << 2), changetype<usize>(knote));
  knote.place = place;
}

/** Moves the knote at `place` up or down to where its deadline belongs. */
function sift(queue: Queue, place: i32): void {
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

/** Enters a timer in the heap. 0 or -ENOMEM. */
function push(queue: Queue, knote: TimerKnote): i32 {
  if (queue.timerCount === queue.timerCapacity) {
    const capacity = max(queue.timerCapacity * 2, SMALLEST);
    const block = allocate((capacity as u64) * 4);
    if (block === 0) return -ENOMEM;
    memory.copy(block, queue.timers, (queue.timerCount as usize) * 4);
    release(queue.timers, (queue.timerCapacity as usize) * 4);
    queue.timers = block;
    queue.timerCapacity = capacity;
  }
  put(queue, queue.timerCount++, knote);
  sift(queue, knote.place);
  return 0;
}

/** Takes a timer out of the heap, if it is there. */
function pull(queue: Queue, knote: TimerKnote): void {
  const place = knote.place;
  if (place < 0) return;
  knote.place = -1;
  const last = at(queue, --queue.timerCount);
  if (last === knote) return;
  put(queue, place, last);
  sift(queue, place);
}

/** Sets the kernel's timer to the first deadline, unless it is set to that already. */
function armTimers(queue: Queue): void {
  const first = queue.timerCount > 0 ? max(at(queue, 0).deadline, f64.MIN_VALUE) : 0;
  if (first === queue.armedDeadline) return;
  queue.armedDeadline = first;
  const timerfd = sourceFd(queue, SOURCE_TIMER);
  if (timerfd >= 0) {
    host.timerfd_settime(timerfd, first);
    return;
  }
  // Without a timer of the kernel, a wait ends at the deadline and the next harvest reads the clock.
  queue.deadline = first;
  setDeadline(queue.epfd, first);
}

/** Milliseconds of a timer's data (timer2sbintime); negative if `units` is not one unit. */
function millisecondsOf(sdata: i64, units: u32): f64 {
  const value = sdata as f64;
  if (units === NOTE_SECONDS) return value * 1e3;
  if (units === 0 || units === NOTE_MSECONDS) return value;
  if (units === NOTE_USECONDS) return value / 1e3;
  if (units === NOTE_NSECONDS) return value / 1e6;
  return -1;
}

/** filt_timervalidate and filt_timerstart. */
function start(queue: Queue, knote: TimerKnote): i32 {
  if (knote.sdata < 0) return -EINVAL;
  if (knote.sdata === 0 && !(knote.flags & EV_ONESHOT)) knote.sdata = 1;
  if (knote.sfflags & ~(UNITS | NOTE_ABSTIME)) return -EINVAL;
  const ms = millisecondsOf(knote.sdata, knote.sfflags & UNITS);
  if (ms < 0) return -EINVAL;
  const isAbsolute = (knote.sfflags & NOTE_ABSTIME) !== 0;
  // The wall clock is read first: a thread that loses its processor in between is late, never early.
  const left = isAbsolute ? Math.max(ms - host.realtime(), 0) : ms;
  knote.deadline = host.now() + left;
  knote.period = isAbsolute || knote.flags & EV_ONESHOT ? 0 : ms;
  return push(queue, knote);
}

/** filt_timerattach. */
function attach(queue: Queue, made: Knote): i32 {
  const knote = changetype<TimerKnote>(made);
  knote.place = -1;
  if (sourceFd(queue, SOURCE_TIMER) < 0) {
    const added = addSource(queue, SOURCE_TIMER, host.timerfd_create());
    if (added < 0 && added !== -ENOSYS) return added;
  }
  if (!(knote.sfflags & NOTE_ABSTIME)) knote.flags |= EV_CLEAR;
  const started = start(queue, knote);
  if (started < 0) return started;
  armTimers(queue);
  return 0;
}

/** filt_timerdetach. */
function detach(queue: Queue, knote: Knote): i32 {
  pull(queue, changetype<TimerKnote>(knote));
  armTimers(queue);
  return 0;
}

/** filt_timertouch: EV_ADD starts the timer anew, and drops the expirations so far. */
function touch(queue: Queue, made: Knote, change: KeventRecord): i32 {
  if (!(change.flags & EV_ADD)) return 0;
  const knote = changetype<TimerKnote>(made);
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
  return 0;
}

/** filt_timer: `data` counts the expirations. */
function event(_queue: Queue, knote: Knote): i32 {
  return knote.data !== 0 ? 1 : 0;
}

/** Counts the timers that have expired by now, and sets the kernel's timer to the next deadline. */
function expireTimers(queue: Queue): bool {
  queue.armedDeadline = -1; // the kernel's timer has expired, and must be set in any case
  const now = host.now();
  while (queue.timerCount > 0 && at(queue, 0).deadline <= now) {
    const knote = at(queue, 0);
    if (knote.period > 0) {
      const missed = Math.floor((now - knote.deadline) / knote.period);
      knote.data += 1 + (missed as i64);
      knote.deadline += (1 + missed) * knote.period;
      sift(queue, 0);
    } else {
      pull(queue, knote);
      knote.data++;
    }
    activate(queue, knote);
  }
  armTimers(queue);
  return false;
}

onReadable(SOURCE_TIMER, expireTimers);
addFilter(FILTER_TIMER, attach, detach, touch, event);
