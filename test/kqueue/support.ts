// Shared by the tests of queues: a queue that is closed at the end, and kevents as plain arrays.

import {
  type Kevent,
  kevent,
  type Kqueue,
  kqueue,
  KQ_FILTER_TIMER,
  KQ_FILTER_USER,
  KQ_NOTE_TRIGGER,
  type Whole,
} from "../../bindings/node/select.ts";
import type { Scope } from "../support/descriptors.ts";
import { answered } from "../support/world.ts";

/** The attributes of a kevent, in their order. */
export type Fields = [
  ident: Whole,
  filter: number,
  flags: number,
  fflags: number,
  data: Whole,
  udata: Whole,
];

export function fieldsOf(event: Kevent): Fields {
  return [event.ident, event.filter, event.flags, event.fflags, event.data, event.udata];
}

/** A queue that is closed when the test ends. */
export function newQueue(scope: Scope): Kqueue {
  const made = kqueue();
  scope.onEnd(() => made.close());
  return made;
}

/** Applies changes, and returns the events that are ready then, without waiting. */
export function now(queue: Kqueue, changes: readonly Kevent[] = [], max = 16): Fields[] {
  return queue.control(changes, max, 0).map(fieldsOf);
}

/** Idents of the events that are ready, without waiting. */
export function idents(queue: Kqueue, max = 16, timeout = 0): Whole[] {
  return queue.control(null, max, timeout).map(({ ident }) => ident);
}

/** Applies changes without waiting. */
export function change(queue: Kqueue, ...changes: readonly Kevent[]): void {
  queue.control(changes, 0);
}

/** A change of a user event. */
export function user(ident: Whole, flags: number, fflags = 0, data: Whole = 0, udata: Whole = 0) {
  return kevent(ident, KQ_FILTER_USER, flags, fflags, data, udata);
}

/** The change that triggers a user event. */
export function trigger(ident: Whole, flags = 0): Kevent {
  return kevent(ident, KQ_FILTER_USER, flags, KQ_NOTE_TRIGGER);
}

/** A change of a timer. */
export function timer(ident: Whole, flags: number, fflags: number, data: Whole): Kevent {
  return kevent(ident, KQ_FILTER_TIMER, flags, fflags, data);
}

/** Events in their order where the descriptors became active first. The core harvests descriptors last. */
export function mixed<Event>(others: readonly Event[], descriptors: readonly Event[]): Event[] {
  return answered([...others, ...descriptors], [...descriptors, ...others]);
}
