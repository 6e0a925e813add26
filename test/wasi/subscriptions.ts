// Subscriptions and events of poll_oneoff as plain values, on a memory of a test's own.

import {
  CLOCK_ABSOLUTE,
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
} from "../../wasi/preview1.ts";
import type { GuestPollOneoff } from "../../wasi/oneoff.ts";

/** One subscription: of a descriptor, or of a clock. */
export type Subscription =
  | { readonly read: number; readonly userdata?: bigint }
  | { readonly write: number; readonly userdata?: bigint }
  | {
      readonly clock: number;
      readonly ns: bigint;
      readonly isAbsolute?: boolean;
      readonly flags?: number;
      readonly userdata?: bigint;
    }
  | { readonly type: number; readonly userdata?: bigint };

/** One event. */
export interface Event {
  readonly userdata: bigint;
  readonly error: number;
  readonly type: number;
  readonly bytes: bigint;
  readonly flags: number;
}

/** Writes one subscription; its user data is its number unless said otherwise. */
function writeSubscription(view: DataView, at: number, given: Subscription, i: number): void {
  view.setBigUint64(at + SUBSCRIPTION_USERDATA, given.userdata ?? BigInt(i), true);
  if ("read" in given || "write" in given) {
    const isRead = "read" in given;
    view.setUint8(at + SUBSCRIPTION_TYPE, isRead ? TYPE_READ : TYPE_WRITE);
    view.setUint32(at + SUBSCRIPTION_FD, isRead ? given.read : given.write, true);
  } else if ("clock" in given) {
    view.setUint8(at + SUBSCRIPTION_TYPE, TYPE_CLOCK);
    view.setUint32(at + SUBSCRIPTION_CLOCK, given.clock, true);
    view.setBigUint64(at + SUBSCRIPTION_TIMEOUT, given.ns, true);
    const flags = given.flags ?? (given.isAbsolute === true ? CLOCK_ABSOLUTE : 0);
    view.setUint16(at + SUBSCRIPTION_FLAGS, flags, true);
  } else {
    view.setUint8(at + SUBSCRIPTION_TYPE, given.type);
  }
}

/** Writes subscriptions from `at` on; what lies between their fields stays as it is. */
export function writeSubscriptions(
  memory: WebAssembly.Memory,
  at: number,
  subscriptions: readonly Subscription[],
): void {
  const view = new DataView(memory.buffer);
  for (const [i, given] of subscriptions.entries()) {
    writeSubscription(view, at + i * SUBSCRIPTION_SIZE, given, i);
  }
}

/** Reads `count` events from `at` on. */
export function readEvents(memory: WebAssembly.Memory, at: number, count: number): Event[] {
  const view = new DataView(memory.buffer);
  return Array.from({ length: count }, (_, i) => {
    const event = at + i * EVENT_SIZE;
    return {
      userdata: view.getBigUint64(event + EVENT_USERDATA, true),
      error: view.getUint16(event + EVENT_ERROR, true),
      type: view.getUint8(event + EVENT_TYPE),
      bytes: view.getBigUint64(event + EVENT_BYTES, true),
      flags: view.getUint16(event + EVENT_FLAGS, true),
    };
  });
}

/** Where `oneoff` puts the count, the subscriptions, and behind them the events. */
export const FOUND = 8;
export const SUBSCRIPTIONS = 64;

/** Makes a call; returns its events, or its error number. */
export function oneoff(
  memory: WebAssembly.Memory,
  call: GuestPollOneoff,
  ...subscriptions: readonly Subscription[]
): Event[] | number {
  writeSubscriptions(memory, SUBSCRIPTIONS, subscriptions);
  const events = SUBSCRIPTIONS + subscriptions.length * SUBSCRIPTION_SIZE;
  const error = call(SUBSCRIPTIONS, events, subscriptions.length, FOUND);
  if (error !== 0) return error;
  return readEvents(memory, events, new DataView(memory.buffer).getUint32(FOUND, true));
}
