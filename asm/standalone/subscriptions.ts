// The subscriptions of the next poll_oneoff, and the events of the last one, in one block of memory. It grows
// with the largest number of records that a poll(2) had.

import { allocate, release } from "../memory";
import {
  CLOCK_MONOTONIC,
  EVENT_BYTES,
  EVENT_ERROR,
  EVENT_FLAGS,
  EVENT_SIZE,
  EVENT_TYPE,
  EVENT_USERDATA,
  SUBSCRIPTION_CLOCK,
  SUBSCRIPTION_FD,
  SUBSCRIPTION_FLAGS,
  SUBSCRIPTION_SIZE,
  SUBSCRIPTION_TIMEOUT,
  SUBSCRIPTION_TYPE,
  SUBSCRIPTION_USERDATA,
  TYPE_CLOCK,
  TYPE_READ,
  TYPE_WRITE,
} from "./preview1";
import { poll_oneoff } from "./wasi_snapshot_preview1";

@unmanaged
export class Subscription {
  userdata: u64;
  /** TYPE_*. */
  type: u8;
  unused: u32;
  /** The descriptor or the clock. */
  fd: i32;
  timeout: u64;
  precision: u64;
  flags: u16;
  end: u32;
}

if (offsetof<Subscription>() !== SUBSCRIPTION_SIZE) ERROR("preview1.ts: SUBSCRIPTION_SIZE");
if (offsetof<Subscription>("userdata") !== SUBSCRIPTION_USERDATA)
  ERROR("preview1.ts: SUBSCRIPTION_USERDATA");
if (offsetof<Subscription>("type") !== SUBSCRIPTION_TYPE) ERROR("preview1.ts: SUBSCRIPTION_TYPE");
if (offsetof<Subscription>("fd") !== SUBSCRIPTION_FD) ERROR("preview1.ts: SUBSCRIPTION_FD");
if (offsetof<Subscription>("fd") !== SUBSCRIPTION_CLOCK) ERROR("preview1.ts: SUBSCRIPTION_CLOCK");
if (offsetof<Subscription>("timeout") !== SUBSCRIPTION_TIMEOUT)
  ERROR("preview1.ts: SUBSCRIPTION_TIMEOUT");
if (offsetof<Subscription>("flags") !== SUBSCRIPTION_FLAGS)
  ERROR("preview1.ts: SUBSCRIPTION_FLAGS");

@unmanaged
export class Event {
  userdata: u64;
  /** An error number of WASI. */
  error: u16;
  /** TYPE_*. */
  type: u8;
  bytes: u64;
  flags: u16;
  end: u32;
}

if (offsetof<Event>() !== EVENT_SIZE) ERROR("preview1.ts: EVENT_SIZE");
if (offsetof<Event>("userdata") !== EVENT_USERDATA) ERROR("preview1.ts: EVENT_USERDATA");
if (offsetof<Event>("error") !== EVENT_ERROR) ERROR("preview1.ts: EVENT_ERROR");
if (offsetof<Event>("type") !== EVENT_TYPE) ERROR("preview1.ts: EVENT_TYPE");
if (offsetof<Event>("bytes") !== EVENT_BYTES) ERROR("preview1.ts: EVENT_BYTES");
if (offsetof<Event>("flags") !== EVENT_FLAGS) ERROR("preview1.ts: EVENT_FLAGS");

/** User data of the clock's subscription; all others have the number of their record. */
const TIMEOUT = u64.MAX_VALUE;
const NS: f64 = 1e6;
/**
 * The longest time that a subscription asks for, in ns: 292 years. A longer one is no number of 64 bits with
 * a sign, which some runtimes make of it. A wait that ends early is continued.
 */
const LONGEST: u64 = i64.MAX_VALUE;
/** What a subscription needs: itself and its event. */
const PER_SUBSCRIPTION: u64 = SUBSCRIPTION_SIZE + EVENT_SIZE;

let block: usize = 0;
let bytes: u64 = 0;
/** Number of subscriptions that the block has room for. */
let room = 0;
/** Number of events that the last call wrote. */
const found: usize = memory.data(4, 4);

/** Makes room for so many subscriptions. False without memory. */
export function reserve(count: i64): bool {
  if (count <= room) return true;
  const wanted = (count as u64) * PER_SUBSCRIPTION;
  const made = allocate(wanted);
  if (made === 0) return false;
  release(block, bytes as usize);
  block = made;
  bytes = wanted;
  room = count as i32;
  return true;
}

export function subscriptionAt(index: i32): Subscription {
  return changetype<Subscription>(block + (index as usize) * SUBSCRIPTION_SIZE);
}

export function eventAt(index: i32): Event {
  const events = block + (room as usize) * SUBSCRIPTION_SIZE;
  return changetype<Event>(events + (index as usize) * EVENT_SIZE);
}

/** Writes the subscription of record `record` to a descriptor. */
export function subscribe(at: Subscription, type: i32, fd: i32, record: i32): void {
  memory.fill(changetype<usize>(at), 0, SUBSCRIPTION_SIZE);
  at.userdata = record as u64;
  at.type = type as u8;
  at.fd = fd;
}

/** Nanoseconds of a time, rounded up. */
function nanoseconds(ms: f64): u64 {
  const ns = Math.ceil(ms * NS);
  return ns < (LONGEST as f64) ? (ns as u64) : LONGEST;
}

/** Writes a subscription that limits the time of the call; `ms` < 0 is for ever. */
export function subscribeTimeout(at: Subscription, ms: f64): void {
  subscribe(at, TYPE_CLOCK, CLOCK_MONOTONIC, 0);
  at.userdata = TIMEOUT;
  at.timeout = ms < 0 ? LONGEST : nanoseconds(ms);
}

/**
 * Whether a call with a timeout of 0 has reported a descriptor. uvwasi never does: its timer of 0 ms expires
 * before it looks at descriptors. Until a runtime has done it once, a call with a timeout of 0 that found nothing
 * is repeated with the shortest time of that timer.
 */
let reportsAtOnce = false;
const SHORTEST_MS: f64 = 1;

/**
 * poll_oneoff of `count` subscriptions. 0 or an error number of WASI. wazero counts events that it does not write:
 * those keep the bits that are set here, and are of no type.
 */
function call(subscriptions: usize, events: usize, count: i32): u32 {
  memory.fill(events, 0xff, (count as usize) * EVENT_SIZE);
  store<u32>(found, 0);
  return poll_oneoff(subscriptions, events, count, found) as u32;
}

/** Number of events of the last call, which had `count` subscriptions. */
function foundOf(count: i32): i32 {
  return min<u32>(load<u32>(found), count as u32) as i32;
}

function isOfDescriptor(event: Event): bool {
  return event.type === TYPE_READ || event.type === TYPE_WRITE;
}

/** Whether the last call, with a timeout of 0, has to be repeated. */
function isDoubtful(events: usize, count: i32): bool {
  if (reportsAtOnce) return false;
  for (let i = 0, end = foundOf(count); i < end; i++) {
    const event = changetype<Event>(events + (i as usize) * EVENT_SIZE);
    if (!isOfDescriptor(event)) continue;
    // The error of a descriptor that is not open says nothing about others.
    if (event.error === 0) reportsAtOnce = true;
    return false;
  }
  return true;
}

/**
 * poll_oneoff of the first `count` subscriptions, which waits for at most `ms`, < 0 for ever. 0 or an error number
 * of WASI. There is room for a subscription more.
 */
export function wait(count: i32, ms: f64): u32 {
  const events = changetype<usize>(eventAt(0));
  const clock = subscriptionAt(count);
  // poll_oneoff refuses a call without a subscription.
  const total = ms >= 0 || count === 0 ? count + 1 : count;
  if (total > count) subscribeTimeout(clock, ms);
  const error = call(block, events, total);
  if (error !== 0 || ms !== 0 || !isDoubtful(events, total)) return error;
  subscribeTimeout(clock, SHORTEST_MS);
  return call(block, events, total);
}

/** Number of events of the last `wait`, of at most `count` subscriptions and the clock's. */
export function eventCount(count: i32): i32 {
  return foundOf(count + 1);
}

/** Subscriptions and events of `askAlone`. */
const single: usize = memory.data(2 * SUBSCRIPTION_SIZE, 8);
const answers: usize = memory.data(2 * EVENT_SIZE, 8);

/**
 * poll_oneoff of one subscription, without a wait. Writes its event to `answer`, whose type is TYPE_CLOCK if
 * the descriptor is not ready. 0 or an error number of WASI.
 */
export function askAlone(type: i32, fd: i32, answer: Event): u32 {
  const clock = changetype<Subscription>(single + SUBSCRIPTION_SIZE);
  subscribe(changetype<Subscription>(single), type, fd, 0);
  subscribeTimeout(clock, 0);
  let error = call(single, answers, 2);
  if (error === 0 && isDoubtful(answers, 2)) {
    subscribeTimeout(clock, SHORTEST_MS);
    error = call(single, answers, 2);
  }
  memory.fill(changetype<usize>(answer), 0, EVENT_SIZE);
  for (let i = 0, end = error === 0 ? foundOf(2) : 0; i < end; i++) {
    const event = changetype<Event>(answers + (i as usize) * EVENT_SIZE);
    if (!isOfDescriptor(event)) continue;
    memory.copy(changetype<usize>(answer), changetype<usize>(event), EVENT_SIZE);
  }
  return error;
}
